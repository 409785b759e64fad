"""
Trouble, as users meet it: wrong input, dead, slow and forbidding clusters, runs cut short.

All of it on the sandbox, whose clusters can be made to refuse, hang and fail. One `error:` line, a
`hint:` line where there is a next step, the exit code of the table, never a traceback, and never a
deletion on account of something that could not be read.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from kubefedctl.sandbox.fleet import SandboxFleet
from kubefedctl.sandbox.requests import RequestInfo
from tests.e2e.clusters import KNS, KUBEFEDCTL, Clusters
from tests.e2e.test_main_job import (
    DEPLOYMENTS,
    EVERYWHERE,
    FEDERATED_DEPLOYMENT,
    TYPES,
    federate_shop,
    holders,
    propagation,
    replicas,
)


@pytest.fixture
def fleet(sandbox_clusters: Clusters) -> Clusters:
    """Three sandbox clusters without anything of KubeFed."""
    return sandbox_clusters


@pytest.fixture
def shop(sandbox_clusters: Clusters) -> Iterator[Clusters]:
    """Three joined clusters with the Deployment `web` in all of them."""
    sandbox_clusters.set_up()
    federate_shop(sandbox_clusters)
    yield sandbox_clusters


def sandbox_of(fleet: Clusters) -> SandboxFleet:
    """Return the sandbox behind *fleet*, for making trouble."""
    assert fleet.sandbox is not None
    return fleet.sandbox


def error_of(stderr: str) -> str:
    """Return the one error line."""
    (line,) = [line for line in stderr.splitlines() if line.startswith("error: ")]
    return line


def statuses(fleet: Clusters) -> dict[str, str]:
    """Return the status of each cluster's entry of the FederatedDeployment."""
    found = fleet.host.get(FEDERATED_DEPLOYMENT)["status"]["clusters"]
    return {entry["name"]: entry.get("status", "") for entry in found}


def forget_checks(fleet: Clusters, name: str) -> None:
    """Give a CRD a schema that allows anything, as objects of older installs were allowed."""
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
    versions = fleet.host.get(path)["spec"]["versions"]
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    for version in versions:
        version["schema"] = {"openAPIV3Schema": anything}
    fleet.host.merge(path, {"spec": {"versions": versions}})


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["sync"], 3, "cluster1 does not serve KubeFed's API"),
        (["join", "cluster0"], 3, "no KubeFedConfig kubefed"),
        (["enable", "deployments"], 3, "has no namespace kube-federation-system"),
        (["enable", "nonsense"], 3, "serves no type named 'nonsense'"),
        (["enable", "crds"], 6, "CustomResourceDefinitions cannot be federated"),
        (["federate", "configmap", "x"], 3, "type configmaps is not enabled"),
        (["unjoin", "cluster0"], 3, "no cluster cluster0 is joined"),
        (["join", "Not_A_Name"], 3, "'Not_A_Name' cannot be the name of a member cluster"),
        (["join", "cluster0", "--cluster-context", "nope"], 3, "context nope does not exist"),
        (["join", "cluster0", "--host-cluster-name", "a/b"], 3, "'a/b' cannot be part of"),
        (["sync", "--timeout", "soon"], 3, "'soon' is not a duration"),
        (["sync", "--kubeconfig", "/does/not/exist"], 3, "kubeconfig /does/not/exist does not"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_wrong_input_is_one_error_line_with_its_code(
    fleet: Clusters, arguments: list[str], code: int, words: str
) -> None:
    """Each mistake is named in one line, with a hint, and nothing is written anywhere."""
    for cluster in sandbox_of(fleet).clusters.values():
        cluster.audit.clear()
    ran = fleet.run(*arguments, code=code)
    assert words in error_of(ran.stderr)
    assert "hint: " in ran.stderr
    assert "" == ran.stdout
    for cluster in sandbox_of(fleet).clusters.values():
        assert [] == [write for write in cluster.audit.writes if write.code < 300]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [b", "stdin"),
        ("just words", "not a Kubernetes object"),
        ("kind: ConfigMap", "no apiVersion"),
        ("apiVersion: v1\nkind: ConfigMap", "name"),
    ],
    ids=["not-yaml", "no-object", "no-version", "no-name"],
)
def test_broken_manifest_names_its_source(fleet: Clusters, text: str, words: str) -> None:
    """A file that cannot be federated is refused with where and why."""
    ran = fleet.run("federate", "-f", "-", code=3, stdin=text)
    assert words.replace("stdin", "standard input") in error_of(ran.stderr)


