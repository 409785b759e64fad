"""
The newest and the oldest kubectl on this machine against a sandbox.

Skipped where there is no kubectl. Versions beside the one on PATH are called `kubectl.1.NN`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubefedctl.sandbox.fleet import SandboxFleet
from tests.sandbox.wire import definition, deployment, widget


def find_versions() -> list[str]:
    """Return the oldest and the newest kubectl that can be found."""
    found = shutil.which("kubectl")
    if found is None:
        return []
    beside = Path(found).resolve().parent.glob("kubectl.1.*")
    versions = sorted(map(str, beside), key=lambda path: int(path.rpartition(".")[2]))
    return [versions[0], versions[-1]] if len(versions) > 1 else [found]


pytestmark = pytest.mark.skipif(not find_versions(), reason="there is no kubectl on PATH")


class Kubectl:
    """One kubectl and one cluster."""

    def __init__(self, program: str, fleet: SandboxFleet, home: Path) -> None:
        self._program = program
        self._environment = {
            **os.environ, "KUBECONFIG": str(fleet.kubeconfig), "HOME": str(home),
        }  # fmt: skip

    def run(self, line: str, *, given: object = None, code: int = 0) -> str:
        """Run kubectl with the words of a line and return what it says."""
        done = subprocess.run(
            [self._program, *line.split()],
            env=self._environment,
            input=json.dumps(given) if given is not None else None,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert code == done.returncode, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(params=find_versions(), ids=lambda path: Path(path).name)
def kubectl(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kubectl]:
    """A kubectl on a fresh cluster with a Deployment in it."""
    with SandboxFleet(["one"]) as fleet:
        fleet.clusters["one"].create("deployments", deployment("web"), namespace="default")
        yield Kubectl(request.param, fleet, tmp_path)


def test_kubectl_reads(kubectl: Kubectl) -> None:
    """get, describe, api-resources, explain, rollout status and --raw show what there is."""
    assert "3/3" in kubectl.run("get deploy web")
    assert "3 desired | 3 updated | 3 total" in kubectl.run("describe deploy web")
    assert "namespaces" in kubectl.run("api-resources")
    assert "replicas" in kubectl.run("explain deploy.spec")
    assert "successfully rolled out" in kubectl.run("rollout status deploy web --timeout=5s")
    assert kubectl.run("get --raw /readyz") == "ok"
    assert kubectl.run("auth can-i list pods").startswith("yes")
    assert kubectl.run("auth can-i list pods --as=nobody", code=1).startswith("no")


def test_kubectl_applies(kubectl: Kubectl) -> None:
    """apply is created, unchanged, configured; diff tells; server-side apply conflicts."""
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c"},
        "data": {"a": "1"},
    }
    assert "created" in kubectl.run("apply -f -", given=config)
    assert "unchanged" in kubectl.run("apply -f -", given=config)
    changed = {**config, "data": {"a": "2"}}
    assert "+  a:" in kubectl.run("diff -f -", given=changed, code=1)
    assert "configured" in kubectl.run("apply -f -", given=changed)
    kubectl.run("""patch cm c --type=merge -p {"data":{"a":"3"}}""")
    words = "apply --server-side --field-manager=other -f -"
    assert "conflict" in kubectl.run(words, given=changed, code=1)
    assert "serverside-applied" in kubectl.run(f"{words} --force-conflicts", given=changed)


def test_kubectl_writes(kubectl: Kubectl) -> None:
    """create, scale, label, annotate, patch, set image, expose and delete do what they say."""
    kubectl.run("create namespace shop")
    kubectl.run("create secret generic s -n shop --from-literal=a=b")
    kubectl.run("create deployment api --image=nginx:1 --replicas=0 -n shop")
    kubectl.run("scale deploy api --replicas=2 -n shop")
    assert "2/2" in kubectl.run("get deploy api -n shop")
    kubectl.run("label deploy api a=b -n shop")
    kubectl.run("annotate deploy api c=d -n shop")
    assert "api" in kubectl.run("get deploy -l a=b -n shop")
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"nginx","image":"nginx:2"}]}}}}'
    kubectl.run(f"patch deploy api -n shop -p {patch}")
    kubectl.run("expose deploy api --port=80 -n shop")
    assert "80/TCP" in kubectl.run("get svc api -n shop")
    assert "deleted" in kubectl.run("delete ns shop --timeout=10s")
    assert "NotFound" in kubectl.run("get ns shop", code=1)


def test_kubectl_handles_custom_resources(kubectl: Kubectl) -> None:
    """A definition can be waited for, its objects shown, scaled and deleted."""
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    kubectl.run("apply -f -", given={**head, **definition()})
    kubectl.run("wait --for=condition=Established crd/widgets.example.com --timeout=5s")
    kubectl.run("apply -f -", given=widget("w", size=1))
    assert "READY" in kubectl.run("get wd")
    kubectl.run("scale wd w --replicas=5")
    assert kubectl.run("get wd w -o jsonpath={.spec.replicas}") == "5"
    kubectl.run("delete wd w --timeout=5s")
    kubectl.run("wait --for=delete wd/w --timeout=5s")
    assert "size" in kubectl.run("explain widget.spec")
