"""
How field ownership sees a schema: what is owned piece by piece, and what as a whole.

Belongs here: the shape of a value (leaf, granular map, associative list), the schema
of what lies in it, and the path elements of list items. A schema of None means that
the type is deduced from the value: maps are granular, lists atomic.

Upstream: kube-openapi pkg/schemaconv/openapi.go and structured-merge-diff typed/helpers.go.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from kubefedctl.sandbox.fieldsets import FieldSet, Path, key_element, show_element, value_element
from kubefedctl.sandbox.schemas import Schema

Object = dict[str, Any]


class TypedError(ValueError):
    """A value does not fit its schema; the message starts with the path."""


class Shape(Enum):
    """How a value is owned: as a whole, field by field, or item by item."""

    LEAF = "leaf"
    MAP = "map"
    LIST = "list"


class _Undeclared:
    """The type of a field that the schema does not allow."""


UNDECLARED = _Undeclared()
FieldType = Schema | None | _Undeclared


def shape_of(schema: FieldType, value: Any) -> Shape:
    """Return the shape *value* has under *schema*; null takes the first that is allowed."""
    if not isinstance(schema, Schema):
        return Shape.MAP if isinstance(value, dict) or value is None else Shape.LEAF
    if schema.is_free_form:
        return Shape.LEAF
    kind = schema.type
    if kind == "":
        kind = {dict: "object", list: "array", type(None): "object"}.get(type(value), "")
    if kind == "object" and not schema.is_atomic_map:
        return Shape.MAP
    if kind == "array" and schema.list_type != "atomic":
        return Shape.LIST
    return Shape.LEAF


def type_of_field(schema: FieldType, name: str) -> FieldType:
    """Return the type of the field *name* of a map."""
    if not isinstance(schema, Schema):
        return None
    declared = schema.properties.get(name)
    if declared is not None:
        return declared
    if schema.is_free_form:
        return schema
    additional = schema.node.get("additionalProperties")
    if isinstance(additional, dict):
        return schema.values
    kept = schema.preserved or bool(schema.node.get("x-kubernetes-preserve-unknown-fields"))
    if additional is None and (kept or not schema.properties):
        return None
    return None if additional is True else UNDECLARED


def is_declared(schema: FieldType, name: str) -> bool:
    """Return whether a map's schema names the field."""
    return isinstance(schema, Schema) and name in schema.properties


def type_of_items(schema: FieldType) -> FieldType:
    """Return the type of a list's items."""
    return schema.items if isinstance(schema, Schema) else None


def type_at(schema: FieldType, element: str) -> FieldType:
    """Return the type of what a path element leads to."""
    if element.startswith("f:"):
        return type_of_field(schema, element[2:])
    return type_of_items(schema)


def element_of(schema: Schema, item: Any) -> str:
    """
    Return the path element of an item of an associative list.

    Raises:
        TypedError: The item has none of the keys, or is of the wrong type.
    """
    keys = schema.list_map_keys
    if not keys:
        return _set_element(item)
    if item is None:
        raise TypedError("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise TypedError("associative list with keys may not have non-map elements")
    found = {}
    for key in keys:
        value = item[key] if key in item else _default_of(schema.items, key)
        if key in item or value is not None:
            found[key] = value
    if not found:
        names = " ".join(f'"{key}"' for key in keys)
        raise TypedError(
            f"associative list with keys has an element that omits all key fields [{names}] "
            "(and doesn't have default values for any key fields)"
        )
    return key_element(found)


def _set_element(item: Any) -> str:
    if isinstance(item, dict):
        raise TypedError("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise TypedError("not supported: associative list with lists as elements")
    if item is None:
        raise TypedError("associative list without keys has an element that's an explicit null")
    return value_element(item)


def _default_of(items: Schema | None, key: str) -> Any:
    declared = items.properties.get(key) if items else None
    return declared.node.get("default") if declared else None


def check_typed(value: Any, schema: FieldType, prefix: str = "") -> list[str]:
    """
    Return why *value* can't be applied: wrong types, undeclared fields, repeated keys.

    Upstream: structured-merge-diff typed/validate.go.
    """
    if isinstance(schema, _Undeclared):
        return [f"{prefix}: field not declared in schema"]
    if value is None or schema is None or schema.is_free_form:
        return []
    if isinstance(value, dict) and schema.type in ("", "object"):
        problems = []
        for name, item in value.items():
            where = prefix + "." + name
            problems += check_typed(item, type_of_field(schema, name), where)
        return problems
    if isinstance(value, list) and schema.type in ("", "array"):
        return _check_items(value, schema, prefix)
    problem = _scalar_problem(value, schema)
    return [f"{prefix}: {problem}" if prefix else problem] if problem else []


def _check_items(value: list[Any], schema: Schema, prefix: str) -> list[str]:
    problems: list[str] = []
    seen = set()
    for index, item in enumerate(value):
        where = f"{prefix}[{index}]"
        if shape_of(schema, value) is Shape.LIST:
            try:
                element = element_of(schema, item)
            except TypedError as error:
                return [*problems, f"{prefix}: element {index}: {error}"]
            where = prefix + show_element(element)
            if element in seen:
                problems.append(f"{prefix}: duplicate entries for key {show_element(element)}")
            seen.add(element)
        problems += check_typed(item, type_of_items(schema), where)
    return problems


def _scalar_problem(value: Any, schema: Schema) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if schema.type == "object":
        return f"expected map, got {value!r}"
    if schema.type == "array":
        return f"expected list, got {value!r}"
    if schema.type in ("integer", "number"):
        return "" if is_number else f"expected numeric (int or float), got {_go_type(value)}"
    if schema.type == "boolean":
        return "" if isinstance(value, bool) else f"expected boolean, got {value!r}"
    if schema.type == "string" and schema.format in ("", "byte"):
        return "" if isinstance(value, str) else f"expected string, got {value!r}"
    return f"expected any scalar, got {value!r}" if isinstance(value, dict | list) else ""


def _go_type(value: Any) -> str:
    names = {str: "string", bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}
    return names.get(type(value), "string")


def named_fields(fields: FieldSet, schema: FieldType) -> FieldSet:
    """
    Return *fields* with the declared fields on the way to them.

    A set made of `a.b.c` then has `a` too if the schema declares it, but not `a.b` if
    that is the key of a map.

    Upstream: structured-merge-diff fieldpath/set.go, EnsureNamedFieldsAreMembers.
    """
    named = set(fields)
    types: dict[Path, FieldType] = {(): schema}

    def type_for(prefix: Path) -> FieldType:
        if prefix not in types:
            types[prefix] = type_at(type_for(prefix[:-1]), prefix[-1])
        return types[prefix]

    for prefix in {path[:length] for path in fields for length in range(1, len(path))}:
        element = prefix[-1]
        if element.startswith("f:") and is_declared(type_for(prefix[:-1]), element[2:]):
            named.add(prefix)
    return frozenset(named)
