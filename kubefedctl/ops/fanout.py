"""
Work on many clusters side by side. The only threads of the program start here.

Here: lanes. A lane is one cluster's work, in waves; a wave starts when the one before it is done,
and a slow lane holds up no other. Not here: what the work is, or what its failures mean: a task
answers with a value and never raises an expected error.

Laws:
1. Results come back in the order of the tasks, whatever order they finished in.
2. A task that raises stops its lane and the exception reaches the caller; other lanes finish.
3. A caller that stops listening (Ctrl-C) stops all lanes: what is under way ends, nothing starts.
4. No thread keeps the process from ending: one that hangs in a request is left behind.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from kubefedctl.ops.halting import Halt

T = TypeVar("T")
Task: TypeAlias = Callable[[], T]

_MOST_THREADS = 256
_WIDEST_LANE = 16


def lane_width(lanes: int) -> int:
    """
    Return how many requests may be under way at once in each of *lanes* clusters.

    >>> lane_width(1), lane_width(3), lane_width(200)
    (16, 16, 1)
    """
    return max(1, min(_WIDEST_LANE, _MOST_THREADS // max(1, lanes)))


def run_side_by_side(tasks: Mapping[str, Task[T]]) -> dict[str, T]:
    """
    Run one task for each name at the same time and return the answers by name.

    Raises:
        Exception: The first exception that a task let through, after all have ended.
    """
    if not tasks:
        return {}
    crew = _Crew(list(tasks.values()), width=_MOST_THREADS)
    crew.join()
    return dict(zip(tasks, crew.answers(), strict=True))


def run_all(tasks: Sequence[Task[T]], *, width: int = _WIDEST_LANE) -> list[T]:
    """
    Run *tasks*, at most *width* at once, and return the answers in their order.

    Raises:
        Exception: The first exception that a task let through; tasks after it are not started.
    """
    if width == 1 or len(tasks) <= 1:
        return [task() for task in tasks]
    crew = _Crew(tasks, width=width, stops_at_failure=True)
    crew.join()
    return crew.answers()


def run_within(seconds: float, tasks: Mapping[str, Task[object]]) -> None:
    """Run *tasks* side by side, and go on after so many seconds, whether they have ended or not."""
    if tasks:
        _Crew(list(tasks.values()), width=_MOST_THREADS).join(seconds)


def repeat_beside(task: Callable[[], bool], *, every: float) -> Callable[[], None]:
    """
    Run *task* every so many seconds in a thread of its own, until it answers False.

    Returns:
        What ends it; it does not wait for a task that is under way.
    """
    stop = threading.Event()

    def repeat() -> None:
        while not stop.wait(every):
            if not task():
                break

    threading.Thread(target=repeat, name="beside", daemon=True).start()
    return stop.set


class Silence(Enum):
    """Yielded instead of an answer when none came for a while."""

    SILENCE = "silence"


def run_lanes(
    lanes: Mapping[str, Iterable[Sequence[Task[T]]]],
    *,
    halt: Halt | None = None,
    beat: float | None = None,
) -> Generator[T | Silence, None, None]:
    """
    Run the waves of every lane side by side and yield each answer as it comes.

    Args:
        lanes: The waves of each cluster, by its name. A lane's iterable is advanced in the lane's
            own thread, so that a later wave may depend on what an earlier one left behind.
        halt: When it is asked, lanes are given as many seconds as it has patience; what they start
            until then is for the tasks to decide.
        beat: After how many seconds without an answer to yield a `Silence`; None for never.

    Raises:
        Exception: The first exception that a task let through, after all lanes have ended.
    """
    answers: queue.SimpleQueue[T | _LaneEnd | _Halted] = queue.SimpleQueue()
    stop = threading.Event()
    width = lane_width(len(lanes))
    threads = [
        threading.Thread(
            target=_run_lane, args=(waves, width, answers, stop), name=f"lane-{name}", daemon=True
        )
        for name, waves in lanes.items()
    ]
    for thread in threads:
        thread.start()
    halt = halt or Halt()
    try:
        with halt.waking(partial(answers.put, _Halted(halt.patience))):
            yield from _listen(answers, len(threads), beat=beat)
    finally:
        stop.set()


def _listen(
    answers: queue.SimpleQueue[T | _LaneEnd | _Halted], running: int, *, beat: float | None
) -> Iterator[T | Silence]:
    """Yield answers until *running* lanes have ended, or the time after a halt is over."""
    failure: BaseException | None = None
    end: float | None = None
    while running:
        try:
            answer = answers.get(timeout=_shorter(beat, end))
        except queue.Empty:
            if end is not None and time.monotonic() >= end:
                break
            yield Silence.SILENCE
            continue
        if isinstance(answer, _Halted):
            end = time.monotonic() + answer.patience
        elif isinstance(answer, _LaneEnd):
            running -= 1
            failure = answer.failure if failure is None else failure
        else:
            yield answer
    if failure is not None:
        raise failure


def _shorter(beat: float | None, end: float | None) -> float | None:
    """How long to listen: no longer than a beat, nor beyond the end."""
    if end is None:
        return beat
    left = max(0, end - time.monotonic())
    return left if beat is None else min(beat, left)


class _Halted:
    """Put on the queue when the run is asked to halt."""

    def __init__(self, patience: float) -> None:
        self.patience = patience


class _Crew(Generic[T]):
    """Threads that go through a list of tasks together."""

    def __init__(
        self, tasks: Sequence[Task[T]], *, width: int, stops_at_failure: bool = False
    ) -> None:
        self._tasks = tasks
        self._stops_at_failure = stops_at_failure
        self._next = iter(range(len(tasks)))
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._answers: dict[int, T] = {}
        self._failures: dict[int, BaseException] = {}
        self._threads = min(width, len(tasks))
        for number in range(self._threads):
            threading.Thread(target=self._work, name=f"crew-{number}", daemon=True).start()

    def join(self, seconds: float | None = None) -> None:
        """Wait until all tasks have ended, or so many seconds; no more start afterwards."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            for _ in range(self._threads):
                # NB: unlike a thread's own join, this can be interrupted by a signal
                self._ended.get(timeout=None if end is None else max(0, end - time.monotonic()))
        except queue.Empty:
            pass
        finally:
            self._stop.set()

    def answers(self) -> list[T]:
        """Return the answers in the order of the tasks, or raise the first failure."""
        for number in sorted(self._failures):
            raise self._failures[number]
        return [self._answers[number] for number in range(len(self._tasks))]

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._mutex:
                number = next(self._next, None)
            if number is None:
                break
            try:
                self._answers[number] = self._tasks[number]()
            except BaseException as error:  # the caller's thread raises it again
                self._failures[number] = error
                if self._stops_at_failure:
                    self._stop.set()
        self._ended.put(None)


class _LaneEnd:
    """Put on the queue when a lane has nothing more to say."""

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


def _run_lane(
    waves: Iterable[Sequence[Task[T]]],
    width: int,
    answers: queue.SimpleQueue[T | _LaneEnd | _Halted],
    stop: threading.Event,
) -> None:
    def run(task: Task[T]) -> None:
        if not stop.is_set():
            answers.put(task())

    failure: BaseException | None = None
    try:
        for wave in waves:
            if stop.is_set():
                break
            run_all([partial(run, task) for task in wave], width=width)
    except BaseException as error:  # the caller's thread raises it again
        failure = error
    answers.put(_LaneEnd(failure))
