"""
What each cluster would hold after a first sync, from files alone.

Here: preferences are followed with nothing running, then the planner of every sync plans for empty
members; its creates are the manifests. Not here: what files describe (`assembling`), where
manifests are kept (`layout`).

Laws:
1. There is one planner: what is rendered is what a first sync creates, to the field.
2. An object that fails in one cluster is rendered for none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from kubefedctl.core.assembling import Assembled
from kubefedctl.core.excluding import explain_missing_namespace
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.rescheduling import (
    choose_scheduled_type,
    rewrite_spec,
    with_spec,
)
from kubefedctl.core.spreading import choose_sharers, spread_replicas
from kubefedctl.errors import InputError
from kubefedctl.model.actions import Action, ActionVerb, ObjectPlan
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.objects import key_of
from kubefedctl.model.readings import ClusterReading, Desired
from kubefedctl.model.refs import Object
from kubefedctl.model.renderings import RenderError, Rendering
from kubefedctl.model.schedules import parse_preference
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.model.wellknown import REPLICA_SCHEDULING_PREFERENCES

SCHEDULING_FAILED, NOT_SYNCED = "SchedulingFailed", "TypeNotSynced"
"""Our own words for what KubeFed only logs."""


def render(assembled: Assembled) -> Rendering:
    """Return the manifests of each cluster that is looked at, and what could not be made."""
    followed = _follow_all(assembled)
    desired = followed.desired
    empty = {name: ClusterReading(name, True) for name in desired.registrations}
    plan = plan_sync(desired, empty)
    errors = [error for found in plan.objects for error in _find_errors(found)]
    failed = {error.object for error in errors}
    creates: dict[str, list[Action]] = {name: [] for name in assembled.looked_at}
    for object_plan in plan.objects:
        if str(object_plan.federated.subject) in failed:
            continue
        for action in object_plan.actions:
            if action.verb is ActionVerb.CREATE and action.cluster in creates:
                creates[action.cluster].append(action)
    failures = [RenderError("FederatedTypeConfig", NOT_SYNCED, text) for text in plan.failures]
    warnings = [text for found in plan.objects for text in found.warnings]
    return Rendering(
        clusters={name: _in_order(found) for name, found in creates.items()},
        errors=(*assembled.errors, *failures, *followed.errors, *errors),
        warnings=(*assembled.warnings, *followed.warnings, *plan.warnings, *warnings),
        steps=followed.steps,
    )


def _in_order(actions: list[Action]) -> tuple[Object, ...]:
    """The objects as the waves of a sync write them."""
    actions.sort(key=lambda found: (found.wave, found.resource.qualified_name, found.key))
    return tuple(found.body for found in actions if found.body is not None)


def _find_errors(plan: ObjectPlan) -> Iterator[RenderError]:
    subject = str(plan.federated.subject)
    if plan.reason is not AggregateReason.SUCCESS:
        detail = plan.detail
        if plan.reason is AggregateReason.NAMESPACE_NOT_FEDERATED:
            detail = explain_missing_namespace(plan.federated)
        yield RenderError(subject, plan.reason.value, detail)
    for name, settled in sorted(plan.settled.items()):
        status = settled.outcome.status
        if status is not PropagationStatus.OK:
            yield RenderError(subject, status.value, settled.detail, name)


@dataclass(frozen=True, slots=True)
class _Followed:
    """What is desired once all preferences are followed, and what is to be told of them."""

    desired: Desired
    errors: tuple[RenderError, ...] = ()
    warnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def _follow_all(assembled: Assembled) -> _Followed:
    followed = _Followed(assembled.desired)
    if not assembled.preferences:
        return followed
    if not assembled.desired.config.schedules:
        text = "the feature gate SchedulerPreferences is off: no preference is followed"
        return replace(followed, warnings=(text,))
    for obj in assembled.preferences:
        subject = str(REPLICA_SCHEDULING_PREFERENCES.subject(key_of(obj)))
        try:
            followed = _follow(obj, followed, assembled.crds or {})
        except InputError as error:
            failure = RenderError(subject, SCHEDULING_FAILED, error.message)
            followed = replace(followed, errors=(*followed.errors, failure))
    return followed


def _follow(obj: Object, followed: _Followed, crds: Mapping[str, Object]) -> _Followed:
    preference, desired = parse_preference(obj), followed.desired
    type_config = choose_scheduled_type(preference.target_kind, desired.types, crds=crds)
    federated = desired.federated.get(type_config.name, {}).get(preference.key)
    if federated is None:
        text = f"{preference.subject}: there is no {preference.target_subject}"
        return replace(followed, warnings=(*followed.warnings, text))
    if federated.is_deleting:
        return followed
    sharers = choose_sharers(
        preference,
        federated,
        namespace=desired.namespaces.get(federated.key.namespace),
        clusters={name: found.labels for name, found in desired.registrations.items()},
    )
    replicas = spread_replicas(preference, sharers, {})
    changes = rewrite_spec(federated, replicas) if replicas else {}
    if changes:
        changed = parse_federated(with_spec(federated, changes), type_config)
        desired = _with_changed(desired, changed)
    text = f"{preference.subject}: {sharers.describe(replicas)}"
    return replace(followed, desired=desired, steps=(*followed.steps, text))


def _with_changed(desired: Desired, changed: FederatedObject) -> Desired:
    name = changed.type_config.name
    of_type = {**desired.federated[name], changed.key: changed}
    return replace(desired, federated={**desired.federated, name: of_type})
