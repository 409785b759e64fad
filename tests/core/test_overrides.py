"""Tests of overrides: what is refused, and what each operation does to an object."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.overrides import Operation, Overrides, apply_overrides, parse_overrides
from kubefedctl.errors import OverrideError

EMPTY_VALUES: list[Any] = [False, 0, "", {}, []]
OBJECT: dict[str, Any] = {
    "metadata": {"name": "x", "labels": {"a": "1", "k/x": "v"}},
    "spec": {"replicas": 1, "l": [1, 2, 3], "n": None, "s": "str"},
}


def _entry(cluster: str, *operations: Any) -> dict[str, Any]:
    return {"clusterName": cluster, "clusterOverrides": list(operations)}


def _with_spec(**changes: Any) -> dict[str, Any]:
    return {**OBJECT, "spec": {**OBJECT["spec"], **changes}}


def _with_metadata(**changes: Any) -> dict[str, Any]:
    return {**OBJECT, "metadata": {**OBJECT["metadata"], **changes}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(None, {}, id="absent"),
        pytest.param([], {}, id="empty"),
        pytest.param(
            [_entry("c1", {"path": "/a"}, {"op": "add", "path": "/b", "value": 0})],
            {"c1": (Operation("replace", "/a"), Operation("add", "/b", 0))},
            id="op-defaults-to-replace",
        ),
        pytest.param(
            [{"clusterName": "c1"}, {"clusterName": "c2", "clusterOverrides": None}],
            {"c1": (), "c2": ()},
            id="no-operations",
        ),
        pytest.param(
            [_entry("c1", {"path": "/metadata"}, {"path": "/metadata/name/"})],
            {"c1": (Operation("replace", "/metadata"), Operation("replace", "/metadata/name/"))},
            id="refused-paths-are-exact",
        ),
        pytest.param(
            [_entry("c1", {"op": "", "path": "/a", "value": False})],
            {"c1": (Operation("replace", "/a", False),)},
            id="empty-op",
        ),
    ],
)
def test_parse_overrides_reads_operations_in_order(
    raw: Any, expected: dict[str, tuple[Operation, ...]]
) -> None:
    """Each cluster has its operations in the order in which they are written."""
    assert Overrides(expected) == parse_overrides(raw)


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        pytest.param({}, "spec.overrides is not a list", id="map"),
        pytest.param(["c1"], "entry of spec.overrides is not a map", id="entry-text"),
        pytest.param([{"clusterName": 1}], "clusterName of an entry", id="name-number"),
        pytest.param(
            [_entry("c1"), _entry("c1")], "cluster c1 appears more than once", id="S46-cluster"
        ),
        pytest.param(
            [_entry("c1", {"path": "/a"}, {"path": "/a"})],
            "path /a appears more than once for cluster c1",
            id="S46-path",
        ),
        *(
            pytest.param(
                [_entry("c2", {"path": "/a"}, {"path": path})],
                f"override 1 of cluster c2 has the path {path}, which must not",
                id=f"S47{path}",
            )
            for path in ("/metadata/name", "/metadata/namespace", "/metadata/generateName", "/kind")
        ),
        pytest.param(
            [_entry("c1", {"path": "spec/replicas"})], "does not begin with a slash", id="no-slash"
        ),
        pytest.param([_entry("c1", {"value": 1})], "does not begin with a slash", id="no-path"),
        pytest.param([_entry("c1", {"path": 1})], "path of override 0 of cluster c1", id="path-1"),
        pytest.param([_entry("c1", {"path": "/a", "op": 1})], "op of override 0", id="op-number"),
        pytest.param([_entry("c1", "a")], "override 0 of cluster c1 is not a map", id="text"),
        pytest.param(
            [{"clusterName": "c1", "clusterOverrides": {}}],
            "clusterOverrides of cluster c1 is not a list",
            id="operations-map",
        ),
    ],
)
def test_parse_overrides_refuses_with_cluster_and_cause(raw: Any, cause: str) -> None:
    """What KubeFed refuses is refused, and the message names the cluster and the cause."""
    with pytest.raises(OverrideError, match=cause):
        parse_overrides(raw)


def test_overrides_of_cluster_without_entry_are_none() -> None:
    """S51: a cluster has its own overrides and nobody else's."""
    expected: tuple[Operation, ...] = ()
    assert expected == parse_overrides([_entry("c1", {"path": "/a"})]).of("c2")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(("replace", "/spec/foo", 5), _with_spec(foo=5), id="replace-missing"),
        pytest.param(
            ("replace", "/metadata/annotations", {"a": "b"}),
            _with_metadata(annotations={"a": "b"}),
            id="replace-missing-map",
        ),
        pytest.param(("add", "/spec/replicas", 9), _with_spec(replicas=9), id="add-existing"),
        pytest.param(
            ("remove", "/spec/replicas", 3),
            {**OBJECT, "spec": {"l": [1, 2, 3], "n": None, "s": "str"}},
            id="remove-ignores-value",
        ),
        pytest.param(
            ("replace", "/metadata/labels/k~1x", "z"),
            _with_metadata(labels={"a": "1", "k/x": "z"}),
            id="escaped-slash",
        ),
        pytest.param(("add", "/spec/a~01", 1), _with_spec(**{"a~1": 1}), id="escaped-tilde"),
        pytest.param(("replace", "/spec/l/0", 9), _with_spec(l=[9, 2, 3]), id="replace-item"),
        pytest.param(("replace", "/spec/l/-1", 9), _with_spec(l=[1, 2, 9]), id="replace-last"),
        pytest.param(("replace", "/spec/l/01", 9), _with_spec(l=[1, 9, 3]), id="leading-zero"),
        pytest.param(("replace", "/spec/l/+1", 9), _with_spec(l=[1, 9, 3]), id="plus-sign"),
        pytest.param(("add", "/spec/l/0", 9), _with_spec(l=[9, 1, 2, 3]), id="insert"),
        pytest.param(("add", "/spec/l/3", 9), _with_spec(l=[1, 2, 3, 9]), id="add-at-the-end"),
        pytest.param(("add", "/spec/l/-", 9), _with_spec(l=[1, 2, 3, 9]), id="append"),
        pytest.param(("add", "/spec/l/-1", 9), _with_spec(l=[1, 2, 3, 9]), id="add-at-minus-1"),
        pytest.param(("add", "/spec/l/-2", 9), _with_spec(l=[1, 2, 9, 3]), id="add-at-minus-2"),
        pytest.param(("add", "/spec/l/-4", 9), _with_spec(l=[9, 1, 2, 3]), id="add-at-minus-4"),
        pytest.param(("add", "/spec/a~2b", 1), _with_spec(**{"a~2b": 1}), id="unknown-escape"),
        pytest.param(
            ("remove", "/spec/n", None),
            {**OBJECT, "spec": {"replicas": 1, "l": [1, 2, 3], "s": "str"}},
            id="remove-null",
        ),
        pytest.param(("remove", "/spec/l/-1", None), _with_spec(l=[1, 2]), id="remove-last"),
        pytest.param(("replace", "/spec/replicas", None), _with_spec(replicas=None), id="null"),
        pytest.param(("replace", "/", 7), {**OBJECT, "": 7}, id="empty-key"),
        *(
            pytest.param(("add", "/spec/v", value), _with_spec(v=value), id=f"keeps-{value!r}")
            for value in EMPTY_VALUES
        ),
    ],
)
def test_apply_overrides_that_fit_change_the_object(
    operation: tuple[str, str, Any], expected: dict[str, Any]
) -> None:
    """S49: every operation that KubeFed's library accepts gives what it gives there."""
    assert expected == apply_overrides(OBJECT, [Operation(*operation)])


