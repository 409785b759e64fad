"""
Syncs of files end to end, on the sandbox and on real control planes: what a host would make of the
same objects, once and for all, and ApplySets as kubectl knows them.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from kubefedctl import __version__
from kubefedctl.sandbox.fleet import SandboxFleet
from tests.e2e.clusters import Api, Clusters
from tests.e2e.federated import (
    CLUSTER_SCOPED,
    CUSTOM_TARGETS,
    TARGETS,
    TEMPLATES,
    federated_path,
    only,
    override,
    target_path,
)
from tests.e2e.ground import CRDS, CUSTOM_CRDS, REGISTRATIONS, Ground, stand_on

pytestmark = pytest.mark.usefixtures("spoiled_federation")
KINDS = [kind for kind in (*TARGETS, *CUSTOM_TARGETS) if kind != "Namespace"]
MEMBERS = ("cluster0", "cluster2")
ZONES = {"cluster0": "a", "cluster2": "b"}
PART_OF = "applyset.kubernetes.io/part-of"
SET = "applyset-ov9BVsehjqXh6d6rw1kg3f27KKN7HQbPE7uU3UQ-UC4-v1"
PARENT = "/api/v1/namespaces/default/configmaps/kubefedctl"
MANAGED = "kubefed.io/managed=true"
_EVERY_MEMBER = {"clusterSelector": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}}
_IN_ZONE_A = {"clusterSelector": {"matchLabels": {"zone": "a"}}}
_LABEL = override("cluster2", {"op": "add", "path": "/metadata/labels", "value": {"o": "2"}})
_NOTE = override("cluster0", {"op": "add", "path": "/metadata/annotations", "value": {"n": "0"}})
_OF_SERVER = ("uid", "resourceVersion", "creationTimestamp", "managedFields")


# --- what is federated ---------------------------------------------------------------------------


def make_objects(ground: Ground, count: int, members: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return *count* federated objects of all types, placed and overridden in many ways."""
    inner = f"{ground.namespace}-inner"
    found = [
        _make("Namespace", ground.namespace, ground.namespace, _EVERY_MEMBER, []),
        _make("Namespace", inner, inner, only("cluster0"), []),
    ]
    ways = itertools.cycle(
        itertools.product(
            (_EVERY_MEMBER, only("cluster0"), only(*members), _IN_ZONE_A),
            ([], [_LABEL], [_NOTE, _LABEL]),
            (ground.namespace, inner, ground.namespace),
        )
    )
    for number, kind in zip(range(count - len(found)), itertools.cycle(KINDS), strict=False):
        placement, overrides, namespace = next(ways)
        found.append(_make(kind, f"x{number}", namespace, placement, overrides))
    return found


def _make(kind: str, name: str, namespace: str, placement: Any, overrides: Any) -> dict[str, Any]:
    metadata = {"name": name} if kind in CLUSTER_SCOPED else {"name": name, "namespace": namespace}
    # NB: the one thing that tells of a custom type without a FederatedTypeConfig
    version = {"apiVersion": "example.com/v1"} if kind in CUSTOM_TARGETS else {}
    template = {**version, **TEMPLATES[kind]}
    spec = {"template": template, "placement": placement, "overrides": overrides}
    return {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": f"Federated{kind}",
        "metadata": metadata,
        "spec": spec,
    }


def _path(obj: dict[str, Any]) -> str:
    kind = obj["kind"].removeprefix("Federated")
    return federated_path(kind, namespace=obj["metadata"].get("namespace", ""))


def write_files(ground: Ground, objects: list[dict[str, Any]], contexts: dict[str, str]) -> str:
    """Write *objects* with their clusters to a folder, and return its name."""
    folder = ground.fleet.folder / ground.namespace
    folder.mkdir(exist_ok=True)
    clusters = [
        {"name": name, "context": context, "labels": {"zone": ZONES[name]}}
        for name, context in contexts.items()
    ]
    (folder / "clusters.yaml").write_text(json.dumps({"clusters": clusters}))
    # NB: JSON, since Kubernetes reads another YAML than is written here: a bare y is true
    (folder / "all.yaml").write_text("\n---\n".join(map(json.dumps, objects)))
    return str(folder)


# --- what members hold ---------------------------------------------------------------------------


def take_members(fleet: Clusters, contexts: dict[str, str]) -> dict[str, Any]:
    """Return every propagated object of the members, without what is another one's each time."""
    found = {}
    for name, context in contexts.items():
        for kind in (*KINDS, "Namespace"):
            for item in _list(fleet.api(context), kind):
                metadata = item["metadata"]
                place = f"{metadata.get('namespace', '')}/{metadata['name']}"
                found[f"{kind}/{place} in {name}"] = _bare(item, kind)
    return found


