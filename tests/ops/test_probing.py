"""Tests of asking members for their health and of telling the host."""

from __future__ import annotations

import pytest

from kubefedctl.errors import (
    ForbiddenError,
    InputError,
    ServerError,
    UnreachableError,
)
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS
from kubefedctl.model.wellknown import NODES as NODE_TYPE
from kubefedctl.ops.clock import now_text
from kubefedctl.ops.probing import Probed, probe_members, write_cluster_statuses
from kubefedctl.ops.reading import read_federation
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import AT_ONCE, KNS, NOW, error, make_host, register

OK = Probe(ProbeKind.OK, "", kubernetes_version="v1.33.0", zones=())
HEALTHZ = ("read", "/healthz")
VERSION = ("read", "/version")
NODES = ("list", "nodes")


def _probe(member: MemoryCluster) -> Probed:
    fleet = MemoryFleet(make_host(members=["c1"]), {"c1": member})
    federation = read_federation(fleet.host, kubefed_namespace=KNS)
    return probe_members(fleet, federation, pace=AT_ONCE)["c1"]


@pytest.mark.parametrize("body", [b"ok", b"OK\n"], ids=["plain", "shouted"])
def test_probe_ok_is_ready_and_knows_its_version(body: bytes) -> None:
    """One good answer is enough, in whatever case."""
    member = MemoryCluster("c1", reads={"/healthz": body})
    probed = _probe(member)
    assert (OK, True, member) == (probed.probe, probed.is_ready, probed.cluster)
    assert [HEALTHZ, VERSION, NODES] == member.requests


@pytest.mark.parametrize(
    "version",
    [b"no JSON", b"[]", b'{"gitVersion": 1}', b"{}"],
    ids=["no-json", "list", "number", "missing"],
)
def test_probe_version_unreadable_is_ready_all_the_same(version: bytes) -> None:
    """The version is a matter of information."""
    probed = _probe(MemoryCluster("c1", reads={"/version": version}))
    assert (Probe(ProbeKind.OK, zones=()), True) == (probed.probe, probed.is_ready)


def test_probe_version_refused_is_ready_all_the_same() -> None:
    """A member may keep its version to itself."""
    member = MemoryCluster("c1")
    member.fail_next("read", error(ForbiddenError, 403), name="/version")
    assert Probe(ProbeKind.OK, zones=()) == _probe(member).probe


def test_probe_not_ok_is_tried_as_often_as_the_threshold_says() -> None:
    """The KubeFedConfig of the tests allows two attempts."""
    member = MemoryCluster("c1", reads={"/healthz": b"shutting down"})
    probed = _probe(member)
    assert Probe(ProbeKind.NOT_OK, "/healthz responded without ok") == probed.probe
    assert not probed.is_ready
    assert [HEALTHZ] * 2 == member.requests


def test_probe_unreachable_tells_the_last_cause() -> None:
    """Each attempt fails; the cluster's own words are the message."""
    member = MemoryCluster("c1")
    member.fail_next("read", error(UnreachableError, 0, "Timeout"))
    member.fail_next("read", error(ServerError, 503))
    probed = _probe(member)
    assert (Probe(ProbeKind.UNREACHABLE, "503 Server"), False) == (probed.probe, probed.is_ready)


def test_probe_second_attempt_succeeds_is_ready() -> None:
    """One lost request does not make a member unready."""
    member = MemoryCluster("c1")
    member.fail_next("read", error(UnreachableError, 0))
    assert OK == _probe(member).probe
    assert [HEALTHZ, HEALTHZ, VERSION, NODES] == member.requests


def test_probe_impossible_registration_shows_with_the_first_request() -> None:
    """A URL that cannot be one is no matter of trying again."""
    member = MemoryCluster("c1")
    member.fail_next("read", InputError("no such scheme"))
    assert Probe(ProbeKind.MALFORMED, "no such scheme") == _probe(member).probe
    assert [HEALTHZ] == member.requests


def test_probe_members_that_cannot_be_asked_are_malformed() -> None:
    """Neither a missing Secret nor a refused connection keeps the others from being probed."""
    host = make_host(members=["c1", "c2"])
    register(host, "c3", token=None)
    members = {name: MemoryCluster(name) for name in ("c1", "c2", "c3")}
    fleet = MemoryFleet(host, members)
    fleet.refuse("c2", InputError("no CA"))
    probed = probe_members(fleet, read_federation(host, kubefed_namespace=KNS), pace=AT_ONCE)
    cause = f"Secret {KNS}/c3-token has no usable token"
    assert {
        "c1": Probed(OK, members["c1"]),
        "c2": Probed(Probe(ProbeKind.MALFORMED, "no CA"), None),
        "c3": Probed(Probe(ProbeKind.MALFORMED, cause), None),
    } == probed
    assert [] == members["c3"].requests


