"""
The demo: the main job as a person would type it, on two sandbox clusters.

Here: the steps, and the handful of kubectl commands among them, carried out with the requests that
kubectl sends and printed in its words. kubefedctl's own commands run as they are.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from kubefedctl.cli.sandboxes import sandbox_errors
from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.cluster.port import Cluster
from kubefedctl.errors import ExitCode
from kubefedctl.manifests import load_objects
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    list_at,
    name_of,
    text_at,
    value_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import FEDERATED_GROUP, KUBEFED_CLUSTERS, NAMESPACES
from kubefedctl.render.tables import format_table

CLUSTERS = ("cluster1", "cluster0")
"""The sandbox's clusters; the first is the current context, the host."""

NAMESPACE = "federate-me"
DEPLOYMENT = "test-deployment1"
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
FEDERATED_DEPLOYMENTS = Resource(
    FEDERATED_GROUP, "v1beta1", "federateddeployments", "FederatedDeployment", True
)
MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: test-deployment1
spec:
  replicas: 3
  selector:
    matchExpressions:
    - key: app
      operator: In
      values: [nginx]
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx
"""


RunCommand: TypeAlias = Callable[[Sequence[str]], int]
"""Runs a command line, given its arguments, and returns its exit code."""


def run_demo(run_command: RunCommand, *, keep: bool) -> int:
    """
    Run the demo and return the exit code: that of the first command that failed, else 0.

    Args:
        run_command: Runs a command line of kubefedctl, given its arguments.
        keep: Leave the clusters up in the background and tell how to reach them.
    """
    if keep:
        return _run_kept(run_command)
    from kubefedctl.sandbox.fleet import SandboxFleet

    with sandbox_errors():
        fleet = SandboxFleet(CLUSTERS)
    with fleet as sandbox:
        return _Demo(sandbox.kubeconfig, run_command).run()


def _run_kept(run_command: RunCommand) -> int:
    from kubefedctl.sandbox import daemon

    with sandbox_errors(keeper="kubefedctl sandbox down demo"):
        started = daemon.up("demo", CLUSTERS)
    code = _Demo(started.kubeconfig, run_command).run()
    print("\n# The clusters stay up until: kubefedctl sandbox down demo")
    print(f"export KUBECONFIG={shlex.quote(str(started.kubeconfig))}")
    return code


@dataclass(frozen=True, slots=True)
class _Demo:
    """The script, on the clusters of one kubeconfig."""

    kubeconfig: Path
    run_command: RunCommand

    def run(self) -> int:
        """Run every step until one fails."""
        with _environment("KUBECONFIG", str(self.kubeconfig)):
            for step in self._steps():
                code = step()
                sys.stdout.flush()
                if code != ExitCode.OK:
                    return code
        return ExitCode.OK

    def _steps(self) -> Iterator[Callable[[], int]]:
        host = ["--host-cluster-context", "cluster1"]
        yield _say("Two embedded clusters: cluster1 is the host and a member, cluster0 a member.")
        yield self._kubefedctl("init", *host)
        for name in ("cluster0", "cluster1"):
            yield self._kubefedctl("join", name, "--cluster-context", name, *host, "--v=2")
        yield _kubectl("get kubefedclusters -n kube-federation-system", _get_clusters)
        yield _say("Federate a namespace and a Deployment that stand in the host.")
        yield _kubectl(f"create namespace {NAMESPACE}", _create_namespace)
        yield self._kubefedctl("federate", "ns", NAMESPACE)
        yield _kubectl(f"apply -n {NAMESPACE} -f {DEPLOYMENT}.yaml", _apply_deployment)
        yield self._kubefedctl("federate", "deployment", DEPLOYMENT, "-n", NAMESPACE)
        yield self._kubefedctl("sync")
        status = f"get federateddeployment {DEPLOYMENT} -n {NAMESPACE} -o jsonpath='{{.status}}'"
        yield _kubectl(status, _get_status)
        yield _look("cluster0")
        yield _say("An override: five replicas in cluster0.")
        operation = {"path": "/spec/replicas", "value": 5}
        overrides = [{"clusterName": "cluster0", "clusterOverrides": [operation]}]
        yield _patch({"spec": {"overrides": overrides}})
        yield self._kubefedctl("sync")
        yield _look("cluster0")
        yield _say("The host's own Deployment is lost: it lives on in cluster0, and sync heals.")
        yield _kubectl(f"delete deployment {DEPLOYMENT} -n {NAMESPACE}", _delete_deployment)
        yield _look("cluster1")
        yield _look("cluster0")
        yield self._kubefedctl("sync")
        yield _look("cluster1")
        yield _say("Placement narrowed to cluster1: it leaves cluster0.")
        yield _patch({"spec": {"placement": {"clusters": [{"name": "cluster1"}]}}})
        yield self._kubefedctl("sync")
        yield _look("cluster0")
        yield _say("Placed by selector again, it is back; then cluster0 leaves and keeps it.")
        yield _patch({"spec": {"placement": {"clusters": None}}})
        yield self._kubefedctl("sync")
        yield self._kubefedctl("unjoin", "cluster0", "--cluster-context", "cluster0", *host)
        yield _look("cluster0")

    def _kubefedctl(self, *arguments: str) -> Callable[[], int]:
        def step() -> int:
            _show_command(["kubefedctl", *arguments])
            return self.run_command(arguments)

        return step


def _say(text: str) -> Callable[[], int]:
    def step() -> int:
        print(f"\n# {text}", flush=True)
        return ExitCode.OK

    return step


def _kubectl(command: str, act: Callable[[LiveFleet], Sequence[str]]) -> Callable[[], int]:
    def step() -> int:
        print(f"$ kubectl {command}", flush=True)
        with LiveFleet() as fleet:
            for line in act(fleet):
                print(line)
        return ExitCode.OK

    return step


def _look(context: str) -> Callable[[], int]:
    where = "" if context == CLUSTERS[0] else f"--context {context} "
    return _kubectl(
        f"{where}get deployment -n {NAMESPACE}",
        lambda fleet: _get_deployments(fleet.context(context)),
    )


def _patch(body: Object) -> Callable[[], int]:
    def act(fleet: LiveFleet) -> list[str]:
        fleet.host.patch(FEDERATED_DEPLOYMENTS, Key(NAMESPACE, DEPLOYMENT), body=body)
        return [f"federateddeployment.{FEDERATED_GROUP}/{DEPLOYMENT} patched"]

    text = shlex.quote(json.dumps(body, separators=(",", ":")))
    return _kubectl(
        f"patch federateddeployment {DEPLOYMENT} -n {NAMESPACE} --type=merge -p {text}", act
    )


def _show_command(words: Sequence[str]) -> None:
    print(f"$ {shlex.join(words)}", flush=True)


def _get_clusters(fleet: LiveFleet) -> list[str]:
    found = fleet.host.list(KUBEFED_CLUSTERS, namespace=DEFAULT_KUBEFED_NAMESPACE).items
    rows = [["NAME", "READY", "KUBERNETES-VERSION"]]
    for cluster in found:
        version = text_at(cluster, "status", "kubernetesVersion")
        rows.append([name_of(cluster), _readiness(cluster), version])
    return format_table(rows)


def _readiness(cluster: Object) -> str:
    ready = [c for c in list_at(cluster, "status", "conditions") if text_at(c, "type") == "Ready"]
    return text_at(ready[0], "status") if ready else ""


def _create_namespace(fleet: LiveFleet) -> list[str]:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    fleet.host.create(NAMESPACES, body)
    return [f"namespace/{NAMESPACE} created"]


def _apply_deployment(fleet: LiveFleet) -> list[str]:
    (body,) = load_objects(MANIFEST, source=f"{DEPLOYMENT}.yaml")
    metadata = {**body["metadata"], "namespace": NAMESPACE}
    fleet.host.create(DEPLOYMENTS, {**body, "metadata": metadata})
    return [f"deployment.apps/{DEPLOYMENT} created"]


def _delete_deployment(fleet: LiveFleet) -> list[str]:
    fleet.host.delete(DEPLOYMENTS, Key(NAMESPACE, DEPLOYMENT))
    return [f'deployment.apps "{DEPLOYMENT}" deleted']


def _get_status(fleet: LiveFleet) -> list[str]:
    found = fleet.host.get(FEDERATED_DEPLOYMENTS, Key(NAMESPACE, DEPLOYMENT))
    return [json.dumps(found["status"], separators=(",", ":"))]


def _get_deployments(cluster: Cluster) -> list[str]:
    found = cluster.list(DEPLOYMENTS, namespace=NAMESPACE).items
    if not found:
        return [f"No resources found in {NAMESPACE} namespace."]
    rows = [["NAME", "READY", "UP-TO-DATE", "AVAILABLE"]]
    for item in found:
        counts = [value_at(item, "status", f"{what}Replicas") or 0 for what in _COUNTED]
        wanted = value_at(item, "spec", "replicas")
        rows.append([name_of(item), f"{counts[0]}/{wanted}", str(counts[1]), str(counts[2])])
    return format_table(rows)


_COUNTED = ("ready", "updated", "available")


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
