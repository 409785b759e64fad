"""Tests of the command `check`: what it prints of a sick federation, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.preflight import member_permissions, sync_permissions
from kubefedctl.model.typeconfigs import parse_type_config
from kubefedctl.model.wellknown import CONFIG_MAPS
from kubefedctl.sandbox.clusters import SandboxCluster
from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox
from tests.cluster.stub import free_port
from tests.render.test_findings import SARIF

EVERYWHERE = {"clusterSelector": {}}
NOBODY = {"clusterSelector": {"matchLabels": {"zone": "nowhere"}}}
GONE = {"op": "remove", "path": "/data/gone"}
MISFIT = [{"clusterName": MEMBER, "clusterOverrides": [GONE]}]


def federate(sandbox: Sandbox, name: str, namespace: str = "shop", **spec: Any) -> None:
    """Create a FederatedConfigMap."""
    body = {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": "FederatedConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": {"data": {}}, "placement": EVERYWHERE, **spec},
    }
    sandbox.host.create("federatedconfigmaps", body, namespace=namespace)


@pytest.fixture
def sick(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """A federation with an error, a warning and a note."""
    cli("federate", "namespace", "shop")
    federate(joined, "web", overrides=MISFIT)
    federate(joined, "lonely", placement=NOBODY)
    joined.host.patch(
        "kubefedclusters",
        MEMBER,
        {"metadata": {"labels": {"kubefedctl.io/drain": "leaving"}}},
        namespace=KNS,
    )
    joined.forget_requests()
    return joined


def test_check_leads_from_nothing_to_a_federation(bare: Sandbox, cli: CommandLine) -> None:
    """Each fix is the next step."""
    assert "      fix: kubefedctl init" in cli("check", code=1).lines
    cli("init")
    assert "      fix: kubefedctl join CLUSTER_NAME" in cli("check").lines
    cli("join", MEMBER)
    bare.forget_requests()
    assert "0 federated objects over 1 cluster: nothing found\n" == cli("check").out
    assert [] == bare.writes


def test_check_prints_findings_with_their_fixes(sick: Sandbox, cli: CommandLine) -> None:
    """The worst first; the whole in one sentence; nothing is written."""
    ran = cli("check", code=1)
    assert [
        "error KF507 OverrideMisfit: Overrides cannot be read, or do not fit the template.",
        f"  FederatedConfigMap/shop/web for cluster {MEMBER}: override 0 (remove /data/gone):"
        " there is nothing to remove",
        "      fix: kubectl edit federatedconfigmaps.types.kubefed.io web -n shop",
    ] == ran.lines[:3]
    assert "3 federated objects over 1 cluster: 1 error, 1 warning, 1 note" == ran.lines[-1]
    assert ("", []) == (ran.err, sick.writes)


def test_check_repeats_how_it_was_told_of_its_clusters(sick: Sandbox, cli: CommandLine) -> None:
    """Else the fix would be carried out somewhere else."""
    out = cli("check", "--host-cluster-context", HOST, code=1).out
    assert f"fix: kubefedctl undrain {MEMBER} --host-cluster-context {HOST}\n" in out
    assert f"fix: kubectl --context {HOST} edit federatedconfigmaps" in out


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_check_as_a_document(sick: Sandbox, cli: CommandLine, form: str) -> None:
    """For scripts."""
    found = yaml.safe_load(cli("check", "-o", form, code=1).out)
    assert ("FederationCheck", 1, 1, 1) == (
        found["kind"],
        found["errors"],
        found["warnings"],
        found["notes"],
    )
    assert ["KF507", "KF504", "KF208"] == [each["id"] for each in found["findings"]]


def test_check_as_sarif_is_what_code_scanning_takes(sick: Sandbox, cli: CommandLine) -> None:
    """One log with one result for each finding."""
    log = json.loads(cli("check", "-o", "sarif", code=1).out)
    jsonschema.validate(log, SARIF)
    assert ["error", "warning", "note"] == [each["level"] for each in log["runs"][0]["results"]]


def test_check_without_errors_ends_with_0_but_for_strict_ones(
    sick: Sandbox, cli: CommandLine
) -> None:
    """Warnings count where they are to."""
    sick.host.patch("federatedconfigmaps", "web", {"spec": {"overrides": None}}, namespace="shop")
    cli("check")
    cli("check", "--strict", code=1)
    sick.host.patch(
        "federatedconfigmaps", "lonely", {"spec": {"placement": None}}, namespace="shop"
    )
    sick.host.delete("federatedconfigmaps", "lonely", namespace="shop")
    assert "1 note" in cli("check", "--strict").out


def test_check_of_a_member_that_is_down_and_a_namespace_alone(
    sick: Sandbox, cli: CommandLine
) -> None:
    """Its registration is named, and what stands elsewhere is not looked at."""
    nowhere = {"spec": {"apiEndpoint": f"https://127.0.0.1:{free_port()}"}}
    sick.host.patch("kubefedclusters", MEMBER, nowhere, namespace=KNS)
    sick.put("namespaces", "Namespace", "other")
    federate(sick, "lost", "other")
    out = cli("check", "-n", "other", code=1).out
    assert "error KF202" in out
    assert "error KF501" in out
    assert "error KF507" not in out


def test_check_without_a_kubeconfig_says_so(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to be looked at."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    message, hint = cli.fails("check", code=3)
    assert "kubeconfig" in message + hint


def _asked(cluster: SandboxCluster) -> set[str]:
    """What was asked of a cluster, as verb and resource."""
    return {
        f"{each.verb} {'/'.join(filter(None, (each.resource, each.subresource)))}"
        for each in cluster.audit.records
        if each.resource
    }


def test_check_asks_for_the_permissions_that_a_sync_uses(joined: Sandbox, cli: CommandLine) -> None:
    """No more and no fewer, as far as a sync creates, updates, deletes and records."""
    cli("disable", *(found["metadata"]["name"] for found in _others(joined)), "--delete-crd")
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")
    joined.forget_requests()
    cli("sync")
    template = {"spec": {"template": {"data": {"k": "w"}}}}
    joined.host.patch("federatedconfigmaps", "cm", template, namespace="shop")
    cli("sync")
    cli("sync", "--strategy", "replace")
    joined.host.delete("federatedconfigmaps", "cm", namespace="shop")
    cli("sync")
    types = [parse_type_config(found) for found in joined.host.list("federatedtypeconfigs")]
    needed = sync_permissions(types, namespace=KNS, target_namespace="", leader=CONFIG_MAPS)
    host = {f"{each.verb} {each.plural}" for each in needed}
    free = {"create events", "list secrets"}  # NB: what is refused of these fails nothing
    assert set() == _asked(joined.host) - host - free
    assert host - _asked(joined.host) <= {"get secrets", "patch kubefedclusters/status"}
    member = {f"{e.verb} {e.plural}" for e in member_permissions(types, target_namespace="")}
    assert set() == _asked(joined.member) - member - {"list nodes"}


def _others(sandbox: Sandbox) -> list[Any]:
    """The type configs of all but namespaces and ConfigMaps."""
    kept = {"namespaces", make_type_config(CONFIG_MAPS)["metadata"]["name"]}
    listed = sandbox.host.list("federatedtypeconfigs")
    return [found for found in listed if found["metadata"]["name"] not in kept]
