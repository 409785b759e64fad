"""Tests of a sync that waits: whom for, until when, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kubefedctl.errors import (
    ExpiredError,
    Interruption,
    KubefedctlError,
    PartialFailure,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.events import Event, Progressed, Result, WaitBegun, WaitEnded
from kubefedctl.model.progress import Goal, Readiness
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import LEASES
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    KNS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    told,
    words,
)

WIDGET = Resource("example.com", "v1", "widgets", "Widget", True)
QUICK = Pace(0.0, 0.0, 0.0, 0.0, 0.001, 0.001, beat=0.02, first_word=0.02, last_look=5.0)
LONG = 60.0
COUNTS = ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
UNREADY = "0 of 1 replicas"


def ready_status(generation: int = 1) -> Object:
    rolled_out = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    return {
        **dict.fromkeys(COUNTS, 1),
        "observedGeneration": generation,
        "conditions": [rolled_out, {"type": "Available", "status": "True"}],
    }


FAILED: Object = {
    "observedGeneration": 1,
    "conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
    ],
}


def make_ready(obj: Object) -> Object:
    return {**obj, "status": ready_status()}


def make_busy_shop(*ready: str, kind: Resource = DEPLOYMENT) -> tuple[MemoryCluster, MemoryFleet]:
    """An object of *kind* and a ConfigMap in two members; in those named it is ready at once."""
    host = make_host(types=(NAMESPACE, CONFIG_MAP, kind))
    federate_namespace(host)
    federate(host, Key("shop", "conf"))
    federate(host, target=kind, spec={"template": {"spec": {"replicas": 1}}})
    fleet = make_fleet(host)
    for name in ready:
        fleet.context(name).react_to(kind, make_ready)
    return host, fleet


def run(
    fleet: MemoryFleet,
    *,
    on: Callable[[Event], object] = lambda event: None,
    timeout: float = LONG,
    halt: Halt | None = None,
    goal: Goal | None = Goal.READY,
    **more: Any,
) -> tuple[list[Event], KubefedctlError | None]:
    """Sync and wait; *on* hears each event before the run goes on."""
    options = SyncOptions(KNS, timeout, goal=goal, **more)

    def listen() -> Any:
        for event in sync(fleet, options, pace=QUICK, halt=halt):
            on(event)
            yield event

    return told(listen())


def once(act: Callable[[], object], *, state: Readiness = Readiness.IN_PROGRESS) -> Any:
    """Return what acts when it hears first that an object is in this *state*."""
    acts = [act]

    def hear(event: Event) -> None:
        if isinstance(event, Progressed) and event.progress.readiness is state and acts:
            acts.pop()()

    return hear


def heard(events: list[Event], cluster: str = "c2") -> list[tuple[str, str]]:
    """Return what was told of the object in *cluster*, in order."""
    return [
        (event.progress.readiness.value, event.progress.message)
        for event in events
        if isinstance(event, Progressed) and event.cluster == cluster
    ]


def test_wait_for_what_is_ready_at_once_tells_nothing() -> None:
    """The answers to the writes say so already; nothing is listed or watched again."""
    _, fleet = make_busy_shop("c1", "c2")
    events, failure = run(fleet)
    assert (None, []) == (failure, [e for e in events if isinstance(e, WaitBegun)])
    assert "watch" not in {act for act, _ in fleet.context("c1").requests}


def test_wait_ends_when_all_is_ready() -> None:
    """One Deployment is late; its change comes by the watch."""
    _, fleet = make_busy_shop("c1")
    late = fleet.context("c2")
    events, failure = run(
        fleet, on=once(lambda: late.alter(DEPLOYMENT, WEB, status=ready_status()))
    )
    assert failure is None
    assert [("InProgress", UNREADY), ("Current", "")] == heard(events)
    assert [WaitBegun(1, Goal.READY)] == [e for e in events if isinstance(e, WaitBegun)]
    assert ("watch", "deployments") in late.requests


def test_wait_without_a_goal_is_none() -> None:
    """A sync ends when the members are written."""
    _, fleet = make_busy_shop()
    events, failure = run(fleet, goal=None)
    assert (None, []) == (failure, [e for e in events if isinstance(e, WaitBegun)])


def test_wait_in_a_dry_run_is_none() -> None:
    """There is nothing to wait for."""
    _, fleet = make_busy_shop()
    events, failure = run(fleet, is_dry_run=True)
    assert (None, []) == (failure, [e for e in events if isinstance(e, WaitBegun)])


def test_wait_in_vain_names_what_is_not_ready() -> None:
    """Exit code 7, each object with its last reason, and the summary counts them."""
    _, fleet = make_busy_shop("c1")
    events, failure = run(fleet, timeout=0.0)
    assert isinstance(failure, WaitTimeout)
    assert "1 object not ready after 0s" == failure.message
    assert "waiting Deployment/shop/web in c2: not ready: 0 of 1 replicas" == words(events)[-1]


def test_wait_for_what_was_not_written_goes_on_in_the_next_run() -> None:
    """An object that stands there as it should be, but is not ready, is waited for, too."""
    _, fleet = make_busy_shop("c1")
    run(fleet, timeout=0.0)
    events, failure = run(fleet, timeout=0.0)
    assert isinstance(failure, WaitTimeout)
    assert [("InProgress", UNREADY)] == heard(events)


def test_wait_for_many_names_the_first() -> None:
    """The others are in every report, and with --v=1."""
    host, fleet = make_busy_shop()
    for number in range(24):
        federate(host, Key("shop", f"w{number:02}"), target=DEPLOYMENT)
    events, failure = run(fleet, timeout=0.0)
    assert isinstance(failure, WaitTimeout)
    late = [e for e in events if isinstance(e, Result) and e.detail.startswith("not ready")]
    assert (50, 20) == (len(late), sum(found.level == 0 for found in late))
    assert "50 objects not ready (20 are named above, --v=1 names all)" in str(failure)


def test_wait_for_what_has_failed_is_a_failure_and_stops_no_other() -> None:
    """ProgressDeadlineExceeded in c1 is told; c2 is waited for until it is ready."""
    _, fleet = make_busy_shop()
    first, second = fleet.context("c1"), fleet.context("c2")

    def on(event: Event) -> None:
        if isinstance(event, Progressed) and event.cluster == "c1":
            if event.progress.readiness is Readiness.FAILED:
                second.alter(DEPLOYMENT, WEB, status=ready_status())
            else:
                first.alter(DEPLOYMENT, WEB, status=FAILED)

    events, failure = run(fleet, on=on)
    assert isinstance(failure, PartialFailure)
    assert "1 failure;" in failure.message
    assert [("InProgress", UNREADY), ("Current", "")] == heard(events)
    assert (
        "failed Deployment/shop/web in c1: not ready: its progress deadline is exceeded"
        == words(events)[-1]
    )


def test_wait_in_vain_beside_a_failure_ends_with_the_failure() -> None:
    """Both are in the message."""
    _, fleet = make_busy_shop("c1")
    fleet.context("c1").fail_next("create", error(), name="conf")
    _, failure = run(fleet, timeout=0.0)
    assert isinstance(failure, PartialFailure)
    assert "1 failure; 1 object not ready; everything else is as the host says" == failure.message


def test_wait_not_for_what_could_not_be_written() -> None:
    """That has failed already."""
    _, fleet = make_busy_shop()
    for name in ("c1", "c2"):
        fleet.context(name).fail_next("create", error(), name="web")
    events, failure = run(fleet)
    assert isinstance(failure, PartialFailure)
    assert [] == [e for e in events if isinstance(e, WaitBegun)]


def test_wait_for_an_object_that_somebody_deletes_goes_on() -> None:
    """It is not there; when it is back it counts again."""
    _, fleet = make_busy_shop("c1")
    late = fleet.context("c2")

    def on(event: Event) -> None:
        if isinstance(event, Progressed) and event.cluster == "c2":
            if event.progress.readiness is Readiness.IN_PROGRESS:
                late.remove(DEPLOYMENT, WEB)
            if event.progress.readiness is Readiness.NOT_FOUND:
                late.add(
                    DEPLOYMENT,
                    {
                        "metadata": {
                            "namespace": "shop",
                            "name": "web",
                            "labels": {"kubefed.io/managed": "true"},
                        },
                        "spec": {"replicas": 1},
                        "status": ready_status(),
                    },
                )

    events, failure = run(fleet, on=on)
    assert failure is None
    assert ["InProgress", "NotFound", "Current"] == [state for state, _ in heard(events)]


def test_wait_for_a_member_that_dies_says_so_and_goes_on_when_it_is_back() -> None:
    """The watch is cut, the list finds nobody, the next one finds it ready."""
    _, fleet = make_busy_shop("c1")
    late = fleet.context("c2")
    late.fail_next("watch", error(UnreachableError, 0))
    late.before_next(
        "watch", lambda c: c.fail_next("list", error(UnreachableError, 0, "connection refused"))
    )
    events, failure = run(
        fleet,
        on=once(
            lambda: late.alter(DEPLOYMENT, WEB, status=ready_status()), state=Readiness.UNKNOWN
        ),
    )
    assert failure is None
    expected = [("InProgress", UNREADY), ("Unknown", "connection refused"), ("Current", "")]
    assert expected == heard(events)


def test_wait_misses_nothing_when_a_watch_expires() -> None:
    """What became ready before the new list is in it."""
    _, fleet = make_busy_shop("c1")
    late = fleet.context("c2")
    late.fail_next("watch", error(ExpiredError, 410))
    late.before_next("watch", lambda c: c.alter(DEPLOYMENT, WEB, status=ready_status()))
    events, failure = run(fleet)
    assert (None, ("Current", "")) == (failure, heard(events)[-1])


def test_wait_that_is_halted_ends_with_the_reason() -> None:
    """What is not ready is told; Ctrl-C has its own exit code."""
    _, fleet = make_busy_shop("c1")
    halt = Halt()
    reason = Interruption("stopped")
    events, failure = run(fleet, on=once(lambda: halt.ask(reason)), halt=halt)
    assert reason is failure
    assert 1 == sum(isinstance(event, WaitEnded) for event in events)
    assert "waiting Deployment/shop/web in c2: not ready: 0 of 1 replicas" in words(events)


def test_wait_holds_no_lock() -> None:
    """Nothing is written any more, so that others may sync meanwhile."""
    host, fleet = make_busy_shop("c1")
    holders: list[Any] = []

    def look() -> None:
        leases = host.objects(LEASES)
        holders.extend(lease["spec"].get("holderIdentity") or "" for lease in leases)
        fleet.context("c2").alter(DEPLOYMENT, WEB, status=ready_status())

    _, failure = run(fleet, on=once(look), lock_wait=0.0)
    assert (None, [""]) == (failure, holders)


def test_wait_for_a_custom_object_gives_its_controller_time_for_a_word() -> None:
    """It has said nothing yet, then that it is not ready, then that it is."""
    _, fleet = make_busy_shop("c1", kind=WIDGET)
    conditions = iter(["False", "True"])

    def on(event: Event) -> None:
        if isinstance(event, Progressed) and event.progress.readiness is Readiness.IN_PROGRESS:
            ready = {"type": "Ready", "status": next(conditions), "observedGeneration": 1}
            fleet.context(event.cluster).alter(WIDGET, WEB, status={"conditions": [ready]})

    events, failure = run(fleet, on=on)
    assert failure is None
    assert [
        ("InProgress", "its controller has not said anything of it yet"),
        ("InProgress", "its condition Ready is not True"),
        ("Current", ""),
    ] == heard(events)


def test_wait_for_a_custom_object_that_nobody_looks_after_is_short() -> None:
    """After the time for a first word, its being there is all there is."""
    _, fleet = make_busy_shop(kind=WIDGET)
    events, failure = run(fleet)
    assert (None, ("Current", "")) == (failure, heard(events)[-1])


@pytest.mark.parametrize("goal", list(Goal))
def test_wait_for_current_takes_kstatus_word(goal: Goal) -> None:
    """A custom object without a status is current at once, and ready only after a while."""
    _, fleet = make_busy_shop(kind=WIDGET)
    events, failure = run(fleet, goal=goal)
    waits = [e.total for e in events if isinstance(e, WaitBegun)]
    assert (None, [2] if goal is Goal.READY else []) == (failure, waits)


def test_wait_for_more_than_can_be_watched_takes_turns() -> None:
    """One lane for each member lists its types, again and again."""
    names = [f"m{number:03}" for number in range(70)]
    host = make_host(members=names, types=(NAMESPACE, DEPLOYMENT, WIDGET))
    federate_namespace(host)
    for kind in (DEPLOYMENT, WIDGET):
        federate(host, target=kind, spec={"template": {"spec": {"replicas": 1}}})
    fleet = make_fleet(host, *names)
    left = set(names)

    def on(event: Event) -> None:
        if isinstance(event, Progressed) and event.cluster in left:
            left.discard(event.cluster)
            fleet.context(event.cluster).alter(DEPLOYMENT, WEB, status=ready_status())

    _, failure = run(fleet, on=on)
    assert (None, set()) == (failure, left)
    assert "watch" not in {act for act, _ in fleet.context(names[0]).requests}
