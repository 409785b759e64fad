"""
What a KubeFedCluster says of its cluster's health: `status`.

Here: how one probe becomes the next status. Not here: how often a cluster is asked before it counts
as not ready; a run asks a few times, which is what KubeFed's thresholds are for, and hands over the
last answer.

Laws:
1. The transition time moves when readiness does, and with nothing else.
2. What a probe did not learn (version, zones, region) stays as it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubefedctl.model.clusters import is_ready
from kubefedctl.model.objects import list_at, map_at, text_at, value_at
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import ClusterCondition, ClusterReason


def next_cluster_status(recorded: Object, probe: Probe, *, now: str) -> Object | None:
    """
    Return the whole new status of a KubeFedCluster, or None if it is already so.

    As every probe leaves its time, None means that the cluster was probed in this very second.

    Args:
        recorded: The KubeFedCluster as it is on the host.
        probe: The answer of its cluster.
        now: The time of the probe as RFC 3339 text.

    Upstream: pkg/controller/kubefedcluster/clusterclient.go, GetClusterStatus, and controller.go,
    thresholdAdjustedClusterStatus @ v0.10.0. Unlike there, the message of ConfigMalformed tells
    the cause, and what is unknown is not erased.
    """
    was_ready = is_ready(recorded)
    old_conditions = list_at(recorded, "status", "conditions")
    is_change = not old_conditions or was_ready != (probe.kind is ProbeKind.OK)
    kept = text_at(old_conditions[0], "lastTransitionTime") if old_conditions else ""
    transition = now if is_change else kept or now
    status: Object = {
        "conditions": [
            {**condition, "lastProbeTime": now, "lastTransitionTime": transition}
            for condition in _conditions(probe)
        ]
    }
    learnt: dict[str, Any] = {
        "kubernetesVersion": probe.kubernetes_version,
        "zones": list(probe.zones),
        "region": probe.region,
    }
    for field, value in learnt.items():
        found = value or value_at(recorded, "status", field)
        if found:
            status[field] = found
    return None if status == dict(map_at(recorded, "status")) else status


_READY = ClusterCondition.READY
_OFFLINE = ClusterCondition.OFFLINE
_MALFORMED = ClusterCondition.CONFIG_MALFORMED

_CONDITIONS: Mapping[ProbeKind, tuple[tuple[ClusterCondition, str, ClusterReason, str], ...]] = {
    ProbeKind.OK: ((_READY, "True", ClusterReason.READY, "/healthz responded with ok"),),
    ProbeKind.NOT_OK: (
        (_READY, "False", ClusterReason.NOT_READY, "/healthz responded without ok"),
        (_OFFLINE, "False", ClusterReason.REACHABLE, "cluster is reachable"),
    ),
    ProbeKind.UNREACHABLE: (
        (_OFFLINE, "True", ClusterReason.NOT_REACHABLE, "cluster is not reachable"),
    ),
    ProbeKind.MALFORMED: (
        (
            _MALFORMED,
            "True",
            ClusterReason.CONFIG_MALFORMED,
            "cluster's configuration may be malformed",
        ),
    ),
}
"""Type, status, reason and message of every condition that an answer leads to."""


def _conditions(probe: Probe) -> Iterator[Object]:
    """Yield the conditions that *probe* leads to, without times."""
    for kind, status, reason, what in _CONDITIONS[probe.kind]:
        message = f"{what}: {probe.message}" if probe.message else what
        yield {"type": str(kind), "status": status, "reason": str(reason), "message": message}
