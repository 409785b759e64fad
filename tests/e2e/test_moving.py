"""
Moving and draining end to end, on the sandbox and real control planes.

On the sandbox Deployments become ready by themselves; real control planes have nobody to run pods,
so a Deployment never does, which is the case that must lose nothing.
"""

from __future__ import annotations

from tests.e2e.clusters import KNS, Clusters
from tests.e2e.test_main_job import (
    DEPLOYMENTS,
    FEDERATED_DEPLOYMENT,
    SHOP,
    federate_shop,
    holders,
)

CLUSTER = f"/apis/core.kubefed.io/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0"
WEB = f"{DEPLOYMENTS}/web"
MOVE = ("migrate", "-n", "shop", "--from", "cluster0", "--to", "cluster2")
ONLY_CLUSTER0 = {"spec": {"placement": {"clusters": [{"name": "cluster0"}]}}}


def _set_up(fleet: Clusters) -> None:
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    fleet.host.merge(FEDERATED_DEPLOYMENT, ONLY_CLUSTER0)
    fleet.run("sync")
    assert ["cluster0", "cluster1"] == holders(fleet, WEB)


def test_migrate_and_drain_on_the_sandbox(sandbox_clusters: Clusters) -> None:
    """An object moves when it is ready; a drained cluster is left, and taken back."""
    fleet = sandbox_clusters
    _set_up(fleet)
    lines = fleet.run(*MOVE, "deployment", "web").lines
    assert ["cluster1", "cluster2"] == holders(fleet, WEB)
    assert "deleted Deployment/shop/web in cluster cluster0" == lines[-1]
    everywhere = {"spec": {"placement": {"clusters": None, "clusterSelector": {}}}}
    fleet.host.merge(FEDERATED_DEPLOYMENT, everywhere)
    fleet.run("sync")
    assert ["cluster0", "cluster1", "cluster2"] == holders(fleet, WEB)
    fleet.run("drain", "cluster0", code=6)
    fleet.run("drain", "cluster0", "--dry-run")
    assert ["cluster0", "cluster1", "cluster2"] == holders(fleet, WEB)
    fleet.run("drain", "cluster0", "--yes")
    assert ["cluster1", "cluster2"] == holders(fleet, WEB)
    assert "left" == fleet.host.get(CLUSTER)["metadata"]["labels"]["kubefedctl.io/drain"]
    fleet.run("sync")
    assert ["cluster1", "cluster2"] == holders(fleet, WEB)
    assert fleet.api("cluster0").get(SHOP) is not None
    fleet.run("undrain", "cluster0")
    assert ["cluster0", "cluster1", "cluster2"] == holders(fleet, WEB)


def test_migrate_to_where_nothing_runs_loses_nothing(real_fleet: Clusters) -> None:
    """The source keeps its object as it was; the way back restores the placement."""
    fleet = real_fleet
    _set_up(fleet)
    before = fleet.api("cluster0").get(WEB)
    ran = fleet.run(*MOVE, "deployment", "web", "--timeout", "1s", code=7)
    assert "nothing has left cluster cluster0" in ran.stderr
    assert ["cluster0", "cluster1", "cluster2"] == holders(fleet, WEB)
    assert before["spec"] == fleet.api("cluster0").get(WEB)["spec"]
    status = {"status": {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}}
    status["status"] |= {"readyReplicas": 3, "observedGeneration": before["metadata"]["generation"]}
    ready = [
        {"type": "Available", "status": "True"},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
    ]
    moment = {
        "lastUpdateTime": "2026-01-01T00:00:00Z",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    conditions = {"conditions": [{**found, **moment} for found in ready]}
    fleet.api("cluster0").merge(f"{WEB}/status", {"status": {**status["status"], **conditions}})
    back = ("migrate", "-n", "shop", "--from", "cluster2", "--to", "cluster0")
    fleet.run(*back, "deployment", "web", "--timeout", "10s")
    assert ["cluster0", "cluster1"] == holders(fleet, WEB)


def test_migrate_all_of_a_namespace_on_real_control_planes(real_fleet: Clusters) -> None:
    """What needs no readiness moves, and the namespace goes when it is empty."""
    fleet = real_fleet
    fleet.set_up("cluster0", "cluster2")
    fleet.host.create(
        "/api/v1/namespaces",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    )
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}}
    fleet.host.create(f"{SHOP}/configmaps", config)
    fleet.run("federate", "ns", "shop", "--clusters", "cluster0")
    fleet.run("federate", "configmap", "conf", "-n", "shop", "--clusters", "cluster0")
    fleet.run("sync")
    assert fleet.api("cluster0").get(f"{SHOP}/configmaps/conf") is not None
    fleet.run(*MOVE, "--all")
    assert fleet.api("cluster0").get(SHOP) is None
    assert fleet.api("cluster2").get(f"{SHOP}/configmaps/conf") is not None
