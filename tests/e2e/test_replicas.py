"""
Replicas spread by preferences, end to end, on the sandbox and on real control planes.

On real control planes no Pod ever runs, so that what Pods do to a schedule is seen on the sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.clusters import Clusters
from tests.e2e.test_main_job import FEDERATED_DEPLOYMENT, federate_shop, propagation, replicas

PREFERENCES = "/apis/scheduling.kubefed.io/v1alpha1/namespaces/shop/replicaschedulingpreferences"
CLUSTERS = "/apis/core.kubefed.io/v1beta1/namespaces/kube-federation-system/kubefedclusters"
UPDATED = "updated FederatedDeployment/shop/web in cluster cluster1: scheduled"


def prefer(fleet: Clusters, total: int, **spec: Any) -> None:
    """Create the preference for `web`, or change it."""
    given = {"targetKind": "FederatedDeployment", "totalReplicas": total, **spec}
    if fleet.host.get(f"{PREFERENCES}/web") is not None:
        fleet.host.merge(f"{PREFERENCES}/web", {"spec": given})
        return
    body = {
        "apiVersion": "scheduling.kubefed.io/v1alpha1",
        "kind": "ReplicaSchedulingPreference",
        "metadata": {"name": "web"},
        "spec": given,
    }
    fleet.host.create(PREFERENCES, body)


def asked(fleet: Clusters) -> dict[str, int]:
    """Return what the overrides ask for, by cluster; the placement names the same clusters."""
    spec = fleet.host.get(FEDERATED_DEPLOYMENT)["spec"]
    found = {
        entry["clusterName"]: operation["value"]
        for entry in spec["overrides"]
        for operation in entry["clusterOverrides"]
        if operation["path"] == "/spec/replicas"
    }
    assert sorted(found) == [entry["name"] for entry in spec["placement"]["clusters"]]
    return found


def preference_is_followed_and_then_left_alone(fleet: Clusters) -> None:
    """The forecast is what sync writes; a second run writes nothing (S87, S91, S92, S99)."""
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    prefer(fleet, 4, rebalance=True)
    forecast = json.loads(fleet.run("schedule", "web", "-n", "shop", "-o", "json").stdout)
    assert {"cluster0": 2, "cluster2": 2} == forecast["plan"]
    dry = fleet.run("sync", "--dry-run")
    assert f"{UPDATED} cluster0=2, cluster2=2 (dry run)" in dry.lines
    ran = fleet.run("sync")
    assert f"{UPDATED} cluster0=2, cluster2=2" in ran.lines
    assert {"cluster0": 2, "cluster2": 2} == asked(fleet)
    # NB: the host is no member here; its own Deployment is what was federated
    assert {"cluster0": 2, "cluster1": 3, "cluster2": 2} == replicas(fleet)
    before = fleet.host.get(FEDERATED_DEPLOYMENT)["metadata"]["resourceVersion"]
    assert fleet.run("sync").lines[-1].endswith("0 changes made")
    assert before == fleet.host.get(FEDERATED_DEPLOYMENT)["metadata"]["resourceVersion"]


def preference_goes_by_weights_and_minimums(fleet: Clusters) -> None:
    """Two to one, then three each at least; a cluster with none stays placed (S88, S89, S96)."""
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    weights: dict[str, Any] = {"cluster0": {"weight": 2}, "cluster2": {"weight": 1}}
    prefer(fleet, 6, clusters=weights, rebalance=True)
    fleet.run("sync")
    assert {"cluster0": 4, "cluster2": 2} == asked(fleet)
    prefer(fleet, 6, clusters={name: {"minReplicas": 3} for name in weights})
    fleet.run("sync")
    assert {"cluster0": 3, "cluster2": 3} == asked(fleet)
    prefer(fleet, 6, clusters={"cluster0": {"minReplicas": 6}, "cluster2": None})
    fleet.run("sync")
    assert {"cluster0": 6, "cluster2": 0} == asked(fleet)
    assert {"cluster0": 6, "cluster1": 3, "cluster2": 0} == replicas(fleet)
    assert ("True", "") == propagation(fleet)


def preference_intersects_with_selectors(fleet: Clusters) -> None:
    """Only the cluster with the label gets replicas, and all of them (S90, S93)."""
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    fleet.host.merge(f"{CLUSTERS}/cluster2", {"metadata": {"labels": {"zone": "eu"}}})
    selector = {"clusterSelector": {"matchLabels": {"zone": "eu"}}}
    label = {"path": "/metadata/labels", "value": {"a": "b"}}
    overrides = [{"clusterName": "cluster2", "clusterOverrides": [label]}]
    spec = {"spec": {"placement": selector, "overrides": overrides}}
    fleet.host.merge(FEDERATED_DEPLOYMENT, spec)
    prefer(fleet, 5, intersectWithClusterSelector=True)
    fleet.run("sync")
    assert {"cluster2": 5} == asked(fleet)
    number = {"path": "/spec/replicas", "value": 5}
    written = fleet.host.get(FEDERATED_DEPLOYMENT)["spec"]
    assert [{"clusterName": "cluster2", "clusterOverrides": [label, number]}] == (
        written["overrides"]
    )
    assert selector["clusterSelector"] == written["placement"]["clusterSelector"]


SCENARIOS: list[Callable[[Clusters], None]] = [
    preference_is_followed_and_then_left_alone,
    preference_goes_by_weights_and_minimums,
    preference_intersects_with_selectors,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_sandbox(sandbox_clusters: Clusters, scenario: Callable[[Clusters], None]) -> None:
    """The scenario holds on sandbox clusters."""
    scenario(sandbox_clusters)


@pytest.mark.soak
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_real(real_fleet: Clusters, scenario: Callable[[Clusters], None]) -> None:
    """The scenario holds on real control planes."""
    scenario(real_fleet)


def test_sandbox_full_cluster_hands_its_share_on(sandbox_clusters: Clusters) -> None:
    """What finds no node for a minute goes elsewhere, and on top of it with rebalance (S97)."""
    fleet = sandbox_clusters
    assert fleet.sandbox is not None
    full = fleet.sandbox.clusters["cluster0"]
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    room = {"metadata": {"name": "n1"}, "status": {"allocatable": {"pods": "1"}}}
    full.create("nodes", room)
    prefer(fleet, 6)
    fleet.run("sync")
    assert {"cluster0": 3, "cluster2": 3} == asked(fleet)
    young = fleet.run("sync")
    assert "2 pods in cluster cluster0 found no node yet; the plan may change" in young.stderr
    assert {"cluster0": 3, "cluster2": 3} == asked(fleet)
    for pod in full.list("pods", namespace="shop"):
        _let_wait(full, pod)
    prefer(fleet, 6, rebalance=True)
    fleet.run("sync")
    assert {"cluster0": 3, "cluster2": 5} == asked(fleet)
    prefer(fleet, 6, rebalance=False)
    fleet.run("sync")
    assert {"cluster0": 1, "cluster2": 5} == asked(fleet)
    assert fleet.run("sync").lines[-1].endswith("0 changes made")


def _let_wait(cluster: Any, pod: Any) -> None:
    """Let a Pod without a node have been so for long."""
    conditions = pod["status"]["conditions"]
    if pod["status"]["phase"] == "Pending":
        long_ago = [{**conditions[0], "lastTransitionTime": "2020-01-01T00:00:00Z"}]
        changed = {**pod, "status": {**pod["status"], "conditions": long_ago}}
        cluster.registry.write(("", "pods"), changed)


def test_sandbox_hold_keeps_the_share_of_a_cluster_that_is_away(
    sandbox_clusters: Clusters,
) -> None:
    """By --rsp hold nothing moves; by KubeFed's way all of it goes to the other cluster."""
    fleet = sandbox_clusters
    assert fleet.sandbox is not None
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    prefer(fleet, 4, rebalance=True)
    fleet.run("sync")
    fleet.sandbox.refuse("cluster2")
    fleet.run("sync", "--rsp", "hold", code=5)
    assert {"cluster0": 2, "cluster2": 2} == asked(fleet)
    fleet.run("sync", code=None)
    assert {"cluster0": 4} == asked(fleet)
