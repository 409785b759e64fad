"""
Replicas as the original controller-manager spreads them, and as a sync does, on the same fleet.

Skipped where `KUBEFED_ASSETS` names no folder with the original programs.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.compat.originals import Original, eventually, find_originals
from tests.e2e.clusters import Clusters
from tests.e2e.test_main_job import TYPES, make_deployment

FOLDER = find_originals(os.environ)
pytestmark = pytest.mark.skipif(FOLDER is None, reason="KUBEFED_ASSETS is not set")

FEDERATED = f"{TYPES}/namespaces/shop/federateddeployments"
PREFERENCES = "/apis/scheduling.kubefed.io/v1alpha1/namespaces/shop/replicaschedulingpreferences"
CLUSTERS = "/apis/core.kubefed.io/v1beta1/namespaces/kube-federation-system/kubefedclusters"
BOUNDS: Any = {
    "cluster0": {"weight": 1, "minReplicas": 4, "maxReplicas": 6},
    "cluster1": {"weight": 2, "minReplicas": 4, "maxReplicas": 8},
}
ASKED: dict[str, Any] = {
    "even": {"totalReplicas": 7},
    "bounds": {"totalReplicas": 9, "clusters": BOUNDS},
    "selected": {"totalReplicas": 5, "intersectWithClusterSelector": True},
}
LABEL = {"path": "/metadata/labels", "value": {"a": "b"}}
BEFORE: Any = {
    "even": {"placement": {"clusterSelector": {}}, "overrides": None},
    "bounds": {
        "placement": {"clusters": [{"name": "cluster1"}]},
        "overrides": [
            {"clusterName": "cluster1", "clusterOverrides": [LABEL]},
            {
                "clusterName": "gone",
                "clusterOverrides": [LABEL, {"path": "/spec/replicas", "value": 7}],
            },
        ],
    },
    "selected": {
        "placement": {"clusterSelector": {"matchLabels": {"zone": "eu"}}},
        "overrides": None,
    },
}


def _set_up(fleet: Clusters) -> None:
    """Join both clusters and federate three Deployments, which no preference is about yet."""
    fleet.set_up()
    fleet.host.merge(f"{CLUSTERS}/cluster0", {"metadata": {"labels": {"zone": "eu"}}})
    fleet.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    fleet.run("federate", "ns", "shop")
    namespace = f"{TYPES}/namespaces/shop/federatednamespaces/shop"
    fleet.host.merge(namespace, {"spec": {"placement": {"clusterSelector": {}}}})
    for name, spec in BEFORE.items():
        template = make_deployment(name)
        # NB: without matchLabels the original fails
        template["spec"]["selector"] = {"matchLabels": {"app": "nginx"}}
        body = {
            "apiVersion": "types.kubefed.io/v1beta1",
            "kind": "FederatedDeployment",
            "metadata": {"name": name},
            "spec": {"template": template, "placement": spec["placement"]},
        }
        fleet.host.create(FEDERATED, body)


def _reset(fleet: Clusters) -> None:
    """Let every federated object be placed as before any preference."""
    for name, spec in BEFORE.items():
        placement = {"clusters": None, "clusterSelector": None, **spec["placement"]}
        changes = {"placement": placement, "overrides": spec["overrides"]}
        fleet.host.merge(f"{FEDERATED}/{name}", {"spec": changes})


def _prefer(fleet: Clusters) -> None:
    for name, spec in ASKED.items():
        body = {
            "apiVersion": "scheduling.kubefed.io/v1alpha1",
            "kind": "ReplicaSchedulingPreference",
            "metadata": {"name": name},
            "spec": {"targetKind": "FederatedDeployment", "rebalance": True, **spec},
        }
        fleet.host.create(PREFERENCES, body)


def _written(fleet: Clusters) -> dict[str, Any]:
    """Placement and overrides of all, whatever the order of entries; empty ones do not count."""
    found = {}
    for name in ASKED:
        spec = fleet.host.get(f"{FEDERATED}/{name}")["spec"]
        overrides = {
            entry["clusterName"]: entry["clusterOverrides"]
            for entry in spec.get("overrides") or []
            if entry.get("clusterOverrides")
        }
        found[name] = (spec["placement"], overrides)
    return found


def _is_followed(fleet: Clusters) -> bool:
    numbers = {
        name: [
            operation["value"]
            for cluster, operations in overrides.items()
            for operation in operations
            if operation["path"] == "/spec/replicas" and cluster != "gone"
        ]
        for name, (_, overrides) in _written(fleet).items()
    }
    return all(sum(found) == ASKED[name]["totalReplicas"] for name, found in numbers.items())


def test_sync_writes_the_replicas_that_the_controllers_write(real_fleet: Clusters) -> None:
    """Three preferences come to the same placement and overrides, and to no write after theirs."""
    fleet = real_fleet
    assert FOLDER is not None  # or the module was skipped
    _set_up(fleet)
    _reset(fleet)
    _prefer(fleet)
    with Original(FOLDER, fleet).controllers():
        eventually(lambda: _is_followed(fleet), seconds=120)
    theirs = _written(fleet)
    versions = [fleet.host.get(f"{FEDERATED}/{n}")["metadata"]["generation"] for n in ASKED]
    assert [] == [line for line in fleet.run("sync").lines if "scheduled" in line]
    assert versions == [fleet.host.get(f"{FEDERATED}/{n}")["metadata"]["generation"] for n in ASKED]
    _reset(fleet)
    ran = fleet.run("sync")
    assert 3 == sum("scheduled" in line for line in ran.lines), ran.lines
    assert theirs == _written(fleet)
