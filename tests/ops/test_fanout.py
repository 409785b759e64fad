"""Tests of working on many clusters side by side; barriers and events stand for time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import pytest

from kubefedctl.errors import Interruption
from kubefedctl.ops.fanout import (
    Silence,
    lane_width,
    repeat_beside,
    run_all,
    run_lanes,
    run_side_by_side,
    run_within,
)
from kubefedctl.ops.halting import Halt

PATIENCE = 20.0


def _meet(barrier: threading.Barrier, answer: str) -> str:
    """Answer once all the others are here, too; raises where they run one after the other."""
    barrier.wait(PATIENCE)
    return answer


def _await(event: threading.Event, answer: str) -> str:
    assert event.wait(PATIENCE)
    return answer


def _set(event: threading.Event, answer: str) -> str:
    event.set()
    return answer


def _say(answer: str) -> str:
    return answer


def _fail(text: str) -> str:
    raise ValueError(text)


@pytest.mark.parametrize(
    ("lanes", "expected"), [(0, 16), (1, 16), (16, 16), (17, 15), (200, 1), (1000, 1)]
)
def test_lane_width_keeps_the_threads_within_bounds(lanes: int, expected: int) -> None:
    """Many clusters get narrow lanes, but each gets one."""
    assert expected == lane_width(lanes)


def test_run_side_by_side_runs_all_at_once() -> None:
    """Each task waits for the others, so none may wait for its turn."""
    barrier = threading.Barrier(9)
    names = [f"c{number}" for number in range(9)]
    answers = run_side_by_side({name: partial(_meet, barrier, name) for name in names})
    assert {name: name for name in names} == answers
    assert names == list(answers)


def test_run_side_by_side_nothing_to_do() -> None:
    """No tasks, no answers."""
    assert {} == run_side_by_side({})


def test_run_side_by_side_exception_comes_after_all_have_ended() -> None:
    """One task's bug does not cut the others short."""
    ended = threading.Event()
    tasks: dict[str, Callable[[], str]] = {
        "a": partial(_fail, "bug"),
        "b": partial(_set, ended, "b"),
    }
    with pytest.raises(ValueError, match="bug"):
        run_side_by_side(tasks)
    assert ended.is_set()


@pytest.mark.parametrize("width", [1, 2, 8], ids="width-{}".format)
def test_run_all_answers_in_the_order_of_the_tasks(width: int) -> None:
    """Whoever ends first, the answers stand as the tasks stood."""
    answers = [str(number) for number in range(20)]
    assert answers == run_all([partial(_say, answer) for answer in answers], width=width)


def test_run_all_first_task_ends_last_and_is_still_first() -> None:
    """The first task waits for the last one."""
    event = threading.Event()
    assert ["a", "b"] == run_all([partial(_await, event, "a"), partial(_set, event, "b")])


def test_run_all_is_never_wider_than_asked() -> None:
    """At most that many are under way at once."""
    lock, running, most = threading.Lock(), [0], [0]

    def task() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        with lock:
            running[0] -= 1

    run_all([task] * 50, width=3)
    assert most[0] <= 3


def test_run_all_exception_reaches_the_caller() -> None:
    """A bug in a task is raised as it is."""
    with pytest.raises(ValueError, match="bug"):
        run_all([partial(_say, "a"), partial(_fail, "bug"), *[partial(_say, "b")] * 20], width=2)


def test_run_lanes_work_side_by_side() -> None:
    """A task in each lane waits for one in every other."""
    barrier = threading.Barrier(5)
    lanes = {f"c{n}": [[partial(_meet, barrier, f"c{n}")]] for n in range(5)}
    assert sorted(lanes) == sorted(run_lanes(lanes))


def test_run_lanes_tasks_of_a_wave_work_side_by_side() -> None:
    """Eight requests may be under way in one cluster."""
    barrier = threading.Barrier(8)
    answers = run_lanes({"c1": [[partial(_meet, barrier, str(n)) for n in range(8)]]})
    assert [str(n) for n in range(8)] == sorted(answers)


def test_run_lanes_hung_lane_holds_up_no_other() -> None:
    """All answers of the other lane come while the first one hangs."""
    release = threading.Event()
    lanes = {
        "hung": [[partial(_await, release, "hung")]],
        "quick": [[partial(_say, "1")], [partial(_say, "2")], [partial(_say, "3")]],
    }
    answers = run_lanes(lanes)
    assert ["1", "2", "3"] == [next(answers) for _ in range(3)]
    release.set()
    assert ["hung"] == list(answers)


def test_run_lanes_wave_starts_when_the_one_before_is_done() -> None:
    """A lane's waves are made and run one after the other, in its own thread."""
    log: list[str] = []

    def waves() -> Iterator[Sequence[Callable[[], None]]]:
        for wave in ("a", "b", "c"):
            log.append(f"wave {wave}")
            yield [partial(log.append, wave)] * 5

    assert [None] * 15 == list(run_lanes({"c1": waves()}))
    assert [step for w in ("a", "b", "c") for step in [f"wave {w}", *[w] * 5]] == log


