"""
The planner: from what the host asks for and what the members have to what is to be done.

Here: the one decision table of sync, used by every command that looks at the whole federation. Not
here: how a member object is computed (`templates`, `overrides`, `retention`), where it goes
(`placement`), what is written to the host afterwards (`reporting`, `versions`).

Laws:
1. Nothing is deleted or unlabelled on account of something that was not read completely.
2. An object without the managed label is never touched, except that a create which finds one there
   may adopt it.
3. The plan of an unchanged federation has no actions.

Upstream: pkg/controller/sync/controller.go and pkg/controller/sync/dispatch/ @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kubefedctl.core.applying import make_applied
from kubefedctl.core.comparing import differs
from kubefedctl.core.excluding import explain_exclusions
from kubefedctl.core.hashing import hash_overrides, hash_template
from kubefedctl.core.immutability import may_recreate
from kubefedctl.core.members import Made, make_created, make_updated
from kubefedctl.core.merging import foretell_write
from kubefedctl.core.overrides import Overrides, parse_overrides
from kubefedctl.core.placement import IgnoredReason, Placement, ignored_reason, place_object
from kubefedctl.core.removing import (
    plan_deletion,
    plan_removal,
    plan_unlabelling,
    without_leaving_namespaces,
)
from kubefedctl.core.templates import make_draft
from kubefedctl.core.versions import (
    needs_update,
    recorded_versions,
    version_key,
    version_resource,
)
from kubefedctl.core.waves import writing_wave
from kubefedctl.errors import InputError, OverrideError
from kubefedctl.model.actions import (
    USUAL_WRITING,
    Action,
    ActionVerb,
    MemberIntent,
    ObjectPlan,
    Plan,
    Settled,
    Strategy,
    WritePolicy,
)
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import SYSTEM_NAMESPACES, is_deleting, status_of
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.readings import ClusterReading, Desired, Observed
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.model.typeconfigs import NAMESPACES, TypeConfig


def plan_sync(
    desired: Desired, observed: Observed, *, writing: WritePolicy = USUAL_WRITING
) -> Plan:
    """
    Return everything that must be done so that the members are as the host asks.

    Args:
        desired: What was read from the host.
        observed: What was read from each registered member that the run looks at.
        writing: How member objects are to be written.

    Returns:
        The plan, sorted by type and key, of what the narrowing looks at. Types whose federated
        objects could not be read, and namespaced types while there is no type config for
        namespaces, are left out with a warning.
    """
    placing = without_leaving_namespaces(desired, observed)
    objects: list[ObjectPlan] = []
    deletions = []
    orphans: list[Action] = []
    warnings: list[str] = []
    failures: list[str] = []
    misnamed: list[FederatedObject] = []
    for type_config in sorted(desired.types, key=lambda found: found.name):
        problem = _why_not_synced(type_config, desired)
        if problem:
            failures.append(problem)
            continue
        orphans += _plan_orphans(type_config, desired, observed)
        for _, federated in sorted(desired.federated[type_config.name].items()):
            if not desired.narrowing.includes(federated):
                continue
            ignored = ignored_reason(federated, desired.config.kubefed_namespace)
            if ignored is IgnoredReason.INVALID_NAME:
                misnamed.append(federated)
                warnings.append(
                    f"{federated.subject} is ignored: a FederatedNamespace must be named like"
                    " the namespace that it is in"
                )
            if ignored is not None:
                continue
            if federated.is_deleting:
                if federated.has_finalizer:
                    deletions.append(plan_deletion(federated, desired, observed))
            else:
                objects.append(plan_object(federated, placing, observed, writing=writing))
    return Plan(
        objects=tuple(objects),
        deletions=tuple(deletions),
        orphans=tuple(orphans),
        warnings=(*warnings, *explain_exclusions(objects)),
        failures=tuple(failures),
        misnamed=tuple(misnamed),
    )


def plan_object(
    federated: FederatedObject,
    desired: Desired,
    observed: Observed,
    *,
    writing: WritePolicy = USUAL_WRITING,
) -> ObjectPlan:
    """
    Return the plan of one federated object that is not being deleted.

    Args:
        federated: The object.
        desired: What was read from the host.
        observed: What was read from each registered member.
        writing: How member objects are to be written.
    """
    needs_finalizer = not federated.has_finalizer
    try:
        placement = place_object(federated, desired)
    except InputError as error:
        reason = AggregateReason.COMPUTE_PLACEMENT_FAILED
        return ObjectPlan(
            federated, reason=reason, detail=error.message, needs_finalizer=needs_finalizer
        )
    versions = desired.versions.get(version_resource(federated.type_config), {})
    version_object = versions.get(version_key(federated))
    intent = _read_intent(federated)
    recorded = recorded_versions(
        version_object, template_hash=intent.template_hash, overrides_hash=intent.overrides_hash
    )
    case = _Case(federated, placement, desired, recorded, intent, writing)
    looked_at = sorted(desired.registrations.keys() - desired.unseen)
    decided = {name: _decide(case, observed[name]) for name in looked_at}
    return ObjectPlan(
        federated,
        reason=(
            AggregateReason.NAMESPACE_NOT_FEDERATED
            if placement.is_namespace_missing
            else AggregateReason.SUCCESS
        ),
        needs_finalizer=needs_finalizer,
        actions=tuple(found for found in decided.values() if isinstance(found, Action)),
        settled={name: found for name, found in decided.items() if isinstance(found, Settled)},
        template_hash=intent.template_hash,
        overrides_hash=intent.overrides_hash,
        version_object=version_object,
        placed=frozenset(placement.clusters),
        unseen=desired.unseen,
        excluded=tuple(n for n in placement.excluded_by_namespace if n not in desired.unseen),
        warnings=(*_placement_warnings(federated, placement), *intent.warnings),
    )


@dataclass(frozen=True, slots=True)
class _Intent:
    """What the members are to have, or the status and cause why that cannot be said."""

    template_hash: str = ""
    overrides_hash: str = ""
    draft: Object | None = None
    overrides: Overrides | None = None
    failure: PropagationStatus = PropagationStatus.OK
    detail: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """One federated object with all that its clusters' decisions depend on."""

    federated: FederatedObject
    placement: Placement
    desired: Desired
    recorded: Mapping[str, str]
    intent: _Intent
    writing: WritePolicy


