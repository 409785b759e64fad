"""Tests of what is shown of objects that are waited for: rows, and lines for a log."""

from __future__ import annotations

from kubefedctl.model.events import Event, Progressed, WaitBegun, WaitEnded, WaitGoesOn
from kubefedctl.model.progress import Goal, Progress, Readiness
from kubefedctl.model.refs import Subject
from kubefedctl.model.reports import Ending
from kubefedctl.render.report import Reporter, report_as_object
from kubefedctl.render.waits import Waits


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def progressed(
    name: str, cluster: str = "c1", message: str = "0 of 1 replicas", state: str = "InProgress"
) -> Progressed:
    """Return what is heard of a Deployment."""
    return Progressed(
        Subject("Deployment", "shop", name), cluster, Progress(Readiness(state), message)
    )


DONE = progressed("web", "c2", message="", state="Current")


def _hear(*events: Event, clock: _Clock | None = None) -> Waits:
    waits = Waits(clock=clock or _Clock())
    for event in events:
        waits.hear(event)
    return waits


def test_rows_name_object_cluster_and_reason() -> None:
    """Those that are there, or have failed, are not among them."""
    waits = _hear(
        WaitBegun(5, Goal.READY),
        progressed("web", "c2"),
        progressed("api"),
        progressed("done", message="", state="Current"),
        progressed("bad", message="crashed", state="Failed"),
    )
    assert "waiting until 3 of 5 objects are ready" == waits.sentence
    assert [
        "OBJECT                CLUSTER   WAITS FOR",
        "Deployment/shop/api   c1        0 of 1 replicas",
        "Deployment/shop/web   c2        0 of 1 replicas",
    ] == waits.rows(10)


def test_rows_are_bounded_and_count_the_rest_by_cluster() -> None:
    """The last row stands for all that have no place."""
    many = [progressed(f"w{n}", f"c{n % 5}") for n in range(23)]
    rows = _hear(WaitBegun(23, Goal.READY), *many).rows(5)
    assert 5 == len(rows)
    assert "20 more: 5 in c1, 5 in c2, 4 in c3, 6 in 2 other clusters" == rows[-1]


def test_rows_need_room_and_something_to_show() -> None:
    """No header stands alone."""
    assert [] == _hear(WaitBegun(1, Goal.READY), progressed("web")).rows(1)
    assert [] == _hear(WaitBegun(1, Goal.READY)).rows(9)
    assert [] == _hear(WaitBegun(1, Goal.READY), progressed("web"), WaitEnded()).rows(9)


def test_sentence_names_the_wave_and_the_goal() -> None:
    """One object is spelled as one."""
    waits = _hear(WaitBegun(1, Goal.CURRENT, "canary"), progressed("web"))
    assert "wave canary: waiting until 1 of 1 object is current" == waits.sentence


def test_log_is_told_late_and_each_reason_once() -> None:
    """What is over within five seconds is not told; then a line every half minute."""
    clock = _Clock()
    waits = _hear(WaitBegun(2, Goal.READY), progressed("web"), clock=clock)
    assert [] == waits.due_lines()
    clock.now += 5
    assert [
        "waiting until 2 of 2 objects are ready, 5s by now",
        "waiting for Deployment/shop/web in cluster c1: 0 of 1 replicas",
    ] == waits.due_lines()
    clock.now += 29
    waits.hear(progressed("api", message="", state="Unknown"))
    assert [] == waits.due_lines()
    clock.now += 1
    waits.hear(WaitGoesOn())
    assert [
        "waiting until 2 of 2 objects are ready, 35s by now",
        "waiting for Deployment/shop/api in cluster c1: Unknown",
    ] == waits.due_lines()


def test_log_of_very_many_has_few_lines() -> None:
    """Five, and one for the others."""
    clock = _Clock()
    waits = _hear(
        WaitBegun(200, Goal.READY), *(progressed(f"w{n:03}") for n in range(200)), clock=clock
    )
    clock.now += 5
    lines = waits.due_lines()
    assert (7, "waiting for 195 more: 195 in c1") == (len(lines), lines[-1])


def test_report_has_what_was_heard_last() -> None:
    """One entry for each object, printable, sorted by cluster."""
    reporter = Reporter("sync", "none")
    for event in (progressed("web", "c2"), progressed("api", message="\x1b[2J"), DONE):
        reporter.hear(event)
    report = report_as_object(reporter.end(Ending("", "", 0.0)))
    place = {"kind": "Deployment", "namespace": "shop"}
    assert [
        {"state": "InProgress", **place, "name": "api", "cluster": "c1", "message": "\\x1b[2J"},
        {"state": "Current", **place, "name": "web", "cluster": "c2"},
    ] == report["waited"]