def test_run_lanes_exception_comes_after_the_other_lanes_have_ended() -> None:
    """A bug stops its own lane; the others finish, and then the caller gets it."""
    failing = threading.Event()
    heard: list[str] = []

    def fail() -> str:
        failing.set()
        raise ValueError("bug")

    lanes: dict[str, list[list[Callable[[], str]]]] = {
        "bad": [[partial(_say, "first")], [fail], [partial(_say, "never")]],
        "good": [[partial(_await, failing, "1")], [partial(_say, "2")]],
    }
    with pytest.raises(ValueError, match="bug"):
        for answer in run_lanes(lanes):
            heard.append(answer)  # noqa: PERF402 - what was heard before the exception counts
    assert ["1", "2", "first"] == sorted(heard)


def test_run_lanes_caller_that_stops_listening_stops_the_lanes() -> None:
    """After Ctrl-C what is under way ends, and nothing new starts."""
    closed, asked_again = threading.Event(), threading.Event()
    started: list[str] = []

    def waves() -> Iterator[Sequence[Callable[[], str]]]:
        try:
            yield [partial(_say, "first")]
            yield [partial(_await, closed, "under way")]
            yield [partial(_note, started)]
        finally:
            asked_again.set()

    answers = run_lanes({"c1": waves()})
    assert "first" == next(answers)
    answers.close()  # type: ignore[attr-defined]
    closed.set()
    assert asked_again.wait(PATIENCE)
    assert [] == started


def _note(started: list[str]) -> str:
    started.append("late")
    return "late"


def test_run_lanes_no_lanes_no_answers() -> None:
    """Nothing to do is done at once."""
    assert [] == list(run_lanes({}))


def test_run_lanes_after_a_halt_are_left_behind_when_patience_ends() -> None:
    """A lane that hangs keeps nobody; the answers until then have come."""
    release, halt = threading.Event(), Halt(patience=0.0)
    answers = run_lanes(
        {"quick": [[partial(_say, "quick")]], "hung": [[partial(_await, release, "late")]]},
        halt=halt,
    )
    assert "quick" == next(answers)
    halt.ask(Interruption("stopped"))
    assert [] == list(answers)
    release.set()


def test_run_lanes_after_a_halt_hear_what_ends_in_time() -> None:
    """A halt in the middle of a request waits for its answer."""
    halt = Halt(patience=PATIENCE)

    def ask() -> str:
        halt.ask(Interruption("stopped"))
        return "answer"

    assert ["answer"] == list(run_lanes({"c1": [[ask]]}, halt=halt))


def test_run_lanes_halted_before_the_start_end_all_the_same() -> None:
    """Tasks decide by themselves whether they do anything."""
    halt = Halt(patience=PATIENCE)
    halt.ask(Interruption("stopped"))
    assert ["answer"] == list(run_lanes({"c1": [[partial(_say, "answer")]]}, halt=halt))


def test_run_within_goes_on_without_what_hangs() -> None:
    """The others have ended by then, or not: their time is over."""
    release, ended = threading.Event(), threading.Event()

    def hang() -> None:
        assert release.wait(PATIENCE)
        ended.set()

    run_within(0.0, {"hung": hang})
    assert not ended.is_set()
    release.set()
    assert ended.wait(PATIENCE)


def test_run_within_comes_back_as_soon_as_all_have_ended() -> None:
    """The limit is no pause; a failure is nobody's."""
    done: list[str] = []
    run_within(PATIENCE, {"a": partial(done.append, "a"), "b": partial(_fail, "bug")})
    run_within(PATIENCE, {})
    assert ["a"] == done


def test_repeat_beside_goes_on_until_the_task_says_no() -> None:
    """Again and again, and not once more."""
    answers = iter([True, True, False])
    asked, ended = [], threading.Event()

    def task() -> bool:
        answer = next(answers)
        asked.append(answer)
        if not answer:
            ended.set()
        return answer

    repeat_beside(task, every=0.001)
    assert ended.wait(PATIENCE)
    assert [True, True, False] == asked


def test_repeat_beside_is_stopped_from_outside() -> None:
    """The first time lies in the future."""
    asked: list[str] = []

    def task() -> bool:
        asked.append("asked")
        return True

    stop = repeat_beside(task, every=3600.0)
    stop()
    assert [] == asked


def test_threads_of_the_fanout_never_keep_the_process() -> None:
    """One that hangs in a request dies with the process."""
    kinds: list[bool] = []

    def note() -> None:
        kinds.append(threading.current_thread().daemon)

    run_side_by_side({"a": note, "b": note})
    run_all([note, note])
    list(run_lanes({"c1": [[note, note]]}))
    assert [True] * 6 == kinds


def test_run_lanes_tells_of_silence() -> None:
    """Somebody who waits hears that there is nothing to hear, and then the answer."""
    heard_silence = threading.Event()
    answers = run_lanes({"c1": [[partial(_await, heard_silence, "late")]]}, beat=0.001)
    assert Silence.SILENCE is next(answers)
    heard_silence.set()
    assert ["late"] == [found for found in answers if found is not Silence.SILENCE]
