"""What follows from a write: namespaces, tokens, owners, definitions, workloads, roles."""

from __future__ import annotations

import base64

import pytest

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.options import DeleteOptions
from kubefedctl.sandbox.statuses import ApiError
from tests.sandbox.wire import Object, config_map, definition, deployment, widget


@pytest.fixture
def cluster() -> SandboxCluster:
    """A fresh cluster."""
    return SandboxCluster("one")


def owned(name: str, owner: Object, *, blocks: bool = False) -> Object:
    """Return a ConfigMap that depends on another object."""
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": blocks,
    }
    return {"metadata": {"name": name, "ownerReferences": [reference]}}


def test_namespace_is_furnished(cluster: SandboxCluster) -> None:
    """A new namespace gets the default account, the CA and its label."""
    made = cluster.create("namespaces", {"metadata": {"name": "shop"}})
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "shop"}
    assert made["status"] == {"phase": "Active"}
    assert cluster.get("serviceaccounts", "default", namespace="shop")
    assert cluster.get("configmaps", "kube-root-ca.crt", namespace="shop")


def test_namespace_deletion_empties_it(cluster: SandboxCluster) -> None:
    """A deleted namespace takes its content along."""
    cluster.create("namespaces", {"metadata": {"name": "shop"}})
    cluster.create("deployments", deployment("web"), namespace="shop")
    cluster.delete("namespaces", "shop")
    assert cluster.get("namespaces", "shop") is None
    assert cluster.list("replicasets", namespace="shop") == []