@pytest.mark.parametrize(
    ("operation", "cause"),
    [
        pytest.param(("replace", "/spec/foo/bar", 5), "no map or list at /spec/foo", id="parent"),
        pytest.param(
            ("add", "/metadata/annotations/x", "b"),
            "no map or list at /metadata/annotations",
            id="add-parent",
        ),
        pytest.param(("add", "/x/y/z", 1), "no map or list at /x$", id="grandparent"),
        pytest.param(("remove", "/spec/foo", None), "nothing to remove", id="remove-missing"),
        pytest.param(("replace", "/spec/l/3", 9), "index 3 is outside", id="replace-outside"),
        pytest.param(("replace", "/spec/l/-4", 9), "index -4 is outside", id="replace-before"),
        pytest.param(("replace", "/spec/l/-", 9), "'-' is not a list index", id="replace-end"),
        pytest.param(("add", "/spec/l/4", 9), "index 4 is outside", id="add-outside"),
        pytest.param(("add", "/spec/l/-5", 9), "index -5 is outside", id="add-before"),
        pytest.param(("remove", "/spec/l/3", None), "index 3 is outside", id="remove-outside"),
        pytest.param(("remove", "/spec/l/-4", None), "index -4 is outside", id="remove-before"),
        pytest.param(("remove", "/spec/l/-", None), "not a list index", id="remove-end"),
        pytest.param(("replace", "/spec/l/x", 9), "'x' is not a list index", id="no-index"),
        pytest.param(("replace", "/spec/l/1_0", 9), "not a list index", id="python-number"),
        pytest.param(("replace", "/spec/l/9/a", 9), "index 9 is outside", id="through-outside"),
        pytest.param(("replace", "/spec/l/0/a", 9), "no map or list at /spec/l/0", id="item"),
        pytest.param(("replace", "/spec/n/x", 1), "no map or list at /spec/n", id="through-null"),
        pytest.param(("replace", "/spec/s/x", 1), "no map or list at /spec/s", id="through-text"),
        pytest.param(("move", "/spec/s", None), "not one of add, remove, replace", id="move"),
        pytest.param(("test", "/spec/s", "str"), "not one of add, remove, replace", id="test"),
    ],
)
def test_apply_overrides_that_do_not_fit_raises(
    operation: tuple[str, str, Any], cause: str
) -> None:
    """S49: every operation that KubeFed's library refuses is refused, and named."""
    with pytest.raises(OverrideError, match=cause) as caught:
        apply_overrides(OBJECT, [Operation(*operation)])
    op, path, _ = operation
    assert caught.value.message.startswith(f"override 0 ({op} {path}): ")


