"""Tests of a sync that is asked to stop, and of one that is killed: the next one completes it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pytest

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.errors import Interruption
from kubefedctl.model.clusters import MemberAccess
from kubefedctl.model.objects import ORPHAN_ANNOTATION, uid_of
from kubefedctl.model.refs import Key
from kubefedctl.model.wellknown import (
    CLUSTER_PROPAGATED_VERSIONS,
    EVENTS,
    KUBEFED_CLUSTERS,
    PROPAGATED_VERSIONS,
)
from kubefedctl.ops.halting import Halt
from tests.core.makers import CONFIG_MAP, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import DELETING, change, hold, make_shop, members_of, propagation, run_sync
from tests.ops.stage import (
    FEDERATED_CONFIG_MAPS,
    FEDERATED_NAMESPACES,
    WEB,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    words,
)

STOPPED = Interruption("stopped")
PATIENCE = 20.0

# --- asked to stop -------------------------------------------------------------------------------


def _make_small_shop() -> tuple[MemoryCluster, MemoryFleet]:
    host = make_host(members=["c1"])
    federate_namespace(host)
    federate(host)
    return host, make_fleet(host, "c1")


def test_halted_sync_ends_what_is_under_way_and_records_it() -> None:
    """The namespace is made and told, the ConfigMap is not started, and both statuses say so."""
    host, fleet = _make_small_shop()
    member, halt = fleet.context("c1"), Halt()
    member.before_next("create", lambda _: halt.ask(STOPPED))
    events, failure = run_sync(fleet, halt=halt)
    assert STOPPED is failure
    assert [
        "created Namespace/shop in c1",
        "skipped ConfigMap/shop/web in c1: CreationTimedOut: not started: the run was stopped",
    ] == words(events)
    assert [("create", "Namespace/shop")] == member.writes()
    assert ("False", "CheckClusters", [{"name": "c1", "status": "CreationTimedOut"}]) == (
        propagation(host)
    )
    namespace = host.find(FEDERATED_NAMESPACES, Key("shop", "shop")) or {}
    assert [{"name": "c1"}] == namespace["status"]["clusters"]
    told_of = {event["involvedObject"]["kind"] for event in host.objects(EVENTS)}
    assert {"FederatedNamespace"} == told_of & {"FederatedNamespace", "FederatedConfigMap"}


def test_halted_sync_is_completed_by_the_next() -> None:
    """Only what was not started is done."""
    host, fleet = _make_small_shop()
    member, halt = fleet.context("c1"), Halt()
    member.before_next("create", lambda _: halt.ask(STOPPED))
    run_sync(fleet, halt=halt)
    events, failure = run_sync(fleet)
    assert (None, ["created ConfigMap/shop/web in c1"]) == (failure, words(events))
    assert ("True", "", [{"name": "c1"}]) == propagation(host)


def test_halted_sync_waits_no_longer_for_what_is_going() -> None:
    """An object that a finalizer holds is told as waiting, without the timeout's minute."""
    host, fleet = _make_small_shop()
    member, halt = fleet.context("c1"), Halt()
    run_sync(fleet)
    hold(member)
    change(host, **DELETING)

    def ask(_: MemoryCluster) -> None:
        halt.ask(STOPPED)

    member.before_next("delete", lambda found: found.before_next("list", ask))
    events, failure = run_sync(fleet, timeout=600.0, halt=halt)
    assert STOPPED is failure
    assert ["waiting ConfigMap/shop/web in c1"] == [line.split(":")[0] for line in words(events)]
    assert None is not host.find(FEDERATED_CONFIG_MAPS, WEB)


def test_halted_sync_leaves_a_request_behind_that_does_not_end() -> None:
    """After some seconds, none here, the run goes on without its answer."""
    host, fleet = make_shop()
    halt, answered = Halt(patience=0.0), threading.Event()

    def hang(_: MemoryCluster) -> None:
        halt.ask(STOPPED)
        assert answered.wait(PATIENCE)

    members_of(fleet)[0].before_next("create", hang)
    events, failure = run_sync(fleet, halt=halt)
    answered.set()
    assert STOPPED is failure
    assert (
        "skipped Namespace/shop in c1: CreationTimedOut: no answer until the run was stopped"
        in words(events)
    )
    namespace = host.find(FEDERATED_NAMESPACES, Key("shop", "shop")) or {}
    first = namespace["status"]["clusters"][0]
    assert {"name": "c1", "status": "CreationTimedOut"} == first


def test_sync_halted_before_it_writes_members_starts_nothing() -> None:
    """Everything is skipped, and the finalizers are there for the next run."""
    _, fleet = make_shop()
    halt = Halt()
    halt.ask(STOPPED)
    events, failure = run_sync(fleet, halt=halt)
    assert STOPPED is failure
    assert [[], []] == [member.writes() for member in members_of(fleet)]
    assert 4 == sum(line.startswith("skipped ") for line in words(events))


# --- killed --------------------------------------------------------------------------------------

