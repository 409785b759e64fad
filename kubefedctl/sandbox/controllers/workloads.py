"""
Workloads that become available by themselves: status without pods.

A Deployment gets its ReplicaSet, and both say at once that all replicas are ready. There are no
images, and Pods only where room is limited (`pods`): there as many replicas are ready as Pods are.
`enabled = False` leaves every workload as it was created.

Upstream: pkg/controller/deployment/sync.go, pkg/controller/replicaset (the fields they set).
"""

from __future__ import annotations

import hashlib
import json

from kubefedctl.sandbox.controllers.pods import PODS, PodController, is_ready, owned_pods
from kubefedctl.sandbox.objects import (
    Object,
    clone,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    spec_of,
    status_of,
    with_metadata,
)
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.resources import Key
from kubefedctl.sandbox.store import Change, Event

DEPLOYMENTS, REPLICA_SETS = ("apps", "deployments"), ("apps", "replicasets")
_HASH, _REVISION = "pod-template-hash", "deployment.kubernetes.io/revision"
_SAFE = "bcdfghjklmnpqrstvwxz2456789"


class WorkloadController:
    """Brings the status of workloads to where a cluster with room would bring it."""

    def __init__(self) -> None:
        self.enabled = True
        self.pods = PodController()
        self._steps = {
            DEPLOYMENTS: self._deployment,
            REPLICA_SETS: self._replica_set,
            ("apps", "statefulsets"): self._stateful_set,
            ("apps", "daemonsets"): _daemon_set,
            ("", "replicationcontrollers"): self._replica_set,
        }

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        if not self.enabled:
            return
        if self.pods.is_active(registry):
            self.pods.react(event, registry)
            self._tell_owner(event, registry)
        step = self._steps.get(event.key)
        if step is None or event.change is Change.DELETED:
            return
        current = registry.store.get(event.key, namespace_of(event.obj), name_of(event.obj))
        if current is not None and not is_deleting(current):
            step(registry, event.key, current)

    def catch_up(self, registry: Registry) -> None:
        """Look at every workload once, e.g. after `enabled` has been set again."""
        with registry.transaction():
            for key, step in self._steps.items():
                for obj in registry.store.list(key):
                    step(registry, key, obj)

    def _tell_owner(self, event: Event, registry: Registry) -> None:
        """Let what owns a Pod or a ReplicaSet count again."""
        if event.key not in (PODS, REPLICA_SETS):
            return
        for reference in meta(event.obj).get("ownerReferences") or ():
            key = ("apps", f"{str(reference.get('kind')).lower()}s")
            owner = registry.store.get(key, namespace_of(event.obj), str(reference.get("name")))
            if key in self._steps and owner is not None and not is_deleting(owner):
                self._steps[key](registry, key, owner)

    def _ready(self, registry: Registry, obj: Object) -> int:
        """How many replicas of a ReplicaSet or StatefulSet are ready."""
        replicas = int(spec_of(obj).get("replicas", 1))
        if not self.pods.is_active(registry) or obj["kind"] == "ReplicationController":
            return replicas
        return min(replicas, sum(map(is_ready, owned_pods(registry, obj))))

    def _ready_of_deployment(self, registry: Registry, obj: Object) -> int | None:
        """How many replicas of a Deployment are ready; None for all of them."""
        if not self.pods.is_active(registry):
            return None
        return sum(self._ready(registry, found) for found in _owned_sets(registry, obj))

    def _deployment(self, registry: Registry, key: Key, obj: Object) -> None:
        if spec_of(obj).get("paused"):
            return
        revision = _roll(registry, obj)
        obj = registry.store.get(key, namespace_of(obj), name_of(obj)) or obj
        annotations = meta(obj).get("annotations") or {}
        if annotations.get(_REVISION) != revision:
            changed = with_metadata(obj)
            changed["metadata"]["annotations"] = {**annotations, _REVISION: revision}
            obj = registry.write(key, changed)
        ready = self._ready_of_deployment(registry, obj)
        registry.write_status(key, obj, _deployment_status(obj, registry.now(), ready))

    def _replica_set(self, registry: Registry, key: Key, obj: Object) -> None:
        replicas, ready = spec_of(obj).get("replicas", 1), self._ready(registry, obj)
        status: Object = {"replicas": replicas}
        if replicas:
            status["fullyLabeledReplicas"] = replicas
        if ready:
            status |= dict.fromkeys(("readyReplicas", "availableReplicas"), ready)
        status["observedGeneration"] = meta(obj).get("generation")
        registry.write_status(key, obj, status)

    def _stateful_set(self, registry: Registry, key: Key, obj: Object) -> None:
        replicas, ready = spec_of(obj).get("replicas", 1), self._ready(registry, obj)
        revision = f"{name_of(obj)}-{template_hash(spec_of(obj)['template'])}"
        status: Object = {"observedGeneration": meta(obj).get("generation"), "replicas": replicas}
        if ready:
            status["readyReplicas"] = ready
        if replicas:
            status |= dict.fromkeys(("currentReplicas", "updatedReplicas"), replicas)
        status |= {"availableReplicas": ready, "currentRevision": revision}
        status |= {"updateRevision": revision, "collisionCount": 0}
        registry.write_status(key, obj, status)


