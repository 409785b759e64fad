"""
What a sync leaves in the host's statuses, end to end, on the sandbox and real control planes.

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
    FEDERATED_DEPLOYMENT,
    SHOP,
    federate_shop,
    holders,
    propagation,
)

TYPE_CONFIGS = f"{CORE}/v1beta1/namespaces/{KNS}/federatedtypeconfigs"
CONFIG = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedconfigs/kubefed"
SERVICE_STATUS = f"{CORE}/v1alpha1/namespaces/shop/federatedservicestatuses/front"
SERVICE_STATUS_TYPE = {
    "group": "core.kubefed.io",
    "version": "v1alpha1",
    "kind": "FederatedServiceStatus",
    "pluralName": "federatedservicestatuses",
    "scope": "Namespaced",
}


def remote_statuses_equal_the_members(fleet: Clusters) -> None:
    """S78: with gate and type on, remoteStatus is the member's whole status, field by field."""
    fleet.set_up("cluster0", "cluster2")
    gate = {"name": "RawResourceStatusCollection", "configuration": "Enabled"}
    fleet.host.merge(CONFIG, {"spec": {"featureGates": [gate]}})
    fleet.host.merge(f"{TYPE_CONFIGS}/deployments.apps", {"spec": {"statusCollection": "Enabled"}})
    federate_shop(fleet)
    for index, name in enumerate(("cluster0", "cluster2")):
        # NB: the real control planes have nobody who looks after Deployments
        status = {"observedGeneration": 1, "replicas": 3, "unavailableReplicas": 1 + index}
        fleet.api(name).merge(f"{DEPLOYMENTS}/web/status", {"status": status})

    def is_collected() -> bool:
        before = _member_statuses(fleet)
        fleet.run("sync")
        return all(before) and before == _member_statuses(fleet) == _remote_statuses(fleet)

    await_true(is_collected, seconds=60)
    assert ("True", "") == propagation(fleet)


def _member_statuses(fleet: Clusters) -> list[Any]:
    return [fleet.api(n).get(f"{DEPLOYMENTS}/web").get("status") for n in ("cluster0", "cluster2")]


def _remote_statuses(fleet: Clusters) -> list[Any]:
    clusters = fleet.host.get(FEDERATED_DEPLOYMENT)["status"]["clusters"]
    return [entry.get("remoteStatus") for entry in clusters]


def types_are_held_observed_and_let_go(fleet: Clusters) -> None:
    """S83, S84: finalizer and generation after a sync; deleted, a type goes and leaves members."""
    fleet.set_up("cluster0")
    federate_shop(fleet)
    for found in fleet.host.get(TYPE_CONFIGS)["items"]:
        assert ["core.kubefed.io/federated-type-config"] == found["metadata"]["finalizers"]
        assert {
            "observedGeneration": found["metadata"]["generation"],
            "propagationController": "NotRunning",
            "statusController": "NotRunning",
        } == found["status"]
    path = f"{TYPE_CONFIGS}/deployments.apps"
    fleet.host.delete(path)
    assert "deletionTimestamp" in fleet.host.get(path)["metadata"]
    deleted = f"deleted FederatedTypeConfig/{KNS}/deployments.apps in cluster cluster1"
    assert deleted in fleet.run("sync").lines
    assert None is fleet.host.get(path)
    web = fleet.api("cluster0").get(f"{DEPLOYMENTS}/web")
    assert "true" == web["metadata"]["labels"]["kubefed.io/managed"]


def service_statuses_are_gathered(fleet: Clusters) -> None:
    """S79: one object beside the FederatedService, an entry for each member, owner set."""
    fleet.set_up("cluster0", "cluster2")
    spec = {"statusCollection": "Enabled", "statusType": SERVICE_STATUS_TYPE}
    fleet.host.merge(f"{TYPE_CONFIGS}/services", {"spec": spec})
    federate_shop(fleet)
    ports = [{"port": 80}]
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "front"}}
    fleet.host.create(f"{SHOP}/services", {**body, "spec": {"ports": ports}})
    fleet.run("-n", "shop", "federate", "service", "front", "--clusters", "cluster2")
    fleet.run("sync")
    found = fleet.host.get(SERVICE_STATUS)
    assert [
        {"clusterName": "cluster0", "status": {}},
        {"clusterName": "cluster2", "status": {"loadBalancer": {}}},
    ] == found["clusterStatus"]
    (owner,) = found["metadata"]["ownerReferences"]
    assert ("FederatedService", "front") == (owner["kind"], owner["name"])
    fleet.run("sync")
    again = fleet.host.get(SERVICE_STATUS)["metadata"]["resourceVersion"]
    assert found["metadata"]["resourceVersion"] == again


def rotated_token_is_used_by_the_next_sync(fleet: Clusters) -> None:
    """S86: the Secret's new token is used, though the old one has stopped to count."""
    fleet.set_up("cluster0")
    federate_shop(fleet)
    member = fleet.api("cluster0")
    secrets = f"/api/v1/namespaces/{KNS}/secrets"
    tokens = [
        found
        for found in member.get(secrets)["items"]
        if found["type"] == "kubernetes.io/service-account-token"
    ]
    account = tokens[0]["metadata"]["annotations"]["kubernetes.io/service-account.name"]
    metadata = {
        "name": "rotated",
        "annotations": {"kubernetes.io/service-account.name": account},
    }
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": tokens[0]["type"]}
    member.create(secrets, body)
    await_true(lambda: "token" in member.get(f"{secrets}/rotated").get("data", {}))
    for found in tokens:
        member.delete(f"{secrets}/{found['metadata']['name']}")
    if not fleet.is_real:  # NB: a kube-apiserver believes a deleted token for ten seconds more
        assert "401" in fleet.run("sync", code=5).stderr
    registered = fleet.host.get(f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0")
    token = member.get(f"{secrets}/rotated")["data"]["token"]
    name = registered["spec"]["secretRef"]["name"]
    fleet.host.merge(f"{secrets}/{name}", {"data": {"token": token}})
    fleet.run("sync")
    assert ["cluster0", "cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")


SCENARIOS: list[Callable[[Clusters], None]] = [
    remote_statuses_equal_the_members,
    types_are_held_observed_and_let_go,
    service_statuses_are_gathered,
    rotated_token_is_used_by_the_next_sync,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_statuses_on_the_sandbox(
    scenario: Callable[[Clusters], None], sandbox_clusters: Clusters
) -> None:
    """The scenario holds on embedded API servers."""
    scenario(sandbox_clusters)


@pytest.mark.soak
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_statuses_on_real_control_planes(
    scenario: Callable[[Clusters], None], real_fleet: Clusters
) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    scenario(real_fleet)
