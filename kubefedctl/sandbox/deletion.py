"""
Deleting: preconditions, finalizers, propagation, and when an object is really gone.

Upstream: apiserver/pkg/registry/generic/registry/store.go (Delete,
deletionFinalizersForGarbageCollection), apiserver/pkg/registry/rest/delete.go,
pkg/registry/core/namespace/storage.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kubefedctl.sandbox.objects import Object, is_deleting, meta, name_of, spec_of, with_metadata
from kubefedctl.sandbox.options import DeleteOptions
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import (
    ApiError,
    cause,
    conflict,
    forbidden,
    invalid_options,
    make_status,
)

if TYPE_CHECKING:
    from kubefedctl.sandbox.registry import Registry

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
_IMMORTAL = ("default", "kube-system", "kube-public")
_NAMESPACES = ("", "namespaces")
_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_PROPAGATIONS = ("", "Background", "Foreground", "Orphan")


def is_finished(resource: Resource, obj: Object) -> bool:
    """Return whether an object that is being deleted waits for nothing any more."""
    if not is_deleting(obj) or meta(obj).get("finalizers"):
        return False
    if resource.key == _NAMESPACES:
        return not spec_of(obj).get("finalizers")
    return not meta(obj).get("deletionGracePeriodSeconds")


def delete_object(
    registry: Registry, resource: Resource, name: str, *, namespace: str, options: DeleteOptions
) -> tuple[Object, bool]:
    """Delete an object and return its last state, and whether it is gone already."""
    obj = registry.get(resource, namespace, name)
    _check(resource, obj, options)
    finalizers = _finalizers(resource, obj, options.propagation)
    if resource.key == _DEFINITIONS and not is_deleting(obj):
        finalizers = [*(item for item in finalizers if item != CLEANUP), CLEANUP]
    waits = bool(finalizers) or resource.key == _NAMESPACES
    if not waits:
        if not options.dry_run:
            obj = registry.store.remove(resource.key, namespace, name) or obj
        return registry.present(resource, obj), True
    marked = _mark(registry, resource, obj, finalizers=finalizers)
    if marked is obj or options.dry_run:
        return marked, False
    return registry.store.put(resource.key, marked), False


def _check(resource: Resource, obj: Object, options: DeleteOptions) -> None:
    name = name_of(obj)
    if options.propagation not in _PROPAGATIONS:
        text = (
            f'Unsupported value: "{options.propagation}": supported values: "Foreground", '
            '"Background", "Orphan", "nil"'
        )
        problem = cause("FieldValueNotSupported", "propagationPolicy", message=text)
        raise invalid_options("DeleteOptions", causes=[problem])
    checks = (
        ("UID", options.uid, "uid", "deleted and then recreated"),
        ("ResourceVersion", options.resource_version, "resourceVersion", "modified"),
    )
    for word, wanted, key, what in checks:
        found = meta(obj).get(key)
        if wanted and wanted != found:
            text = (
                f"the {word} in the precondition ({wanted}) does not match the {word} in record "
                f"({found}). The object might have been {what}"
            )
            # NB: upstream names the kind here, not the resource.
            raise conflict(replace(resource, plural=resource.kind), name, message=text)
    if resource.key == _NAMESPACES:
        if name in _IMMORTAL:
            raise forbidden(resource, name, message="this namespace may not be deleted")
        if is_deleting(obj):
            text = (
                "The system is ensuring all content is removed from this namespace.  Upon "
                "completion, this namespace will automatically be purged by the system."
            )
            raise ApiError(make_status(409, "Conflict", message=(
                f'Operation cannot be fulfilled on namespaces "{name}": {text}'
            ), details={"name": name, "kind": "namespaces"}))  # fmt: skip


def _finalizers(resource: Resource, obj: Object, propagation: str) -> list[str]:
    """Return the finalizers after the wish of the caller about dependents."""
    finalizers = list(meta(obj).get("finalizers") or ())
    if not propagation:
        return finalizers
    wanted = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(propagation)
    kept = [item for item in finalizers if item not in (ORPHAN, FOREGROUND) or item == wanted]
    return kept if wanted is None or wanted in kept else [*kept, wanted]


def _mark(registry: Registry, resource: Resource, obj: Object, *, finalizers: list[str]) -> Object:
    """Return the object with the marks of a deletion that has begun, or itself if it has them."""
    marked = with_metadata(obj)
    metadata = marked["metadata"]
    if finalizers:
        metadata["finalizers"] = finalizers
    else:
        metadata.pop("finalizers", None)
    if not is_deleting(obj):
        metadata["deletionTimestamp"] = registry.now()
        if resource.key == _NAMESPACES:
            marked["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
        elif resource.key == _DEFINITIONS:
            marked["status"] = _terminating(obj, registry.now())
        else:
            metadata["deletionGracePeriodSeconds"] = 0
            if metadata.get("generation"):
                metadata["generation"] = int(metadata["generation"]) + 1
    return obj if marked == obj else marked


def _terminating(definition: Object, now: str) -> Object:
    """Upstream: apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go."""
    status = definition.get("status") or {}
    condition = {
        "lastTransitionTime": now,
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will "
        "begin soon",
        "reason": "InstanceDeletionPending",
        "status": "True",
        "type": "Terminating",
    }
    return {**status, "conditions": [*(status.get("conditions") or ()), condition]}
