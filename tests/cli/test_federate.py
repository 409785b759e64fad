"""Tests of the command `federate`."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from kubefedctl.manifests import dump_documents, load_objects
from tests.cli.runs import HOST, CommandLine, Sandbox
from tests.compat.golden_files import read_commands

FEDERATED = """\
---
apiVersion: types.kubefed.io/v1beta1
kind: FederatedConfigMap
metadata:
  name: cm
  namespace: shop
spec:
  placement:
    clusterSelector:
      matchLabels: {}
  template:
    data:
      k: "y"
"""
CREATED = f"created FederatedConfigMap/shop/cm in cluster {HOST}"
ENABLED = """\
customresourcedefinition.apiextensions.k8s.io/federateddaemonsets.types.kubefed.io created
federatedtypeconfig.core.kubefed.io/daemonsets.apps created in namespace kube-federation-system
created FederatedDaemonSet/shop/ds in cluster cluster1
"""
RECORDED = "kubefedctl federate deployment test-deployment1 -n bazaar"


@pytest.fixture
def shop(ready: Sandbox) -> Sandbox:
    """A host with a ConfigMap and a DaemonSet, whose type is not enabled."""
    ready.put("configmaps", "ConfigMap", "cm", data={"k": "y"})
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    ready.put("daemonsets.apps", "DaemonSet", "ds", apiVersion="apps/v1", spec=spec)
    return ready


def test_federate_prints_its_result(shop: Sandbox, cli: CommandLine) -> None:
    """One line for one object."""
    ran = cli("federate", "configmap", "cm", "-n", "shop")
    assert (f"{CREATED}\n", "") == (ran.out, ran.err)


def test_federate_with_steps_tells_them(shop: Sandbox, cli: CommandLine) -> None:
    """Steps are talk."""
    ran = cli("federate", "cm", "cm", "-n", "shop", "--v=2")
    assert ["federating FederatedConfigMap/shop/cm"] == ran.talk


def test_federate_again(shop: Sandbox, cli: CommandLine) -> None:
    """Unchanged, then refused where the template differs, then renewed with --update."""
    given = ("federate", "cm", "cm", "-n", "shop")
    cli(*given)
    unchanged = CREATED.replace("created", "unchanged")
    assert [unchanged] == cli(*given).lines
    shop.host.patch("configmaps", "cm", {"metadata": {"labels": {"a": "b"}}}, namespace="shop")
    error, hint = cli.fails(*given, code=6)
    assert f"{CREATED.removeprefix('created ')} exists already; it was not changed" == error
    assert "--update" in hint
    ran = cli(*given, "--update")
    assert ([CREATED.replace("created", "updated")], ['  metadata.labels.a: (none) -> "b"']) == (
        ran.lines,
        ran.err.splitlines(),
    )
    assert [unchanged] == cli(*given, "--update").lines


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--clusters", "a,b"], {"clusters": [{"name": "a"}, {"name": "b"}]}),
        (["--cluster-selector=zone=eu"], {"clusterSelector": {"matchLabels": {"zone": "eu"}}}),
    ],
    ids=["clusters", "selector"],
)
def test_federate_placement_is_the_one_asked_for(
    shop: Sandbox, cli: CommandLine, arguments: list[str], expected: object
) -> None:
    """Instead of every cluster."""
    ran = cli("federate", "cm", "cm", "-n", "shop", "-o", "yaml", *arguments)
    [made] = load_objects(ran.out, source="stdout")
    assert expected == made["spec"]["placement"]


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        pytest.param("--dry-run", f"{CREATED} (dry run)\n", id="dry-run"),
        pytest.param("--output=yaml", FEDERATED, id="yaml"),
    ],
)
def test_federate_without_writing(
    shop: Sandbox, cli: CommandLine, flag: str, expected: str
) -> None:
    """It is told or printed, and nothing is written."""
    shop.forget_requests()
    assert expected == cli("federate", "cm", "cm", "-n", "shop", flag).out
    assert [] == shop.writes


def test_federate_output_yaml_is_what_the_original_printed(bare: Sandbox, cli: CommandLine) -> None:
    """The object of the recorded template gives the recorded federated object."""
    [golden] = read_commands("federate.yaml")[RECORDED]
    bare.put("namespaces", "Namespace", "bazaar")
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": golden["metadata"]}
    bare.host.create("deployments", {**head, **golden["spec"]["template"]}, namespace="bazaar")
    ran = cli(*RECORDED.split()[1:], "-o", "yaml")
    assert [golden] == load_objects(ran.out, source="stdout")


def test_federate_takes_the_namespace_of_the_context_or_default(
    shop: Sandbox, cli: CommandLine
) -> None:
    """Without -n it is the context's, and that has none."""
    error, hint = cli.fails("federate", "cm", "cm", code=4)
    assert "kubectl get configmaps --all-namespaces; -n gives the namespace" == hint
    assert error.startswith(f"cannot get ConfigMap/default/cm in cluster {HOST}: 404 NotFound")


