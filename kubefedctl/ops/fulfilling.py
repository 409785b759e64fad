"""
Carrying out the plan of a sync: the finalizers, the members, and what the host is told of it.

Here: the order of these steps, and which federated object each answer belongs to. Not here: reading
and planning (`sync`), and each of the steps.

Laws:
1. Finalizers before members, members before version objects, version objects before statuses, and
   the finalizer of a deleted object last: a run cut short anywhere is completed by the next one.
2. Clusters of a wave that is not reached are left alone, with all that is recorded of them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.waving import (
    ClusterWave,
    explain_wave,
    find_trouble,
    split_plans,
    without_clusters,
)
from kubefedctl.model.actions import Action, DeletionPlan, ObjectPlan, Plan
from kubefedctl.model.announcements import Announcement
from kubefedctl.model.events import Event, Result, Step, Verdict, Warned
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.progress import Goal
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.ops.announcing import find_due
from kubefedctl.ops.awaiting import Awaited, Patience
from kubefedctl.ops.clock import Pace, now_text
from kubefedctl.ops.execution import Executed, execute_aloud
from kubefedctl.ops.fanout import Silence
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.progress import Progress
from kubefedctl.ops.reading import Federation
from kubefedctl.ops.readying import await_ready, find_awaited
from kubefedctl.ops.recording import (
    FederatedObjectId,
    ensure_finalizers,
    identify,
    record_deletions,
    record_results,
    remove_finalizers,
)
from kubefedctl.ops.servicestatuses import record_service_statuses
from kubefedctl.ops.totals import Totals
from kubefedctl.ops.typekeeping import hold_types, keep_types

_TROUBLE = frozenset({Verdict.FAILED, Verdict.WAITING})


@dataclass(frozen=True, slots=True)
class Carried:
    """
    What is left to be done when the members are written and that is recorded.

    Args:
        due: Kubernetes events for the host.
        awaited: Objects in members that are to be waited for.
        wave: The wave that these are in.
    """

    due: Iterable[Announcement]
    awaited: tuple[Awaited, ...]
    wave: ClusterWave


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """
    The second half of a run: what all its steps need.

    Args:
        host: The host cluster.
        federation: Its standing data.
        clusters: The members that can be asked, by name.
        totals: Counts and tells what happens.
        pace: How long to wait for what clusters do by themselves.
        halt: Stops the run when it is asked to.
        waves: The members in the order in which they are written; at least one wave.
        goal: What the objects in members are to become before it ends, and before the next wave;
            None for not waiting.
    """

    host: Cluster
    federation: Federation
    clusters: Mapping[str, Cluster]
    totals: Totals
    pace: Pace
    halt: Halt
    waves: tuple[ClusterWave, ...]
    goal: Goal | None = None

    def carry_out(
        self, plan: Plan, desired: Desired, observed: Observed, *, deadline: float
    ) -> Generator[Event, None, Carried]:
        """Do what the plan says, record it, and return what is left to be done after that."""
        yield from self.totals.pass_on(hold_types(self.host, self.federation))
        refused = ensure_finalizers(self.host, plan.objects)
        yield from self.totals.tell_host_failures(refused)
        stopped = {identify(failure.federated) for failure in refused}
        done = Done(plan)
        held = tuple(p for p in plan.objects if identify(p.federated) not in stopped)
        whole = replace(plan, objects=held)
        later = yield from self._roll_out(whole, desired, observed, done, deadline=deadline)
        reached = without_clusters(plan, later)
        yield from self._finish_deletions(reached.deletions, done)
        is_whole = not (self.halt.is_asked or later)
        if is_whole:
            kept = keep_types(self.host, self.federation, failed=desired.failures)
            yield from self.totals.pass_on(kept)
        due = find_due(reached, done.by_object, refused)
        last = self.waves[-1]
        return Carried(due, self._find_awaited(whole, done, last) if is_whole else (), last)

    def _roll_out(
        self, plan: Plan, desired: Desired, observed: Observed, done: Done, *, deadline: float
    ) -> Generator[Event, None, frozenset[str]]:
        """Write and record one wave after the other; return the clusters that were not reached."""
        for number, wave in enumerate(self.waves):
            rest = self.waves[number + 1 :]
            later = frozenset(name for found in rest for name in found.clusters)
            if wave.name:
                yield Step(explain_wave(wave), level=0)
            reached = without_clusters(plan, later)
            actions = [found for found in reached.actions if found.cluster in wave.clusters]
            yield from self._execute(actions, done, desired, deadline)
            yield Step("recording on the host what was done")
            is_last = not rest or self.halt.is_asked
            now, otherwise = split_plans(reached, wave, is_last=is_last)
            yield from self._record(now, done, observed)
            if is_last:
                return later
            trouble = find_trouble(reached, wave, observed, done.troubled)
            if not trouble:
                trouble = yield from self._await_wave(reached, done, wave, deadline)
            if trouble or self.halt.is_asked:
                yield from self._record(otherwise, done, observed)
                yield from self.totals.stop_at(wave, plan, later, cause=trouble)
                return later
        return frozenset()

    def _await_wave(
        self, plan: Plan, done: Done, wave: ClusterWave, deadline: float
    ) -> Generator[Event, None, str]:
        """Wait for a wave before the next; return what is amiss, if anything is."""
        carried = Carried((), self._find_awaited(plan, done, wave), wave)
        is_ready = yield from self.await_all(carried, deadline=deadline)
        return "" if is_ready else f"it is not {self.goal}"

    def await_all(self, carried: Carried, *, deadline: float) -> Generator[Event, None, bool]:
        """Wait for what was carried out, where that is wanted; return whether it is there."""
        if self.goal is None:
            return True
        return (
            yield from await_ready(
                carried.awaited,
                self.clusters,
                patience=Patience(self.goal, deadline, wave=carried.wave.name),
                totals=self.totals,
                pace=self.pace,
                halt=self.halt,
            )
        )

    def _find_awaited(self, plan: Plan, done: Done, wave: ClusterWave) -> tuple[Awaited, ...]:
        if self.goal is None:
            return ()
        return tuple(
            find_awaited(plan.objects, done.by_object, clusters=wave.clusters, goal=self.goal)
        )

    def _execute(
        self, actions: Sequence[Action], done: Done, desired: Desired, deadline: float
    ) -> Iterator[Event]:
        """Write the members, tell what becomes of each action, and remember it in *done*."""
        uids = frozenset(desired.host_namespace_uids.values())
        progress = Progress(actions, beat=self.pace.beat)
        yield progress.begin()
        for heard in execute_aloud(
            actions,
            self.clusters,
            host_namespace_uids=uids,
            deadline=deadline,
            pace=self.pace,
            halt=self.halt,
        ):
            if isinstance(heard, Silence):
                yield progress.wait()
            else:
                done.add(heard)
                progress.note(heard)
                yield self.totals.tell(heard)

    def _record(
        self, plans: Sequence[ObjectPlan], done: Done, observed: Observed
    ) -> Iterator[Event]:
        """Write to the host how the plans went."""
        config = self.federation.config
        recorded = record_results(
            self.host,
            plans,
            done.by_object,
            now=now_text(),
            collects_raw_status=config.collects_raw_status,
        )
        yield from map(Warned, recorded.warnings)
        failures = record_service_statuses(
            self.host, plans, done.by_object, readings=observed, federation=self.federation
        )
        yield from self.totals.tell_host_failures([*recorded.failures, *failures])

    def _finish_deletions(self, deletions: Iterable[DeletionPlan], done: Done) -> Iterator[Event]:
        """Take the finalizer off what is gone everywhere, and record what is left of the others."""
        gone = {Verdict.DELETED, Verdict.UNLABELLED}
        finished, left = [], []
        for plan in deletions:
            answers = done.of(plan.federated)
            # NB: a run that was stopped has no answer to what it did not try
            verdicts = [answers[a.cluster].verdict for a in plan.actions if a.cluster in answers]
            is_gone = len(verdicts) == len(plan.actions) and gone.issuperset(verdicts)
            if plan.may_finish and is_gone:
                finished.append(plan.federated)
            elif not plan.problem:
                left.append(plan)
        yield from self.totals.tell_host_failures(
            record_deletions(self.host, left, done.by_object, now=now_text())
        )
        failures = remove_finalizers(self.host, finished)
        yield from self.totals.tell_host_failures(failures)
        failed = {identify(failure.federated) for failure in failures}
        for federated in finished:
            if identify(federated) not in failed:
                yield Result(Verdict.DELETED, federated.subject, self.host.name)


class Done:
    """
    What became of a plan's actions, by federated object and cluster.

    Args:
        plan: The plan that is carried out.
    """

    def __init__(self, plan: Plan) -> None:
        self._owners = _owners(plan)
        self.by_object: dict[FederatedObjectId, dict[str, Executed]] = {}
        self.troubled: set[str] = set()

    def owner_of(self, action: Action) -> FederatedObjectId | None:
        """Return which federated object an action belongs to; orphans belong to none."""
        return self._owners.get(_place(action))

    def of(self, federated: FederatedObject) -> Mapping[str, Executed]:
        """Return what became of the actions of *federated*, by cluster."""
        return self.by_object.get(identify(federated), {})

    def add(self, executed: Executed) -> None:
        """Remember what became of one action, and in which clusters something went amiss."""
        if executed.verdict in _TROUBLE:
            self.troubled.add(executed.action.cluster)
        owner = self.owner_of(executed.action)
        if owner is not None:
            self.by_object.setdefault(owner, {})[executed.action.cluster] = executed


def _owners(plan: Plan) -> dict[tuple[str, str, str, str], FederatedObjectId]:
    """Which federated object each action belongs to; orphans belong to none."""
    owners = {}
    planned: list[ObjectPlan | DeletionPlan] = [*plan.objects, *plan.deletions]
    for found in planned:
        for action in found.actions:
            owners[_place(action)] = identify(found.federated)
    return owners


def _place(action: Action) -> tuple[str, str, str, str]:
    key = action.key
    return (action.cluster, action.resource.qualified_name, key.namespace, key.name)
