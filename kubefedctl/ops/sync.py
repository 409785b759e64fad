"""
sync: bring every member cluster to what the host says, once, and record how that went.

Here: the order of a run. Lock, read, plan (pure), tell. Not here: carrying the plan out
(`fulfilling`).

Laws:
1. One member that fails is told and counted; it stops no other.
2. Under a lock, every cluster is written through its fence: a lock that is lost ends all writing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.granting import explain_ungranted, ungranted_types
from kubefedctl.core.guarding import DeletionLimit, check_deletions
from kubefedctl.core.narrowing import Request
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.waving import ClusterWave, WaveRule, divide_clusters, explain_wave
from kubefedctl.model.actions import (
    USUAL_WRITING,
    Plan,
    WritePolicy,
)
from kubefedctl.model.announcements import Announcement, Announcing
from kubefedctl.model.events import Event, Step, Warned, counted
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.model.progress import Goal
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.schedules import Rescheduling
from kubefedctl.ops.announcing import Announcer, find_due_of_members
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.configuring import read_lock_terms
from kubefedctl.ops.contents import tell_contents
from kubefedctl.ops.credentials import renew_tokens
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.fulfilling import Fulfilment
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.locking import SyncLock, make_holder
from kubefedctl.ops.narrowing import check_found, narrow_federation, resolve_strategies
from kubefedctl.ops.probing import Probed, probe_members, write_cluster_statuses
from kubefedctl.ops.reading import Federation, read_desired, read_federation, synced_types
from kubefedctl.ops.rescheduling import ReschedulingOptions, reschedule
from kubefedctl.ops.reviewing import (
    NO_REVIEW,
    Reviewer,
    Reviewing,
    check_host,
    check_propagation,
)
from kubefedctl.ops.rollout import RollOut
from kubefedctl.ops.surveying import read_members
from kubefedctl.ops.totals import Totals


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """
    How to sync.

    Args:
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        timeout: Seconds that the run may wait for members: until deleted objects are gone, and with
            a *goal* until objects are ready.
        is_dry_run: Plan and tell, write nothing.
        announcing: Which Kubernetes events to leave on the host.
        writing: How member objects are written.
        lock_wait: Seconds to wait for the lock; None for no lock at all. A dry run takes none.
        rescheduling: What is made of ReplicaSchedulingPreferences.
        request: What to look at; everything if it asks for nothing.
        deletion_scope: Which clusters the deletion of a federated object waits for.
        limit: How many objects may be deleted or unlabelled; None for any number.
        tells_contents: Tell what else goes with namespaces that are deleted.
        compares: Tell what changes, field by field.
        goal: What objects in members are to become before the run ends; None for not waiting. A dry
            run never waits.
        review: What to do with a plan that is written down.
        waves: Which clusters are written together, one wave after the other; nothing for all at
            once. Each waits until the one before it has reached the *goal*.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    timeout: float = 300.0
    is_dry_run: bool = False
    announcing: Announcing = Announcing.AUTO
    writing: WritePolicy = USUAL_WRITING
    lock_wait: float | None = None
    rescheduling: Rescheduling = Rescheduling.AUTO
    request: Request = field(default_factory=Request)
    deletion_scope: DeletionScope = DeletionScope.KNOWN
    limit: DeletionLimit | None = None
    tells_contents: bool = False
    compares: bool = False
    goal: Goal | None = None
    review: Reviewing = NO_REVIEW
    waves: tuple[WaveRule, ...] = ()


def sync(
    fleet: Fleet, options: SyncOptions, *, pace: Pace = USUAL_PACE, halt: Halt | None = None
) -> Generator[Event, None, None]:
    """
    Yield what happens while every member is brought to what the host says.

    The lock is given back when nothing is written any more, and the generator ends or is closed, or
    waits for objects to become ready.

    Args:
        fleet: The clusters.
        options: How to sync.
        pace: How long to wait for what clusters do by themselves.
        halt: Stops the run when it is asked to; what is done by then is recorded.

    Raises:
        ControlPlaneError: The host has no KubeFed API.
        ClusterError: The host could not be read completely; nothing was written to any member.
        InputError: What was asked for is not there.
        RefusedError: Somebody else has the lock, or took it while this ran; or more would be taken
            away than the limit allows, or a plan that was reviewed does not hold any more, and
            nothing was written to any member.
        PartialFailure: Some clusters or objects failed; each was told before.
        WaitTimeout: Nothing failed, but objects are not gone or not ready in every member in time.
    """
    halt = halt or Halt()
    check_host(fleet.host, options.review.plan)
    if options.is_dry_run or options.lock_wait is None:
        yield from _sync(fleet, options, pace, halt)
        return
    namespace = options.kubefed_namespace
    yield Step(f"taking the lock in namespace {namespace} of host cluster {fleet.host.name}")
    # NB: thousands of requests may wait for the host's connections, and the lock ends meanwhile
    apart = fleet.open_host_apart()
    terms = read_lock_terms(apart, kubefed_namespace=namespace)
    lock = SyncLock(
        apart,
        namespace,
        terms=terms,
        halt=halt,
        holder=make_holder(),
        shard=options.request.shard,
    )
    try:
        yield from lock.take(wait=options.lock_wait)
        lock.keep()
        yield from _sync(lock.fence(fleet), options, pace, halt, let_go=lock.release)
    finally:
        lock.release()


