"""
One object in the host that says who may sync: looked at, taken, renewed and given back.

Here: the requests, and how long a record was seen unchanged. Not here: which objects make a lock
(`locking`), and what a record says (`core.locking`).

Laws:
1. Every write carries the resourceVersion that was read. A race that was lost is a claim not held.
2. A claim that several hold under one name is theirs as long as one of them renews it. That another
   one did is known only of what happened after the last look.
3. Each write of a shared claim changes it, also within the second that its times tell apart: an API
   server keeps the resourceVersion of what stays the same, and who gives it back would not notice.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import replace

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.locking import (
    has_run_out,
    next_record,
    read_lock_record,
    released_record,
    with_lock_record,
)
from kubefedctl.errors import ClusterError, ConflictError, NotFoundError
from kubefedctl.model.locks import LockRecord, LockTerms
from kubefedctl.model.objects import annotations_of, map_at
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.clock import now_text
from kubefedctl.ops.writing import find

_ATTEMPTS = 3
_SHARED_ATTEMPTS = 6
_MARK = "kubefedctl.io/renewed-by"


class Claim:
    """
    One of the two objects that make the lock; each method is safe beside the others.

    Args:
        host: The host cluster.
        resource: The object's type.
        key: Its place.
        terms: How long a claim lasts.
        holder: Our identity.
        clock: Monotonic seconds.
        mark: What tells us from others that hold it under the same name; empty where nobody does.
    """

    def __init__(
        self,
        host: Cluster,
        resource: Resource,
        key: Key,
        *,
        terms: LockTerms,
        holder: str,
        clock: Callable[[], float],
        mark: str = "",
    ) -> None:
        self._host = host
        self._resource = resource
        self._key = key
        self._terms = terms
        self._holder = holder
        self._clock = clock
        self._mark = mark
        self._is_shared = bool(mark)
        self._writes = 0
        self._mutex = threading.Lock()
        self._obj: Object | None = None
        self._seen_at = -math.inf
        self._asked_at = -math.inf
        self._era: int | None = None
        self.record = LockRecord()
        self.renewed_at = -math.inf
        self.was_tried = False

    @property
    def is_free(self) -> bool:
        """Whether it may be taken, as it was seen last."""
        return self.record.holder in ("", self._holder) or has_run_out(
            self.record,
            unchanged_for=self._clock() - self._seen_at,
            duration=self._terms.duration,
        )

    def look(self) -> None:
        """See what stands there now."""
        with self._mutex:
            self._look()

    def take(self) -> bool:
        """Write our record; return False where somebody else was faster."""
        with self._mutex:
            self.was_tried = True
            if not self._is_shared:
                return self._write(self._next(self._before()))
            self._era = None
            is_taken = self._share(free=("", self._holder))
            self._era = self.record.transitions if is_taken else None
            return is_taken

    def renew(self) -> bool:
        """Write our record again; return False where it is not ours any more."""
        with self._mutex:
            if self._is_shared:
                return self._share(free=(self._holder,))
            if self._write(self._next(self.record)):
                return True
            # NB: anybody may label or delete the object; that takes no lock away
            is_ours = self._obj is None or self.record.holder == self._holder
            return is_ours and self._write(self._next(self._before()))

    def release(self, *, unless: Callable[[], bool] = lambda: False) -> None:
        """
        Clear our record where it still stands; a host that does not answer is left alone.

        Args:
            unless: Asked after each look; where it says so, the record stays.
        """
        with self._mutex:
            try:
                if self._is_shared or not self._is_ours():
                    self._look()  # NB: a write of ours may have arrived whose answer did not
                for _ in range(_SHARED_ATTEMPTS if self._is_shared else _ATTEMPTS):
                    if not self._is_ours() or unless() or self._write(self._released()):
                        return
            except ClusterError:
                return

    def _share(self, *, free: tuple[str, ...]) -> bool:
        """
        Write our record, or see that somebody else of our name has just done so.

        Of a write that was lost to them it is known that theirs came after our look; so the second
        one that is lost proves a renewal within this call.
        """
        for attempt in range(_SHARED_ATTEMPTS):
            asked_at, seen = self._asked_at, self._read_mark()
            if self._write(self._next(self._before())):
                return True
            if self._obj is None:
                continue  # NB: anybody may delete the object; that takes no lock away
            if self.record.holder not in free or not self._is_of_our_era():
                return False
            # NB: one with the mark of before was labelled, and renewed by nobody
            if attempt and self.record.holder == self._holder and self._read_mark() != seen:
                self.renewed_at = max(self.renewed_at, asked_at)
                return True
        return False

    def _is_ours(self) -> bool:
        return self.record.holder == self._holder and self._is_of_our_era()

    def _is_of_our_era(self) -> bool:
        """NB: the same name may stand there again after somebody else has held it."""
        return self._era is None or self.record.transitions == self._era

    def _before(self) -> LockRecord | None:
        return None if self._obj is None else self.record

    def _next(self, before: LockRecord | None) -> LockRecord:
        seconds = math.ceil(self._terms.duration)
        record = next_record(before, self._holder, now=now_text(), seconds=seconds)
        if before is None and self._era is not None:
            return replace(record, transitions=self._era)
        return record

    def _released(self) -> LockRecord:
        return released_record(self.record, now=now_text())

    def _look(self) -> None:
        self._asked_at = self._clock()
        found = find(self._host, self._resource, self._key)
        record = read_lock_record(found)
        if record != self.record or self._obj is None:
            self.record = record
            self._seen_at = self._clock()
        self._obj = found

    def _write(self, record: LockRecord) -> bool:
        """Write *record* over what was read; False where that has changed, which is then read."""
        started = self._clock()
        metadata = {"namespace": self._key.namespace, "name": self._key.name}
        empty = {
            "apiVersion": self._resource.api_version,
            "kind": self._resource.kind,
            "metadata": metadata,
        }
        body = with_lock_record(self._obj or empty, record, self._resource)
        if self._is_shared:
            body = self._with_mark(body, record)
        try:
            if self._obj is None:
                self._obj = self._host.create(self._resource, body)
            else:
                self._obj = self._host.update(self._resource, body)
        except (ConflictError, NotFoundError):
            self._look()
            # NB: our own write may have arrived twice, and met itself; or that of a neighbour
            if self.record != record or self._is_shared:
                return False
        self.record = record
        self._asked_at = self.renewed_at = started
        return True

    def _read_mark(self) -> object:
        return None if self._obj is None else annotations_of(self._obj).get(_MARK)

    def _with_mark(self, body: Object, record: LockRecord) -> Object:
        """*body* with an annotation that no other write has; without one when it is given back."""
        self._writes += 1
        metadata = map_at(body, "metadata")
        kept = {k: v for k, v in map_at(metadata, "annotations").items() if k != _MARK}
        mark = {_MARK: f"{self._mark} {self._writes}"} if record.holder else {}
        return {**body, "metadata": {**metadata, "annotations": {**kept, **mark}}}
