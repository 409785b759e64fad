"""Tests of `sync -f` and `diff -f`: files, contexts and options, over HTTP and without a host."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubefedctl.sandbox.requests import RequestInfo
from tests.cli.runs import HOST, MEMBER, CommandLine, Sandbox
from tests.cli.test_render import EVERYWHERE, make, write

SHOP = make("FederatedNamespace", "shop")
OTHER = make("FederatedNamespace", "other", namespace="other")
WEB = make("FederatedConfigMap", spec={**EVERYWHERE, "template": {"data": {"k": "v"}}})
CLUSTERS = ("--clusters", f"{HOST},{MEMBER}")
FIRST = """\
CLUSTER    READY   CREATED   UNCHANGED   FAILED
cluster0   True    2         0           0
cluster1   True    2         0           0
2 federated objects over 2 clusters, 4 changes made
"""
AGAIN = """\
CLUSTER    READY   UNCHANGED   FAILED
cluster0   True    2           0
cluster1   True    2           0
2 federated objects over 2 clusters, 0 changes made
"""


def held(sandbox: Sandbox, name: str, plural: str = "configmaps") -> list[str]:
    """Return the objects of the shop in a cluster."""
    cluster = sandbox.fleet.clusters[name]
    return sorted(found["metadata"]["name"] for found in cluster.list(plural, namespace="shop"))


def test_sync_of_files_needs_no_host(bare: Sandbox, cli: CommandLine, tmp_path: Path) -> None:
    """Nor anything of KubeFed in any cluster; the second run writes nothing."""
    folder = write(tmp_path / "fleet", SHOP, WEB)
    ran = cli("sync", "-f", folder, *CLUSTERS)
    assert FIRST in ran.out
    assert "" == ran.err
    bare.forget_requests()
    again = cli("sync", "-f", folder, *CLUSTERS)
    assert (AGAIN, "", []) == (again.out, again.err, bare.writes)
    assert "nothing" in cli("diff", "-f", folder, *CLUSTERS).out
    assert [] == bare.writes


def test_sync_of_files_does_what_was_shown(bare: Sandbox, cli: CommandLine, tmp_path: Path) -> None:
    """A dry run of either kind, `diff`, and a report; only the last one writes."""
    folder = write(tmp_path, SHOP, WEB)
    given = ("-f", folder, *CLUSTERS)
    assert "2 objects in 2 clusters" in cli("diff", *given, code=1).out
    for how in ("client", "server"):
        ran = cli("sync", *given, f"--dry-run={how}", "--diff", code=1)
        assert "4 changes would be made" in ran.out
        assert 'data.k: "v"' in ran.out
    bare.forget_requests()
    report = json.loads(cli("sync", *given, "-o", "json").out)
    assert ("", 4, 0) == (report["host"], report["changes"], report["exitCode"])
    assert 6 == len(bare.writes)


@pytest.mark.parametrize("form", ["list", "file", "registered"])
def test_clusters_of_files_have_names_labels_and_contexts(
    bare: Sandbox, cli: CommandLine, tmp_path: Path, form: str
) -> None:
    """A list at the top of the folder or elsewhere, or KubeFedClusters."""
    selector = {"placement": {"clusterSelector": {"matchLabels": {"region": "eu"}}}}
    files = [SHOP, make("FederatedConfigMap", spec=selector)]
    labels = {"region": "eu"}
    entries = [{"name": "east", "context": MEMBER, "labels": labels}, {"name": HOST}]
    document: Any = {"clusters": entries}
    options: tuple[str, ...] = ()
    if form == "registered":
        for name, metadata in (
            ("east", {"annotations": {"kubefedctl.io/context": MEMBER}, "labels": labels}),
            (HOST, {}),
        ):
            obj = make("KubeFedCluster", name, namespace="kube-federation-system", spec={})
            obj["apiVersion"] = "core.kubefed.io/v1beta1"
            obj["metadata"] |= metadata
            files.append(obj)
    elif form == "list":
        write(tmp_path / "fleet", document, name="clusters.yaml")
    else:
        write(tmp_path, document, name="elsewhere.yaml")
        options = ("--clusters-file", str(tmp_path / "elsewhere.yaml"))
    ran = cli("sync", "-f", write(tmp_path / "fleet", *files), *options)
    assert "created ConfigMap/shop/web in cluster east" in ran.lines
    assert (["web"], []) == (
        [n for n in held(bare, MEMBER) if n == "web"],
        [n for n in held(bare, HOST) if n == "web"],
    )


def test_prune_deletes_what_left(bare: Sandbox, cli: CommandLine, tmp_path: Path) -> None:
    """And tells before what nobody federated goes with a namespace."""
    folder = write(tmp_path, SHOP, WEB, make("FederatedSecret"))
    given = ("-f", folder, *CLUSTERS)
    cli("sync", *given)
    write(tmp_path, OTHER, WEB, SHOP)
    assert "keeps 1 object that left the files: Secret/shop/web" in cli("sync", *given).err
    ran = cli("sync", *given, "--prune", "--cluster", MEMBER)
    assert "deleted Secret/shop/web in cluster cluster0" in ran.lines
    assert ([], ["web"]) == (held(bare, MEMBER, "secrets"), held(bare, HOST, "secrets"))
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "shop"}}
    bare.member.create("configmaps", body, namespace="shop")
    write(tmp_path, OTHER)
    ran = cli("sync", *given, "--prune", "--timeout", "10s")
    assert "also 1 object that nobody federated: ConfigMap/shop/x" in ran.err
    assert "deleted Namespace/shop in cluster cluster0" in ran.lines


def test_prune_with_nothing_in_the_files_is_refused(
    bare: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """An empty folder is an error anyway; empty files want consent."""
    cli("sync", "-f", write(tmp_path / "a", SHOP, WEB), *CLUSTERS)
    (tmp_path / "b").mkdir()
    bare.forget_requests()
    prune = ("--prune", *CLUSTERS)
    assert "there is no .yaml" in cli.fails("sync", "-f", str(tmp_path / "b"), *prune, code=3)[0]
    (tmp_path / "b" / "x.yaml").write_text("# nothing\n")
    error, hint = cli.fails("sync", "-f", str(tmp_path / "b"), *prune, code=6)
    assert "there is no federated object in the files" in error
    assert "--max-deletes 4" in hint
    assert [] == bare.writes


def test_files_that_cannot_be_read_change_nothing(
    bare: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Not even what stands before the mistake."""
    folder = write(tmp_path, SHOP, WEB)
    (tmp_path / "z.yaml").write_text("kind: A\n---\n a: [\n")
    bare.forget_requests()
    assert "z.yaml" in cli.fails("sync", "-f", folder, *CLUSTERS, "--prune", code=3)[0]
    (tmp_path / "z.yaml").write_text(yaml.safe_dump(WEB))
    error, _ = cli.fails("sync", "-f", folder, *CLUSTERS, code=3)
    assert "FederatedConfigMap/shop/web stands in the files twice" == error
    assert [] == bare.writes


