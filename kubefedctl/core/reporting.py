"""
What a federated object says of its propagation: `status`.

Here: how the outcomes of one run become the next status, and whether there is anything to write.
Not here: what is done in the clusters (the planner), the health of clusters (`health`).

Laws:
1. A status that would say the same again is not written: each write wakes every watcher.
2. The time is given, never read.
3. Clusters are sorted by name; KubeFed's order is random.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import list_at, text_at
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus

PROPAGATION = "Propagation"
"""The one type of condition that a federated object has."""


LARGEST_OBJECT = 1024 * 1024
"""Bytes of JSON that a federated object may have; etcd takes half as much again by default."""


def next_status(
    federated: FederatedObject,
    *,
    outcomes: Mapping[str, ClusterOutcome],
    reason: AggregateReason,
    now: str,
    collects_status: bool,
    unseen: frozenset[str] = frozenset(),
) -> Object | None:
    """
    Return the whole new status of *federated*, or None if there is nothing to write.

    Args:
        federated: The federated object as it was propagated; its generation is the observed one.
        outcomes: How things stand, by cluster; empty where the placement could not be computed.
        reason: What went wrong as a whole; with SUCCESS the clusters are asked.
        now: The time as RFC 3339 text.
        collects_status: Whether the statuses of member objects are collected; otherwise the
            remote statuses in *outcomes* are ignored.
        unseen: Clusters that the run did not look at: their recorded entries stay and count. While
            there are any, the recorded observedGeneration stays, too: this generation has not been
            propagated there.

    Upstream: pkg/controller/sync/status/status.go, SetFederatedStatus @ v0.10.0, with one
    difference: where statuses are collected of a type that has none, KubeFed writes the same
    status in every pass; here an unchanged list of clusters counts as unchanged.
    """
    recorded = federated.status
    if not collects_status:
        outcomes = {name: _without_remote(outcome) for name, outcome in outcomes.items()}
    kept = [entry for entry in _recorded_clusters(recorded) if text_at(entry, "name") in unseen]
    made = [_cluster_entry(name, outcome) for name, outcome in outcomes.items()]
    clusters = sorted((*kept, *made), key=_name_of_entry)
    is_propagated = not is_same_json(clusters, _recorded_clusters(recorded)) or (
        any(outcome.was_updated for outcome in outcomes.values())
        and any(outcome.remote_status is not None for outcome in outcomes.values())
    )
    are_all_well = _are_all_well(outcomes, collects_status) and not any(
        _is_amiss(entry, collects_status) for entry in kept
    )
    if reason is AggregateReason.SUCCESS and not are_all_well:
        reason = AggregateReason.CHECK_CLUSTERS
    conditions = _next_conditions(recorded, reason, now=now, is_propagated=is_propagated)
    before = recorded.get("observedGeneration", 0)
    generation = before if unseen else federated.generation
    if conditions is None and before == generation:
        return None
    status: Object = {}
    if generation:
        status["observedGeneration"] = generation
    status["conditions"] = conditions or list_at(recorded, "conditions")
    if clusters:
        status["clusters"] = clusters
    return status


def is_too_large(
    federated: FederatedObject,
    outcomes: Mapping[str, ClusterOutcome],
    *,
    unseen: frozenset[str] = frozenset(),
) -> bool:
    """
    Return whether *federated* could not be stored with the remote statuses of *outcomes*.

    etcd refuses objects of more than 1.5 MiB, and a status that is refused tells nothing at all.
    """
    kept = _recorded_clusters(federated.status)
    parts = [entry for entry in kept if text_at(entry, "name") in unseen]
    parts += [outcome.remote_status for outcome in outcomes.values() if outcome.remote_status]
    parts.append({name: part for name, part in federated.source.items() if name != "status"})
    return sum(len(json.dumps(part)) for part in parts) > LARGEST_OBJECT


def _without_remote(outcome: ClusterOutcome) -> ClusterOutcome:
    return ClusterOutcome(outcome.status, was_updated=outcome.was_updated)


def _are_all_well(outcomes: Mapping[str, ClusterOutcome], collects_status: bool) -> bool:
    return all(
        outcome.status is PropagationStatus.OK
        and (outcome.remote_status is not None or not collects_status)
        for outcome in outcomes.values()
    )


def _cluster_entry(name: str, outcome: ClusterOutcome) -> Object:
    entry: Object = {"name": name}
    if outcome.status is not PropagationStatus.OK:
        entry["status"] = str(outcome.status)
    if outcome.remote_status is not None:
        entry["remoteStatus"] = outcome.remote_status
    return entry


def _recorded_clusters(recorded: Object) -> list[Object]:
    """Return the recorded entries sorted by name, as KubeFed's own come in any order."""
    entries = [entry for entry in list_at(recorded, "clusters") if isinstance(entry, dict)]
    meaningful = [
        {field: value for field, value in entry.items() if value not in ("", None)}
        for entry in entries
    ]
    return sorted(meaningful, key=_name_of_entry)


def _name_of_entry(entry: Object) -> str:
    return text_at(entry, "name")


def _is_amiss(entry: Object, collects_status: bool) -> bool:
    return "status" in entry or (collects_status and "remoteStatus" not in entry)


def _next_conditions(
    recorded: Object, reason: AggregateReason, *, now: str, is_propagated: bool
) -> list[Any] | None:
    """Return the conditions with Propagation brought up to date, or None if it is already."""
    conditions = list_at(recorded, "conditions")
    position = _position_of_propagation(conditions)
    old: Object = conditions[position] if position < len(conditions) else {}
    status = "False" if reason else "True"
    is_transition = (text_at(old, "status"), text_at(old, "reason")) != (status, reason)
    if not is_transition and not is_propagated:
        return None
    condition: Object = {"type": PROPAGATION, "status": status, "lastUpdateTime": now}
    transition = now if is_transition else text_at(old, "lastTransitionTime")
    if transition:
        condition["lastTransitionTime"] = transition
    if reason:
        condition["reason"] = str(reason)
    return [*conditions[:position], condition, *conditions[position + 1 :]]


def _position_of_propagation(conditions: list[Any]) -> int:
    """Return where the condition stands, or where it would be appended."""
    for position, condition in enumerate(conditions):
        if text_at(condition, "type") == PROPAGATION:
            return position
    return len(conditions)


def is_same_json(new: Any, old: Any) -> bool:
    """Return whether both are the same JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(new, dict) and isinstance(old, dict):
        return new.keys() == old.keys() and all(is_same_json(new[key], old[key]) for key in new)
    if isinstance(new, list) and isinstance(old, list):
        return len(new) == len(old) and all(map(is_same_json, new, old))
    if isinstance(new, bool) or isinstance(old, bool):
        return new is old
    return bool(new == old)
