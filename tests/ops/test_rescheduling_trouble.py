"""Tests of ReplicaSchedulingPreferences in a sync where clusters, Pods or the host make trouble."""

from __future__ import annotations

import pytest

from kubefedctl.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    PartialFailure,
    ServerError,
    UnreachableError,
)
from kubefedctl.model.refs import Key
from kubefedctl.model.schedules import Rescheduling
from kubefedctl.model.wellknown import (
    REPLICA_SCHEDULING_PREFERENCES,
)
from tests.core.makers import DEPLOYMENT
from tests.fakes import MemoryCluster
from tests.ops.preferences import (
    FEDERATED_DEPLOYMENTS,
    TEMPLATE,
    asked,
    forget,
    make_crowded,
    make_shop,
    prefer,
    replicas_of,
    run,
    scheduled,
    web,
)
from tests.ops.stage import (
    WEB,
    error,
    federate,
    steps,
)

# --- clusters that do not answer -----------------------------------------------------------------


def test_sync_plans_without_a_cluster_that_is_not_ready() -> None:
    """It leaves the placement, and its share goes to the others, as in KubeFed."""
    host, fleet = make_shop()
    prefer(host, 4)
    run(fleet)
    fleet.context("c2").fail_next("read", error(UnreachableError, 0), times=9)
    events, _ = run(fleet)
    assert asked(c1=4) == web(host)
    assert ["updated FederatedDeployment/shop/web in host: scheduled c1=4"] == scheduled(events)


def test_sync_rsp_hold_keeps_the_share_of_a_cluster_that_is_not_ready() -> None:
    """The others get what it leaves, which is what they had."""
    host, fleet = make_shop("c1", "c2", "c3")
    prefer(host, 6)
    run(fleet)
    before = web(host)
    fleet.context("c2").fail_next("read", error(UnreachableError, 0), times=9)
    events, _ = run(fleet, Rescheduling.HOLD)
    assert before == web(host)
    said = "ReplicaSchedulingPreference/shop/web: scheduled c1=2, c2=2 (held), c3=2"
    assert said in steps(events)


def test_sync_rsp_hold_spreads_a_new_total_over_the_others() -> None:
    """What is held is taken off the total, and never becomes less."""
    host, fleet = make_shop("c1", "c2", "c3")
    prefer(host, 6)
    run(fleet)
    host.alter(
        REPLICA_SCHEDULING_PREFERENCES,
        WEB,
        spec={"targetKind": "FederatedDeployment", "totalReplicas": 8},
    )
    fleet.context("c2").fail_next("read", error(UnreachableError, 0), times=9)
    run(fleet, Rescheduling.HOLD)
    assert asked(c1=3, c2=2, c3=3) == web(host)


def test_sync_rsp_hold_has_nothing_to_hold_in_a_new_cluster() -> None:
    """A cluster that never had a share gets none before it is ready."""
    host, fleet = make_shop()
    prefer(host, 4)
    fleet.context("c2").fail_next("read", error(UnreachableError, 0), times=9)
    run(fleet, Rescheduling.HOLD)
    assert asked(c1=4) == web(host)


@pytest.mark.parametrize("mode", [Rescheduling.AUTO, Rescheduling.HOLD])
def test_sync_without_any_ready_cluster_changes_nothing(mode: Rescheduling) -> None:
    """The placement stays as it is."""
    host, fleet = make_shop()
    prefer(host, 4)
    run(fleet)
    before = web(host)
    for name in ("c1", "c2"):
        fleet.context(name).fail_next("read", error(UnreachableError, 0), times=9)
    run(fleet, mode)
    assert before == web(host)


def test_sync_moves_nothing_while_a_cluster_cannot_list_its_workloads() -> None:
    """A list that failed is no empty one: no replica goes elsewhere."""
    host, fleet = make_shop()
    prefer(host, 4)
    fleet.context("c2").fail_next("list", error(ForbiddenError, 403), name="deployments")
    before = web(host)
    events, failure = run(fleet)
    assert isinstance(failure, PartialFailure)
    assert before == web(host)
    (line,) = scheduled(events)
    assert "not followed, as cluster c2 was not read: " in line


# --- pods ----------------------------------------------------------------------------------------


