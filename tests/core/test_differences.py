"""Tests of finding and describing what differs between two objects."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.differences import Difference, describe_difference, find_differences

KEY = b"k"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="same"),
        pytest.param({"a": None}, {}, [], id="null-is-missing"),
        pytest.param({"a": {}, "b": []}, {"a": {}, "b": []}, [], id="empty"),
        pytest.param({"a": 1}, {"a": 1.0}, [], id="number"),
        pytest.param({"a": 1}, {"a": True}, [(("a",), 1, True)], id="true-is-not-one"),
        pytest.param({"a": 1}, {"a": "1"}, [(("a",), 1, "1")], id="text-is-not-a-number"),
        pytest.param({"a": {}}, {}, [(("a",), {}, None)], id="empty-map-removed"),
        pytest.param(None, {"b": 1, "a": {"c": 2}}, [(("a", "c"), None, 2), (("b",), None, 1)]),
        pytest.param([1, 2], [1], [((1,), 2, None)], id="item-removed"),
        pytest.param([{"a": 1}], [{"a": 2}], [((0, "a"), 1, 2)], id="in-item"),
        pytest.param({"a": [1]}, {"a": {}}, [(("a",), [1], {})], id="other-type"),
        pytest.param({"a": [1]}, {}, [(("a",), [1], None)], id="list-removed"),
    ],
)
def test_find_differences_tells_each_field(old: Any, new: Any, expected: list[Any]) -> None:
    """Each field that differs is told once, in order."""
    assert [Difference(*found) for found in expected] == list(find_differences(old, new))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("spec", "containers", 0, "image"), 'spec.containers[0].image: 1 -> "x"'),
        (("metadata", "labels", "a.io/b"), 'metadata.labels["a.io/b"]: 1 -> "x"'),
        ((), '.: 1 -> "x"'),
    ],
    ids=["list", "quoted", "top"],
)
def test_describe_difference_is_one_readable_line(path: Any, expected: str) -> None:
    """The path, the old value and the new one."""
    assert expected == describe_difference(Difference(path, 1, "x"), kind="Pod", key=KEY)


def test_describe_difference_long_value_is_cut() -> None:
    """A line stays a line."""
    line = describe_difference(Difference(("a",), None, "x\n" * 99), kind="ConfigMap", key=KEY)
    assert line.startswith("a: (none) -> ")
    assert line.endswith("...")
    assert len(line) < 100
    assert "\n" not in line


@pytest.mark.parametrize(
    "path", [("data", "p"), ("stringData", "p"), ("data",), ()], ids=["data", "text", "map", "top"]
)
def test_describe_difference_value_of_a_secret_is_hidden(path: Any) -> None:
    """Two values have two fingerprints; another key gives others; no value is shown."""
    found = Difference(path, "aHVudGVy", "czNjcmV0")
    line = describe_difference(found, kind="Secret", key=KEY)
    assert "aHVudGVy" not in line
    assert "czNjcmV0" not in line
    old, _, new = line.partition(" -> ")
    assert old.partition(": ")[2] != new
    assert line != describe_difference(found, kind="Secret", key=b"other")


def test_describe_difference_label_of_a_secret_is_shown() -> None:
    """Only the values are secret."""
    found = Difference(("metadata", "labels", "a"), "x", None)
    line = describe_difference(found, kind="Secret", key=KEY)
    assert 'metadata.labels.a: "x" -> (none)' == line


def test_difference_pointer_escapes() -> None:
    """As RFC 6901 says."""
    assert "/a~1b/0/c~0d" == Difference(("a/b", 0, "c~d"), 1, 2).pointer
