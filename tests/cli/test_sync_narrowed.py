"""Tests of narrowing and guarding `sync` on the command line: words, errors, requests."""

from __future__ import annotations

import pytest

from kubefedctl.sandbox.requests import RequestInfo
from tests.cli.runs import HOST, MEMBER, CommandLine, Sandbox

MANY = 501
"""One more than fits on the first page of a list."""

MANAGED = {"labels": {"kubefed.io/managed": "true"}}


def _federate(sandbox: Sandbox, cli: CommandLine) -> None:
    sandbox.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (
            ["deployments/a/b"],
            "'deployments/a/b' is neither a type nor TYPE/NAME",
            "write it like deployments or deployments/web, the namespace with -n",
        ),
        (["--cluster", ""], "the name of a cluster is empty", "write it like --cluster eu-1"),
        (["--max-deletes", "few"], "'few' is not a number of deletions", "write it like 10"),
        (["--selector", "a b"], "'a b' in the label selector cannot be a label key", ""),
    ],
    ids=["word", "cluster", "limit", "selector"],
)
def test_sync_arguments_that_cannot_be_read_ask_no_cluster(
    cli: CommandLine, arguments: list[str], error: str, hint: str
) -> None:
    """There is no kubeconfig here that could be used."""
    told, advice = cli.fails("sync", *arguments, code=3)
    assert error == told
    assert advice.startswith(hint)


def test_sync_deletion_scope_of_another_word_is_a_usage_error(cli: CommandLine) -> None:
    """The words are those of the help."""
    assert "known" in cli("sync", "--deletion-scope", "some", code=2).err


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["pods"], "'pods' names no federated type", "enabled: clusterroles.rbac"),
        (["--cluster", "c9"], "no cluster c9 is joined", f"joined: {MEMBER}"),
        (
            ["clusterroles", "-n", "shop"],
            "type clusterroles.rbac.authorization.k8s.io is cluster-scoped, so its objects are in"
            " no namespace",
            "leave out -n shop",
        ),
        (["-n", "shpo"], f"host cluster {HOST} has no namespace shpo", "kubectl get federated"),
        (
            ["cm/gone", "-n", "shop"],
            f"namespace shop of host cluster {HOST} has no FederatedConfigMap gone to sync",
            "kubectl get lists",
        ),
    ],
    ids=["type", "cluster", "scope", "namespace", "object"],
)
def test_sync_of_what_is_not_there_is_an_input_error(
    joined: Sandbox, cli: CommandLine, arguments: list[str], error: str, hint: str
) -> None:
    """The hint lists what there is, or how to list it."""
    told, advice = cli.fails("sync", *arguments, code=3)
    assert error == told
    assert advice.startswith(hint)
    assert [] == [write for write in joined.writes if f" {MEMBER}" in write]


def test_sync_narrowed_before_the_command_s_name(joined: Sandbox, cli: CommandLine) -> None:
    """Options stand where scripts of KubeFed put them."""
    _federate(joined, cli)
    ran = cli("-n", "shop", "--cluster", MEMBER, "-l", "none", "sync", "cm")
    assert "0 federated objects over 1 cluster, 0 changes made" == ran.lines[-1]


def test_sync_narrowed_lists_the_namespace_alone(joined: Sandbox, cli: CommandLine) -> None:
    """Requests go to paths of the namespace; a short name costs a look at what the host serves."""
    _federate(joined, cli)
    cli("sync", "ns", "-n", "shop")
    joined.forget_requests()
    ran = cli("sync", "cm/cm", "-n", "shop", "--cluster", MEMBER)
    assert "created ConfigMap/shop/cm in cluster cluster0" == ran.lines[0]
    paths = [r.path.split("?")[0] for r in joined.member.audit.records if r.verb == "list"]
    assert {"/api/v1/namespaces/shop/configmaps"} == set(paths)
    host = {r.resource: r.namespace for r in joined.host.audit.records if r.verb == "list"}
    expected = {"federatedconfigmaps": "shop", "federatednamespaces": "shop"}
    standing = {"kubefedclusters", "federatedtypeconfigs", "secrets"}
    found = {name: place for name, place in host.items() if name not in standing}
    assert {**expected, "propagatedversions": "shop"} == found


