"""
How a workload fares in a cluster: what runs, and for how many more there is room.

Here: reading a workload and, where not all of it is ready, its Pods. Not here: asking for them.

Laws:
1. A Pod that found no node counts against a cluster's capacity only after a minute: schedulers need
   a moment, and replicas shall not be moved about for it.

Upstream: pkg/schedulingtypes/replicascheduler.go, clustersReplicaState, and
pkg/controller/util/podanalyzer/pod_helper.go @ v0.10.0. Unlike there, a capacity is never negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from kubefedctl.core.selectors import parse_selector
from kubefedctl.errors import InputError
from kubefedctl.model.objects import list_at, map_at, text_at, value_at
from kubefedctl.model.refs import Object
from kubefedctl.model.schedules import Load, read_count

PATIENCE = timedelta(seconds=60)
"""For how long a Pod may be without a node before its cluster counts as full."""


def is_settled(workload: Object) -> bool:
    """
    Return whether a workload has all its replicas, so that its Pods need not be asked for.

    Raises:
        InputError: `spec.replicas` or `status.readyReplicas` is no number of replicas.
    """
    return _replicas(workload) == _ready(workload)


def settled_load(workload: Object) -> Load:
    """
    Return the load of a workload that is judged by its status alone.

    Raises:
        InputError: `status.readyReplicas` is no number of replicas.
    """
    return Load(current=_ready(workload))


def pod_selector(workload: Object) -> str:
    """
    Return the label selector of a workload's Pods, as a list of Pods takes it.

    Raises:
        InputError: There is none, or it cannot be read.

    Upstream: pkg/schedulingtypes/replicascheduler.go, podsGetter @ v0.10.0. There, only
    `matchLabels` count, and a workload without them fails.

    >>> pod_selector({"spec": {"selector": {"matchLabels": {"b": "2", "a": "1"}}}})
    'a=1,b=2'
    """
    if not has_pod_selector(workload):
        raise InputError("spec.selector is missing, so its Pods cannot be counted")
    requirements = parse_selector(map_at(workload, "spec", "selector"))
    return ",".join(sorted(map(str, requirements)))


def has_pod_selector(workload: Object) -> bool:
    """Return whether a workload says which Pods are its own."""
    selector = map_at(workload, "spec", "selector")
    return bool(selector.get("matchLabels") or selector.get("matchExpressions"))


def weigh_pods(workload: Object, pods: Iterable[Object], *, now: str) -> Load:
    """
    Return the load of a workload that is not wholly ready, by its Pods.

    A Pod counts as running as soon as it is told to have a condition Ready, be it true or false.

    Args:
        workload: The workload.
        pods: Its Pods.
        now: The time, RFC 3339.

    Raises:
        InputError: `spec.replicas` is no number of replicas.
    """
    limit = datetime.fromisoformat(now) - PATIENCE
    current = unschedulable = undecided = 0
    for pod in pods:
        conditions = [found for found in list_at(pod, "status", "conditions") if found]
        if text_at(pod, "status", "phase") == "Running":
            current += sum(text_at(found, "type") == "Ready" for found in conditions)
            continue
        for found in filter(_has_no_node, conditions):
            if _is_before(found, limit):
                unschedulable += 1
            else:
                undecided += 1
    replicas = _replicas(workload)
    capacity = max(0, replicas - unschedulable) if unschedulable else None
    return Load(current, capacity, undecided)


def _has_no_node(condition: Mapping[str, object]) -> bool:
    wanted = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return all(text_at(condition, name) == value for name, value in wanted.items())


def _is_before(condition: Mapping[str, object], limit: datetime) -> bool:
    """Whether a condition is older than *limit*; one that does not say since when is."""
    since = text_at(condition, "lastTransitionTime")
    if not since:
        return True
    try:
        return datetime.fromisoformat(since) < limit
    except (TypeError, ValueError):
        return False


def _replicas(workload: Object) -> int:
    return read_count(value_at(workload, "spec", "replicas") or 0, "spec.replicas")


def _ready(workload: Object) -> int:
    return read_count(value_at(workload, "status", "readyReplicas") or 0, "status.readyReplicas")
