"""Tests of ReplicaSchedulingPreferences in a sync: what is read, planned, written and told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kubefedctl.errors import (
    ForbiddenError,
    NotFoundError,
    PartialFailure,
)
from kubefedctl.model.refs import Key
from kubefedctl.model.schedules import Rescheduling
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
)
from tests.core.makers import DEPLOYMENT, NAMESPACE
from tests.ops.preferences import (
    FEDERATED_DEPLOYMENTS,
    LISTS,
    TEMPLATE,
    WIDGET,
    add_widgets,
    asked,
    forget,
    make_shop,
    prefer,
    replicas_of,
    run,
    scheduled,
    web,
)
from tests.ops.stage import (
    KNS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    place,
    words,
)

# --- what is written -----------------------------------------------------------------------------


WEIGHTS: Mapping[str, Any] = {"c1": {"weight": 2}, "c2": {"weight": 1}}
MINIMUMS = {n: {**found, "minReplicas": 3} for n, found in WEIGHTS.items()}


@pytest.mark.parametrize(
    ("total", "spec", "expected"),
    [
        pytest.param(4, {}, {"c1": 2, "c2": 2}, id="S87"),
        pytest.param(6, {"clusters": WEIGHTS}, {"c1": 4, "c2": 2}, id="S88"),
        pytest.param(6, {"clusters": MINIMUMS}, {"c1": 3, "c2": 3}, id="S89"),
        pytest.param(3, {"clusters": {"c1": {"weight": 1}}}, {"c1": 3, "c2": 0}, id="S96"),
    ],
)
def test_sync_follows_a_preference_in_the_same_run(
    total: int, spec: Any, expected: dict[str, int]
) -> None:
    """Placement and overrides are written, and the members follow at once (S87-S89, S96)."""
    host, fleet = make_shop()
    prefer(host, total, **spec)
    events, failure = run(fleet)
    assert None is failure
    assert asked(**expected) == web(host)
    assert list(expected.values()) == replicas_of(fleet)
    text = ", ".join(f"{name}={count}" for name, count in expected.items())
    assert [f"updated FederatedDeployment/shop/web in host: scheduled {text}"] == scheduled(events)


def test_sync_with_intersection_looks_at_the_selectors() -> None:
    """Only c1 matches: it gets all six, and the placement is c1 (S90)."""
    selector = {"clusterSelector": {"matchLabels": {"zone": "eu"}}}
    host, fleet = make_shop(spec={"placement": selector})
    host.alter(
        KUBEFED_CLUSTERS,
        Key(KNS, "c1"),
        metadata={
            **place(Key(KNS, "c1")),
            "labels": {"zone": "eu"},
        },
    )
    prefer(host, 6, clusters=MINIMUMS, intersectWithClusterSelector=True)
    assert None is run(fleet)[1]
    expected = asked(c1=6)
    assert {**expected, "placement": {**expected["placement"], **selector}} == web(host)
    assert [6, None] == replicas_of(fleet)


def test_sync_without_intersection_writes_the_list_over_the_selector() -> None:
    """The selector matches nothing, and all clusters are placed (S91)."""
    selector = {"clusterSelector": {"matchLabels": {"zone": "eu"}}}
    host, fleet = make_shop(spec={"placement": selector})
    prefer(host)
    assert None is run(fleet)[1]
    assert [2, 2] == replicas_of(fleet)
    assert {**selector, "clusters": [{"name": "c1"}, {"name": "c2"}]} == web(host)["placement"]


def test_sync_intersection_that_matches_nothing_keeps_the_placement() -> None:
    """Nothing is scheduled to no cluster."""
    host, fleet = make_shop(spec={"placement": {"clusters": [{"name": "c1"}]}})
    prefer(host, intersectWithClusterSelector=True)
    before = web(host)
    assert None is run(fleet)[1]
    assert (before, [1, None]) == (web(host), replicas_of(fleet))


def test_sync_second_run_writes_nothing() -> None:
    """Neither the host nor a member is written to, and no Pod is asked for (S92)."""
    host, fleet = make_shop()
    prefer(host, 5)
    run(fleet)
    forget(fleet)
    assert None is run(fleet)[1]
    written = [w for c in (host, *map(fleet.context, ("c1", "c2"))) for w in c.writes()]
    assert [] == [w for w in written if not w[1].startswith("KubeFedCluster/")]
    assert ("list", "pods") not in fleet.context("c1").requests


def test_sync_keeps_other_overrides_in_their_order() -> None:
    """Only the numbers come and go (S93)."""
    label = {"path": "/metadata/labels", "value": {"a": "b"}}
    host, fleet = make_shop(
        spec={
            "overrides": [
                {"clusterName": "c2", "clusterOverrides": [label]},
                {"clusterName": "gone", "clusterOverrides": [{"path": "/spec/replicas"}]},
            ]
        }
    )
    prefer(host)
    assert None is run(fleet)[1]
    number = {"path": "/spec/replicas", "value": 2}
    assert [
        {"clusterName": "c2", "clusterOverrides": [label, number]},
        {"clusterName": "c1", "clusterOverrides": [number]},
    ] == web(host)["overrides"]


def test_sync_dry_run_shows_the_plan_that_a_run_would_follow() -> None:
    """Nothing is written, and the members' changes are those of the new numbers."""
    host, fleet = make_shop()
    run(fleet)
    prefer(host, 5)
    forget(fleet)
    dry, _ = run(fleet, is_dry_run=True)
    assert [] == [w for c in (host, *map(fleet.context, ("c1", "c2"))) for w in c.writes()]
    wet, _ = run(fleet)
    assert words(dry)[:3] == [f"{line} (dry run)" for line in words(wet)[:3]]
    assert "updated FederatedDeployment/shop/web in host: scheduled c1=3, c2=2" == words(wet)[0]


