"""
Whether a federated object leaves its objects in the members behind when it is deleted.

Laws:
1. Only the text `true` counts, as for KubeFed's controller.

Upstream: pkg/controller/util/orphaning.go @ v0.10.0.
"""

from __future__ import annotations

from kubefedctl.model.objects import ORPHAN_ANNOTATION, annotations_of
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.wellknown import FEDERATED_GROUP

_TRUE = "true"


def is_orphaning(obj: Object) -> bool:
    """
    Return whether the deletion of *obj* leaves the members' objects in place.

    >>> is_orphaning({"metadata": {"annotations": {"kubefed.io/orphan": "True"}}})
    False
    """
    return annotations_of(obj).get(ORPHAN_ANNOTATION) == _TRUE


def with_orphaning(obj: Object) -> Object | None:
    """Return *obj* with orphaning enabled; None where it is already."""
    if is_orphaning(obj):
        return None
    return _annotate(obj, {**annotations_of(obj), ORPHAN_ANNOTATION: _TRUE})


def without_orphaning(obj: Object) -> Object | None:
    """
    Return *obj* with orphaning disabled; None where it is already.

    As in the original, another value than `true` counts as disabled and is left there.
    """
    if not is_orphaning(obj):
        return None
    others = {k: v for k, v in annotations_of(obj).items() if k != ORPHAN_ANNOTATION}
    return _annotate(obj, others)


def is_federated_type(resource: Resource) -> bool:
    """
    Return whether *resource* looks like a federated type of KubeFed's usual API group.

    Upstream: pkg/kubefedctl/util/util.go, IsFederatedAPIResource @ v0.10.0.
    """
    return resource.kind.startswith("Federated") and resource.group == FEDERATED_GROUP


def _annotate(obj: Object, annotations: Object) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    return {**obj, "metadata": metadata}
