"""
Deletions and narrowed runs, end to end, on the sandbox and on real control planes.

What a fake could lie about is here: finalizers, garbage collection, namespaces that are going.
Every scenario is a function of the fleet, and two tests call it, so that the report shows both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplanes.waiting import await_true
from tests.e2e.clusters import KNS, Clusters
from tests.e2e.test_main_job import (
    CORE,
    DEPLOYMENTS,
    EVERYWHERE,
    FEDERATED_DEPLOYMENT,
    FEDERATED_NAMESPACE,
    SHOP,
    federate_shop,
    holders,
    propagation,
    replicas,
)

CONFIG_MAPS = f"{SHOP}/configmaps"
MANAGED = "kubefed.io/managed"


def _left(fleet: Clusters) -> dict[str, str]:
    """Return the status of each cluster that the FederatedDeployment still names."""
    clusters = fleet.host.get(FEDERATED_DEPLOYMENT)["status"].get("clusters", [])
    return {entry["name"]: entry.get("status", "") for entry in clusters}


def _set_replicas(fleet: Clusters, number: int) -> None:
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"template": {"spec": {"replicas": number}}}})


def finalizer_in_a_member_holds_the_deletion(fleet: Clusters) -> None:
    """The run waits, says what is left, and the next one completes it (S60, S66)."""
    fleet.set_up()
    federate_shop(fleet)
    member = fleet.api("cluster0")
    member.merge(f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": ["example.com/hold"]}})
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    ran = fleet.run("sync", "--timeout", "1s", code=7)
    assert "waiting Deployment/shop/web in cluster cluster0: WaitingForRemoval" in ran.stdout
    assert ["cluster0"] == holders(fleet, f"{DEPLOYMENTS}/web")
    assert {"cluster0": "WaitingForRemoval"} == _left(fleet)
    assert ("False", "CheckClusters") == propagation(fleet)
    before = fleet.host.get(FEDERATED_DEPLOYMENT)["metadata"]["resourceVersion"]
    fleet.run("sync", "--timeout", "1s", code=7)
    assert before == fleet.host.get(FEDERATED_DEPLOYMENT)["metadata"]["resourceVersion"]
    member.merge(f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": None}})
    fleet.run("sync")
    assert None is fleet.host.get(FEDERATED_DEPLOYMENT)
    versions = f"{CORE}/v1alpha1/namespaces/shop/propagatedversions/deployment-web"
    await_true(lambda: fleet.host.get(versions) is None)


def delete_options_orphan_the_dependents(fleet: Clusters) -> None:
    """The Deployment goes; what it owned stays and is owned by nobody (S63)."""
    fleet.set_up()
    federate_shop(fleet)
    member = fleet.api("cluster0")
    web = member.get(f"{DEPLOYMENTS}/web")["metadata"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": web["uid"]}
    owned: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap"}
    owned["metadata"] = {"name": "owned", "ownerReferences": [owner]}
    member.create(CONFIG_MAPS, owned)
    option = {"kubefed.io/deleteoption": '{"propagationPolicy":"Orphan"}'}
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"metadata": {"annotations": option}})
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    fleet.run("sync")
    assert [] == holders(fleet, f"{DEPLOYMENTS}/web")
    assert "ownerReferences" not in member.get(f"{CONFIG_MAPS}/owned")["metadata"]


def delete_options_that_are_no_json_delete_nothing(fleet: Clusters) -> None:
    """The annotation is named; mended, it is obeyed (S63)."""
    fleet.set_up("cluster0")
    federate_shop(fleet)
    option = {"kubefed.io/deleteoption": "{"}
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"metadata": {"annotations": option}})
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    ran = fleet.run("sync", code=5)
    assert "annotation kubefed.io/deleteoption is not JSON" in ran.stdout
    assert ["cluster0", "cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"metadata": {"annotations": None}})
    fleet.run("sync")
    assert ["cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")


def host_namespace_leaves_a_placement_unlabelled(fleet: Clusters) -> None:
    """The host is a member; its own namespace only loses the label (S64)."""
    fleet.set_up()
    federate_shop(fleet)
    placement = {"clusters": [{"name": "cluster0"}]}
    fleet.host.merge(FEDERATED_NAMESPACE, {"spec": {"placement": placement}})
    ran = fleet.run("sync")
    assert (
        "warning: FederatedNamespace/shop/shop keeps its objects out of cluster1, cluster2, which"
        " 1 object selects"
    ) in ran.stderr.splitlines()
    assert ["cluster0", "cluster1"] == holders(fleet, SHOP)
    assert ["cluster0"] == holders(fleet, f"{DEPLOYMENTS}/web")
    assert MANAGED not in fleet.host.get(SHOP)["metadata"]["labels"]


def host_namespace_that_is_deleted_finishes_after_the_run(fleet: Clusters) -> None:
    """Its federated objects are finalized, the members' namespaces go, and then it goes (S65)."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.host.delete(SHOP)

    def are_going() -> bool:
        found = [fleet.host.get(path) for path in (FEDERATED_DEPLOYMENT, FEDERATED_NAMESPACE)]
        return all("deletionTimestamp" in obj["metadata"] for obj in found)

    await_true(are_going)
    fleet.run("sync")
    assert {"cluster1"} >= set(holders(fleet, SHOP))
    await_true(lambda: fleet.host.get(SHOP) is None, seconds=60)


