"""Tests of the checks of KubeFed's own objects, over the tables of its webhook's tests."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from kubefedctl.core.checking import (
    TWINS,
    Finding,
    check_cluster,
    check_config,
    check_type_config,
)
from kubefedctl.core.constraints import CEL
from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.installing import DEFAULT_TYPES, make_control_plane
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import KUBEFED_CONFIGS, TYPE_CONFIGS
from tests.core.webhook_tables import (
    CLUSTER_CASES,
    CLUSTER_STATUS_CASES,
    CONFIG_CASES,
    TYPE_CONFIG_CASES,
    TYPE_CONFIG_STATUS_CASES,
    WIDE_SERVICES,
    Case,
    make_good_cluster,
    make_good_config,
    make_good_type_config,
)


def _label(case: Case) -> str:
    return case.label


@pytest.mark.parametrize("case", TYPE_CONFIG_CASES + TYPE_CONFIG_STATUS_CASES, ids=_label)
def test_check_type_config_names_what_the_webhook_refuses(case: Case) -> None:
    """One bad field is one finding; a good one is none."""
    found = check_type_config(case.change(make_good_type_config()))
    assert ([case.field] if case.field else []) == [finding.field for finding in found]


@pytest.mark.parametrize("case", CLUSTER_CASES + CLUSTER_STATUS_CASES, ids=_label)
def test_check_cluster_names_what_the_webhook_refuses(case: Case) -> None:
    """One bad field is one finding; a good one is none."""
    found = check_cluster(case.change(make_good_cluster()))
    assert ([case.field] if case.field else []) == [finding.field for finding in found]


@pytest.mark.parametrize("case", CONFIG_CASES, ids=_label)
def test_check_config_names_what_the_webhook_refuses(case: Case) -> None:
    """One bad field is one finding; a gap that a default fills is none."""
    found = check_config(case.change(make_good_config()))
    assert ([case.field] if case.field else []) == [finding.field for finding in found]


def test_check_type_config_core_group_is_good() -> None:
    """A target of the core group is named by its plural alone."""
    assert () == check_type_config(make_good_type_config(WIDE_SERVICES))


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_check_what_init_writes_is_good(scope: str) -> None:
    """The KubeFedConfig and the ten type configs pass their own checks."""
    steps = make_control_plane(namespace="ns", scope=scope)
    configs = [step.body for step in steps if step.resource == KUBEFED_CONFIGS]
    type_configs = [step.body for step in steps if step.resource == TYPE_CONFIGS]
    assert (1, len(DEFAULT_TYPES)) == (len(configs), len(type_configs))
    assert [] == [finding for obj in configs for finding in check_config(obj)]
    assert [] == [finding for obj in type_configs for finding in check_type_config(obj)]


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        ({}, [("spec", "is missing")]),
        ({"spec": None}, [("spec", "is missing")]),
        ({"spec": []}, [("spec", "must be of type object")]),
        ({"spec": {"scope": 1}}, [("spec.scope", "must be of type string")]),
        (
            {"spec": {"scope": "Cluster", "clusterHealthCheck": {"failureThreshold": True}}},
            [("spec.clusterHealthCheck.failureThreshold", "must be of type integer")],
        ),
        (
            {"spec": {"scope": "cluster", "featureGates": {}}},
            [
                ("spec.featureGates", "must be of type array"),
                ("spec.scope", "must be one of Cluster, Namespaced"),
            ],
        ),
        ({"spec": {"scope": "Cluster", "leaderElect": None}}, []),
    ],
    ids=["nothing", "null", "no-map", "number", "boolean", "two", "null-section"],
)
def test_check_config_of_impossible_shape_is_told(
    obj: Object, expected: list[tuple[str, str]]
) -> None:
    """Wrong types are findings like others, sorted by field."""
    assert [Finding(*pair) for pair in expected] == list(check_config(obj))


def test_check_message_says_what_is_wanted() -> None:
    """The words are those of the API server's rule."""
    cluster = make_good_cluster()
    cluster["spec"]["apiEndpoint"] = "tcp://example.com"
    [finding] = check_cluster(cluster)
    assert finding.message.startswith("must be an http or https URL, or a host[:port]")


def test_check_arguments_are_not_changed() -> None:
    """Filling gaps happens to a copy."""
    config: Object = {"spec": {"scope": "Cluster", "leaderElect": {}}}
    before = copy.deepcopy(config)
    check_config(config)
    assert before == config


# --- the schemas that they read ------------------------------------------------------------------


def _nodes(schema: Any) -> Iterator[Object]:
    """Every schema in *schema*, itself first."""
    yield schema
    for child in schema.get("properties", {}).values():
        yield from _nodes(child)
    for field in ("items", "additionalProperties"):
        if field in schema:
            yield from _nodes(schema[field])


SCHEMA_NODES = [
    node
    for crd in make_core_crds()
    for version in crd["spec"]["versions"]
    for node in _nodes(version["schema"]["openAPIV3Schema"])
]


def test_every_rule_without_a_pattern_has_a_twin() -> None:
    """What the API server judges by CEL alone, the program judges too."""
    rules = [rule["rule"] for node in SCHEMA_NODES for rule in node.get(CEL, ())]
    plain = {
        rule["rule"]
        for node in SCHEMA_NODES
        if "pattern" in node
        for rule in node[CEL]
        if "&&" not in rule["rule"]
    }
    assert rules
    assert set(TWINS) == set(rules) - plain


def test_every_text_that_a_rule_reads_is_bounded() -> None:
    """CEL over texts and lists without end would cost the API server too much."""
    unbounded = [
        node
        for node in SCHEMA_NODES
        if CEL in node
        and node["type"] in ("string", "array")
        and not {"maxLength", "maxItems", "enum"} & set(node)
    ]
    assert [] == unbounded


def test_every_pattern_is_anchored_and_can_stand_in_a_rule() -> None:
    """Go searches where Python matches all of it, and a rule quotes the pattern."""
    patterns = [node["pattern"] for node in SCHEMA_NODES if "pattern" in node]
    assert patterns
    assert [] == [
        text for text in patterns if not text.startswith("^(") or text[-1] != "$" or "'" in text
    ]