def test_unknown_host_context_names_the_known_ones(fleet: Clusters) -> None:
    """The hint lists the contexts that there are."""
    ran = fleet.run("sync", "--host-cluster-context", "nope", code=3)
    assert "context nope does not exist" in error_of(ran.stderr)
    assert "cluster0, cluster1, cluster2" in ran.stderr


def test_unreachable_host_is_a_cluster_error(fleet: Clusters) -> None:
    """A host that refuses connections ends the command with code 4 and names itself."""
    sandbox_of(fleet).refuse("cluster1")
    ran = fleet.run("sync", code=4)
    assert "in cluster cluster1" in error_of(ran.stderr)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "401 Unauthorized"), (403, "403 Forbidden"), (500, "500")]
)
def test_refusing_host_is_a_cluster_error(fleet: Clusters, status: int, words: str) -> None:
    """401, 403 and 500 are told as such, with the cluster's name."""
    sandbox_of(fleet).clusters["cluster1"].faults.fail(status)
    ran = fleet.run("sync", code=4)
    assert words in error_of(ran.stderr)
    assert "in cluster cluster1" in error_of(ran.stderr)


def test_member_that_is_down_stops_no_other(shop: Clusters) -> None:
    """A member that refuses connections is ClusterNotReady; the others are brought in step."""
    sandbox_of(shop).refuse("cluster0")
    shop.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"template": {"spec": {"replicas": 4}}}})
    ran = shop.run("sync", "--v=1", code=5)
    assert "Deployment/shop/web in cluster cluster0: ClusterNotReady" in ran.stdout
    assert "warning: cluster cluster0 is not ready: connection refused" in ran.stderr
    folded = shop.run("sync", code=5)
    assert "ClusterNotReady" not in folded.stdout
    sandbox_of(shop).accept("cluster0")
    assert {"cluster0": 3, "cluster1": 4, "cluster2": 4} == replicas(shop)
    assert {"cluster0": "ClusterNotReady", "cluster1": "", "cluster2": ""} == statuses(shop)
    assert ("False", "CheckClusters") == propagation(shop)
    shop.run("sync")
    assert {"cluster0": 4, "cluster1": 4, "cluster2": 4} == replicas(shop)
    assert ("True", "") == propagation(shop)


def test_member_that_hangs_stops_no_other(shop: Clusters) -> None:
    """A member that never answers costs its probe's time limit, not the run."""
    sandbox_of(shop).clusters["cluster2"].faults.hang()
    shop.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"template": {"spec": {"replicas": 4}}}})
    shop.run("sync", code=5)
    sandbox_of(shop).clusters["cluster2"].faults.clear()
    assert {"cluster0": 4, "cluster1": 4, "cluster2": 3} == replicas(shop)
    assert "ClusterNotReady" == statuses(shop)["cluster2"]


def test_type_that_cannot_be_listed_in_one_member_deletes_nothing_there(shop: Clusters) -> None:
    """A forbidden list leaves that type alone in that member, and says so."""

    def is_deployment_list(info: RequestInfo) -> bool:
        return info.verb == "list" and info.plural == "deployments"

    sandbox_of(shop).clusters["cluster0"].faults.fail(403, matching=is_deployment_list)
    placement = {"clusters": [{"name": "cluster1"}]}
    shop.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"placement": placement}})
    shop.run("sync", code=None)
    sandbox_of(shop).clusters["cluster0"].faults.clear()
    assert ["cluster0", "cluster1"] == holders(shop, f"{DEPLOYMENTS}/web")


@pytest.mark.parametrize("status", [403, 500, 404, 429])
def test_federated_objects_that_cannot_be_listed_lead_to_no_write(
    shop: Clusters, status: int
) -> None:
    """Without the host's list of a type nothing of it is deleted, unlabelled or changed."""

    def is_federated_list(info: RequestInfo) -> bool:
        return info.verb == "list" and info.plural == "federateddeployments"

    clusters = sandbox_of(shop).clusters
    clusters["cluster1"].faults.fail(status, matching=is_federated_list)
    for cluster in clusters.values():
        cluster.audit.clear()
    shop.run("sync", code=5)
    for name in ("cluster0", "cluster2"):
        assert [] == clusters[name].audit.writes
    assert EVERYWHERE == holders(shop, f"{DEPLOYMENTS}/web")


def test_kubefedclusters_that_cannot_be_listed_end_the_run(shop: Clusters) -> None:
    """Without the list of members nothing is written anywhere."""

    def is_cluster_list(info: RequestInfo) -> bool:
        return info.verb == "list" and info.plural == "kubefedclusters"

    clusters = sandbox_of(shop).clusters
    clusters["cluster1"].faults.fail(403, matching=is_cluster_list)
    for cluster in clusters.values():
        cluster.audit.clear()
    ran = shop.run("sync", "--lock", "none", code=4)
    assert "cannot list" in error_of(ran.stderr)
    for cluster in clusters.values():
        assert [] == cluster.audit.writes


