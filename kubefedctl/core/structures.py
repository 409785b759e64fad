"""
Building blocks of the CRDs that we make and of the OpenAPI schemas in them.

Laws:
1. Blocks are shared; whoever hands out a whole schema hands out a `copy_object` of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.wellknown import CRDS

TEXT: Object = {"type": "string"}
TIME: Object = {"type": "string", "format": "date-time"}
FLAG: Object = {"type": "boolean"}
INT64: Object = {"type": "integer", "format": "int64"}
ANYTHING: Object = {"x-kubernetes-preserve-unknown-fields": True}
ANY_MAP: Object = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def make_structure(properties: Object, *, required: Iterable[str] = ()) -> Object:
    """Return the schema of a map with these *properties*."""
    schema: Object = {"type": "object", "properties": properties}
    names = list(required)
    return {**schema, "required": names} if names else schema


def make_sequence(items: Object) -> Object:
    """Return the schema of a list of *items*."""
    return {"type": "array", "items": items}


def make_mapping(values: Object) -> Object:
    """Return the schema of a map from any key to *values*."""
    return {"type": "object", "additionalProperties": values}


def make_root(properties: Object, *, required: Iterable[str] = ()) -> Object:
    """Return the schema of a whole object: *properties* beside `apiVersion`, `kind`, `metadata`."""
    head = {"apiVersion": TEXT, "kind": TEXT, "metadata": {"type": "object"}}
    return make_structure({**head, **properties}, required=required)


def make_crd(
    resource: Resource,
    *,
    schema: Object,
    short_names: Iterable[str] = (),
    printer_columns: Iterable[Object] = (),
    has_status: bool = True,
) -> Object:
    """Return a CRD of one version for *resource*; no part of it is shared."""
    names: Object = {"plural": resource.plural, "kind": resource.kind}
    version: Object = {"name": resource.version, "served": True, "storage": True}
    if has_status:
        version["subresources"] = {"status": {}}
    if columns := list(printer_columns):
        version["additionalPrinterColumns"] = columns
    version["schema"] = {"openAPIV3Schema": schema}
    if shorts := list(short_names):
        names["shortNames"] = shorts
    crd: Object = {
        "apiVersion": CRDS.api_version,
        "kind": CRDS.kind,
        "metadata": {"name": resource.qualified_name},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "names": names,
            "versions": [version],
        },
    }
    return copy_object(crd)


def copy_object(obj: Object) -> Object:
    """
    Return a copy of *obj* in which no two places share a map or list.

    NB: copy.deepcopy keeps such sharing, and a change in one place then shows in the others.
    """
    return {key: _copy_value(value) for key, value in obj.items()}


def _copy_value(value: Any) -> Any:
    if isinstance(value, dict):
        return copy_object(value)
    return [_copy_value(item) for item in value] if isinstance(value, list | tuple) else value
