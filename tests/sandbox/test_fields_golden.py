"""
Field ownership against a real API server's answers (see record_managed_fields.py).

Each step starts from what the real server had, so that one difference does not hide the next.
"""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.sandbox.fields import (
    ApplyConflict,
    ApplyError,
    server_side_apply,
    track_update,
)
from kubefedctl.sandbox.patching import json_patch, merge_patch, strategic_merge_patch
from kubefedctl.sandbox.schemas import Schema
from kubefedctl.sandbox.structural import fill_defaults
from kubefedctl.sandbox.typedviews import view_typed
from tests.sandbox.recorded import cases, contained, schema_of, without

Object = dict[str, Any]


def managers_of(obj: Object) -> Any:
    """Return an object's managedFields."""
    return obj["metadata"].get("managedFields")


def requested(sequence: Object, step: Object, live: Object | None, schema: Schema | None) -> Object:
    """Return what a create, update or patch asks for, as the real server saw it."""
    wanted = without(step["answer"], sequence["server_set"])
    if live is not None:
        for path in sequence["server_set"]:
            parent, _, name = path.partition(".")
            if name in live[parent]:
                wanted[parent][name] = live[parent][name]
    body = step["body"]
    patched = {
        "create": lambda: body,
        "update": lambda: body,
        "merge": lambda: merge_patch(live or {}, body),
        "json": lambda: json_patch(live or {}, body),
        "strategic": lambda: strategic_merge_patch(live or {}, body, schema),
    }[step["verb"]]()
    if "managedFields" in patched["metadata"]:
        wanted["metadata"]["managedFields"] = patched["metadata"]["managedFields"]
    return wanted


@pytest.mark.parametrize(("sequence", "index", "live"), cases())
def test_managed_fields_after_each_step_equal_the_real_servers(
    sequence: Object, index: int, live: Object | None
) -> None:
    """Conflicts, errors and managedFields are those of the real API server."""
    step, schema = sequence["steps"][index], schema_of(sequence)
    common = {
        "manager": step["manager"],
        "schema": schema,
        "api_version": sequence["api_version"],
        "subresource": step["subresource"],
        "now": f"T{index:02}",
    }
    answer = step["answer"]
    if step["verb"] != "apply":
        if answer["kind"] != "Status":
            wanted = requested(sequence, step, live, schema)
            result = track_update(live, wanted, **common)
            assert managers_of(answer) == managers_of(result)
        return
    try:
        result = server_side_apply(live, step["body"], force=step["force"], **common)
    except ApplyConflict as error:
        assert answer["message"] == error.message
        # The real server lists managers in the random order of a Go map.
        expected, actual = answer["details"]["causes"], error.causes
        assert in_order(expected) == in_order(actual)
    except ApplyError as error:
        assert (answer["code"], answer["message"]) == (error.status, error.message)
    else:
        if answer["kind"] != "Status":
            assert managers_of(answer) == managers_of(result)
            reset = ["spec"] if step["subresource"] else ["status"]
            assert_same_object(answer, result, schema, ignored=sequence["server_set"] + reset)
        else:
            assert answer["reason"] == "Invalid"


def in_order(causes: list[Object]) -> list[tuple[str, str]]:
    """Return causes in an order of their own."""
    return sorted((cause["message"], cause["field"]) for cause in causes)


def assert_same_object(
    answer: Object, result: Object, schema: Schema | None, *, ignored: list[str]
) -> None:
    """Compare the merged object, defaults aside, with the server's."""
    expected, actual = (
        view_typed(
            fill_defaults(without(item, [*ignored, "metadata.generation"]), schema),
            schema,
        )
        for item in (answer, result)
    )
    assert contained(actual, expected), (actual, expected)
