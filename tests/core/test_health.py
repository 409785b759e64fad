"""Tests of health: what a KubeFedCluster says of its cluster after a probe."""

from __future__ import annotations

import pytest

from kubefedctl.core.health import needs_nodes, next_cluster_status, read_topology
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.refs import Object

THEN = "2024-01-01T00:00:00Z"
NOW = "2024-01-02T00:00:00Z"


def _condition(
    kind: str, status: str, *, reason: str, message: str, transition: str = NOW
) -> Object:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastProbeTime": NOW,
        "lastTransitionTime": transition,
    }


def _recorded(ready: str, **fields: object) -> Object:
    condition = {
        "type": "Ready",
        "status": ready,
        "lastProbeTime": THEN,
        "lastTransitionTime": THEN,
    }
    return {"status": {"conditions": [condition], **fields}}


READY = _condition("Ready", "True", reason="ClusterReady", message="/healthz responded with ok")
NOT_READY = _condition(
    "Ready", "False", reason="ClusterNotReady", message="/healthz responded without ok"
)
REACHABLE = _condition(
    "Offline", "False", reason="ClusterReachable", message="cluster is reachable"
)
OFFLINE = _condition(
    "Offline",
    "True",
    reason="ClusterNotReachable",
    message="cluster is not reachable: connection refused",
)
MALFORMED = _condition(
    "ConfigMalformed",
    "True",
    reason="ClusterConfigMalformed",
    message="cluster's configuration may be malformed: the Secret has no token",
)


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        pytest.param(Probe(ProbeKind.OK), [READY], id="S81-ok"),
        pytest.param(Probe(ProbeKind.NOT_OK), [NOT_READY, REACHABLE], id="S81-not-ok"),
        pytest.param(
            Probe(ProbeKind.UNREACHABLE, "connection refused"), [OFFLINE], id="S81-unreachable"
        ),
        pytest.param(
            Probe(ProbeKind.UNREACHABLE),
            [{**OFFLINE, "message": "cluster is not reachable"}],
            id="unreachable-for-unknown-cause",
        ),
        pytest.param(
            Probe(ProbeKind.MALFORMED, "the Secret has no token"), [MALFORMED], id="S81-bad-secret"
        ),
    ],
)
def test_next_cluster_status_of_first_probe(probe: Probe, expected: list[Object]) -> None:
    """S81: each answer has its conditions, and they replace what was there."""
    assert {"conditions": expected} == next_cluster_status({}, probe, now=NOW)


@pytest.mark.parametrize(
    ("recorded", "kind", "expected"),
    [
        pytest.param({}, ProbeKind.OK, NOW, id="S82-first-ready"),
        pytest.param({}, ProbeKind.NOT_OK, NOW, id="S82-first-not-ready"),
        pytest.param(_recorded("True"), ProbeKind.OK, THEN, id="still-ready"),
        pytest.param(_recorded("True"), ProbeKind.UNREACHABLE, NOW, id="S82-no-longer-ready"),
        pytest.param(_recorded("False"), ProbeKind.OK, NOW, id="S82-ready-again"),
        pytest.param(_recorded("False"), ProbeKind.UNREACHABLE, THEN, id="still-not-ready"),
        pytest.param(
            {"status": {"conditions": [{"type": "Ready", "status": "True"}]}},
            ProbeKind.OK,
            NOW,
            id="no-transition-time-recorded",
        ),
    ],
)
def test_next_cluster_status_transition_time(
    recorded: Object, kind: ProbeKind, expected: str
) -> None:
    """The transition time moves when readiness does; the probe time always."""
    status = next_cluster_status(recorded, Probe(kind), now=NOW)
    assert status is not None
    times = {(c["lastProbeTime"], c["lastTransitionTime"]) for c in status["conditions"]}
    assert {(NOW, expected)} == times


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        pytest.param(
            Probe(ProbeKind.OK, kubernetes_version="v1.33.0", zones=("b", "a"), region="r2"),
            {"kubernetesVersion": "v1.33.0", "zones": ["b", "a"], "region": "r2"},
            id="learnt",
        ),
        pytest.param(
            Probe(ProbeKind.OK, zones=()),
            {"kubernetesVersion": "v1.30.0", "zones": []},
            id="learnt-that-there-are-none",
        ),
        pytest.param(
            Probe(ProbeKind.UNREACHABLE),
            {"kubernetesVersion": "v1.30.0", "zones": ["a"], "region": "r1"},
            id="not-learnt",
        ),
    ],
)
def test_next_cluster_status_keeps_what_a_probe_did_not_learn(
    probe: Probe, expected: Object
) -> None:
    """Version, zones and region are those last known."""
    recorded = _recorded("True", kubernetesVersion="v1.30.0", zones=["a"], region="r1")
    status = next_cluster_status(recorded, probe, now=NOW)
    assert status is not None
    del status["conditions"]
    assert expected == status


