"""Strategic merge patch: what the golden file does not show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.sandbox.patching import PatchError, merge_patch, strategic_merge_patch
from kubefedctl.sandbox.schemas import Schema, SchemaSet

Object = dict[str, Any]

VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=2)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def pods() -> Schema | None:
    """Return the schema of a Pod."""
    return SchemaSet.load().lookup("", "v1", "Pod")


@given(
    st.dictionaries(st.sampled_from("abc"), VALUES), st.dictionaries(st.sampled_from("ab"), VALUES)
)
def test_strategic_patch_without_schema_lists_or_directives_is_a_merge_patch(
    obj: Object, patch: Object
) -> None:
    """Where no strategy is known, objects merge as in RFC 7386."""
    assert merge_patch(obj, patch) == strategic_merge_patch(obj, patch, None)


@pytest.mark.parametrize(
    ("obj", "patch", "expected"),
    [
        pytest.param({"a": [1]}, {"a": [2]}, {"a": [2]}, id="unknown-lists-are-replaced"),
        pytest.param(
            {"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 2}}, {"a": {"c": 2}}, id="replace"
        ),
        pytest.param({"a": {"b": 1}}, {"a": {"$patch": "delete"}}, {"a": {}}, id="delete"),
        pytest.param({}, {"a": {"b": {"$patch": "delete"}}}, {"a": {}}, id="delete-of-nothing"),
        pytest.param({"a": 1}, {"a": {"$patch": "delete"}}, {}, id="delete-of-a-scalar"),
        pytest.param(
            {"a": 1, "b": 2}, {"$retainKeys": ["b", "c"], "c": 3}, {"b": 2, "c": 3}, id="retain"
        ),
        pytest.param(
            {"a": [1, 2, 3]},
            {"$deleteFromPrimitiveList/a": [2], "$deleteFromPrimitiveList/b": [1]},
            {"a": [1, 3]},
            id="delete-from-list",
        ),
        pytest.param(
            {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}},
            {"spec": {"containers": [{"name": "c"}, {"name": "a", "image": "x"}]}},
            {"spec": {"containers": [{"name": "c"}, {"name": "a", "image": "x"}, {"name": "b"}]}},
            id="merge-by-key",
        ),
    ],
)
def test_strategic_patch_obeys_its_directives(obj: Object, patch: Object, expected: Object) -> None:
    """Directives do what they say, with and without something to act on."""
    assert expected == strategic_merge_patch(obj, patch, pods())


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        pytest.param([], 400, id="no-object"),
        pytest.param({"a": {"$patch": "explode"}}, 500, id="unknown-directive"),
        pytest.param({"$retainKeys": 1}, 400, id="retain-no-list"),
        pytest.param({"$setElementOrder/a": 1}, 400, id="order-no-list"),
        pytest.param({"$deleteFromPrimitiveList/a": 1}, 400, id="delete-no-list"),
        pytest.param({"spec": {"containers": [{"image": "x"}]}}, 500, id="no-merge-key"),
        pytest.param({"spec": {"containers": ["x"]}}, 500, id="scalar-among-maps"),
    ],
)
def test_strategic_patch_refuses_with_the_servers_status(patch: Any, status: int) -> None:
    """Whatever is wrong with a patch is a PatchError with a status."""
    obj = {"a": {"b": 1}, "spec": {"containers": [{"name": "a"}]}}
    with pytest.raises(PatchError) as caught:
        strategic_merge_patch(obj, patch, pods())
    assert status == caught.value.status