def test_deletion_waits_for_a_dead_member(shop: Clusters) -> None:
    """A dead member holds the finalizer, the others are cleaned; a later run finishes."""
    sandbox_of(shop).refuse("cluster0")
    shop.host.delete(FEDERATED_DEPLOYMENT)
    ran = shop.run("sync", code=5)
    assert "its deletion waits for cluster0" in ran.stdout
    sandbox_of(shop).accept("cluster0")
    assert ["cluster0"] == holders(shop, f"{DEPLOYMENTS}/web")
    assert shop.host.get(FEDERATED_DEPLOYMENT) is not None
    shop.run("sync")
    assert [] == holders(shop, f"{DEPLOYMENTS}/web")
    assert shop.host.get(FEDERATED_DEPLOYMENT) is None


def test_object_held_by_a_finalizer_times_out_and_is_finished_later(shop: Clusters) -> None:
    """What a member's finalizer holds is WaitingForRemoval, exit 7; the next run completes it."""
    member = shop.api("cluster0")
    member.merge(f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": ["example.com/hold"]}})
    placement = {"clusters": [{"name": "cluster1"}, {"name": "cluster2"}]}
    shop.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"placement": placement}})
    ran = shop.run("sync", "--timeout", "1s", code=7)
    assert "waiting Deployment/shop/web in cluster cluster0: WaitingForRemoval" in ran.stdout
    assert "WaitingForRemoval" == statuses(shop)["cluster0"]
    member.merge(f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": None}})
    shop.run("sync")
    assert {"cluster1": "", "cluster2": ""} == statuses(shop)


def test_override_that_does_not_fit_is_told_and_leaves_members_alone(shop: Clusters) -> None:
    """ApplyOverridesFailed names the path; the object keeps its old content."""
    operation = {"op": "remove", "path": "/spec/nothing"}
    overrides = [{"clusterName": "cluster0", "clusterOverrides": [operation]}]
    shop.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"overrides": overrides}})
    ran = shop.run("sync", code=5)
    assert "ApplyOverridesFailed" in ran.stdout
    assert "/spec/nothing" in ran.stdout
    assert 3 == replicas(shop)["cluster0"]
    assert "ApplyOverridesFailed" == statuses(shop)["cluster0"]


def test_object_in_a_namespace_that_is_not_federated_is_told(shop: Clusters) -> None:
    """NamespaceNotFederated is told and recorded; nothing is created."""
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lone"}}
    shop.host.create("/api/v1/namespaces", own)
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}, "data": {}}
    shop.host.create("/api/v1/namespaces/lone/configmaps", config)
    shop.run("federate", "configmap", "cm", "-n", "lone")
    ran = shop.run("sync", code=5)
    assert "NamespaceNotFederated" in ran.stdout
    path = f"{TYPES}/namespaces/lone/federatedconfigmaps/cm"
    assert ("False", "NamespaceNotFederated") == propagation(shop, path)


def test_token_that_no_longer_counts_makes_its_member_not_ready(shop: Clusters) -> None:
    """A revoked token is told as 401 on that member's line of the table."""
    shop.api("cluster0").delete(f"/api/v1/namespaces/{KNS}/secrets/cluster0-cluster1")
    ran = shop.run("sync", code=5)
    assert "cluster cluster0 is not ready" in ran.stderr
    assert "401" in ran.stderr
    found = shop.host.get(f"/apis/core.kubefed.io/v1beta1/namespaces/{KNS}/kubefedclusters")
    offline = {
        item["metadata"]["name"]: [c["type"] for c in item["status"]["conditions"]]
        for item in found["items"]
    }
    assert ["Offline"] == offline["cluster0"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"apiEndpoint": "https://"}, "names no host"),
        ({"apiEndpoint": "ftp://127.0.0.1"}, "neither an http nor an https URL"),
        ({"caBundle": "bm90IGEgY2VydGlmaWNhdGU="}, "certificate authority"),
        ({"proxyURL": "gopher://127.0.0.1"}, "proxy"),
        ({"secretRef": {"name": "nothing"}}, "Secret kube-federation-system/nothing"),
        ({"disabledTLSValidations": ["Everything"]}, "disabledTLSValidations"),
    ],
    ids=["no-host", "scheme", "ca", "proxy", "secret", "tls"],
)
def test_unusable_registration_is_malformed_and_stops_no_other(
    shop: Clusters, spec: dict[str, Any], words: str
) -> None:
    """A KubeFedCluster that cannot be used is told with its field; the others are synced."""
    forget_checks(shop, "kubefedclusters.core.kubefed.io")
    path = f"/apis/core.kubefed.io/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0"
    shop.host.merge(path, {"spec": spec})
    shop.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"template": {"spec": {"replicas": 4}}}})
    ran = shop.run("sync", code=5)
    assert words in ran.stderr
    assert {"cluster0": 3, "cluster1": 4, "cluster2": 4} == replicas(shop)
    types = [c["type"] for c in shop.host.get(path)["status"]["conditions"]]
    assert "ConfigMalformed" in types


