"""
What a cluster holds: objects by resource, one counter of revisions, and the history of changes.

What belongs here: keeping, finding and remembering. What does not: names, defaults, rules,
deletion semantics (`registry`), HTTP (`server`).

Laws:
1. An object in the store is never changed in place.
2. Every write raises the revision by one and lands in the history with what was there before,
   so that the past (continue tokens, watches) can be rebuilt by undoing.
3. Whoever reads more than one thing, or writes, holds `lock`.

Upstream: apiserver/pkg/storage/etcd3 (keys in order, compaction, continue tokens).
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from kubefedctl.sandbox.objects import Object, meta, name_of, namespace_of
from kubefedctl.sandbox.resources import Key

Place = tuple[str, str]
"""Namespace (empty for cluster-scoped objects) and name."""

HISTORY_LIMIT = 20_000


class Change(StrEnum):
    """What happened to an object, in the words of watch events."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Event:
    """One write: what there is now and what there was before (None for a new object)."""

    revision: int
    change: Change
    key: Key
    obj: Object
    old: Object | None


# NB: inside the class below, `list` is a method.
Objects = list[Object]
Keys = list[Key]
Events = list[Event]


class HistoryLostError(Exception):
    """The past asked for has been forgotten."""

    def __init__(self, oldest: int) -> None:
        super().__init__(f"history starts at {oldest}")
        self.oldest = oldest


@dataclass(slots=True)
class _Shelf:
    """Everything about one resource."""

    objects: dict[Place, Object] = field(default_factory=dict)
    order: list[Place] | None = None
    events: list[Event] = field(default_factory=list)
    revisions: list[int] = field(default_factory=list)
    compacted: int = 0

    def places(self) -> list[Place]:
        if self.order is None:
            self.order = sorted(self.objects)
        return self.order


class Store:
    """
    Objects in memory.

    Thread-safe: each method takes the lock, and `with store.lock:` makes several one.
    """

    def __init__(self, *, history_limit: int = HISTORY_LIMIT) -> None:
        self.lock = threading.RLock()
        self.revision = 1
        self._history_limit = history_limit
        self._shelves: dict[Key, _Shelf] = {}
        self._pending: list[Event] = []
        self._listeners: list[Callable[[], None]] = []
        self._encoded: dict[int, tuple[Object, bytes]] = {}

    def _shelf(self, key: Key) -> _Shelf:
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = _Shelf()
        return shelf

    # Reading

    def get(self, key: Key, namespace: str, name: str) -> Object | None:
        """Return an object, or None. It must not be changed."""
        with self.lock:
            return self._shelf(key).objects.get((namespace, name))

    def list(self, key: Key, namespace: str | None = None) -> list[Object]:
        """Return the objects of one namespace (None: of all) in order. Not to be changed."""
        with self.lock:
            shelf = self._shelf(key)
            return [
                shelf.objects[place]
                for place in shelf.places()
                if namespace is None or place[0] == namespace
            ]

    def list_at(self, key: Key, revision: int) -> Objects:
        """
        Return all objects as they were at a revision.

        Raises:
            HistoryLostError: That is too long ago.
        """
        with self.lock:
            shelf = self._shelf(key)
            if revision < shelf.compacted:
                raise HistoryLostError(shelf.compacted)
            start = bisect_right(shelf.revisions, revision)
            if start == len(shelf.events):
                return self.list(key)
            objects = dict(shelf.objects)
            for event in reversed(shelf.events[start:]):
                place = (namespace_of(event.obj), name_of(event.obj))
                if event.old is None:
                    objects.pop(place, None)
                else:
                    objects[place] = event.old
            return [objects[place] for place in sorted(objects)]

    def held(self) -> Keys:
        """Return the resources that hold objects."""
        with self.lock:
            return [key for key, shelf in self._shelves.items() if shelf.objects]

    def count(self, key: Key) -> int:
        """Return the number of objects of a resource."""
        with self.lock:
            return len(self._shelf(key).objects)

    def walk(self, namespace: str) -> Iterator[tuple[Key, Object]]:
        """Yield every object of a namespace with its resource."""
        for key in self.held():
            for obj in self.list(key, namespace):
                yield key, obj

    def encode(self, key: Key, obj: Object) -> bytes:
        """Return the JSON text of an object; that of stored ones is kept for the next time."""
        known = self._encoded.get(id(obj))
        if known is not None and known[0] is obj:
            return known[1]
        text = json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()
        place = (namespace_of(obj), name_of(obj))
        if self._shelf(key).objects.get(place) is obj:
            self._encoded[id(obj)] = (obj, text)
        return text

    # Writing

    def put(self, key: Key, obj: Object) -> Object:
        """Keep *obj*, stamped with the next revision, and return what is now stored."""
        with self.lock:
            self.revision += 1
            stored = {**obj, "metadata": {**meta(obj), "resourceVersion": str(self.revision)}}
            shelf = self._shelf(key)
            place = (namespace_of(stored), name_of(stored))
            old = shelf.objects.get(place)
            if old is None:
                shelf.order = None
            else:
                self._encoded.pop(id(old), None)
            shelf.objects[place] = stored
            change = Change.ADDED if old is None else Change.MODIFIED
            self._remember(shelf, Event(self.revision, change, key, stored, old))
            return stored

    def remove(self, key: Key, namespace: str, name: str) -> Object | None:
        """Forget an object and return its last state, stamped with the next revision."""
        with self.lock:
            shelf = self._shelf(key)
            old = shelf.objects.pop((namespace, name), None)
            if old is None:
                return None
            shelf.order = None
            self._encoded.pop(id(old), None)
            self.revision += 1
            gone = {**old, "metadata": {**meta(old), "resourceVersion": str(self.revision)}}
            self._remember(shelf, Event(self.revision, Change.DELETED, key, gone, old))
            return gone

    def _remember(self, shelf: _Shelf, event: Event) -> None:
        shelf.events.append(event)
        shelf.revisions.append(event.revision)
        self._pending.append(event)
        if len(shelf.events) > self._history_limit:
            self._cut(shelf, len(shelf.events) // 2)

    def _cut(self, shelf: _Shelf, count: int) -> None:
        if count <= 0:
            return
        shelf.compacted = shelf.revisions[count - 1]
        del shelf.events[:count]
        del shelf.revisions[:count]

    def compact(self) -> None:
        """Forget all history, as etcd does every few minutes: old watches and tokens expire."""
        with self.lock:
            for shelf in self._shelves.values():
                self._cut(shelf, len(shelf.events))
                shelf.compacted = self.revision

    # History

    def events_since(self, key: Key, revision: int) -> Events:
        """
        Return the events of a resource after a revision.

        Raises:
            HistoryLostError: Some of them are forgotten.
        """
        with self.lock:
            shelf = self._shelf(key)
            if revision < shelf.compacted:
                raise HistoryLostError(shelf.compacted)
            return shelf.events[bisect_right(shelf.revisions, revision) :]

    def take_pending(self) -> Events:
        """Return the events since the last call; controllers react to them."""
        with self.lock:
            events, self._pending = self._pending, []
            return events

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call *listener* after each finished request that wrote; returns what ends that."""
        with self.lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self.lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def notify(self) -> None:
        """Tell the listeners that there may be news."""
        with self.lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()
