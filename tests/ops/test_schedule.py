"""Tests of the command `schedule` with clusters: what it asks, and what it makes of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.draining import DRAIN_LABEL
from kubefedctl.core.foreseeing import WhatIf
from kubefedctl.errors import InputError, KubefedctlError, NotFoundError, UnreachableError
from kubefedctl.model.events import Event, Forecast
from kubefedctl.model.refs import Key
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS
from kubefedctl.ops.schedule import ScheduleOptions, schedule
from tests.core.makers import DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryFleet
from tests.ops.preferences import (
    FEDERATED_DEPLOYMENTS,
    TEMPLATE,
    add_pods,
    forget,
    make_shop,
    prefer,
    run,
    web,
)
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    place,
    told,
    words,
)


def ask(fleet: MemoryFleet, **what_if: Any) -> tuple[list[Event], KubefedctlError | None]:
    """Ask for the schedule of `shop/web`."""
    options = ScheduleOptions("web", "shop", WhatIf(**what_if), KNS)
    return told(schedule(fleet, options, pace=AT_ONCE))


def replicas(events: list[Event]) -> dict[str, int]:
    """Return what each cluster would be asked for."""
    (found,) = [event for event in events if isinstance(event, Forecast)]
    return found.schedule.replicas


def test_schedule_does_without_a_drained_cluster() -> None:
    """What a sync would not give replicas to gets none here, either."""
    host, fleet = make_shop()
    prefer(host, 4)
    found = host.find(KUBEFED_CLUSTERS, Key(KNS, "c1"))
    assert found is not None
    labels = {"labels": {DRAIN_LABEL: "left"}}
    host.alter(KUBEFED_CLUSTERS, Key(KNS, "c1"), metadata={**found["metadata"], **labels})
    events, failure = ask(fleet)
    assert (None, {"c2": 4}) == (failure, replicas(events))


def test_schedule_says_what_a_sync_then_writes() -> None:
    """The forecast is the plan of the sync after it, and writes nothing itself."""
    host, fleet = make_shop()
    prefer(host, 7, clusters={"c1": {"weight": 3}, "*": {"weight": 1}})
    events, failure = ask(fleet)
    assert None is failure
    assert [] == host.writes()
    forecast = replicas(events)
    run(fleet)
    written = {
        found["clusterName"]: found["clusterOverrides"][0]["value"]
        for found in web(host)["overrides"]
    }
    assert {"c1": 6, "c2": 1} == forecast == written


def test_schedule_looks_at_what_runs() -> None:
    """Replicas that run stay, unless something else is imagined."""
    host, fleet = make_shop()
    prefer(host, 6)
    fleet.context("c1").add(DEPLOYMENT, managed(spec={**TEMPLATE["spec"], "replicas": 5}))
    assert {"c1": 5, "c2": 1} == replicas(ask(fleet)[0])
    assert {"c1": 3, "c2": 3} == replicas(ask(fleet, current={"c1": 0})[0])
    assert {"c2": 6} == replicas(ask(fleet, down=("c1",))[0])
    assert {"c1": 5, "c9": 1} == replicas(ask(fleet, clusters=("c1", "c9"))[0])


def test_schedule_does_not_count_what_is_not_managed() -> None:
    """A workload without the label is somebody else's, as for a sync."""
    host, fleet = make_shop()
    prefer(host, 6)
    fleet.context("c1").add(
        DEPLOYMENT, {"metadata": place(WEB), "spec": {**TEMPLATE["spec"], "replicas": 5}}
    )
    assert {"c1": 3, "c2": 3} == replicas(ask(fleet)[0])


def test_schedule_tells_of_pods_without_a_node_and_counts_them() -> None:
    """Long without one is a matter of capacity, just now is a warning."""
    host, fleet = make_shop()
    prefer(host, 6)
    run(fleet)
    member = fleet.context("c1")
    member.alter(DEPLOYMENT, WEB, status={"readyReplicas": 1, "crowded": True})
    add_pods(member, 1, 2, since="2020-01-01T00:00:00Z")
    assert {"c1": 1, "c2": 5} == replicas(ask(fleet)[0])
    add_pods(member, 1, 2, since="2999-01-01T00:00:00Z")
    events, _ = ask(fleet)
    assert [line for line in words(events) if "2 pods in cluster c1 found no node yet" in line]


def test_schedule_leaves_out_a_cluster_that_is_not_ready() -> None:
    """It is told of, and --down may name it all the same."""
    host, fleet = make_shop()
    prefer(host, 6)
    fleet.context("c2").fail_next("read", error(UnreachableError, 0), times=4)
    events, _ = ask(fleet)
    assert {"c1": 6} == replicas(events)
    assert words(events)[0].startswith("warning: cluster c2 is not ready: ")
    assert {"c1": 6} == replicas(ask(fleet, down=("c2",))[0])


@pytest.mark.parametrize("zone", ["eu", "us"])
def test_schedule_intersects_as_a_sync_does(zone: str) -> None:
    """Only clusters that both selectors match are considered."""
    selector = {"clusterSelector": {"matchLabels": {"zone": zone}}}
    host, fleet = make_shop(spec={"placement": selector})
    labels = {**place(Key(KNS, "c1")), "labels": {"zone": "eu"}}
    host.alter(KUBEFED_CLUSTERS, Key(KNS, "c1"), metadata=labels)
    prefer(host, 6, intersectWithClusterSelector=True)
    assert ({"c1": 6} if zone == "eu" else {}) == replicas(ask(fleet)[0])


def test_schedule_without_target_says_that_a_sync_would_not_follow() -> None:
    """The arithmetic is shown all the same."""
    host, fleet = make_shop()
    prefer(host, 6)
    host.remove(FEDERATED_DEPLOYMENTS, WEB)
    events, _ = ask(fleet)
    assert {"c1": 3, "c2": 3} == replicas(events)
    assert [
        "warning: there is no FederatedDeployment/shop/web: a sync does not follow it"
    ] == words(events)


def test_schedule_with_the_gate_closed_says_so() -> None:
    """A sync would follow nothing."""
    gates = [{"name": "SchedulerPreferences", "configuration": "Disabled"}]
    host = make_host(types=(NAMESPACE, DEPLOYMENT), spec={"featureGates": gates})
    federate_namespace(host)
    federate(host, target=DEPLOYMENT, spec={"template": TEMPLATE})
    prefer(host)
    events, _ = ask(make_fleet(host))
    assert "the feature gate SchedulerPreferences is off" in words(events)[0]


def test_schedule_of_a_preference_that_is_not_there_fails() -> None:
    """It is a 404 of the host."""
    _, fleet = make_shop()
    assert isinstance(ask(fleet)[1], NotFoundError)


def test_schedule_of_a_kind_without_replicas_is_refused() -> None:
    """A sync would warn of it and go on; here nothing is left to show."""
    host, fleet = make_shop()
    prefer(host, targetKind="FederatedConfigMap")
    forget(fleet)
    failure = ask(fleet)[1]
    assert isinstance(failure, InputError)