def test_apply_overrides_through_the_last_item_reaches_into_it() -> None:
    """A negative index on the way counts from the end too."""
    expected = {"l": [{}, {"a": 2}]}
    operation = Operation("replace", "/l/-1/a", 2)
    assert expected == apply_overrides({"l": [{}, {"a": 1}]}, [operation])


def test_apply_overrides_in_order_each_sees_the_one_before() -> None:
    """S48: what the first operation adds, the second can remove from."""
    operations = [
        Operation("add", "/metadata/annotations", {"foo": "a", "x": "b"}),
        Operation("remove", "/metadata/annotations/foo"),
    ]
    assert _with_metadata(annotations={"x": "b"}) == apply_overrides(OBJECT, operations)


def test_apply_overrides_failing_leaves_the_object_and_the_values_alone() -> None:
    """S45: all or nothing, and nothing is changed in place."""
    before = copy.deepcopy(OBJECT)
    value: dict[str, Any] = {"a": 1}
    operations = [
        Operation("replace", "/spec", value),
        Operation("add", "/spec/b", 2),
        Operation("remove", "/spec/missing"),
    ]
    with pytest.raises(OverrideError, match=r"override 2 \(remove /spec/missing\)"):
        apply_overrides(OBJECT, operations)
    assert (before, {"a": 1}) == (OBJECT, value)


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
_KEYS = st.sampled_from(["a", "b", "a/b", "~", ""])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=5,
)
_DOCUMENTS = st.dictionaries(_KEYS, _VALUES, max_size=4)


def _pointers(value: Any, prefix: str = "") -> list[str]:
    """Paths of everything inside *value*, and of places where something could be added."""
    if isinstance(value, dict):
        steps = {key: value.get(key) for key in [*value, "new"]}
    elif isinstance(value, list):
        steps = {str(index): item for index, item in enumerate(value)} | {str(len(value)): None}
    else:
        return []
    found = []
    for key, inner in steps.items():
        path = f"{prefix}/{key.replace('~', '~0').replace('/', '~1')}"
        found += [path, *_pointers(inner, path)]
    return found


@settings(max_examples=25, deadline=None)
@given(st.data(), _DOCUMENTS, _VALUES, st.sampled_from(["add", "remove", "replace"]))
def test_apply_overrides_agrees_with_jsonpatch_where_it_accepts(
    data: st.DataObject, document: dict[str, Any], value: Any, op: str
) -> None:
    """What RFC 6902 allows is done as RFC 6902 says."""
    path = data.draw(st.sampled_from(_pointers(document)))
    patch = jsonpatch.JsonPatch([{"op": op, "path": path, "value": value}])
    try:
        expected = patch.apply(document)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):
        return
    assert expected == apply_overrides(document, [Operation(op, path, value)])
