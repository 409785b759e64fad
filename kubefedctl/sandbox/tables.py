"""
Lists as tables, the form `kubectl get` asks for.

What belongs here: the envelope, ages, and columns of custom resources. What does not: the
columns of built-in kinds (`columns`).

Upstream: pkg/printers/tablegenerator.go,
apiextensions-apiserver/pkg/registry/customresource/tableconvertor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubefedctl.sandbox.columns import BUILTIN_COLUMNS, Column, age
from kubefedctl.sandbox.jsonpath import find
from kubefedctl.sandbox.objects import Object, meta, name_of
from kubefedctl.sandbox.resources import Resource

_NAME_TEXT = (
    "Name must be unique within a namespace. Is required when creating resources, although some "
    "resources may allow a client to request the generation of an appropriate name automatically. "
    "Name is primarily intended for creation idempotence and configuration definition. Cannot be "
    "updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
)
_CREATED_TEXT = (
    "CreationTimestamp is a timestamp representing the server time when this object was created."
)
_DEFAULT = (
    Column("Name", lambda obj: name_of(obj), format="name", description=_NAME_TEXT),
    Column("Age", lambda obj: age(meta(obj).get("creationTimestamp")), description=_CREATED_TEXT),
)
_CREATED_AT = Column(
    "Created At",
    lambda obj: meta(obj).get("creationTimestamp"),
    type="date",
    description=_CREATED_TEXT,
)


@dataclass(frozen=True, slots=True)
class TableForm:
    """How a table is asked for."""

    version: str = "v1"
    include: str = "Metadata"


def columns_of(resource: Resource, definition: Object | None) -> tuple[Column, ...]:
    """Return the columns of a resource."""
    if definition is not None:
        return _custom_columns(resource, definition)
    return BUILTIN_COLUMNS.get(resource.key, (_DEFAULT[0], _CREATED_AT))


def _custom_columns(resource: Resource, definition: Object) -> tuple[Column, ...]:
    version = next(
        item for item in definition["spec"]["versions"] if item["name"] == resource.version
    )
    declared = version.get("additionalPrinterColumns")
    if not declared:
        return _DEFAULT
    return (_DEFAULT[0], *(_custom_column(item) for item in declared))


def _custom_column(item: Object) -> Column:
    text = f"Custom resource definition column (in JSONPath format): {item['jsonPath']}"
    return Column(
        item["name"],
        _make_reader(item["jsonPath"], item.get("type", "string")),
        type=item.get("type", "string"),
        format=item.get("format", ""),
        priority=item.get("priority", 0),
        description=item.get("description") or text,
    )


def _make_reader(path: str, kind: str) -> Any:
    def read(obj: Object) -> Any:
        found = find(obj, path)
        if not found:
            return None
        if kind == "date":
            return age(found[0], missing="<unknown>")
        if kind in ("integer", "number", "boolean"):
            return found[0]
        return _show(found[0]) if len(found) == 1 else ",".join(_show(item) for item in found)

    return read


def _show(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def make_table(
    resource: Resource,
    objects: Sequence[Object],
    *,
    definition: Object | None,
    form: TableForm,
    metadata: Object | None = None,
    headed: bool = True,
) -> Object:
    """
    Return a Table of objects.

    Args:
        resource: What they are.
        objects: The rows.
        definition: The CustomResourceDefinition of a custom resource, else None.
        form: How the table is asked for.
        metadata: The metadata of the list.
        headed: Whether column definitions are given; a watch gives them once.
    """
    columns = columns_of(resource, definition)
    rows = [
        {
            "cells": [column.read(obj) for column in columns],
            **_include(obj, form),
        }
        for obj in objects
    ]
    return {
        "kind": "Table",
        "apiVersion": f"meta.k8s.io/{form.version}",
        "metadata": metadata or {},
        "columnDefinitions": [column.definition() for column in columns] if headed else None,
        # NB: upstream, no rows are null where a kind has no columns of its own.
        "rows": rows if rows or _has_own_columns(resource, definition) else None,
    }


def _has_own_columns(resource: Resource, definition: Object | None) -> bool:
    return definition is not None or resource.key in BUILTIN_COLUMNS


def _include(obj: Object, form: TableForm) -> Object:
    if form.include == "None":
        return {"object": None}
    if form.include == "Object":
        return {"object": obj}
    return {"object": make_partial(obj, version=form.version)}


def make_partial(obj: Object, *, version: str = "v1") -> Object:
    """Return an object's PartialObjectMetadata."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"meta.k8s.io/{version}",
        "metadata": meta(obj),
    }
