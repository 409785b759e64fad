"""
The main job, end to end, on the sandbox and on real control planes.

cluster1 is the host and a member, cluster0 and cluster2 are members. Every scenario is a function
of the fleet, and two tests call it, so that the suite's report shows both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.clusters import KNS, Clusters

TYPES = "/apis/types.kubefed.io/v1beta1"
CORE = "/apis/core.kubefed.io"
SHOP = "/api/v1/namespaces/shop"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
FEDERATED_DEPLOYMENT = f"{TYPES}/namespaces/shop/federateddeployments/web"
FEDERATED_NAMESPACE = f"{TYPES}/namespaces/shop/federatednamespaces/shop"
EVERYWHERE = ["cluster0", "cluster1", "cluster2"]


def make_deployment(name: str = "web", replicas: int = 3) -> dict[str, Any]:
    """Return a Deployment as the tutorial has it."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {
                "matchExpressions": [{"key": "app", "operator": "In", "values": ["nginx"]}]
            },
            "template": {
                "metadata": {"labels": {"app": "nginx"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
            },
        },
    }


def federate_shop(fleet: Clusters) -> None:
    """Federate the namespace `shop` with the Deployment `web` in it, and sync."""
    fleet.host.create(
        "/api/v1/namespaces",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    )
    fleet.run("federate", "ns", "shop")
    fleet.host.create(DEPLOYMENTS, make_deployment())
    fleet.run("-n", "shop", "federate", "deployment", "web")
    fleet.run("sync")


def holders(fleet: Clusters, path: str) -> list[str]:
    """Return the clusters that have the object at *path*."""
    return [name for name in fleet.names if fleet.api(name).get(path) is not None]


def replicas(fleet: Clusters) -> dict[str, int]:
    """Return the replicas of the Deployment `web` in each cluster."""
    found = {name: fleet.api(name).get(f"{DEPLOYMENTS}/web") for name in fleet.names}
    return {name: web["spec"]["replicas"] for name, web in found.items() if web is not None}


def propagation(fleet: Clusters, path: str = FEDERATED_DEPLOYMENT) -> tuple[str, str]:
    """Return status and reason of the Propagation condition of a federated object."""
    (condition,) = fleet.host.get(path)["status"]["conditions"]
    assert condition["type"] == "Propagation"
    return condition["status"], condition.get("reason", "")


