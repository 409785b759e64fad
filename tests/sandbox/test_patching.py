"""JSON patch and merge patch."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.sandbox.patching import MAX_OPERATIONS, PatchError, json_patch, merge_patch

Object = dict[str, Any]

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES)


def merge_as_in_the_rfc(target: Any, patch: Any) -> Any:
    """RFC 7386, section 2, word for word."""
    if isinstance(patch, dict):
        if not isinstance(target, dict):
            target = {}
        for name, value in patch.items():
            if value is None:
                if name in target:
                    del target[name]
            else:
                target[name] = merge_as_in_the_rfc(target.get(name), value)
        return target
    return patch


@given(OBJECTS, OBJECTS)
def test_merge_patch_equals_the_rfc(obj: Object, patch: Object) -> None:
    """Any patch gives what the RFC's algorithm gives, and changes neither argument."""
    before = copy.deepcopy((obj, patch))
    merged = merge_patch(obj, patch)
    assert before == (obj, patch)
    assert merge_as_in_the_rfc(*copy.deepcopy(before)) == merged


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        pytest.param([], {"a": [1], "b": {}}, id="empty"),
        pytest.param([{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2], "b": {}}, id="add"),
        pytest.param([{"op": "remove", "path": "/b"}], {"a": [1]}, id="remove"),
        pytest.param([{"op": "move", "from": "/b", "path": "/c"}], {"a": [1], "c": {}}, id="move"),
        pytest.param(
            [{"op": "copy", "from": "/a", "path": "/b/x~1y"}],
            {"a": [1], "b": {"x/y": [1]}},
            id="copy-with-escape",
        ),
        pytest.param(
            [
                {"op": "test", "path": "/a/0", "value": 1},
                {"op": "replace", "path": "/a", "value": 3},
            ],
            {"a": 3, "b": {}},
            id="test-and-replace",
        ),
    ],
)
def test_json_patch_does_its_operations(ops: list[Object], expected: Object) -> None:
    """Each operation does what RFC 6902 says, on a copy."""
    obj = {"a": [1], "b": {}}
    assert expected == json_patch(obj, ops)
    assert obj == {"a": [1], "b": {}}


@pytest.mark.parametrize(
    ("ops", "status"),
    [
        pytest.param({"op": "add"}, 400, id="no-list"),
        pytest.param([1], 400, id="no-operations"),
        pytest.param([{"op": "remove", "path": "/none"}], 422, id="nothing-there"),
        pytest.param([{"op": "test", "path": "/a", "value": 2}], 422, id="test-fails"),
        pytest.param([{"op": "add", "path": "/a/b/c", "value": 1}], 422, id="through-a-scalar"),
        pytest.param([{"op": "fly", "path": "/a"}], 422, id="unknown-operation"),
        pytest.param([{"op": "replace", "path": "", "value": []}], 422, id="no-object-left"),
        pytest.param([{"op": "add", "path": "a", "value": 1}], 422, id="bad-pointer"),
        pytest.param([{"op": "remove", "path": "/a"}] * (MAX_OPERATIONS + 1), 413, id="too-many"),
    ],
)
def test_json_patch_refuses_with_the_servers_status(ops: Any, status: int) -> None:
    """Whatever is wrong with a patch is a PatchError with a status."""
    with pytest.raises(PatchError) as caught:
        json_patch({"a": 1}, ops)
    assert status == caught.value.status