def test_sync_moves_what_found_no_node_for_a_minute() -> None:
    """The capacity of c1 is one, the others go to c2; only Pods of the workload are counted."""
    host, fleet = make_crowded("2020-01-01T00:00:00Z")
    forget(fleet)
    assert None is run(fleet)[1]
    assert asked(c1=1, c2=5) == web(host)
    assert ("list", "pods") in fleet.context("c1").requests
    assert ("list", "pods") not in fleet.context("c2").requests


def test_sync_that_rebalances_asks_for_the_overflow_on_top() -> None:
    """c1 has room for one and is asked for three, so the sum is above the total (S97)."""
    host, fleet = make_crowded("2020-01-01T00:00:00Z", rebalance=True)
    assert None is run(fleet)[1]
    assert asked(c1=3, c2=5) == web(host)


def test_sync_waits_a_minute_before_it_moves_replicas() -> None:
    """Pods that found no node just now change nothing, but are told of."""
    host, fleet = make_crowded("2999-01-01T00:00:00Z")
    before = web(host)
    events, failure = run(fleet)
    assert None is failure
    assert before == web(host)
    subject = "ReplicaSchedulingPreference/shop/web"
    assert [
        f"warning: {subject}: 2 pods in cluster c1 found no node yet; the plan may change"
    ] == scheduled(events)


def test_sync_that_may_not_list_pods_does_not_follow() -> None:
    """It fails for that preference alone."""
    host, fleet = make_crowded("2020-01-01T00:00:00Z")
    fleet.context("c1").fail_next("list", error(ForbiddenError, 403), name="pods")
    before = web(host)
    events, failure = run(fleet)
    assert isinstance(failure, PartialFailure)
    assert before == web(host)
    assert scheduled(events)[0].startswith("failed ReplicaSchedulingPreference/shop/web in host: ")


# --- writing -------------------------------------------------------------------------------------


def test_sync_plans_again_after_a_conflict() -> None:
    """What somebody else wrote meanwhile stays, and the numbers come to it."""
    host, fleet = make_shop()
    prefer(host)
    other = {"clusterName": "c2", "clusterOverrides": [{"path": "/metadata/labels", "value": {}}]}

    def meddle(cluster: MemoryCluster) -> None:
        found = cluster.find(FEDERATED_DEPLOYMENTS, WEB)
        assert found is not None
        cluster.alter(FEDERATED_DEPLOYMENTS, WEB, spec={**found["spec"], "overrides": [other]})

    host.before_next("patch", meddle, name="web")
    assert None is run(fleet)[1]
    assert [2, 2] == replicas_of(fleet)
    first, second = web(host)["overrides"]
    assert ("c2", 2, "c1", 1) == (
        first["clusterName"],
        len(first["clusterOverrides"]),
        second["clusterName"],
        len(second["clusterOverrides"]),
    )


def test_sync_gives_up_on_a_target_that_changes_all_the_time() -> None:
    """Five conflicts are a failure of that preference; the rest of the run goes on."""
    host, fleet = make_shop()
    prefer(host)
    host.fail_next("patch", error(ConflictError, 409), name="web", times=5)
    events, failure = run(fleet)
    assert isinstance(failure, PartialFailure)
    assert scheduled(events)[0].startswith("failed ReplicaSchedulingPreference/shop/web in host: ")
    assert [1, 1] == replicas_of(fleet)


def test_sync_of_a_target_that_went_meanwhile_is_no_failure_of_it() -> None:
    """As in KubeFed, a 404 for the write means that there is nothing to do."""
    host, fleet = make_shop()
    prefer(host)
    host.fail_next("patch", error(NotFoundError, 404), name="web")
    events, failure = run(fleet)
    assert None is failure
    assert [] == scheduled(events)


def test_sync_that_cannot_write_a_target_says_so() -> None:
    """One preference that fails stops no other."""
    host, fleet = make_shop()
    federate(host, Key("shop", "api"), target=DEPLOYMENT, spec={"template": TEMPLATE})
    prefer(host)
    prefer(host, key=Key("shop", "api"))
    host.fail_next("patch", error(ServerError, 500), name="web")
    events, failure = run(fleet)
    assert isinstance(failure, PartialFailure)
    assert [
        "updated FederatedDeployment/shop/api in host: scheduled c1=2, c2=2",
        "failed ReplicaSchedulingPreference/shop/web in host",
    ] == [line.split(": cannot")[0] for line in scheduled(events)]