def join_registers_ready_members(fleet: Clusters) -> None:
    """init and join make KubeFedClusters that a sync finds ready, the host among them."""
    fleet.set_up()
    ran = fleet.run("sync")
    clusters = fleet.host.get(f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters")["items"]
    ready = {
        found["metadata"]["name"]: {c["type"]: c["status"] for c in found["status"]["conditions"]}
        for found in clusters
    }
    assert {name: {"Ready": "True"} for name in EVERYWHERE} == ready
    assert "0 federated objects over 3 clusters, 0 changes made" == ran.lines[-1]


def init_twice_changes_nothing(fleet: Clusters) -> None:
    """A second init leaves every object as it is."""
    fleet.run("init")
    path = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedconfigs/kubefed"
    before = fleet.host.get(path)["metadata"]["resourceVersion"]
    again = fleet.run("init")
    assert [] == again.lines
    assert before == fleet.host.get(path)["metadata"]["resourceVersion"]


def federate_and_sync_brings_the_deployment_everywhere(fleet: Clusters) -> None:
    """A namespace and a Deployment reach every member, labelled, recorded and reported."""
    fleet.set_up()
    federate_shop(fleet)
    assert EVERYWHERE == holders(fleet, f"{DEPLOYMENTS}/web")
    web = fleet.api("cluster0").get(f"{DEPLOYMENTS}/web")
    assert "true" == web["metadata"]["labels"]["kubefed.io/managed"]
    assert ("True", "") == propagation(fleet)
    status = fleet.host.get(FEDERATED_DEPLOYMENT)["status"]
    assert [{"name": name} for name in EVERYWHERE] == status["clusters"]
    versions = fleet.host.get(f"{CORE}/v1alpha1/namespaces/shop/propagatedversions/deployment-web")
    recorded = {v["clusterName"]: v["version"] for v in versions["status"]["clusterVersions"]}
    assert f"gen:{web['metadata']['generation']}" == recorded["cluster0"]
    assert EVERYWHERE == sorted(recorded)


def sync_twice_writes_nothing(fleet: Clusters) -> None:
    """A second sync leaves every resourceVersion in members and host as it was."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.run("sync")

    def versions() -> dict[str, str]:
        paths = [f"{DEPLOYMENTS}/web", SHOP]
        found = {
            f"{name} {path}": fleet.api(name).get(path)["metadata"]["resourceVersion"]
            for name in ("cluster0", "cluster2")
            for path in paths
        }
        for path in (FEDERATED_DEPLOYMENT, FEDERATED_NAMESPACE):
            found[path] = fleet.host.get(path)["metadata"]["resourceVersion"]
        return found

    before = versions()
    ran = fleet.run("sync")
    assert before == versions()
    assert "2 federated objects over 3 clusters, 0 changes made" == ran.lines[-1]


def override_reaches_one_cluster(fleet: Clusters) -> None:
    """An override changes its cluster alone, and taking it out changes it back."""
    fleet.set_up()
    federate_shop(fleet)
    operation = {"path": "/spec/replicas", "value": 5}
    overrides = [{"clusterName": "cluster0", "clusterOverrides": [operation]}]
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"overrides": overrides}})
    fleet.run("sync")
    assert {"cluster0": 5, "cluster1": 3, "cluster2": 3} == replicas(fleet)
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"overrides": None}})
    fleet.run("sync")
    assert {"cluster0": 3, "cluster1": 3, "cluster2": 3} == replicas(fleet)


def drift_in_a_member_is_put_right(fleet: Clusters) -> None:
    """What was edited or deleted in a member is as the host says after the next sync."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.api("cluster2").merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 9}})
    fleet.host.delete(f"{DEPLOYMENTS}/web")
    assert fleet.api("cluster0").get(f"{DEPLOYMENTS}/web") is not None
    fleet.run("sync")
    assert {"cluster0": 3, "cluster1": 3, "cluster2": 3} == replicas(fleet)


def narrowed_placement_deletes_elsewhere(fleet: Clusters) -> None:
    """A Deployment leaves the clusters that its placement no longer names, and comes back."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.host.merge(
        FEDERATED_DEPLOYMENT, {"spec": {"placement": {"clusters": [{"name": "cluster1"}]}}}
    )
    fleet.run("sync")
    assert ["cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")
    status = fleet.host.get(FEDERATED_DEPLOYMENT)["status"]
    assert [{"name": "cluster1"}] == status["clusters"]
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"placement": {"clusters": None}}})
    fleet.run("sync")
    assert EVERYWHERE == holders(fleet, f"{DEPLOYMENTS}/web")


def deletion_removes_everywhere_and_then_the_finalizer(fleet: Clusters) -> None:
    """A deleted federated object goes when nothing of it is left in any member."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    assert fleet.host.get(FEDERATED_DEPLOYMENT) is not None
    fleet.run("sync")
    assert [] == holders(fleet, f"{DEPLOYMENTS}/web")
    assert fleet.host.get(FEDERATED_DEPLOYMENT) is None


def unfederated_namespace_goes_from_members_only(fleet: Clusters) -> None:
    """Deleting a FederatedNamespace deletes the members' namespaces and keeps the host's."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    fleet.host.delete(FEDERATED_NAMESPACE)
    fleet.run("sync")
    assert ["cluster1"] == holders(fleet, SHOP)
    labels = fleet.host.get(SHOP)["metadata"]["labels"]
    assert "kubefed.io/managed" not in labels
    assert fleet.host.get(FEDERATED_NAMESPACE) is None


def orphaned_objects_stay_unlabelled(fleet: Clusters) -> None:
    """With the orphan annotation the member objects stay, without the label."""
    fleet.set_up()
    federate_shop(fleet)
    annotation = {"kubefed.io/orphan": "true"}
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"metadata": {"annotations": annotation}})
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    fleet.run("sync")
    assert EVERYWHERE == holders(fleet, f"{DEPLOYMENTS}/web")
    web = fleet.api("cluster0").get(f"{DEPLOYMENTS}/web")
    assert "kubefed.io/managed" not in web["metadata"].get("labels", {})
    assert fleet.host.get(FEDERATED_DEPLOYMENT) is None


def object_that_stood_there_is_adopted(fleet: Clusters) -> None:
    """An object of the same name in a member is taken over, its own annotations kept."""
    fleet.set_up()
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    fleet.api("cluster0").create("/api/v1/namespaces", own)
    standing = make_deployment(replicas=1)
    standing["metadata"]["annotations"] = {"team": "blue"}
    fleet.api("cluster0").create(DEPLOYMENTS, standing)
    federate_shop(fleet)
    web = fleet.api("cluster0").get(f"{DEPLOYMENTS}/web")
    assert 3 == web["spec"]["replicas"]
    assert "blue" == web["metadata"]["annotations"]["team"]
    assert ("True", "") == propagation(fleet)


def enabled_crd_type_is_propagated(fleet: Clusters) -> None:
    """A custom type that members know is enabled, federated and propagated."""
    fleet.set_up()
    crd = make_widget_crd()
    for name in fleet.names:
        fleet.api(name).create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    ran = fleet.run("enable", "widgets")
    assert [
        "customresourcedefinition.apiextensions.k8s.io/federatedwidgets.types.kubefed.io created",
        f"federatedtypeconfig.core.kubefed.io/widgets.example.com created in namespace {KNS}",
    ] == ran.lines
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    fleet.host.create("/api/v1/namespaces", own)
    fleet.run("federate", "ns", "shop")
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    path = "/apis/example.com/v1/namespaces/shop/widgets"
    fleet.host.create(path, {**widget, "spec": {"size": 3, "parts": ["a", "b"]}})
    fleet.run("federate", "widget", "w", "-n", "shop")
    fleet.run("sync")
    spec = fleet.api("cluster2").get(f"{path}/w")["spec"]
    assert {"size": 3, "parts": ["a", "b"]} == spec


def cluster_scoped_object_is_propagated(fleet: Clusters) -> None:
    """A ClusterRole reaches every member and is recorded in a ClusterPropagatedVersion."""
    fleet.set_up()
    rbac = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
    fleet.host.create(rbac, {**role, "metadata": {"name": "pod-reader"}, "rules": rules})
    fleet.run("federate", "clusterrole", "pod-reader")
    fleet.run("sync")
    assert rules == fleet.api("cluster0").get(f"{rbac}/pod-reader")["rules"]
    path = f"{CORE}/v1alpha1/clusterpropagatedversions/clusterrole-pod-reader"
    assert fleet.host.get(path) is not None


def unjoin_leaves_nothing_but_the_workloads(fleet: Clusters) -> None:
    """unjoin removes what join made in member and host; propagated objects stay; rejoin works."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.run("unjoin", "cluster0")
    member = fleet.api("cluster0")
    assert [] == [
        name
        for name in member.names("/apis/rbac.authorization.k8s.io/v1/clusterroles")
        if name.startswith("kubefed-controller-manager")
    ]
    assert fleet.host.get(f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0") is None
    assert [] == [
        name
        for name in fleet.host.names(f"/api/v1/namespaces/{KNS}/secrets")
        if name.startswith("cluster0-")
    ]
    assert member.get(f"{DEPLOYMENTS}/web") is not None
    namespace = member.get(f"/api/v1/namespaces/{KNS}")
    assert namespace is None or "deletionTimestamp" in namespace["metadata"]


def namespaced_scope_federates_the_kubefed_namespace_alone(fleet: Clusters) -> None:
    """With scope Namespaced a member's account may act in the KubeFed namespace only; it does."""
    fleet.run("init", "--scope", "Namespaced")
    for name in fleet.names:
        fleet.run("join", name)
    path = f"/api/v1/namespaces/{KNS}/configmaps"
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}}
    fleet.host.create(path, {**config, "data": {"a": "b"}})
    fleet.run("federate", "configmap", "cm", "-n", KNS)
    fleet.run("sync")
    assert EVERYWHERE == holders(fleet, f"{path}/cm")
    federated = f"{TYPES}/namespaces/{KNS}/federatedconfigmaps/cm"
    assert ("True", "") == propagation(fleet, federated)
    fleet.host.delete(federated)
    fleet.run("sync")
    assert [] == holders(fleet, f"{path}/cm")


