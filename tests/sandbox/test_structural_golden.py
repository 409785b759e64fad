"""Custom objects against a real API server's answers (see record_structural.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.sandbox.schemas import Schema, SchemaSet
from kubefedctl.sandbox.structural import fill_defaults, prune, unknown_fields, validate

Object = dict[str, Any]

GOLDEN = json.loads((Path(__file__).parent / "golden" / "custom_objects.json").read_text())
CASES = [pytest.param(case, id=case["name"]) for case in GOLDEN["cases"]]


def schema_of_gadgets() -> Schema:
    """Return the schema of the golden objects."""
    schemas = SchemaSet.load()
    schemas.add("example.org", "v1", "Gadget", GOLDEN["schema"])
    schema = schemas.lookup("example.org", "v1", "Gadget")
    assert schema is not None
    return schema


def make_object(case: Object) -> Object:
    """Return the object a client sends."""
    metadata = {"name": "it", "namespace": "default", **case["body"].get("metadata", {})}
    return {"apiVersion": "example.org/v1", "kind": "Gadget", **case["body"], "metadata": metadata}


@pytest.mark.parametrize("case", CASES)
def test_custom_object_is_stored_or_refused_as_by_a_real_server(case: Object) -> None:
    """What is stored after pruning and defaulting, or every cause of a refusal, is the same."""
    schema = schema_of_gadgets()
    decoded = fill_defaults(prune(make_object(case), schema), schema)
    causes = validate(decoded, schema)
    if "causes" in case:
        expected = {(item["reason"], item["field"], item["message"]) for item in case["causes"]}
        assert expected == {(item.reason, item.field, item.message) for item in causes}
    else:
        assert causes == []
        assert case["stored"] == {key: decoded[key] for key in case["stored"]}
        assert case["labels"] == decoded["metadata"].get("labels")


@pytest.mark.parametrize("case", CASES)
def test_unknown_fields_are_named_as_by_a_real_server(case: Object) -> None:
    """Strict field validation names the same fields in the same words."""
    schema = schema_of_gadgets()
    prefix = 'Gadget in version "v1" cannot be handled as a Gadget: strict decoding error: '
    expected = case["strict"].removeprefix(prefix)
    assert expected == ", ".join(unknown_fields(make_object(case), schema))
