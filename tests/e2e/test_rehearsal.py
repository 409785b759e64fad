"""
Server dry runs end to end, on the sandbox and real control planes: nothing changes anywhere.

Every scenario is a function of the fleet, and two tests call it, so that the report shows both.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.controlplanes.waiting import await_true
from tests.controlplanes.wire import Answer
from tests.e2e.clusters import KNS, Api, Clusters
from tests.e2e.test_main_job import DEPLOYMENTS, make_deployment

_MOVING = {"leases", "events"}
"""What the control planes themselves write all the time."""


def _list(api: Api, path: str, answer: Answer) -> list[Any]:
    """Everything in a collection; a new CRD's says for a while that it is not there yet."""
    if answer.status == 200:
        return list(answer.parse()["items"])
    await_true(lambda: api.endpoint.send("GET", path).status == 200)
    return list(api.get(path)["items"])


def _versions(fleet: Clusters, name: str) -> dict[str, str]:
    """The resourceVersion of every object of a cluster, by its path."""
    api = fleet.api(name)
    groups = ["/api/v1"]
    groups += [
        f"/apis/{group['preferredVersion']['groupVersion']}" for group in api.get("/apis")["groups"]
    ]
    paths = [
        f"{group}/{resource['name']}"
        for group, answer in zip(groups, api.endpoint.get_all(groups), strict=True)
        for resource in answer.parse()["resources"]
        if "list" in resource["verbs"] and resource["name"] not in _MOVING
    ]
    found: dict[str, str] = {}
    for path, answer in zip(paths, api.endpoint.get_all(paths), strict=True):
        for item in _list(api, path, answer):
            metadata = item["metadata"]
            place = f"{metadata.get('namespace', '')}/{metadata['name']}"
            found[f"{path}/{place}"] = metadata.get("resourceVersion", "")
    return found


def _settled(fleet: Clusters) -> dict[str, dict[str, str]]:
    """The versions in every cluster, once no controller has anything left to write."""
    seen: list[dict[str, dict[str, str]]] = []

    def rests() -> bool:
        seen.append({name: _versions(fleet, name) for name in fleet.names})
        return seen[-2:-1] == seen[-1:]

    await_true(rests, seconds=60)
    return seen[-1]


def _rehearse(fleet: Clusters, *command: str) -> list[str]:
    before = _settled(fleet)
    ran = fleet.run(*command, "--dry-run=server")
    assert before == {name: _versions(fleet, name) for name in fleet.names}
    return ran.lines


def server_dry_runs_change_nothing(fleet: Clusters) -> None:
    """Every command, from the empty host to the end; each then tells what the real run does."""
    assert _rehearse(fleet, "init")
    fleet.run("init")
    for name in ("cluster0", "cluster1"):
        told = _rehearse(fleet, "join", name, "--host-cluster-context", "cluster1")
        assert [f"created KubeFedCluster/{KNS}/{name} in cluster cluster1 (dry run)"] == told
        fleet.run("join", name, "--host-cluster-context", "cluster1")
    fleet.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    assert _rehearse(fleet, "federate", "ns", "shop")
    fleet.run("federate", "ns", "shop")
    fleet.host.create(DEPLOYMENTS, make_deployment())
    fleet.run("federate", "deployment", "web", "-n", "shop")
    assert _rehearse(fleet, "enable", "statefulsets.apps")
    assert "created Deployment/shop/web in cluster cluster0 (dry run)" in _rehearse(fleet, "sync")
    fleet.run("sync")
    _rehearse(fleet, "orphaning-deletion", "enable", "federateddeployment", "web", "-n", "shop")
    assert _rehearse(fleet, "disable", "jobs.batch", "--delete-crd")
    _rehearse(fleet, "unjoin", "cluster0", "--host-cluster-context", "cluster1")
    assert _rehearse(fleet, "deinit", "--force")


@pytest.mark.soak
def test_server_dry_runs_change_nothing_on_the_sandbox(sandbox_clusters: Clusters) -> None:
    """Embedded API servers."""
    server_dry_runs_change_nothing(sandbox_clusters)


def test_server_dry_runs_change_nothing_on_real_control_planes(real_fleet: Clusters) -> None:
    """Real API servers with their admission and controllers."""
    server_dry_runs_change_nothing(real_fleet)
