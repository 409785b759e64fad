"""
Waiting until objects in members have become what was asked for.

Here: asking again and again, and telling who is waited for and why. Not here: when an object is
ready (`core.readiness`).

Laws:
1. What cannot be read is not ready.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.readiness import judge_readiness
from kubefedctl.errors import ClusterError, WaitTimeout
from kubefedctl.model.events import Event, Step, counted
from kubefedctl.model.progress import Progress, Readiness
from kubefedctl.model.refs import Key, Resource
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.writing import find


@dataclass(frozen=True, slots=True)
class Awaited:
    """An object in a member that is waited for."""

    cluster: str
    resource: Resource
    key: Key

    def __str__(self) -> str:
        return self.resource.subject(self.key).within(self.cluster)


def await_current(
    awaited: Sequence[Awaited],
    clusters: Mapping[str, Cluster],
    *,
    deadline: float,
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Generator[Event, None, dict[Awaited, Progress]]:
    """
    Wait until all objects are current, one has failed, or the deadline is here.

    Args:
        awaited: What is waited for.
        clusters: The members, by name.
        deadline: On the monotonic clock.
        pace: How often to look.
        halt: Ends the waiting when it is asked.

    Yields:
        A step for each object whose reason to wait has changed.

    Returns:
        What is not current at the end, with the reason.
    """
    halt = halt or Halt()
    pause = pace.first_look
    told: dict[Awaited, str] = {}
    left = list(awaited)
    while True:
        judged = run_all([partial(_judge, clusters[found.cluster], found) for found in left])
        open_ = {a: p for a, p in zip(left, judged, strict=True) if not p.is_current}
        for found, progress in open_.items():
            if told.get(found) != progress.message:
                told[found] = progress.message
                yield Step(f"waiting for {found}: {progress.message}", level=0)
        has_failed = any(p.readiness is Readiness.FAILED for p in open_.values())
        rest = deadline - time.monotonic()
        if not open_ or has_failed or rest <= 0 or halt.wait(min(pause, max(rest, 0.0))):
            return open_
        left = list(open_)
        pause = min(pause * 2, pace.longest_look)


def demand_nothing_left(
    left: Mapping[Awaited, Progress], *, source: str, seconds: float, hint: str
) -> None:
    """
    Return where all that was waited for is current, so that the source may be left.

    Args:
        left: What `await_current` returned.
        source: The cluster that is left only then.
        seconds: How long was waited at most.
        hint: How to go on, and how to go back.

    Raises:
        WaitTimeout: Something is not current; each object is named with its reason.
    """
    if not left:
        return
    causes = "; ".join(f"{found}: {progress.message}" for found, progress in left.items())
    raise WaitTimeout(
        f"{counted(len(left), 'object')} not ready after {seconds:g}s, and nothing has left"
        f" cluster {source}: {causes}",
        hint=hint,
    )


def _judge(cluster: Cluster, awaited: Awaited) -> Progress:
    try:
        found = find(cluster, awaited.resource, awaited.key)
    except ClusterError as error:
        return Progress(Readiness.IN_PROGRESS, error.answer)
    if found is None:
        return Progress(Readiness.IN_PROGRESS, "it is not there")
    return judge_readiness(found)
