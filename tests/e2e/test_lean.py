"""How few requests a sync makes: counted by the sandbox, which sees every one."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.e2e.clusters import Clusters
from tests.e2e.test_main_job import federate_shop

OBJECTS = 30
ENABLED_TYPES = 10
LOCK = ("kubefedctl-sync", "kubefed-controller-manager")


@pytest.fixture
def shop(sandbox_clusters: Clusters) -> Clusters:
    """Three joined clusters with a namespace, a Deployment and thirty ConfigMaps in step."""
    sandbox_clusters.set_up()
    federate_shop(sandbox_clusters)
    for index in range(OBJECTS):
        federated = {
            "apiVersion": "types.kubefed.io/v1beta1",
            "kind": "FederatedConfigMap",
            "metadata": {"name": f"cm-{index}", "namespace": "shop"},
            "spec": {
                "template": {"data": {"index": str(index)}},
                "placement": {"clusterSelector": {}},
            },
        }
        path = "/apis/types.kubefed.io/v1beta1/namespaces/shop/federatedconfigmaps"
        sandbox_clusters.host.create(path, federated)
    sandbox_clusters.run("sync")
    return sandbox_clusters


def test_sync_without_changes_lists_each_type_once_and_writes_no_member(shop: Clusters) -> None:
    """A no-op sync costs a member one list for each type, whatever the number of objects."""
    assert shop.sandbox is not None
    clusters = shop.sandbox.clusters
    for cluster in clusters.values():
        cluster.audit.clear()
    shop.run("sync")
    for name in ("cluster0", "cluster2"):
        assert [] == clusters[name].audit.writes
        verbs = Counter(record.verb for record in clusters[name].audit.records if record.resource)
        assert {"list": ENABLED_TYPES} == dict(verbs)


def test_sync_without_changes_writes_the_host_nothing_but_probe_times(shop: Clusters) -> None:
    """The host's only writes are the statuses of the KubeFedClusters, but for the lock."""
    assert shop.sandbox is not None
    host = shop.sandbox.clusters["cluster1"]
    host.audit.clear()
    shop.run("sync")
    writes = {
        (record.resource, record.subresource)
        for record in host.audit.writes
        if record.name not in LOCK
    }
    # NB: none at all where both runs fall into the same second
    assert writes <= {("kubefedclusters", "status")}


def test_first_sync_writes_each_member_object_once(shop: Clusters) -> None:
    """A new object costs each member one request, and the host five."""
    assert shop.sandbox is not None
    clusters = shop.sandbox.clusters
    path = "/apis/types.kubefed.io/v1beta1/namespaces/shop/federatedconfigmaps"
    federated = shop.host.get(f"{path}/cm-0")
    metadata = {"name": "new", "namespace": "shop"}
    spec = {**federated["spec"]}
    made = {"apiVersion": federated["apiVersion"], "kind": federated["kind"]}
    shop.host.create(path, {**made, "metadata": metadata, "spec": spec})
    for cluster in clusters.values():
        cluster.audit.clear()
    shop.run("sync")
    assert [("create", "configmaps")] == [
        (record.verb, record.resource) for record in clusters["cluster0"].audit.writes
    ]
    host = [
        (record.verb, record.resource, record.subresource)
        for record in clusters["cluster1"].audit.writes
        if record.resource not in ("kubefedclusters", "configmaps") and record.name not in LOCK
    ]
    assert [
        ("patch", "federatedconfigmaps", ""),
        ("create", "propagatedversions", ""),
        ("patch", "propagatedversions", "status"),
        ("patch", "federatedconfigmaps", "status"),
        ("create", "events", ""),
    ] == host


def test_lock_costs_the_host_seven_requests(shop: Clusters) -> None:
    """Its terms, a look at both objects, and a write to each when it is taken and given back."""
    assert shop.sandbox is not None
    counts = []
    for lock in ("none", "fail"):
        audit = shop.sandbox.clusters["cluster1"].audit
        audit.clear()
        shop.run("sync", "--lock", lock)
        counts.append(Counter(record.verb for record in audit.records if record.resource))
    without, with_lock = counts
    # NB: probe times are patched where the clock has moved on by a second
    del without["patch"], with_lock["patch"]
    assert {"get": 3, "update": 4} == dict(with_lock - without)