def narrowed_run_leaves_alone_what_it_does_not_look_at(fleet: Clusters) -> None:
    """One object in one cluster is brought in step; the others, and their records, stay."""
    fleet.set_up()
    federate_shop(fleet)
    _set_replicas(fleet, 5)
    before = fleet.host.get(FEDERATED_DEPLOYMENT)["status"]["observedGeneration"]
    orphan: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap"}
    orphan["metadata"] = {"name": "lost", "labels": {MANAGED: "true"}}
    for name in ("cluster0", "cluster2"):
        fleet.api(name).create(CONFIG_MAPS, orphan)
    ran = fleet.run("sync", "deploy/web", "-n", "shop", "--cluster", "cluster0")
    assert "1 federated object over 1 cluster, 1 change made" == ran.lines[-1]
    assert {"cluster0": 5, "cluster1": 3, "cluster2": 3} == replicas(fleet)
    status = fleet.host.get(FEDERATED_DEPLOYMENT)["status"]
    assert before == status["observedGeneration"]
    assert [{"name": name} for name in EVERYWHERE] == status["clusters"]
    ran = fleet.run("sync", "configmaps", "-n", "shop", "--cluster", "cluster2")
    assert ["unlabelled ConfigMap/shop/lost in cluster cluster2"] == ran.lines[:1]
    labels = fleet.api("cluster0").get(f"{CONFIG_MAPS}/lost")["metadata"]["labels"]
    assert {MANAGED: "true"} == labels
    fleet.run("sync", "federateddeployments", "-l", "!absent")
    assert {"cluster0": 5, "cluster1": 5, "cluster2": 5} == replicas(fleet)
    assert before + 1 == fleet.host.get(FEDERATED_DEPLOYMENT)["status"]["observedGeneration"]


def narrowed_deletion_is_finished_by_a_whole_run(fleet: Clusters) -> None:
    """Its object in the one cluster goes; the finalizer stays until all are looked at."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    ran = fleet.run("sync", "--cluster", "cluster0,cluster2")
    assert (
        "skipped FederatedDeployment/shop/web in cluster cluster1: its deletion is finished by a"
        " sync that looks at cluster1, too"
    ) in ran.lines
    assert ["cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")
    assert {"cluster1": ""} == _left(fleet)
    assert ("False", "CheckClusters") == propagation(fleet)
    fleet.run("sync")
    assert [] == holders(fleet, f"{DEPLOYMENTS}/web")
    assert None is fleet.host.get(FEDERATED_DEPLOYMENT)


SCENARIOS: list[Callable[[Clusters], None]] = [
    finalizer_in_a_member_holds_the_deletion,
    delete_options_orphan_the_dependents,
    delete_options_that_are_no_json_delete_nothing,
    host_namespace_leaves_a_placement_unlabelled,
    host_namespace_that_is_deleted_finishes_after_the_run,
    narrowed_run_leaves_alone_what_it_does_not_look_at,
    narrowed_deletion_is_finished_by_a_whole_run,
]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_deletion_on_the_sandbox(
    scenario: Callable[[Clusters], None], sandbox_clusters: Clusters
) -> None:
    """The scenario holds on embedded API servers."""
    scenario(sandbox_clusters)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_deletion_on_real_control_planes(
    scenario: Callable[[Clusters], None], real_fleet: Clusters
) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    scenario(real_fleet)


@pytest.mark.parametrize("way", ["back", "unjoined"])
def test_dead_member_is_recorded_and_the_deletion_finished_later(
    sandbox_clusters: Clusters, way: str
) -> None:
    """Status says what it holds; the run after it is back, or no longer joined, ends it (S67)."""
    fleet = sandbox_clusters
    fleet.set_up()
    federate_shop(fleet)
    assert fleet.sandbox is not None
    fleet.sandbox.refuse("cluster0")
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    fleet.run("sync", code=5)
    assert {"cluster0": "ClusterNotReady"} == _left(fleet)
    if way == "back":
        fleet.sandbox.accept("cluster0")
        fleet.run("sync")
    else:
        fleet.host.delete(f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0")
        fleet.run("sync")
        fleet.sandbox.accept("cluster0")
    assert None is fleet.host.get(FEDERATED_DEPLOYMENT)
    assert (["cluster0"] if way == "unjoined" else []) == holders(fleet, f"{DEPLOYMENTS}/web")


@pytest.mark.parametrize(("scope", "code"), [("known", 0), ("all", 5)])
def test_dead_member_that_never_had_it_holds_up_nothing(
    sandbox_clusters: Clusters, scope: str, code: int
) -> None:
    """Only --deletion-scope all waits for every registered cluster (S67)."""
    fleet = sandbox_clusters
    fleet.set_up()
    federate_shop(fleet)
    placement = {"clusters": [{"name": "cluster1"}]}
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"placement": placement}})
    fleet.run("sync")
    assert fleet.sandbox is not None
    fleet.sandbox.refuse("cluster0")
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    fleet.run("sync", "deployments", "--deletion-scope", scope, code=code)
    assert (code == 0) is (fleet.host.get(FEDERATED_DEPLOYMENT) is None)