def another_kubefed_namespace_serves_as_well(fleet: Clusters) -> None:
    """--kubefed-namespace is used on the host and in the members, before or after the command."""
    own = "--kubefed-namespace"
    fleet.run(own, "fed", "init")
    fleet.run("join", "cluster0", own, "fed")
    fleet.run("sync", own, "fed")
    found = fleet.host.get("/apis/core.kubefed.io/v1beta1/namespaces/fed/kubefedclusters/cluster0")
    assert ["True"] == [c["status"] for c in found["status"]["conditions"] if c["type"] == "Ready"]
    accounts = fleet.api("cluster0").names("/api/v1/namespaces/fed/serviceaccounts")
    assert "cluster0-cluster1" in accounts
    fleet.run("unjoin", "cluster0", own, "fed")
    accounts = fleet.api("cluster0").get("/api/v1/namespaces/fed/serviceaccounts/cluster0-cluster1")
    assert accounts is None


def federate_contents_enables_what_is_missing(fleet: Clusters) -> None:
    """federate ns --contents --enable-type takes along what is in the namespace."""
    fleet.set_up("cluster0", "cluster1")
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    fleet.host.create("/api/v1/namespaces", own)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}}
    fleet.host.create(f"{SHOP}/configmaps", {**config, "data": {"a": "b"}})
    ports = [{"port": 80, "targetPort": 8080}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    fleet.host.create(f"{SHOP}/services", {**service, "spec": {"ports": ports}})
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}}
    fleet.host.create("/apis/coordination.k8s.io/v1/namespaces/shop/leases", {**lease, "spec": {}})
    policies = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}
    fleet.host.create(policies, {**policy, "metadata": {"name": "p"}, "spec": spec})
    skipped = "sa,endpointslices"
    ran = fleet.run("federate", "ns", "shop", "--contents", "--enable-type", "-s", skipped)
    assert "created FederatedNetworkPolicy/shop/p in cluster cluster1" in ran.lines
    assert not [line for line in ran.lines if "Lease" in line]
    fleet.run("sync")
    assert ["cluster0", "cluster1"] == holders(fleet, f"{SHOP}/services/web")
    assert ["cluster0", "cluster1"] == holders(fleet, f"{policies}/p")


