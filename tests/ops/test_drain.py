"""Tests of draining a member: capacity elsewhere first, and nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.draining import DRAIN_LABEL
from kubefedctl.errors import (
    InputError,
    KubefedctlError,
    RefusedError,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.events import Event
from kubefedctl.model.objects import labels_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, REPLICA_SCHEDULING_PREFERENCES
from kubefedctl.ops.drain import DrainOptions, drain, undrain
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    place,
    told,
    words,
)

ALONE = Key("shop", "alone")
ONLY_C1: Object = {"placement": {"clusters": [{"name": "c1"}]}}


def _run_all(obj: Object) -> Object:
    """Be a workload controller that makes all replicas run at once."""
    count = obj.get("spec", {}).get("replicas", 1)
    names = ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    conditions = [{"type": "Available", "status": "True"}]
    return {**obj, "status": {**dict.fromkeys(names, count), "conditions": conditions}}


def make_busy_fleet(
    *, is_ready: bool = True, with_preference: bool = False
) -> tuple[MemoryCluster, MemoryFleet]:
    """A Deployment and a ConfigMap in c1 and c2, in step; in c2 replicas run, or never."""
    host = make_host(types=(NAMESPACE, CONFIG_MAP, DEPLOYMENT))
    federate_namespace(host)
    federate(host, Key("shop", "conf"), spec={"template": {"data": {"a": "1"}}})
    federate(host, WEB, target=DEPLOYMENT, spec={"template": {"spec": {"replicas": 2}}})
    if with_preference:
        spec = {"targetKind": "FederatedDeployment", "totalReplicas": 6}
        host.add(REPLICA_SCHEDULING_PREFERENCES, {"metadata": place(WEB), "spec": spec})
    fleet = make_fleet(host)
    for name in ("c1", "c2") if is_ready else ("c1",):
        fleet.context(name).react_to(DEPLOYMENT, _run_all)
    _, failure = told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    assert failure is None
    return host, fleet


def run_drain(
    fleet: MemoryFleet, *, answers: list[str] | None = None, **given: Any
) -> tuple[list[Event], KubefedctlError | None]:
    """Drain c1; questions are said yes to, and kept in *answers*."""
    asked = [] if answers is None else answers
    options = DrainOptions("c1", **{"timeout": 0.0, "sync": SyncOptions(KNS, 0.0), **given})
    return told(drain(fleet, options, confirm=asked.append, pace=AT_ONCE))


def label(host: MemoryCluster) -> str | None:
    """Return the label of c1's KubeFedCluster."""
    return labels_of(host.find(KUBEFED_CLUSTERS, Key(KNS, "c1")) or {}).get(DRAIN_LABEL)


def where(fleet: MemoryFleet, key: Key = WEB) -> list[str]:
    """Return the members that have the Deployment."""
    return [n for n in ("c1", "c2") if fleet.context(n).find(DEPLOYMENT, key) is not None]


def replicas(fleet: MemoryFleet) -> dict[str, int]:
    """Return how many replicas each member is asked for."""
    found = {n: fleet.context(n).find(DEPLOYMENT, WEB) for n in ("c1", "c2")}
    return {name: obj["spec"]["replicas"] for name, obj in found.items() if obj is not None}


def test_drain_workloads_leave_and_configuration_stays() -> None:
    """The label says left, placements do without the cluster, and namespaces stay."""
    host, fleet = make_busy_fleet()
    asked: list[str] = []
    events, failure = run_drain(fleet, answers=asked)
    assert (None, "left", ["c2"]) == (failure, label(host), where(fleet))
    assert ["Have 1 workload leave cluster c1?"] == asked
    assert fleet.context("c1").find(CONFIG_MAP, Key("shop", "conf")) is not None
    assert [
        "deleted Deployment/shop/web in c1 (dry run)",
        f"updated KubeFedCluster/{KNS}/c1 in host: {DRAIN_LABEL}=leaving",
        f"updated KubeFedCluster/{KNS}/c1 in host: {DRAIN_LABEL}=left",
        "deleted Deployment/shop/web in c1",
    ] == words(events)


def test_drain_replicas_of_a_preference_are_elsewhere_before_they_leave() -> None:
    """The others run all of them before the cluster gives its own up."""
    _host, fleet = make_busy_fleet(with_preference=True)
    assert {"c1": 3, "c2": 3} == replicas(fleet)
    seen: list[dict[str, int]] = []
    fleet.context("c1").before_next("delete", lambda _: seen.append(replicas(fleet)), name="web")
    _, failure = run_drain(fleet)
    assert failure is None
    assert ([{"c1": 3, "c2": 6}], {"c2": 6}) == (seen, replicas(fleet))