def test_join_that_failed_is_completed_by_the_next_one(fleet: Clusters) -> None:
    """A join cut short by a failing host goes on where it was with --error-on-existing=false."""
    fleet.run("init")

    def is_registration(info: RequestInfo) -> bool:
        return info.verb == "create" and info.plural == "kubefedclusters"

    sandbox_of(fleet).clusters["cluster1"].faults.fail(403, matching=is_registration)
    ran = fleet.run("join", "cluster0", code=4)
    assert "cannot create KubeFedCluster/kube-federation-system/cluster0" in error_of(ran.stderr)
    sandbox_of(fleet).clusters["cluster1"].faults.clear()
    again = fleet.run("join", "cluster0", code=6)
    assert "--error-on-existing=false" in again.stderr
    fleet.run("join", "cluster0", "--error-on-existing=false")
    assert ["cluster0"] == fleet.host.names(
        f"/apis/core.kubefed.io/v1beta1/namespaces/{KNS}/kubefedclusters"
    )


def test_unjoin_of_a_dead_member_needs_force(shop: Clusters) -> None:
    """Without force the host's entry stays; with it the host is cleaned and the rest is told."""
    sandbox_of(shop).refuse("cluster0")
    shop.run("unjoin", "cluster0", code=4)
    path = f"/apis/core.kubefed.io/v1beta1/namespaces/{KNS}/kubefedclusters/cluster0"
    assert shop.host.get(path) is not None
    ran = shop.run("unjoin", "cluster0", "--force")
    assert "warning: cluster cluster0 is not cleaned" in ran.stderr
    assert shop.host.get(path) is None


def test_unjoin_keeps_a_namespace_with_other_contents(shop: Clusters) -> None:
    """The member's KubeFed namespace is kept when somebody else has something in it."""
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}, "data": {}}
    shop.api("cluster0").create(f"/api/v1/namespaces/{KNS}/configmaps", config)
    ran = shop.run("unjoin", "cluster0")
    assert f"ConfigMap/{KNS}/mine" in ran.stderr
    assert shop.api("cluster0").get(f"/api/v1/namespaces/{KNS}/configmaps/mine") is not None


def test_dry_run_writes_nothing_and_tells_the_same(shop: Clusters) -> None:
    """sync --dry-run shows the lines of the real run, marked, and leaves every cluster alone."""
    placement = {"clusters": [{"name": "cluster1"}]}
    shop.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"placement": placement}})
    clusters = sandbox_of(shop).clusters
    for cluster in clusters.values():
        cluster.audit.clear()
    dry = shop.run("sync", "--dry-run")
    for cluster in clusters.values():
        assert [] == cluster.audit.writes
    real = shop.run("sync")
    told = [line.removesuffix(" (dry run)") for line in dry.lines if "deleted" in line]
    assert sorted(told) == sorted(line for line in real.lines if "deleted" in line)


def test_sync_killed_at_any_write_is_completed_by_the_next_one(fleet: Clusters) -> None:
    """A run that dies after any number of writes leaves a state that a second run completes."""
    fleet.set_up()
    own: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    fleet.host.create("/api/v1/namespaces", own)
    fleet.run("federate", "ns", "shop")
    clusters = sandbox_of(fleet).clusters
    for writes in range(1, 8):
        for cluster in clusters.values():
            cluster.faults.clear()
        child = subprocess.Popen(
            [str(KUBEFEDCTL), "sync", "--lock", "none", "--host-cluster-context", "cluster1"],
            env=dict(fleet.env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        kill_after(child, clusters, writes)
    for cluster in clusters.values():
        cluster.faults.clear()
    fleet.run("sync")
    ran = fleet.run("sync")
    assert "1 federated object over 3 clusters, 0 changes made" == ran.lines[-1]


def kill_after(child: subprocess.Popen[bytes], clusters: Any, writes: int) -> None:
    """Kill *child* as soon as it has made that many writes in all, or let it end."""
    before = sum(len(cluster.audit.writes) for cluster in clusters.values())
    while child.poll() is None:
        made = sum(len(cluster.audit.writes) for cluster in clusters.values()) - before
        if made >= writes:
            child.kill()
    child.wait(30)
