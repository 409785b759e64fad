"""
Writing the members: group after group of clusters, each waited for before the next.

Here: the order of waves, what stops it, and which federated object each answer belongs to. Not
here: lanes and requests (`execution`), what a wave is (`core.waving`), what is recorded of it.

Laws:
1. Clusters of a wave that is not reached are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.waving import (
    ClusterWave,
    explain_wave,
    find_trouble,
    split_plans,
    without_clusters,
)
from kubefedctl.model.actions import Action, DeletionPlan, ObjectPlan, Plan
from kubefedctl.model.events import Event, Step, Verdict
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.progress import Goal
from kubefedctl.model.readings import Observed
from kubefedctl.model.refs import Key, Resource
from kubefedctl.ops.awaiting import Awaited, Patience
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.execution import Executed, execute_aloud
from kubefedctl.ops.fanout import Silence
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.progress import Progress
from kubefedctl.ops.readying import await_ready, find_awaited
from kubefedctl.ops.recording import FederatedObjectId, identify
from kubefedctl.ops.totals import Totals

_TROUBLE = frozenset({Verdict.FAILED, Verdict.WAITING})
_GONE = frozenset({Verdict.DELETED, Verdict.UNLABELLED})


def _begin_at_once(wave: ClusterWave) -> Generator[Event, None, Collection[str]]:
    yield from ()
    return ()


def _record_nothing(plans: Sequence[ObjectPlan]) -> Iterator[Event]:
    return iter(())


Begin = Callable[[ClusterWave], Generator[Event, None, Collection[str]]]
Record = Callable[[Sequence[ObjectPlan]], Iterator[Event]]


@dataclass(frozen=True, slots=True)
class RollOut:
    """
    How the members of one run are written.

    Args:
        clusters: The members that can be asked, by name.
        totals: Counts and tells what happens.
        pace: How long to wait for what clusters do by themselves.
        halt: Stops the run when it is asked to.
        waves: The members in the order in which they are written; at least one wave.
        goal: What the objects in members are to become before it ends, and before the next wave;
            None for not waiting.
        host_namespace_uids: Uids of the host's namespaces, which are adopted in any case.
    """

    clusters: Mapping[str, Cluster]
    totals: Totals
    pace: Pace
    halt: Halt
    waves: tuple[ClusterWave, ...]
    goal: Goal | None = None
    host_namespace_uids: frozenset[str] = frozenset()

    def write(
        self,
        plan: Plan,
        observed: Observed,
        done: Done,
        *,
        deadline: float,
        begin: Begin = _begin_at_once,
        record: Record = _record_nothing,
    ) -> Generator[Event, None, frozenset[str]]:
        """
        Write one wave after the other, and return the clusters that were not reached.

        Args:
            plan: What is to be done.
            observed: What was read of the members.
            done: Remembers what became of each action.
            deadline: Until when to wait for members, on the monotonic clock.
            begin: Prepares a wave, and returns its clusters that must not be written after all.
            record: Writes down what a wave made of some objects.
        """
        for number, wave in enumerate(self.waves):
            rest = self.waves[number + 1 :]
            later = frozenset(name for found in rest for name in found.clusters)
            if wave.name:
                yield Step(explain_wave(wave), level=0)
            refused = yield from begin(wave)
            done.troubled.update(refused)
            reached = without_clusters(plan, later)
            clusters = frozenset(wave.clusters) - set(refused)
            actions = [found for found in reached.actions if found.cluster in clusters]
            yield from self._execute(actions, done, deadline)
            is_last = not rest or self.halt.is_asked
            now, otherwise = split_plans(reached, wave, is_last=is_last)
            yield from record(now)
            if is_last:
                return later
            trouble = find_trouble(reached, wave, observed, done.troubled)
            if not trouble:
                trouble = yield from self._await_wave(reached, done, wave, deadline)
            if trouble or self.halt.is_asked:
                yield from record(otherwise)
                yield from self.totals.stop_at(wave, plan, later, cause=trouble)
                return later
        return frozenset()

    def find_awaited(self, plan: Plan, done: Done) -> tuple[Awaited, ...]:
        """Return what is to be waited for once the last wave is written."""
        return self._find_awaited(plan, done, self.waves[-1])

    def await_all(
        self, awaited: Sequence[Awaited], *, deadline: float, wave: str = ""
    ) -> Generator[Event, None, bool]:
        """Wait for objects, where that is wanted; return whether all are there."""
        if self.goal is None:
            return True
        return (
            yield from await_ready(
                awaited,
                self.clusters,
                patience=Patience(self.goal, deadline, wave=wave or self.waves[-1].name),
                totals=self.totals,
                pace=self.pace,
                halt=self.halt,
            )
        )

    def _await_wave(
        self, plan: Plan, done: Done, wave: ClusterWave, deadline: float
    ) -> Generator[Event, None, str]:
        """Wait for a wave before the next; return what is amiss, if anything is."""
        awaited = self._find_awaited(plan, done, wave)
        is_ready = yield from self.await_all(awaited, deadline=deadline, wave=wave.name)
        return "" if is_ready else f"it is not {self.goal}"

    def _find_awaited(self, plan: Plan, done: Done, wave: ClusterWave) -> tuple[Awaited, ...]:
        if self.goal is None:
            return ()
        return tuple(
            find_awaited(plan.objects, done.by_object, clusters=wave.clusters, goal=self.goal)
        )

    def _execute(self, actions: Sequence[Action], done: Done, deadline: float) -> Iterator[Event]:
        """Write the members, tell what becomes of each action, and remember it in *done*."""
        progress = Progress(actions, beat=self.pace.beat)
        yield progress.begin()
        for heard in execute_aloud(
            actions,
            self.clusters,
            host_namespace_uids=self.host_namespace_uids,
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
        self.gone: set[tuple[str, Resource, Key]] = set()

    def owner_of(self, action: Action) -> FederatedObjectId | None:
        """Return which federated object an action belongs to; orphans belong to none."""
        return self._owners.get(_place(action))

    def of(self, federated: FederatedObject) -> Mapping[str, Executed]:
        """Return what became of the actions of *federated*, by cluster."""
        return self.by_object.get(identify(federated), {})

    def add(self, executed: Executed) -> None:
        """Remember what became of one action, what went, and where something went amiss."""
        if executed.verdict in _TROUBLE:
            self.troubled.add(executed.action.cluster)
        if executed.verdict in _GONE:
            action = executed.action
            self.gone.add((action.cluster, action.resource, action.key))
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