def _write(host: MemoryCluster, *, now: str = NOW) -> dict[str, str]:
    federation = read_federation(host, kubefed_namespace=KNS)
    probed = {
        "c1": Probed(OK, None),
        "c2": Probed(Probe(ProbeKind.UNREACHABLE, "Timeout"), None),
    }
    return write_cluster_statuses(host, federation, probed, now=now)


def _status(host: MemoryCluster, name: str) -> Object:
    status: Object = (host.find(KUBEFED_CLUSTERS, Key(KNS, name)) or {})["status"]
    return status


def test_write_cluster_statuses_tells_each_member_s_health() -> None:
    """The host knows what was answered, and when."""
    host = make_host()
    assert {} == _write(host)
    ready, offline = _status(host, "c1"), _status(host, "c2")
    assert [("Ready", "True", NOW)] == [
        (found["type"], found["status"], found["lastProbeTime"]) for found in ready["conditions"]
    ]
    assert [("Offline", "cluster is not reachable: Timeout")] == [
        (found["type"], found["message"]) for found in offline["conditions"]
    ]
    assert "v1.33.0" == ready["kubernetesVersion"]


def test_write_cluster_statuses_in_the_same_second_writes_nothing() -> None:
    """What would say the same again is not written."""
    host = make_host()
    _write(host)
    writes = host.writes()
    assert {} == _write(host)
    assert writes == host.writes()


def test_write_cluster_statuses_later_keeps_the_transition_time() -> None:
    """Only the time of the probe moves while readiness stays."""
    host = make_host()
    _write(host)
    _write(host, now="2027-01-01T00:00:00Z")
    condition = _status(host, "c1")["conditions"][0]
    assert ("2027-01-01T00:00:00Z", NOW) == (
        condition["lastProbeTime"],
        condition["lastTransitionTime"],
    )


def test_write_cluster_statuses_failure_is_told_by_name() -> None:
    """One status that cannot be written keeps no other from it."""
    host = make_host()
    host.fail_next("patch", error(ForbiddenError, 403), name="c1")
    assert {"c1": "cannot ask it in cluster c1: 403 Forbidden"} == _write(host)
    assert _status(host, "c2")


# --- zones and region ----------------------------------------------------------------------------

ZONES = {"topology.kubernetes.io/zone": "z1", "topology.kubernetes.io/region": "r1"}


def test_probe_learns_zones_and_region_and_asks_for_them_once_a_day() -> None:
    """The list of nodes, names and labels alone, is not asked for in every run."""
    member = MemoryCluster("c1")
    member.add(NODE_TYPE, {"metadata": {"name": "n1", "labels": ZONES}})
    host = make_host(members=["c1"])
    fleet = MemoryFleet(host, {"c1": member})
    for _ in range(2):
        federation = read_federation(host, kubefed_namespace=KNS)
        probed = probe_members(fleet, federation, pace=AT_ONCE)
        assert {} == write_cluster_statuses(host, federation, probed, now=now_text())
    assert (["z1"], "r1") == (_status(host, "c1")["zones"], _status(host, "c1")["region"])
    assert [NODES] == [found for found in member.requests if found == NODES]


def test_probe_nodes_forbidden_is_ready_and_keeps_what_is_recorded() -> None:
    """A member may keep its nodes to itself."""
    member = MemoryCluster("c1")
    host = make_host(members=["c1"])
    recorded = {"conditions": [], "zones": ["z1"], "region": "r1"}
    host.alter(KUBEFED_CLUSTERS, Key(KNS, "c1"), status=recorded)
    member.fail_next("list", error(ForbiddenError, 403), name="nodes")
    federation = read_federation(host, kubefed_namespace=KNS)
    probed = probe_members(MemoryFleet(host, {"c1": member}), federation, pace=AT_ONCE)
    assert (None, True) == (probed["c1"].probe.zones, probed["c1"].is_ready)
    write_cluster_statuses(host, federation, probed, now=NOW)
    assert (["z1"], "r1") == (_status(host, "c1")["zones"], _status(host, "c1")["region"])
