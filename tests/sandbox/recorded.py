"""The steps that record_managed_fields.py wrote down, and what tests of them share."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.sandbox.schemas import Schema, SchemaSet

Object = dict[str, Any]

GOLDEN = json.loads((Path(__file__).parent / "golden" / "managed_fields.json").read_text())


def cases() -> list[Any]:
    """Return every step with the object before it."""
    found = []
    for sequence in GOLDEN["sequences"]:
        live = None
        for index, step in enumerate(sequence["steps"]):
            name = f"{sequence['name']}-{index}"
            found.append(pytest.param(sequence, index, live, id=name))
            if step["answer"]["kind"] != "Status":
                live = step["answer"]
    return found


def schema_of(sequence: Object) -> Schema | None:
    """Return the schema of the sequence's kind."""
    schemas = SchemaSet.load()
    schemas.add("example.com", "v1", "Widget", GOLDEN["widget_schema"])
    group, _, version = sequence["api_version"].rpartition("/")
    return schemas.lookup(group, version, sequence["kind"])


def without(obj: Object, paths: list[str]) -> Object:
    """Return *obj* without the fields that the server sets itself, and managedFields."""
    rest = copy.deepcopy(obj)
    for path in [*paths, "metadata.managedFields"]:
        *parents, last = path.split(".")
        node = rest
        for name in parents:
            node = node.get(name, {})
        node.pop(last, None)
    return rest


def contained(part: Any, whole: Any) -> bool:
    """Return whether *whole* has all of *part*."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(
            value is None or (key in whole and contained(value, whole[key]))
            for key, value in part.items()
        )
    if isinstance(part, list) and isinstance(whole, list):
        pairs = zip(part, whole, strict=False)
        return len(part) == len(whole) and all(contained(one, two) for one, two in pairs)
    return bool(part == whole)
