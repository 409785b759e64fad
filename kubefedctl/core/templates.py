"""
From a federated object's template to the object of a member cluster.

The order is fixed, since each step may undo what an earlier one wrote:

1. `make_draft`: the template with its identity forced upon it;
2. only for an update, `core.retention.retain_fields`: what belongs to the member cluster;
3. `finish_draft`: that cluster's overrides, then the managed label, which no override can remove.

Not here: what the overrides mean (`overrides`), what is retained (`retention`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.carrying import ANNOTATIONS_PATH, keep_made_anew
from kubefedctl.core.overrides import Operation, apply_overrides
from kubefedctl.errors import InputError, OverrideError
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import MANAGED_LABEL, labels_of, map_at, text_at
from kubefedctl.model.refs import Object


@dataclass(frozen=True, slots=True)
class TemplateWarning:
    """
    Something that a template asks for and does not get.

    Args:
        reason: Reason of the event that KubeFed records.
        field: The field of the template's metadata that is dropped.
    """

    reason: str
    field: str

    def __str__(self) -> str:
        return (
            f"metadata.{self.field} of the template is not propagated, since controllers in member"
            " clusters own that field; use an override to set it"
        )


ANNOTATIONS_NOT_SUPPORTED = TemplateWarning("AnnotationsNotSupported", "annotations")
FINALIZERS_NOT_SUPPORTED = TemplateWarning("FinalizersNotSupported", "finalizers")
MANAGED: Mapping[str, str] = {MANAGED_LABEL: "true"}
"""The label of all that is propagated."""
_WARNINGS = (ANNOTATIONS_NOT_SUPPORTED, FINALIZERS_NOT_SUPPORTED)


def make_draft(federated: FederatedObject) -> tuple[Object, tuple[TemplateWarning, ...]]:
    """
    Return what the template of *federated* asks for, under the name the federated object has.

    The draft is the same for every cluster. A template that is absent gives a bare object, which
    is all that a namespace needs.

    Returns:
        The draft, and what the template asked for in vain.

    Raises:
        InputError: The template or its metadata is not a map; KubeFed calls that
            ComputeResourceFailed.

    Upstream: pkg/controller/sync/resource.go, ObjectForCluster @ v0.10.0. Types of the core group
    default to `v1` here; KubeFed writes `/v1`, which means the same. A namespace in the template of
    a Namespace is dropped; KubeFed sends it, and the member refuses the object.
    """
    obj = copy.deepcopy(_mapping(federated.template, where="spec.template"))
    metadata = _mapping(obj.get("metadata"), where="spec.template.metadata")
    warnings = dropped_fields(federated)
    for warning in _WARNINGS:
        metadata.pop(warning.field, None)
    target = federated.type_config.target
    metadata["name"] = federated.key.name
    metadata.pop("namespace", None)
    if target.namespaced:
        metadata["namespace"] = federated.key.namespace
    obj["metadata"] = metadata
    obj["kind"] = target.kind
    obj["apiVersion"] = text_at(obj, "apiVersion") or target.api_version
    return obj, warnings


def dropped_fields(federated: FederatedObject) -> tuple[TemplateWarning, ...]:
    """Return what the template of *federated* asks for in vain."""
    metadata = map_at(federated.template, "metadata")
    return tuple(warning for warning in _WARNINGS if metadata.get(warning.field))


def finish_draft(
    obj: Object, operations: Sequence[Operation], *, labels: Mapping[str, str] = MANAGED
) -> Object:
    """
    Return *obj* with one cluster's overrides and with the labels that no override can remove.

    Args:
        obj: A draft, or what retention made of it; not changed.
        operations: The cluster's overrides.
        labels: The labels, the managed one among them.

    Raises:
        OverrideError: An override does not fit, or leaves an object without metadata.

    Upstream: pkg/controller/sync/resource.go, ApplyOverrides @ v0.10.0. Unlike there, an override
    of all annotations spares those that the member's own controllers write.
    """
    overridden = apply_overrides(obj, operations)
    metadata = overridden.get("metadata")
    if not isinstance(metadata, Mapping):
        raise OverrideError("the overrides leave an object whose metadata is not a map")
    if any(operation.path == ANNOTATIONS_PATH for operation in operations):
        overridden = keep_made_anew(overridden, obj)
        metadata = overridden["metadata"]
    return {
        **overridden,
        "metadata": {**metadata, "labels": {**labels_of(overridden), **labels}},
    }


def _mapping(value: Any, *, where: str) -> Object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(f"{where} is not a map")
    return value
