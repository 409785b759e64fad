"""
What a sync writes to the host: finalizers before, version objects and statuses after.

Laws:
1. The finalizer of a federated object is there before its first member is written, and goes when
   nothing of it is left in any member.
2. A status names the generation that was propagated, never a later one.
3. Nothing is written where nothing differs.

Upstream: pkg/controller/sync/controller.go, pkg/controller/sync/version/manager.go,
pkg/controller/sync/status/status.go @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.reporting import is_too_large, next_status
from kubefedctl.core.versions import (
    make_version_object,
    merge_versions,
    object_version,
    version_key,
    version_resource,
)
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ForbiddenError,
    NotFoundError,
)
from kubefedctl.model.actions import ActionVerb, DeletionPlan, ObjectPlan
from kubefedctl.model.events import Verdict
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import SYNC_FINALIZER, status_of
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.revising import set_finalizer, write_status

WRITTEN = frozenset(
    {
        Verdict.CREATED,
        Verdict.UPDATED,
        Verdict.ADOPTED,
        Verdict.RECREATED,
        Verdict.UNCHANGED,
    }
)
"""What tells that the member's object is as it was sent."""


FederatedObjectId: TypeAlias = tuple[str, str, str]
"""Type config, namespace and name: which federated object an action belongs to."""


@dataclass(frozen=True, slots=True)
class HostFailure:
    """
    Something that could not be written to the host.

    Args:
        federated: The federated object that it concerns.
        detail: The cause in words; empty where the object is simply gone, which stops its actions
            but is no failure.
    """

    federated: FederatedObject
    detail: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """
    What came of writing version objects and statuses.

    Args:
        failures: What could not be written.
        warnings: What was written with less in it than there was to tell.
    """

    failures: tuple[HostFailure, ...] = ()
    warnings: tuple[str, ...] = ()


def ensure_finalizers(host: Cluster, plans: Sequence[ObjectPlan]) -> list[HostFailure]:
    """Set KubeFed's finalizer where a plan needs it; return what failed, which must not go on."""
    answers = run_all(
        [
            partial(_change_finalizer, host, plan.federated, wanted=True)
            for plan in plans
            if plan.needs_finalizer
        ]
    )
    return [answer for answer in answers if answer is not None]


def remove_finalizers(host: Cluster, finished: Sequence[FederatedObject]) -> list[HostFailure]:
    """Take KubeFed's finalizer off objects of which nothing is left in any member."""
    answers = run_all(
        [partial(_change_finalizer, host, federated, wanted=False) for federated in finished]
    )
    return [answer for answer in answers if answer is not None]


def record_results(
    host: Cluster,
    plans: Sequence[ObjectPlan],
    executed: Mapping[FederatedObjectId, Mapping[str, Executed]],
    *,
    now: str,
    collects_raw_status: bool = False,
) -> Recorded:
    """
    Write version objects and statuses after the members have been written.

    Args:
        host: The host cluster.
        plans: The plans that were carried out.
        executed: What became of their actions, by federated object and cluster.
        now: The time to write, RFC 3339.
        collects_raw_status: Whether types may have the statuses of member objects collected.
    """
    answers = run_all(
        [
            partial(
                _record,
                host,
                plan,
                executed.get(identify(plan.federated), {}),
                now,
                collects_raw_status and plan.federated.type_config.collects_status,
            )
            for plan in plans
        ]
    )
    return Recorded(
        tuple(failure for failure, _ in answers if failure is not None),
        tuple(warning for _, warning in answers if warning),
    )


def record_deletions(
    host: Cluster,
    plans: Sequence[DeletionPlan],
    executed: Mapping[FederatedObjectId, Mapping[str, Executed]],
    *,
    now: str,
) -> list[HostFailure]:
    """
    Write into the statuses of objects that are being deleted which clusters still hold them.

    A later run learns from it which clusters matter, when the placement is long gone.

    Args:
        host: The host cluster.
        plans: Deletions that this run does not finish.
        executed: What became of their actions, by federated object and cluster.
        now: The time to write, RFC 3339.

    Upstream: KubeFed writes no status during a deletion.
    """
    answers = run_all(
        [
            partial(
                _record_status,
                host,
                plan,
                gather_outcomes(plan, executed.get(identify(plan.federated), {})),
                reason=AggregateReason.CHECK_CLUSTERS,
                now=now,
            )
            for plan in plans
        ]
    )
    return [answer for answer in answers if answer is not None]


