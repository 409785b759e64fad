"""
The health of a member that was joined just now: its status, and waiting until it is ready.

Not here: how a member is probed (`probing`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from kubefedctl.cluster.port import Fleet
from kubefedctl.errors import WaitTimeout
from kubefedctl.model.clusters import MemberAccess, parse_registration
from kubefedctl.model.events import Event, Step, Warned
from kubefedctl.model.objects import key_of, name_of
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS
from kubefedctl.ops.clock import Pace, now_text
from kubefedctl.ops.probing import probe_member, write_cluster_status


def record_health(
    fleet: Fleet,
    config: FederationConfig,
    recorded: Object,
    *,
    token: bytes,
    wait: float | None,
    pace: Pace,
) -> Iterator[Event]:
    """
    Ask the member for its health as a sync would, so that its READY is known at once.

    Args:
        fleet: The host, and the way to the member.
        config: How to probe.
        recorded: The KubeFedCluster as the host has it.
        token: The token that the host keeps for it.
        wait: Seconds to wait until the member is ready; None for not at all.
        pace: How long to wait in between.

    Raises:
        WaitTimeout: It is not ready in time.
    """
    name = name_of(recorded)
    access = MemberAccess(parse_registration(recorded), token.decode("ascii", "replace"))
    deadline = time.monotonic() + (wait or 0.0)
    yield Step(f"probing cluster {name} as the host will")
    while True:
        probed = probe_member(fleet, access, config, pace=pace)
        problem = write_cluster_status(fleet.host, recorded, probed.probe, now_text())
        left = deadline - time.monotonic()
        if probed.is_ready or wait is None or left <= 0:
            break
        yield Step(f"cluster {name} is not ready: {probed.probe.message}")
        time.sleep(min(pace.longest_look, left))
        recorded = fleet.host.get(KUBEFED_CLUSTERS, key_of(recorded))
    if problem:
        yield Warned(f"the status of KubeFedCluster {name} was not written: {problem}")
    if probed.is_ready:
        return
    if wait is not None:
        raise WaitTimeout(
            f"cluster {name} is joined, but not ready after {wait:g}s: {probed.probe.message}",
            hint="see that this machine reaches the API endpoint of the KubeFedCluster; another is"
            " set by --api-endpoint with --error-on-existing=false",
        )
    yield Warned(f"cluster {name} is joined, but not ready: {probed.probe.message}")
