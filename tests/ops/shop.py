"""A shop to be synced: a namespace and a ConfigMap in a host with two members."""

from __future__ import annotations

from typing import Any

from kubefedctl.cluster.port import Fleet
from kubefedctl.errors import (
    KubefedctlError,
)
from kubefedctl.model.actions import Strategies, Strategy, WritePolicy
from kubefedctl.model.events import Event, Summary
from kubefedctl.model.refs import Object
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    AT_ONCE,
    FEDERATED_CONFIG_MAPS,
    KNS,
    WEB,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    told,
)

DELETING: Object = {"deletionTimestamp": "2020-01-01T00:00:00Z"}
ONLY_C1: Object = {"placement": {"clusters": [{"name": "c1"}]}}


def run_sync(
    fleet: Fleet,
    *,
    is_dry_run: bool = False,
    strategy: Strategy = Strategy.APPLY,
    timeout: float = 0.0,
    halt: Halt | None = None,
    **more: Any,
) -> tuple[list[Event], KubefedctlError | None]:
    writing = WritePolicy(strategies=Strategies(strategy))
    options = SyncOptions(KNS, timeout, is_dry_run, writing=writing, **more)
    return told(sync(fleet, options, pace=AT_ONCE, halt=halt))


def make_shop(**metadata: object) -> tuple[MemoryCluster, MemoryFleet]:
    """A host with the namespace `shop` and a ConfigMap in it, and two members."""
    host = make_host()
    federate_namespace(host)
    federate(host, **metadata)  # type: ignore[arg-type]
    return host, make_fleet(host)


def make_synced_shop(**metadata: object) -> tuple[MemoryCluster, MemoryFleet]:
    host, fleet = make_shop(**metadata)
    run_sync(fleet)
    for cluster in (host, *members_of(fleet)):
        cluster.requests.clear()
    return host, fleet


def members_of(fleet: MemoryFleet) -> list[MemoryCluster]:
    return [fleet.context(name) for name in ("c1", "c2")]


def summary_of(events: list[Event]) -> Summary:
    assert isinstance(events[-1], Summary)
    return events[-1]


def change(host: MemoryCluster, *, spec: Object | None = None, **metadata: object) -> None:
    found = host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert found is not None
    new_spec = {**found["spec"], **(spec or {})}
    new_metadata = {**found["metadata"], **metadata}
    host.alter(FEDERATED_CONFIG_MAPS, WEB, spec=new_spec, metadata=new_metadata)


def propagation(host: MemoryCluster) -> tuple[str, str, list[Object]]:
    status = (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["status"]
    condition = status["conditions"][0]
    return condition["status"], condition.get("reason", ""), status["clusters"]


def hold(member: MemoryCluster) -> None:
    found = member.find(CONFIG_MAP, WEB)
    assert found is not None
    metadata = {**found["metadata"], "finalizers": ["example.com/held"]}
    member.alter(CONFIG_MAP, WEB, metadata=metadata)
