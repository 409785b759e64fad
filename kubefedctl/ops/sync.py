"""
sync: bring every member cluster to what the host says, once, and record how that went.

Here: the order of a run. Read, plan (pure), execute, record, tell. Not here: any of these steps.

Laws:
1. Finalizers before members, members before version objects, version objects before statuses, and
   the finalizer of a deleted object last: a run cut short anywhere is completed by the next one.
2. One member that fails is told and counted; it stops no other.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.granting import explain_ungranted, ungranted_types
from kubefedctl.core.planning import plan_sync
from kubefedctl.errors import PartialFailure, WaitTimeout
from kubefedctl.model.actions import Action, DeletionPlan, ObjectPlan, Plan, Settled
from kubefedctl.model.events import (
    ClusterTally,
    Event,
    Result,
    Step,
    Summary,
    Verdict,
    Warned,
    counted,
)
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.model.readings import ClusterReading, Desired
from kubefedctl.model.refs import Subject
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.credentials import renew_tokens
from kubefedctl.ops.execution import Executed, dry_run, execute
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.probing import Probed, probe_members, write_cluster_statuses
from kubefedctl.ops.reading import (
    Federation,
    read_desired,
    read_federation,
    read_member,
    synced_types,
)
from kubefedctl.ops.recording import (
    FederatedObjectId,
    HostFailure,
    ensure_finalizers,
    identify,
    record_results,
    remove_finalizers,
)


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """
    How to sync.

    Args:
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        timeout: Seconds to wait until deleted objects are gone from the members.
        is_dry_run: Plan and tell, write nothing.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    timeout: float = 300.0
    is_dry_run: bool = False


def sync(fleet: Fleet, options: SyncOptions, *, pace: Pace = USUAL_PACE) -> Iterator[Event]:
    """
    Yield what happens while every member is brought to what the host says.

    Raises:
        ControlPlaneError: The host has no KubeFed API.
        ClusterError: The host could not be read completely; nothing was written to any member.
        PartialFailure: Some clusters or objects failed; each was told before.
        WaitTimeout: Nothing failed, but deleted objects are not gone from every member in time.
    """
    host = fleet.host
    deadline = time.monotonic() + options.timeout
    yield Step(f"reading the federation from host cluster {host.name}")
    federation = read_federation(host, kubefed_namespace=options.kubefed_namespace)
    for finding in federation.findings:
        yield Warned(f"{finding}; the API server would refuse it today")
    yield Step(f"probing {counted(len(federation.registrations), 'member cluster')}")
    probed = probe_members(fleet, federation, pace=pace)
    run = _Run(host, options, federation, probed, pace)
    yield from run.record_health()
    yield from run.tell_ungranted()
    yield from run.renew_tokens()
    yield Step("reading federated objects and what the members have")
    desired = read_desired(host, federation)
    plan = plan_sync(desired, _read_members(desired, probed))
    yield Step(
        f"planned {counted(len(plan.actions), 'change')} for"
        f" {counted(len(plan.objects) + len(plan.deletions), 'federated object')}"
    )
    yield from run.tell_plan(plan)
    if options.is_dry_run:
        yield from run.tell_all(dry_run(plan))
    else:
        yield from run.carry_out(plan, desired, deadline)
    yield run.summary(plan)
    run.judge()


