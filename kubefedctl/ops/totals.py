"""
The running totals of a sync: what is told of each object, what is counted, how the run ends.

Here: an event for each thing that was decided or done, and the counts behind exit code and summary.
Not here: deciding (`core.planning`) and doing (`execution`, `recording`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kubefedctl.core.excluding import explain_exclusion, explain_missing_namespace
from kubefedctl.core.waving import ClusterWave, explain_stop
from kubefedctl.errors import PartialFailure, WaitTimeout
from kubefedctl.model.actions import DeletionPlan, Plan, Settled
from kubefedctl.model.events import (
    ClusterTally,
    Compared,
    Event,
    Result,
    Step,
    Summary,
    Verdict,
    Warned,
    counted,
)
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.outcomes import ProbeKind
from kubefedctl.model.refs import Subject
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.ops.comparing import Contrast
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.probing import Probed
from kubefedctl.ops.recording import HostFailure

_MOST_TOLD = 20


@dataclass(slots=True)
class Totals:
    """
    What happened so far in one run.

    Args:
        host_name: The host cluster, for messages; empty where there is none.
        timeout: Seconds that deleted objects were waited for.
        is_dry_run: Whether nothing is written.
        compares: Whether what the actions change is told field by field.
        keeps: Whether what became of the actions is kept for a plan that is written down.
        says: Who says what is asked for.
        waves: The wave that each cluster is in, by name; nothing where there are none.
    """

    host_name: str
    timeout: float
    is_dry_run: bool
    compares: bool = False
    keeps: bool = False
    says: str = "the host says"
    executed: list[Executed] = field(default_factory=list)
    counts: dict[str, Counter[Verdict]] = field(default_factory=dict)
    failures: int = 0
    waiting: int = 0
    unready: int = 0
    waves: Mapping[str, str] = field(default_factory=dict)
    stop: str = ""
    contrast: Contrast = field(default_factory=Contrast)

    def warn_of_failure(self, text: str) -> Warned:
        """Count a failure that belongs to no object of a member, and return what to tell of it."""
        self.failures += 1
        return Warned(text, is_failure=True)

    def pass_on(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield *events* as they are and count the failures among them."""
        for event in events:
            if isinstance(event, Result) and event.verdict is Verdict.FAILED:
                self.failures += 1
            yield event

    def tell_plan(self, plan: Plan) -> Iterator[Event]:
        """Tell what was decided without anything to do, and count what is as it should be."""
        for failure in plan.failures:
            yield self.warn_of_failure(failure)
        for warning in plan.warnings:
            yield Warned(warning)
        for object_plan in plan.objects:
            for warning in object_plan.warnings:
                yield Warned(warning)
            if exclusion := explain_exclusion(object_plan):
                yield Step(exclusion, level=1)
            if object_plan.reason is not AggregateReason.SUCCESS:
                self.failures += 1
                yield self._unpropagated(
                    object_plan.federated, object_plan.reason, object_plan.detail
                )
            for name, settled in object_plan.settled.items():
                yield from self._tell_settled(object_plan.federated, name, settled)
        for deletion in plan.deletions:
            yield from self._tell_held_back(deletion)

    def tell_host_failures(self, failures: Iterable[HostFailure]) -> Iterator[Event]:
        """Tell and count what could not be written to the host."""
        for failure in failures:
            if not failure.detail:
                continue
            self.failures += 1
            yield Result(
                Verdict.FAILED, failure.federated.subject, self.host_name, detail=failure.detail
            )

    def tell(self, done: Executed) -> Result:
        """Count what became of an action and return what to tell of it."""
        action = done.action
        self._tally(action.cluster, done.verdict)
        if self.compares or self.keeps:
            self.contrast.add(done)
        if self.keeps:
            self.executed.append(done)
        if done.verdict is Verdict.FAILED:
            self.failures += 1
        if done.verdict is Verdict.WAITING:
            self.waiting += 1
        return Result(
            verdict=done.verdict,
            subject=action.subject,
            cluster=action.cluster,
            reason=done.status.value,
            detail=done.detail,
            is_dry_run=self.is_dry_run,
            # NB: what a stopped run did not start is counted; a line for each would hide the rest
            level=1 if done.verdict is Verdict.SKIPPED else 0,
        )

    def tell_unready(
        self, subject: Subject, cluster: str, *, cause: str, has_failed: bool
    ) -> Result:
        """Count an object that was waited for in vain, and return what to tell of it."""
        verdict = Verdict.FAILED if has_failed else Verdict.WAITING
        self._tally(cluster, verdict)
        if has_failed:
            self.failures += 1
        else:
            self.unready += 1
        # NB: a line for each of very many would hide the rest; every report has them all
        is_one_of_many = self.unready > _MOST_TOLD and not has_failed
        return Result(
            verdict,
            subject,
            cluster,
            detail=f"not ready: {cause}",
            level=1 if is_one_of_many else 0,
        )

    def stop_at(
        self, wave: ClusterWave, plan: Plan, later: frozenset[str], *, cause: str
    ) -> Iterator[Result]:
        """Tell and count what is not done, since *wave* went amiss, or the run was stopped."""
        if cause:
            self.stop = explain_stop(wave, later, cause)
        for action in plan.actions:
            if action.cluster in later:
                self._tally(action.cluster, Verdict.SKIPPED)
                yield Result(
                    Verdict.SKIPPED,
                    action.subject,
                    action.cluster,
                    detail=f"not started: the run ended after wave {wave.name}",
                    level=1,
                )

    def compare(self, plan: Plan) -> Iterator[Event]:
        """Tell what the actions of *plan* change, where that was asked for."""
        if self.compares:
            yield Compared(self.contrast.end(plan))

    def summary(self, plan: Plan, probed: Mapping[str, Probed]) -> Summary:
        """Return the counts of each member and of the whole run."""
        return Summary(
            clusters=tuple(
                ClusterTally(
                    cluster=name,
                    is_ready=found.is_ready,
                    counts=dict(self.counts.get(name, Counter())),
                    note=found.probe.message,
                    wave=self.waves.get(name, ""),
                    is_offline=found.probe.kind is ProbeKind.UNREACHABLE,
                )
                for name, found in sorted(probed.items())
            ),
            federated=len(plan.objects) + len(plan.deletions),
            is_dry_run=self.is_dry_run,
            in_step=_find_in_step(plan),
        )

    def judge(self) -> None:
        """
        Turn the totals into the end of the run.

        Raises:
            PartialFailure: Something failed.
            WaitTimeout: Something is not gone yet, or not ready.
        """
        late = list(self._say_late())
        if self.failures or (self.stop and not late):
            failed = [counted(self.failures, "failure")] if self.failures else []
            rest = self.stop or f"everything else is as {self.says}"
            raise PartialFailure(
                "; ".join([*failed, *late, rest]),
                hint="the lines above name clusters, objects and causes, with --v=1 the objects of"
                " clusters that are not ready, too; sync again when they are mended",
            )
        if late and not self.is_dry_run:
            rest = f"; {self.stop}" if self.stop else ""
            raise WaitTimeout(
                f"{', '.join(late)} after {self.timeout:g}s{rest}",
                hint="run sync again, or give it longer with --timeout",
            )

    def _say_late(self) -> Iterator[str]:
        """What is not there in time."""
        if self.waiting:
            yield f"{counted(self.waiting, 'object')} deleted but not gone"
        if self.unready:
            is_cut = self.unready > _MOST_TOLD
            hint = f" ({_MOST_TOLD} are named above, --v=1 names all)" if is_cut else ""
            yield f"{counted(self.unready, 'object')} not ready{hint}"

    def _tell_settled(
        self, federated: FederatedObject, cluster: str, settled: Settled
    ) -> Iterator[Event]:
        status = settled.outcome.status
        if status is PropagationStatus.OK:
            self._tally(cluster, Verdict.UNCHANGED)
            return
        self.failures += 1
        self._tally(cluster, Verdict.FAILED)
        # NB: the cluster itself was told of; a thousand lines for its objects would hide the rest
        is_told = status is PropagationStatus.CLUSTER_NOT_READY
        yield Result(
            Verdict.FAILED,
            federated.target_subject,
            cluster,
            reason=status.value,
            detail=settled.detail,
            level=1 if is_told else 0,
        )

    def _tell_held_back(self, plan: DeletionPlan) -> Iterator[Event]:
        """Tell why a deletion cannot be finished in this run, whatever its actions come to."""
        if plan.may_finish:
            return
        causes = [f"{name}: {settled.detail}" for name, settled in plan.settled.items()]
        detail = plan.problem or "its deletion waits for " + "; ".join(causes)
        verdict = Verdict.FAILED if plan.problem or causes else Verdict.SKIPPED
        if verdict is Verdict.FAILED:
            self.failures += 1
        else:
            names = ", ".join(sorted(plan.unseen))
            detail = f"its deletion is finished by a sync that looks at {names}, too"
        yield Result(
            verdict,
            plan.federated.subject,
            self.host_name,
            detail=detail,
            is_dry_run=self.is_dry_run,
        )

    def _unpropagated(
        self, federated: FederatedObject, reason: AggregateReason, detail: str
    ) -> Result:
        subject: Subject = federated.subject
        if reason is AggregateReason.NAMESPACE_NOT_FEDERATED:
            detail = explain_missing_namespace(federated)
        return Result(Verdict.FAILED, subject, self.host_name, reason=reason.value, detail=detail)

    def _tally(self, cluster: str, verdict: Verdict) -> None:
        self.counts.setdefault(cluster, Counter())[verdict] += 1


def _find_in_step(plan: Plan) -> dict[Subject, tuple[str, ...]]:
    """Which objects are as they should be, and in which clusters."""
    found = {}
    for planned in plan.objects:
        names = tuple(
            name
            for name, settled in planned.settled.items()
            if settled.outcome.status is PropagationStatus.OK
        )
        if names:
            found[planned.federated.target_subject] = names
    return found