def make_widget_crd() -> dict[str, Any]:
    """Return the CRD of a small custom type."""
    parts = {"type": "array", "items": {"type": "string"}}
    spec = {"type": "object", "properties": {"size": {"type": "integer"}, "parts": parts}}
    schema = {"type": "object", "properties": {"spec": spec}}
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


SCENARIOS: list[Callable[[Clusters], None]] = [
    init_twice_changes_nothing,
    join_registers_ready_members,
    federate_and_sync_brings_the_deployment_everywhere,
    sync_twice_writes_nothing,
    override_reaches_one_cluster,
    drift_in_a_member_is_put_right,
    narrowed_placement_deletes_elsewhere,
    deletion_removes_everywhere_and_then_the_finalizer,
    unfederated_namespace_goes_from_members_only,
    orphaned_objects_stay_unlabelled,
    object_that_stood_there_is_adopted,
    enabled_crd_type_is_propagated,
    cluster_scoped_object_is_propagated,
    unjoin_leaves_nothing_but_the_workloads,
    namespaced_scope_federates_the_kubefed_namespace_alone,
    another_kubefed_namespace_serves_as_well,
    federate_contents_enables_what_is_missing,
]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_main_job_on_the_sandbox(
    scenario: Callable[[Clusters], None], sandbox_clusters: Clusters
) -> None:
    """The scenario holds on embedded API servers."""
    scenario(sandbox_clusters)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_main_job_on_real_control_planes(
    scenario: Callable[[Clusters], None], real_fleet: Clusters
) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    scenario(real_fleet)
