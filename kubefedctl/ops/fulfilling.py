"""
Carrying out the plan of a sync: the finalizers, the members, and what the host is told of it.

Here: the order of these steps. Not here: reading and planning (`sync`), and each of the steps.

Laws:
1. Finalizers before members, members before version objects, version objects before statuses, and
   the finalizer of a deleted object last: a run cut short anywhere is completed by the next one.
2. Of clusters of a wave that is not reached, nothing that is recorded changes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.waving import (
    without_clusters,
)
from kubefedctl.model.actions import DeletionPlan, ObjectPlan, Plan
from kubefedctl.model.announcements import Announcement
from kubefedctl.model.events import Event, Result, Step, Verdict, Warned
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.ops.announcing import find_due
from kubefedctl.ops.awaiting import Awaited
from kubefedctl.ops.clock import now_text
from kubefedctl.ops.reading import Federation
from kubefedctl.ops.recording import (
    ensure_finalizers,
    identify,
    record_deletions,
    record_results,
    remove_finalizers,
)
from kubefedctl.ops.rollout import Done, RollOut
from kubefedctl.ops.servicestatuses import record_service_statuses
from kubefedctl.ops.totals import Totals
from kubefedctl.ops.typekeeping import hold_types, keep_types


@dataclass(frozen=True, slots=True)
class Carried:
    """
    What is left to be done when the members are written and that is recorded.

    Args:
        due: Kubernetes events for the host.
        awaited: Objects in members that are to be waited for.
    """

    due: Iterable[Announcement]
    awaited: tuple[Awaited, ...]


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """
    The second half of a run: what all its steps need.

    Args:
        host: The host cluster.
        federation: Its standing data.
        rollout: How the members are written.
    """

    host: Cluster
    federation: Federation
    rollout: RollOut

    @property
    def totals(self) -> Totals:
        """Counts and tells what happens."""
        return self.rollout.totals

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
        later = yield from self.rollout.write(
            whole,
            observed,
            done,
            deadline=deadline,
            record=lambda plans: self._record(plans, done, observed),
        )
        reached = without_clusters(plan, later)
        yield from self._finish_deletions(reached.deletions, done)
        is_whole = not (self.rollout.halt.is_asked or later)
        if is_whole:
            kept = keep_types(self.host, self.federation, failed=desired.failures)
            yield from self.totals.pass_on(kept)
        due = find_due(reached, done.by_object, refused)
        return Carried(due, self.rollout.find_awaited(whole, done) if is_whole else ())

    def _record(
        self, plans: Sequence[ObjectPlan], done: Done, observed: Observed
    ) -> Iterator[Event]:
        """Write to the host how the plans went."""
        yield Step("recording on the host what was done")
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
