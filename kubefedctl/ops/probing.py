"""
Which members answer: one health probe each, side by side, and what the host is told of it.

Upstream: pkg/controller/kubefedcluster/clusterclient.go, GetClusterHealthStatus @ v0.10.0. Unlike
there, a cluster is given several attempts within the one run before it counts as not ready.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.health import needs_nodes, next_cluster_status, read_topology
from kubefedctl.errors import ClusterError, InputError
from kubefedctl.model.clusters import MemberAccess
from kubefedctl.model.objects import key_of
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, NODES
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.reading import Federation
from kubefedctl.ops.revising import write_status


@dataclass(frozen=True, slots=True)
class Probed:
    """
    A member after its probe.

    Args:
        probe: What it answered.
        cluster: The open connection; None where it cannot be used.
    """

    probe: Probe
    cluster: Cluster | None

    @property
    def is_ready(self) -> bool:
        """Whether it can be synced now."""
        return self.probe.kind is ProbeKind.OK and self.cluster is not None


def probe_members(
    fleet: Fleet, federation: Federation, *, pace: Pace = USUAL_PACE
) -> dict[str, Probed]:
    """Probe all members that are looked at side by side and return what each answered, by name."""
    return run_side_by_side(
        {
            name: partial(_probe_registered, fleet, federation, name, pace)
            for name in federation.looked_at
        }
    )


def write_cluster_statuses(
    host: Cluster, federation: Federation, probed: Mapping[str, Probed], *, now: str
) -> dict[str, str]:
    """
    Write the status of every KubeFedCluster that was probed and return what could not be written.

    The causes come by name. Only the probe times differ when nothing else does.
    """
    answers = run_side_by_side(
        {
            name: partial(
                write_cluster_status, host, federation.registrations[name].source, found.probe, now
            )
            for name, found in probed.items()
        }
    )
    return {name: answer for name, answer in answers.items() if answer}


def _probe_registered(fleet: Fleet, federation: Federation, name: str, pace: Pace) -> Probed:
    if name in federation.malformed:
        return Probed(Probe(ProbeKind.MALFORMED, federation.malformed[name]), None)
    return probe_member(fleet, federation.accesses[name], federation.config, pace=pace)


def probe_member(
    fleet: Fleet, access: MemberAccess, config: FederationConfig, *, pace: Pace = USUAL_PACE
) -> Probed:
    """Connect to a member as its registration says and ask for its health and its zones."""
    try:
        cluster = fleet.connect(access)
    except InputError as error:
        return Probed(Probe(ProbeKind.MALFORMED, error.message), None)
    probe = _ask_health(cluster, config, pace)
    recorded = access.registration.source
    if probe.kind is ProbeKind.OK and needs_nodes(recorded, probe, now=now_text()):
        probe = _ask_topology(cluster, probe)
    return Probed(probe, cluster)


def probe_opened(cluster: Cluster, config: FederationConfig, *, pace: Pace = USUAL_PACE) -> Probed:
    """Ask a cluster that is known by its context for its health."""
    return Probed(_ask_health(cluster, config, pace), cluster)


def _ask_topology(cluster: Cluster, probe: Probe) -> Probe:
    """Add what the labels of the nodes say; a member may keep its nodes to itself."""
    try:
        nodes = cluster.list(NODES, metadata_only=True).items
    except ClusterError:
        return probe
    zones, region = read_topology(nodes)
    return replace(probe, zones=zones, region=region)


def _ask_health(cluster: Cluster, config: FederationConfig, pace: Pace) -> Probe:
    probe = _ask_once(cluster, config)
    for _ in range(config.probe_attempts - 1):
        if probe.kind in (ProbeKind.OK, ProbeKind.MALFORMED):
            break
        threading.Event().wait(pace.probe_pause)
        probe = _ask_once(cluster, config)
    return probe


def _ask_once(cluster: Cluster, config: FederationConfig) -> Probe:
    try:
        body = cluster.read("/healthz", timeout=config.probe_timeout)
    except InputError as error:  # NB: an impossible URL, CA or proxy shows with the first request
        return Probe(ProbeKind.MALFORMED, error.message)
    except ClusterError as error:
        return Probe(ProbeKind.UNREACHABLE, error.answer)
    if body.strip().lower() != b"ok":
        return Probe(ProbeKind.NOT_OK, "/healthz responded without ok")
    return Probe(ProbeKind.OK, "", kubernetes_version=_ask_version(cluster, config))


def _ask_version(cluster: Cluster, config: FederationConfig) -> str:
    try:
        answer = json.loads(cluster.read("/version", timeout=config.probe_timeout))
    except (ClusterError, ValueError, RecursionError):
        return ""
    version = answer.get("gitVersion") if isinstance(answer, dict) else None
    return version if isinstance(version, str) else ""


def write_cluster_status(host: Cluster, recorded: Object, probe: Probe, now: str) -> str:
    """Write the status of one KubeFedCluster; return why it could not be, or nothing."""
    status = next_cluster_status(recorded, probe, now=now)
    if status is None:
        return ""
    try:
        write_status(host, KUBEFED_CLUSTERS, key_of(recorded), status)
    except ClusterError as error:
        return error.message
    return ""
