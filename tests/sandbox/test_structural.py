"""Pruning, defaults, validation, quantities, patterns: what the golden files do not show."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.sandbox.patterns import matches
from kubefedctl.sandbox.quantities import canonical_quantity
from kubefedctl.sandbox.schemas import Schema, SchemaSet
from kubefedctl.sandbox.structural import fill_defaults, prune, unknown_fields, validate

Object = dict[str, Any]

NAMES = st.sampled_from(["apiVersion", "kind", "metadata", "spec", "a", "b", "free", "labels"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=2)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)
NODE: Object = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "a": {"type": "array", "items": {"type": "object", "properties": {"b": {}}}},
                "b": {"type": "string", "default": "x"},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        }
    },
}


def custom() -> Schema:
    """Return a schema of a CRD."""
    schemas = SchemaSet.load()
    schemas.add("e.x", "v1", "Thing", NODE)
    schema = schemas.lookup("e.x", "v1", "Thing")
    assert schema is not None
    return schema


def built_in(kind: str, group: str = "", version: str = "v1") -> Schema:
    """Return a schema of a built-in kind."""
    schema = SchemaSet.load().lookup(group, version, kind)
    assert schema is not None
    return schema


@given(st.dictionaries(NAMES, VALUES))
def test_prune_is_idempotent_and_leaves_nothing_unknown(obj: Object) -> None:
    """What is pruned once needs no more pruning, and the argument is not changed."""
    schema, before = custom(), copy.deepcopy(obj)
    pruned = prune(obj, schema)
    assert before == obj
    assert pruned == prune(pruned, schema)
    assert unknown_fields(pruned, schema) == []


@given(st.dictionaries(NAMES, VALUES))
def test_defaults_filled_twice_are_filled_once(obj: Object) -> None:
    """Filling defaults again changes nothing, and nothing ever crashes validation."""
    schema = custom()
    filled = fill_defaults(obj, schema)
    assert filled == fill_defaults(filled, schema)
    validate(obj, schema)


def test_prune_of_a_built_in_kind_keeps_only_its_fields() -> None:
    """Fields that Kubernetes does not know go, wherever they are."""
    obj = {
        "metadata": {"name": "x", "nope": 1},
        "spec": {"containers": [{"name": "c", "nope": 1, "resources": {"limits": {"any": "1"}}}]},
    }
    schema = built_in("Pod")
    expected = ['unknown field "metadata.nope"', 'unknown field "spec.containers[0].nope"']
    assert expected == unknown_fields(obj, schema)
    kept = {"name": "c", "resources": {"limits": {"any": "1"}}}
    assert {"metadata": {"name": "x"}, "spec": {"containers": [kept]}} == prune(obj, schema)


@pytest.mark.parametrize(
    ("spec", "causes"),
    [
        pytest.param(
            {"replicas": "x", "selector": {}, "template": {}},
            [("FieldValueTypeInvalid", "spec.replicas")],
            id="wrong-type",
        ),
        pytest.param(
            {"replicas": 1, "template": {}}, [("FieldValueRequired", "spec.selector")], id="missing"
        ),
        pytest.param({"replicas": None, "selector": {}, "template": {}}, [], id="null-is-unset"),
    ],
)
def test_validate_of_a_built_in_kind_checks_types(
    spec: Object, causes: list[tuple[str, str]]
) -> None:
    """Built-in kinds are held to their types and required fields."""
    found = validate({"spec": spec}, built_in("Deployment", "apps"))
    assert causes == [(cause.reason, cause.field) for cause in found]


def test_defaults_of_a_built_in_kind_are_protocols_and_structs() -> None:
    """The telling defaults are filled in, the zero values of the documents are not."""
    filled = fill_defaults({"spec": {"ports": [{"port": 80}]}}, built_in("Service"))
    assert filled["spec"]["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert filled["status"] == {"loadBalancer": {}}


def test_built_in_objects_come_back_as_from_go_structs() -> None:
    """Empty optional fields go, required ones stay, quantities become canonical."""
    obj = {
        "metadata": {"name": "x", "labels": {}, "annotations": None},
        "spec": {
            "containers": [],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "tolerations": [],
            "overhead": {"cpu": "1000m", "memory": 1024},
        },
    }
    expected = {
        "metadata": {"name": "x"},
        "spec": {
            "containers": [],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "overhead": {"cpu": "1", "memory": "1024"},
        },
        "status": {},
    }
    assert expected == fill_defaults(obj, built_in("Pod"))


def test_everything_passes_without_a_schema() -> None:
    """An unknown kind is neither pruned nor refused."""
    obj = {"a": {"b": [1]}}
    assert (obj, obj, [], []) == (
        prune(obj, None),
        fill_defaults(obj, None),
        unknown_fields(obj, None),
        validate(obj, None),
    )


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("^a$", "a\n", False),
        (r"^\d+$", "٣", False),
        ("^[[:alpha:]]+$", "ab", True),
        ("^[[:alpha:]]+$", "a1", False),
        (r"\Qa.b\E", "a.b", True),
        (r"\Qa.b\E", "axb", False),
        ("x(?i)abc", "xABC", True),
        ("(x(?i)a)b", "xAB", False),
        (r"^\x{41}\z", "A", True),
        ("(?P<n>a)(?<m>b)", "ab", True),
        ("^[a&&b[]$", "[", True),
        ("(", "anything", True),
        (r"^\pL$", "1", True),
    ],
)
def test_patterns_mean_what_go_means(pattern: str, value: str, expected: bool) -> None:
    """Patterns match as in Go; those beyond Python match everything."""
    assert expected is matches(pattern, value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100m", "100m"),
        ("1000m", "1"),
        ("0.1", "100m"),
        ("1.5Gi", "1536Mi"),
        ("1024", "1024"),
        ("1000", "1k"),
        ("2Ki", "2Ki"),
        ("512", "512"),
        ("0.5Ki", "512"),
        ("1e3", "1e3"),
        ("1E", "1E"),
        ("0Gi", "0"),
        ("-1500m", "-1500m"),
        ("1n", "1n"),
        ("0.1n", "1n"),
        ("lots", "lots"),
        (True, True),
    ],
)
def test_quantities_become_canonical(text: Any, expected: Any) -> None:
    """Quantities are written as an API server writes them back."""
    assert expected == canonical_quantity(text)
