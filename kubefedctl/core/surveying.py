"""
From the plan of a sync to how a federation stands.

The planner has decided already what is as it should be; here its decisions are only told another
way, so that `status` and `sync` cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubefedctl.core.credentials import TOKEN_EXPIRES_ANNOTATION
from kubefedctl.core.draining import draining_of
from kubefedctl.model.actions import Action, ActionVerb, DeletionPlan, ObjectPlan, Plan, Settled
from kubefedctl.model.objects import annotations_of, list_at, map_at, text_at, value_at
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.readings import ClusterReading, Desired, Observed
from kubefedctl.model.refs import Object
from kubefedctl.model.situations import (
    Cell,
    ClusterSituation,
    Glance,
    ObjectSituation,
    Situation,
    TypeSituation,
)
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.model.typeconfigs import TypeConfig

DELETING = "Deleting"
_OK = "ok"
_WORDS = {
    ActionVerb.CREATE: "create",
    ActionVerb.UPDATE: "update",
    ActionVerb.DELETE: "delete",
    ActionVerb.UNLABEL: "unlabel",
    ActionVerb.AWAIT_REMOVAL: PropagationStatus.WAITING_FOR_REMOVAL.value,
}


def survey(
    plan: Plan,
    desired: Desired,
    observed: Observed,
    *,
    types: Iterable[TypeConfig],
    probes: Mapping[str, Probe],
) -> Situation:
    """
    Return how the federation stands.

    Args:
        plan: What a sync would do now.
        desired: What the host asks for.
        observed: What the members have.
        types: Every type config, also disabled ones.
        probes: What each member that was looked at answered just now, by name.
    """
    objects = [_tell_object(found) for found in plan.objects]
    objects += [_tell_deletion(found) for found in plan.deletions]
    return Situation(
        clusters=tuple(
            _tell_cluster(name, probes[name], desired, observed[name]) for name in sorted(probes)
        ),
        types=tuple(_tell_type(found, desired) for found in sorted(types, key=_name)),
        objects=tuple(sorted(objects, key=lambda found: found.subject)),
        orphans=tuple(f"{found.subject.within(found.cluster)}" for found in plan.orphans),
    )


def differs(before: Glance | None, after: Glance) -> bool:
    """Return whether two glances at a federation differ in more than the times of probes."""
    if before is None or before.trouble or before.warnings != after.warnings:
        return True
    return _without_times(before.situation) != _without_times(after.situation)


def _without_times(situation: Situation) -> Situation:
    return replace(
        situation, clusters=tuple(replace(found, probed="") for found in situation.clusters)
    )


def _tell_cluster(
    name: str, probe: Probe, desired: Desired, reading: ClusterReading
) -> ClusterSituation:
    registration = desired.registrations[name]
    recorded = registration.source
    conditions = list_at(recorded, "status", "conditions")
    managed = sum(len(found) for found in reading.objects.values())
    return ClusterSituation(
        name,
        probe.kind is ProbeKind.OK,
        note=probe.message,
        version=probe.kubernetes_version or text_at(recorded, "status", "kubernetesVersion"),
        probed=text_at(conditions[0], "lastProbeTime") if conditions else "",
        managed=managed if reading.is_ready else None,
        token_ends=str(annotations_of(recorded).get(TOKEN_EXPIRES_ANNOTATION, "")),
        draining=draining_of(registration.labels) or "",
    )


def _tell_type(type_config: TypeConfig, desired: Desired) -> TypeSituation:
    listed = desired.federated.get(type_config.name)
    return TypeSituation(
        type_config.name,
        type_config.is_propagated,
        objects=None if listed is None else len(listed),
        problem=desired.failures.get(type_config.name, ""),
    )


def _tell_object(plan: ObjectPlan) -> ObjectSituation:
    cells = {name: _tell_settled(settled) for name, settled in plan.settled.items()}
    cells |= {action.cluster: _tell_action(action) for action in plan.actions}
    reason = "" if plan.reason is AggregateReason.SUCCESS else plan.reason.value
    return ObjectSituation(
        plan.federated.target_subject, dict(sorted(cells.items())), reason, plan.detail
    )


def _tell_deletion(plan: DeletionPlan) -> ObjectSituation:
    cells = {action.cluster: _tell_action(action) for action in plan.actions}
    cells |= {name: _tell_settled(settled) for name, settled in plan.settled.items()}
    return ObjectSituation(
        plan.federated.target_subject, dict(sorted(cells.items())), DELETING, plan.problem
    )


def _tell_settled(settled: Settled) -> Cell:
    ready, replicas = _count(settled.observed)
    return Cell(settled.outcome.status.value or _OK, settled.detail, ready, replicas)


def _tell_action(action: Action) -> Cell:
    ready, replicas = _count(action.observed)
    return Cell(_WORDS[action.verb], "", ready, replicas)


def _count(observed: Object | None) -> tuple[int | None, int | None]:
    """Ready and wanted replicas of an object; None for one without."""
    wanted = value_at(observed, "spec", "replicas")
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        return None, None
    ready = map_at(observed, "status").get("readyReplicas")
    return ready if isinstance(ready, int) else 0, wanted


def _name(type_config: TypeConfig) -> str:
    return type_config.name
