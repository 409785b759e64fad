"""
Taking, renewing and giving back the lock of a sync.

Here: the requests, and how long something was seen unchanged. Not here: what a record says and who
may take it (`core.locking`), and what happens to a run without a lock (`fencing`, `sync`).

Laws:
1. Every write carries the resourceVersion that was read. A race that was lost is a lock not held.
2. The lock counts as lost when it could not be renewed for `renewDeadline`, whatever the threads
   are doing: it is asked before each write. Others may take it only later, after `leaseDuration`.
3. What is not ours any more is not given back.

Upstream: tools/leaderelection/leaderelection.go of client-go @ v0.22.2. Unlike KubeFed's
controller-manager, a sync gives the lock back when it ends.
"""

from __future__ import annotations

import math
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.locking import (
    has_run_out,
    next_record,
    read_lock_record,
    released_record,
    with_lock_record,
)
from kubefedctl.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from kubefedctl.model.events import Event, Warned
from kubefedctl.model.locks import HOLDER_PREFIX, LEADER_NAME, LEASE_NAME, LockRecord, LockTerms
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import LEASES
from kubefedctl.ops.clock import now_text
from kubefedctl.ops.fanout import repeat_beside, run_side_by_side, run_within
from kubefedctl.ops.fencing import FencedFleet
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.writing import find

_LONGEST_LOOK = 1.0
_LONGEST_NAME = 128
_ATTEMPTS = 3
_RELEASE_SECONDS = 5.0
_URGENT_RELEASE_SECONDS = 1.0


def make_holder() -> str:
    """Return an identity that no other run has, and by which people find where this one runs."""
    return f"{HOLDER_PREFIX}{socket.gethostname()}_{uuid.uuid4()}"


