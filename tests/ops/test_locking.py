"""Tests of the lock in a host in memory, on a clock that tests set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubefedctl.core.locking import next_record, read_lock_record, with_lock_record
from kubefedctl.errors import (
    ConflictError,
    ForbiddenError,
    Interruption,
    KubefedctlError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from kubefedctl.model.locks import LockRecord, LockTerms
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CONFIG_MAPS, ENDPOINTS, LEASES
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.locking import SyncLock, make_holder
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.actions import make_draft
from tests.ops.stage import KNS, NOW, WEB, error, place, told, words

LEASE, LEADER = Key(KNS, "kubefedctl-sync"), Key(KNS, "kubefed-controller-manager")
OURS, THEIRS = "kubefedctl-sync_ci-1_aa", "kubefedctl-sync_ci-2_bb"
MANAGER = "kubefed-7d9_cc"
TERMS = LockTerms()


class Clock(Halt):
    """Time that passes only while somebody waits, and what happens meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.meanwhile: Callable[[], object] = lambda: None

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        self.meanwhile()
        return self.is_asked

    def read(self) -> float:
        return self.now


def make_lock(
    host: MemoryCluster,
    clock: Clock | None = None,
    *,
    holder: str = OURS,
    terms: LockTerms = TERMS,
) -> SyncLock:
    clock = clock or Clock()
    return SyncLock(host, KNS, terms=terms, halt=clock, holder=holder, clock=clock.read)


def take(lock: SyncLock, *, wait: float = 0.0) -> tuple[list[str], KubefedctlError | None]:
    heard, failure = told(lock.take(wait=wait))
    return words(heard), failure


def held_lock(host: MemoryCluster, clock: Clock | None = None, **given: Any) -> SyncLock:
    lock = make_lock(host, clock, **given)
    assert ([], None) == take(lock)
    host.requests.clear()
    return lock


def record_of(host: MemoryCluster, resource: Resource = CONFIG_MAPS) -> LockRecord:
    return read_lock_record(host.find(resource, LEASE if resource == LEASES else LEADER))


def holders(host: MemoryCluster) -> list[str]:
    return [record_of(host, resource).holder for resource in (LEASES, CONFIG_MAPS)]


def put_record(host: MemoryCluster, record: LockRecord, resource: Resource = CONFIG_MAPS) -> None:
    """Let somebody else write *record*."""
    key = LEASE if resource == LEASES else LEADER
    found = host.find(resource, key)
    empty: Object = {"kind": resource.kind, "metadata": place(key)}
    body = with_lock_record(found or empty, record, resource)
    if found is None:
        host.add(resource, body)
    else:
        host.alter(resource, key, **{k: body[k] for k in body if k in ("metadata", "spec")})


def lead(host: MemoryCluster, *, renewed: str = NOW, seconds: int = 15) -> None:
    """Let a controller-manager lead."""
    put_record(host, LockRecord(MANAGER, seconds, NOW, renewed))


# --- taking --------------------------------------------------------------------------------------


def test_take_where_there_is_nothing_makes_both_objects() -> None:
    """Two looks and two writes, and both name us."""
    host = MemoryCluster("host")
    assert ([], None) == take(make_lock(host))
    assert [OURS, OURS] == holders(host)
    assert ["get", "get", "create", "create"] == [act for act, _ in host.requests]
    assert (15, 0) == (record_of(host).seconds, record_of(host).transitions)


def test_take_where_nobody_holds_it_counts_a_transition() -> None:
    """What else is in the ConfigMap stays."""
    host = MemoryCluster("host")
    put_record(host, LockRecord("", 1, NOW, NOW, 6))
    host.alter(CONFIG_MAPS, LEADER, data={"k": "v"})
    assert ([], None) == take(make_lock(host))
    assert (OURS, 7) == (record_of(host).holder, record_of(host).transitions)
    assert {"k": "v"} == (host.find(CONFIG_MAPS, LEADER) or {})["data"]


def test_take_held_by_a_controller_manager_is_refused_with_how_to_stop_it() -> None:
    """Nothing is written; the first look cannot tell that a record is old."""
    host = MemoryCluster("host")
    lead(host)
    _, failure = take(make_lock(host))
    assert isinstance(failure, RefusedError)
    assert (
        f"the lock is taken: KubeFed's controller-manager {MANAGER} holds it since {NOW}"
        == failure.message
    )
    assert (
        "stop it with `kubectl scale deployment kubefed-controller-manager"
        f" -n {KNS} --replicas=0`, or leave the federation to it" == failure.hint
    )
    assert [] == host.writes()


