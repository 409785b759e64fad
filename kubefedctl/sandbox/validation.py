"""
Values against structural schemas, in the words of a real API server.

Belongs here: types, enums, bounds, patterns, formats, list sets and maps. Not here:
the rules of built-in kinds that Kubernetes writes in code, and CEL.

Built-in kinds are checked for types only, and for required fields outside of status,
because that is what decoding and their own validation refuse; the rest applies to CRDs.

Upstream: apiextensions-apiserver pkg/apiserver/validation and schema/listtype,
kube-openapi pkg/validation, apimachinery pkg/util/validation/field/errors.go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kubefedctl.sandbox.formats import is_valid_format
from kubefedctl.sandbox.patterns import matches
from kubefedctl.sandbox.schemas import Schema, make_schema

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldCause:
    """One thing wrong with an object: the cause of an Invalid status."""

    reason: str
    field: str
    message: str


def validate(obj: Object, schema: Schema | None) -> list[FieldCause]:
    """Return what is wrong with *obj*, without repetitions; empty if nothing is."""
    if schema is None:
        return []
    causes = [*_check(obj, schema, ""), *_check_lists(obj, schema, "")]
    return list(dict.fromkeys(causes))


def show(value: Any) -> str:
    """
    Return *value* as Kubernetes prints a bad value.

    >>> show("a"), show(True), show({"b": 1})
    ('"a"', 'true', '{"b":1}')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        value = int(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def _invalid(path: str, value: Any, problem: str) -> FieldCause:
    detail = f"{path} in body {problem}"
    return FieldCause("FieldValueInvalid", path, f"Invalid value: {show(value)}: {detail}")


def _wrong_type(path: str, expected: str, actual: str) -> FieldCause:
    detail = f'{path} in body must be of type {expected}: "{actual}"'
    message = f'Invalid value: "{actual}": {detail}'
    return FieldCause("FieldValueTypeInvalid", path, message)


def _check(value: Any, schema: Schema, path: str) -> Iterator[FieldCause]:
    if value is None:
        if schema.custom and schema.type and not schema.is_nullable:
            yield _wrong_type(path, schema.expected_type, "null")
        return
    yield from _check_type(value, schema, path)
    if schema.custom:
        yield from _check_enum(value, schema, path)
        yield from _check_combinations(value, schema, path)
    if isinstance(value, dict):
        yield from _check_map(value, schema, path)
    elif isinstance(value, list):
        yield from _check_list(value, schema, path)
    elif schema.custom and isinstance(value, str):
        yield from _check_text(value, schema, path)
    elif schema.custom and not isinstance(value, bool):
        yield from _check_number(value, schema, path)


def _check_type(value: Any, schema: Schema, path: str) -> Iterator[FieldCause]:
    actual = json_type(value)
    if schema.type == "int-or-string":
        if not _is_integer(value) and not isinstance(value, str):
            yield _wrong_type(path, schema.expected_type, actual)
    elif schema.format == "quantity":
        if not isinstance(value, str) and actual not in ("integer", "number"):
            yield _wrong_type(path, "string", actual)
    elif not _is_of_type(value, schema.type):
        yield _wrong_type(path, schema.type, actual)


def json_type(value: Any) -> str:
    """
    Return the JSON schema type of *value*.

    >>> json_type(True), json_type(1), json_type(None), json_type([])
    ('boolean', 'integer', 'null', 'array')
    """
    if value is None:
        return "null"
    for kind, name in (
        (bool, "boolean"),
        (str, "string"),
        (int, "integer"),
        (float, "number"),
        (dict, "object"),
    ):
        if isinstance(value, kind):
            return name
    return "array"


def _is_of_type(value: Any, expected: str) -> bool:
    if not expected:
        return True
    if expected == "integer":
        return _is_integer(value)
    actual = json_type(value)
    return actual == expected or (expected == "number" and actual == "integer")


def _is_integer(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _check_enum(value: Any, schema: Schema, path: str) -> Iterator[FieldCause]:
    allowed = schema.node.get("enum")
    if allowed and not any(_same(value, item) for item in allowed):
        words = ", ".join(show(item if isinstance(item, str) else show(item)) for item in allowed)
        message = f"Unsupported value: {show(value)}: supported values: {words}"
        yield FieldCause("FieldValueNotSupported", path, message)


def _same(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; unlike in Python, true is not 1."""
    return show(left) == show(right)


def _check_combinations(value: Any, schema: Schema, path: str) -> Iterator[FieldCause]:
    def failures(node: Object) -> list[FieldCause]:
        return list(_check(value, make_schema(node, schema.definitions, custom=True), path))

    def whole(problem: str) -> FieldCause:
        message = f'Invalid value: "": "{path}" must {problem}'
        return FieldCause("FieldValueInvalid", "<nil>", message)

    node = schema.node
    if node.get("anyOf"):
        results = [failures(part) for part in node["anyOf"]]
        if all(results):
            yield whole("validate at least one schema (anyOf)")
            yield from results[0]
    if node.get("oneOf"):
        results = [failures(part) for part in node["oneOf"]]
        valid = sum(not result for result in results)
        if valid != 1:
            found = f"Found {valid} valid alternatives" if valid else "Found none valid"
            yield whole(f"validate one and only one schema (oneOf). {found}")
            yield from results[0]
    if node.get("allOf"):
        results = [failures(part) for part in node["allOf"]]
        yield from (cause for result in results for cause in result)
        if any(results):
            tail = ". None validated" if all(results) else ""
            yield whole(f"validate all the schemas (allOf){tail}")
    if isinstance(node.get("not"), dict) and not failures(node["not"]):
        yield whole("not validate the schema (not)")


def _check_map(value: Object, schema: Schema, path: str) -> Iterator[FieldCause]:
    for key in sorted(value):
        child = schema.child(key)
        if child is not None and (schema.custom or path or key != "status"):
            yield from _check(value[key], child, f"{path}.{key}" if path else key)
    for key in schema.node.get("required") or ():
        if key not in value:
            where = f"{path}.{key}" if path else key
            yield FieldCause("FieldValueRequired", where, "Required value")
    if schema.custom:
        yield from _check_size(len(value), schema, path, nouns=("Properties", "properties"))


def _check_list(value: list[Any], schema: Schema, path: str) -> Iterator[FieldCause]:
    if schema.custom:
        yield from _check_size(len(value), schema, path, nouns=("Items", "items"))
    if schema.items is not None:
        for index, item in enumerate(value):
            yield from _check(item, schema.items, f"{path}[{index}]")


def _check_size(
    size: int, schema: Schema, path: str, *, nouns: tuple[str, str]
) -> Iterator[FieldCause]:
    keyword, noun = nouns
    least, most = schema.node.get(f"min{keyword}"), schema.node.get(f"max{keyword}")
    if least is not None and size < least:
        yield _invalid(path, size, f"should have at least {least} {noun}")
    if most is not None and size > most:
        items = "item" if most == 1 else "items"
        message = f"Too many: {size}: must have at most {most} {items}"
        yield FieldCause("FieldValueTooMany", path, message)


def _check_text(value: str, schema: Schema, path: str) -> Iterator[FieldCause]:
    node = schema.node
    least, most, pattern = node.get("minLength"), node.get("maxLength"), node.get("pattern")
    if most is not None and len(value) > most:
        unit = "byte" if most == 1 else "bytes"
        message = f"Too long: may not be more than {most} {unit}"
        yield FieldCause("FieldValueTooLong", path, message)
    elif least is not None and len(value) < least:
        yield _invalid(path, value, f"should be at least {least} chars long")
    elif pattern and not matches(pattern, value):
        yield _invalid(path, value, f"should match '{pattern}'")
    if schema.format and not is_valid_format(schema.format, value):
        detail = f"{path} in body must be of type {schema.format}: {show(value)}"
        message = f"Invalid value: {show(value)}: {detail}"
        yield FieldCause("FieldValueTypeInvalid", path, message)


def _check_number(value: float, schema: Schema, path: str) -> Iterator[FieldCause]:
    node = schema.node
    factor, least, most = node.get("multipleOf"), node.get("minimum"), node.get("maximum")
    if factor and not float(value / factor).is_integer():
        yield _invalid(path, value, f"should be a multiple of {show(factor)}")
    if most is not None:
        if node.get("exclusiveMaximum") and value >= most:
            yield _invalid(path, value, f"should be less than {show(most)}")
        elif value > most:
            yield _invalid(path, value, f"should be less than or equal to {show(most)}")
    if least is not None:
        if node.get("exclusiveMinimum") and value <= least:
            yield _invalid(path, value, f"should be greater than {show(least)}")
        elif value < least:
            yield _invalid(path, value, f"should be greater than or equal to {show(least)}")


def _check_lists(value: Any, schema: Schema, path: str) -> Iterator[FieldCause]:
    """Find repetitions in the sets and maps of a custom object."""
    if not schema.custom:
        return
    if isinstance(value, dict):
        for key in sorted(value):
            declared = schema.properties.get(key)
            if declared is not None:
                yield from _check_lists(value[key], declared, f"{path}.{key}" if path else key)
            elif schema.values is not None:
                yield from _check_lists(value[key], schema.values, f"{path}[{key}]")
    elif isinstance(value, list):
        yield from _check_repetitions(value, schema, path)
        if schema.items is not None:
            for index, item in enumerate(value):
                yield from _check_lists(item, schema.items, f"{path}[{index}]")


def _check_repetitions(value: list[Any], schema: Schema, path: str) -> Iterator[FieldCause]:
    if schema.list_type == "map":
        for index, item in enumerate(value):
            if item is not None and not isinstance(item, dict):
                problem = "must be an object for an array of list-type map"
                message = f"Invalid value: {show(item)}: {problem}"
                yield FieldCause("FieldValueInvalid", f"{path}[{index}]", message)
                return
        yield from _repeated(value, path, identity=_keys_reader(schema.list_map_keys))
    elif schema.list_type == "set":
        yield from _repeated(value, path, identity=lambda item: item)


def _keys_reader(keys: Sequence[str]) -> Callable[[Any], Any]:
    return lambda item: {key: item[key] for key in keys if item and key in item}


def _repeated(
    value: list[Any], path: str, *, identity: Callable[[Any], Any]
) -> Iterator[FieldCause]:
    seen: dict[str, int] = {}
    for index, item in enumerate(value):
        shown = show(identity(item))
        seen[shown] = seen.get(shown, 0) + 1
        if seen[shown] == 2:
            message = f"Duplicate value: {shown}"
            yield FieldCause("FieldValueDuplicate", f"{path}[{index}]", message)
