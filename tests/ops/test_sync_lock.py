"""Tests of a sync under the lock: it takes and gives it back, and writes nothing without it."""

from __future__ import annotations

from contextlib import closing

import pytest

from kubefedctl.core.locking import read_lock_record, with_lock_record
from kubefedctl.errors import (
    ControlPlaneError,
    ForbiddenError,
    PartialFailure,
    RefusedError,
    ServerError,
)
from kubefedctl.model.locks import LockRecord
from kubefedctl.model.refs import Key
from kubefedctl.model.wellknown import CONFIG_MAPS, LEASES
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import NAMESPACE
from tests.fakes import MemoryCluster
from tests.ops.shop import make_shop, members_of, run_sync
from tests.ops.stage import (
    AT_ONCE,
    FEDERATED_NAMESPACES,
    KNS,
    NOW,
    error,
    federate_namespace,
    make_fleet,
    make_host,
    place,
)

LEASE, LEADER = Key(KNS, "kubefedctl-sync"), Key(KNS, "kubefed-controller-manager")
LOCK = {f"Lease/{KNS}/{LEASE.name}", f"ConfigMap/{KNS}/{LEADER.name}"}
PATIENCE = 20.0


def holders(host: MemoryCluster) -> tuple[str, str]:
    found = (host.find(LEASES, LEASE), host.find(CONFIG_MAPS, LEADER))
    return tuple(read_lock_record(obj).holder for obj in found)  # type: ignore[return-value]


def lead(host: MemoryCluster) -> None:
    """Let a controller-manager write its record, whoever had one there."""
    record = LockRecord("kubefed-7d9", 15, NOW, NOW)
    host.remove(CONFIG_MAPS, LEADER)
    host.add(CONFIG_MAPS, with_lock_record({"metadata": place(LEADER)}, record, CONFIG_MAPS))


def test_sync_takes_the_lock_first_and_gives_it_back_last() -> None:
    """Every write of the run lies between, and the next run gets it at once."""
    host, fleet = make_shop()
    assert None is run_sync(fleet, lock_wait=0.0)[1]
    subjects = [subject for _, subject in host.writes()]
    assert [LOCK, LOCK] == [set(subjects[:2]), set(subjects[-2:])]
    assert not LOCK & set(subjects[2:-2])
    assert ("", "") == holders(host)
    assert None is run_sync(fleet, lock_wait=0.0)[1]


def test_sync_beside_a_controller_manager_writes_nothing_anywhere() -> None:
    """It is refused before any member is asked."""
    host, fleet = make_shop()
    lead(host)
    _, failure = run_sync(fleet, lock_wait=0.0)
    assert isinstance(failure, RefusedError)
    assert [[], [], []] == [found.writes() for found in (host, *members_of(fleet))]
    assert [[], []] == [found.requests for found in members_of(fleet)]


@pytest.mark.parametrize(
    ("is_dry_run", "lock_wait"), [(True, 0.0), (False, None)], ids=["dry-run", "no-lock"]
)
def test_sync_without_a_lock_does_not_look_at_it(is_dry_run: bool, lock_wait: float | None) -> None:
    """Neither a dry run nor `--lock none` is kept waiting."""
    host, fleet = make_shop()
    lead(host)
    assert None is run_sync(fleet, is_dry_run=is_dry_run, lock_wait=lock_wait)[1]
    assert not LOCK & {subject for _, subject in host.requests}


def test_sync_gives_the_lock_back_after_a_partial_failure() -> None:
    """A member that refuses everything."""
    host, fleet = make_shop()
    members_of(fleet)[0].fail_next("create", error(ForbiddenError, 403), times=9)
    assert isinstance(run_sync(fleet, lock_wait=0.0)[1], PartialFailure)
    assert ("", "") == holders(host)


def test_sync_gives_the_lock_back_after_an_error() -> None:
    """The host cannot be read completely."""
    host, fleet = make_shop()
    host.fail_next("list", error(ServerError, 500))
    assert isinstance(run_sync(fleet, lock_wait=0.0)[1], ServerError)
    assert ("", "") == holders(host)


def test_sync_gives_the_lock_back_when_nobody_listens_any_more() -> None:
    """A renderer that fails, or Ctrl-C, closes the generator."""
    host, fleet = make_shop()
    with closing(sync(fleet, SyncOptions(KNS, lock_wait=0.0), pace=AT_ONCE)) as events:
        next(events)
        next(events)
        assert "" not in holders(host)
    assert ("", "") == holders(host)


def test_sync_of_a_host_without_the_api_writes_no_lock() -> None:
    """There is no KubeFedConfig to tell its terms."""
    host = MemoryCluster("host")
    assert isinstance(run_sync(make_fleet(host), lock_wait=0.0)[1], ControlPlaneError)
    assert [] == host.writes()


def test_sync_that_loses_the_lock_writes_nothing_more() -> None:
    """What is under way ends; neither members nor the host are written, nor the other's record."""
    terms = {"leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "10ms"}
    host = make_host(members=["c1"], spec={"leaderElect": terms})
    federate_namespace(host)
    federate_namespace(host, "market")
    fleet, halt = make_fleet(host, "c1"), Halt()
    member = fleet.context("c1")

    def lose(_: MemoryCluster) -> None:
        lead(host)
        host.requests.clear()
        assert halt.wait(PATIENCE)

    # NB: the wave after this one must not begin
    member.before_next("create", lose, name="market")
    _, failure = run_sync(fleet, lock_wait=0.0, halt=halt)
    assert isinstance(failure, RefusedError)
    assert "the lock was lost, and nothing was written any more" in failure.message
    assert "controller-manager kubefed-7d9 holds it" in failure.message
    assert "kubefed-7d9" == holders(host)[1]
    assert set() == {subject for _, subject in host.writes()} - LOCK
    assert None is (host.find(FEDERATED_NAMESPACES, Key("shop", "shop")) or {}).get("status")
    assert None is not member.find(NAMESPACE, Key("", "market"))
