"""
The OpenAPI documents a cluster publishes, v2 and v3.

Belongs here: putting schemas and served resources into the documents that kubectl's
`apply`, `explain` and validation read. Not here: HTTP and negotiation.

Descriptions are not kept, so `kubectl explain` shows fields and types alone.

Upstream: apiserver pkg/endpoints/installer.go, kube-openapi pkg/builder3,
apiextensions-apiserver pkg/controller/openapi/builder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from kubefedctl.sandbox.schemas import SchemaSet

Object = dict[str, Any]
_GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"
_V2, _V3 = "#/definitions/", "#/components/schemas/"
_PATCH_TYPES = ("json-patch+json", "merge-patch+json", "apply-patch+yaml")
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
_LIST_PARAMETERS = ("continue", "fieldSelector", "labelSelector", "limit", "resourceVersion")
# Verb of the resource -> HTTP method, x-kubernetes-action, word in the operation's name.
_COLLECTION_OPERATIONS = {
    "list": ("get", "list", "list"),
    "create": ("post", "post", "create"),
    "deletecollection": ("delete", "deletecollection", "deleteCollection"),
}
_ITEM_OPERATIONS = {
    "get": ("get", "get", "read"),
    "update": ("put", "put", "replace"),
    "patch": ("patch", "patch", "patch"),
    "delete": ("delete", "delete", "delete"),
}


class Served(Protocol):
    """What the documents need to know of a resource."""

    @property
    def group(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def plural(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def namespaced(self) -> bool: ...
    @property
    def verbs(self) -> Sequence[str]: ...


def openapi_v2(schemas: SchemaSet, resources: Iterable[Served]) -> Object:
    """Return the Swagger 2.0 document of all *resources*."""
    definitions: Object = {}
    paths: Object = {}
    for resource in resources:
        name = _definition_name(schemas, resource)
        if name is None:
            continue
        definitions |= _reachable(schemas, resource, name, prefix=_V2)
        paths |= _paths(resource, name, prefix=_V2)
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "definitions": dict(sorted(definitions.items())),
    }


def openapi_v3_index(schemas: SchemaSet, resources: Iterable[Served]) -> Object:
    """Return the answer to `/openapi/v3`: where the document of each group version lies."""
    described: dict[str, list[Any]] = {}
    for resource in resources:
        custom = schemas.custom_kinds.get((resource.group, resource.version, resource.kind))
        part = [resource.plural, list(resource.verbs), custom.node if custom else None]
        described.setdefault(_location(resource.group, resource.version), []).append(part)
    paths = {}
    for location, parts in sorted(described.items()):
        text = json.dumps(parts, sort_keys=True).encode()
        digest = hashlib.sha256(text).hexdigest().upper()
        paths[location] = {"serverRelativeURL": f"/openapi/v3/{location}?hash={digest}"}
    return {"paths": paths}


def openapi_v3(schemas: SchemaSet, group: str, version: str, resources: Iterable[Served]) -> Object:
    """Return the OpenAPI 3.0 document of one group version; others among *resources* are left."""
    definitions: Object = {}
    paths: Object = {}
    for resource in resources:
        if (resource.group, resource.version) != (group, version):
            continue
        name = _definition_name(schemas, resource)
        if name is not None:
            definitions |= _reachable(schemas, resource, name, prefix=_V3)
            paths |= _paths(resource, name, prefix=_V3)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": paths,
        "components": {"schemas": dict(sorted(definitions.items()))},
    }


def _location(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _kind_of(resource: Served) -> Object:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _definition_name(schemas: SchemaSet, resource: Served) -> str | None:
    schema = schemas.lookup(resource.group, resource.version, resource.kind)
    if schema is None:
        return None
    reversed_group = ".".join(reversed(resource.group.split(".")))
    return schema.name or f"{reversed_group}.{resource.version}.{resource.kind}"


def _reachable(schemas: SchemaSet, resource: Served, name: str, *, prefix: str) -> Object:
    """Return the definition *name* and those it leads to, references in the document's form."""
    found: Object = {}
    custom = schemas.custom_kinds.get((resource.group, resource.version, resource.kind))
    pending = [name]
    if custom is not None:
        node = {**custom.node, _GROUP_VERSION_KIND: [_kind_of(resource)]}
        found[name] = _published(node, prefix)
        pending = list(_references(custom.node))
        found[f"{name}List"] = _published(_list_node(name), prefix)
        pending.append("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta")
    while pending:
        current = pending.pop()
        if current not in found and current in schemas.definitions:
            node = schemas.definitions[current]
            found[current] = _published(node, prefix)
            pending += _references(node)
    return found


