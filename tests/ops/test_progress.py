"""Tests of the progress of a sync: what is planned, and who is waited for."""

from __future__ import annotations

from dataclasses import replace

from kubefedctl.model.actions import ActionVerb
from kubefedctl.model.events import Planned, Result, Verdict, Waiting
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.progress import Progress
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP
from tests.ops.actions import write
from tests.ops.shop import DELETING, change, hold, make_shop, make_synced_shop, run_sync
from tests.ops.stage import AT_ONCE, FEDERATED_CONFIG_MAPS, KNS, WEB

MEMBERS = ("c1", "c1", "c2")


def _progress(beat: float = 1.0) -> Progress:
    return Progress([write(ActionVerb.CREATE, cluster=name) for name in MEMBERS], beat=beat)


def _done(cluster: str) -> Executed:
    return Executed(write(ActionVerb.CREATE, cluster=cluster), Verdict.CREATED)


def test_progress_begins_with_the_actions_of_each_cluster() -> None:
    """What is to come is known."""
    assert Planned({"c1": 2, "c2": 1}) == _progress().begin()


def test_progress_says_how_long_nothing_was_heard_and_of_whom() -> None:
    """News begin the count anew; a cluster that is done is not waited for."""
    progress = _progress()
    assert [Waiting(1, {"c1": 2, "c2": 1}), Waiting(2, {"c1": 2, "c2": 1})] == [
        progress.wait(),
        progress.wait(),
    ]
    progress.note(_done("c2"))
    assert Waiting(1, {"c1": 2}) == progress.wait()


def test_progress_counts_in_whole_seconds() -> None:
    """However short the beats."""
    progress = _progress(beat=0.5)
    assert [0, 1, 1] == [progress.wait().seconds for _ in range(3)]


def test_sync_tells_the_plan_before_the_results() -> None:
    """Each result that follows is one of the actions."""
    _, fleet = make_shop()
    events, _ = run_sync(fleet)
    (at,) = [n for n, event in enumerate(events) if isinstance(event, Planned)]
    assert Planned({"c1": 2, "c2": 2}) == events[at]
    assert 4 == len([event for event in events[at:] if isinstance(event, Result)])


def test_sync_of_which_nothing_is_heard_tells_who_is_waited_for() -> None:
    """An object is held in one member until it is told that this one is waited for."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    member = fleet.context("c1")
    hold(member)
    waits = []
    pace = replace(AT_ONCE, beat=0.01, longest_look=0.01)
    for event in sync(fleet, SyncOptions(KNS, 60.0), pace=pace):
        if isinstance(event, Waiting) and event.pending == {"c1": 1}:
            waits.append(event)
            member.remove(CONFIG_MAP, WEB)
    assert [] != waits
    assert None is host.find(FEDERATED_CONFIG_MAPS, WEB)
