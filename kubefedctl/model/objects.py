"""
Readers of raw objects: metadata as it stands, tolerant of gaps, strict about types.

What a cluster or a file answers is untrusted: a reader never raises on a missing field, and gives
the empty value for one of the wrong type. Functions whose facts demand an error for wrong types
(retention, overrides, placement) check for themselves.

Laws:
1. Nothing here changes or copies an object; maps are returned as they are and must not be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubefedctl.model.refs import Key, Object

MANAGED_LABEL = "kubefed.io/managed"
MANAGED_SELECTOR = f"{MANAGED_LABEL}=true"
PART_OF_LABEL = "applyset.kubernetes.io/part-of"
"""The label by which members of an ApplySet are known, Kubernetes' own."""
ORPHAN_ANNOTATION = "kubefed.io/orphan"
DELETE_OPTION_ANNOTATION = "kubefed.io/deleteoption"
SYNC_FINALIZER = "kubefed.io/sync-controller"
TYPE_CONFIG_FINALIZER = "core.kubefed.io/federated-type-config"
DEFAULT_KUBEFED_NAMESPACE = "kube-federation-system"
KUBEFED_CONFIG_NAME = "kubefed"
RECREATE_ANNOTATION = "kubefedctl.io/recreate-immutable"
FIELD_MANAGER = "kubefedctl"
_DEEPEST_FIELD = 100
"""The manager as which this program writes, in members and on the host."""
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "default"})


def map_at(obj: Any, *path: str) -> Mapping[str, Any]:
    """Return the map at *path*, or an empty one where there is none."""
    found = value_at(obj, *path)
    return found if isinstance(found, Mapping) else {}


def list_at(obj: Any, *path: str) -> list[Any]:
    """Return the list at *path*, or an empty one where there is none."""
    found = value_at(obj, *path)
    return found if isinstance(found, list) else []


def text_at(obj: Any, *path: str) -> str:
    """Return the string at *path*, or the empty string where there is none."""
    found = value_at(obj, *path)
    return found if isinstance(found, str) else ""


def value_at(obj: Any, *path: str) -> Any:
    """
    Return whatever stands at *path* of nested maps, or None.

    >>> value_at({"a": {"b": 1}}, "a", "b"), value_at({"a": 1}, "a", "b")
    (1, None)
    """
    for step in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(step)
    return obj


def name_of(obj: Object) -> str:
    """Return `metadata.name`."""
    return text_at(obj, "metadata", "name")


def namespace_of(obj: Object) -> str:
    """Return `metadata.namespace`; empty for cluster-scoped objects."""
    return text_at(obj, "metadata", "namespace")


def key_of(obj: Object) -> Key:
    """Return the namespace and name of *obj*."""
    return Key(namespace_of(obj), name_of(obj))


def kind_of(obj: Object) -> str:
    """Return `kind`."""
    return text_at(obj, "kind")


def uid_of(obj: Object) -> str:
    """Return `metadata.uid`."""
    return text_at(obj, "metadata", "uid")


def resource_version_of(obj: Object) -> str:
    """Return `metadata.resourceVersion`."""
    return text_at(obj, "metadata", "resourceVersion")


def generation_of(obj: Object) -> int:
    """Return `metadata.generation`; 0 for kinds that have none."""
    found = value_at(obj, "metadata", "generation")
    return found if isinstance(found, int) else 0


def status_of(obj: Object | None) -> Object | None:
    """
    Return `status` where it is a map, also an empty one; None where there is none.

    >>> status_of({"status": {}}), status_of({"data": {}}), status_of(None)
    ({}, None, None)
    """
    found = value_at(obj, "status")
    return found if isinstance(found, dict) else None


def labels_of(obj: Object) -> Mapping[str, Any]:
    """Return `metadata.labels`."""
    return map_at(obj, "metadata", "labels")


def annotations_of(obj: Object) -> Mapping[str, Any]:
    """Return `metadata.annotations`."""
    return map_at(obj, "metadata", "annotations")


def finalizers_of(obj: Object) -> list[Any]:
    """Return `metadata.finalizers`."""
    return list_at(obj, "metadata", "finalizers")


def owners_of(obj: Object) -> list[Object]:
    """
    Return the entries of `metadata.managedFields` that are maps, their fields as maps of maps.

    A cluster may answer anything: what is no map, or lies deeper than any field, is a leaf.
    """
    return [
        {**found, "fieldsV1": _as_tree(found["fieldsV1"])} if "fieldsV1" in found else found
        for found in list_at(obj, "metadata", "managedFields")
        if isinstance(found, dict)
    ]


def is_deleting(obj: Object) -> bool:
    """Return whether *obj* has a deletion timestamp."""
    return value_at(obj, "metadata", "deletionTimestamp") is not None


def is_managed(obj: Object) -> bool:
    """Return whether *obj* carries the label that KubeFed puts on what it propagates."""
    return labels_of(obj).get(MANAGED_LABEL) == "true"


def by_key(objects: Iterable[Object]) -> dict[Key, Object]:
    """Return *objects* by their namespace and name."""
    return {key_of(obj): obj for obj in objects}


def _as_tree(value: Any, *, depth: int = _DEEPEST_FIELD) -> Object:
    if not isinstance(value, dict) or not depth:
        return {}
    return {name: _as_tree(below, depth=depth - 1) for name, below in value.items()}
