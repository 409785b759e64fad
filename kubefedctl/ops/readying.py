"""
Waiting until what a sync has brought to the members is ready there.

Here: which objects are waited for after a sync, and what is told of those that are not ready. Not
here: the waiting (`awaiting`).

Laws:
1. What could not be written is not waited for; it is a failure already.
2. What this run has seen ready, and did not write, is not asked for again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.builtin import tells_nothing
from kubefedctl.core.readiness import judge_readiness
from kubefedctl.model.actions import ObjectPlan
from kubefedctl.model.events import Event, Step, counted
from kubefedctl.model.progress import Goal, Readiness
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.awaiting import Awaited, Patience, await_objects
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.recording import WRITTEN, FederatedObjectId, identify
from kubefedctl.ops.totals import Totals


def find_awaited(
    plans: Iterable[ObjectPlan],
    executed: Mapping[FederatedObjectId, Mapping[str, Executed]],
    *,
    clusters: Iterable[str],
    goal: Goal,
) -> Iterator[Awaited]:
    """
    Yield the objects that have to be waited for.

    Args:
        plans: The plans that were carried out.
        executed: What became of their actions, by federated object and cluster.
        clusters: In which members they count.
        goal: What they are to become.
    """
    wanted = frozenset(clusters)
    for plan in plans:
        target = plan.federated.type_config.target
        if tells_nothing(target):
            continue
        done = executed.get(identify(plan.federated), {})
        for name in sorted(wanted & (plan.settled.keys() | done.keys())):
            is_new = name in done
            found = _written(done[name]) if is_new else _standing(plan, name)
            if found is None:
                continue
            progress = judge_readiness(found, goal=goal)
            if not progress.is_current or (progress.is_assumed and is_new):
                yield Awaited(name, target, plan.federated.target_key, is_new)


def await_ready(
    awaited: Iterable[Awaited],
    clusters: Mapping[str, Cluster],
    *,
    patience: Patience,
    totals: Totals,
    pace: Pace,
    halt: Halt,
) -> Generator[Event, None, bool]:
    """
    Wait for *awaited*, tell and count what is not ready, and return whether all is.

    Args:
        awaited: What `find_awaited` yields.
        clusters: The members, by name.
        patience: When the waiting ends.
        totals: Counts and tells.
        pace: How often to look where a watch does not tell.
        halt: Ends the waiting when it is asked.
    """
    found = list(awaited)
    if not found:
        return True
    where = f" of wave {patience.wave}" if patience.wave else ""
    yield Step(f"waiting until {counted(len(found), 'object')}{where} are {patience.goal}")
    left = yield from await_objects(found, clusters, patience=patience, pace=pace, halt=halt)
    for each, progress in sorted(left.items()):
        yield totals.tell_unready(
            each.resource.subject(each.key),
            each.cluster,
            cause=progress.message,
            has_failed=progress.readiness is Readiness.FAILED,
        )
    return not left


def _written(done: Executed) -> Object | None:
    """The object as its write left it; None where nothing was written that could become ready."""
    return done.object if done.verdict in WRITTEN else None


def _standing(plan: ObjectPlan, cluster: str) -> Object | None:
    settled = plan.settled[cluster]
    return settled.observed if settled.outcome.status is PropagationStatus.OK else None