@pytest.mark.parametrize("resource", [LEASES, CONFIG_MAPS], ids=["lease", "leader-record"])
def test_take_held_by_another_sync_is_refused_with_how_to_wait(resource: Resource) -> None:
    """Either of both objects is enough."""
    host = MemoryCluster("host")
    put_record(host, LockRecord(THEIRS, 15, NOW, NOW), resource)
    _, failure = take(make_lock(host))
    assert isinstance(failure, RefusedError)
    assert f"the lock is taken: the sync {THEIRS} holds it since {NOW}" == failure.message
    assert "--lock wait=5m" in failure.hint
    assert "after 15s" in failure.hint
    assert [] == host.writes()


def test_take_waits_for_a_record_that_nobody_renews() -> None:
    """It is told once who holds it; after fifteen seconds on our clock it is ours."""
    host, clock = MemoryCluster("host"), Clock()
    lead(host, renewed="2099-01-01T00:00:00Z")
    heard, failure = take(make_lock(host, clock), wait=60)
    assert None is failure
    assert [
        "warning: waiting up to 60s for the lock:"
        f" KubeFed's controller-manager {MANAGER} holds it since {NOW}"
    ] == heard
    assert 115.0 == clock.now
    assert [OURS, OURS] == holders(host)


def test_take_waits_as_long_as_the_record_says() -> None:
    """The holder was started under other terms."""
    host, clock = MemoryCluster("host"), Clock()
    lead(host, seconds=40)
    _, failure = take(make_lock(host, clock), wait=60)
    assert (None, 140.0) == (failure, clock.now)


def test_take_never_gets_what_is_renewed() -> None:
    """A holder that is alive is waited for until the time is over, and nothing is written."""
    host, clock = MemoryCluster("host"), Clock()
    lead(host)
    clock.meanwhile = lambda: lead(host, renewed=f"at {clock.now // 10}")
    _, failure = take(make_lock(host, clock), wait=60)
    assert isinstance(failure, RefusedError)
    assert (160.0, []) == (clock.now, host.writes())


def test_take_gets_what_is_given_back_at_once() -> None:
    """A sync that ends is followed within a second."""
    host, clock = MemoryCluster("host"), Clock()
    other = held_lock(host, holder=THEIRS)
    clock.meanwhile = lambda: other.release() if clock.now == 103.0 else None
    _, failure = take(make_lock(host, clock), wait=60)
    assert (None, 103.0, [OURS, OURS]) == (failure, clock.now, holders(host))


def test_take_tells_of_each_new_holder() -> None:
    """One line for each of them."""
    host, clock = MemoryCluster("host"), Clock()
    lead(host)

    def change() -> None:
        if clock.now == 105.0:
            put_record(host, LockRecord(THEIRS, 15, NOW, NOW))

    clock.meanwhile = change
    heard, _ = take(make_lock(host, clock), wait=60)
    assert [MANAGER, THEIRS] == [line.split(" holds it")[0].split()[-1] for line in heard]


def test_take_ends_with_the_reason_of_a_halt() -> None:
    """Nobody waits after SIGTERM."""
    host, clock = MemoryCluster("host"), Clock()
    lead(host)
    stopped = Interruption("stopped")
    clock.meanwhile = lambda: clock.ask(stopped)
    _, failure = take(make_lock(host, clock), wait=60)
    assert (stopped, []) == (failure, host.writes())


def test_take_race_for_the_leader_record_that_is_lost_gives_the_lease_back() -> None:
    """None or both."""
    host = MemoryCluster("host")
    put_record(host, LockRecord())
    host.before_next("update", lead, name=LEADER.name)
    _, failure = take(make_lock(host))
    assert isinstance(failure, RefusedError)
    assert MANAGER in failure.message
    assert ["", MANAGER] == holders(host)


