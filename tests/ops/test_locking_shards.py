"""
Tests of the lock of shards: who may be at work beside whom, and that no neighbour takes it away.

The lock of a whole sync is tested in test_locking.py.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from kubefedctl.core.locking import name_group, name_shard_lease, read_lock_record
from kubefedctl.errors import RefusedError
from kubefedctl.model.locks import LockRecord
from kubefedctl.model.objects import annotations_of, name_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.shards import Shard
from kubefedctl.model.wellknown import CONFIG_MAPS, LEASES
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.locking import SyncLock, make_holder
from tests.fakes import MemoryCluster
from tests.ops.stage import KNS, NOW, error
from tests.ops.test_locking import (
    LEADER,
    LEASE,
    MANAGER,
    TERMS,
    Clock,
    holders,
    put_record,
    take,
)

FIRST, SECOND, OTHER = Shard(1, 2), Shard(2, 2), Shard(1, 3)
GROUP = name_group(2)
SHARED = ((LEASES, LEASE), (CONFIG_MAPS, LEADER))
MARK = "kubefedctl.io/renewed-by"


def _make(host: MemoryCluster, shard: Shard | None, clock: Clock | None = None) -> SyncLock:
    clock = clock or Clock()
    holder = make_holder()
    return SyncLock(
        host, KNS, terms=TERMS, halt=clock, holder=holder, clock=clock.read, shard=shard
    )


def _hold(host: MemoryCluster, shard: Shard | None, clock: Clock | None = None) -> SyncLock:
    lock = _make(host, shard, clock)
    assert ([], None) == take(lock)
    return lock


def _lease(host: MemoryCluster, shard: Shard) -> str:
    return read_lock_record(host.find(LEASES, Key(KNS, name_shard_lease(shard)))).holder


class _Host(MemoryCluster):
    """A host where a whole run may come between, before a write; the fake's own hook is locked."""

    def __init__(self) -> None:
        super().__init__("host")
        self._meddles: list[tuple[str, Callable[[], object]]] = []

    def before_write(self, name: str, meddle: Callable[[], object]) -> None:
        """Let somebody else act right before the next write of an object."""
        self._meddles.append((name, meddle))

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        self._let_meddle(name_of(body))
        return super().create(resource, body, dry_run=dry_run)

    def update(
        self, resource: Resource, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        self._let_meddle(name_of(body))
        return super().update(resource, body, subresource=subresource, dry_run=dry_run)

    def _let_meddle(self, name: str) -> None:
        for position, (wanted, meddle) in enumerate(self._meddles):
            if wanted == name:
                del self._meddles[position]
                meddle()
                return


# --- who beside whom -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        pytest.param(FIRST, SECOND, "", id="two shards"),
        pytest.param(FIRST, FIRST, "the lock of shard 1/2 is taken: the sync", id="the same twice"),
        pytest.param(
            FIRST, None, "the lock is taken: a sync in 2 shards holds it", id="whole after"
        ),
        pytest.param(None, FIRST, "the lock is taken: the sync", id="shard after whole"),
        pytest.param(
            FIRST, OTHER, "the lock is taken: a sync in 2 shards holds it", id="other total"
        ),
    ],
)
def test_who_may_be_at_work_beside_whom(
    first: Shard | None, second: Shard | None, message: str
) -> None:
    """Different shards of one total alone; and who is refused leaves nothing behind."""
    host = MemoryCluster("host")
    held = _hold(host, first)
    host.requests.clear()
    _, failure = take(_make(host, second))
    if message:
        assert isinstance(failure, RefusedError)
        assert failure.message.startswith(message)
        assert [] == host.writes()
    else:
        assert None is failure
    held.check()
    assert held.renew()


