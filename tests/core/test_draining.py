"""Tests of what the label of a drained cluster means for placements."""

from __future__ import annotations

import pytest

from kubefedctl.core.draining import DRAIN_LABEL, Draining, draining_of, mark, without_left
from kubefedctl.model.refs import Object, Resource
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE

LEFT = {DRAIN_LABEL: "left"}
CLUSTERS = {"c1": LEFT, "c2": {}, "c3": {DRAIN_LABEL: "leaving"}, "c4": LEFT}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, None),
        (LEFT, Draining.LEFT),
        ({DRAIN_LABEL: "leaving"}, Draining.LEAVING),
        ({DRAIN_LABEL: "soon"}, Draining.LEAVING),
        ({DRAIN_LABEL: ""}, Draining.LEAVING),
    ],
    ids=["none", "left", "leaving", "unknown", "empty"],
)
def test_draining_of(labels: dict[str, str], expected: Draining | None) -> None:
    """Any value says that the cluster is to be left; one that it is."""
    assert expected is draining_of(labels)


@pytest.mark.parametrize(
    ("selected", "target", "expected"),
    [
        pytest.param({"c1", "c2"}, DEPLOYMENT, {"c2"}, id="left"),
        pytest.param({"c2", "c3"}, DEPLOYMENT, {"c2", "c3"}, id="leaving-stays"),
        pytest.param({"c1"}, DEPLOYMENT, {"c1"}, id="would-be-nowhere"),
        pytest.param({"c1", "c4"}, DEPLOYMENT, {"c1", "c4"}, id="all-left"),
        pytest.param(set(), DEPLOYMENT, set(), id="nowhere"),
        pytest.param({"c1", "c2"}, CONFIG_MAP, {"c1", "c2"}, id="configuration-stays"),
        pytest.param({"c1", "c2"}, NAMESPACE, {"c1", "c2"}, id="namespaces-stay"),
    ],
)
def test_without_left(selected: set[str], target: Resource, expected: set[str]) -> None:
    """Only workloads do without a cluster that is left, and only where another remains."""
    assert expected == without_left(frozenset(selected), target, CLUSTERS)


@pytest.mark.parametrize(
    ("labels", "draining", "expected"),
    [
        pytest.param({"a": "1"}, Draining.LEFT, {"a": "1", **LEFT}, id="set"),
        pytest.param({"a": "1", **LEFT}, None, {"a": "1"}, id="taken-off"),
        pytest.param(LEFT, Draining.LEFT, None, id="set-already"),
        pytest.param({}, None, None, id="off-already"),
    ],
)
def test_mark(
    labels: dict[str, str], draining: Draining | None, expected: dict[str, str] | None
) -> None:
    """Other labels stay; what is so already is not written."""
    before: Object = {"metadata": {"name": "c1", "labels": labels}}
    made = mark(before, draining)
    assert expected == (None if made is None else made["metadata"]["labels"])
    assert labels == before["metadata"]["labels"]