def _list_node(name: str) -> Object:
    return {
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"$ref": "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"},
            "items": {"type": "array", "items": {"$ref": name}},
        },
    }


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _published(node: Mapping[str, Any], prefix: str) -> Object:
    """Return a schema node as the document has it."""
    published: Object = {}
    for key, value in node.items():
        if key == "properties":
            published[key] = {name: _published(child, prefix) for name, child in value.items()}
        elif isinstance(value, dict) and key in ("items", "additionalProperties", "not"):
            published[key] = _published(value, prefix)
        elif key in ("allOf", "anyOf", "oneOf"):
            published[key] = [_published(child, prefix) for child in value]
        else:
            published[key] = value
    return _in_v2(published) if prefix == _V2 else _in_v3(published)


def _in_v2(node: Object) -> Object:
    if "$ref" in node:
        kept = {key: value for key, value in node.items() if key not in ("$ref", "default")}
        return {**kept, "$ref": _V2 + node["$ref"]}
    rest = {key: value for key, value in node.items() if key not in ("default", "anyOf", "oneOf")}
    if rest.get("format") == "quantity":
        del rest["format"]
    return rest


def _in_v3(node: Object) -> Object:
    if "$ref" in node:
        reference = {"$ref": _V3 + node["$ref"]}
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return {**rest, "allOf": [reference]} if rest else reference
    if node.get("format") == "quantity":
        return {"oneOf": [{"type": "string"}, {"type": "number"}]}
    if node.get("format") == "int-or-string":
        either = [{"type": "integer"}, {"type": "string"}]
        return {"format": "int-or-string", "oneOf": either}
    return node


def _paths(resource: Served, name: str, *, prefix: str) -> Object:
    base = f"/{_location(resource.group, resource.version)}"
    if resource.namespaced:
        base += "/namespaces/{namespace}"
    collection = f"{base}/{resource.plural}"
    return {
        collection: _path_item(resource, name, _COLLECTION_OPERATIONS, prefix=prefix, item=False),
        collection + "/{name}": _path_item(
            resource, name, _ITEM_OPERATIONS, prefix=prefix, item=True
        ),
    }


def _path_item(
    resource: Served,
    name: str,
    operations: Mapping[str, tuple[str, str, str]],
    *,
    prefix: str,
    item: bool,
) -> Object:
    path_item: Object = {}
    for verb, (method, action, word) in operations.items():
        if verb in resource.verbs:
            operation = _operation(resource, name, verb, prefix=prefix)
            operation["operationId"] = word + _operation_suffix(resource)
            operation["x-kubernetes-action"] = action
            path_item[method] = operation
    names = [*(["namespace"] if resource.namespaced else []), *(["name"] if item else [])]
    path_item["parameters"] = [_parameter(each, prefix, place="path") for each in names]
    return path_item


def _operation_suffix(resource: Served) -> str:
    group = "".join(part.capitalize() for part in (resource.group or "core").split("."))
    scope = "Namespaced" if resource.namespaced else ""
    return f"{group}{resource.version.capitalize()}{scope}{resource.kind}"


def _operation(resource: Served, name: str, verb: str, *, prefix: str) -> Object:
    parameters: tuple[str, ...] = ()
    if verb in ("create", "update", "patch"):
        parameters = (*_WRITE_PARAMETERS, "force") if verb == "patch" else _WRITE_PARAMETERS
    elif verb in ("list", "deletecollection"):
        parameters = _LIST_PARAMETERS
    reference = {"$ref": prefix + name}
    operation: Object = {
        "parameters": [_parameter(each, prefix, place="query") for each in parameters],
        _GROUP_VERSION_KIND: _kind_of(resource),
    }
    if prefix == _V2:
        operation["responses"] = {"200": {"description": "OK", "schema": reference}}
        return operation
    content = {"application/json": {"schema": reference}}
    operation["responses"] = {"200": {"description": "OK", "content": content}}
    if verb in ("create", "update"):
        operation["requestBody"] = {"content": {"*/*": {"schema": reference}}, "required": True}
    if verb == "patch":
        types = _PATCH_TYPES if _is_custom(name) else (*_PATCH_TYPES, "strategic-merge-patch+json")
        bodies = {f"application/{each}": {"schema": {"type": "object"}} for each in types}
        operation["requestBody"] = {"content": bodies, "required": True}
    return operation


def _is_custom(name: str) -> bool:
    return not name.startswith("io.k8s.")


def _parameter(name: str, prefix: str, *, place: str) -> Object:
    kind = {"force": "boolean", "limit": "integer"}.get(name, "string")
    parameter: Object = {"name": name, "in": place, "required": place == "path"}
    if prefix == _V2:
        return {**parameter, "type": kind, "uniqueItems": True}
    return {**parameter, "schema": {"type": kind, "uniqueItems": True}}