def _sync(
    fleet: Fleet,
    options: SyncOptions,
    pace: Pace,
    halt: Halt,
    let_go: Callable[[], None] = lambda: None,
) -> Iterator[Event]:
    """Do it all; *let_go* gives the lock back when nothing is written any more."""
    host = fleet.host
    deadline = time.monotonic() + options.timeout
    yield Step(f"reading the federation from host cluster {host.name}")
    federation = read_federation(host, kubefed_namespace=options.kubefed_namespace)
    federation = narrow_federation(host, federation, options.request)
    waves = divide_clusters(
        options.waves,
        {name: federation.registrations[name].labels for name in federation.looked_at},
        known=frozenset(federation.registrations),
    )
    strategies = resolve_strategies(host, federation.types, options.writing.strategies)
    for finding in federation.findings:
        yield Warned(finding)
    if options.request.shard is not None:
        yield Step(f"looking at shard {options.request.shard}")
    yield Step(f"probing {counted(len(federation.looked_at), 'member cluster')}")
    probed = probe_members(fleet, federation, pace=pace)
    totals = Totals(host.name, options.timeout, options.is_dry_run, options.compares)
    totals.keeps = options.review.drafts
    totals.waves = {name: wave.name for wave in waves for name in wave.clusters}
    run = _Run(host, options, federation, probed, pace, totals, halt)
    yield from run.look_after_members()
    if not federation.config.propagates:
        check_propagation(options.review)
        yield from run.end_without_propagation()
        return
    yield Step("reading federated objects and what the members have")
    desired = read_desired(host, federation, deletion_scope=options.deletion_scope)
    check_found(host, desired)
    observed = read_members(desired, probed)
    reviewer = Reviewer(host, options.review, run.ready, desired)
    desired = yield from run.reschedule(desired, observed)
    plan = plan_sync(desired, observed, writing=replace(options.writing, strategies=strategies))
    yield Step(
        f"planned {counted(len(plan.actions), 'change')} for"
        f" {counted(len(plan.objects) + len(plan.deletions), 'federated object')}"
    )
    plan = yield from reviewer.hold(plan, desired, observed)
    yield from totals.tell_plan(plan)
    if options.tells_contents:
        yield from tell_contents(plan, run.clusters)
    if options.is_dry_run:
        for wave in waves if options.waves else ():
            yield Step(explain_wave(wave), level=0)
        yield from map(totals.tell, run.foresee(plan, desired))
    else:
        check_deletions(plan, observed, options.limit)
        with halt.deferring():
            plan = yield from run.prepare(plan, desired, reviewer)
            rollout = run.make_rollout(waves, desired)
            read = (desired, observed)
            yield from run.fulfil(plan, rollout, read=read, deadline=deadline, let_go=let_go)
    yield from totals.compare(plan)
    yield totals.summary(plan, probed)
    if halt.reason is not None:
        raise halt.reason
    check_deletions(plan, observed, options.limit)
    yield from reviewer.draft(plan, desired, observed, totals=totals)
    totals.judge()
    reviewer.judge()


