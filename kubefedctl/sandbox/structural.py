"""
Structural schemas at work: pruning, unknown fields and defaults.

Belongs here: what an API server does to an object before it validates it. Checking
values lies in `validation`, whose `validate` and `FieldCause` are exported here too.
Not here: the defaults of built-in kinds that Kubernetes sets in code, not by schema.

Laws:

1. Arguments are never changed; results share no containers with them.
2. Values of the wrong type pass through untouched: `validate` reports them.
3. CEL rules (`x-kubernetes-validations`) and admission are not emulated.

Upstream: apiextensions-apiserver pkg/apiserver/schema/{pruning,defaulting}.
"""

from __future__ import annotations

import copy
from typing import Any

from kubefedctl.sandbox.quantities import canonical_quantity
from kubefedctl.sandbox.schemas import Schema
from kubefedctl.sandbox.typedviews import is_omitted
from kubefedctl.sandbox.validation import FieldCause, validate

__all__ = ["FieldCause", "fill_defaults", "prune", "unknown_fields", "validate"]

Object = dict[str, Any]


def prune(obj: Object, schema: Schema | None) -> Object:
    """
    Return *obj* without the fields the schema does not know.

    Fields stay where `x-kubernetes-preserve-unknown-fields` says so; the type fields
    and metadata of the object and of embedded objects have schemas of their own.
    Without a schema everything stays.
    """
    pruned: Object = _pruned(obj, schema, "", unknown=[])
    return pruned


def unknown_fields(obj: Object, schema: Schema | None) -> list[str]:
    """
    Return a message for every field that `prune` would remove, sorted by field.

    The words are those a server answers `fieldValidation=Strict` with, e.g.
    `unknown field "spec.foo"`.
    """
    unknown: list[str] = []
    _pruned(obj, schema, "", unknown=unknown)
    return [f'unknown field "{path}"' for path in sorted(unknown)]


def _pruned(value: Any, schema: Schema | None, path: str, *, unknown: list[str]) -> Any:
    if schema is None:
        return copy.deepcopy(value)
    if isinstance(value, list):
        return [
            _pruned(item, _items_of(schema), f"{path}[{index}]", unknown=unknown)
            for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    pruned: Object = {}
    for key, item in value.items():
        where = f"{path}.{key}" if path else key
        child = schema.child(key)
        if child is not None:
            pruned[key] = _pruned(item, child, where, unknown=unknown)
        elif schema.preserves_unknown:
            pruned[key] = copy.deepcopy(item)
        else:
            unknown.append(where)
    return pruned


def _items_of(schema: Schema) -> Schema | None:
    """Return the schema of list items; below a list that keeps everything, so do its items."""
    if schema.items is None or not schema.node.get("x-kubernetes-preserve-unknown-fields"):
        return schema.items
    return schema.items.keeping_unknown


def fill_defaults(obj: Object, schema: Schema | None) -> Object:
    """
    Return *obj* with the schema's defaults where fields are missing.

    A null where null is not allowed counts as missing: it gets the default, or goes.
    Built-in kinds come back as from Go's structs: nulls and empty lists and maps of
    optional fields go, quantities become canonical, struct fields are there if empty.
    Of their defaults only telling ones are filled in (the protocol of a port), not the
    zero values their documents are full of.
    """
    filled: Object = _filled(obj, schema)
    return filled


def _filled(value: Any, schema: Schema | None) -> Any:
    if schema is None:
        return copy.deepcopy(value)
    if schema.format == "quantity" and not schema.custom:
        return canonical_quantity(value)
    if isinstance(value, list):
        return [
            _filled(
                _default_of(schema.items) if _is_missing(item, schema.items) else item, schema.items
            )
            for item in value
        ]
    if not isinstance(value, dict):
        return value
    filled: Object = {}
    for key, item in value.items():
        child = schema.child(key)
        if not _is_missing(item, child) and not _is_left_out(key, item, parent=schema):
            filled[key] = _filled(item, child)
    for key, child in schema.defaulted.items():
        if key not in filled:
            filled[key] = _filled(_default_of(child), child)
    return filled


def _is_missing(value: Any, schema: Schema | None) -> bool:
    return value is None and schema is not None and schema.custom and not schema.is_nullable


def _is_left_out(key: str, value: Any, *, parent: Schema) -> bool:
    """Return whether a built-in kind has no such field when it is empty."""
    child = parent.properties.get(key)
    if child is None or parent.custom or key in (parent.node.get("required") or ()):
        return False
    return is_omitted(value, child)


def _default_of(schema: Schema | None) -> Any:
    return copy.deepcopy(schema.node.get("default")) if schema else None
