"""Tests of readiness: a table for each kind, one row for each thing that may be waited for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.core.readiness import judge_readiness
from kubefedctl.model.progress import Goal, Progress, Readiness
from kubefedctl.model.refs import Object

CURRENT = ("Current", "")
APPS = "apps/v1"


def _condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> Object:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def _said(obj: Object) -> tuple[str, str]:
    found = judge_readiness(obj)
    return found.readiness.value, found.message


def _object(
    api: str, kind: str, spec: Object | None = None, generation: int = 1, **status: Any
) -> Object:
    metadata = {"name": "web", "generation": generation}
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": metadata,
        "spec": spec or {},
        "status": status,
    }


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        pytest.param({"kind": "ConfigMap"}, CURRENT, id="nothing-to-wait-for"),
        pytest.param(
            {"metadata": {"deletionTimestamp": "2020-01-01T00:00:00Z"}},
            ("Terminating", "it is being deleted"),
            id="going",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", generation=3, observedGeneration=2),
            ("InProgress", "generation 3 is not observed yet, only 2"),
            id="older-generation-observed",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Reconciling", reason="Up")]),
            ("InProgress", "Up"),
            id="reconciling",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Stalled", message="no")]),
            ("Failed", "no"),
            id="stalled",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Ready")]),
            CURRENT,
            id="custom-ready",
        ),
        pytest.param(
            _object(
                "example.com/v1",
                "Thing",
                conditions=[_condition("Ready", "False", "Broken", "no disk")],
            ),
            ("InProgress", "Broken: no disk"),
            id="custom-not-ready",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Ready", "Unknown")]),
            ("InProgress", "its condition Ready is not True"),
            id="custom-unknown",
        ),
        pytest.param(
            _object("example.com/v1", "Deployment", {"replicas": 3}),
            CURRENT,
            id="kind-of-another-group",
        ),
    ],
)
def test_readiness_of_any_object(obj: Object, expected: tuple[str, str]) -> None:
    """Deletion, generation and conditions count for every kind."""
    assert expected == _said(obj)


_ROLLED_OUT = [_condition("Progressing", reason="NewReplicaSetAvailable"), _condition("Available")]
_READY = {
    "observedGeneration": 1,
    "replicas": 3,
    "updatedReplicas": 3,
    "availableReplicas": 3,
    "readyReplicas": 3,
    "conditions": _ROLLED_OUT,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, CURRENT),
        ({"replicas": 1}, ("InProgress", "1 of 3 replicas")),
        ({"updatedReplicas": 2}, ("InProgress", "2 of 3 replicas updated")),
        ({"replicas": 4}, ("InProgress", "1 replicas to be removed")),
        ({"availableReplicas": 0}, ("InProgress", "0 of 3 replicas available")),
        ({"readyReplicas": 2}, ("InProgress", "2 of 3 replicas ready")),
        (
            {"conditions": [_condition("Progressing", reason="ReplicaSetUpdated")]},
            ("InProgress", "its new ReplicaSet is not available"),
        ),
        ({"conditions": _ROLLED_OUT[:1]}, ("InProgress", "it is not available")),
        (
            {
                "conditions": [
                    _condition("Progressing", "False", "ProgressDeadlineExceeded", "too late")
                ]
            },
            ("Failed", "too late"),
        ),
        ({"observedGeneration": 0}, ("InProgress", "generation 1 is not observed yet, only 0")),
    ],
    ids=[
        "current",
        "less-replicas",
        "less-updated",
        "extra",
        "less-available",
        "less-ready",
        "rolling-out",
        "unavailable",
        "deadline",
        "stale",
    ],
)
def test_readiness_of_a_deployment(changes: Object, expected: tuple[str, str]) -> None:
    """A Deployment is current when all its replicas are new, available and alone."""
    spec = {"replicas": 3, "progressDeadlineSeconds": 600}
    assert expected == _said(_object(APPS, "Deployment", spec, **{**_READY, **changes}))


@pytest.mark.parametrize(
    "spec", [{}, {"progressDeadlineSeconds": 2**31 - 1}], ids=["absent", "max"]
)
def test_readiness_of_a_deployment_without_deadline_needs_no_progress(spec: Object) -> None:
    """Without a deadline the condition Progressing does not exist; one replica is the default."""
    status = {**_READY, "conditions": _ROLLED_OUT[1:]}
    status |= dict.fromkeys(
        ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), 1
    )
    assert CURRENT == _said(_object(APPS, "Deployment", spec, **status))


@pytest.mark.parametrize(
    ("api", "kind"), [(APPS, "ReplicaSet"), ("v1", "ReplicationController")], ids=["rs", "rc"]
)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, CURRENT),
        ({"fullyLabeledReplicas": 1}, ("InProgress", "1 of 2 replicas labelled")),
        ({"availableReplicas": 1}, ("InProgress", "1 of 2 replicas available")),
        ({"readyReplicas": 1}, ("InProgress", "1 of 2 replicas ready")),
        ({"replicas": 3}, ("InProgress", "1 replicas to be removed")),
        (
            {"conditions": [_condition("ReplicaFailure", reason="FailedCreate", message="quota")]},
            ("InProgress", "FailedCreate: quota"),
        ),
    ],
    ids=["current", "labelled", "available", "ready", "extra", "failure"],
)
def test_readiness_of_a_replica_set(
    api: str, kind: str, changes: Object, expected: tuple[str, str]
) -> None:
    """All replicas must be there, labelled, available and ready."""
    names = ("replicas", "fullyLabeledReplicas", "availableReplicas", "readyReplicas")
    status: Object = {**dict.fromkeys(names, 2), **changes}
    assert expected == _said(_object(api, kind, {"replicas": 2}, **status))


@pytest.mark.parametrize(
    ("strategy", "changes", "expected"),
    [
        ({}, {}, CURRENT),
        ({}, {"replicas": 1}, ("InProgress", "1 of 2 replicas")),
        ({}, {"readyReplicas": 1}, ("InProgress", "1 of 2 replicas ready")),
        ({}, {"replicas": 3}, ("InProgress", "1 replicas to be removed")),
        ({}, {"currentReplicas": 1}, ("InProgress", "1 of 2 replicas current")),
        ({}, {"updateRevision": "b"}, ("InProgress", "revision b is being rolled out")),
        ({"type": "OnDelete"}, {"replicas": 0}, CURRENT),
        ({"rollingUpdate": {"partition": 1}}, {"updatedReplicas": 1}, CURRENT),
        (
            {"rollingUpdate": {"partition": 1}},
            {"updatedReplicas": 0},
            ("InProgress", "0 of 1 replicas updated"),
        ),
        ({"rollingUpdate": {"partition": 0}}, {}, CURRENT),
    ],
    ids=[
        "current",
        "less",
        "less-ready",
        "extra",
        "less-current",
        "rolling-out",
        "on-delete",
        "partition-done",
        "partition-open",
        "partition-zero",
    ],
)
def test_readiness_of_a_stateful_set(
    strategy: Object, changes: Object, expected: tuple[str, str]
) -> None:
    """All replicas must be of the new revision, or those that the partition lets."""
    names = ("replicas", "readyReplicas", "updatedReplicas", "currentReplicas")
    status: Object = dict.fromkeys(names, 2)
    status = {**status, "currentRevision": "a", "updateRevision": "a", **changes}
    spec = {"replicas": 2, "updateStrategy": strategy}
    assert expected == _said(_object(APPS, "StatefulSet", spec, **status))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, CURRENT),
        (
            {"observedGeneration": None},
            ("InProgress", "its controller has not looked at it yet"),
        ),
        ({"currentNumberScheduled": 1}, ("InProgress", "1 of 2 pods scheduled")),
        ({"updatedNumberScheduled": 1}, ("InProgress", "1 of 2 pods updated")),
        ({"numberAvailable": 1}, ("InProgress", "1 of 2 pods available")),
        ({"numberReady": 1}, ("InProgress", "1 of 2 pods ready")),
    ],
    ids=["current", "new", "scheduled", "updated", "available", "ready"],
)
def test_readiness_of_a_daemon_set(changes: Object, expected: tuple[str, str]) -> None:
    """Every node that is to have a pod has a new one that is ready."""
    names = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
    )
    status: Object = {"observedGeneration": 1, **dict.fromkeys(names, 2), **changes}
    assert expected == _said(_object(APPS, "DaemonSet", **status))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Succeeded"}, CURRENT),
        ({"phase": "Failed"}, ("Failed", "its containers have failed")),
        ({"phase": "Running", "conditions": [_condition("Ready")]}, CURRENT),
        ({"phase": "Running"}, ("InProgress", "its containers are not ready")),
        (
            {
                "phase": "Running",
                "containerStatuses": [
                    {"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
                    {"name": "b", "state": {"running": {}}},
                ],
            },
            ("Failed", "containers crash again and again: a"),
        ),
        (
            {
                "phase": "Pending",
                "conditions": [_condition("PodScheduled", "False", "Unschedulable", "no room")],
            },
            ("InProgress", "Unschedulable: no room"),
        ),
        ({}, ("InProgress", "it is not running")),
    ],
    ids=["done", "failed", "ready", "running", "crashing", "unschedulable", "new"],
)
def test_readiness_of_a_pod(status: Object, expected: tuple[str, str]) -> None:
    """A pod is current when it is ready or has done its work."""
    assert expected == _said(_object("v1", "Pod", **status))


@pytest.mark.parametrize(
    ("api", "kind", "spec", "status", "expected"),
    [
        (
            "batch/v1",
            "Job",
            {"completions": 3},
            {"succeeded": 1},
            ("InProgress", "1 of 3 pods completed"),
        ),
        ("batch/v1", "Job", {}, {}, ("InProgress", "0 of 1 pods completed")),
        ("batch/v1", "Job", {}, {"conditions": [_condition("Complete")]}, CURRENT),
        ("batch/v1", "Job", {}, {"conditions": [_condition("Suspended")]}, CURRENT),
        (
            "batch/v1",
            "Job",
            {},
            {"conditions": [_condition("Failed", message="backoff")]},
            ("Failed", "backoff"),
        ),
        ("v1", "PersistentVolumeClaim", {}, {"phase": "Bound"}, CURRENT),
        (
            "v1",
            "PersistentVolumeClaim",
            {},
            {"phase": "Pending"},
            ("InProgress", "it is not bound to a volume"),
        ),
        ("v1", "Service", {"type": "ClusterIP"}, {}, CURRENT),
        (
            "v1",
            "Service",
            {"type": "LoadBalancer"},
            {},
            ("InProgress", "it has no address yet"),
        ),
        ("v1", "Service", {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}, {}, CURRENT),
        ("v1", "Namespace", {}, {"phase": "Active"}, CURRENT),
        (
            "v1",
            "Namespace",
            {},
            {"phase": "Terminating"},
            ("InProgress", "its phase is Terminating"),
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {},
            {"conditions": [_condition("Established")]},
            CURRENT,
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {},
            {},
            ("InProgress", "it is not established yet"),
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {},
            {"conditions": [_condition("NamesAccepted", "False", message="taken")]},
            ("Failed", "taken"),
        ),
        (
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            {},
            {"conditions": [_condition("Established", "False", "Broken")]},
            ("Failed", "Broken"),
        ),
        (
            "apiregistration.k8s.io/v1",
            "APIService",
            {},
            {"conditions": [_condition("Available", "False", "MissingEndpoints")]},
            ("InProgress", "MissingEndpoints"),
        ),
    ],
)
def test_readiness_of_other_kinds(
    api: str, kind: str, spec: Object, status: Object, expected: tuple[str, str]
) -> None:
    """Each kind is waited for by what it says itself."""
    assert expected == _said(_object(api, kind, spec, **status))


# --- ready ---------------------------------------------------------------------------------------

_OBSERVED = {"observedGeneration": 1}
_SEEN = {"type": "Ready", "status": "True", "observedGeneration": 1}
_COUNTS = {"replicas": 1, "readyReplicas": 1, "currentReplicas": 1}
_BALANCED = {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        pytest.param({"kind": "ConfigMap", "apiVersion": "v1"}, CURRENT, id="nothing-to-say"),
        pytest.param(
            _object(APPS, "StatefulSet", **_COUNTS),
            ("InProgress", "its controller has not looked at it yet"),
            id="workload-not-observed",
        ),
        pytest.param(
            _object(APPS, "StatefulSet", **_COUNTS, **_OBSERVED), CURRENT, id="workload-observed"
        ),
        pytest.param(
            _object(APPS, "StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, **_OBSERVED),
            ("InProgress", "0 of 1 replicas ready"),
            id="stateful-set-replaced-on-delete",
        ),
        pytest.param(
            _object("v1", "Service", _BALANCED),
            ("InProgress", "its load balancer has no address yet"),
            id="load-balancer-without-address",
        ),
        pytest.param(
            _object("v1", "Service", _BALANCED, loadBalancer={"ingress": [{"ip": "192.0.2.1"}]}),
            CURRENT,
            id="load-balancer-with-address",
        ),
        pytest.param(_object("v1", "Service", {"type": "ClusterIP"}), CURRENT, id="service"),
        pytest.param(
            _object("example.com/v1", "Thing", generation=2, conditions=[_SEEN]),
            ("InProgress", "its condition Ready is of generation 1"),
            id="condition-of-an-older-generation",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Available", "Unknown")]),
            ("InProgress", "its condition Available is not True"),
            id="available-is-not",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Established", "No", "x")]),
            ("InProgress", "x"),
            id="established-is-not",
        ),
        pytest.param(
            _object(
                "example.com/v1",
                "Thing",
                conditions=[_condition("Available", "False"), _condition("Ready")],
            ),
            CURRENT,
            id="ready-counts-before-available",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Ready", "False", "no")]),
            ("InProgress", "no"),
            id="not-even-current",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[{**_SEEN, "observedGeneration": True}]),
            CURRENT,
            id="condition-of-a-senseless-generation",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=["x", {"type": 1}]),
            CURRENT,
            id="conditions-that-are-none",
        ),
    ],
)
def test_ready_asks_for_more_than_current(obj: Object, expected: tuple[str, str]) -> None:
    """Its controller has seen this very generation, and it can be used."""
    found = judge_readiness(obj, goal=Goal.READY)
    assert expected == (found.readiness.value, found.message)


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        pytest.param(_object("example.com/v1", "Thing"), True, id="no-word"),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_condition("Ready")]),
            True,
            id="a-word-on-some-generation",
        ),
        pytest.param(
            _object("example.com/v1", "Thing", conditions=[_SEEN]), False, id="condition-observed"
        ),
        pytest.param(_object("example.com/v1", "Thing", **_OBSERVED), False, id="observed"),
        pytest.param(_object("v1", "PersistentVolume"), False, id="built-in"),
    ],
)
def test_ready_is_assumed_where_nobody_says_so(obj: Object, expected: bool) -> None:
    """Whoever wrote it just now had better give its controller some time."""
    found = judge_readiness(obj, goal=Goal.READY)
    assert (True, expected) == (found.is_current, found.is_assumed)


_JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["conditions", "type", "status", "replicas", "phase", "state"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=10,
)


@given(
    st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]), _JUNK, _JUNK, _JUNK
)
def test_readiness_of_nonsense_is_some_word(kind: str, spec: Any, status: Any, meta: Any) -> None:
    """Whatever a cluster answers, nothing breaks, and what is current needs no message."""
    obj: Any = {"apiVersion": APPS, "kind": kind, "metadata": meta, "spec": spec, "status": status}
    found = judge_readiness(obj)
    assert isinstance(found, Progress)
    assert found.is_current is (found.readiness is Readiness.CURRENT)
    assert bool(found.message) is not found.is_current
    ready = judge_readiness(obj, goal=Goal.READY)
    assert found.is_current or ready == found