def _list(api: Api, kind: str) -> list[Any]:
    collection = target_path(kind, namespace="")
    every = collection.replace("/namespaces//", "/") + f"?labelSelector={MANAGED}"
    return list(api.get(every)["items"])


def _bare(item: Any, kind: str) -> Any:
    """An item without ids, times, addresses, status, and the label of the set."""
    uid = item["metadata"]["uid"]
    metadata = {k: v for k, v in item["metadata"].items() if k not in _OF_SERVER}
    metadata["labels"] = {k: v for k, v in metadata["labels"].items() if k != PART_OF}
    metadata.get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
    if not metadata.get("annotations", True):
        del metadata["annotations"]
    metadata["owned"] = _owned(item)
    spec = {k: v for k, v in item.get("spec", {}).items() if k not in ("clusterIP", "clusterIPs")}
    if kind == "Service":
        spec["ports"] = [{k: v for k, v in p.items() if k != "nodePort"} for p in spec["ports"]]
    rest = {k: v for k, v in item.items() if k not in ("metadata", "spec", "status")}
    return _without(uid, {**rest, "metadata": metadata, "spec": spec})


def _owned(item: Any) -> list[Any]:
    """What this program owns, without the label of the set."""
    owned = []
    for entry in item["metadata"]["managedFields"]:
        if entry["manager"] == "kubefedctl":
            entry["fieldsV1"].get("f:metadata", {}).get("f:labels", {}).pop(f"f:{PART_OF}", None)
            owned.append({k: v for k, v in entry.items() if k != "time"})
    return owned


def _without(uid: str, value: Any) -> Any:
    """*value* with a word in the place of an id: the selector of a Job has one."""
    if isinstance(value, dict):
        return {name: _without(uid, found) for name, found in value.items()}
    if isinstance(value, list):
        return [_without(uid, found) for found in value]
    return "UID" if value == uid else value


def _versions(fleet: Clusters, contexts: dict[str, str]) -> dict[str, str]:
    """What changes with every write of a propagated object or of the set's parent."""
    found = {}
    for context in contexts.values():
        api = fleet.api(context)
        found[f"parent in {context}"] = api.get(PARENT)["metadata"]["resourceVersion"]
        for kind in ("ConfigMap", "Secret", "ServiceAccount", "ClusterRole", "Widget"):
            for item in _list(api, kind):
                metadata = item["metadata"]
                found[f"{kind}/{metadata['name']} in {context}"] = metadata["resourceVersion"]
    return found


# --- scenarios -----------------------------------------------------------------------------------


def files_make_what_a_host_makes(
    ground: Ground, count: int, *, twins: Clusters, contexts: dict[str, str]
) -> None:
    """
    Field by field, with the owners of the fields; and a second sync writes nothing.

    Args:
        ground: The federation whose host has the objects.
        count: How many.
        twins: Clusters that have nothing of them.
        contexts: For the members of the federation, the context of a twin.
    """
    objects = make_objects(ground, count, tuple(contexts))
    for name in contexts:
        labels = {"labels": {"zone": ZONES[name]}}
        ground.host.merge(f"{REGISTRATIONS}/{name}", {"metadata": labels})
    inner = {"metadata": {"name": f"{ground.namespace}-inner"}}
    ground.host.create("/api/v1/namespaces", inner)
    for obj in objects:
        ground.host.create(_path(obj), obj)
    ground.fleet.run("sync")
    folder = write_files(ground, objects, contexts)
    twins.run("sync", "-f", folder)
    by_host = take_members(ground.fleet, {name: name for name in contexts})
    by_files = take_members(twins, contexts)
    assert by_host.keys() == by_files.keys()
    assert [] == [name for name in by_host if by_host[name] != by_files[name]]
    _expect_rest(twins, folder, contexts)


def _expect_rest(fleet: Clusters, folder: str, contexts: dict[str, str]) -> None:
    """A second sync writes nothing, and nothing differs."""
    before = _versions(fleet, contexts)
    sandboxes = fleet.sandbox.clusters.values() if fleet.sandbox else ()
    for cluster in sandboxes:
        cluster.audit.clear()
    assert ", 0 changes made" in fleet.run("sync", "-f", folder).stdout
    assert "would change nothing" in fleet.run("diff", "-f", folder).stdout
    assert before == _versions(fleet, contexts)
    assert [] == [found.path for cluster in sandboxes for found in cluster.audit.writes]


