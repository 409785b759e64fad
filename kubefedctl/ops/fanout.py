"""
Work on many clusters side by side. The only threads of the program start here.

Here: lanes. A lane is one cluster's work, in waves; a wave starts when the one before it is done,
and a slow lane holds up no other. Not here: what the work is, or what its failures mean: a task
answers with a value and never raises an expected error.

Laws:
1. Results come back in the order of the tasks, whatever order they finished in.
2. A task that raises stops its lane and the exception reaches the caller; other lanes finish.
3. A caller that stops listening (Ctrl-C) stops all lanes: what is under way ends, nothing starts.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeAlias, TypeVar

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
    with ThreadPoolExecutor(max_workers=min(len(tasks), _MOST_THREADS)) as pool:
        futures = {name: pool.submit(task) for name, task in tasks.items()}
        wait(futures.values())
    return {name: future.result() for name, future in futures.items()}


def run_all(tasks: Sequence[Task[T]], *, width: int = _WIDEST_LANE) -> list[T]:
    """Run *tasks*, at most *width* at once, and return the answers in their order."""
    if width == 1 or len(tasks) <= 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(max_workers=min(width, len(tasks))) as pool:
        futures = [pool.submit(task) for task in tasks]
        wait(futures, return_when=FIRST_EXCEPTION)
        for future in futures:
            future.cancel()
    return [future.result() for future in futures]


def run_lanes(lanes: Mapping[str, Iterable[Sequence[Task[T]]]]) -> Iterator[T]:
    """
    Run the waves of every lane side by side and yield each answer as it comes.

    Args:
        lanes: The waves of each cluster, by its name. A lane's iterable is advanced in the lane's
            own thread, so that a later wave may depend on what an earlier one left behind.

    Raises:
        Exception: The first exception that a task let through, after all lanes have ended.
    """
    answers: queue.SimpleQueue[T | _LaneEnd] = queue.SimpleQueue()
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
    failure: BaseException | None = None
    running = len(threads)
    try:
        while running:
            answer = answers.get()
            if isinstance(answer, _LaneEnd):
                running -= 1
                failure = answer.failure if failure is None else failure
            else:
                yield answer
    finally:
        stop.set()
    if failure is not None:
        raise failure


class _LaneEnd:
    """Put on the queue when a lane has nothing more to say."""

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


def _run_lane(
    waves: Iterable[Sequence[Task[T]]],
    width: int,
    answers: queue.SimpleQueue[T | _LaneEnd],
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
