"""
Objects as Go's typed structs would write them.

Belongs here: the difference between a client's JSON and what a server reads back from
its structs, as far as it shows in managedFields: struct fields that are always
written, empty lists and maps that never are. Custom objects have no structs and stay
as they are.

Upstream: the `json` tags of k8s.io/api, as OpenAPI tells them: a default of `{}` is a
struct that is no pointer, a required field has no `omitempty`.
"""

from __future__ import annotations

from typing import Any

from kubefedctl.sandbox.quantities import canonical_quantity
from kubefedctl.sandbox.schemas import Schema

Object = dict[str, Any]

# Optional fields without `omitempty` that real objects show: written even when empty.
_WRITTEN_WHEN_EMPTY: dict[str, Object] = {
    "io.k8s.api.rbac.v1.ClusterRole": {"rules": None},
    "io.k8s.api.rbac.v1.Role": {"rules": None},
    "io.k8s.api.discovery.v1.EndpointSlice": {"ports": None},
    "io.k8s.api.core.v1.Event": {"reportingComponent": "", "reportingInstance": ""},
    "io.k8s.api.core.v1.ProjectedVolumeSource": {"sources": None},
    "io.k8s.api.core.v1.TypedLocalObjectReference": {"apiGroup": None},
    "io.k8s.api.core.v1.TypedObjectReference": {"apiGroup": None},
    "io.k8s.api.core.v1.GRPCAction": {"service": None},
    "io.k8s.api.apps.v1.StatefulSetSpec": {"serviceName": ""},
    "io.k8s.api.apps.v1.StatefulSetStatus": {"availableReplicas": 0},
    "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus": {"currentMetrics": None},
}


def view_typed(obj: Object, schema: Schema | None) -> Object:
    """Return *obj* as its Go struct would be written; custom objects come back as they are."""
    if schema is None or schema.custom:
        return obj
    viewed: Object = _viewed(obj, schema)
    return viewed


def _viewed(value: Any, schema: Schema | None) -> Any:
    if schema is None:
        return value
    if schema.format == "quantity":
        return canonical_quantity(value)
    if isinstance(value, list):
        return [_viewed(item, schema.items) for item in value]
    if not isinstance(value, dict):
        return value
    if not schema.properties:
        values = schema.values
        return {name: _viewed(item, values) for name, item in value.items()}
    viewed: Object = {}
    for name, item in value.items():
        child = schema.properties.get(name)
        if not (child and is_omitted(item, child)) and item is not None:
            viewed[name] = _viewed(item, child)
    for name, empty in _always_written(schema).items():
        viewed.setdefault(name, empty)
    return viewed


def is_omitted(value: Any, schema: Schema) -> bool:
    """Return whether *value* is what `omitempty` leaves out: null, an empty list or map."""
    if value is None or value == []:
        return True
    return value == {} and schema.type == "object" and schema.values is not None


def _always_written(schema: Schema) -> Object:
    """Return the fields every value of this struct has, in their empty form."""
    written: Object = dict(_WRITTEN_WHEN_EMPTY.get(schema.name, {}))
    required = schema.node.get("required") or ()
    for name, child in schema.properties.items():
        default = child.node.get("default")
        if default == {} and child.type == "object":
            written[name] = _always_written(child)
        elif name in required:
            written[name] = None if default == {} else default
    return written
