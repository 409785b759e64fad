"""Tests of fingerprints: the bytes that Go's encoder writes, and KubeFed's own golden hashes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.hashing import encode_go_json, hash_overrides, hash_template
from kubefedctl.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"spec":{"foo":null}}', "a5b8d4352d5aed51c51b93900258ccf3", id="upstream"),
        pytest.param("{}", "8a80554c91d9fca8acb82f023de02f11", id="empty"),
        pytest.param(
            '{"data":{"a":"<b>&c","u":"é\\u2028"}}',
            "b1b41d68065670e09dcebefa44ab3a9b",
            id="escapes",
        ),
        pytest.param(
            '{"spec":{"replicas":3,"f":1.5,"g":1.0,"h":1e3,"z":[true,false,"x"]},'
            '"metadata":{"labels":{"app":"x"}}}',
            "85ba55960e2a4f5bfc901a2a69a113df",
            id="numbers",
        ),
        pytest.param(
            '{"spec":{"big":9007199254740993,"e":1e21,"s":0.0000001}}',
            "89c005d26d5cfdd3f1cdac0c40bfd210",
            id="extreme-numbers",
        ),
        pytest.param("null", "", id="absent"),
    ],
)
def test_hash_template_is_the_controllers(text: str, expected: str) -> None:
    """The fingerprint of a template is the one that KubeFed's controller computes."""
    assert expected == hash_template(json.loads(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{}", "2979b7538b527abe06492021841caf47", id="no-overrides"),
        pytest.param('{"overrides":[]}', "fd97e6d9a670c7dcdc2477764f78b459", id="empty"),
        pytest.param(
            '{"overrides":[{"clusterName":"c1",'
            '"clusterOverrides":[{"path":"/spec/replicas","value":5}]}]}',
            "2cf1d0d2ed4f49c3bc3023cd28280be2",
            id="one",
        ),
        pytest.param(
            '{"overrides":[{"clusterName":"c1","clusterOverrides":'
            '[{"op":"remove","path":"/data/x"},'
            '{"op":"add","path":"/data/y","value":{"b":1,"a":"<"}},'
            '{"path":"/z","value":null},{"path":"/w","value":false}]},'
            '{"clusterName":"c2"},{"clusterName":"c3","clusterOverrides":[]}]}',
            "3ac270599cc8fac80c80a05861ceaac2",
            id="many",
        ),
        pytest.param("null", "", id="no-spec"),
    ],
)
def test_hash_overrides_is_the_controllers(text: str, expected: str) -> None:
    """The fingerprint of overrides is the one that KubeFed's controller computes."""
    assert expected == hash_overrides(json.loads(text))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param({"value": 5}, {"value": 5.0}, True, id="numbers-are-floats"),
        pytest.param({"value": [2**53 + 1]}, {"value": [2**53]}, True, id="precision-is-lost"),
        pytest.param({"value": True}, {"value": 1}, False, id="true-is-not-one"),
        pytest.param({"op": ""}, {}, True, id="empty-op-is-none"),
        pytest.param({"note": "x"}, {}, True, id="unknown-fields-do-not-count"),
        pytest.param({"op": "replace"}, {}, False, id="default-op-is-not-filled-in"),
    ],
)
def test_hash_overrides_sees_what_the_controller_sees(
    one: dict[str, Any], other: dict[str, Any], is_same: bool
) -> None:
    """Two operations have one fingerprint if KubeFed's types cannot tell them apart."""

    def hashed(operation: dict[str, Any]) -> str:
        operations = [{"path": "/a", **operation}]
        return hash_overrides(
            {"overrides": [{"clusterName": "c1", "clusterOverrides": operations}]}
        )

    assert is_same == (hashed(one) == hashed(other))


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param("c1", id="text"),
        pytest.param([1], id="entry-number"),
        pytest.param([{"clusterName": 1, "clusterOverrides": "x"}], id="operations-text"),
        pytest.param([{"clusterOverrides": [None, 1]}], id="operation-number"),
    ],
)
def test_hash_overrides_of_malformed_overrides_is_a_hash(overrides: Any) -> None:
    """Malformed overrides are told by whoever reads them; here they are only different."""
    expected = 32
    assert expected == len(hash_overrides({"overrides": overrides}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            {"b": 1, "a": {"d": None, "c": []}}, '{"a":{"c":[],"d":null},"b":1}', id="sorted"
        ),
        pytest.param("<>&\u2028\u2029", '"\\u003c\\u003e\\u0026\\u2028\\u2029"', id="html"),
        pytest.param({"<": 1}, '{"\\u003c":1}', id="keys-too"),
        pytest.param(
            '\n\r\t\b\f\x00\x1f"\\', '"\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\\"\\\\"', id="ctl"
        ),
        pytest.param("\\b\\<", '"\\\\b\\\\\\u003c"', id="backslash-before-a-letter"),
        pytest.param("\x7fé😀", '"\x7fé😀"', id="not-escaped"),
        pytest.param("\ud800", '"\ufffd"', id="half-a-pair"),
        pytest.param([True, False, None], "[true,false,null]", id="words"),
        pytest.param(1.0, "1", id="whole-float"),
        pytest.param(-0.0, "-0", id="negative-zero"),
        pytest.param(0.1, "0.1", id="tenth"),
        pytest.param(1e20, "100000000000000000000", id="last-without-exponent"),
        pytest.param(1e21, "1e+21", id="first-with-exponent"),
        pytest.param(-1.5e300, "-1.5e+300", id="large-negative"),
        pytest.param(1e-6, "0.000001", id="small-without-exponent"),
        pytest.param(1e-7, "1e-7", id="small-with-exponent"),
        pytest.param(1.25e-10, "1.25e-10", id="two-digit-exponent"),
        pytest.param(2**63 - 1, "9223372036854775807", id="int64"),
        pytest.param(2**63, "9223372036854776000", id="beyond-int64"),
        pytest.param(10**21, "1e+21", id="far-beyond-int64"),
    ],
)
def test_encode_go_json_writes_what_go_writes(value: Any, expected: str) -> None:
    """Order, escapes and numbers are those of Go's encoder."""
    assert expected == encode_go_json(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({1: 2}, id="key-number"),
        pytest.param({"a": object()}, id="object"),
        pytest.param([float("nan")], id="nan"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param(10**400, id="too-large"),
    ],
)
def test_encode_go_json_of_what_json_cannot_hold_raises(value: Any) -> None:
    """What cannot be written is an input error, not a surprise."""
    with pytest.raises(InputError, match="be written as JSON"):
        encode_go_json(value)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None)
@given(_VALUES)
def test_encode_go_json_reads_back_as_the_same(value: Any) -> None:
    """Whatever is encoded, a JSON reader gets it back."""
    assert value == json.loads(encode_go_json(value))


@settings(max_examples=40, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_encode_go_json_of_float_keeps_every_digit(value: float) -> None:
    """The shortest digits are enough to get the same float back, with or without an exponent."""
    assert value == float(encode_go_json(value))
