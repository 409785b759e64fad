"""Scenarios of types and of their objects that no other test holds; `scenarios` numbers them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubefedctl.core.installing import DEFAULT_TYPES, make_control_plane
from kubefedctl.manifests import dump_documents, load_objects
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import CRDS, TYPE_CONFIGS
from tests.cli.runs import KNS, CommandLine, Sandbox

CHART_TYPES = [resource.qualified_name for resource, _ in DEFAULT_TYPES]


def _directive(name: str, **spec: str) -> Object:
    head = {"apiVersion": "core.kubefed.io/v1beta1", "kind": "EnableTypeDirective"}
    return {**head, "metadata": {"name": name}, **({"spec": spec} if spec else {})}


def test_directive_of_a_chart_type_gives_what_init_installs(
    bare: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """S10-51: KubeFed makes its chart from these ten directives."""
    steps = make_control_plane(namespace=KNS, scope="Cluster")
    installed = [step.body for step in steps if step.resource in (CRDS, TYPE_CONFIGS)]
    for name in CHART_TYPES:
        file = tmp_path / f"{name}.yaml"
        file.write_text(dump_documents([_directive(name)]))
        ran = cli("enable", "-f", str(file), "-o", "yaml")
        type_config, crd = load_objects(ran.out, source=name)
        type_config["metadata"]["namespace"] = KNS
        assert type_config in installed, name
        assert crd in installed, name


def _definition(plural: str, kind: str, scope: str, *versions: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema |= {"properties": {"spec": dict(schema)}}
    return {
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": scope,
            "names": {"plural": plural, "kind": kind, "singular": kind.lower()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[-1],
                    "schema": {"openAPIV3Schema": schema},
                }
                for version in versions
            ],
        },
    }


@pytest.mark.parametrize(
    ("plural", "kind", "namespace"),
    [
        pytest.param("widgets", "Widget", "shop", id="namespaced"),
        pytest.param("gadgets", "Gadget", "", id="cluster-scoped"),
    ],
)
def test_custom_type_is_propagated_and_orphaned(
    joined: Sandbox, cli: CommandLine, plural: str, kind: str, namespace: str
) -> None:
    """S10-54: enable, federate, sync, then orphan the copy and delete the federated object."""
    scope = "Namespaced" if namespace else "Cluster"
    for cluster in (joined.host, joined.member):
        cluster.create("customresourcedefinitions", _definition(plural, kind, scope, "v1"))
    head = {"apiVersion": "example.com/v1", "kind": kind}
    place = {"name": "x", **({"namespace": namespace} if namespace else {})}
    body: dict[str, Any] = {**head, "metadata": place, "spec": {"size": 3}}
    joined.host.create(plural, body, namespace=namespace)
    within = ("-n", namespace) if namespace else ()
    cli("enable", f"{plural}.example.com")
    cli("federate", "ns", "shop")
    cli("federate", plural, "x", *within)
    cli("sync")
    copy = joined.member.get(plural, "x", namespace=namespace)
    assert copy is not None
    assert {"size": 3} == copy["spec"]
    assert {"kubefed.io/managed": "true"} == copy["metadata"]["labels"]
    cli("orphaning-deletion", "enable", f"federated{plural}", "x", *within)
    joined.host.delete(f"federated{plural}", "x", namespace=namespace)
    cli("sync")
    assert None is joined.host.get(f"federated{plural}", "x", namespace=namespace)
    left = joined.member.get(plural, "x", namespace=namespace)
    assert left is not None
    assert {} == left["metadata"].get("labels", {})


def test_type_config_follows_a_new_version_of_its_target(
    ready: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """S10-61: the same type in a new version is enabled again, as a new generation."""
    ready.host.create(
        "customresourcedefinitions", _definition("widgets", "Widget", "Namespaced", "v1")
    )
    cli("enable", "widgets.example.com")
    first = _type_config(ready)
    changed = _definition("widgets", "Widget", "Namespaced", "v1", "v2")
    ready.host.patch("customresourcedefinitions", "widgets.example.com", {"spec": changed["spec"]})
    file = tmp_path / "widgets.yaml"
    file.write_text(dump_documents([_directive("widgets.example.com", targetVersion="v2")]))
    cli("enable", "-f", str(file))
    second = _type_config(ready)
    versions = [found["spec"]["targetType"]["version"] for found in (first, second)]
    assert ["v1", "v2"] == versions
    assert first["metadata"]["generation"] < second["metadata"]["generation"]


def _type_config(sandbox: Sandbox) -> Any:
    return sandbox.host.get("federatedtypeconfigs", "widgets.example.com", namespace=KNS)


def test_disable_by_full_name_works_when_the_target_is_gone(
    ready: Sandbox, cli: CommandLine
) -> None:
    """S10-63: a name with a dot is taken as it is; the target's CRD is no longer needed."""
    ready.host.create(
        "customresourcedefinitions", _definition("widgets", "Widget", "Namespaced", "v1")
    )
    cli("enable", "widgets.example.com")
    ready.host.delete("customresourcedefinitions", "widgets.example.com")
    cli("disable", "widgets.example.com", "--delete-crd")
    assert None is _type_config(ready)
    name = "federatedwidgets.types.kubefed.io"
    assert None is ready.host.get("customresourcedefinitions", name)


def test_disable_version_without_delete_crd_is_refused(cli: CommandLine) -> None:
    """S10-63: as in the original, though as a usage error; no cluster is asked."""
    assert "--delete-crd" in cli("disable", "cm", "--version", "v1", code=2).err


def test_namespace_with_contents_is_federated_first(ready: Sandbox, cli: CommandLine) -> None:
    """S10-65: then all that is in it, but for what is skipped, served or not."""
    labels = {"app": "x"}
    pods = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    ready.put("configmaps", "ConfigMap", "c", data={"k": "v"})
    ready.put("secrets", "Secret", "s", data={"k": "dg=="})
    spec = {"selector": {"matchLabels": labels}, "template": pods}
    ready.put("replicasets", "ReplicaSet", "r", apiVersion="apps/v1", spec=spec)
    ready.put("pods", "Pod", "p", spec=pods["spec"])
    ready.forget_requests()
    skipped = "pods,replicasets.extensions"
    cli("federate", "ns", "shop", "--contents", "--skip-api-resources", skipped)
    made = [line.rpartition("/")[2].partition("?")[0] for line in ready.writes]
    assert "federatednamespaces" == made[0]
    found = {
        kind: [obj["metadata"]["name"] for obj in ready.host.list(f"federated{kind}")]
        for kind in ("configmaps", "secrets", "replicasets")
    }
    assert ["r"] == found["replicasets"]
    assert ["s"] == found["secrets"]
    assert "c" in found["configmaps"]
