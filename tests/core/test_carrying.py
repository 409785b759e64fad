"""Tests of carrying annotations in overrides."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.carrying import (
    carry_annotations,
    find_lost_annotations,
    names_of_joined,
    names_of_placed,
    renew_carried,
)
from kubefedctl.core.federating import make_guessed_federated
from kubefedctl.core.overrides import apply_overrides, parse_overrides
from kubefedctl.model.refs import Object

PATH = "/metadata/annotations"
REPLICAS: Object = {"path": "/spec/replicas", "value": 2}


def _obj(kind: str = "ConfigMap", **annotations: str) -> Object:
    metadata = {"name": "x", "namespace": "n", "annotations": annotations}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _entry(cluster: str, *operations: Object) -> Object:
    return {"clusterName": cluster, "clusterOverrides": list(operations)}


def _carried(**annotations: str) -> Object:
    return {"path": PATH, "value": annotations}


def test_find_lost_annotations_leaves_out_what_is_made_anew() -> None:
    """What tools and the cluster write is no loss."""
    silent = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "deployment.kubernetes.io/revision": "1",
        "deprecated.daemonset.template.generation": "1",
        "pv.kubernetes.io/bind-completed": "yes",
    }
    obj = _obj("PersistentVolumeClaim", mine="1", **silent)
    assert {"mine": "1"} == find_lost_annotations(obj)


@pytest.mark.parametrize("existing", [{}, {"annotations": {"old": "1"}}], ids=["none", "some"])
def test_carry_annotations_is_an_override_that_applies(existing: Object) -> None:
    """It passes the checks, and makes the map where there is none."""
    overrides = parse_overrides(carry_annotations({"a/b": "1"}, ["c1", "c2"]))
    for cluster in ("c1", "c2"):
        changed = apply_overrides({"metadata": existing}, overrides.of(cluster))
        assert {"metadata": {"annotations": {"a/b": "1"}}} == changed


def test_carry_annotations_names_each_cluster_once() -> None:
    """A cluster given twice would fail all overrides."""
    assert ["b", "a"] == [e["clusterName"] for e in carry_annotations({"a": "1"}, ["b", "a", "b"])]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param(None, [_entry("c1", _carried(a="1"))], id="none"),
        pytest.param(
            [_entry("c1", _carried(old="1"), REPLICAS)],
            [_entry("c1", _carried(a="1"), REPLICAS)],
            id="renewed",
        ),
        pytest.param(
            [_entry("c1", REPLICAS)], [_entry("c1", REPLICAS, _carried(a="1"))], id="beside"
        ),
        pytest.param([{"clusterName": "c1"}], [_entry("c1", _carried(a="1"))], id="empty-entry"),
        pytest.param(
            [_entry("c0", _carried(b="2"))],
            [_entry("c0", _carried(b="2")), _entry("c1", _carried(a="1"))],
            id="other-cluster",
        ),
    ],
)
def test_renew_carried_touches_nothing_else(stored: Any, expected: list[Object]) -> None:
    """A second time it changes nothing, and no argument is changed."""
    before = copy.deepcopy(stored)
    wanted = carry_annotations({"a": "1"}, ["c1"])
    assert expected == renew_carried(stored, wanted)
    assert expected == renew_carried(expected, wanted)
    assert before == stored


def test_names_of_clusters() -> None:
    """Those that a placement names, and those that are joined."""
    assert ["b", "a"] == names_of_placed({"clusters": [{"name": "b"}, {"name": "a"}]})
    assert [] == names_of_placed({"clusterSelector": {}})
    assert [] == names_of_placed(None)
    assert ["a", "b"] == names_of_joined([{"metadata": {"name": name}} for name in ("b", "a")])


@pytest.mark.parametrize(
    ("carried_to", "overrides", "warning"),
    [
        (None, None, "annotations of ConfigMap/n/x are not federated (use overrides): a"),
        ([], None, "annotations of ConfigMap/n/x are not federated (no cluster is joined): a"),
        (["c1"], [_entry("c1", _carried(a="1"))], ""),
    ],
    ids=["drop", "no-cluster", "override"],
)
def test_make_federated_annotations(
    carried_to: list[str] | None, overrides: object, warning: str
) -> None:
    """They are lost with a warning, or carried without one."""
    made, warnings = make_guessed_federated(_obj(a="1"), carried_to=carried_to)
    assert (overrides, warning) == (made["spec"].get("overrides"), "".join(warnings))
    assert "metadata" not in made["spec"]["template"]