def test_next_cluster_status_probed_in_the_same_second_is_none() -> None:
    """A status that would be the same to the letter is not written."""
    probe = Probe(ProbeKind.OK, kubernetes_version="v1.33.0")
    recorded = {"status": next_cluster_status({}, probe, now=NOW)}
    assert next_cluster_status(recorded, probe, now=NOW) is None


# --- zones and region ----------------------------------------------------------------------------

ZONE = "topology.kubernetes.io/zone"
REGION = "topology.kubernetes.io/region"
OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"
OLD_REGION = "failure-domain.beta.kubernetes.io/region"


def _node(**labels: object) -> Object:
    return {"metadata": {"labels": labels}}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        pytest.param([], ((), ""), id="no-nodes"),
        pytest.param([{}, _node()], ((), ""), id="no-labels"),
        pytest.param(
            [_node(**{ZONE: "b", REGION: "r1"}), _node(**{ZONE: "a", REGION: "r2"})],
            (("a", "b"), "r1"),
            id="sorted-and-the-first-region",
        ),
        pytest.param([_node(**{ZONE: "a"}), _node(**{ZONE: "a"})], (("a",), ""), id="distinct"),
        pytest.param(
            [_node(**{OLD_ZONE: "a", OLD_REGION: "r1"})], (("a",), "r1"), id="older-labels"
        ),
        pytest.param(
            [_node(**{ZONE: "new", OLD_ZONE: "old", REGION: "n", OLD_REGION: "o"})],
            (("new",), "n"),
            id="newer-labels-win",
        ),
        pytest.param([_node(), _node(**{REGION: "r1"})], ((), "r1"), id="first-that-names-one"),
        pytest.param([_node(**{ZONE: 1, REGION: ""})], ((), ""), id="odd-values"),
    ],
)
def test_read_topology(nodes: list[Object], expected: tuple[tuple[str, ...], str]) -> None:
    """Zones are distinct and sorted; the region is one for the whole cluster."""
    assert expected == read_topology(nodes)


@pytest.mark.parametrize(
    ("recorded", "version", "now", "expected"),
    [
        pytest.param({}, "v1", THEN, True, id="never-probed"),
        pytest.param(_recorded("True", kubernetesVersion="v1"), "v1", THEN, True, id="no-zones"),
        pytest.param(
            _recorded("True", kubernetesVersion="v1", zones=[]), "v1", THEN, False, id="same-day"
        ),
        pytest.param(
            _recorded("True", kubernetesVersion="v1", zones=["a"]), "v1", NOW, True, id="next-day"
        ),
        pytest.param(
            _recorded("True", kubernetesVersion="v1", zones=["a"]), "v2", THEN, True, id="upgraded"
        ),
        pytest.param(
            _recorded("True", kubernetesVersion="v1", zones=["a"]), "", THEN, False, id="no-version"
        ),
        pytest.param(
            _recorded("False", kubernetesVersion="v1", zones=["a"]), "v1", THEN, True, id="was-down"
        ),
    ],
)
def test_needs_nodes(recorded: Object, version: str, now: str, expected: bool) -> None:
    """A long list is asked for where it may tell something new, once a day at the latest."""
    probe = Probe(ProbeKind.OK, kubernetes_version=version)
    assert expected is needs_nodes(recorded, probe, now=now)
