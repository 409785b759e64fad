"""Pods where room is limited: made, given to nodes, left waiting, and counted."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.objects import Object

POD: Object = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]},
}


@pytest.fixture
def cluster() -> SandboxCluster:
    """A cluster without nodes."""
    return SandboxCluster("c1")


def add_node(cluster: SandboxCluster, pods: str, name: str = "n1") -> None:
    """Let the cluster have a node with room for so many Pods."""
    status = {"allocatable": {"pods": pods}} if pods else {}
    cluster.create("nodes", {"metadata": {"name": name}, "status": status})


def create(cluster: SandboxCluster, replicas: int, plural: str = "deployments") -> None:
    """Create a workload `web`."""
    spec: Object = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": POD,
    }
    if plural == "statefulsets":
        spec["serviceName"] = "web"
    cluster.create(plural, {"metadata": {"name": "web"}, "spec": spec}, namespace="default")


def scale(cluster: SandboxCluster, replicas: int) -> None:
    """Ask for another number of replicas."""
    cluster.patch("deployments", "web", {"spec": {"replicas": replicas}}, namespace="default")


def status(cluster: SandboxCluster, plural: str = "deployments") -> Any:
    """Return the status of `web`."""
    found = cluster.get(plural, "web", namespace="default")
    assert found is not None
    return found["status"]


def phases(cluster: SandboxCluster) -> list[str]:
    """Return the phases of all Pods, sorted."""
    return sorted(pod["status"]["phase"] for pod in cluster.list("pods"))


@pytest.mark.parametrize("pods", [None, ""], ids=["no-node", "a-node-that-says-nothing"])
def test_pods_are_not_made_where_room_is_not_limited(
    cluster: SandboxCluster, pods: str | None
) -> None:
    """All replicas are ready at once, as objects without Pods."""
    if pods is not None:
        add_node(cluster, pods)
    create(cluster, 3)
    assert ([], 3) == (cluster.list("pods"), status(cluster)["readyReplicas"])


@pytest.mark.parametrize("plural", ["deployments", "replicasets", "statefulsets"])
def test_pods_beyond_the_room_wait_without_a_node(cluster: SandboxCluster, plural: str) -> None:
    """The workload counts as ready what runs; why the others wait is in their conditions."""
    add_node(cluster, "2")
    create(cluster, 3, plural)
    assert ["Pending", "Running", "Running"] == phases(cluster)
    assert 2 == status(cluster, plural)["readyReplicas"]
    (waiting,) = [pod for pod in cluster.list("pods") if pod["status"]["phase"] == "Pending"]
    (condition,) = waiting["status"]["conditions"]
    assert ("PodScheduled", "False", "Unschedulable") == (
        condition["type"],
        condition["status"],
        condition["reason"],
    )
    assert {"app": "web"}.items() <= waiting["metadata"]["labels"].items()


def test_deployment_without_all_pods_is_not_available(cluster: SandboxCluster) -> None:
    """It is as soon as there is room, and again not when that is gone to others."""
    add_node(cluster, "1")
    create(cluster, 2)
    assert (1, "False") == (
        status(cluster)["unavailableReplicas"],
        status(cluster)["conditions"][0]["status"],
    )
    add_node(cluster, "1", name="n2")
    assert ["Running", "Running"] == phases(cluster)
    assert "unavailableReplicas" not in status(cluster)
    assert "True" == status(cluster)["conditions"][0]["status"]


def test_pods_go_with_their_replicas_and_make_room(cluster: SandboxCluster) -> None:
    """Scaled down, the waiting ones go first; what is deleted is made again; all go in the end."""
    add_node(cluster, "2")
    create(cluster, 4)
    scale(cluster, 2)
    assert (["Running", "Running"], 2) == (phases(cluster), status(cluster)["readyReplicas"])
    cluster.delete("pods", cluster.list("pods")[0]["metadata"]["name"], namespace="default")
    assert ["Running", "Running"] == phases(cluster)
    cluster.delete("deployments", "web", namespace="default")
    assert [] == cluster.list("pods")


def test_pods_of_a_namespace_that_goes_are_not_made_again(cluster: SandboxCluster) -> None:
    """The namespace empties itself."""
    add_node(cluster, "2")
    cluster.create("namespaces", {"metadata": {"name": "shop"}})
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": POD}
    cluster.create("deployments", {"metadata": {"name": "web"}, "spec": spec}, namespace="shop")
    assert 3 == len(cluster.list("pods", namespace="shop"))
    cluster.delete("namespaces", "shop")
    assert ([], None) == (cluster.list("pods"), cluster.get("namespaces", "shop"))


def test_pods_get_ready_at_the_rate_that_a_test_sets(cluster: SandboxCluster) -> None:
    """With a rate nothing is ready before the first tick, with or without nodes."""
    cluster.workloads.pods.rate = 2
    create(cluster, 3)
    ready = []
    for _ in range(3):
        ready.append(status(cluster).get("readyReplicas", 0))
        cluster.workloads.pods.tick(cluster.registry)
    assert [0, 2, 3] == ready


def test_pods_wait_since_they_were_first_left_waiting(cluster: SandboxCluster) -> None:
    """Later looks do not change since when."""
    add_node(cluster, "0")
    cluster.registry.now = lambda: "2020-01-01T00:00:00Z"
    create(cluster, 1)
    cluster.registry.now = lambda: "2020-01-02T00:00:00Z"
    scale(cluster, 2)
    since = sorted(
        pod["status"]["conditions"][0]["lastTransitionTime"] for pod in cluster.list("pods")
    )
    assert ["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"] == since
