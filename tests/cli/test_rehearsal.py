"""Tests of `--dry-run=server`: each API server checks every write, and none is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubefedctl.manifests import load_objects
from tests.cli.runs import MEMBER, CommandLine, Sandbox

SERVER = "--dry-run=server"
COMMANDS: dict[str, list[str]] = {
    "init": ["init", "--kubefed-namespace", "other"],
    "join": ["join", "other", "--cluster-context", MEMBER],
    "join-again": ["join", MEMBER, "--error-on-existing=false"],
    "unjoin": ["unjoin", MEMBER],
    "enable": ["enable", "statefulsets.apps", "daemonsets.apps"],
    "disable": ["disable", "jobs.batch"],
    "disable-crd": ["disable", "jobs.batch", "--delete-crd"],
    "federate": ["federate", "secret", "key", "-n", "shop"],
    "federate-enable": ["federate", "statefulset", "db", "-n", "shop", "--enable-type"],
    "federate-contents": ["federate", "namespace", "spare", "--contents", "--enable-type"],
    "orphaning": ["orphaning-deletion", "enable", "federatedconfigmap", "cm", "-n", "shop"],
    "sync": ["sync"],
    "deinit": ["deinit", "--force"],
}
TOKEN = "dG9rZW4tb2YtdGhlLXNlY3JldA=="


@pytest.fixture
def shop(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """A joined cluster, federated objects that no sync has brought there, and some to federate."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    joined.put("secrets", "Secret", "key", data={"token": TOKEN})
    joined.put(
        "statefulsets",
        "StatefulSet",
        "db",
        apiVersion="apps/v1",
        spec={
            "serviceName": "db",
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    )
    joined.put("namespaces", "Namespace", "spare")
    cli("federate", "configmap", "cm", "-n", "shop")
    cli("federate", "namespace", "shop")
    return joined


def _states(sandbox: Sandbox) -> dict[str, Any]:
    """Everything that stands in any cluster, with its resourceVersion."""
    return {
        f"{name} {found.plural}": cluster.list(found.plural)
        for name, cluster in sandbox.fleet.clusters.items()
        for found in cluster.registry.table
    }


def _rehearsed(sandbox: Sandbox) -> set[bool]:
    """Whether writes were dry runs; what a DELETE's body says is not in the records."""
    return {
        record.dry_run
        for cluster in sandbox.fleet.clusters.values()
        for record in cluster.audit.records
        if record.verb in ("create", "update", "patch") and "authorization" not in record.group
    } or {True}


@pytest.mark.parametrize("command", COMMANDS)
def test_server_dry_run_changes_nothing_in_any_cluster(
    shop: Sandbox, cli: CommandLine, command: str
) -> None:
    """Every object has the resourceVersion that it had; writes were sent, all as dry runs."""
    before = _states(shop)
    shop.forget_requests()
    ran = cli(*COMMANDS[command], SERVER)
    assert before == _states(shop)
    assert {True} == _rehearsed(shop)
    told = [line for line in ran.lines if line.startswith(("created", "updated", "deleted"))]
    assert [] == [line for line in told if not line.endswith("(dry run)")]


@pytest.mark.parametrize("command", ["join", "enable", "federate", "federate-enable", "sync"])
def test_server_dry_run_tells_what_the_real_run_then_does(
    shop: Sandbox, cli: CommandLine, command: str
) -> None:
    """The same lines, but for the mark at their end."""
    dry = cli(*COMMANDS[command], SERVER)
    unmarked = [
        line.removesuffix(" (dry run)").removesuffix(" (server dry run)") for line in dry.lines
    ]
    real = cli(*COMMANDS[command]).lines
    assert [line.replace(" made", " would be made") for line in real] == [
        line.replace(" made", " would be made").replace("would be would be", "would be")
        for line in unmarked
    ]


def test_server_dry_run_of_what_is_refused_shows_the_refusal(
    shop: Sandbox, cli: CommandLine
) -> None:
    """A client dry run cannot know it; a server dry run ends as the real run would."""
    command = ["federate", "secret", "key", "-n", "shop"]
    shop.host.faults.fail(403, matching=lambda info: info.verb == "create")
    assert 0 == cli(*command, "--dry-run=client").code
    error, _ = cli.fails(*command, SERVER, code=4)
    assert error.startswith("cannot create FederatedSecret/shop/key in cluster cluster1: 403")


def test_server_dry_run_of_sync_says_adopted_where_an_object_stands(
    shop: Sandbox, cli: CommandLine
) -> None:
    """The member's API server knows of an object without the label."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    shop.member.create("namespaces", namespace)
    lines = cli("sync", SERVER).lines
    assert f"adopted Namespace/shop in cluster {MEMBER} (dry run)" in lines


def test_server_dry_run_tells_what_is_not_checked_with_steps(
    shop: Sandbox, cli: CommandLine
) -> None:
    """An object of a type that the run would make is remembered only; nobody is told at level 0."""
    words = "FederatedStatefulSet/shop/db in cluster cluster1 is not checked"
    assert words in cli(*COMMANDS["federate-enable"], SERVER, "--v=2").err
    assert "" == cli(*COMMANDS["federate-enable"], SERVER).err


def test_server_dry_run_with_output_prints_what_the_servers_answered(
    shop: Sandbox, cli: CommandLine
) -> None:
    """Objects alone on stdout, result lines on stderr."""
    ran = cli("enable", "statefulsets.apps", SERVER, "-o", "yaml")
    crd, config = load_objects(ran.out, source="stdout")
    assert ("CustomResourceDefinition", "FederatedTypeConfig") == (crd["kind"], config["kind"])
    assert "" != crd["metadata"]["uid"]
    assert "created in namespace" in ran.err
    names = cli("enable", "statefulsets.apps", SERVER, "-o", "name").lines
    assert [
        "customresourcedefinition.apiextensions.k8s.io/federatedstatefulsets.types.kubefed.io",
        "federatedtypeconfig.core.kubefed.io/statefulsets.apps",
    ] == names


def test_output_json_of_several_types_is_one_list(ready: Sandbox, cli: CommandLine) -> None:
    """As kubectl: one document for programs, and nothing is written."""
    ready.forget_requests()
    found = json.loads(cli("enable", "statefulsets.apps", "daemonsets.apps", "-o", "json").out)
    assert ("v1", "List", 4) == (found["apiVersion"], found["kind"], len(found["items"]))
    assert [] == ready.writes


def test_output_json_of_one_object_is_that_object(ready: Sandbox, cli: CommandLine) -> None:
    """A list of one is not made, as kubectl does not."""
    ready.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    found = json.loads(cli("federate", "configmap", "cm", "-n", "shop", "-o", "json").out)
    assert "FederatedConfigMap" == found["kind"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(
            ["orphaning-deletion", "enable", "federatedconfigmap", "cm", "-n", "shop"],
            ["federatedconfigmap.types.kubefed.io/cm"],
            id="orphaning",
        ),
        pytest.param(
            ["disable", "jobs.batch", "--delete-crd"],
            [
                "customresourcedefinition.apiextensions.k8s.io/federatedjobs.types.kubefed.io",
                "federatedtypeconfig.core.kubefed.io/jobs.batch",
            ],
            id="disable",
        ),
        pytest.param(
            ["disable", "configmaps", "--delete-crd", "--cascade"],
            [
                "federatedconfigmap.types.kubefed.io/cm",
                "customresourcedefinition.apiextensions.k8s.io/federatedconfigmaps.types.kubefed.io",
                "federatedtypeconfig.core.kubefed.io/configmaps",
            ],
            id="disable-cascade",
        ),
    ],
)
def test_output_prints_and_writes_nothing(
    shop: Sandbox, cli: CommandLine, command: list[str], expected: list[str]
) -> None:
    """One rule for every command: `-o` is instead of writing."""
    shop.forget_requests()
    assert expected == cli(*command, "-o", "name").lines
    assert [] == shop.writes


def test_output_of_orphaning_has_the_annotation(shop: Sandbox, cli: CommandLine) -> None:
    """What would be written, without who set which field."""
    command = ["orphaning-deletion", "enable", "federatedconfigmap", "cm", "-n", "shop"]
    [found] = load_objects(cli(*command, "-o", "yaml").out, source="stdout")
    assert {"kubefed.io/orphan": "true"} == found["metadata"]["annotations"]
    assert "managedFields" not in found["metadata"]


REMOVING = {
    "unjoin": ["unjoin", MEMBER],
    "unjoin-purge": ["unjoin", MEMBER, "--purge"],
    "deinit": ["deinit", "--force"],
    "disable": ["disable", "configmaps", "--delete-crd", "--cascade"],
}


@pytest.mark.parametrize("command", REMOVING)
def test_output_of_removing_commands_is_what_goes(
    shop: Sandbox, cli: CommandLine, command: str
) -> None:
    """Nothing is deleted or asked; a server dry run prints the same and checks each deletion."""
    cli("federate", "secret", "key", "-n", "shop", "--enable-type")
    cli("sync")
    before = _states(shop)
    shop.forget_requests()
    ran = cli(*REMOVING[command], "-o", "yaml")
    assert ([], before) == (shop.writes, _states(shop))
    checked = cli(*REMOVING[command], "-o", "yaml", SERVER)
    assert (ran.out, before) == (checked.out, _states(shop))
    assert "(dry run)" in checked.err or "(server dry run)" in checked.err
    assert [] == [line for line in ran.talk if not line.startswith("warning: ")]


@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("command", ["unjoin-purge", "deinit"])
def test_output_of_removing_commands_has_no_secret_s_value(
    shop: Sandbox, cli: CommandLine, command: str, form: str
) -> None:
    """Neither those of propagated Secrets, nor of federated ones, nor the members' tokens."""
    cli("federate", "secret", "key", "-n", "shop", "--enable-type")
    cli("sync")
    ran = cli(*REMOVING[command], "-o", form)
    found = load_objects(ran.out, source="stdout")
    secrets = [obj for obj in found if "Secret" in obj["kind"]]
    assert secrets
    assert [] == [obj for obj in secrets if {"data", "spec"} & set(obj)]
    assert [] == [obj for obj in secrets if "annotations" in obj["metadata"]]
    assert TOKEN not in ran.out


def test_output_of_unjoin_has_every_object_of_the_join(joined: Sandbox, cli: CommandLine) -> None:
    """In the order in which they go, the member's first."""
    names = cli("unjoin", MEMBER, "-o", "name").lines
    secret = names.pop(-2)
    assert secret.startswith(f"secret/{MEMBER}-")
    role = f"rbac.authorization.k8s.io/kubefed-controller-manager:{MEMBER}-cluster1"
    assert [
        f"clusterrolebinding.{role}",
        f"clusterrole.{role}",
        f"serviceaccount/{MEMBER}-cluster1",
        f"secret/{MEMBER}-cluster1",
        "namespace/kube-federation-system",
        f"kubefedcluster.core.kubefed.io/{MEMBER}",
    ] == names
