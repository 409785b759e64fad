"""
Pods, where room is limited: made for each replica, given to nodes, and left waiting without one.

A cluster has Pods for its workloads only where somebody says how many it can run: Nodes with
`status.allocatable.pods`, or a `rate` at which they get ready. No container runs in them.

Upstream: pkg/controller/replicaset/replica_set.go, pkg/scheduler (the fields they set).
"""

from __future__ import annotations

from kubefedctl.sandbox.objects import (
    Object,
    clone,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.resources import Key
from kubefedctl.sandbox.store import Event

PODS, NODES, NAMESPACES = ("", "pods"), ("", "nodes"), ("", "namespaces")
OWNERS: tuple[Key, ...] = (("apps", "replicasets"), ("apps", "statefulsets"))
_ANY_NODE = "sandbox"
_READY = ("Initialized", "Ready", "ContainersReady", "PodScheduled")


class PodController:
    """
    Makes Pods of ReplicaSets and StatefulSets and gives them to nodes, oldest first.

    Attributes:
        rate: How many Pods get ready with each `tick`; None: as soon as they have a node.
    """

    def __init__(self) -> None:
        self.rate: int | None = None
        self._order: dict[str, int] = {}

    def is_active(self, registry: Registry) -> bool:
        """Return whether this cluster has Pods for its workloads."""
        return self.rate is not None or bool(_rooms(registry))

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        if event.key in (PODS, NODES, *OWNERS) and self.is_active(registry):
            self.bring_about(registry)

    def tick(self, registry: Registry) -> None:
        """Let as many Pods get ready as `rate` says."""
        with registry.transaction():
            waiting = [
                pod for pod in self._in_order(registry) if _node_of(pod) and not is_ready(pod)
            ]
            for pod in waiting[: self.rate]:
                _make_ready(registry, pod)

    def bring_about(self, registry: Registry) -> None:
        """Make and delete Pods until there is one for each replica, and give nodes to them."""
        for key in OWNERS:
            for owner in registry.store.list(key):
                if not is_deleting(owner) and not _is_going(registry, namespace_of(owner)):
                    _match_replicas(registry, owner)
        rooms = _rooms(registry)
        pods = self._in_order(registry)
        for pod in pods:
            if _node_of(pod) in rooms:
                rooms[_node_of(pod)] -= 1
        is_limited = bool(rooms)
        for pod in pods:
            if not _node_of(pod):
                node = next((name for name, room in rooms.items() if room > 0), "")
                self._schedule(registry, pod, node if is_limited else _ANY_NODE)
                if node:
                    rooms[node] -= 1

    def _in_order(self, registry: Registry) -> list[Object]:
        """The Pods in the order in which they were made."""
        found = _pods(registry)
        for pod in found:
            self._order.setdefault(meta(pod)["uid"], len(self._order))
        return sorted(found, key=lambda pod: self._order[meta(pod)["uid"]])

    def _schedule(self, registry: Registry, pod: Object, node: str) -> None:
        if not node:
            _leave_waiting(registry, pod)
            return
        pod = registry.write(PODS, {**pod, "spec": {**spec_of(pod), "nodeName": node}})
        if self.rate is None:
            _make_ready(registry, pod)
        else:
            scheduled = _condition("PodScheduled", "True", registry.now())
            registry.write_status(PODS, pod, {"phase": "Pending", "conditions": [scheduled]})


def owned_pods(registry: Registry, owner: Object) -> list[Object]:
    """Return the Pods of a ReplicaSet or StatefulSet."""
    uid = meta(owner)["uid"]
    return [
        pod
        for pod in _pods(registry, namespace_of(owner))
        if any(found.get("uid") == uid for found in meta(pod).get("ownerReferences") or ())
    ]


def is_ready(pod: Object) -> bool:
    """Return whether a Pod is ready."""
    return any(
        found.get("type") == "Ready" and found.get("status") == "True"
        for found in status_of(pod).get("conditions") or ()
    )


def _rooms(registry: Registry) -> dict[str, int]:
    """How many Pods each node can run, of those that say so."""
    rooms = {}
    for node in registry.store.list(NODES):
        room = str((status_of(node).get("allocatable") or {}).get("pods", ""))
        if room.isdecimal():
            rooms[name_of(node)] = int(room)
    return rooms


def _pods(registry: Registry, namespace: str | None = None) -> list[Object]:
    """The Pods that stay."""
    return [pod for pod in registry.store.list(PODS, namespace) if not is_deleting(pod)]


def _node_of(pod: Object) -> str:
    return str(spec_of(pod).get("nodeName") or "")


def _is_going(registry: Registry, namespace: str) -> bool:
    found = registry.store.get(NAMESPACES, "", namespace)
    return found is None or is_deleting(found)


def _match_replicas(registry: Registry, owner: Object) -> None:
    pods = owned_pods(registry, owner)
    wanted = int(spec_of(owner).get("replicas", 1))
    surplus = sorted(pods, key=lambda pod: (is_ready(pod), bool(_node_of(pod))))
    for pod in surplus[: max(0, len(pods) - wanted)]:
        registry.store.remove(PODS, namespace_of(pod), name_of(pod))
    for at in range(len(pods), wanted):
        _make_pod(registry, owner, at)


def _make_pod(registry: Registry, owner: Object, at: int) -> None:
    template = clone(spec_of(owner)["template"])
    names: Object = {"generateName": f"{name_of(owner)}-"}
    if owner["kind"] == "StatefulSet":
        names = {"name": f"{name_of(owner)}-{at}"}
    metadata = {
        **names,
        "labels": meta(template).get("labels") or {},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": owner["kind"],
                "name": name_of(owner),
                "uid": meta(owner)["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    registry.create(registry.resource_of(PODS), pod, namespace=namespace_of(owner))


def _make_ready(registry: Registry, pod: Object) -> None:
    now = registry.now()
    conditions = [_condition(kind, "True", now) for kind in _READY]
    status = {"phase": "Running", "conditions": conditions, "startTime": now}
    registry.write_status(PODS, pod, status)


def _leave_waiting(registry: Registry, pod: Object) -> None:
    """Tell that there is no node for a Pod; since when is told once."""
    if status_of(pod).get("conditions"):
        return
    count = registry.store.count(NODES)
    waiting = _condition("PodScheduled", "False", registry.now())
    waiting |= {
        "reason": "Unschedulable",
        "message": f"0/{count} nodes are available: {count} Too many pods.",
    }
    registry.write_status(PODS, pod, {"phase": "Pending", "conditions": [waiting]})


def _condition(kind: str, status: str, now: str) -> Object:
    return {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": now}
