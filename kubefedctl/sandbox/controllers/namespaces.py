"""
Namespaces: what is in each new one, and how a deleted one empties itself.

Upstream: pkg/controller/namespace/deletion, pkg/controller/serviceaccount,
pkg/controller/certificates/rootcacertpublisher.
"""

from __future__ import annotations

from kubefedctl.sandbox.deletion import delete_object, is_finished
from kubefedctl.sandbox.objects import Object, is_deleting, meta, name_of, namespace_of, spec_of
from kubefedctl.sandbox.options import DeleteOptions
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.store import Change, Event

_NAMESPACES = ("", "namespaces")
_PUBLISHED = {("", "serviceaccounts"): "default", ("", "configmaps"): "kube-root-ca.crt"}
_NOTICE = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
    "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
    "guaranteed across distributions of Kubernetes clusters."
)


class NamespaceController:
    """Furnishes new namespaces and empties those that are being deleted."""

    def __init__(self, ca_certificate: str) -> None:
        self._ca = ca_certificate

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        if event.key == _NAMESPACES:
            if event.change is not Change.DELETED:
                self._react_to_namespace(registry, name_of(event.obj))
            return
        namespace = namespace_of(event.obj)
        if not namespace or event.change is not Change.DELETED:
            return
        holder = registry.store.get(_NAMESPACES, "", namespace)
        if holder is None:
            return
        if is_deleting(holder):
            self._finish(registry, holder)
        elif _PUBLISHED.get(event.key) == name_of(event.obj):
            self._furnish(registry, namespace)

    def _react_to_namespace(self, registry: Registry, name: str) -> None:
        namespace = registry.store.get(_NAMESPACES, "", name)
        if namespace is None:
            return
        if not is_deleting(namespace):
            self._furnish(registry, name)
            return
        for key, obj in list(registry.store.walk(name)):
            if is_deleting(obj):
                continue
            options = DeleteOptions(propagation="Background")
            delete_object(
                registry, registry.resource_of(key), name_of(obj), namespace=name, options=options
            )
        self._finish(registry, namespace)

    def _furnish(self, registry: Registry, namespace: str) -> None:
        account = {"metadata": {"name": "default"}}
        registry.ensure(
            registry.resource("", "v1", "serviceaccounts"), account, namespace=namespace
        )
        annotations = {"kubernetes.io/description": _NOTICE}
        published = {
            "metadata": {"name": "kube-root-ca.crt", "annotations": annotations},
            "data": {"ca.crt": self._ca},
        }
        registry.ensure(registry.resource("", "v1", "configmaps"), published, namespace=namespace)

    def _finish(self, registry: Registry, namespace: Object) -> None:
        """Let an empty namespace go, or say what still holds it."""
        name = name_of(namespace)
        current = registry.store.get(_NAMESPACES, "", name)
        if current is None:
            return
        left = list(registry.store.walk(name))
        if left:
            registry.write_status(_NAMESPACES, current, _remaining(current, left, registry.now()))
            return
        finalizers = [
            item for item in spec_of(current).get("finalizers") or () if item != "kubernetes"
        ]
        spec = {"finalizers": finalizers} if finalizers else {}
        emptied = {**current, "spec": spec}
        resource = registry.resource_of(_NAMESPACES)
        if is_finished(resource, emptied):
            registry.store.remove(_NAMESPACES, "", name)
        elif spec_of(current) != spec:
            registry.write(_NAMESPACES, emptied)


def _remaining(namespace: Object, left: list[tuple[tuple[str, str], Object]], now: str) -> Object:
    counts: dict[str, int] = {}
    finalizers: dict[str, int] = {}
    for (group, plural), obj in left:
        word = f"{plural}.{group}"
        counts[word] = counts.get(word, 0) + 1
        for finalizer in meta(obj).get("finalizers") or ():
            finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
    contents = ", ".join(f"{key} has {counts[key]} resource instances" for key in sorted(counts))
    holders = ", ".join(
        f"{key} in {finalizers[key]} resource instances" for key in sorted(finalizers)
    )
    rows = [
        ("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered",
         "All resources successfully discovered"),
        ("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions",
         "All legacy kube types successfully parsed"),
        ("NamespaceDeletionContentFailure", "False", "ContentDeleted",
         "All content successfully deleted, may be waiting on finalization"),
        ("NamespaceContentRemaining", "True", "SomeResourcesRemain",
         f"Some resources are remaining: {contents}"),
    ]  # fmt: skip
    if holders:
        rows.append(
            ("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain",
             f"Some content in the namespace has finalizers remaining: {holders}")
        )  # fmt: skip
    else:
        rows.append(
            ("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers",
             "All content-preserving finalizers finished")
        )  # fmt: skip
    known = {item["type"]: item for item in (namespace.get("status") or {}).get("conditions") or ()}
    conditions = []
    for kind, status, reason, message in rows:
        before = known.get(kind)
        same = before is not None and before["status"] == status
        since = before["lastTransitionTime"] if before and same else now
        conditions.append(
            {"type": kind, "status": status, "lastTransitionTime": since, "reason": reason,
             "message": message}
        )  # fmt: skip
    return {"phase": "Terminating", "conditions": conditions}
