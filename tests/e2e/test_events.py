"""The Kubernetes events of a sync, end to end, on the sandbox and on real control planes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.clusters import Clusters
from tests.e2e.test_main_job import FEDERATED_DEPLOYMENT, SHOP, federate_shop

WEB = 'Deployment "shop/web" in cluster'
BAD: dict[str, Any] = {"clusterName": "cluster0", "clusterOverrides": [{"path": "/no/such/place"}]}


def described(fleet: Clusters, path: str) -> list[dict[str, Any]]:
    """Return the events of one object of the host, found as `kubectl describe` finds them."""
    metadata = fleet.host.get(path)["metadata"]
    selector = f"involvedObject.name={metadata['name']},involvedObject.uid={metadata['uid']}"
    events = fleet.host.get(f"{SHOP}/events?fieldSelector={selector}")["items"]
    return sorted(events, key=lambda found: str(found["reason"]))


def events_are_found_and_counted(fleet: Clusters) -> None:
    """A sync leaves one event for what it did; a failure that repeats is counted (S29, S46)."""
    fleet.set_up()
    federate_shop(fleet)
    fleet.run("sync")
    events = described(fleet, FEDERATED_DEPLOYMENT)
    # NB: cluster1 is the host, where the Deployment stood before and is adopted
    assert [
        f'Creating {WEB} "cluster0", "cluster1", "cluster2"',
        f'Failed to create {WEB} "cluster1": it stood there before; an update is tried instead',
        f'Updating {WEB} "cluster1"',
    ] == [event["message"] for event in events]
    assert [1, 1, 1] == [event["count"] for event in events]
    assert {"component": "federateddeployment-controller"} == events[0]["source"]
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"overrides": [BAD]}})
    for _ in range(2):
        fleet.run("sync", code=5)
    found = {event["reason"]: event for event in described(fleet, FEDERATED_DEPLOYMENT)}
    failed = found["UpdateInClusterFailed"]
    assert (2, "Warning") == (failed["count"], failed["type"])
    assert failed["message"].startswith(f'Failed to update {WEB} "cluster0": ')


@pytest.mark.twin
def test_events_on_the_sandbox(sandbox_clusters: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    events_are_found_and_counted(sandbox_clusters)


def test_events_on_real_control_planes(real_fleet: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    events_are_found_and_counted(real_fleet)
