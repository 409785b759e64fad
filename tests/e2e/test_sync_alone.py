"""
Scenarios that need a federation of their own: another scope, members that fail or lack a type.

On the sandbox, whose clusters can be made to refuse and whose requests can be counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.clusters import KNS, Clusters
from tests.e2e.federated import TEMPLATES, federate, federated_path, only, override
from tests.e2e.ground import (
    CRDS,
    TYPE_CONFIGS,
    Ground,
    await_served,
)
from tests.e2e.test_main_job import make_widget_crd
from tests.e2e.test_trouble import sandbox_of


@pytest.fixture
def ground(sandbox_clusters: Clusters) -> Iterator[Ground]:
    """Three joined sandbox clusters with the ConfigMap `x` of the namespace `shop` in all."""
    sandbox_clusters.set_up()
    found = Ground(sandbox_clusters, "shop")
    found.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    found.federate_namespace()
    found.federate("ConfigMap")
    found.sync()
    yield found


def test_namespaced_scope_is_narrowed_and_knows_no_cluster_scoped_types(
    sandbox_clusters: Clusters,
) -> None:
    """S15, S16: a FederatedNamespace that places nothing empties it; roles are left alone."""
    sandbox_clusters.run("init", "--scope", "Namespaced")
    for name in sandbox_clusters.names:
        sandbox_clusters.run("join", name)
    ground = Ground(sandbox_clusters, KNS)
    ground.federate("ConfigMap")
    ground.federate("ClusterRole", "reader")
    ground.sync()
    assert [0, 1, 2] == ground.holders("ConfigMap")
    assert [] == ground.holders("ClusterRole", "reader")
    role = ground.host.get(ground.path("ClusterRole", "reader"))
    assert (None, None) == (role["metadata"].get("finalizers"), role.get("status"))
    ground.federate("Namespace", KNS, {}, placement={})
    ground.sync()
    assert [] == ground.holders("ConfigMap")
    assert ("True", "", {}) == ground.told("ConfigMap")
    assert [0, 1, 2] == ground.holders("Namespace", KNS)


def test_member_that_was_down_is_cleaned_when_it_is_back(ground: Ground) -> None:
    """S20: not selected and not ready has no entry and fails nothing; the next run deletes."""
    sandbox_of(ground.fleet).refuse("cluster2")
    ground.change("ConfigMap", {"placement": only("cluster0", "cluster1")})
    ground.sync(code=None)
    expected = ("True", "", {"cluster0": "", "cluster1": ""})
    assert expected == ground.told("ConfigMap")
    sandbox_of(ground.fleet).accept("cluster2")
    assert [0, 1, 2] == ground.holders("ConfigMap")
    ground.sync()
    assert [0, 1] == ground.holders("ConfigMap")
    assert expected == ground.told("ConfigMap")


def test_override_for_one_cluster_is_a_write_to_all(ground: Ground) -> None:
    """S33: overrides have one fingerprint, so all are written; what others have stays the same."""
    before = [ground.get(number, "ConfigMap") for number in range(3)]
    clusters = sandbox_of(ground.fleet).clusters
    for cluster in clusters.values():
        cluster.audit.clear()
    changed = {"path": "/data/n", "value": "z"}
    ground.change("ConfigMap", {"overrides": [override("cluster0", changed)]})
    ground.sync()
    written = {
        name: [
            found.verb
            for found in cluster.audit.writes
            if found.resource == "configmaps" and found.namespace == "shop"
        ]
        for name, cluster in clusters.items()
    }
    assert {name: ["update"] for name in clusters} == written
    after = [ground.get(number, "ConfigMap") for number in range(3)]
    assert "z" == after[0]["data"]["n"]
    assert before[1:] == after[1:]


def test_member_without_the_type_stops_no_other(ground: Ground) -> None:
    """S44: it alone has a failing entry; the others have the object, and other types go on."""
    for number in (1, 2):
        ground.member(number).create(CRDS, make_widget_crd())
        await_served(ground.member(number), "/apis/example.com/v1/widgets")
    ground.fleet.run("enable", "widgets")
    ground.federate("Widget")
    ground.change("ConfigMap", {"template": {"data": {"n": "z"}}})
    ground.sync(code=5)
    entries = {"cluster0": "CachedRetrievalFailed", "cluster1": "", "cluster2": ""}
    assert ("False", "CheckClusters", entries) == ground.told("Widget")
    found = ground.get(2, "Widget")
    assert TEMPLATES["Widget"]["spec"] == found["spec"]
    assert ["z"] * 3 == [ground.get(number, "ConfigMap")["data"]["n"] for number in range(3)]


def test_type_without_namespaces_type_config_is_told(ground: Ground) -> None:
    """S22: namespaced types are not synced without it, cluster-scoped ones are."""
    ground.host.delete(f"{TYPE_CONFIGS}/namespaces")
    ground.sync()  # lets go of it
    federate(ground.host, "ClusterRole", "reader", TEMPLATES["ClusterRole"])
    ground.change("ConfigMap", {"template": {"data": {"n": "z"}}})
    ran = ground.sync(code=5)
    assert "namespaces" in ran.stderr
    assert [0, 1, 2] == ground.holders("ClusterRole", "reader")
    assert ["y"] * 3 == [ground.get(number, "ConfigMap")["data"]["n"] for number in range(3)]
    status: Any = ground.host.get(federated_path("ClusterRole", "reader"))["status"]
    assert 3 == len(status["clusters"])
