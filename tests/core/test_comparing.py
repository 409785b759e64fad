"""Tests of finding what differs: paths people can read, items by name, no noise and no secrets."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.core.comparing import comparable, compare
from kubefedctl.model.changes import FieldChange
from kubefedctl.model.refs import Object

KEY = b"k"
CANARY = "canary-of-a-secret"
_STEP = re.compile(
    r'\.?([A-Za-z_][-A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]'
    r'|\[([a-zA-Z]+)=("(?:[^"\\]|\\.)*"|-?\d+)\]|\[\*\]\.([a-zA-Z]+)'
)
_SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "b\n"])
_NAMES = st.sampled_from(["a", "b.c", "name", "x y", "spec"])
_VALUES = st.recursive(
    _SCALARS,
    lambda below: (
        st.dictionaries(_NAMES, below, max_size=3)
        | st.lists(below, max_size=3)
        | st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from("xyz")}, optional={"a": below, "b.c": below}
            ),
            max_size=3,
            unique_by=lambda item: item["name"],
        )
    ),
    max_leaves=12,
)
_OBJECTS = st.dictionaries(_NAMES, _VALUES, max_size=4)


def told(old: Object | None, new: Object | None) -> list[tuple[str, Any, Any]]:
    """Return path, old and new of each change."""
    return [(each.field, each.old, each.new) for each in compare(old, new, key=KEY)]


def spec(**fields: Any) -> Object:
    """Return an object with a spec."""
    return {"kind": "Thing", "spec": fields}


def item(name: str, **fields: Any) -> Object:
    """Return an item of a list."""
    return {"name": name, **fields}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"a": 1}, {"a": 2}, [("spec.a", 1, 2)], id="other-value"),
        pytest.param({"a": 1}, {}, [("spec.a", 1, None)], id="gone"),
        pytest.param({"a": True}, {"a": 1}, [("spec.a", True, 1)], id="true-is-not-one"),
        pytest.param({"a": None}, {}, [], id="null-is-missing"),
        pytest.param({"a": {}}, {"a": {}}, [], id="empty-maps"),
        pytest.param({"a": []}, {"a": []}, [], id="empty-lists"),
        pytest.param({}, {"a": {}}, [("spec.a", None, {})], id="an-empty-map-comes"),
        pytest.param({}, {"a": {"b": 1}}, [("spec.a.b", None, 1)], id="a-map-comes"),
        pytest.param({"a": [1, 2]}, {"a": [1, 3]}, [("spec.a[1]", 2, 3)], id="same-length"),
        pytest.param({"a": [1]}, {"a": [1, 3]}, [("spec.a", [1], [1, 3])], id="other-length"),
        pytest.param(
            {"c": [item("a", v=1), item("b")]},
            {"c": [item("a", v=2), item("d", v=1, w=2)]},
            [
                ('spec.c[name="a"].v', 1, 2),
                ('spec.c[name="b"]', {"name": "b"}, None),
                ('spec.c[name="d"].v', None, 1),
                ('spec.c[name="d"].w', None, 2),
            ],
            id="items-by-name",
        ),
        pytest.param(
            {"c": [item("a"), item("b")]},
            {"c": [item("b"), item("a")]},
            [("spec.c[*].name", ["a", "b"], ["b", "a"])],
            id="another-order",
        ),
        pytest.param(
            {"c": [{"containerPort": 80}]},
            {"c": [{"containerPort": 80, "protocol": "UDP"}]},
            [("spec.c[containerPort=80].protocol", None, "UDP")],
            id="items-by-port",
        ),
        pytest.param({"b.c": 1}, {"b.c": 2}, [('spec["b.c"]', 1, 2)], id="quoted"),
    ],
)
def test_compare_tells_each_field(old: Object, new: Object, expected: list[Any]) -> None:
    """With its path, what stands there and what would."""
    assert expected == told(spec(**old), spec(**new))


def test_compare_leaves_out_what_api_servers_keep_for_themselves() -> None:
    """Versions, owners of fields, times, status."""
    metadata = {"name": "a", "uid": "1", "resourceVersion": "2", "generation": 3}
    noise = {"managedFields": [{}], "creationTimestamp": "t", "selfLink": "/"}
    old = {"metadata": {**metadata, **noise, "labels": {"a": "1"}}, "status": {"x": 1}}
    assert [("metadata.labels.a", "1", None)] == told(old, {"metadata": {"name": "a"}})


@pytest.mark.parametrize("kind", ["Secret", "SealedSecret"])
def test_compare_of_secrets_shows_fingerprints(kind: str) -> None:
    """Of data and annotations alike, and of whatever a kind with that name may hold."""
    hidden = {"data": {"a": CANARY}, "spec": {"b": CANARY}, "immutable": True}
    annotations = {"last-applied": CANARY}
    new = {"kind": kind, "metadata": {"labels": {"l": "1"}, "annotations": annotations}, **hidden}
    found = compare(None, new, key=KEY)
    assert CANARY not in repr(found)
    assert {"immutable", "metadata.labels.l"} == {f.field for f in found if not f.is_hidden}
    assert 1 == len({f.new for f in found if f.is_hidden})


def test_compare_of_secrets_depends_on_the_key() -> None:
    """Nobody finds a value by trying."""
    new = {"kind": "Secret", "data": {"a": CANARY}}
    assert compare(None, new, key=b"1") != compare(None, new, key=b"2")


@given(_OBJECTS, _OBJECTS)
def test_compare_applied_to_the_old_gives_the_new(old: Object, new: Object) -> None:
    """What is shown is all there is, and its paths lead to one place each."""
    shown = compare(old, new, key=KEY)
    assert _bare(comparable(new)) == _bare(_apply(comparable(old), shown))


@given(_OBJECTS)
def test_compare_of_the_same_is_empty(obj: Object) -> None:
    """Nothing differs from itself."""
    assert () == compare(obj, copy.deepcopy(obj), key=KEY)


def _apply(old: Object, changes: tuple[FieldChange, ...]) -> Object:
    """Apply changes as a person would, by their paths as they are read."""
    made = copy.deepcopy(old)
    for change in sorted(changes, key=lambda one: "[*]" in one.field):
        at, parts = 0, []
        while at < len(change.field):
            match = _STEP.match(change.field, at)
            assert match is not None, change.field
            parts.append(match)
            at = match.end()
        _put(made, parts, change.new)
    return made


def _put(value: Any, parts: list[re.Match[str]], new: Any) -> Any:
    """Set what is at the path to *new*; return the value with it."""
    if not parts:
        return new
    name, index, quoted, key, called, order = parts[0].groups()
    if order:
        by_name = {each[order]: each for each in value}
        return [by_name[each] for each in new]
    if index is not None:
        value[int(index)] = _put(value[int(index)], parts[1:], new)
        return value
    if key is not None:
        wanted = json.loads(called)
        value = value if value is not None else []
        at = next((n for n, each in enumerate(value) if each[key] == wanted), None)
        if at is None:
            value.append(_put({key: wanted}, parts[1:], new))
        elif (put := _put(value[at], parts[1:], new)) is None:
            del value[at]
        else:
            value[at] = put
        return value
    step = name if quoted is None else json.loads(quoted)
    value = value if value is not None else {}
    value[step] = _put(value.get(step), parts[1:], new)
    return value


def _bare(value: Any) -> Any:
    """The value without what is null or empty in maps: it is the same as missing."""
    if isinstance(value, dict):
        made = {name: _bare(below) for name, below in value.items()}
        return {n: v for n, v in made.items() if v is not None and v != {} and v != []}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return [value, isinstance(value, bool)] if value is not None else None