def identify(federated: FederatedObject) -> FederatedObjectId:
    """Return what tells *federated* from every other one."""
    return (federated.type_config.name, federated.key.namespace, federated.key.name)


def gather_outcomes(
    plan: ObjectPlan | DeletionPlan, executed: Mapping[str, Executed]
) -> dict[str, ClusterOutcome]:
    """
    Return the entries of the federated status: what was settled and what was carried out.

    Clusters that the object has left have no entry.
    """
    outcomes = {name: settled.outcome for name, settled in plan.settled.items()}
    for name, done in executed.items():
        if done.verdict in WRITTEN:
            outcomes[name] = ClusterOutcome(
                remote_status=status_of(done.object),
                was_updated=done.verdict not in (Verdict.CREATED, Verdict.RECREATED),
            )
        elif done.status is not PropagationStatus.OK:
            # NB: as in KubeFed, what was seen of an object stays known when its write fails
            was_seen = done.action.verb is not ActionVerb.DELETE
            seen = done.object or (done.action.observed if was_seen else None)
            outcomes[name] = ClusterOutcome(status=done.status, remote_status=status_of(seen))
    return outcomes


def _change_finalizer(
    host: Cluster, federated: FederatedObject, *, wanted: bool
) -> HostFailure | None:
    try:
        is_done = set_finalizer(
            host,
            federated.type_config.federated,
            federated.source,
            finalizer=SYNC_FINALIZER,
            wanted=wanted,
        )
    except ClusterError as error:
        return HostFailure(federated, error.message)
    return None if is_done or not wanted else HostFailure(federated, "")


def _record(
    host: Cluster,
    plan: ObjectPlan,
    executed: Mapping[str, Executed],
    now: str,
    collects_status: bool,
) -> tuple[HostFailure | None, str]:
    """Write both; what became of the version object never keeps the status from being written."""
    problem = ""
    try:
        # NB: forbidden is usual in a namespace that is being deleted; it costs a PUT next time
        with suppress(ForbiddenError):
            if plan.template_hash or plan.overrides_hash:
                _record_versions(host, plan, executed)
    except ClusterError as error:
        problem = error.message
    outcomes = gather_outcomes(plan, executed)
    warning = ""
    if collects_status and is_too_large(plan.federated, outcomes, unseen=plan.unseen):
        collects_status = False
        warning = (
            f"{plan.federated.subject}: what the members say of it is more than the host can store;"
            " its status has no remoteStatus"
        )
    failure = _record_status(
        host, plan, outcomes, reason=plan.reason, now=now, collects_status=collects_status
    )
    return failure or (HostFailure(plan.federated, problem) if problem else None), warning


def _record_versions(host: Cluster, plan: ObjectPlan, executed: Mapping[str, Executed]) -> None:
    written = {
        name: object_version(done.object)
        for name, done in executed.items()
        if done.verdict in WRITTEN and done.object is not None
    }
    status = merge_versions(
        plan.version_object,
        template_hash=plan.template_hash,
        overrides_hash=plan.overrides_hash,
        updates=written,
        keep=plan.placed | plan.unseen,
    )
    if status is None:
        return
    resource = version_resource(plan.federated.type_config)
    if plan.version_object is None:
        _create_versions(host, plan, status)
    try:
        write_status(host, resource, version_key(plan.federated), status)
    except NotFoundError:
        _create_versions(host, plan, status)
        write_status(host, resource, version_key(plan.federated), status)


def _create_versions(host: Cluster, plan: ObjectPlan, status: Object) -> None:
    made = make_version_object(plan.federated, status)
    with suppress(AlreadyExistsError):
        host.create(version_resource(plan.federated.type_config), made)


def _record_status(
    host: Cluster,
    plan: ObjectPlan | DeletionPlan,
    outcomes: Mapping[str, ClusterOutcome],
    *,
    reason: AggregateReason,
    now: str,
    collects_status: bool = False,
) -> HostFailure | None:
    federated = plan.federated
    status = next_status(
        federated,
        outcomes=outcomes,
        reason=reason,
        now=now,
        collects_status=collects_status,
        unseen=plan.unseen,
    )
    if status is None:
        return None
    try:
        write_status(host, federated.type_config.federated, federated.key, status)
    except NotFoundError:
        return None  # NB: deleted while it was synced; the next run has nothing to say about it
    except ClusterError as error:
        return HostFailure(federated, error.message)
    return None
