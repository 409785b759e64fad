"""Tests of labels as people write them."""

from __future__ import annotations

import pytest

from kubefedctl.core.labelling import parse_labels
from kubefedctl.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a=b", {"a": "b"}),
        ("a=b, c=d", {"a": "b", "c": "d"}),
        ("example.com/tier=Gold.1_x-y", {"example.com/tier": "Gold.1_x-y"}),
        ("a=", {"a": ""}),
        ("a=b,a=b", {"a": "b"}),
        (f"a={'v' * 63}", {"a": "v" * 63}),
    ],
    ids=["none", "one", "two", "prefix", "empty-value", "twice-the-same", "longest"],
)
def test_parse_labels_reads_pairs(text: str, expected: dict[str, str]) -> None:
    """Keys and values are taken as they are."""
    assert parse_labels(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "=b",
        "a b=c",
        "a=b c",
        "a=-b",
        "/a=b",
        "X.com/a=b",
        "a/b/c=d",
        "a=b,",
        "a=b,a=c",
        f"{'k' * 64}=v",
        f"k={'v' * 64}",
        f"{'p' * 254}/k=v",
        "a=b=c",
    ],
)
def test_parse_labels_refuses_what_an_api_server_refuses(text: str) -> None:
    """Before anything is asked."""
    with pytest.raises(InputError):
        parse_labels(text)