def template_hash(template: Object) -> str:
    """Return the hash of a pod template as part of a name."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_SAFE[byte % len(_SAFE)] for byte in digest[:10])


def _roll(registry: Registry, deployment: Object) -> str:
    """Scale the ReplicaSet of the present template up and all others down; return its revision."""
    namespace, owned = namespace_of(deployment), _owned_sets(registry, deployment)
    suffix = template_hash(spec_of(deployment)["template"])
    name, replicas = f"{name_of(deployment)}-{suffix}", spec_of(deployment).get("replicas", 1)
    revisions = [int((meta(item).get("annotations") or {}).get(_REVISION, 0)) for item in owned]
    current = next((item for item in owned if name_of(item) == name), None)
    for item in owned:
        if item is not current and spec_of(item).get("replicas"):
            _scale(registry, item, 0)
    if current is None:
        revision = str(max(revisions, default=0) + 1)
        registry.create(
            registry.resource_of(REPLICA_SETS),
            _make_replica_set(deployment, name, suffix=suffix, revision=revision),
            namespace=namespace,
        )
        return revision
    if spec_of(current).get("replicas") != replicas:
        current = _scale(registry, current, replicas)
    known = int((meta(current).get("annotations") or {}).get(_REVISION, 0))
    newest = max(revisions)
    if known < newest:
        changed = with_metadata(current)
        notes = meta(current).get("annotations") or {}
        changed["metadata"]["annotations"] = {**notes, _REVISION: str(newest + 1)}
        registry.write(REPLICA_SETS, changed)
        return str(newest + 1)
    return str(known)


def _owned_sets(registry: Registry, deployment: Object) -> list[Object]:
    uid = meta(deployment)["uid"]
    return [
        item
        for item in registry.store.list(REPLICA_SETS, namespace_of(deployment))
        if any(owner.get("uid") == uid for owner in meta(item).get("ownerReferences") or ())
    ]


def _scale(registry: Registry, replica_set: Object, replicas: int) -> Object:
    changed = with_metadata({**replica_set, "spec": {**spec_of(replica_set), "replicas": replicas}})
    changed["metadata"]["generation"] = int(meta(replica_set).get("generation") or 1) + 1
    return registry.write(REPLICA_SETS, changed)


def _make_replica_set(deployment: Object, name: str, *, suffix: str, revision: str) -> Object:
    spec = spec_of(deployment)
    template = clone(spec["template"])
    labels = {**(meta(template).get("labels") or {}), _HASH: suffix}
    template["metadata"] = {**meta(template), "labels": labels}
    selector = clone(spec["selector"])
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), _HASH: suffix}
    replicas = spec.get("replicas", 1)
    owner = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": name_of(deployment),
        "uid": meta(deployment)["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    notes = {
        "deployment.kubernetes.io/desired-replicas": str(replicas),
        "deployment.kubernetes.io/max-replicas": str(replicas + max(1, replicas // 4)),
        _REVISION: revision,
    }
    return {
        "metadata": {
            "name": name,
            "labels": labels,
            "annotations": notes,
            "ownerReferences": [owner],
        },
        "spec": {"replicas": replicas, "selector": selector, "template": template},
    }


def _deployment_status(obj: Object, now: str, ready: int | None) -> Object:
    """The status with so many replicas ready; None for all of them, as soon as they are asked."""
    replicas, generation = spec_of(obj).get("replicas", 1), meta(obj).get("generation")
    old = status_of(obj)
    if ready is None:
        if old.get("observedGeneration") == generation and old.get("conditions"):
            return old
        ready = replicas
    status: Object = {"observedGeneration": generation}
    if replicas:
        status |= dict.fromkeys(("replicas", "updatedReplicas"), replicas)
    if ready:
        status |= dict.fromkeys(("readyReplicas", "availableReplicas"), ready)
    if ready < replicas:
        status["unavailableReplicas"] = replicas - ready
    return {**status, "conditions": _deployment_conditions(obj, now, is_whole=ready >= replicas)}


def _deployment_conditions(obj: Object, now: str, *, is_whole: bool) -> list[Object]:
    name = f'ReplicaSet "{name_of(obj)}-{template_hash(spec_of(obj)["template"])}"'
    minimum = "minimum availability."
    rows = [
        ("Available", "True", "MinimumReplicasAvailable", f"Deployment has {minimum}"),
        ("Progressing", "True", "NewReplicaSetAvailable", f"{name} has successfully progressed."),
    ]
    if not is_whole:
        lacking = f"Deployment does not have {minimum}"
        rows = [
            ("Available", "False", "MinimumReplicasUnavailable", lacking),
            ("Progressing", "True", "ReplicaSetUpdated", f"{name} is progressing."),
        ]
    known = {item["type"]: item for item in status_of(obj).get("conditions") or ()}
    made = []
    for kind, status, reason, message in rows:
        fields = {"type": kind, "status": status, "reason": reason, "message": message}
        old = known.get(kind, {})
        if all(old.get(field) == value for field, value in fields.items()):
            made.append(old)
            continue
        since = old.get("lastTransitionTime", now) if old.get("status") == status else now
        made.append({**fields, "lastUpdateTime": now, "lastTransitionTime": since})
    return made


def _daemon_set(registry: Registry, key: Key, obj: Object) -> None:
    nodes = registry.store.count(("", "nodes"))
    names = (
        "currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
        "updatedNumberScheduled", "numberAvailable",
    )  # fmt: skip
    required = names[:4]
    status: Object = {
        name: 0 if name == "numberMisscheduled" else nodes
        for name in names
        if nodes or name in required
    }
    status["observedGeneration"] = meta(obj).get("generation")
    registry.write_status(key, obj, status)
