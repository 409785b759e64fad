"""Tests of `federate --with-dependencies` and `--annotations`."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubefedctl.manifests import dump_documents, load_objects
from kubefedctl.model.refs import Object
from tests.cli.runs import HOST, CommandLine, Sandbox

WITH = ("federate", "deployment", "web", "-n", "shop", "--with-dependencies")
ANNOTATED = {"metadata": {"annotations": {"team": "blue"}}}


@pytest.fixture
def shop(ready: Sandbox) -> Sandbox:
    """A host with a Deployment, and of what it names a ConfigMap and a claim."""
    ready.put("configmaps", "ConfigMap", "cm", data={"k": "y"}, **ANNOTATED)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    ready.put("persistentvolumeclaims", "PersistentVolumeClaim", "data", spec=claim)
    sources = [{"configMapRef": {"name": "cm"}}, {"secretRef": {"name": "none"}}]
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
    pod = {
        "containers": [{"name": "c", "image": "i", "envFrom": sources}],
        "volumes": [volume],
    }
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    ready.put("deployments.apps", "Deployment", "web", apiVersion="apps/v1", spec=spec)
    return ready


def test_federate_with_dependencies(shop: Sandbox, cli: CommandLine) -> None:
    """A type that is not enabled is told of first; then all is made, and found made."""
    shop.forget_requests()
    error, hint = cli.fails(*WITH, code=3)
    assert error.startswith("type persistentvolumeclaims is not enabled")
    assert hint.endswith("federate with --enable-type")
    assert [] == shop.writes
    ran = cli(*WITH, "--enable-type", "--annotations=override", "--clusters", "a")
    made = [
        f"FederatedConfigMap/shop/cm in cluster {HOST}",
        f"FederatedPersistentVolumeClaim/shop/data in cluster {HOST}",
        f"FederatedDeployment/shop/web in cluster {HOST}",
    ]
    assert [f"created {line}" for line in made] == [
        line for line in ran.lines if line.startswith("created")
    ]
    assert [
        f"warning: Secret/shop/none, which Deployment/web needs, is not in host cluster {HOST}"
    ] == ran.talk
    assert [f"unchanged {line}" for line in made] == cli(*WITH).lines


def test_federate_with_dependencies_prints_them(shop: Sandbox, cli: CommandLine) -> None:
    """Without a KubeFed type for each."""
    made = load_objects(cli(*WITH, "-o", "yaml").out, source="stdout")
    assert ["cm", "data", "web"] == [obj["metadata"]["name"] for obj in made]


def test_federate_annotations_override(shop: Sandbox, cli: CommandLine) -> None:
    """The CRD takes the override."""
    given = ("federate", "cm", "cm", "-n", "shop", "--annotations", "override", "--clusters=a")
    assert "" == cli(*given).err
    made = shop.host.get("federatedconfigmaps.types.kubefed.io", "cm", namespace="shop")
    override = {"path": "/metadata/annotations", "value": {"team": "blue"}}
    expected = [{"clusterName": "a", "clusterOverrides": [override]}]
    assert expected == made["spec"]["overrides"]


def test_federate_annotations_override_of_a_file(cli: CommandLine, tmp_path: Path) -> None:
    """For the clusters that are named."""
    obj: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm"}}
    obj["metadata"] |= ANNOTATED["metadata"]
    file = tmp_path / "cm.yaml"
    file.write_text(dump_documents([obj]))
    ran = cli("federate", "-f", str(file), "--annotations=override", "--clusters=a,b")
    [made] = load_objects(ran.out, source="stdout")
    assert ["a", "b"] == [entry["clusterName"] for entry in made["spec"]["overrides"]]
    assert "" == ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["-f", "x", "--with-dependencies"], "--with-dependencies asks", id="file"),
        pytest.param(["ns", "a", "-c", "--with-dependencies"], "--contents brings", id="contents"),
        pytest.param(["-f", "x", "--annotations=override"], "name them with", id="file-override"),
        pytest.param(["cm", "a", "--annotations=keep"], "keep", id="annotations"),
    ],
)
def test_federate_wrong_usage_is_code_two(
    cli: CommandLine, arguments: list[str], words: str
) -> None:
    """No cluster is asked."""
    assert words in " ".join(cli("federate", *arguments, code=2).err.split())
