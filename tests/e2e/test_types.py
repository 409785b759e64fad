"""
Types and the control plane taken away again, end to end, on the sandbox and real control planes.

Every scenario is a function of the fleet, and two tests call it, so that the report shows both.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.clusters import KNS, Clusters
from tests.e2e.test_main_job import (
    CORE,
    DEPLOYMENTS,
    EVERYWHERE,
    FEDERATED_DEPLOYMENT,
    federate_shop,
    holders,
)

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TYPE_CONFIGS = f"{CORE}/v1beta1/namespaces/{KNS}/federatedtypeconfigs"
CRD = f"{CRDS}/federateddeployments.types.kubefed.io"
CONFIG = f"{TYPE_CONFIGS}/deployments.apps"
WEB = ("federateddeployment", "web", "-n", "shop")


def _lines(name: str) -> list[str]:
    quoted = f'"{KNS}/{name}"'
    return [
        f"Disabled propagation for FederatedTypeConfig {quoted}",
        f"Verifying propagation controller is stopped for FederatedTypeConfig {quoted}",
        f"Propagation controller for FederatedTypeConfig {quoted} is stopped",
        f"federatedtypeconfig {quoted} deleted",
    ]


def disable_works_without_a_controller(fleet: Clusters) -> None:
    """The type config goes though KubeFed's finalizer holds it; copies and CRD stay."""
    fleet.set_up("cluster0")
    federate_shop(fleet)
    finalizers = {"metadata": {"finalizers": ["core.kubefed.io/federated-type-config"]}}
    fleet.host.merge(CONFIG, finalizers)
    assert _lines("deployments.apps") == fleet.run("disable", "deployments.apps").lines
    assert None is fleet.host.get(CONFIG)
    assert None is not fleet.host.get(CRD)
    fleet.run("sync")
    assert ["cluster0", "cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")
    assert None is not fleet.host.get(FEDERATED_DEPLOYMENT)


def disable_of_a_running_type_waits_and_says_how_to_go_on(fleet: Clusters) -> None:
    """A status that says Running is KubeFed's controller's to change; the hint's patch helps."""
    fleet.run("init")
    status = {"observedGeneration": 1, "propagationController": "Running"}
    fleet.host.merge(f"{CONFIG}/status", {"status": status})
    ran = fleet.run("disable", "deploy", code=7)
    assert _lines("deployments.apps")[:2] == ran.lines
    assert "--subresource=status" in ran.stderr
    stopped = {"status": {"propagationController": "NotRunning"}}
    fleet.host.merge(f"{CONFIG}/status", stopped)
    assert _lines("deployments.apps")[1:] == fleet.run("disable", "deploy").lines


def cascade_goes_through_a_sync_and_the_type_comes_back(fleet: Clusters) -> None:
    """Federated objects, their copies, CRD and type config go, and enable makes them anew."""
    fleet.set_up("cluster0", "cluster2")
    federate_shop(fleet)
    command = ("disable", "deployments.apps", "--delete-crd", "--cascade")
    assert "--yes" in fleet.run(*command, code=6).stderr
    assert "a sync" in fleet.run(*command, "--yes", code=7).stderr
    fleet.run("sync")
    assert ["cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")
    fleet.run(*command, "--yes")
    assert (None, None) == (fleet.host.get(CRD), fleet.host.get(CONFIG))
    fleet.run("enable", "deployments.apps")
    fleet.run("federate", "deployment", "web", "-n", "shop")
    fleet.run("sync")
    assert EVERYWHERE == holders(fleet, f"{DEPLOYMENTS}/web")


def orphaning_decides_what_deletion_leaves(fleet: Clusters) -> None:
    """Enabled, the copies outlive their federated object; the three commands agree."""
    fleet.set_up("cluster0")
    federate_shop(fleet)
    assert ["Disabled"] == fleet.run("orphaning-deletion", "status", *WEB).lines
    for _ in range(2):
        assert [] == fleet.run("orphaning-deletion", "enable", *WEB).lines
        assert ["Enabled"] == fleet.run("orphaning-deletion", "status", *WEB).lines
    fleet.run("orphaning-deletion", "disable", *WEB, "--dry-run")
    assert ["Enabled"] == fleet.run("orphaning-deletion", "status", *WEB).lines
    fleet.run("orphaning-deletion", "disable", *WEB)
    assert ["Disabled"] == fleet.run("orphaning-deletion", "status", *WEB).lines
    fleet.run("orphaning-deletion", "enable", *WEB)
    fleet.host.delete(FEDERATED_DEPLOYMENT)
    fleet.run("sync")
    assert None is fleet.host.get(FEDERATED_DEPLOYMENT)
    web = fleet.api("cluster0").get(f"{DEPLOYMENTS}/web")
    assert "kubefed.io/managed" not in web["metadata"].get("labels", {})


def deinit_leaves_no_trace_in_the_host_and_init_comes_back(fleet: Clusters) -> None:
    """After unjoin and deinit the host has what it had before init, and can start again."""
    places = (
        CRDS,
        "/api/v1/namespaces",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    )
    before = {path: fleet.host.names(path) for path in places}
    fleet.set_up("cluster0")
    assert (
        "from host cluster cluster1: 1 joined cluster: cluster0"
        in fleet.run("deinit", code=6).stderr
    )
    fleet.run("unjoin", "cluster0")
    fleet.run("deinit", "--yes")
    assert before == {path: fleet.host.names(path) for path in places}
    assert [] == fleet.run("deinit", "--yes").lines
    assert {"created"} == {line.split()[0] for line in fleet.run("init").lines}


def forced_deinit_leaves_the_members_as_they_are(fleet: Clusters) -> None:
    """Joined clusters and federated objects hold up nothing, their copies stay."""
    fleet.set_up("cluster0")
    federate_shop(fleet)
    ran = fleet.run("deinit", "--yes", "--force")
    assert "deleted FederatedDeployment/shop/web in cluster cluster1" in ran.lines
    assert [] == [name for name in fleet.host.names(CRDS) if "kubefed" in name]
    assert None is fleet.host.get(f"/api/v1/namespaces/{KNS}")
    web = fleet.api("cluster0").get(f"{DEPLOYMENTS}/web")
    assert "true" == web["metadata"]["labels"]["kubefed.io/managed"]


SCENARIOS: list[Callable[[Clusters], None]] = [
    disable_works_without_a_controller,
    disable_of_a_running_type_waits_and_says_how_to_go_on,
    cascade_goes_through_a_sync_and_the_type_comes_back,
    orphaning_decides_what_deletion_leaves,
    deinit_leaves_no_trace_in_the_host_and_init_comes_back,
    forced_deinit_leaves_the_members_as_they_are,
]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_types_on_the_sandbox(
    scenario: Callable[[Clusters], None], sandbox_clusters: Clusters
) -> None:
    """The scenario holds on embedded API servers."""
    scenario(sandbox_clusters)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_types_on_real_control_planes(
    scenario: Callable[[Clusters], None], real_fleet: Clusters
) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    scenario(real_fleet)