@dataclass(frozen=True, slots=True)
class _Run:
    """One run: what all its steps need."""

    host: Cluster
    options: SyncOptions
    federation: Federation
    probed: Mapping[str, Probed]
    pace: Pace
    totals: Totals
    halt: Halt

    def look_after_members(self) -> Iterator[Event]:
        """Write the members' health, tell what is amiss with them, renew tokens that end soon."""
        for name, found in self.probed.items():
            if not found.is_ready:
                yield Warned(f"cluster {name} is not ready: {found.probe.message}")
        if not self.options.is_dry_run and self.federation.narrowing.includes_standing_data:
            now = now_text()
            for name, cause in write_cluster_statuses(
                self.host, self.federation, self.probed, now=now
            ).items():
                yield self.totals.warn_of_failure(
                    f"the status of KubeFedCluster {name} was not written: {cause}"
                )
        yield from self._tell_ungranted()
        if self.options.review.plan is None:
            yield from self._renew_tokens()

    def prepare(
        self, plan: Plan, desired: Desired, reviewer: Reviewer
    ) -> Generator[Event, None, Plan]:
        """Write what a comparison has held up, and return the plan as it is then."""
        if self.options.review.plan is None:
            return plan
        yield from self._renew_tokens()
        stored, events = reviewer.store_schedules(plan, desired)
        yield from self.totals.pass_on(events)
        return stored

    def make_rollout(self, waves: Sequence[ClusterWave], desired: Desired) -> RollOut:
        """Return what writes the members, wave by wave."""
        goal = self.options.goal
        uids = frozenset(desired.host_namespace_uids.values())
        return RollOut(self.clusters, self.totals, self.pace, self.halt, tuple(waves), goal, uids)

    def fulfil(
        self,
        plan: Plan,
        rollout: RollOut,
        *,
        read: tuple[Desired, Observed],
        deadline: float,
        let_go: Callable[[], None],
    ) -> Iterator[Event]:
        """Carry the plan out, give the lock back, and wait for what was placed."""
        work = Fulfilment(self.host, self.federation, rollout)
        carried = yield from work.carry_out(plan, *read, deadline=deadline)
        yield from self.announce(carried.due)
        if carried.awaited:
            let_go()
        yield from rollout.await_all(carried.awaited, deadline=deadline)

    def _renew_tokens(self) -> Iterator[Event]:
        if not self.options.is_dry_run and self.federation.narrowing.includes_standing_data:
            looked_at = {n: self.federation.registrations[n] for n in self.federation.looked_at}
            yield from renew_tokens(self.host, looked_at, self.ready)

    def reschedule(self, desired: Desired, observed: Observed) -> Generator[Event, None, Desired]:
        """Follow the ReplicaSchedulingPreferences and return what the host asks for then."""
        rescheduled = reschedule(
            self.host,
            desired,
            observed,
            clusters=self.clusters,
            options=ReschedulingOptions(
                self.options.rescheduling,
                now_text(),
                is_dry_run=self.options.is_dry_run or self.options.review.plan is not None,
            ),
        )
        yield from self.totals.pass_on(rescheduled.events)
        return rescheduled.desired

    def _tell_ungranted(self) -> Iterator[Event]:
        """Tell which types the accounts of members joined with `--rbac types` may not touch."""
        types = [found.target for found in synced_types(self.federation)[0]]
        for name in self.federation.looked_at:
            registration = self.federation.registrations[name]
            missing = ungranted_types(registration.source, types)
            if missing:
                yield Warned(explain_ungranted(registration.source, missing))

    @property
    def clusters(self) -> dict[str, Cluster]:
        """The members that can be asked, by name."""
        return {n: p.cluster for n, p in self.probed.items() if p.cluster is not None}

    @property
    def ready(self) -> dict[str, Cluster]:
        """The members that are ready, by name."""
        return {n: p.cluster for n, p in self.probed.items() if p.is_ready and p.cluster}

    def foresee(self, plan: Plan, desired: Desired) -> Iterator[Executed]:
        """Yield what the plan would come to, with nothing written."""
        uids = frozenset(desired.host_namespace_uids.values())
        return foresee(plan, self.clusters, host_namespace_uids=uids)

    def end_without_propagation(self) -> Iterator[Event]:
        """
        End a run that looks after the members alone.

        Upstream: cmd/controller-manager/app/controller-manager.go, startControllers @ v0.10.0.
        """
        yield Warned(
            "the feature gate PushReconciler is Disabled in the KubeFedConfig: members were probed,"
            " nothing is propagated"
        )
        if not self.options.is_dry_run:
            yield from self.announce(())
        yield self.totals.summary(Plan(), self.probed)
        if self.halt.reason is not None:
            raise self.halt.reason
        self.totals.judge()

    def announce(self, due: Iterable[Announcement]) -> Iterator[Event]:
        """Leave Kubernetes events on the host: those of members first."""
        of_members = (
            find_due_of_members(self.federation, self.probed)
            if self.federation.narrowing.includes_standing_data
            else ()
        )
        announcer = Announcer(self.host, self.options.announcing, now_text())
        yield from announcer.announce(chain(of_members, due))
