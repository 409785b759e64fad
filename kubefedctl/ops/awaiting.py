"""
Waiting until objects in members have become what was asked for.

Here: who is waited for where, and what is told of it. Not here: when an object is ready
(`core.readiness`), and how changes are learned of (`watching`).

Laws:
1. What cannot be read is not ready.
2. What is ready once, or has failed, is not waited for any more; all others are.
3. Each object that is waited for is told of at least once.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TypeAlias

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.readiness import judge_readiness
from kubefedctl.errors import WaitTimeout
from kubefedctl.model.events import (
    Event,
    Progressed,
    WaitBegun,
    WaitEnded,
    WaitGoesOn,
    counted,
)
from kubefedctl.model.objects import MANAGED_SELECTOR
from kubefedctl.model.progress import Goal, Progress, Readiness
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.fanout import Silence, Task, run_lanes
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.watching import Change, News, Scope, Snapshot, Unreadable, follow, look

_MOST_WATCHES = 128
_SETTLED = frozenset({Readiness.CURRENT, Readiness.FAILED})
_UNSEEN = Progress(Readiness.IN_PROGRESS, "its cluster has not answered yet")
_MISSING = Progress(Readiness.NOT_FOUND, "it is not there")
_WORDLESS = Progress(Readiness.IN_PROGRESS, "its controller has not said anything of it yet")


@dataclass(frozen=True, slots=True, order=True)
class Awaited:
    """
    An object in a member that is waited for.

    Args:
        cluster: The member.
        resource: Its type.
        key: Its namespace and name.
        is_new: Whether it was written just now, so that its controller may not have seen it yet.
    """

    cluster: str
    resource: Resource
    key: Key
    is_new: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return self.resource.subject(self.key).within(self.cluster)


Judged: TypeAlias = Sequence[tuple[Awaited, Progress]]


@dataclass(frozen=True, slots=True)
class Patience:
    """
    What is waited for, and how long.

    Args:
        goal: When an object is waited for no longer.
        deadline: On the monotonic clock.
        ends_at_failure: Whether one object that has failed ends the waiting for all.
        wave: The wave of clusters that is waited for; empty where there are none.
    """

    goal: Goal
    deadline: float
    ends_at_failure: bool = False
    wave: str = ""


def await_objects(
    awaited: Sequence[Awaited],
    clusters: Mapping[str, Cluster],
    *,
    patience: Patience,
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Generator[Event, None, dict[Awaited, Progress]]:
    """
    Wait until all objects are what was asked for or have failed, or the time is up.

    Args:
        awaited: What is waited for.
        clusters: The members, by name.
        patience: When it ends.
        pace: How often to look where a watch does not tell.
        halt: Ends the waiting when it is asked.

    Yields:
        How far each object is, whenever that changes.

    Returns:
        What is not as it was asked for at the end, with the reason.
    """
    halt = halt or Halt()
    if not awaited:
        return {}
    standing = dict.fromkeys(awaited, _UNSEEN)
    silent = set(awaited)
    yield WaitBegun(len(standing), patience.goal, patience.wave)
    end = max(patience.deadline, time.monotonic() + pace.last_look)
    lanes = _make_lanes(awaited, clusters, patience, pace, halt)
    with closing(run_lanes(lanes, halt=halt, beat=pace.beat)) as heard:
        for answer in heard:
            if isinstance(answer, Silence):
                yield WaitGoesOn()
            else:
                standing |= dict(answer)
                silent -= dict(answer).keys()
                yield from _tell(answer)
            has_failed = any(found.readiness is Readiness.FAILED for found in standing.values())
            is_over = time.monotonic() >= (end if silent else patience.deadline)
            if is_over or halt.is_asked or (has_failed and patience.ends_at_failure):
                break
    yield from _tell((found, standing[found]) for found in sorted(silent))
    yield WaitEnded()
    return {found: progress for found, progress in standing.items() if not progress.is_current}


def demand_nothing_left(
    left: Mapping[Awaited, Progress], *, source: str, seconds: float, hint: str
) -> None:
    """
    Return where all that was waited for is current, so that the source may be left.

    Args:
        left: What `await_objects` returned.
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


def _tell(judged: Iterable[tuple[Awaited, Progress]]) -> Iterator[Event]:
    for found, progress in judged:
        yield Progressed(found.resource.subject(found.key), found.cluster, progress)