def _read_intent(federated: FederatedObject) -> _Intent:
    try:
        template_hash = hash_template(federated.template)
        overrides_hash = hash_overrides(federated.source.get("spec"))
    except InputError as error:
        # NB: such as a number beyond every float; it must not end the plan of all other objects
        return _Intent(failure=PropagationStatus.COMPUTE_RESOURCE_FAILED, detail=error.message)
    bare = _Intent(template_hash, overrides_hash)
    try:
        draft, dropped = make_draft(federated)
    except InputError as error:
        return replace(
            bare, failure=PropagationStatus.COMPUTE_RESOURCE_FAILED, detail=error.message
        )
    warnings = tuple(f"{federated.subject}: {warning}" for warning in dropped)
    try:
        overrides = parse_overrides(federated.overrides)
    except OverrideError as error:
        return replace(
            bare,
            failure=PropagationStatus.APPLY_OVERRIDES_FAILED,
            detail=error.message,
            warnings=warnings,
        )
    return replace(bare, draft=draft, overrides=overrides, warnings=warnings)


def _decide(case: _Case, reading: ClusterReading) -> Action | Settled | None:
    """The decision table: one cluster's part in one federated object."""
    is_selected = reading.name in case.placement.clusters
    if not reading.is_ready:
        if not is_selected:
            return None
        return _settle(PropagationStatus.CLUSTER_NOT_READY, reading.note)
    type_config = case.federated.type_config
    failure = reading.failures.get(type_config.name)
    if failure is not None:
        return _settle(PropagationStatus.CACHED_RETRIEVAL_FAILED, failure)
    found = reading.objects.get(type_config.name, {}).get(case.federated.target_key)
    if not is_selected:
        if found is None or not case.desired.has_host:
            return None
        return plan_removal(case.federated, found, cluster=reading.name, desired=case.desired)
    return _decide_write(case, reading.name, found)


