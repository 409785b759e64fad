"""Patches against a real API server's answers (see record_managed_fields.py)."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.sandbox.patching import (
    PatchError,
    json_patch,
    merge_patch,
    strategic_merge_patch,
)
from kubefedctl.sandbox.typedviews import view_typed
from tests.sandbox.recorded import cases, contained, schema_of, without

Object = dict[str, Any]

PATCHES = {"json": json_patch, "merge": merge_patch}
STEPS = [
    case
    for case in cases()
    if case.values[0]["steps"][case.values[1]]["verb"] in ("json", "merge", "strategic")
]


@pytest.mark.parametrize(("sequence", "index", "live"), STEPS)
def test_patched_object_equals_the_real_servers(sequence: Object, index: int, live: Object) -> None:
    """The patched object, or the refusal, is that of a real API server."""
    step, schema = sequence["steps"][index], schema_of(sequence)
    answer, body = step["answer"], step["body"]
    try:
        if step["verb"] == "strategic":
            patched = strategic_merge_patch(live, body, schema)
        else:
            patched = PATCHES[step["verb"]](live, body)
    except PatchError as error:
        assert answer["kind"] == "Status"
        assert answer["code"] == error.status
        return
    if answer["kind"] == "Status":
        assert answer["reason"] == "Invalid"
        return
    reset = ["spec", "metadata.labels"] if step["subresource"] else ["status"]
    expected, actual = (
        view_typed(without(item, [*reset, "metadata.generation"]), schema)
        for item in (answer, patched)
    )
    assert contained(actual, expected), (actual, expected)