def _prune_all(fleet: Clusters, folder: str, contexts: Iterable[str]) -> None:
    """Nothing is left of it but the parents, which say that."""
    (Path(folder) / "all.yaml").write_text("# nothing\n")
    prune = ("sync", "-f", folder, "--prune", "--timeout", "60s")
    assert "--prune would delete" in fleet.run(*prune, code=6).stderr
    fleet.run(*prune, "--max-deletes", "100%")
    for context in contexts:
        annotations = fleet.api(context).get(PARENT)["metadata"]["annotations"]
        assert {"", f"kubefedctl/v{__version__}"} == set(annotations.values())


def kubectl_knows_the_set(ground: Ground) -> None:
    """It finds the members, and prunes them once the set is handed over to it."""
    ways = (_make("ConfigMap", name, ground.namespace, _EVERY_MEMBER, []) for name in "ab")
    namespace = _make("Namespace", ground.namespace, ground.namespace, _EVERY_MEMBER, [])
    folder = write_files(ground, [namespace, *ways], {name: name for name in MEMBERS})
    ground.fleet.run("sync", "-f", folder)
    listed = _kubectl(ground, "get", "configmaps", "-A", "-l", f"{PART_OF}={SET}", "-o", "name")
    assert ["configmap/a", "configmap/b"] == listed.stdout.split()
    manifest = ground.fleet.folder / "kept.json"
    kept = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ground.namespace}}
    manifest.write_text(json.dumps(kept))
    apply = ("apply", "-n", "default", "--prune", "--applyset=configmaps/kubefedctl", "-f")
    refused = _kubectl(ground, *apply, str(manifest), code=1)
    assert 'managed by tooling "kubefedctl"' in refused.stderr
    tooling = "applyset.kubernetes.io/tooling"
    annotate = ("annotate", "configmaps", "kubefedctl", "-n", "default", "--overwrite")
    _kubectl(ground, *annotate, f"{tooling}=kubectl/v1.32")
    pruned = _kubectl(ground, *apply, str(manifest)).stdout.splitlines()
    assert {"configmap/a pruned", "configmap/b pruned"} == {n for n in pruned if "pruned" in n}
    refused_too = ground.fleet.run("sync", "-f", folder, code=6)
    assert "is looked after by kubectl/" in refused_too.stderr
    assert f"{tooling}=kubefedctl/v1" in refused_too.stderr
    _kubectl(ground, *annotate, f"{tooling}=kubefedctl/v1")
    ground.fleet.run("sync", "-f", folder)
    names = ground.fleet.api("cluster0").names(_maps(ground), selector=f"{PART_OF}={SET}")
    assert ["a", "b"] == names
    _prune_all(ground.fleet, folder, MEMBERS)


def _maps(ground: Ground) -> str:
    return target_path("ConfigMap", namespace=ground.namespace)


def _kubectl(ground: Ground, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["kubectl", "--context", "cluster0", *arguments],
        env={**os.environ, **ground.fleet.env, "KUBECTL_APPLYSET": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert code == done.returncode, done.stdout + done.stderr
    return done


needs_kubectl = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not on PATH")


@needs_kubectl
@pytest.mark.twin
def test_kubectl_knows_the_set_on_the_sandbox(sandbox_federation: Clusters) -> None:
    """Embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        kubectl_knows_the_set(ground)


@needs_kubectl
def test_kubectl_knows_the_set_on_real_control_planes(real_federation: Clusters) -> None:
    """Real API servers."""
    with stand_on(real_federation) as ground:
        kubectl_knows_the_set(ground)


# NB: these leave their objects behind, so they come last


def test_files_make_what_a_host_makes_on_the_sandbox(
    sandbox_federation: Clusters, tmp_path: Path
) -> None:
    """Two hundred objects in two clusters, and two others that are called the same."""
    with (
        stand_on(sandbox_federation) as ground,
        SandboxFleet(MEMBERS, directory=tmp_path / "twins") as fleet,
    ):
        env = {**sandbox_federation.env, "KUBECONFIG": str(fleet.kubeconfig)}
        twins = Clusters(MEMBERS, fleet.kubeconfig, env, tmp_path, sandbox=fleet)
        for name in MEMBERS:
            for crd in CUSTOM_CRDS:
                twins.api(name).create(CRDS, crd)
        contexts = {name: name for name in MEMBERS}
        files_make_what_a_host_makes(ground, 200, twins=twins, contexts=contexts)


def test_files_make_what_a_host_makes_on_real_control_planes(real_federation: Clusters) -> None:
    """Two of each type, in one cluster, and in another one that is called as the first."""
    with stand_on(real_federation) as ground:
        contexts = {"cluster0": "cluster2"}
        files_make_what_a_host_makes(ground, 24, twins=real_federation, contexts=contexts)