def test_controller_manager_keeps_shards_out_and_the_other_way_round() -> None:
    """The leader record is that of KubeFed, under the name that all shards share."""
    host = MemoryCluster("host")
    put_record(host, LockRecord(MANAGER, 15, NOW, NOW))
    _, failure = take(_make(host, FIRST))
    assert isinstance(failure, RefusedError)
    assert "KubeFed's controller-manager" in failure.message
    host.remove(CONFIG_MAPS, LEADER)
    _hold(host, FIRST)
    assert [GROUP, GROUP] == holders(host)


def test_last_shard_gives_back_what_all_share() -> None:
    """Whoever it is; a whole sync gets its turn at once, and not before."""
    host = MemoryCluster("host")
    first, second = _hold(host, FIRST), _hold(host, SECOND)
    first.release()
    assert ([GROUP, GROUP], "") == (holders(host), _lease(host, FIRST))
    assert isinstance(take(_make(host, None))[1], RefusedError)
    assert second.renew()
    second.release()
    assert ["", ""] == holders(host)
    _hold(host, None)


def test_shard_that_was_killed_is_taken_over() -> None:
    """After as long as its record says, while another one goes on renewing what they share."""
    host, clock = MemoryCluster("host"), Clock()
    _hold(host, FIRST, clock)
    other = _hold(host, SECOND, clock)
    clock.meanwhile = lambda: other.renew()
    lock = _make(host, FIRST, clock)
    told, failure = take(lock, wait=60.0)
    assert None is failure
    assert "waiting up to 60s for the lock" in told[0]
    assert 15.0 <= clock.now - 100.0 <= 17.0
    other.check()


def test_shards_that_were_all_killed_are_followed_by_a_whole_sync() -> None:
    """What they share runs out, too."""
    host, clock = MemoryCluster("host"), Clock()
    _hold(host, FIRST, clock)
    _hold(host, SECOND, clock)
    lock = _make(host, None, clock)
    assert None is take(lock, wait=60.0)[1]
    assert clock.now - 100.0 >= 15.0
    lock.check()


def test_shard_that_slept_while_somebody_else_was_there_has_lost() -> None:
    """The name that shards share stands there again, but it is that of later ones."""
    host, clock = MemoryCluster("host"), Clock()
    slept = _hold(host, FIRST, clock)
    whole = _make(host, None, clock)
    assert None is take(whole, wait=60.0)[1]
    whole.release()
    _hold(host, SECOND, clock)
    assert [GROUP, GROUP] == holders(host)
    assert not slept.renew()
    with pytest.raises(RefusedError, match="the lock was lost"):
        slept.check()


# --- races ---------------------------------------------------------------------------------------


def test_two_shards_that_start_at_once_both_run() -> None:
    """Both find nothing, and the second one to write what they share joins the first."""
    host = _Host()
    second = _make(host, SECOND)
    host.before_write(LEASE.name, lambda: take(second))
    first = _hold(host, FIRST)
    assert (True, True) == (first.renew(), second.renew())
    assert [GROUP, GROUP] == holders(host)


@pytest.mark.parametrize("other", [None, OTHER], ids=["whole", "other total"])
def test_of_a_shard_and_who_excludes_it_one_runs(other: Shard | None) -> None:
    """Both find nothing; who writes second gives way, with all that it took."""
    host = _Host()
    lock = _make(host, other)
    host.before_write(LEASE.name, lambda: take(lock))
    _, failure = take(_make(host, FIRST))
    assert isinstance(failure, RefusedError)
    assert "" == _lease(host, FIRST)
    assert lock.renew()
    lock.release()
    assert ["", ""] == holders(host)


def test_shard_that_comes_while_the_last_one_goes_keeps_what_they_share() -> None:
    """The last one sees it, or its own write is refused: it never clears what somebody needs."""
    host = _Host()
    last, late = _hold(host, FIRST), _make(host, SECOND)
    # NB: the last one has asked for others then, and is about to clear
    host.before_write(LEASE.name, lambda: take(late))
    last.release()
    assert [GROUP, GROUP] == holders(host)
    assert late.renew()
    late.check()
    late.release()
    assert ["", ""] == holders(host)