def test_namespace_waits_for_finalizers_and_takes_nothing_new(cluster: SandboxCluster) -> None:
    """A finalizer in a namespace keeps it Terminating; creating there is forbidden."""
    cluster.create("namespaces", {"metadata": {"name": "shop"}})
    held = {"metadata": {"name": "held", "finalizers": ["a.b/c"]}}
    cluster.create("configmaps", held, namespace="shop")
    cluster.delete("namespaces", "shop")
    namespace = cluster.get("namespaces", "shop")
    assert namespace is not None
    assert namespace["status"]["phase"] == "Terminating"
    with pytest.raises(ApiError) as caught:
        cluster.create("configmaps", config_map("late"), namespace="shop")
    assert caught.value.status["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    cluster.patch("configmaps", "held", {"metadata": {"finalizers": None}}, namespace="shop")
    assert cluster.get("namespaces", "shop") is None


def test_token_secret_is_filled_and_goes_with_account(cluster: SandboxCluster) -> None:
    """A token Secret gets token, CA and namespace; deleting the account deletes it."""
    cluster.create("serviceaccounts", {"metadata": {"name": "robot"}}, namespace="default")
    annotations = {"kubernetes.io/service-account.name": "robot"}
    secret = {
        "metadata": {"name": "robot", "annotations": annotations},
        "type": "kubernetes.io/service-account-token",
    }
    cluster.create("secrets", secret, namespace="default")
    filled = cluster.get("secrets", "robot", namespace="default")
    assert filled is not None
    assert base64.b64decode(filled["data"]["namespace"]) == b"default"
    assert base64.b64decode(filled["data"]["ca.crt"]) == cluster.ca
    assert filled["data"]["token"]
    cluster.delete("serviceaccounts", "robot", namespace="default")
    assert cluster.get("secrets", "robot", namespace="default") is None


def test_token_secret_can_be_late(cluster: SandboxCluster) -> None:
    """With the controller off nothing is filled until it catches up."""
    cluster.accounts.enabled = False
    annotations = {"kubernetes.io/service-account.name": "default"}
    secret = {
        "metadata": {"name": "late", "annotations": annotations},
        "type": "kubernetes.io/service-account-token",
    }
    cluster.create("secrets", secret, namespace="default")
    assert "data" not in (cluster.get("secrets", "late", namespace="default") or {})
    cluster.accounts.enabled = True
    cluster.accounts.catch_up(cluster.registry)
    assert "data" in (cluster.get("secrets", "late", namespace="default") or {})


@pytest.mark.parametrize(
    ("propagation", "survives"),
    [("", False), ("Background", False), ("Foreground", False), ("Orphan", True)],
    ids=["default", "background", "foreground", "orphan"],
)
def test_dependents_follow_owner(cluster: SandboxCluster, propagation: str, survives: bool) -> None:
    """Dependents go with their owner unless they are orphaned, which drops the reference."""
    owner = cluster.create("configmaps", config_map("owner"), namespace="default")
    cluster.create("configmaps", owned("child", owner, blocks=True), namespace="default")
    resource = cluster.registry.resource("", "v1", "configmaps")
    options = DeleteOptions(propagation=propagation)
    cluster.registry.delete(resource, "owner", namespace="default", options=options)
    assert cluster.get("configmaps", "owner", namespace="default") is None
    child = cluster.get("configmaps", "child", namespace="default")
    assert survives == (child is not None)
    if child is not None:
        assert "ownerReferences" not in child["metadata"]


def test_object_of_absent_owner_is_collected(cluster: SandboxCluster) -> None:
    """An object whose owner is not there does not stay."""
    ghost = {"metadata": {"name": "ghost", "uid": "00000000-0000-0000-0000-000000000000"}}
    cluster.create("configmaps", owned("child", ghost), namespace="default")
    assert cluster.get("configmaps", "child", namespace="default") is None


def test_definition_is_established_and_served(cluster: SandboxCluster) -> None:
    """A definition is Established at once, and its resource served."""
    cluster.create("customresourcedefinitions", definition())
    current = cluster.get("customresourcedefinitions", "widgets.example.com")
    assert current is not None
    conditions = {item["type"]: item["status"] for item in current["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert cluster.registry.table.lookup("example.com", "v1", "widgets")


def test_definition_deletion_takes_instances_along(cluster: SandboxCluster) -> None:
    """Deleting a definition deletes its objects and ends its service."""
    cluster.create("customresourcedefinitions", definition())
    cluster.create("widgets", widget("w", size=1), namespace="default")
    cluster.delete("customresourcedefinitions", "widgets.example.com")
    assert cluster.get("customresourcedefinitions", "widgets.example.com") is None
    assert cluster.registry.table.lookup("example.com", "v1", "widgets") is None
    assert cluster.store.count(("example.com", "widgets")) == 0


def test_deployment_becomes_available(cluster: SandboxCluster) -> None:
    """A Deployment gets a ReplicaSet and says that all replicas are ready."""
    cluster.create("deployments", deployment("web"), namespace="default")
    status = (cluster.get("deployments", "web", namespace="default") or {})["status"]
    assert (status["observedGeneration"], status["readyReplicas"]) == (1, 3)
    (replica_set,) = cluster.list("replicasets", namespace="default")
    assert replica_set["status"]["readyReplicas"] == 3


def test_deployment_rolls_to_new_template_and_back(cluster: SandboxCluster) -> None:
    """A new template makes a new ReplicaSet; the old one is scaled down and used again."""
    cluster.create("deployments", deployment("web"), namespace="default")
    for image in ("nginx:2", "nginx"):
        spec = deployment("web", image=image)["spec"]
        cluster.patch("deployments", "web", {"spec": spec}, namespace="default")
    scales = [item["spec"]["replicas"] for item in cluster.list("replicasets")]
    assert sorted(scales) == [0, 3]


def test_workloads_switched_off_stay_without_status(cluster: SandboxCluster) -> None:
    """With the controller off a Deployment stays as it was created."""
    cluster.workloads.enabled = False
    cluster.create("deployments", deployment("web"), namespace="default")
    assert (cluster.get("deployments", "web", namespace="default") or {})["status"] == {}


def test_aggregated_role_gathers_rules(cluster: SandboxCluster) -> None:
    """A ClusterRole with an aggregationRule has the rules of those it selects."""
    rule = {"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get"]}
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    role = {"metadata": {"name": "widget-view", "labels": labels}, "rules": [rule]}
    cluster.create("clusterroles", role)
    assert rule in (cluster.get("clusterroles", "view") or {})["rules"]
    assert rule in (cluster.get("clusterroles", "admin") or {})["rules"]
