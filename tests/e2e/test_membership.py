"""
Members that join by halves, change their token and leave, on the sandbox and real control planes.

Every scenario is a function of the fleet, and two tests call it, so that the report shows both.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.controlplanes.waiting import await_true
from tests.e2e.clusters import KNS, Clusters
from tests.e2e.test_main_job import CORE, DEPLOYMENTS, SHOP, federate_shop, holders

INSIDE = f"/api/v1/namespaces/{KNS}"
REGISTRATION = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0"
ACCOUNT = "cluster0-cluster1"
AGAIN = "--error-on-existing=false"


def _opaque(fleet: Clusters) -> list[str]:
    """The host's Secrets with tokens of members."""
    found = fleet.host.get(f"{INSIDE}/secrets")["items"]
    return [item["metadata"]["name"] for item in found if item["type"] == "Opaque"]


def unjoin_purge_takes_what_was_propagated_out_of_one_member(fleet: Clusters) -> None:
    """Namespace and contents go there and stay elsewhere; a sync does not bring them back."""
    fleet.set_up()
    federate_shop(fleet)
    own = fleet.api("cluster0").create("/api/v1/namespaces", {"metadata": {"name": "own"}})
    shown = json.loads(fleet.run("unjoin", "cluster0", "--purge", "-o", "json").stdout)["items"]
    assert ["Deployment", "Namespace"] == [found["kind"] for found in shown[:2]]
    assert fleet.names == tuple(holders(fleet, f"{DEPLOYMENTS}/web"))
    lines = fleet.run("unjoin", "cluster0", "--purge", "--yes").lines
    assert [
        "deleted Deployment/shop/web in cluster cluster0",
        "deleted Namespace/shop in cluster cluster0",
        f"deleted KubeFedCluster/{KNS}/cluster0 in cluster cluster1",
    ] == lines
    await_true(lambda: fleet.api("cluster0").get(INSIDE) is None, seconds=60)
    assert 2 == len(_opaque(fleet))
    fleet.run("sync")
    assert ["cluster1", "cluster2"] == holders(fleet, SHOP)
    assert ["cluster1", "cluster2"] == holders(fleet, f"{DEPLOYMENTS}/web")
    left = fleet.api("cluster0").get("/api/v1/namespaces/own")
    assert own["metadata"]["uid"] == left["metadata"]["uid"]


def unjoin_takes_away_a_join_that_was_cut_short(fleet: Clusters) -> None:
    """Without the KubeFedCluster, which is written last, both sides are cleaned all the same."""
    fleet.set_up("cluster0", "cluster2")
    fleet.host.delete(REGISTRATION)
    refused = fleet.run("join", "cluster0", code=6).stderr
    command = f"kubefedctl join cluster0 {AGAIN} --host-cluster-context cluster1"
    assert f"run: {command};" in refused
    fleet.run(*command.split()[1:])
    assert 2 == len(_opaque(fleet))
    fleet.host.delete(REGISTRATION)
    told = fleet.run("unjoin", "cluster0")
    assert ([], True) == (told.lines, "what a join left of it is deleted" in told.stderr)
    (secret,) = _opaque(fleet)
    assert secret.startswith("cluster2-")
    await_true(lambda: fleet.api("cluster0").get(INSIDE) is None, seconds=60)
    assert "is joined to host cluster" in fleet.run("unjoin", "cluster0", code=3).stderr
    fleet.run("join", "cluster0")


def a_member_changes_its_token_and_back(fleet: Clusters) -> None:
    """The token that stays goes with its Secret; both kinds work for a sync."""
    fleet.set_up("cluster0")
    federate_shop(fleet)
    path = f"{INSIDE}/secrets/{ACCOUNT}"
    assert None is not fleet.api("cluster0").get(path)
    fleet.run("join", "cluster0", AGAIN, "--credential", "tokenrequest")
    assert (None, 1) == (fleet.api("cluster0").get(path), len(_opaque(fleet)))
    assert "1 cluster, 0 changes made" in fleet.run("sync").stdout
    fleet.run("join", "cluster0", AGAIN, "--credential", "token", "--wait")
    assert None is not fleet.api("cluster0").get(path)
    assert 1 == len(_opaque(fleet))
    assert "1 cluster, 0 changes made" in fleet.run("sync").stdout


SCENARIOS: list[Callable[[Clusters], None]] = [
    unjoin_purge_takes_what_was_propagated_out_of_one_member,
    unjoin_takes_away_a_join_that_was_cut_short,
    a_member_changes_its_token_and_back,
]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_membership_on_the_sandbox(
    scenario: Callable[[Clusters], None], sandbox_clusters: Clusters
) -> None:
    """The scenario holds on embedded API servers."""
    scenario(sandbox_clusters)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_membership_on_real_control_planes(
    scenario: Callable[[Clusters], None], real_fleet: Clusters
) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    scenario(real_fleet)
