"""
What a KubeFedCluster says of its cluster's health: `status`.

Here: how one probe becomes the next status, and what its nodes' labels say of zones and region.
Not here: how often a cluster is asked before it counts as not ready; a run asks a few times,
which is what KubeFed's thresholds are for, and hands over the last answer.

Laws:
1. The transition time moves when readiness does, and with nothing else.
2. What a probe did not learn (version, zones, region) stays as it was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubefedctl.model.clusters import is_ready
from kubefedctl.model.objects import labels_of, list_at, map_at, text_at, value_at
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
    status |= _what_is_known(recorded, probe)
    return None if status == dict(map_at(recorded, "status")) else status


def _what_is_known(recorded: Object, probe: Probe) -> Object:
    """
    Version, zones and region, as learnt or as recorded.

    NB: an empty list of zones is written: it says that the nodes were looked at.
    """
    version = probe.kubernetes_version or text_at(recorded, "status", "kubernetesVersion")
    zones = value_at(recorded, "status", "zones") if probe.zones is None else list(probe.zones)
    region = text_at(recorded, "status", "region") if probe.zones is None else probe.region
    known: dict[str, Any] = {"kubernetesVersion": version, "zones": zones, "region": region}
    return {field: value for field, value in known.items() if value not in ("", None)}


def needs_nodes(recorded: Object, probe: Probe, *, now: str) -> bool:
    """
    Return whether the nodes of a cluster that answered well are to be looked at.

    Zones and region seldom change and a list of nodes is long, so it is asked for where none was
    yet, when the cluster became ready or changed its version, and in the first probe of a day.

    Args:
        recorded: The KubeFedCluster as it is on the host.
        probe: The good answer of its cluster.
        now: The time of the probe as RFC 3339 text.
    """
    conditions = list_at(recorded, "status", "conditions")
    last = text_at(conditions[0], "lastProbeTime") if conditions else ""
    version = text_at(recorded, "status", "kubernetesVersion")
    return (
        value_at(recorded, "status", "zones") is None
        or not is_ready(recorded)
        or version != (probe.kubernetes_version or version)
        or last[:_DATE] != now[:_DATE]
    )


_DATE = len("2026-01-02")


def read_topology(nodes: Iterable[Object]) -> tuple[tuple[str, ...], str]:
    """
    Return the distinct zones of *nodes*, sorted, and the region of the first that names one.

    Upstream: pkg/controller/kubefedcluster/clusterclient.go, GetClusterZones @ v0.10.0, which reads
    the older labels alone and is never called.

    >>> read_topology([{"metadata": {"labels": {"topology.kubernetes.io/zone": "a"}}}])
    (('a',), '')
    """
    zones = set()
    region = ""
    for node in nodes:
        labels = labels_of(node)
        zones.add(_first_text(labels, _ZONE_LABELS))
        region = region or _first_text(labels, _REGION_LABELS)
    return tuple(sorted(zones - {""})), region


_ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
_REGION_LABELS = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")


def _first_text(labels: Mapping[str, Any], names: Iterable[str]) -> str:
    return next(filter(None, (text_at(labels, name) for name in names)), "")


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