def test_drain_others_that_never_become_ready_lose_nothing() -> None:
    """The cluster is marked as being left, runs on, and both ways are told."""
    host, fleet = make_busy_fleet(is_ready=False)
    _events, failure = run_drain(fleet)
    assert isinstance(failure, WaitTimeout)
    assert ("leaving", ["c1", "c2"]) == (label(host), where(fleet))
    assert "nothing has left cluster c1" in failure.message
    assert "to go on: kubefedctl drain c1; to go back: kubefedctl undrain c1" == failure.hint


def test_drain_in_vain_names_the_flags_to_go_on_with() -> None:
    """Without them the next one would refuse what this one was told to do."""
    _, fleet = make_busy_fleet(is_ready=False)
    _, failure = run_drain(fleet, to="c2", force=True)
    assert isinstance(failure, WaitTimeout)
    assert "to go on: kubefedctl drain c1 --to c2 --force;" in failure.hint


def test_drain_stopped_goes_on_with_the_same_command() -> None:
    """When the others are ready at last, the rest is done."""
    host, fleet = make_busy_fleet(is_ready=False)
    run_drain(fleet)
    found = fleet.context("c2").find(DEPLOYMENT, WEB)
    fleet.context("c2").alter(DEPLOYMENT, WEB, status=_run_all(found or {})["status"])
    _, failure = run_drain(fleet)
    assert (None, "left", ["c2"]) == (failure, label(host), where(fleet))


def test_drain_again_changes_nothing() -> None:
    """A cluster that is left is not marked as leaving again."""
    host, fleet = make_busy_fleet()
    run_drain(fleet)
    events, failure = run_drain(fleet)
    assert (None, "left", ["c2"]) == (failure, label(host), where(fleet))
    assert [] == [line for line in words(events) if line.startswith(("created", "deleted"))]


def test_drain_dry_run_shows_and_writes_nothing() -> None:
    """Not even the label."""
    host, fleet = make_busy_fleet(with_preference=True)
    host.requests.clear()
    events, failure = run_drain(fleet, is_dry_run=True)
    assert (None, None) == (failure, label(host))
    assert [
        "updated FederatedDeployment/shop/web in host: scheduled c2=6 (dry run)",
        "deleted Deployment/shop/web in c1 (dry run)",
        "updated Deployment/shop/web in c2 (dry run)",
    ] == words(events)
    assert [] == host.writes()


def test_drain_workload_that_would_be_nowhere_is_refused_by_name() -> None:
    """Neither lost nor silently left behind."""
    host, fleet = make_busy_fleet()
    federate(host, ALONE, target=DEPLOYMENT, spec=ONLY_C1)
    host.requests.clear()
    _, failure = run_drain(fleet)
    assert isinstance(failure, RefusedError)
    assert "FederatedDeployment/shop/alone" in failure.message
    assert [] == host.writes()


@pytest.mark.parametrize("given", [{}, {"force": True}, {"is_dry_run": True}], ids=str)
def test_drain_others_that_do_not_answer_take_nothing(given: dict[str, Any]) -> None:
    """What is placed in a dead cluster besides would run nowhere."""
    host, fleet = make_busy_fleet()
    dead = error(UnreachableError, 0, "ConnectionRefused")
    fleet.context("c2").fail_next("read", dead, times=99)
    host.requests.clear()
    _, failure = run_drain(fleet, **given)
    assert isinstance(failure, RefusedError)
    assert "FederatedDeployment/shop/web (c2)" in failure.message
    assert [] == host.writes()


def test_drain_others_that_are_to_have_no_replicas_take_nothing() -> None:
    """A preference that names the one cluster places the workload in others without replicas."""
    host, fleet = make_busy_fleet()
    spec = {
        "targetKind": "FederatedDeployment",
        "totalReplicas": 6,
        "clusters": {"c1": {"weight": 1}},
    }
    host.add(REPLICA_SCHEDULING_PREFERENCES, {"metadata": place(WEB), "spec": spec})
    told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    assert {"c1": 6, "c2": 0} == replicas(fleet)
    _, failure = run_drain(fleet)
    assert isinstance(failure, RefusedError)
    assert ({"c1": 6, "c2": 0}, None) == (replicas(fleet), label(host))


