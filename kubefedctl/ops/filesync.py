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
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping

from kubefedctl.cluster.port import Fleet
from kubefedctl.core.applysets import Contents
from kubefedctl.core.assembling import Assembled
from kubefedctl.core.guarding import DeletionLimit, check_deletions
from kubefedctl.core.pruning import check_pruning
from kubefedctl.core.waving import ClusterWave, explain_wave, without_clusters
from kubefedctl.errors import PartialFailure
from kubefedctl.model.actions import Action
from kubefedctl.model.events import Event, Step, Verdict, counted
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.applysets import write_parents
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.contents import tell_contents
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.filereading import FileRun, FileSyncOptions, read_files
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.rollout import Done, RollOut
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
        yield from (Step(explain_wave(wave), level=0) for wave in run.waves if options.waves)
        yield from map(totals.tell, _foresee(run))
    else:
        _check(run, options.limit)
        with halt.deferring():
            rollout = RollOut(run.clusters, totals, pace, halt, run.waves, options.goal)
            yield from _carry_out(run, rollout, deadline=deadline)
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
    check_pruning(
        run.leftovers,
        run.going,
        run.desired,
        run.observed,
        applyset=run.applyset,
        limit=limit,
    )


def _carry_out(run: FileRun, rollout: RollOut, *, deadline: float) -> Iterator[Event]:
    """Let the parents of each wave grow, write its members; let parents shrink at the end."""
    totals, done = rollout.totals, Done(run.plan)
    grown = {name: said | run.wanted(name) for name, said in run.said.items()}
    refused: set[str] = set()

    def begin(wave: ClusterWave) -> Generator[Event, None, Collection[str]]:
        due = run.due({name: grown[name] for name in wave.clusters if name in grown})
        failures = write_parents(run.clusters, run.applyset.place, due)
        for name, cause in sorted(failures.items()):
            yield totals.warn_of_failure(f"nothing is written to cluster {name}: {cause}")
        yield from map(totals.tell, _skip(run.plan.actions, failures))
        refused.update(failures)
        return failures.keys()

    later = yield from rollout.write(run.plan, run.observed, done, deadline=deadline, begin=begin)
    if rollout.halt.is_asked:
        return
    yield from map(totals.warn_of_failure, _shrink(run, done, grown, refused | later))
    if not later:
        plan = without_clusters(run.plan, frozenset(refused))
        yield from rollout.await_all(rollout.find_awaited(plan, done), deadline=deadline)


def _shrink(
    run: FileRun, done: Done, grown: Mapping[str, Contents], untouched: Collection[str]
) -> Iterator[str]:
    """Let parents say no more than there is, and return why one could not be written."""
    left = {name: run.left(name, done.gone) for name in grown if name not in untouched}
    seen = {name: grown[name] for name in left}
    due = run.due(left, seen)
    yield from write_parents(run.clusters, run.applyset.place, due, seen=seen).values()


def _skip(actions: Iterable[Action], refused: Mapping[str, str]) -> Iterator[Executed]:
    """What became of the actions in members whose parent could not be written."""
    detail = "the ApplySet could not be recorded"
    return (
        Executed(action, Verdict.SKIPPED, PropagationStatus.OK, detail)
        for action in actions
        if action.cluster in refused
    )
