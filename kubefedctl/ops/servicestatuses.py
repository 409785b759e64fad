"""
Writing FederatedServiceStatus objects after the members have been written.

Laws:
1. Nothing is read or written unless the type config of Services asks for it.
2. An object is written where it differs, and not while its FederatedService is being deleted: the
   host's garbage collector removes it.

Upstream: pkg/controller/status/controller.go @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.servicestatuses import (
    gather_service_statuses,
    next_service_status,
    service_status_type,
)
from kubefedctl.errors import ClusterError
from kubefedctl.model.actions import ObjectPlan
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import by_key, status_of
from kubefedctl.model.readings import ClusterReading
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.reading import Federation
from kubefedctl.ops.recording import WRITTEN, FederatedObjectId, HostFailure, identify

_GONE = frozenset({Verdict.DELETED, Verdict.UNLABELLED})


def record_service_statuses(
    host: Cluster,
    plans: Sequence[ObjectPlan],
    executed: Mapping[FederatedObjectId, Mapping[str, Executed]],
    *,
    readings: Mapping[str, ClusterReading],
    federation: Federation,
) -> list[HostFailure]:
    """
    Write what every ready member says of each federated Service.

    Args:
        host: The host cluster.
        plans: The plans that were carried out, of any type.
        executed: What became of their actions, by federated object and cluster.
        readings: What each member had before.
        federation: The standing data; its one namespace, if there is any, is that of the plans.
    """
    config = federation.config
    wanted = [
        (plan, status_type)
        for plan in plans
        if (status_type := service_status_type(plan.federated.type_config, config)) is not None
    ]
    if not wanted:
        return []
    first, status_type = wanted[0]
    try:
        recorded = by_key(host.list(status_type, namespace=federation.namespace).items)
    except ClusterError as error:
        return [HostFailure(first.federated, error.message)]
    answers = run_all(
        [
            partial(
                _record,
                host,
                plan,
                _see(plan, executed.get(identify(plan.federated), {}), readings),
                readings,
                recorded,
                found,
            )
            for plan, found in wanted
        ]
    )
    return [answer for answer in answers if answer is not None]


def _see(
    plan: ObjectPlan, executed: Mapping[str, Executed], readings: Mapping[str, ClusterReading]
) -> dict[str, Object | None]:
    """`status` of the Service in each cluster whose Services were read."""
    federated = plan.federated
    seen = {}
    for name, reading in readings.items():
        objects = reading.objects.get(federated.type_config.name)
        if objects is None:
            continue
        done = executed.get(name)
        if done is not None and done.verdict in WRITTEN:
            seen[name] = status_of(done.object)
        elif done is not None and done.verdict in _GONE:
            seen[name] = None
        else:
            seen[name] = status_of(objects.get(federated.target_key))
    return seen


def _record(
    host: Cluster,
    plan: ObjectPlan,
    seen: Mapping[str, Object | None],
    readings: Mapping[str, ClusterReading],
    recorded: Mapping[Key, Object],
    status_type: Resource,
) -> HostFailure | None:
    old = recorded.get(plan.federated.key)
    entries = gather_service_statuses(old, seen=seen, readings=readings, unseen=plan.unseen)
    body = next_service_status(plan.federated, old, entries=entries, status_type=status_type)
    if body is None:
        return None
    try:
        if old is None:
            host.create(status_type, body)
        else:
            host.update(status_type, body)
    except ClusterError as error:
        return HostFailure(plan.federated, error.message)
    return None
