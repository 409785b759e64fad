"""
`make bench`: the first sync and a sync without changes, beside kubectl over the same manifests.

Three real control planes, the first of which is host and member. Times are whole processes, runs
alternate between the two programs, and what is printed is the median of each and their ratio:
absolute times say little on a shared machine.

    python -m tests.bench [--objects 1000] [--runs 3] [--documents]

kubectl is given one List, which it is fastest with; with `--documents` a file of that many
documents, as people keep them, which takes kubectl 1.32 several times as long.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import yaml

from tests.controlplanes.binaries import MissingBinaries, find_binaries
from tests.controlplanes.fixtures import make_environment
from tests.controlplanes.pool import Pool
from tests.controlplanes.wire import Endpoint

NAMES = ("cluster0", "cluster1", "cluster2")
HOST = NAMES[0]
NAMESPACE = "bench"
KUBEFEDCTL = Path(sys.executable).parent / "kubefedctl"
FEDERATED = "/apis/types.kubefed.io/v1beta1/namespaces/bench"


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--objects", type=int, default=1000, help="ConfigMaps in each cluster")
    parser.add_argument("--runs", type=int, default=3, help="runs of each program")
    parser.add_argument("--documents", action="store_true", help="kubectl reads documents")
    given = parser.parse_args()
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        print("bench: kubectl is not on PATH", file=sys.stderr)
        return 3
    try:
        binaries = find_binaries(os.environ)
    except MissingBinaries as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as folder:
        pool = Pool(Path(folder) / "planes", binaries=binaries)
        try:
            bench = Bench(pool, Path(folder), kubectl, given.objects)
            bench.write_manifests(as_documents=given.documents)
            bench.run(given.runs)
        finally:
            pool.stop()
    return 0


class Bench:
    """One benchmark on one pool of control planes."""

    def __init__(self, pool: Pool, folder: Path, kubectl: str, objects: int) -> None:
        home = folder / "home"
        home.mkdir()
        self.pool = pool
        self.kubectl = kubectl
        self.objects = objects
        kubeconfig = pool.kubeconfig(NAMES)
        self.env = make_environment(os.environ, kubeconfig=kubeconfig, home=home)
        self.manifests = folder / "configmaps.yaml"

    def write_manifests(self, *, as_documents: bool) -> None:
        """Write what kubectl applies: one List, or a document for each object."""
        items = [make_config_map(index) for index in range(self.objects)]
        listing = {"apiVersion": "v1", "kind": "List", "items": items}
        text = yaml.safe_dump_all(items) if as_documents else yaml.safe_dump(listing)
        self.manifests.write_text(text)

    def run(self, runs: int) -> None:
        """Alternate between the two programs and print the medians."""
        times: dict[str, list[float]] = {}

        def note(what: str, seconds: float) -> None:
            times.setdefault(what, []).append(seconds)
            print(f"{what}: {seconds:.2f} s", file=sys.stderr)

        for _ in range(runs):
            self.prepare_kubectl()
            note("kubectl first", self.measure(self.apply_everywhere))
            note("kubectl again", self.measure(self.apply_everywhere))
            self.prepare_sync()
            note("sync first", self.measure(lambda: self.sync("created ConfigMap")))
            note("sync again", self.measure(lambda: self.sync("")))
        print(f"{self.objects} ConfigMaps x {len(NAMES)} real control planes, median of {runs}")
        for ours, theirs in (("sync first", "kubectl first"), ("sync again", "kubectl again")):
            a, b = statistics.median(times[ours]), statistics.median(times[theirs])
            print(f"{ours:<12} {a:7.2f} s   {theirs:<14} {b:7.2f} s   ratio {a / b:.2f}")

    def prepare_kubectl(self) -> None:
        """Make every cluster pristine, with the namespace."""
        self.pool.reset(NAMES)
        for name in NAMES:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
            self.api(name).ask("POST", "/api/v1/namespaces", body=body)

    def prepare_sync(self) -> None:
        """Make every cluster pristine, join all, and put the federated objects on the host."""
        self.pool.reset(NAMES)
        self.call([str(KUBEFEDCTL), "init", "--host-cluster-context", HOST])
        for name in NAMES:
            self.call([str(KUBEFEDCTL), "join", name, "--host-cluster-context", HOST])
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        self.api(HOST).ask("POST", "/api/v1/namespaces", body=body)
        namespace = make_federated("FederatedNamespace", NAMESPACE, {})
        self.api(HOST).ask("POST", f"{FEDERATED}/federatednamespaces", body=namespace)
        for index in range(self.objects):
            template = {"data": make_config_map(index)["data"]}
            federated = make_federated("FederatedConfigMap", f"cm-{index:04}", template)
            self.api(HOST).ask("POST", f"{FEDERATED}/federatedconfigmaps", body=federated)

    def apply_everywhere(self) -> None:
        """One `kubectl apply --server-side` for each context, one after the other."""
        for name in NAMES:
            apply = ["apply", "--server-side", "-n", NAMESPACE, "-f", str(self.manifests)]
            self.call([self.kubectl, "--context", name, *apply])

    def sync(self, expected: str) -> None:
        """One `kubefedctl sync`, whose output must show what it did."""
        printed = self.call([str(KUBEFEDCTL), "sync", "--host-cluster-context", HOST])
        lines = [line for line in printed.splitlines() if line.startswith("created ConfigMap")]
        wanted = self.objects * len(NAMES) if expected else 0
        assert wanted == len(lines), f"{len(lines)} created, not {wanted}"

    def call(self, command: Sequence[str]) -> str:
        """Run a command that must succeed and return its stdout."""
        done = subprocess.run(
            command, env=dict(self.env), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-500:]}{done.stderr[-2000:]}"
        return done.stdout

    def measure(self, work: Callable[[], None]) -> float:
        """Return the wall seconds of *work*."""
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def api(self, name: str) -> Endpoint:
        """Return a cluster as its administrator sees it."""
        return self.pool.plane(name).api


def make_config_map(index: int) -> dict[str, object]:
    """Return a ConfigMap of about 0.6 KB."""
    data: Mapping[str, str] = {f"key-{n}": f"{index}-{n}-" + "x" * 90 for n in range(5)}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"cm-{index:04}", "namespace": NAMESPACE},
        "data": data,
    }


def make_federated(kind: str, name: str, template: object) -> dict[str, object]:
    """Return a federated object that is placed in every cluster."""
    return {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"template": template, "placement": {"clusterSelector": {"matchLabels": {}}}},
    }


if __name__ == "__main__":
    raise SystemExit(main())
