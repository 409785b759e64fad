"""
Taking, renewing and giving back the lock of a sync.

Here: which objects make the lock, and that it is held whole or not at all. Not here: one of these
objects (`claiming`), what a record says and who may take it (`core.locking`), and what happens to a
run without a lock (`fencing`, `sync`).

Laws:
1. Every write carries the resourceVersion that was read. A race that was lost is a lock not held.
2. The lock counts as lost when it could not be renewed for `renewDeadline`, whatever the threads
   are doing: it is asked before each write. Others may take it only later, after `leaseDuration`.
3. What is not ours any more is not given back.
4. A shard has a Lease of its own, and shares the other two with those of the same total, under one
   name. It takes its own first and gives it back first; who finds no other shard then, gives back
   what is shared. So none of them can lose it to one that leaves.

Upstream: tools/leaderelection/leaderelection.go of client-go @ v0.22.2. Unlike KubeFed's
controller-manager, a sync gives the lock back when it ends.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.locking import (
    count_group,
    name_group,
    name_shard_lease,
    read_lock_record,
)
from kubefedctl.errors import (
    ClusterError,
    ForbiddenError,
    RefusedError,
)
from kubefedctl.model.events import Event, Warned
from kubefedctl.model.locks import HOLDER_PREFIX, LEADER_NAME, LEASE_NAME, LockRecord, LockTerms
from kubefedctl.model.refs import Key
from kubefedctl.model.shards import Shard
from kubefedctl.model.wellknown import LEASES
from kubefedctl.ops.claiming import Claim
from kubefedctl.ops.fanout import repeat_beside, run_all, run_side_by_side, run_within
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
        shard: The part that is synced; None for the whole federation.
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
        shard: Shard | None = None,
    ) -> None:
        make = partial(Claim, host, terms=terms, clock=clock)
        of_all = holder if shard is None else name_group(shard.total)
        shared = partial(make, holder=of_all, mark="" if shard is None else holder)
        self._lease = shared(LEASES, Key(namespace, LEASE_NAME))
        self._leader = shared(terms.leader, Key(namespace, LEADER_NAME))
        self._claims = {"lease": self._lease, "leader": self._leader}
        if shard is not None:
            own = make(LEASES, Key(namespace, name_shard_lease(shard)), holder=holder)
            # NB: before the shared ones, so that who gives those back sees that somebody is there
            self._claims = {"shard": own, **self._claims}
        self._shard = shard
        self._host = host
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
        while (claim := self._try_to_take()) is not None:
            other = claim.record
            now = self._clock()
            end = now + wait if end is None else end
            left = end - now
            if left <= 0:
                raise self._refuse(claim)
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
        run_within(seconds, self._releases())

    def _releases(self) -> dict[str, Callable[[], None]]:
        """What gives everything back: side by side, or that of a shard before what it shares."""
        tried = {name: claim for name, claim in self._claims.items() if claim.was_tried}
        if self._shard is None:
            return {name: claim.release for name, claim in tried.items()}

        def leave() -> None:
            for name, claim in tried.items():
                if name == "shard":
                    claim.release()
                else:
                    claim.release(unless=self._has_others)

        return {"all": leave}

    def _has_others(self) -> bool:
        """
        Whether another run holds what is shared, or may be about to.

        One that was killed counts, too: what is shared runs out then.
        """
        assert self._shard is not None
        # NB: ours, too: the next run of this shard may have taken it since we gave it back
        numbers = range(1, self._shard.total + 1)
        shards = [Shard(number, self._shard.total) for number in numbers]
        keys = [Key(self._namespace, name_shard_lease(shard)) for shard in shards]
        found = run_all([partial(find, self._host, LEASES, key) for key in keys])
        return any(read_lock_record(obj).holder for obj in found)

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

    def _try_to_take(self) -> Claim | None:
        """Take all claims, or none of them; return the one where somebody is in the way."""
        try:
            run_side_by_side({name: claim.look for name, claim in self._claims.items()})
            for claim in reversed(self._claims.values()):
                if not claim.is_free:
                    return claim
            for claim in self._claims.values():
                if not claim.take():
                    self._give_back()
                    return claim
        except ForbiddenError as error:
            raise self._explain(error) from error
        return None

    def _give_back(self) -> None:
        for release in self._releases().values():
            release()

    def _refuse(self, claim: Claim) -> RefusedError:
        other = claim.record
        hint = (
            f"wait for it with --lock wait=5m; a run that was killed loses the lock after"
            f" {other.seconds or self._terms.duration:g}s"
        )
        if not other.is_of_a_sync:
            hint = (
                f"stop it with `kubectl scale deployment {LEADER_NAME} -n {self._namespace}"
                " --replicas=0`, or leave the federation to it"
            )
        is_own = self._shard is not None and claim is self._claims["shard"]
        what = f"the lock of shard {self._shard}" if is_own else "the lock"
        return RefusedError(f"{what} is taken: {_describe(other)}", hint=hint)

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


def _describe(record: LockRecord) -> str:
    """Return who holds a lock, and since when."""
    if not record.holder:
        return "its record was cleared"
    if (total := count_group(record.holder)) is not None:
        return f"a sync in {total} shards holds it"
    who = "the sync" if record.is_of_a_sync else "KubeFed's controller-manager"
    name = record.holder[:_LONGEST_NAME]
    since = f" since {record.acquired[:_LONGEST_NAME]}" if record.acquired else ""
    return f"{who} {name} holds it{since}"


def _spell(seconds: float) -> str:
    """Return a time as people give it."""
    return f"{round(seconds)}s" if seconds >= 1 else f"{round(seconds * 1000)}ms"
