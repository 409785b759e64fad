"""
sync -f: bring every member to what files say, with no host cluster.

Here: the order of such a run. It reads files and members, plans with the planner of every sync, and
writes with the lanes of every sync; what was applied is recorded in each member as an ApplySet. Not
here: what files describe (`core.assembling`), what may be deleted (`core.pruning`).

Laws:
1. No host is read or written.
2. A parent grows before anything is written in its member, and shrinks after everything was: a run
   cut short anywhere loses track of nothing.
3. Nothing is deleted unless that is asked for, nor on account of something that was not understood
   or not read completely.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kubefedctl.cluster.port import Fleet
from kubefedctl.core.applysets import GroupKind, kind_of_resource
from kubefedctl.core.assembling import Assembled
from kubefedctl.core.guarding import DeletionLimit, check_deletions
from kubefedctl.core.pruning import check_pruning
from kubefedctl.errors import PartialFailure
from kubefedctl.model.actions import Action
from kubefedctl.model.events import Event, Step, Verdict, counted
from kubefedctl.model.progress import Goal
from kubefedctl.model.refs import Key
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.applysets import write_parents
from kubefedctl.ops.awaiting import Patience
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.contents import tell_contents
from kubefedctl.ops.execution import Executed, execute_aloud
from kubefedctl.ops.fanout import Silence
from kubefedctl.ops.filereading import FileRun, FileSyncOptions, read_files
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.fulfilling import Done
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.progress import Progress
from kubefedctl.ops.readying import await_ready, find_awaited
from kubefedctl.ops.totals import Totals

SAYS = "the files say"


def sync_files(
    fleet: Fleet,
    files: Assembled,
    options: FileSyncOptions,
    *,
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Generator[Event, None, None]:
    """
    Yield what happens while every member is brought to what files say.

    Args:
        fleet: The way to the members, by context; its host is never asked.
        files: What the files describe.
        options: How to sync.
        pace: How long to wait for what clusters do by themselves.
        halt: Stops the run when it is asked to.

    Raises:
        InputError: A context cannot be used, or what was asked for is not there.
        RefusedError: The ApplySet is another tool's, or more would be deleted than is allowed;
            nothing was written to any member.
        PartialFailure: Some clusters or objects failed; each was told before.
        WaitTimeout: Nothing failed, but objects are not gone or not ready in every member in time.
    """
    halt = halt or Halt()
    deadline = time.monotonic() + options.timeout
    totals = Totals("", options.timeout, options.is_dry_run, options.compares, says=SAYS)
    run = yield from read_files(fleet, files, options, totals=totals, pace=pace)
    plan = run.plan
    yield Step(
        f"planned {counted(len(plan.actions), 'change')} for"
        f" {counted(len(plan.objects), 'federated object')}"
    )
    yield from totals.tell_plan(plan)
    yield from tell_contents(plan, run.clusters)
    if options.is_dry_run:
        yield from map(totals.tell, _foresee(run))
    else:
        _check(run, options.limit)
        with halt.deferring():
            work = _Work(run, totals, pace, halt, Done(plan))
            yield from work.carry_out(deadline=deadline)
            yield from work.await_all(options.goal, deadline=deadline)
    yield from totals.compare(plan)
    yield totals.summary(plan, run.probed)
    if halt.reason is not None:
        raise halt.reason
    _check(run, options.limit)
    totals.judge()


def diff_files(
    fleet: Fleet, files: Assembled, options: FileSyncOptions, *, pace: Pace = USUAL_PACE
) -> Generator[Event, None, None]:
    """
    Yield what `sync_files` would change; last a `Compared`. Nothing is written.

    Raises:
        InputError: A context cannot be used, or what was asked for is not there.
        RefusedError: The ApplySet is another tool's.
        PartialFailure: Something could not be compared; it was told before, and so was the rest.
    """
    totals = Totals("", 0.0, is_dry_run=True, compares=True, says=SAYS)
    run = yield from read_files(fleet, files, options, totals=totals, pace=pace)
    yield from totals.tell_plan(run.plan)
    for done in _foresee(run):
        told = totals.tell(done)
        if told.verdict is Verdict.FAILED:
            yield told
    yield from totals.compare(run.plan)
    if totals.failures:
        raise PartialFailure(
            f"{counted(totals.failures, 'failure')}; everything else was compared",
            hint="the lines above name clusters, objects and causes, with --v=1 the objects of"
            " clusters that are not ready, too",
        )


def _foresee(run: FileRun) -> Iterator[Executed]:
    return foresee(run.plan, run.clusters, host_namespace_uids=frozenset())


def _check(run: FileRun, limit: DeletionLimit | None) -> None:
    """Hold that the run takes no more away than is allowed, and not all of it by accident."""
    check_deletions(run.plan, run.observed, limit)
    check_pruning(run.leftovers, run.desired, run.observed, applyset=run.applyset, limit=limit)


@dataclass(frozen=True, slots=True)
class _Work:
    """The second half of a run: what all its steps need."""

    run: FileRun
    totals: Totals
    pace: Pace
    halt: Halt
    done: Done
    gone: set[tuple[str, GroupKind, Key]] = field(default_factory=set)

    def carry_out(self, *, deadline: float) -> Iterator[Event]:
        """Let the parents grow, write the members, let the parents shrink."""
        run, place = self.run, self.run.applyset.place
        grown = {name: said | run.wanted(name) for name, said in run.said.items()}
        refused = write_parents(run.clusters, place, run.due(grown))
        for name, cause in sorted(refused.items()):
            yield self.totals.warn_of_failure(f"nothing is written to cluster {name}: {cause}")
        yield from map(self.totals.tell, _skip(run.plan.actions, refused))
        actions = [action for action in run.plan.actions if action.cluster not in refused]
        yield from self._execute(actions, deadline=deadline)
        if self.halt.is_asked:
            return
        left = {name: run.left(name, self.gone) for name in grown.keys() - refused.keys()}
        seen = {name: grown[name] for name in left}
        failures = write_parents(run.clusters, place, run.due(left, seen), seen=seen)
        yield from map(self.totals.warn_of_failure, failures.values())

    def await_all(self, goal: Goal | None, *, deadline: float) -> Iterator[Event]:
        """Wait for what was carried out, where that is wanted; nothing is written any more."""
        if goal is None or self.halt.is_asked:
            return
        plans, done = self.run.plan.objects, self.done.by_object
        yield from await_ready(
            find_awaited(plans, done, clusters=self.run.clusters, goal=goal),
            self.run.clusters,
            patience=Patience(goal, deadline),
            totals=self.totals,
            pace=self.pace,
            halt=self.halt,
        )

    def _execute(self, actions: Sequence[Action], *, deadline: float) -> Iterator[Event]:
        """Write the members, tell what becomes of each action, and remember what went."""
        progress = Progress(actions, beat=self.pace.beat)
        yield progress.begin()
        for heard in execute_aloud(
            actions,
            self.run.clusters,
            host_namespace_uids=frozenset(),
            deadline=deadline,
            pace=self.pace,
            halt=self.halt,
        ):
            if isinstance(heard, Silence):
                yield progress.wait()
                continue
            progress.note(heard)
            self.done.add(heard)
            if heard.verdict in (Verdict.DELETED, Verdict.UNLABELLED):
                action = heard.action
                kind = kind_of_resource(action.resource)
                self.gone.add((action.cluster, kind, action.key))
            yield self.totals.tell(heard)


def _skip(actions: Iterable[Action], refused: Mapping[str, str]) -> Iterator[Executed]:
    """What became of the actions in members whose parent could not be written."""
    detail = "the ApplySet could not be recorded"
    return (
        Executed(action, Verdict.SKIPPED, PropagationStatus.OK, detail)
        for action in actions
        if action.cluster in refused
    )