def test_sync_beyond_max_deletes_is_refused(joined: Sandbox, cli: CommandLine) -> None:
    """Exit code 6, the counts, the objects; no member is written."""
    _federate(joined, cli)
    cli("sync")
    joined.host.delete("federatedconfigmaps", "cm", namespace="shop")
    joined.forget_requests()
    error, hint = cli.fails("sync", "--max-deletes", "0", code=6)
    assert error == (
        "1 object would be deleted or unlabelled, and --max-deletes 0 allows 0:"
        " 1 in cluster cluster0; ConfigMap/shop/cm in cluster cluster0"
    )
    assert "--dry-run" in hint
    assert [] == joined.member.audit.writes
    cli("sync", "--max-deletes", "50%")
    assert joined.member.get("configmaps", "cm", namespace="shop") is None


@pytest.mark.parametrize("mode", ["client", "server"])
def test_sync_dry_run_tells_what_goes_with_a_namespace(
    joined: Sandbox, cli: CommandLine, mode: str
) -> None:
    """Somebody's ConfigMap in the member's namespace is named before it is lost."""
    _federate(joined, cli)
    cli("sync")
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}}
    joined.member.create("configmaps", mine, namespace="shop")
    joined.host.delete("federatednamespaces", "shop", namespace="shop")
    ran = cli("sync", f"--dry-run={mode}", code=None)
    expected = (
        "warning: Namespace/shop in cluster cluster0 is deleted with all that is in it, also"
        " 1 object that nobody federated: ConfigMap/shop/mine"
    )
    assert expected in ran.talk
    assert joined.member.get("configmaps", "mine", namespace="shop") is not None


def _expire_later_pages(sandbox: Sandbox, *, cluster: str, plural: str) -> None:
    """Let every list of *plural* after its first page be too old."""
    asked: list[RequestInfo] = []

    def is_later(info: RequestInfo) -> bool:
        if info.verb == "list" and info.plural == plural:
            asked.append(info)
        return len(asked) > 1 and info is asked[-1]

    sandbox.fleet.clusters[cluster].faults.fail(410, matching=is_later)


def test_sync_member_s_list_that_expires_halfway_takes_nothing_away(
    joined: Sandbox, cli: CommandLine
) -> None:
    """500 orphans of 501 were seen; none of them loses its label."""
    joined.member.create(
        "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    )
    for number in range(MANY):
        body = {"apiVersion": "v1", "kind": "ConfigMap"}
        metadata = {"name": f"cm-{number:03}", **MANAGED}
        joined.member.create("configmaps", {**body, "metadata": metadata}, namespace="shop")
    _expire_later_pages(joined, cluster=MEMBER, plural="configmaps")
    joined.forget_requests()
    cli("sync", "configmaps")
    assert [] == joined.member.audit.writes
    found = joined.member.list("configmaps", namespace="shop")
    assert MANY == sum("labels" in obj["metadata"] for obj in found)


def test_sync_host_s_list_that_expires_halfway_takes_nothing_away(
    joined: Sandbox, cli: CommandLine
) -> None:
    """The federated objects of the second page claim member objects, too."""
    _federate(joined, cli)
    cli("sync")
    spec = {"template": {}, "placement": {"clusters": []}}
    body = {"apiVersion": "types.kubefed.io/v1beta1", "kind": "FederatedConfigMap", "spec": spec}
    for number in range(MANY):
        metadata = {"name": f"aa-{number:03}", "namespace": "shop"}
        joined.host.create("federatedconfigmaps", {**body, "metadata": metadata}, namespace="shop")
    _expire_later_pages(joined, cluster=HOST, plural="federatedconfigmaps")
    joined.forget_requests()
    ran = cli("sync", "configmaps", code=5)
    assert any("configmaps is not synced" in line for line in ran.talk)
    assert [] == joined.member.audit.writes
    found = joined.member.get("configmaps", "cm", namespace="shop") or {}
    assert MANAGED["labels"] == found["metadata"]["labels"]
