"""Tests of a sync in waves: the next only after the former, and what is left where one fails."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.waving import parse_waves
from kubefedctl.errors import (
    InputError,
    Interruption,
    KubefedctlError,
    PartialFailure,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.events import Event, Progressed, Summary, Verdict, WaitBegun
from kubefedctl.model.objects import SYNC_FINALIZER
from kubefedctl.model.progress import Goal, Readiness
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import LEASES, PROPAGATED_VERSIONS
from kubefedctl.ops.halting import Halt
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import DELETING
from tests.ops.stage import (
    FEDERATED_CONFIG_MAPS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    make_type_config,
    steps,
    words,
)
from tests.ops.test_sync_wait import make_ready, ready_status, run

NAMES = ("c1", "c2", "c3")
CONF = Key("shop", "conf")
FEDERATED_DEPLOYMENTS = make_type_config(DEPLOYMENT).federated
WAVES = "canary=c1,c2,*"


def make_shops(*ready: str) -> tuple[MemoryCluster, MemoryFleet]:
    """A Deployment and a ConfigMap in three members; where named, the Deployment is ready."""
    host = make_host(members=NAMES, types=(NAMESPACE, CONFIG_MAP, DEPLOYMENT))
    federate_namespace(host)
    federate(host, CONF)
    federate(host, target=DEPLOYMENT, spec={"template": {"spec": {"replicas": 1}}})
    fleet = make_fleet(host, *NAMES)
    for name in ready:
        fleet.context(name).react_to(DEPLOYMENT, make_ready)
    return host, fleet


def roll_out(
    fleet: MemoryFleet, waves: str = WAVES, **more: Any
) -> tuple[list[Event], KubefedctlError | None]:
    return run(fleet, waves=parse_waves(waves), **more)


def holders(fleet: MemoryFleet) -> list[str]:
    """The members that have the Deployment."""
    return [n for n in NAMES if fleet.context(n).find(DEPLOYMENT, WEB) is not None]


def status_of(host: MemoryCluster, key: Key = CONF) -> list[Object]:
    found = host.find(FEDERATED_CONFIG_MAPS, key) or {}
    return list(found.get("status", {}).get("clusters", []))


def test_waves_come_one_after_the_other() -> None:
    """Each Deployment is ready before the next cluster is written, and the order of kinds stays."""
    _, fleet = make_shops()
    seen: list[list[str]] = []

    def on(event: Event) -> None:
        if isinstance(event, Progressed) and event.progress.readiness is Readiness.IN_PROGRESS:
            seen.append(holders(fleet))
            fleet.context(event.cluster).alter(DEPLOYMENT, WEB, status=ready_status())

    events, failure = roll_out(fleet, on=on)
    assert (None, [["c1"], ["c1", "c2"], ["c1", "c2", "c3"]]) == (failure, seen)
    told = [line for line in steps(events) if line.startswith("wave ")]
    assert ["wave canary: c1", "wave 2: c2", "wave 3: c3"] == told
    assert ["canary", "2", "3"] == [e.wave for e in events if isinstance(e, WaitBegun)]
    created = [line for line in words(events) if line.startswith("created ")]
    assert ["created Namespace/shop in c1"] == created[:1]
    summary = events[-1]
    assert isinstance(summary, Summary)
    assert ["canary", "2", "3"] == [tally.wave for tally in summary.clusters]


def test_waves_record_what_each_has_done_and_end_as_without() -> None:
    """Statuses and version objects are the same as those of a sync of all clusters at once."""
    host, fleet = make_shops(*NAMES)
    _, failure = roll_out(fleet)
    other, others = make_shops(*NAMES)
    run(others)
    assert failure is None
    assert status_of(other) == status_of(host)
    for source in (FEDERATED_CONFIG_MAPS, FEDERATED_DEPLOYMENTS, PROPAGATED_VERSIONS):
        pairs = zip(other.objects(source), host.objects(source), strict=True)
        for left, right in pairs:
            assert _without_times(left["status"]) == _without_times(right["status"])
    again, failure = roll_out(fleet)
    assert (None, []) == (failure, [line for line in words(again) if "created" in line])


def _without_times(status: Object) -> Object:
    kept = [
        {k: v for k, v in found.items() if not k.endswith("Time")}
        for found in status.get("conditions", [])
    ]
    return {**status, "conditions": kept}


def test_wave_that_is_not_ready_in_time_is_the_last() -> None:
    """Exit code 7; the message says which wave, and what was not touched; its status is there."""
    host, fleet = make_shops()
    events, failure = roll_out(fleet, timeout=0.0)
    assert isinstance(failure, WaitTimeout)
    assert (
        "1 object not ready after 0s; stopped after wave canary (it is not ready); not touched:"
        " c2, c3" == failure.message
    )
    assert (["c1"], [{"name": "c1"}]) == (holders(fleet), status_of(host))
    assert [] == [w for name in ("c2", "c3") for w in fleet.context(name).writes()]
    skipped = "skipped Deployment/shop/web in c2: not started: the run ended after wave canary"
    assert skipped in words(events)
    summary = events[-1]
    assert isinstance(summary, Summary)
    counts = [tally.counts for tally in summary.clusters]
    assert {Verdict.CREATED: 3, Verdict.WAITING: 1} == counts[0]
    assert {Verdict.SKIPPED: 3} == counts[1] == counts[2]


def test_waves_go_on_with_the_next_run() -> None:
    """When the first is ready, the others are written as if nothing had happened."""
    host, fleet = make_shops("c2", "c3")
    roll_out(fleet, timeout=0.0)
    fleet.context("c1").alter(DEPLOYMENT, WEB, status=ready_status())
    events, failure = roll_out(fleet)
    assert (None, list(NAMES)) == (failure, holders(fleet))
    assert [] == [line for line in words(events) if line.endswith("in c1")]
    assert [{"name": name} for name in NAMES] == status_of(host)


def test_wave_with_a_failed_write_is_the_last() -> None:
    """Nobody waits for it; what was done and what failed is recorded."""
    host, fleet = make_shops(*NAMES)
    fleet.context("c1").fail_next("create", error(), name="conf")
    events, failure = roll_out(fleet)
    assert isinstance(failure, PartialFailure)
    assert (
        "1 failure; stopped after wave canary (failed: c1); not touched: c2, c3" == failure.message
    )
    assert [{"name": "c1", "status": "CreationFailed"}] == status_of(host)
    assert [] == [e for e in events if isinstance(e, WaitBegun)]


def test_wave_with_a_cluster_that_is_not_ready_is_the_last() -> None:
    """Its other clusters are written; the wave after it is not."""
    _, fleet = make_shops(*NAMES)
    fleet.context("c1").fail_next("read", error(UnreachableError, 0), name="/healthz", times=2)
    _, failure = roll_out(fleet, "c1+c2,*")
    assert isinstance(failure, PartialFailure)
    assert failure.message.endswith("stopped after wave 1 (not ready: c1); not touched: c3")
    assert ["c2"] == holders(fleet)


def test_wave_of_a_silent_cluster_that_is_to_hold_nothing_is_the_last() -> None:
    """Nothing has failed, and yet it is no success."""
    host = make_host(members=NAMES, types=(NAMESPACE, CONFIG_MAP))
    fleet = make_fleet(host, *NAMES)
    fleet.context("c1").fail_next("read", error(UnreachableError, 0), name="/healthz", times=2)
    _, failure = roll_out(fleet)
    assert isinstance(failure, PartialFailure)
    expected = "stopped after wave canary (not ready: c1); not touched: c2, c3"
    assert expected == failure.message


def test_waves_delete_in_the_same_order() -> None:
    """A deletion that is held up in the first leaves the others, and the finalizer stays."""
    host, fleet = make_shops(*NAMES)
    roll_out(fleet)
    held = fleet.context("c1").find(CONFIG_MAP, CONF) or {}
    metadata = {**held["metadata"], "finalizers": ["example.com/held"]}
    fleet.context("c1").alter(CONFIG_MAP, CONF, metadata=metadata)
    found = host.find(FEDERATED_CONFIG_MAPS, CONF) or {}
    host.alter(FEDERATED_CONFIG_MAPS, CONF, metadata={**found["metadata"], **DELETING})
    _, failure = roll_out(fleet, timeout=0.0)
    assert isinstance(failure, WaitTimeout)
    assert failure.message.startswith("1 object deleted but not gone after 0s; stopped after wave")
    assert None is not fleet.context("c2").find(CONFIG_MAP, CONF)
    standing = host.find(FEDERATED_CONFIG_MAPS, CONF) or {}
    assert [SYNC_FINALIZER] == standing["metadata"]["finalizers"]
    waiting = {"name": "c1", "status": "WaitingForRemoval"}
    assert [waiting, {"name": "c2"}, {"name": "c3"}] == status_of(host)
    fleet.context("c1").remove(CONFIG_MAP, CONF)
    _, failure = roll_out(fleet)
    assert (None, None) == (failure, host.find(FEDERATED_CONFIG_MAPS, CONF))


def test_waves_that_are_halted_between_leave_the_rest() -> None:
    """Ctrl-C while the first is waited for: the second is not begun, and the lock was held."""
    host, fleet = make_shops()
    halt, reason, holding = Halt(), Interruption("stopped"), []

    def on(event: Event) -> None:
        if isinstance(event, Progressed):
            holding.append(host.objects(LEASES)[0]["spec"].get("holderIdentity"))
            halt.ask(reason)

    _, failure = roll_out(fleet, on=on, halt=halt, lock_wait=0.0)
    assert (reason, ["c1"]) == (failure, holders(fleet))
    assert [True] == [bool(found) for found in holding]
    assert [{"name": "c1"}] == status_of(host)


def test_waves_in_a_dry_run_are_told() -> None:
    """Nothing is written, and nothing is waited for."""
    _, fleet = make_shops()
    events, failure = roll_out(fleet, is_dry_run=True, goal=None)
    assert (None, []) == (failure, holders(fleet))
    assert "wave canary: c1" in steps(events)


def test_waves_may_wait_for_less() -> None:
    """With current as the goal, kstatus' word is enough."""
    _, fleet = make_shops(*NAMES)
    assert None is roll_out(fleet, goal=Goal.CURRENT)[1]


def test_waves_that_leave_clusters_out_are_refused_before_anything_is_written() -> None:
    """The missing ones are named."""
    _, fleet = make_shops()
    with pytest.raises(InputError, match="leaves out c2, c3"):
        raise roll_out(fleet, "c1")[1] or AssertionError
    assert [] == fleet.context("c1").requests


def test_wave_without_clusters_is_passed() -> None:
    """A share of nothing holds nobody up."""
    _, fleet = make_shops(*NAMES)
    events, failure = roll_out(fleet, "100%,rest=*")
    assert (None, list(NAMES)) == (failure, holders(fleet))
    assert "wave rest: no cluster" in steps(events)
