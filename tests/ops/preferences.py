"""A shop whose replicas are spread by a ReplicaSchedulingPreference."""

from __future__ import annotations

from typing import Any

from kubefedctl.errors import (
    KubefedctlError,
)
from kubefedctl.model.events import Event
from kubefedctl.model.objects import map_at
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.schedules import Rescheduling
from kubefedctl.model.wellknown import (
    CRDS,
    PODS,
    REPLICA_SCHEDULING_PREFERENCES,
)
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    add_type_config,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    place,
    told,
    words,
)

WIDGET = Resource("example.com", "v1", "widgets", "Widget", True)
FEDERATED_DEPLOYMENTS = make_type_config(DEPLOYMENT).federated
TEMPLATE: Object = {"spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}}
LISTS = ("list", "replicaschedulingpreferences")


def run(
    fleet: MemoryFleet, mode: Rescheduling = Rescheduling.AUTO, *, is_dry_run: bool = False
) -> tuple[list[Event], KubefedctlError | None]:
    """Sync once."""
    options = SyncOptions(KNS, 0.0, is_dry_run, rescheduling=mode)
    return told(sync(fleet, options, pace=AT_ONCE))


def prefer(host: MemoryCluster, total: int = 4, *, key: Key = WEB, **spec: Any) -> Object:
    """Add a ReplicaSchedulingPreference."""
    given = {"targetKind": "FederatedDeployment", "totalReplicas": total, **spec}
    return host.add(REPLICA_SCHEDULING_PREFERENCES, {"metadata": place(key), "spec": given})


def make_shop(
    *members: str, spec: Object | None = None, **more: Any
) -> tuple[MemoryCluster, MemoryFleet]:
    """Return a host with a FederatedDeployment `shop/web` placed everywhere, and members."""
    names = members or ("c1", "c2")
    host = make_host(members=names, types=(NAMESPACE, CONFIG_MAP, DEPLOYMENT), **more)
    federate_namespace(host)
    federate(host, target=DEPLOYMENT, spec={"template": TEMPLATE, **(spec or {})})
    fleet = make_fleet(host, *names)
    for name in names:
        fleet.context(name).react_to(DEPLOYMENT, make_ready)
    return host, fleet


def make_ready(obj: Object) -> Object:
    """Be a cluster with room, where every replica is ready at once, unless it is crowded."""
    if "crowded" in obj.get("status", {}):
        return obj
    return {**obj, "status": {"readyReplicas": obj["spec"]["replicas"]}}


def web(host: MemoryCluster, resource: Resource = FEDERATED_DEPLOYMENTS) -> Object:
    """Return the spec of the federated object without its template."""
    found = host.find(resource, WEB)
    assert found is not None
    return {k: v for k, v in found["spec"].items() if k != "template"}


def asked(**replicas: int) -> Object:
    """Return placement and overrides that ask for *replicas* by cluster."""
    return {
        "placement": {"clusterSelector": {}, "clusters": [{"name": n} for n in sorted(replicas)]},
        "overrides": [
            {"clusterName": name, "clusterOverrides": [{"path": "/spec/replicas", "value": n}]}
            for name, n in replicas.items()
        ],
    }


def replicas_of(fleet: MemoryFleet, *names: str, resource: Resource = DEPLOYMENT) -> list[Any]:
    """Return the replicas that the members have; None where the workload is not."""
    return [
        map_at(fleet.context(name).find(resource, WEB) or {}, "spec").get("replicas")
        for name in names or ("c1", "c2")
    ]


def scheduled(events: list[Event]) -> list[str]:
    """Return what was said of preferences and federated objects in the host."""
    return [w for w in words(events) if "ReplicaScheduling" in w or " in host" in w]


def forget(fleet: MemoryFleet, *names: str) -> None:
    """Empty the requests of host and members."""
    fleet.host.requests.clear()
    for name in names or ("c1", "c2"):
        fleet.context(name).requests.clear()


def add_widgets(host: MemoryCluster, fleet: MemoryFleet, *, retains: bool) -> None:
    """Enable a type of one's own, and federate one of it."""
    add_type_config(host, WIDGET)
    federated = make_type_config(WIDGET).federated
    fields = {"retainReplicas": {"type": "boolean"}} if retains else {}
    properties = {"spec": {"type": "object", "properties": fields}}
    version = {"name": "v1beta1", "schema": {"openAPIV3Schema": {"properties": properties}}}
    name = {"name": federated.qualified_name}
    host.add(CRDS, {"metadata": name, "spec": {"versions": [version]}})
    federate(host, target=WIDGET, spec={"template": {"spec": {"replicas": 1}}})


def add_pods(member: MemoryCluster, running: int, homeless: int, *, since: str) -> None:
    """Let a member have Pods of `web`: some run, some found no node."""
    ready = [{"type": "Ready", "status": "True"}]
    lost = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    for at in range(running + homeless):
        status: Object = {"phase": "Running", "conditions": ready}
        if at >= running:
            status = {"phase": "Pending", "conditions": [{**lost, "lastTransitionTime": since}]}
        metadata = {**place(Key("shop", f"web-{at}")), "labels": {"app": "web"}}
        member.add(PODS, {"metadata": metadata, "status": status})
    foreign = {**place(Key("shop", "other")), "labels": {"app": "other"}}
    member.add(PODS, {"metadata": foreign, "status": {"phase": "Running", "conditions": ready}})


def make_crowded(since: str, **spec: Any) -> tuple[MemoryCluster, MemoryFleet]:
    """Return a shop whose cluster c1 runs one of the three replicas that it was given."""
    host, fleet = make_shop()
    prefer(host, 6, **spec)
    run(fleet)
    member = fleet.context("c1")
    member.alter(DEPLOYMENT, WEB, status={"readyReplicas": 1, "crowded": True})
    add_pods(member, 1, 2, since=since)
    return host, fleet