def test_federate_type_that_is_not_enabled(shop: Sandbox, cli: CommandLine) -> None:
    """Without --enable-type it is refused with both ways out; with it the type is enabled."""
    given = ("federate", "ds", "ds", "-n", "shop")
    error, hint = cli.fails(*given, code=3)
    assert f"type daemonsets.apps is not enabled for federation in host cluster {HOST}" == error
    assert "kubefedctl enable daemonsets.apps, or federate with --enable-type" == hint
    assert ENABLED == cli(*given, "-t").out


@pytest.mark.parametrize(
    "skipped",
    [
        pytest.param(["-s", "ds,serviceaccounts,cm", "-s", "Secret"], id="short"),
        pytest.param(["--skip-api-resources=apps,sa,secrets,configmaps"], id="long"),
    ],
)
def test_federate_contents_leaves_out_what_is_skipped(
    shop: Sandbox, cli: CommandLine, skipped: list[str]
) -> None:
    """The namespace, and what is in it but for the types named."""
    shop.put("services", "Service", "svc", spec={"ports": [{"port": 80}]})
    ran = cli("federate", "ns", "shop", "--contents", *skipped)
    assert [
        f"created FederatedNamespace/shop/shop in cluster {HOST}",
        f"created FederatedService/shop/svc in cluster {HOST}",
    ] == ran.lines


def test_federate_annotations_are_told_and_left_out(ready: Sandbox, cli: CommandLine) -> None:
    """As KubeFed does, with a warning that names them and not their values."""
    ready.put("configmaps", "ConfigMap", "cm", metadata={"annotations": {"team": "canary"}})
    ran = cli("federate", "cm", "cm", "-n", "shop", "-o", "yaml")
    assert [
        "warning: annotations of ConfigMap/shop/cm are not federated (use overrides): team"
    ] == ran.talk
    assert "canary" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["nonsense", "x"], 3, "serves no type named 'nonsense'", id="type"),
        pytest.param(["cm", "no"], 4, "404 NotFound", id="object"),
        pytest.param(["cm", "cm", "-c"], 3, "--contents goes with a namespace", id="contents"),
        pytest.param(["cm", ".."], 3, "this is not a name", id="dots"),
        pytest.param(
            ["cm", "cm", "--kubefed-namespace", "no"], 3, "is not enabled", id="namespace"
        ),
    ],
)
def test_federate_what_cannot_be_is_one_line(
    shop: Sandbox, cli: CommandLine, arguments: list[str], code: int, words: str
) -> None:
    """And nothing is written."""
    shop.forget_requests()
    error, _ = cli.fails("federate", *arguments, "-n", "shop", code=code)
    assert words in error
    assert [] == shop.writes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], "give TYPE and NAME, or a file with -f", id="nothing"),
        pytest.param(["deployment"], "give TYPE and NAME, or a file with -f", id="no-name"),
        pytest.param(["cm", "a", "-f", "x"], "--filename does not go with TYPE", id="both"),
        pytest.param(["cm", "a", "-t", "-o", "yaml"], "--enable-type writes", id="enable-yaml"),
        pytest.param(["cm", "a", "-o", "wide"], "wide", id="output"),
        pytest.param(["cm", "a", "b"], "b", id="too-many"),
        pytest.param(
            ["cm", "a", "--clusters=a", "--cluster-selector=b=c"], "--clusters does not", id="place"
        ),
    ],
)
def test_federate_wrong_usage_is_code_two(
    cli: CommandLine, arguments: list[str], words: str
) -> None:
    """No cluster is asked."""
    assert words in cli("federate", *arguments, code=2).err


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_federate_file_prints_its_federated_form(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """No cluster is asked; the text read again is the same."""
    head = {"apiVersion": "v1", "kind": "ConfigMap"}
    obj = {**head, "metadata": {"name": "cm", "namespace": "shop"}, "data": {"k": "y"}}
    file = tmp_path / "cm.yaml"
    file.write_text(dump_documents([obj]))
    if source == "stdin":
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    ran = cli("federate", "-f", str(file) if source == "file" else "-")
    assert (FEDERATED, "") == (ran.out, ran.err)
    assert FEDERATED == dump_documents(load_objects(ran.out, source="stdout"))


def test_federate_file_of_an_early_release_warns_once(cli: CommandLine, tmp_path: Path) -> None:
    """Whatever its objects are, what is printed names no group that is served no more."""
    head = {"apiVersion": "scheduling.kubefed.k8s.io/v1alpha1"}
    old = {**head, "kind": "ReplicaSchedulingPreference", "spec": {"totalReplicas": 9}}
    names = ("a", "b")
    objects = [{**old, "metadata": {"name": name, "namespace": "shop"}} for name in names]
    file = tmp_path / "old.yaml"
    file.write_text(dump_documents(objects))
    ran = cli("federate", "-f", str(file))
    assert 1 == ran.err.count("read as their successors")
    assert "scheduling.kubefed.k8s.io/v1alpha1" in ran.err
    assert "kubefed.k8s.io" not in ran.out
    assert 2 == len(load_objects(ran.out, source="stdout"))
