"""
Following the objects of one type in one cluster: a list, then a watch from there, and anew.

Here: what a broken watch, an expired version, and a type that cannot be watched lead to. Not here:
what is made of the objects.

Laws:
1. What was missed while no watch was open is in the next list: after every break comes a list.
2. A cluster that answers at once is not asked in a circle: between two rounds there is a pause.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from kubefedctl.cluster.port import Cluster, WatchEvent
from kubefedctl.errors import ClusterError, ForbiddenError, InvalidError, NotFoundError
from kubefedctl.model.objects import by_key, key_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.halting import Halt


@dataclass(frozen=True, slots=True)
class Scope:
    """
    Which objects of a type are followed.

    Args:
        resource: The type.
        namespace: Of this namespace alone; empty for all.
        label_selector: With these labels alone.
        field_selector: With these fields alone.
    """

    resource: Resource
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is there."""

    objects: Mapping[Key, Object]


@dataclass(frozen=True, slots=True)
class Change:
    """One object as it is now; None where it is gone, or no longer in the scope."""

    key: Key
    object: Object | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nothing is known for now, and why."""

    cause: str


News: TypeAlias = Snapshot | Change | Unreadable


def look(cluster: Cluster, scope: Scope) -> Snapshot | Unreadable:
    """Return what is there, by one list."""
    try:
        listed = _list(cluster, scope)
    except ClusterError as error:
        return Unreadable(error.answer)
    return Snapshot(by_key(listed[0]))


def follow(
    cluster: Cluster,
    scope: Scope,
    *,
    deadline: float,
    first_watch: float | None = None,
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Iterator[News]:
    """
    Yield what is there, and what changes, until the deadline; at least one answer.

    Args:
        cluster: Where.
        scope: Which objects.
        deadline: On the monotonic clock.
        first_watch: Seconds after which the first watch gives way to a list; None for the usual.
        pace: How long to pause between rounds, and how long a watch lasts.
        halt: Ends the pauses; what is under way is for the caller to leave.
    """
    halt = halt or Halt()
    pause, window, may_watch = pace.first_look, first_watch or pace.watch, True
    while True:
        began = time.monotonic()
        try:
            objects, version = _list(cluster, scope)
        except ClusterError as error:
            yield Unreadable(error.answer)
        else:
            yield Snapshot(by_key(objects))
            if may_watch and deadline > time.monotonic():
                may_watch = yield from _watch(
                    cluster, scope, version, seconds=min(window, deadline - time.monotonic())
                )
                window = pace.watch
        left = deadline - time.monotonic()
        if left <= 0:
            return
        lasted = time.monotonic() - began > pace.longest_look
        pause = pace.first_look if lasted and may_watch else min(pause * 2, pace.longest_look)
        if halt.wait(min(pause, left)):
            return


def _watch(
    cluster: Cluster, scope: Scope, version: str, *, seconds: float
) -> Generator[News, None, bool]:
    """Yield what changes after *version*; return whether the type can be watched at all."""
    try:
        for event in _open_watch(cluster, scope, version, seconds):
            if event.type != "BOOKMARK":
                gone = event.type == "DELETED"
                yield Change(key_of(event.object), None if gone else event.object)
    except (ForbiddenError, InvalidError, NotFoundError):
        return False
    except ClusterError:
        return True  # NB: broken or expired; the list that comes now tells, also if it fails
    return True


def _list(cluster: Cluster, scope: Scope) -> tuple[tuple[Object, ...], str]:
    listed = cluster.list(
        scope.resource,
        namespace=scope.namespace,
        label_selector=scope.label_selector,
        field_selector=scope.field_selector,
    )
    return listed.items, listed.resource_version


def _open_watch(
    cluster: Cluster, scope: Scope, version: str, seconds: float
) -> Iterator[WatchEvent]:
    return cluster.watch(
        scope.resource,
        namespace=scope.namespace,
        resource_version=version,
        label_selector=scope.label_selector,
        field_selector=scope.field_selector,
        timeout=seconds,
    )
