"""Tests of label selectors: what matches, and what the API machinery refuses."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.selectors import matches_all, parse_selector
from kubefedctl.errors import InputError


def _expression(operator: Any, *values: Any, key: Any = "zone") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        pytest.param({}, {}, True, id="empty"),
        pytest.param({"matchLabels": {}}, {"a": "b"}, True, id="empty-labels"),
        pytest.param({"matchLabels": None, "matchExpressions": None}, {}, True, id="nulls"),
        pytest.param({"matchLabels": {"zone": "eu"}}, {"zone": "eu"}, True, id="equal"),
        pytest.param({"matchLabels": {"zone": "eu"}}, {"zone": "us"}, False, id="different"),
        pytest.param({"matchLabels": {"zone": ""}}, {}, False, id="empty-value-needs-the-key"),
        pytest.param({"matchLabels": {"a": "1", "b": "2"}}, {"a": "1"}, False, id="all-labels"),
        pytest.param(_expression("In", "eu", "us"), {"zone": "us"}, True, id="in"),
        pytest.param(_expression("In", "eu"), {}, False, id="in-without-the-key"),
        pytest.param(_expression("NotIn", "eu"), {"zone": "us"}, True, id="not-in"),
        pytest.param(_expression("NotIn", "eu"), {"zone": "eu"}, False, id="not-in-but-is"),
        pytest.param(_expression("NotIn", "eu"), {}, True, id="not-in-without-the-key"),
        pytest.param(_expression("Exists"), {"zone": ""}, True, id="exists"),
        pytest.param(_expression("Exists"), {}, False, id="exists-not"),
        pytest.param(_expression("DoesNotExist"), {}, True, id="does-not-exist"),
        pytest.param(_expression("DoesNotExist"), {"zone": "eu"}, False, id="but-exists"),
        pytest.param(
            {"matchLabels": {"a": "1"}, **_expression("Exists")},
            {"a": "1"},
            False,
            id="labels-and-expressions",
        ),
        pytest.param(
            _expression("Exists", key="example.com/a_b"),
            {"example.com/a_b": ""},
            True,
            id="prefixed-key",
        ),
    ],
)
def test_selector_matches_as_the_api_machinery_does(
    selector: Any, labels: dict[str, str], expected: bool
) -> None:
    """Labels match when every equality and every expression holds."""
    assert expected == matches_all(parse_selector(selector), labels)


@pytest.mark.parametrize(
    ("selector", "cause"),
    [
        pytest.param([], "is not a map", id="list"),
        pytest.param(
            {"matchLabels": []},
            "matchLabels of the label selector is not a map",
            id="labels-list",
        ),
        pytest.param(
            {"matchLabels": {"a": 1}}, "label 'a' in matchLabels is not text", id="label-number"
        ),
        pytest.param({"matchLabels": {"a b": "1"}}, "cannot be a label key", id="key-with-space"),
        pytest.param({"matchLabels": {"": "1"}}, "cannot be a label key", id="key-empty"),
        pytest.param({"matchLabels": {"/a": "1"}}, "cannot be a label key", id="prefix-empty"),
        pytest.param({"matchLabels": {"A.io/a": "1"}}, "cannot be a label key", id="prefix-upper"),
        pytest.param({"matchLabels": {"a" * 64: "1"}}, "cannot be a label key", id="key-long"),
        pytest.param(
            {"matchLabels": {f"{'a' * 254}/a": "1"}}, "cannot be a label key", id="prefix-long"
        ),
        pytest.param(
            {"matchLabels": {"a": "-"}}, "cannot be a value of label 'a'", id="value-impossible"
        ),
        pytest.param({"matchLabels": {"a": "b" * 64}}, "cannot be a value", id="value-long"),
        pytest.param(
            {"matchExpressions": {}}, "matchExpressions is not a list", id="expressions-map"
        ),
        pytest.param({"matchExpressions": ["a"]}, "is not a map", id="expression-text"),
        pytest.param(
            {"matchExpressions": [{"operator": "Exists"}]},
            "key in the label selector",
            id="no-key",
        ),
        pytest.param(_expression("In"), "needs at least one value", id="in-nothing"),
        pytest.param(_expression("NotIn"), "needs at least one value", id="not-in-nothing"),
        pytest.param(_expression("Exists", "a"), "takes no values", id="exists-values"),
        pytest.param(_expression("DoesNotExist", "a"), "takes no values", id="absent-values"),
        pytest.param(_expression("in", "a"), "operator 'in'", id="operator-lower-case"),
        pytest.param(_expression("Foo", "a"), "operator 'Foo'", id="operator-unknown"),
        pytest.param(_expression(None), "operator None", id="operator-missing"),
        pytest.param(_expression("In", 1), "cannot be a value", id="value-number"),
        pytest.param(
            {"matchExpressions": [{"key": "a", "operator": "In", "values": "b"}]},
            "values for label 'a' is not a list",
            id="values-text",
        ),
    ],
)
def test_selector_that_cannot_be_is_refused_with_its_cause(selector: Any, cause: str) -> None:
    """A selector that the API machinery refuses is refused, and the message says why."""
    with pytest.raises(InputError, match=cause):
        parse_selector(selector)