def test_take_race_for_the_lease_that_is_lost_writes_nothing() -> None:
    """The other sync created it between our look and our write."""
    host = MemoryCluster("host")
    theirs = LockRecord(THEIRS, 15, NOW, NOW)
    host.before_next("create", lambda found: put_record(found, theirs, LEASES))
    _, failure = take(make_lock(host))
    assert isinstance(failure, RefusedError)
    assert [THEIRS, ""] == holders(host)


class RepeatingCluster(MemoryCluster):
    """A cluster that gets each PUT twice: the first answer was lost, and the client tried again."""

    def update(
        self, resource: Resource, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        super().update(resource, body)
        return super().update(resource, body)


def test_take_that_meets_its_own_write_holds_the_lock() -> None:
    """A 409 to the second try is no lost race."""
    host = RepeatingCluster("host")
    put_record(host, LockRecord())
    put_record(host, LockRecord(), LEASES)
    lock = make_lock(host)
    assert ([], None) == take(lock)
    assert lock.renew()
    lock.release()
    assert ["", ""] == holders(host)


@pytest.mark.parametrize("act", ["get", "create"])
def test_take_forbidden_names_what_to_grant(act: str) -> None:
    """And how to do without."""
    host = MemoryCluster("host")
    host.fail_next(act, error(ForbiddenError, 403), name=LEASE.name)
    _, failure = take(make_lock(host))
    assert isinstance(failure, ForbiddenError)
    assert (
        "the lock needs get, create and update of leases (coordination.k8s.io) and configmaps"
        f" in namespace {KNS}; --lock none syncs without one" == failure.hint
    )


def test_take_that_breaks_off_leaves_nothing_held() -> None:
    """The Lease was ours already when the host failed."""
    host = MemoryCluster("host")
    host.fail_next("create", error(ServerError, 500), name=LEADER.name)
    lock = make_lock(host)
    _, failure = take(lock)
    assert isinstance(failure, ServerError)
    lock.release()
    assert ["", ""] == holders(host)


def test_take_keeps_the_record_where_the_config_says() -> None:
    """An Endpoints object without addresses."""
    host = MemoryCluster("host")
    held_lock(host, terms=LockTerms(leader=ENDPOINTS))
    assert OURS == record_of(host, ENDPOINTS).holder
    assert None is host.find(CONFIG_MAPS, LEADER)


def test_holders_are_never_the_same() -> None:
    """Two runs on one machine are two holders."""
    assert make_holder() != make_holder()


# --- holding -------------------------------------------------------------------------------------


def test_renew_costs_two_writes_and_keeps_when_it_was_taken() -> None:
    """Nothing is read."""
    host = MemoryCluster("host")
    lock = held_lock(host)
    before = record_of(host)
    assert lock.renew()
    assert ["update", "update"] == [act for act, _ in host.requests]
    assert (before.acquired, 0) == (record_of(host).acquired, record_of(host).transitions)


def test_renew_is_not_disturbed_by_labels() -> None:
    """Anybody may change something else of the object."""
    host = MemoryCluster("host")
    lock = held_lock(host)
    host.alter(CONFIG_MAPS, LEADER, data={"k": "v"})
    assert lock.renew()
    assert {"k": "v"} == (host.find(CONFIG_MAPS, LEADER) or {})["data"]
    lock.check()


def test_renew_makes_an_object_anew_that_was_deleted() -> None:
    """As client-go does."""
    host = MemoryCluster("host")
    lock = held_lock(host)
    host.remove(CONFIG_MAPS, LEADER)
    assert lock.renew()
    assert [OURS, OURS] == holders(host)


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        (LockRecord(THEIRS, 15, NOW, NOW), f"the sync {THEIRS} holds it since {NOW}"),
        (LockRecord("", 1, NOW, NOW), "its record was cleared"),
    ],
    ids=["taken", "cleared"],
)
@pytest.mark.parametrize("resource", [LEASES, CONFIG_MAPS], ids=["lease", "leader-record"])
def test_renew_finds_the_lock_lost(resource: Resource, record: LockRecord, cause: str) -> None:
    """The run is asked to halt, the fence is closed, and the other's record is left alone."""
    host, clock = MemoryCluster("host"), Clock()
    lock = held_lock(host, clock)
    put_record(host, record, resource)
    assert not lock.renew()
    with pytest.raises(RefusedError) as caught:
        lock.check()
    assert f"the lock was lost, and nothing was written any more: {cause}" == caught.value.message
    assert clock.reason is caught.value
    lock.release()
    assert record == record_of(host, resource)