class SyncLock:
    """
    The lock of one run: KubeFed's leader record and our Lease, held together or not at all.

    Args:
        host: The host cluster, without a fence.
        namespace: The KubeFed namespace.
        terms: How long the lock lasts.
        halt: Asked to halt when the lock is lost; its `wait` is the pause between two looks.
        holder: Our identity.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        host: Cluster,
        namespace: str,
        *,
        terms: LockTerms,
        halt: Halt,
        holder: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        make = partial(_Claim, host, terms=terms, holder=holder, clock=clock)
        self._lease = make(LEASES, Key(namespace, LEASE_NAME))
        self._leader = make(terms.leader, Key(namespace, LEADER_NAME))
        self._claims = {"lease": self._lease, "leader": self._leader}
        self._namespace = namespace
        self._terms = terms
        self._halt = halt
        self._clock = clock
        self._loss: RefusedError | None = None
        self._trouble = ""
        self._stop_renewing: Callable[[], None] | None = None
        self._was_released = False

    def take(self, *, wait: float) -> Iterator[Event]:
        """
        Take the lock, and tell who holds it while that takes time.

        Args:
            wait: Seconds to wait for others; 0 for not at all.

        Raises:
            RefusedError: Somebody else holds it until the end.
            ClusterError: The host does not answer, or forbids it.
        """
        end: float | None = None
        told: str | None = None
        while (other := self._try_to_take()) is not None:
            now = self._clock()
            end = now + wait if end is None else end
            left = end - now
            if left <= 0:
                raise self._refuse(other)
            if other.holder != told:
                told = other.holder
                yield Warned(f"waiting up to {_spell(left)} for the lock: {_describe(other)}")
            pause = min(left, self._terms.period, _LONGEST_LOOK)
            if self._halt.wait(pause) and self._halt.reason is not None:
                raise self._halt.reason

    def keep(self) -> None:
        """Renew the lock from now on, in the background, until it is released or lost."""
        self._stop_renewing = repeat_beside(self.renew, every=self._terms.period)

    def fence(self, fleet: Fleet) -> Fleet:
        """Return *fleet* as it is written to under this lock, and no longer."""
        return FencedFleet(fleet, self.check)

    def check(self) -> None:
        """
        Do nothing while the lock is held.

        Raises:
            RefusedError: It is lost or was given back.
        """
        if self._loss is None and not self._is_fresh():
            self._lose(
                f"it could not be renewed for {self._terms.deadline:g}s",
                self._trouble,
            )
        if self._loss is not None:
            raise self._loss

    def renew(self) -> bool:
        """Renew the lock once; return whether to go on doing so."""
        try:
            for claim in self._claims.values():
                if not claim.renew():
                    self._lose(_describe(claim.record))
                    return False
            self._trouble = ""
        except ClusterError as error:
            self._trouble = error.message
        if not self._is_fresh():
            self._lose(f"it could not be renewed for {self._terms.deadline:g}s", self._trouble)
        return self._loss is None

    def release(self) -> None:
        """
        Give the lock back, where it is still ours, and let no write pass any more; once is enough.

        A host that does not answer is given some seconds: the lock then ends by itself.
        """
        if self._was_released:
            return
        self._was_released = True
        if self._stop_renewing is not None:
            self._stop_renewing()
        if self._loss is None:
            self._loss = RefusedError("the lock was given back")
        seconds = _URGENT_RELEASE_SECONDS if self._halt.is_urgent else _RELEASE_SECONDS
        ours = {name: claim.release for name, claim in self._claims.items() if claim.was_tried}
        run_within(seconds, ours)

    def _is_fresh(self) -> bool:
        oldest = min(claim.renewed_at for claim in self._claims.values())
        return self._clock() - oldest < self._terms.deadline

    def _lose(self, *causes: str) -> None:
        if self._was_released:
            return  # NB: a renewal under way finds what the release left
        if self._loss is None:
            cause = ": ".join(found for found in causes if found)
            self._loss = RefusedError(
                f"the lock was lost, and nothing was written any more: {cause}",
                hint="run sync again when nobody else is at work; it completes this run",
            )
        self._halt.ask(self._loss)

    def _try_to_take(self) -> LockRecord | None:
        """Take both claims, or none of them; return who is in the way."""
        try:
            run_side_by_side({name: claim.look for name, claim in self._claims.items()})
            for claim in (self._leader, self._lease):
                if not claim.is_free:
                    return claim.record
            for claim in (self._lease, self._leader):
                if not claim.take():
                    self._give_back()
                    return claim.record
        except ForbiddenError as error:
            raise self._explain(error) from error
        return None

    def _give_back(self) -> None:
        for claim in self._claims.values():
            if claim.was_tried:
                claim.release()

    def _refuse(self, other: LockRecord) -> RefusedError:
        hint = (
            f"wait for it with --lock wait=5m; a run that was killed loses the lock after"
            f" {other.seconds or self._terms.duration:g}s"
        )
        if not other.is_of_a_sync:
            hint = (
                f"stop it with `kubectl scale deployment {LEADER_NAME} -n {self._namespace}"
                " --replicas=0`, or leave the federation to it"
            )
        return RefusedError(f"the lock is taken: {_describe(other)}", hint=hint)

    def _explain(self, error: ForbiddenError) -> ForbiddenError:
        return ForbiddenError(
            act=error.act,
            subject=error.subject,
            cluster=error.cluster,
            status=error.status,
            reason=error.reason,
            message=error.cause,
            hint="the lock needs get, create and update of leases (coordination.k8s.io) and"
            f" {self._terms.leader.plural} in namespace {self._namespace}; --lock none syncs"
            " without one",
        )


class _Claim:
    """
    One of the two objects that make the lock; each method is safe beside the others.

    Args:
        host: The host cluster.
        resource: The object's type.
        key: Its place.
        terms: How long a claim lasts.
        holder: Our identity.
        clock: Monotonic seconds.
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
    ) -> None:
        self._host = host
        self._resource = resource
        self._key = key
        self._terms = terms
        self._holder = holder
        self._clock = clock
        self._mutex = threading.Lock()
        self._obj: Object | None = None
        self._seen_at = -math.inf
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
            before = None if self._obj is None else self.record
            self.was_tried = True
            return self._write(self._next(before))

    def renew(self) -> bool:
        """Write our record again; return False where it is not ours any more."""
        with self._mutex:
            if self._write(self._next(self.record)):
                return True
            # NB: anybody may label or delete the object; that takes no lock away
            is_ours = self._obj is None or self.record.holder == self._holder
            return is_ours and self._write(self._next(None if self._obj is None else self.record))

    def release(self) -> None:
        """Clear our record where it still stands; a host that does not answer is left alone."""
        with self._mutex:
            try:
                if self.record.holder != self._holder:
                    self._look()  # NB: a write of ours may have arrived whose answer did not
                for _ in range(_ATTEMPTS):
                    if self.record.holder != self._holder or self._write(self._released()):
                        return
            except ClusterError:
                return

    def _next(self, before: LockRecord | None) -> LockRecord:
        seconds = math.ceil(self._terms.duration)
        return next_record(before, self._holder, now=now_text(), seconds=seconds)

    def _released(self) -> LockRecord:
        return released_record(self.record, now=now_text())

    def _look(self) -> None:
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
        try:
            if self._obj is None:
                self._obj = self._host.create(self._resource, body)
            else:
                self._obj = self._host.update(self._resource, body)
        except (ConflictError, NotFoundError):
            self._look()
            # NB: our own write may have arrived twice, and met itself
            if self.record != record:
                return False
        self.record = record
        self.renewed_at = started
        return True


def _describe(record: LockRecord) -> str:
    """Return who holds a lock, and since when."""
    if not record.holder:
        return "its record was cleared"
    who = "the sync" if record.is_of_a_sync else "KubeFed's controller-manager"
    name = record.holder[:_LONGEST_NAME]
    since = f" since {record.acquired[:_LONGEST_NAME]}" if record.acquired else ""
    return f"{who} {name} holds it{since}"


def _spell(seconds: float) -> str:
    """Return a time as people give it."""
    return f"{round(seconds)}s" if seconds >= 1 else f"{round(seconds * 1000)}ms"