def test_drain_workload_without_any_replicas_leaves() -> None:
    """Nothing runs anywhere, so nothing is lost."""
    host, fleet = make_busy_fleet()
    spec = {"targetKind": "FederatedDeployment", "totalReplicas": 0}
    host.add(REPLICA_SCHEDULING_PREFERENCES, {"metadata": place(WEB), "spec": spec})
    told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    _, failure = run_drain(fleet)
    assert (None, {"c2": 0}) == (failure, replicas(fleet))


def test_drain_forced_leaves_what_would_be_nowhere() -> None:
    """It runs on in the drained cluster."""
    host, fleet = make_busy_fleet()
    federate(host, ALONE, target=DEPLOYMENT, spec=ONLY_C1)
    told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    _, failure = run_drain(fleet, force=True)
    assert (None, ["c2"], ["c1"]) == (failure, where(fleet), where(fleet, ALONE))


def test_drain_to_moves_what_would_be_nowhere() -> None:
    """By a safe move of its own."""
    host, fleet = make_busy_fleet()
    federate(host, ALONE, target=DEPLOYMENT, spec=ONLY_C1)
    told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    _, failure = run_drain(fleet, to="c2")
    assert (None, ["c2"], ["c2"]) == (failure, where(fleet), where(fleet, ALONE))


def test_drain_that_is_not_agreed_to_writes_nothing() -> None:
    """The question comes before the label."""
    host, fleet = make_busy_fleet()
    host.requests.clear()

    def refuse(question: str) -> None:
        raise RefusedError(question)

    options = DrainOptions("c1", sync=SyncOptions(KNS, 0.0))
    _, failure = told(drain(fleet, options, confirm=refuse, pace=AT_ONCE))
    assert isinstance(failure, RefusedError)
    assert [] == host.writes()


@pytest.mark.parametrize("given", [{"cluster": "c9"}, {"to": "c9"}], ids=["cluster", "to"])
def test_drain_unknown_cluster_is_refused(given: dict[str, str]) -> None:
    """What is joined is told."""
    _, fleet = make_busy_fleet()
    options = DrainOptions(**{"cluster": "c1", "sync": SyncOptions(KNS, 0.0), **given})
    _, failure = told(drain(fleet, options, confirm=lambda _: None, pace=AT_ONCE))
    assert isinstance(failure, InputError)
    assert "joined: c1, c2" == failure.hint


def test_undrain_brings_workloads_back() -> None:
    """Placements count again as they are written."""
    host, fleet = make_busy_fleet()
    run_drain(fleet)
    options = DrainOptions("c1", sync=SyncOptions(KNS, 0.0))
    events, failure = told(undrain(fleet, options, pace=AT_ONCE))
    assert (None, None, ["c1", "c2"]) == (failure, label(host), where(fleet))
    assert f"updated KubeFedCluster/{KNS}/c1 in host: without {DRAIN_LABEL}" == words(events)[0]


def test_undrain_replicas_come_back_as_the_preference_plans() -> None:
    """With rebalancing each cluster gets its share again."""
    host, fleet = make_busy_fleet(with_preference=True)
    found = host.find(REPLICA_SCHEDULING_PREFERENCES, WEB)
    assert found is not None
    host.alter(REPLICA_SCHEDULING_PREFERENCES, WEB, spec={**found["spec"], "rebalance": True})
    run_drain(fleet)
    options = DrainOptions("c1", sync=SyncOptions(KNS, 0.0))
    told(undrain(fleet, options, pace=AT_ONCE))
    assert {"c1": 3, "c2": 3} == replicas(fleet)


def test_undrain_dry_run_writes_nothing() -> None:
    """The label stays."""
    host, fleet = make_busy_fleet()
    run_drain(fleet)
    options = DrainOptions("c1", is_dry_run=True, sync=SyncOptions(KNS, 0.0))
    events, failure = told(undrain(fleet, options, pace=AT_ONCE))
    assert (None, "left") == (failure, label(host))
    assert 1 == len(words(events))


def test_sync_beside_a_drained_cluster_keeps_it_drained() -> None:
    """Any later sync honours the label; a new workload does not go there."""
    host, fleet = make_busy_fleet()
    run_drain(fleet)
    federate(host, Key("shop", "new"), target=DEPLOYMENT)
    _, failure = told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    assert (None, ["c2"], ["c2"]) == (failure, where(fleet), where(fleet, Key("shop", "new")))