_WRITES = {"create", "update", "patch", "delete"}
_KINDS = (
    NAMESPACE,
    CONFIG_MAP,
    FEDERATED_NAMESPACES,
    FEDERATED_CONFIG_MAPS,
    PROPAGATED_VERSIONS,
    CLUSTER_PROPAGATED_VERSIONS,
    KUBEFED_CLUSTERS,
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_VERSION = re.compile(r"^rv:\d+$")


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Death:
    """Comes with the *left*-th write from now; no request is made any more after it."""

    left: int
    arrives: bool
    mutex: threading.Lock = field(default_factory=threading.Lock)

    def carry_out(self, name: str, request: Callable[..., Any], *args: Any, **named: Any) -> Any:
        with self.mutex:
            if self.left <= 0:
                raise Killed
            self.left -= name in _WRITES
            if self.left == 0 and not self.arrives:
                raise Killed
            return request(*args, **named)


class MortalCluster:
    """A cluster to which no request comes after a death."""

    def __init__(self, cluster: MemoryCluster, death: Death) -> None:
        self._cluster = cluster
        self._death = death

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cluster, name)
        asks = name in {*_WRITES, "get", "list", "read"}
        return partial(self._death.carry_out, name, found) if asks else found


class MortalFleet:
    """A fleet of such clusters."""

    def __init__(self, fleet: MemoryFleet, death: Death) -> None:
        self._fleet = fleet
        self._death = death

    @property
    def host(self) -> Cluster:
        return cast(Cluster, MortalCluster(self._fleet.host, self._death))

    def connect(self, access: MemberAccess) -> Cluster:
        return cast(Cluster, MortalCluster(self._fleet.connect(access), self._death))


def _scene() -> MemoryFleet:
    """A new namespace and ConfigMap, one that changed, one to delete, one to orphan, an orphan."""
    host, fleet = make_shop()
    names = ("changed", "deleted", "orphaned")
    for name in names:
        federate(host, Key("shop", name))
    assert None is run_sync(fleet)[1]
    federate_namespace(host, "new", finalizers=[])
    federate(host, Key("new", "web"), finalizers=[])
    found = {name: host.find(FEDERATED_CONFIG_MAPS, Key("shop", name)) or {} for name in names}
    spec = {**found["changed"]["spec"], "template": {"data": {"k": "v"}}}
    host.alter(FEDERATED_CONFIG_MAPS, Key("shop", "changed"), spec=spec)
    orphaning = {"annotations": {ORPHAN_ANNOTATION: "true"}, **DELETING}
    for name, marks in (("deleted", DELETING), ("orphaned", orphaning)):
        metadata = {**found[name]["metadata"], **marks}
        host.alter(FEDERATED_CONFIG_MAPS, Key("shop", name), metadata=metadata)
    members_of(fleet)[0].add(CONFIG_MAP, managed(Key("shop", "orphan")))
    return fleet


def _state(fleet: MemoryFleet) -> list[str]:
    """All that the clusters hold, without what differs from run to run."""
    clusters = (fleet.host, *members_of(fleet))
    return sorted(
        f"{cluster.name} {_plain(obj)}"
        for cluster in clusters
        for kind in _KINDS
        for obj in cluster.objects(kind)
    )


def _plain(found: Any) -> Any:
    if isinstance(found, str):
        return _VERSION.sub("rv:*", _TIME.sub("TIME", found))
    if isinstance(found, list):
        return [_plain(item) for item in found]
    if not isinstance(found, dict):
        return found
    return {k: _plain(v) for k, v in sorted(found.items()) if k not in ("uid", "resourceVersion")}


def _uids(fleet: MemoryFleet) -> set[str]:
    return {uid_of(o) for m in members_of(fleet) for kind in _KINDS for o in m.objects(kind)}


@pytest.mark.parametrize("arrives", [True, False], ids=["after-the-write", "before-the-write"])
def test_sync_killed_at_every_write_is_completed_by_the_next(arrives: bool) -> None:
    """Whichever write was the last, the next run leaves what one without trouble leaves."""
    undisturbed = _scene()
    assert None is run_sync(undisturbed)[1]
    expected = _state(undisturbed)
    deaths = 0
    for number in range(1, 200):
        fleet = _scene()
        before, death = _uids(fleet), Death(number, arrives)
        try:
            run_sync(cast(Fleet, MortalFleet(fleet, death)))
        except Killed:
            deaths += 1
        is_alive = death.left > 0
        assert (number, None) == (number, run_sync(fleet)[1])
        assert (number, expected) == (number, _state(fleet))
        # NB: of what stood there, one object goes in each member, and none is made anew
        assert (number, 2) == (number, len(before - _uids(fleet)))
        for member in members_of(fleet):
            member.requests.clear()
        assert (number, None) == (number, run_sync(fleet)[1])
        assert (number, [[], []]) == (number, [m.writes() for m in members_of(fleet)])
        if is_alive:
            break
    assert deaths > 20
