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

from kubefedctl.cluster.port import Cluster, PatchType
from kubefedctl.core.reporting import next_status
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
    ConflictError,
    ForbiddenError,
    NotFoundError,
)
from kubefedctl.model.actions import DeletionPlan, ObjectPlan
from kubefedctl.model.events import Verdict
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import (
    SYNC_FINALIZER,
    finalizers_of,
    is_deleting,
    resource_version_of,
    uid_of,
)
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.fanout import run_all

_CONFLICT_ATTEMPTS = 5
_WRITTEN = frozenset(
    {
        Verdict.CREATED,
        Verdict.UPDATED,
        Verdict.ADOPTED,
        Verdict.RECREATED,
        Verdict.UNCHANGED,
    }
)


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
) -> list[HostFailure]:
    """
    Write version objects and statuses after the members have been written.

    Args:
        host: The host cluster.
        plans: The plans that were carried out.
        executed: What became of their actions, by federated object and cluster.
        now: The time to write, RFC 3339.
    """
    answers = run_all(
        [
            partial(_record, host, plan, executed.get(identify(plan.federated), {}), now)
            for plan in plans
        ]
    )
    return [answer for answer in answers if answer is not None]


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
                executed.get(identify(plan.federated), {}),
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
        if done.verdict in _WRITTEN:
            status = (done.object or {}).get("status")
            outcomes[name] = ClusterOutcome(
                remote_status=status if isinstance(status, dict) and status else None,
                was_updated=done.verdict not in (Verdict.CREATED, Verdict.RECREATED),
            )
        elif done.status is not PropagationStatus.OK:
            outcomes[name] = ClusterOutcome(status=done.status)
    return outcomes


def _change_finalizer(
    host: Cluster, federated: FederatedObject, *, wanted: bool
) -> HostFailure | None:
    resource = federated.type_config.federated
    source = federated.source
    try:
        for attempt in range(_CONFLICT_ATTEMPTS):
            held = finalizers_of(source)
            if (SYNC_FINALIZER in held) is wanted:
                return None
            others = [found for found in held if found != SYNC_FINALIZER]
            body = {
                "metadata": {
                    "finalizers": [*others, SYNC_FINALIZER] if wanted else others,
                    "resourceVersion": resource_version_of(source),
                }
            }
            try:
                host.patch(resource, federated.key, body=body)
                return None
            except ConflictError:
                if attempt == _CONFLICT_ATTEMPTS - 1:
                    raise
                source = host.get(resource, federated.key)
                if uid_of(source) != federated.uid or (wanted and is_deleting(source)):
                    return HostFailure(federated, "") if wanted else None
    except NotFoundError:
        return HostFailure(federated, "") if wanted else None
    except ClusterError as error:
        return HostFailure(federated, error.message)
    return None


def _record(
    host: Cluster, plan: ObjectPlan, executed: Mapping[str, Executed], now: str
) -> HostFailure | None:
    """Write both; what became of the version object never keeps the status from being written."""
    problem = ""
    try:
        # NB: forbidden is usual in a namespace that is being deleted; it costs a PUT next time
        with suppress(ForbiddenError):
            if plan.template_hash or plan.overrides_hash:
                _record_versions(host, plan, executed)
    except ClusterError as error:
        problem = error.message
    failure = _record_status(host, plan, executed, reason=plan.reason, now=now)
    return failure or (HostFailure(plan.federated, problem) if problem else None)


def _record_versions(host: Cluster, plan: ObjectPlan, executed: Mapping[str, Executed]) -> None:
    written = {
        name: object_version(done.object)
        for name, done in executed.items()
        if done.verdict in _WRITTEN and done.object is not None
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
        _write_status(host, resource, version_key(plan.federated), status)
    except NotFoundError:
        _create_versions(host, plan, status)
        _write_status(host, resource, version_key(plan.federated), status)


def _create_versions(host: Cluster, plan: ObjectPlan, status: Object) -> None:
    made = make_version_object(plan.federated, status)
    with suppress(AlreadyExistsError):
        host.create(version_resource(plan.federated.type_config), made)


def _record_status(
    host: Cluster,
    plan: ObjectPlan | DeletionPlan,
    executed: Mapping[str, Executed],
    *,
    reason: AggregateReason,
    now: str,
) -> HostFailure | None:
    federated = plan.federated
    status = next_status(
        federated,
        outcomes=gather_outcomes(plan, executed),
        reason=reason,
        now=now,
        collects_status=False,
        unseen=plan.unseen,
    )
    if status is None:
        return None
    try:
        _write_status(host, federated.type_config.federated, federated.key, status)
    except NotFoundError:
        return None  # NB: deleted while it was synced; the next run has nothing to say about it
    except ClusterError as error:
        return HostFailure(federated, error.message)
    return None


def _write_status(host: Cluster, resource: Resource, key: Key, status: Object) -> None:
    """Replace the whole status, whatever stands there, without touching anything else."""
    host.patch(
        resource,
        key,
        body=[{"op": "add", "path": "/status", "value": status}],
        patch_type=PatchType.JSON,
        subresource="status",
    )