def test_context_that_is_not_there_names_those_that_are(
    bare: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Before any cluster is asked."""
    bare.forget_requests()
    given = ("-f", write(tmp_path, SHOP), "--clusters", f"{HOST},eu=nope")
    error, hint = cli.fails("sync", *given, code=3)
    assert error.startswith("context nope does not exist")
    assert "contexts there: cluster0, cluster1" == hint
    assert [] == [e for c in bare.fleet.clusters.values() for e in c.audit.records]


def test_member_that_forbids_a_list_is_told(
    bare: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Everything else is done; nothing is deleted there."""
    given = ("-f", write(tmp_path, SHOP, WEB, make("FederatedSecret")), *CLUSTERS)
    cli("sync", *given)
    write(tmp_path, SHOP, WEB)

    def is_list(request: RequestInfo) -> bool:
        return request.path == "/api/v1/secrets"

    bare.member.faults.fail(403, matching=is_list, times=2)
    error, _ = cli.fails("sync", *given, "--prune", code=5)
    assert "1 failure; everything else is as the files say" == error
    assert (["web"], []) == (held(bare, MEMBER, "secrets"), held(bare, HOST, "secrets"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-f", "x", "--lock", "none"), "--lock"),
        (("-f", "x", "--events", "all"), "--events"),
        (("-f", "x", "--rsp", "off"), "--rsp"),
        (("-f", "x", "--deletion-scope", "all"), "--deletion-scope"),
        (("-f", "x", "--host-cluster-context", HOST), "--host-cluster-context"),
        (("-f", "x", "--plan-out", "p"), "--plan-out"),
        (("--prune",), "--prune"),
        (("--clusters", "a"), "--clusters"),
        (("--clusters-file", "a"), "--clusters-file"),
        (("--applyset", "a"), "--applyset"),
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(
    cli: CommandLine, arguments: tuple[str, ...], message: str
) -> None:
    """Nothing is read then."""
    assert f"Invalid value for {message}" in cli("sync", *arguments, code=2).err


def test_files_come_from_standard_input(
    bare: Sandbox, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a pipe of another tool gives them."""
    text = yaml.safe_dump_all([SHOP, WEB])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert "2 federated objects over 1 cluster" in cli("sync", "-f", "-", "--clusters", MEMBER).out


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_kustomization_is_built_by_kubectl(
    bare: Sandbox, cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real one, with a list of clusters beside it; what fails is quoted."""
    program = shutil.which("kubectl") or ""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kubectl").symlink_to(program)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    folder = write(tmp_path / "fleet", SHOP, WEB, name="base.yaml")
    write(tmp_path / "fleet", {"clusters": [{"name": MEMBER}]}, name="clusters.yaml")
    patch = {"op": "replace", "path": "/spec/template/data/k", "value": "patched"}
    kustomization = {
        "resources": ["base.yaml"],
        "patches": [{"target": {"kind": "FederatedConfigMap"}, "patch": json.dumps([patch])}],
    }
    write(tmp_path / "fleet", kustomization, name="kustomization.yaml")
    cli("sync", "-f", folder)
    found = bare.member.get("configmaps", "web", namespace="shop")
    assert {"k": "patched"} == (found or {})["data"]
    write(tmp_path / "fleet", {"resources": ["nope.yaml"]}, name="kustomization.yaml")
    bare.forget_requests()
    error, _ = cli.fails("sync", "-f", folder, "--prune", code=3)
    assert "kustomize" in error
    assert "nope.yaml" in error
    assert [] == bare.writes


def test_credentials_of_a_pipeline_are_used(
    bare: Sandbox, cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kubeconfig with an exec plugin, in a home that cannot be written."""
    config = yaml.safe_load(bare.fleet.kubeconfig.read_text())
    context = next(c for c in config["contexts"] if c["name"] == MEMBER)["context"]
    user = next(u for u in config["users"] if u["name"] == context["user"])["user"]
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": _decode(user["client-certificate-data"]),
            "clientKeyData": _decode(user["client-key-data"]),
        },
    }
    (tmp_path / "credential.json").write_text(json.dumps(credential))
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "cat",
        "args": [str(tmp_path / "credential.json")],
        "interactiveMode": "Never",
    }
    config["users"] = [{"name": u["name"], "user": {"exec": plugin}} for u in config["users"]]
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(stat.S_IRUSR | stat.S_IXUSR)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    given = ("-f", write(tmp_path / "fleet", SHOP, WEB), "--clusters", MEMBER)
    assert "2 changes made" in cli("sync", *given).out


def _decode(data: str) -> str:
    return base64.b64decode(data).decode()


def test_sync_of_files_waits_and_reports(bare: Sandbox, cli: CommandLine, tmp_path: Path) -> None:
    """What goes with a host goes with files: readiness, and reports beside the lines."""
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
    web = make("FederatedDeployment", spec={**EVERYWHERE, "template": {"spec": spec}})
    given = ("-f", write(tmp_path / "fleet", SHOP, web), "--clusters", MEMBER)
    report = f"junit={tmp_path / 'junit.xml'}"
    ran = cli("sync", *given, "--wait", "--timeout", "20s", "--report", report)
    assert "created Deployment/shop/web in cluster cluster0" in ran.lines
    found = bare.member.get("deployments", "web", namespace="shop")
    assert 1 == (found or {})["status"]["readyReplicas"]
    assert "Deployment/shop/web" in (tmp_path / "junit.xml").read_text()


def test_object_of_the_files_that_fails_is_in_no_cluster(
    bare: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Neither in the line, nor in the report of any kind."""
    lost = make("FederatedConfigMap", "lost", namespace="nowhere")
    given = ("-f", write(tmp_path / "fleet", SHOP, lost), "--clusters", MEMBER)
    page = tmp_path / "page.html"
    ran = cli("sync", *given, "--report", "github", "--report", f"html={page}", code=5)
    line = "failed FederatedConfigMap/nowhere/lost: NamespaceNotFederated"
    assert line in ran.out
    assert "failed FederatedConfigMap/nowhere/lost in the files: Namespace" in ran.err
    assert '<span class="soft">in the files</span>' in page.read_text()
    report = json.loads(cli("sync", *given, "-o", "json", code=5).out)
    assert ["cluster" in found for found in report["results"]] == [False]