def test_renew_may_fail_until_the_deadline() -> None:
    """One request that fails loses nothing; ten seconds without one that succeeds do."""
    host, clock = MemoryCluster("host"), Clock()
    lock = held_lock(host, clock)
    host.fail_next("update", error(UnreachableError, 0, "Timeout"), times=2)
    clock.now += 5
    assert lock.renew()
    lock.check()
    clock.now += 5
    assert not lock.renew()
    assert isinstance(clock.reason, RefusedError)
    assert "it could not be renewed for 10s: cannot ask it in cluster c1" in clock.reason.message


def test_renew_that_succeeds_starts_the_time_anew() -> None:
    """The lock lasts as long as it is renewed."""
    host, clock = MemoryCluster("host"), Clock()
    lock = held_lock(host, clock)
    for _ in range(10):
        clock.now += 9
        assert lock.renew()
        lock.check()


def test_fence_closes_by_itself_when_nothing_is_renewed() -> None:
    """The thread that renews may hang: each write looks at the clock."""
    host, clock, member = MemoryCluster("host"), Clock(), MemoryCluster("c1")
    lock = held_lock(host, clock)
    fleet = lock.fence(MemoryFleet(host, {"c1": member}))
    fleet.context("c1").create(CONFIG_MAP, make_draft())
    clock.now += 10
    with pytest.raises(RefusedError, match=r"could not be renewed for 10s$"):
        fleet.context("c1").delete(CONFIG_MAP, WEB)
    assert [("create", "ConfigMap/shop/web")] == member.writes()
    assert "web" == fleet.context("c1").get(CONFIG_MAP, WEB)["metadata"]["name"]


# --- giving back ---------------------------------------------------------------------------------


def test_release_clears_both_records_with_two_writes() -> None:
    """The next one may take it at once; transitions stay counted."""
    host = MemoryCluster("host")
    put_record(host, LockRecord("", transitions=4))
    lock = held_lock(host)
    lock.release()
    assert ["", ""] == holders(host)
    assert ["update", "update"] == [act for act, _ in host.requests]
    assert (1, 5) == (record_of(host).seconds, record_of(host).transitions)


def test_release_closes_the_fence() -> None:
    """A thread that is left behind writes nothing under a lock that others may have."""
    lock = held_lock(MemoryCluster("host"))
    lock.release()
    with pytest.raises(RefusedError):
        lock.check()


def test_release_of_what_was_never_taken_asks_nothing() -> None:
    """Not even whether it is there."""
    host = MemoryCluster("host")
    make_lock(host).release()
    assert [] == host.requests


def test_release_goes_on_after_a_conflict() -> None:
    """Somebody labelled the object meanwhile."""
    host = MemoryCluster("host")
    lock = held_lock(host)
    host.alter(CONFIG_MAPS, LEADER, data={"k": "v"})
    lock.release()
    assert ["", ""] == holders(host)


def test_release_leaves_a_host_alone_that_does_not_answer() -> None:
    """The lock ends by itself; the other object is given back."""
    host = MemoryCluster("host")
    lock = held_lock(host)
    host.fail_next("update", error(UnreachableError, 0, "Timeout"), name=LEADER.name)
    lock.release()
    assert ["", OURS] == holders(host)


def test_release_finds_a_write_whose_answer_was_lost() -> None:
    """The host had taken the record before the connection broke."""
    host = MemoryCluster("host")

    def arrive(found: MemoryCluster) -> None:
        put_record(found, next_record(None, OURS, now=NOW, seconds=15), LEASES)

    host.before_next("create", arrive)
    host.fail_next("create", error(UnreachableError, 0, "Timeout"))
    lock = make_lock(host)
    _, failure = take(lock)
    assert isinstance(failure, UnreachableError)
    assert [OURS, ""] == holders(host)
    lock.release()
    assert ["", ""] == holders(host)


def test_release_gives_up_where_it_always_conflicts() -> None:
    """Three tries; then the lock ends by itself."""
    host = MemoryCluster("host")
    lock = held_lock(host)
    host.fail_next("update", error(ConflictError), name=LEADER.name, times=9)
    lock.release()
    assert 3 == [what for _, what in host.writes()].count(f"ConfigMap/{KNS}/{LEADER.name}")