def _decide_write(case: _Case, cluster: str, found: Object | None) -> Action | Settled:
    intent = case.intent
    if intent.draft is None or intent.overrides is None:
        return _settle(intent.failure, intent.detail, found)
    member = MemberIntent(
        draft=intent.draft,
        operations=intent.overrides.of(cluster),
        retain_replicas=case.federated.retain_replicas,
        may_adopt=case.desired.config.adopts,
        strategy=case.writing.strategies.of(case.federated.type_config.name),
        recreates=may_recreate(case.federated, is_wanted=case.writing.recreates),
        part_of=case.writing.part_of,
    )
    made = make_created(member) if found is None else _make_current(member, found)
    if made.body is None:
        return _settle(made.failure, made.detail, found)
    if found is not None and not _is_due(case, member, made.body, found, cluster):
        return _settle(PropagationStatus.OK, "", found)
    return Action(
        verb=ActionVerb.CREATE if found is None else ActionVerb.UPDATE,
        wave=writing_wave(case.federated.type_config),
        cluster=cluster,
        resource=case.federated.type_config.target,
        key=case.federated.target_key,
        body=made.body,
        intent=member,
        observed=found,
    )


def _is_due(case: _Case, member: MemberIntent, body: Object, found: Object, cluster: str) -> bool:
    """Whether *found* has to be written: by what the host recorded, else by what would change."""
    if not case.desired.has_host:
        return differs(found, foretell_write(body, found, intent=member))
    recorded = case.recorded.get(cluster, "")
    return needs_update(body, found, recorded, is_partial=member.strategy is Strategy.APPLY)


def _make_current(member: MemberIntent, found: Object) -> Made:
    """What to send so that *found* is as it should be."""
    make = make_applied if member.strategy is Strategy.APPLY else make_updated
    return make(member, found)


def _settle(status: PropagationStatus, detail: str, found: Object | None = None) -> Settled:
    return Settled(ClusterOutcome(status=status, remote_status=status_of(found)), detail, found)


def _why_not_synced(type_config: TypeConfig, desired: Desired) -> str:
    if type_config.name in desired.failures:
        return f"{type_config.name} is not synced: {desired.failures[type_config.name]}"
    if type_config.name not in desired.federated:
        return f"{type_config.name} is not synced: its federated objects were not read"
    return ""


def _placement_warnings(federated: FederatedObject, placement: Placement) -> list[str]:
    warnings = []
    if placement.unknown:
        names = ", ".join(sorted(placement.unknown))
        warnings.append(f"{federated.subject}: placement names clusters not joined: {names}")
    return warnings


def _plan_orphans(type_config: TypeConfig, desired: Desired, observed: Observed) -> list[Action]:
    """
    Managed objects whose federated object is gone lose the label; they are never deleted.

    Where the run does not see every federated object that could claim one, it says nothing.
    """
    if not desired.has_host or not desired.narrowing.lists_all_of(type_config):
        return []
    wanted = {found.target_key for found in _claims(type_config, desired)}
    actions: list[Action] = []
    for name, reading in sorted(observed.items()):
        if name in desired.unseen or not reading.is_ready or type_config.name in reading.failures:
            continue
        actions += [
            plan_unlabelling(type_config, cluster=name, key=key, observed=found)
            for key, found in sorted(reading.objects.get(type_config.name, {}).items())
            if key not in wanted
            and desired.narrowing.includes_target(type_config, key)
            and not is_deleting(found)
            and not _is_system_namespace(type_config, key, desired)
        ]
    return actions


def _claims(type_config: TypeConfig, desired: Desired) -> list[FederatedObject]:
    """Federated objects that lay claim to member objects of their name."""
    return [
        found
        for found in desired.federated[type_config.name].values()
        if type_config.name != NAMESPACES or found.key.namespace == found.key.name
    ]


def _is_system_namespace(type_config: TypeConfig, key: Key, desired: Desired) -> bool:
    if not type_config.is_namespace_type:
        return False
    return key.name in SYSTEM_NAMESPACES or key.name == desired.config.kubefed_namespace