def test_sync_of_a_new_type_spreads_it_too() -> None:
    """A type that somebody defined counts where its federated CRD retains replicas."""
    host, fleet = make_shop()
    add_widgets(host, fleet, retains=True)
    prefer(host, 4, targetKind="FederatedWidget")
    assert None is run(fleet)[1]
    assert [2, 2] == replicas_of(fleet, resource=WIDGET)
    forget(fleet)
    assert None is run(fleet)[1]
    assert ("list", "pods") not in fleet.context("c1").requests


# --- what there is no following of ---------------------------------------------------------------


def test_sync_without_preferences_costs_one_list() -> None:
    """The host is asked once for them, the members for nothing more."""
    host, fleet = make_shop()
    run(fleet)
    assert 1 == host.requests.count(LISTS)


@pytest.mark.parametrize("gate", ["Enabled", "Disabled"])
def test_sync_follows_only_where_the_gate_is_open(gate: str) -> None:
    """SchedulerPreferences switches all of it; closed, nothing is even listed."""
    gates = [{"name": "SchedulerPreferences", "configuration": gate}]
    host = make_host(types=(NAMESPACE, DEPLOYMENT), spec={"featureGates": gates})
    federate_namespace(host)
    federate(host, target=DEPLOYMENT, spec={"template": TEMPLATE})
    prefer(host)
    fleet = make_fleet(host)
    assert None is run(fleet)[1]
    is_open = gate == "Enabled"
    assert [2, 2] == replicas_of(fleet) if is_open else [1, 1] == replicas_of(fleet)
    assert is_open is (LISTS in host.requests)


def test_sync_rsp_off_leaves_replicas_as_they_are() -> None:
    """--rsp off does not look at preferences."""
    host, fleet = make_shop()
    prefer(host)
    assert None is run(fleet, Rescheduling.OFF)[1]
    assert [1, 1] == replicas_of(fleet)
    assert LISTS not in host.requests


def test_sync_of_a_host_without_their_crd_goes_on() -> None:
    """A 404 for the list means that there are none."""
    host, fleet = make_shop()
    host.fail_next("list", error(NotFoundError, 404), name=LISTS[1])
    assert None is run(fleet)[1]
    assert [1, 1] == replicas_of(fleet)


def test_sync_that_may_not_list_them_fails_in_part() -> None:
    """What is not known is not followed; all else is done, and the failure is told."""
    host, fleet = make_shop()
    prefer(host)
    host.fail_next("list", error(ForbiddenError, 403), name=LISTS[1])
    events, failure = run(fleet)
    assert isinstance(failure, PartialFailure)
    (line,) = scheduled(events)
    assert line.startswith("failed ReplicaSchedulingPreference in host: ")
    assert [1, 1] == replicas_of(fleet)


@pytest.mark.parametrize(
    ("key", "spec", "cause"),
    [
        (Key("shop", "lost"), {}, "there is no FederatedDeployment/shop/lost"),
        (
            WEB,
            {"targetKind": "FederatedJob"},
            "targetKind FederatedJob is not the kind of a federated type that is enabled",
        ),
        (
            WEB,
            {"targetKind": "FederatedConfigMap"},
            "targetKind FederatedConfigMap is of objects without replicas",
        ),
        (
            WEB,
            {"targetKind": "FederatedWidget"},
            "targetKind FederatedWidget is of objects without replicas",
        ),
    ],
    ids=["no-target", "no-type", "no-replicas", "none-in-the-crd"],
)
def test_sync_warns_of_a_preference_without_target(key: Key, spec: Any, cause: str) -> None:
    """Federated objects are left alone, and the run is none the worse (S95)."""
    host, fleet = make_shop()
    add_widgets(host, fleet, retains=False)
    prefer(host, key=key, **spec)
    before = web(host)
    events, failure = run(fleet)
    assert None is failure
    assert [f"warning: ReplicaSchedulingPreference/{key}: {cause}"] == scheduled(events)
    assert before == web(host)


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        ({"totalReplicas": -1}, "spec.totalReplicas is negative: -1"),
        (
            {"clusters": {"c1": {"weight": -1}}},
            "spec.clusters[c1].weight is negative: -1",
        ),
    ],
    ids=["total", "weight"],
)
def test_sync_does_not_follow_negative_numbers(spec: Any, cause: str) -> None:
    """An API server of KubeFed's own CRD lets them in; here they are a failure with a name."""
    host, fleet = make_shop()
    prefer(host, **spec)
    events, failure = run(fleet)
    assert isinstance(failure, PartialFailure)
    subject = "ReplicaSchedulingPreference/shop/web"
    assert [f"failed {subject} in host: {cause}"] == scheduled(events)
    assert [1, 1] == replicas_of(fleet)


def test_sync_leaves_a_target_alone_that_is_being_deleted() -> None:
    """What goes away is not placed anew."""
    host, fleet = make_shop()
    prefer(host)
    found = host.find(FEDERATED_DEPLOYMENTS, WEB)
    assert found is not None
    gone = {**found["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    host.alter(FEDERATED_DEPLOYMENTS, WEB, metadata=gone)
    events, failure = run(fleet)
    assert None is failure
    assert [] == [line for line in scheduled(events) if "scheduled" in line]
