"""
From the body of a request to an object of a resource: version, kind, fields and types.

What belongs here: all that the schemas of the cluster decide. What does not: rules that need
to know a kind (`kinds`) or what is stored already (`registry`).

Upstream: apiserver/pkg/endpoints/handlers/create.go, apimachinery/pkg/runtime/serializer/json,
apiextensions-apiserver/pkg/apiserver/customresource_handler.go.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from kubefedctl.sandbox import structural, validation
from kubefedctl.sandbox.objects import Object, split_api_version
from kubefedctl.sandbox.options import WriteOptions
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.schemas import Schema, SchemaSet
from kubefedctl.sandbox.statuses import bad_request, cause, invalid, invalid_value, show_value

_TYPE_NAMES = {"string": str, "boolean": bool, "object": dict, "array": list}


def schema_of(schemas: SchemaSet, resource: Resource) -> Schema | None:
    """Return the schema of a resource's kind, or None if nothing is known of it."""
    return schemas.lookup(resource.group, resource.version, resource.kind)


def decode(schemas: SchemaSet, resource: Resource, body: Any, *, options: WriteOptions) -> Object:
    """
    Return the object in *body* with fields that the kind does not have left out.

    Raises:
        ApiError: 400, it is no object of that resource, or has unknown fields and
            `fieldValidation=Strict` was asked for.
    """
    obj = check_kind(resource, body)
    schema = schema_of(schemas, resource)
    if schema is None:
        return obj
    if options.field_validation in ("Strict", "Warn"):
        _report_unknown(resource, obj, schema, options)
    obj = structural.prune(obj, schema)
    if not resource.custom:
        obj = _without_nulls(obj)
    typed = {"metadata": obj["metadata"]} if resource.custom else obj
    _check_types(resource, typed, schema)
    return obj


def check_kind(resource: Resource, body: Any) -> Object:
    """Return *body* as an object with the apiVersion and kind of the resource."""
    if not isinstance(body, dict):
        found = type(body).__name__
        raise bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): couldn't get "
            f"version/kind; json parse error: json: cannot unmarshal {found} into an object"
        )
    version, kind = body.get("apiVersion"), body.get("kind")
    if resource.custom and not kind:
        raise bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): Object 'Kind' "
            f"is missing in '{show_value(body)}'"
        )
    if resource.custom:
        _check_custom_kind(resource, body)
    elif (version or resource.api_version, kind or resource.kind) != (
        resource.api_version,
        resource.kind,
    ):
        raise bad_request(_wrong_kind(resource, str(version or ""), str(kind or "")))
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request(_cannot_unmarshal(resource, "metadata", metadata, expected="object"))
    head = {"apiVersion": resource.api_version, "kind": resource.kind}
    rest = {key: value for key, value in body.items() if key not in head}
    return {**head, **rest, "metadata": dict(metadata or {})}


def _check_custom_kind(resource: Resource, body: Object) -> None:
    """Upstream: apiextensions-apiserver (schemaCoercingDecoder and the CR's own validation)."""
    version, kind = body.get("apiVersion"), body.get("kind")
    if version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({version or ''}) does not match the expected API "
            f"version ({resource.api_version})"
        )
    if kind != resource.kind:
        text = f"must be {resource.kind}"
        metadata = body.get("metadata")
        name = str(metadata.get("name") or "") if isinstance(metadata, dict) else ""
        raise invalid(
            replace(resource, kind=str(kind)),
            name,
            causes=[invalid_value("kind", kind, message=text)],
        )


def _wrong_kind(resource: Resource, version: str, kind: str) -> str:
    """Upstream: apimachinery/pkg/runtime/converter and schema errors, put together."""
    short = split_api_version(version)[1] or resource.version
    start = f'{kind or resource.kind} in version "{short}" cannot be handled as a {resource.kind}'
    if version in ("", resource.api_version) and kind:
        part = resource.group.partition(".")[0] or "core"
        outer = resource.version if not resource.group else part + resource.version
        return (
            f"{start}: converting ({outer}.{kind}) to ({part}.{resource.kind}): unknown conversion"
        )
    named = kind or resource.kind
    return f'{start}: no kind "{named}" is registered for version "{version}" in scheme'


def _without_nulls(value: Any) -> Any:
    """Drop fields that are null: to Go, null in a struct is the same as nothing."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _report_unknown(resource: Resource, obj: Object, schema: Schema, options: WriteOptions) -> None:
    texts = structural.unknown_fields(obj, schema)
    if not texts:
        return
    if options.field_validation == "Strict":
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a '
            f"{resource.kind}: strict decoding error: {', '.join(texts)}"
        )
    options.warnings.extend(texts)


def _check_types(resource: Resource, obj: Object, schema: Schema) -> None:
    """Refuse what Go could not read into its structs: a string for a number, say."""
    for item in validation.validate(obj, schema):
        if item.reason == "FieldValueTypeInvalid":
            raise bad_request(_describe_type(resource, schema, item))


def _describe_type(resource: Resource, schema: Schema, item: validation.FieldCause) -> str:
    """Return the words of Go's JSON reader for a value of the wrong type."""
    parts = re.sub(r"\[\d+\]", "", item.field).split(".")
    owner, node, path = resource.kind, schema, []
    for part in parts:
        declared = node.properties.get(part)
        if declared is None:
            break
        path.append(part)
        owner = node.name.rpartition(".")[2] or owner
        node = declared.items or declared
    found = item.message.rpartition('"')[0].rpartition('"')[2]
    words = {"integer": "number", "boolean": "bool"}
    kinds = {"integer": "int32", "boolean": "bool", "array": "slice", "object": "struct"}
    wanted = re.search(r"must be of type (\w+)", item.message)
    kind = wanted[1] if wanted else "object"
    return (
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        f"json: cannot unmarshal {words.get(found, found)} into Go struct field "
        f"{owner}.{'.'.join(path)} of type {kinds.get(kind, kind)}"
    )


def _cannot_unmarshal(resource: Resource, field: str, value: object, *, expected: str) -> str:
    found = next((name for name, kind in _TYPE_NAMES.items() if isinstance(value, kind)), "number")
    return (
        f'{resource.kind} in version "{resource.version}" cannot be handled as a '
        f"{resource.kind}: json: cannot unmarshal {found} into Go struct field "
        f"{resource.kind}.{field} of type {expected}"
    )


def fill_defaults(schemas: SchemaSet, resource: Resource, obj: Object) -> Object:
    """
    Return *obj* with the defaults of its schema.

    Built-in kinds also lose what Go would not write; for those whose schema isn't known, and for
    all other defaults of theirs, see `kinds`.
    """
    schema = schema_of(schemas, resource)
    if schema is None:
        return obj
    # NB: an empty managedFields asks for a reset; `writing` tidies the metadata later.
    return {**structural.fill_defaults(obj, schema), "metadata": obj["metadata"]}


def check_schema(schemas: SchemaSet, resource: Resource, obj: Object, *, name: str) -> None:
    """
    Check a custom resource against its schema.

    Raises:
        ApiError: 422, with every cause.
    """
    schema = schema_of(schemas, resource)
    if schema is None or not resource.custom:
        return
    causes = [
        cause(item.reason, item.field, message=item.message)
        for item in validation.validate(obj, schema)
    ]
    if causes:
        raise invalid(resource, name, causes=causes)
