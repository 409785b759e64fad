"""Tests of the placement that a person asks for."""

from __future__ import annotations

import pytest

from kubefedctl.core.placing import place_by_selector, place_in_clusters
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Object


def test_place_in_clusters_names_each_once() -> None:
    """In the order given."""
    expected = {"clusters": [{"name": "b"}, {"name": "a"}]}
    assert expected == place_in_clusters(["b", " a", "b"])


@pytest.mark.parametrize("names", [[], [""], ["A"], ["a", ""], ["-a"], ["a" * 254]])
def test_place_in_clusters_impossible_names_are_refused(names: list[str]) -> None:
    """No cluster is called so."""
    with pytest.raises(InputError):
        place_in_clusters(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"matchLabels": {}}),
        ("a=b, c==d", {"matchLabels": {"a": "b", "c": "d"}}),
        (
            "a=b,k in (x, y)",
            {
                "matchLabels": {"a": "b"},
                "matchExpressions": [{"key": "k", "operator": "In", "values": ["x", "y"]}],
            },
        ),
        (
            "k notin (x)",
            {"matchExpressions": [{"key": "k", "operator": "NotIn", "values": ["x"]}]},
        ),
        ("k!=x", {"matchExpressions": [{"key": "k", "operator": "NotIn", "values": ["x"]}]}),
        (
            "k,!l",
            {
                "matchExpressions": [
                    {"key": "k", "operator": "Exists"},
                    {"key": "l", "operator": "DoesNotExist"},
                ]
            },
        ),
    ],
    ids=["all", "labels", "in", "notin", "not-equal", "exists"],
)
def test_place_by_selector_speaks_kubectl(text: str, expected: Object) -> None:
    """Equalities are matchLabels, the rest is matchExpressions."""
    assert {"clusterSelector": expected} == place_by_selector(text)


@pytest.mark.parametrize("text", ["a b", "a=b c", "=b", "a=b,a=c", "a in b", ",", "a=b,"])
def test_place_by_selector_nonsense_is_refused(text: str) -> None:
    """What kubectl would refuse is refused."""
    with pytest.raises(InputError):
        place_by_selector(text)
