"""Tests of the readers of raw objects: gaps and wrong types give empty values, never errors."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.model import objects
from kubefedctl.model.objects import by_key, is_deleting, is_managed, list_at, map_at, text_at
from kubefedctl.model.refs import Key

POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": 3,
        "labels": {"app": "web"},
        "annotations": {"team": "a"},
        "finalizers": ["example.com/hold"],
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["metadata", "name", "labels", "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)
READERS: dict[str, tuple[Any, Any]] = {
    "name_of": ("web", ""),
    "namespace_of": ("shop", ""),
    "key_of": (Key("shop", "web"), Key("", "")),
    "kind_of": ("Pod", ""),
    "uid_of": ("u-1", ""),
    "resource_version_of": ("7", ""),
    "generation_of": (3, 0),
    "labels_of": ({"app": "web"}, {}),
    "annotations_of": ({"team": "a"}, {}),
    "finalizers_of": (["example.com/hold"], []),
    "is_deleting": (False, False),
    "is_managed": (False, False),
}
WRONG: list[Any] = [
    {},
    {"metadata": None},
    {"metadata": 5},
    {"metadata": []},
    {"kind": 1, "metadata": dict.fromkeys(POD["metadata"], 1.5)},
]


@pytest.mark.parametrize("reader", READERS)
def test_reader_gives_what_stands_in_the_object(reader: str) -> None:
    """Each reader knows its place."""
    assert READERS[reader][0] == getattr(objects, reader)(POD)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_reader_of_a_wrong_shape_gives_the_empty_value(reader: str, wrong: Any) -> None:
    """What a cluster answers is untrusted."""
    assert READERS[reader][1] == getattr(objects, reader)(wrong)


@given(JSON)
def test_readers_never_raise(value: Any) -> None:
    """Whatever JSON says, a reader answers."""
    for reader in READERS:
        getattr(objects, reader)(value)


@pytest.mark.parametrize(
    ("reader", "expected"),
    [(map_at, [{"a": 1}, {}, {}]), (list_at, [[], [1], []]), (text_at, ["", "", "t"])],
    ids=["map", "list", "text"],
)
def test_value_of_another_type_is_the_empty_one(reader: Any, expected: list[Any]) -> None:
    """A reader gives its own type and no other."""
    values = {"map": {"a": 1}, "list": [1], "text": "t"}
    assert expected == [reader(values, step) for step in values]


@pytest.mark.parametrize(
    ("stamp", "expected"), [("2020-01-01T00:00:00Z", True), ("", True), (None, False)]
)
def test_is_deleting_whenever_there_is_a_timestamp(stamp: Any, expected: bool) -> None:
    """Only its absence means that an object stays."""
    assert expected is is_deleting({"metadata": {"deletionTimestamp": stamp}})


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("false", False), (True, False)])
def test_is_managed_only_by_the_text_true(value: Any, expected: bool) -> None:
    """As KubeFed's own label selector has it."""
    assert expected is is_managed({"metadata": {"labels": {"kubefed.io/managed": value}}})


def test_by_key_maps_namespace_and_name_to_the_object() -> None:
    """Cluster-scoped objects have an empty namespace."""
    node = {"metadata": {"name": "n1"}}
    assert {Key("shop", "web"): POD, Key("", "n1"): node} == by_key([POD, node])
