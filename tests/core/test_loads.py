"""Tests of how a workload fares in a cluster: what runs, and for how many more there is room."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.loads import is_settled, pod_selector, settled_load, weigh_pods
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Object
from kubefedctl.model.schedules import Load

NOW = "2026-01-02T03:04:05Z"
LONG_AGO, JUST_NOW = "2026-01-02T02:54:05Z", "2026-01-02T03:03:50Z"


def workload(replicas: Any = 6, ready: Any = None) -> Object:
    """Return a Deployment; without a number that is None."""
    made: Object = {"spec": {"selector": {"matchLabels": {"app": "web"}}}, "status": {}}
    if replicas is not None:
        made["spec"]["replicas"] = replicas
    if ready is not None:
        made["status"]["readyReplicas"] = ready
    return made


def running(ready: str = "True") -> Object:
    """Return a Pod that runs."""
    return {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}}


def homeless(since: Any = LONG_AGO, **changes: Any) -> Object:
    """Return a Pod that found no node."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", **changes}
    if since is not None:
        condition["lastTransitionTime"] = since
    return {"status": {"phase": "Pending", "conditions": [condition]}}


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        pytest.param(
            [*[running()] * 3, homeless(), homeless(), homeless(JUST_NOW)],
            Load(3, capacity=4, undecided=1),
            id="upstream",
        ),
        pytest.param([{"status": {"phase": "Pending"}}], Load(0), id="no-conditions"),
        pytest.param([{}], Load(0), id="no-status"),
        pytest.param([running("False")], Load(1), id="running-but-not-ready"),
        pytest.param([{"status": {"phase": "Running"}}], Load(0), id="running-without-ready"),
        pytest.param([homeless("2026-01-02T03:03:05Z")], Load(0, undecided=1), id="for-60-s"),
        pytest.param([homeless("2026-01-02T03:03:04Z")], Load(0, capacity=5), id="for-61-s"),
        pytest.param([homeless(None)], Load(0, capacity=5), id="since-ever"),
        pytest.param([homeless("soon")], Load(0, undecided=1), id="since-no-time"),
        pytest.param([homeless("2026-01-02")], Load(0, undecided=1), id="since-a-time-of-no-zone"),
        pytest.param([homeless(reason="Other")], Load(0), id="another-reason"),
        pytest.param([homeless(status="True")], Load(0), id="has-a-node"),
        pytest.param([homeless()] * 9, Load(0, capacity=0), id="more-than-replicas"),
    ],
)
def test_weigh_pods_counts_as_kubefed(pods: list[Object], expected: Load) -> None:
    """Running Pods are current, those without a node for a minute are missing capacity."""
    assert expected == weigh_pods(workload(), pods, now=NOW)


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (workload(3, 3), True),
        (workload(3, 2), False),
        (workload(3), False),
        (workload(0), True),
        (workload(None), True),
        (workload(1, 2), False),
    ],
    ids=["all-ready", "some-ready", "none-ready", "none-wanted", "no-number", "too-many"],
)
def test_is_settled_where_all_replicas_are_ready(obj: Object, expected: bool) -> None:
    """What is missing counts as none."""
    assert expected is is_settled(obj)


def test_settled_load_is_what_is_ready() -> None:
    """There is no capacity to be told of."""
    assert Load(3) == settled_load(workload(3, 3))


def test_pod_selector_has_labels_and_expressions() -> None:
    """Both narrow it, unlike in KubeFed, which fails without labels."""
    expressions = [
        {"key": "tier", "operator": "In", "values": ["b", "a"]},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": expressions}
    assert "!old,app=web,tier in (a,b)" == pod_selector({"spec": {"selector": selector}})


@pytest.mark.parametrize("selector", [None, {}, {"matchLabels": {}}, "app=web"])
def test_pod_selector_that_is_none_is_refused(selector: Any) -> None:
    """All Pods of a namespace are nobody's."""
    with pytest.raises(InputError, match="selector is missing"):
        pod_selector({"spec": {"selector": selector}})


@pytest.mark.parametrize(
    ("obj", "field"),
    [(workload("3"), "spec.replicas"), (workload(3, -1), "status.readyReplicas")],
    ids=["text", "negative"],
)
def test_is_settled_with_numbers_that_are_none_is_refused(obj: Object, field: str) -> None:
    """What a member says is not trusted; the field is named."""
    with pytest.raises(InputError, match=field):
        is_settled(obj)