@dataclass(slots=True)
class _Run:
    """One run's running totals."""

    host: Cluster
    options: SyncOptions
    federation: Federation
    probed: Mapping[str, Probed]
    pace: Pace
    counts: dict[str, Counter[Verdict]] = field(default_factory=dict)
    failures: int = 0
    waiting: int = 0

    def record_health(self) -> Iterator[Event]:
        """Write the KubeFedClusters' statuses and tell which members cannot be synced."""
        for name, found in self.probed.items():
            if not found.is_ready:
                yield Warned(f"cluster {name} is not ready: {found.probe.message}")
        if not self.options.is_dry_run:
            now = now_text()
            for name, cause in write_cluster_statuses(
                self.host, self.federation, self.probed, now=now
            ).items():
                self.failures += 1
                yield Warned(f"the status of KubeFedCluster {name} was not written: {cause}")

    def tell_ungranted(self) -> Iterator[Event]:
        """Tell which types the accounts of members joined with `--rbac types` may not touch."""
        types = [found.target for found in synced_types(self.federation)[0]]
        for _, registration in sorted(self.federation.registrations.items()):
            missing = ungranted_types(registration.source, types)
            if missing:
                yield Warned(explain_ungranted(registration.source, missing))

    def renew_tokens(self) -> Iterator[Event]:
        """Renew the tokens that end soon; what cannot be renewed is told."""
        if not self.options.is_dry_run:
            ready = {n: p.cluster for n, p in self.probed.items() if p.is_ready and p.cluster}
            yield from renew_tokens(self.host, self.federation.registrations, ready)

    def tell_plan(self, plan: Plan) -> Iterator[Event]:
        """Tell what was decided without anything to do, and count what is as it should be."""
        for failure in plan.failures:
            self.failures += 1
            yield Warned(failure)
        for warning in plan.warnings:
            yield Warned(warning)
        for object_plan in plan.objects:
            for warning in object_plan.warnings:
                yield Warned(warning)
            if object_plan.reason is not AggregateReason.SUCCESS:
                self.failures += 1
                yield self._unpropagated(
                    object_plan.federated, object_plan.reason, object_plan.detail
                )
            for name, settled in object_plan.settled.items():
                yield from self._tell_settled(object_plan.federated, name, settled)
        for deletion in plan.deletions:
            yield from self._tell_held_back(deletion)

    def tell_all(self, executed: Iterable[Executed]) -> Iterator[Event]:
        """Tell and count what became of each action."""
        for done in executed:
            yield self._tell(done)

    def carry_out(self, plan: Plan, desired: Desired, deadline: float) -> Iterator[Event]:
        """Do what the plan says and write to the host how it went."""
        refused = ensure_finalizers(self.host, plan.objects)
        yield from self._tell_host_failures(refused)
        stopped = {identify(failure.federated) for failure in refused}
        owners = _owners(plan)
        executed: dict[FederatedObjectId, dict[str, Executed]] = {}
        actions = [action for action in plan.actions if owners.get(_place(action)) not in stopped]
        clusters = {n: p.cluster for n, p in self.probed.items() if p.cluster is not None}
        uids = frozenset(desired.host_namespace_uids.values())
        for done in execute(
            actions, clusters, host_namespace_uids=uids, deadline=deadline, pace=self.pace
        ):
            owner = owners.get(_place(done.action))
            if owner is not None:
                executed.setdefault(owner, {})[done.action.cluster] = done
            yield self._tell(done)
        propagated = [found for found in plan.objects if identify(found.federated) not in stopped]
        yield from self._tell_host_failures(
            record_results(self.host, propagated, executed, now=now_text())
        )
        yield from self._finish_deletions(plan.deletions, executed)

    def summary(self, plan: Plan) -> Summary:
        """Return the totals of the run."""
        return Summary(
            clusters=tuple(
                ClusterTally(
                    cluster=name,
                    is_ready=found.is_ready,
                    counts=dict(self.counts.get(name, Counter())),
                    note=found.probe.message,
                )
                for name, found in sorted(self.probed.items())
            ),
            federated=len(plan.objects) + len(plan.deletions),
            is_dry_run=self.options.is_dry_run,
        )

    def judge(self) -> None:
        """
        Turn the totals into the end of the run.

        Raises:
            PartialFailure: Something failed.
            WaitTimeout: Something is not gone yet.
        """
        if self.failures:
            raise PartialFailure(
                f"{counted(self.failures, 'failure')}; everything else is as the host says",
                hint="the lines above name clusters, objects and causes, with --v=1 the objects of"
                " clusters that are not ready, too; sync again when they are mended",
            )
        if self.waiting and not self.options.is_dry_run:
            raise WaitTimeout(
                f"{counted(self.waiting, 'object')} deleted but not gone after"
                f" {self.options.timeout:g}s",
                hint="run sync again, or give it longer with --timeout",
            )

    def _finish_deletions(
        self,
        deletions: Iterable[DeletionPlan],
        executed: Mapping[FederatedObjectId, Mapping[str, Executed]],
    ) -> Iterator[Event]:
        """Take the finalizer off what is gone everywhere."""
        gone = (Verdict.DELETED, Verdict.UNLABELLED)
        finished = [
            plan.federated
            for plan in deletions
            if not plan.problem
            and not plan.blockers
            and all(
                done.verdict in gone for done in executed.get(identify(plan.federated), {}).values()
            )
        ]
        failures = remove_finalizers(self.host, finished)
        yield from self._tell_host_failures(failures)
        failed = {identify(failure.federated) for failure in failures}
        for federated in finished:
            if identify(federated) not in failed:
                yield Result(Verdict.DELETED, federated.subject, self.host.name)

    def _tell(self, done: Executed) -> Result:
        action = done.action
        self._tally(action.cluster, done.verdict)
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
            is_dry_run=self.options.is_dry_run,
        )

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
        causes = [f"{name}: {cause}" for name, cause in plan.blockers.items()]
        if plan.problem or causes:
            self.failures += 1
            detail = plan.problem or "its deletion waits for " + "; ".join(causes)
            yield Result(
                Verdict.FAILED,
                plan.federated.subject,
                self.host.name,
                detail=detail,
                is_dry_run=self.options.is_dry_run,
            )

    def _unpropagated(
        self, federated: FederatedObject, reason: AggregateReason, detail: str
    ) -> Result:
        subject: Subject = federated.subject
        if reason is AggregateReason.NAMESPACE_NOT_FEDERATED:
            detail = f"namespace {federated.key.namespace} has no FederatedNamespace"
        return Result(Verdict.FAILED, subject, self.host.name, reason=reason.value, detail=detail)

    def _tell_host_failures(self, failures: Iterable[HostFailure]) -> Iterator[Event]:
        for failure in failures:
            if not failure.detail:
                continue
            self.failures += 1
            yield Result(
                Verdict.FAILED, failure.federated.subject, self.host.name, detail=failure.detail
            )

    def _tally(self, cluster: str, verdict: Verdict) -> None:
        self.counts.setdefault(cluster, Counter())[verdict] += 1


def _read_members(desired: Desired, probed: Mapping[str, Probed]) -> dict[str, ClusterReading]:
    """Read every ready member side by side; the others get a reading that says why not."""
    readings = run_side_by_side(
        {
            name: partial(read_member, found.cluster, desired)
            for name, found in probed.items()
            if found.is_ready and found.cluster is not None
        }
    )
    for name, found in probed.items():
        if name not in readings:
            readings[name] = ClusterReading(name, False, note=found.probe.message)
    return readings


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
