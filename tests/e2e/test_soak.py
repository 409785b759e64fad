"""Long runs of what `test_trouble` samples; `make soak`."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.clusters import KUBEFEDCTL, Clusters
from tests.e2e.test_trouble import kill_after, sandbox_of

pytestmark = pytest.mark.soak

OBJECTS = 6
PATH = "/apis/types.kubefed.io/v1beta1/namespaces/shop/federatedconfigmaps"


def test_sync_killed_after_every_number_of_writes_is_completed(sandbox_clusters: Clusters) -> None:
    """However many writes a sync got to make, the next one brings everything in step."""
    fleet = sandbox_clusters
    fleet.set_up()
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    fleet.host.create("/api/v1/namespaces", own)
    fleet.run("federate", "ns", "shop")
    fleet.run("sync")
    clusters = sandbox_of(fleet).clusters
    for writes in range(1, 4 * OBJECTS + 3 * OBJECTS + 4):
        for index in range(OBJECTS):
            metadata = {"name": f"cm-{writes}-{index}", "namespace": "shop"}
            spec = {"template": {"data": {"a": "b"}}, "placement": {"clusterSelector": {}}}
            made = {"apiVersion": "types.kubefed.io/v1beta1", "kind": "FederatedConfigMap"}
            fleet.host.create(PATH, {**made, "metadata": metadata, "spec": spec})
        child = subprocess.Popen(
            [str(KUBEFEDCTL), "sync", "--lock", "none", "--host-cluster-context", "cluster1"],
            env=dict(fleet.env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        kill_after(child, clusters, writes)
        fleet.run("sync")
        for name in fleet.names:
            held = fleet.api(name).names(
                "/api/v1/namespaces/shop/configmaps", selector="kubefed.io/managed=true"
            )
            assert OBJECTS == len([found for found in held if found.startswith(f"cm-{writes}-")])
        ran = fleet.run("sync")
        assert ran.lines[-1].endswith("0 changes made")