def _make_lanes(
    awaited: Sequence[Awaited],
    clusters: Mapping[str, Cluster],
    patience: Patience,
    pace: Pace,
    halt: Halt,
) -> dict[str, Iterator[Sequence[Task[Judged]]]]:
    """One watch for each member and type, or where that were too many, a lane for each member."""
    topics = [
        _Topic(clusters[name], list(found), patience, pace)
        for (name, _), found in groupby(
            sorted(set(awaited)), key=lambda each: (each.cluster, each.resource)
        )
    ]
    if len(topics) <= _MOST_WATCHES:
        return {topic.name: topic.watch(halt) for topic in topics}
    by_cluster: dict[str, list[_Topic]] = {}
    for topic in topics:
        by_cluster.setdefault(topic.cluster.name, []).append(topic)
    return {name: _take_turns(found, patience, pace, halt) for name, found in by_cluster.items()}


def _take_turns(
    topics: Sequence[_Topic], patience: Patience, pace: Pace, halt: Halt
) -> Iterator[Sequence[Task[Judged]]]:
    """Look at each topic by a list, again and again."""
    pause = pace.first_look
    while topics:
        for topic in topics:
            yield from topic.take(look(topic.cluster, topic.scope))
        topics = [topic for topic in topics if topic.left]
        left = patience.deadline - time.monotonic()
        if left <= 0 or halt.wait(min(pause, left)):
            return
        pause = min(pause * 2, pace.longest_look)


class _Topic:
    """The objects of one type in one member that are waited for; used by one lane alone."""

    def __init__(
        self, cluster: Cluster, awaited: Sequence[Awaited], patience: Patience, pace: Pace
    ) -> None:
        self.cluster = cluster
        self.name = f"{cluster.name} {awaited[0].resource.qualified_name}"
        self.scope = _make_scope(awaited)
        self.left = {found.key: found for found in awaited}
        self._patience = patience
        self._pace = pace
        self._told: dict[Key, Progress] = {}
        self._began = time.monotonic()

    def watch(self, halt: Halt) -> Iterator[Sequence[Task[Judged]]]:
        """Yield what is new of the objects until nothing is left of them."""
        is_new = any(found.is_new for found in self.left.values())
        news = follow(
            self.cluster,
            self.scope,
            deadline=self._patience.deadline,
            first_watch=self._pace.first_word if is_new else None,
            pace=self._pace,
            halt=halt,
        )
        for found in news:
            yield from self.take(found)
            if not self.left:
                return

    def take(self, news: News) -> Iterator[Sequence[Task[Judged]]]:
        """Yield what *news* changes, as a task that answers it."""
        changed: list[tuple[Awaited, Progress]] = []
        for key, progress in self._judge(news):
            if progress != self._told.get(key):
                self._told[key] = progress
                changed.append((self.left[key], progress))
            if progress.readiness in _SETTLED:
                del self.left[key]
        if changed:
            yield [partial(tuple, changed)]

    def _judge(self, news: News) -> list[tuple[Key, Progress]]:
        match news:
            case Snapshot():
                return [(key, self._judge_one(key, news.objects.get(key))) for key in self.left]
            case Change():
                found = [(news.key, self._judge_one(news.key, news.object))]
                return found if news.key in self.left else []
            case Unreadable():
                progress = Progress(Readiness.UNKNOWN, news.cause)
                return [(key, progress) for key in self.left]

    def _judge_one(self, key: Key, obj: Object | None) -> Progress:
        if obj is None:
            return _MISSING
        progress = judge_readiness(obj, goal=self._patience.goal)
        awaited = self.left.get(key)
        if not progress.is_assumed or awaited is None or not awaited.is_new:
            return progress
        is_early = time.monotonic() - self._began < self._pace.first_word
        return _WORDLESS if is_early else progress


def _make_scope(awaited: Sequence[Awaited]) -> Scope:
    namespaces = {found.key.namespace for found in awaited}
    only = awaited[0].key.name if len(awaited) == 1 else ""
    return Scope(
        awaited[0].resource,
        namespace=namespaces.pop() if len(namespaces) == 1 else "",
        label_selector=MANAGED_SELECTOR,
        field_selector=f"metadata.name={only}" if only else "",
    )