def test_renewal_that_is_lost_to_neighbours_counts() -> None:
    """What they wrote after our look keeps it as well as our own would, however often they do."""
    host, clock = MemoryCluster("host"), Clock()
    lock, other = _hold(host, FIRST, clock), _hold(host, SECOND, clock)
    clock.now += 9.0
    now = iter(range(100))

    def renew_first(_: MemoryCluster) -> None:
        for resource, key in SHARED:
            found = host.find(resource, key) or {}
            marks = {**annotations_of(found), MARK: f"other {next(now)}"}
            host.alter(resource, key, metadata={**found["metadata"], "annotations": marks})

    for _ in range(9):
        host.before_next("update", renew_first, name=LEASE.name)
        host.before_next("update", renew_first, name=LEADER.name)
    assert lock.renew()
    clock.now += 9.0
    lock.check()
    marks = [annotations_of(host.find(r, k) or {})[MARK] for r, k in SHARED]
    assert all(mark.startswith("other") for mark in marks)
    assert other.renew()


def test_lease_that_somebody_deletes_takes_no_lock_away() -> None:
    """It is made anew, and the neighbours know it again."""
    host = MemoryCluster("host")
    first, second = _hold(host, FIRST), _hold(host, SECOND)
    host.remove(LEASES, LEASE)
    assert (True, True, True) == (first.renew(), second.renew(), first.renew())


def test_host_that_answers_no_more_keeps_what_shards_share() -> None:
    """Who cannot ask for others clears nothing; it runs out by itself."""
    host = MemoryCluster("host")
    lock = _hold(host, FIRST)
    host.fail_next("get", error(), name=name_shard_lease(SECOND), times=9)
    lock.release()
    assert ([GROUP, GROUP], "") == (holders(host), _lease(host, FIRST))


def test_shards_and_whole_syncs_in_threads_never_meet() -> None:
    """Many short runs side by side: nobody is inside with whom it must not be, nobody loses it."""
    host, seen = MemoryCluster("host"), _Inside()
    actors = [FIRST, SECOND, FIRST, SECOND, None, OTHER]
    start = threading.Barrier(len(actors))

    def work(shard: Shard | None, chance: random.Random) -> None:
        start.wait()
        for _ in range(12):
            lock = _make(host, shard)
            if take(lock)[1] is None:
                with seen.enter(shard):
                    for _ in range(chance.randrange(3)):
                        seen.note(lock.renew())
                    lock.check()
            lock.release()

    threads = [
        threading.Thread(target=work, args=(shard, random.Random(number)))
        for number, shard in enumerate(actors)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (True, []) == (seen.entered > 0, seen.wrong)
    assert ["", ""] == holders(host)


class _Inside:
    """Who is inside, and who should not have been."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._there: list[Shard | None] = []
        self.entered = 0
        self.wrong: list[object] = []

    def enter(self, shard: Shard | None) -> _Stay:
        with self._mutex:
            self.entered += 1
            for other in self._there:
                is_fine = shard and other and shard != other and shard.total == other.total
                if not is_fine:
                    self.wrong.append((other, shard))
            self._there.append(shard)
        return _Stay(self, shard)

    def leave(self, shard: Shard | None) -> None:
        with self._mutex:
            self._there.remove(shard)

    def note(self, is_renewed: bool) -> None:
        if not is_renewed:
            self.wrong.append("lost")


class _Stay:
    """Somebody who leaves at the end."""

    def __init__(self, inside: _Inside, shard: Shard | None) -> None:
        self._inside, self._shard = inside, shard

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._inside.leave(self._shard)


def test_halt_while_waiting_ends_it() -> None:
    """As a whole sync does."""
    host, clock = MemoryCluster("host"), Clock()
    _hold(host, FIRST, clock)
    reason = RefusedError("enough")
    clock.meanwhile = lambda: Halt.ask(clock, reason)
    _, failure = take(_make(host, FIRST, clock), wait=60.0)
    assert reason is failure
