"""
Clusters for end-to-end tests: the sandbox or real control planes behind one face.

A test is written once and runs on both. It drives the installed console script in a subprocess and
looks at the clusters with requests of its own, never through the program under test.
"""

from __future__ import annotations

import base64
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml

from kubefedctl.sandbox.fleet import SandboxFleet
from tests.controlplanes.waiting import await_true
from tests.controlplanes.wire import Endpoint

KUBEFEDCTL = Path(sys.executable).parent / "kubefedctl"
KNS = "kube-federation-system"
MERGE = "application/merge-patch+json"
_BUSY = 429
_CUSTOM = (".kubefed.io", ".example.com")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command of the program printed, and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        """The lines of its results."""
        return self.stdout.splitlines()


@dataclass(frozen=True, slots=True)
class Api:
    """One cluster as its administrator sees it."""

    endpoint: Endpoint

    def get(self, path: str) -> Any:
        """Return the object at *path*, or None where there is none."""
        self._await_storage(path)
        answer = self.endpoint.send("GET", path)
        if answer.status == 404:
            return None
        assert answer.status == 200, answer.body[:500]
        return answer.parse()

    def create(self, path: str, body: Any) -> Any:
        """Create and return an object."""
        self._await_storage(path)
        return self.endpoint.ask("POST", path, body=body)

    def merge(self, path: str, body: Any) -> Any:
        """Merge-patch and return an object."""
        return self.endpoint.ask("PATCH", path, body=body, content_type=MERGE)

    def delete(self, path: str) -> Any:
        """Delete an object."""
        return self.endpoint.ask("DELETE", path)

    def _await_storage(self, path: str) -> None:
        """Wait until the storage of a CRD that was made or changed just now is ready."""
        if path.split("/")[2:3] and path.split("/")[2].endswith(_CUSTOM):
            await_true(lambda: self.endpoint.send("GET", path).status != _BUSY, seconds=60)

    def names(self, path: str, *, selector: str = "") -> list[str]:
        """Return the names in a collection, sorted."""
        query = f"?labelSelector={quote(selector)}" if selector else ""
        return sorted(item["metadata"]["name"] for item in self.get(path + query)["items"])


@dataclass(frozen=True, slots=True)
class Clusters:
    """A fleet under test: `cluster0`, `cluster1` (the host, a member too), `cluster2`."""

    names: tuple[str, ...]
    kubeconfig: Path
    env: Mapping[str, str]
    folder: Path
    sandbox: SandboxFleet | None = None
    apis: dict[str, Api] = field(default_factory=dict)

    def api(self, name: str) -> Api:
        """Return the cluster of a context, as the kubeconfig's user sees it."""
        if name not in self.apis:
            self.apis[name] = Api(endpoint_of(self.kubeconfig, name, self.folder))
        return self.apis[name]

    @property
    def is_real(self) -> bool:
        """Whether these are real control planes."""
        return self.sandbox is None

    @property
    def host(self) -> Api:
        """The host cluster."""
        return self.api("cluster1")

    def run(self, *arguments: str, code: int | None = 0, stdin: str = "") -> Ran:
        """
        Run the console script; the host is cluster1 unless *arguments* say otherwise, or files.

        Args:
            arguments: Arguments of `kubefedctl`.
            code: The exit code that is asserted; None for any.
            stdin: What it reads.
        """
        given = list(arguments)
        syncs_files = given[:1] in (["sync"], ["diff"]) and "-f" in given
        has_no_host = given[:1] == ["version"] or syncs_files
        if "--host-cluster-context" not in given and not has_no_host:
            given += ["--host-cluster-context", "cluster1"]
        done = subprocess.run(
            [str(KUBEFEDCTL), *given],
            env=dict(self.env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in ran.stderr, ran.stderr
        assert code is None or ran.code == code, f"exit {ran.code}\n{ran.stdout}\n{ran.stderr}"
        return ran

    def set_up(self, *members: str) -> None:
        """Install the API on the host and join *members*; all of them by default."""
        self.run("init")
        for name in members or self.names:
            self.run("join", name)


def endpoint_of(kubeconfig: Path, context: str, folder: Path) -> Endpoint:
    """Return the API server of *context*, with the client certificate of its user."""
    config = yaml.safe_load(kubeconfig.read_text())
    chosen = _named(config["contexts"], context)["context"]
    cluster = _named(config["clusters"], chosen["cluster"])["cluster"]
    user = _named(config["users"], chosen["user"])["user"]
    tls = ssl.create_default_context(
        cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
    )
    pair = folder / f"{context}.pem"
    pair.touch(mode=0o600)
    pair.write_bytes(
        base64.b64decode(user["client-certificate-data"])
        + b"\n"
        + base64.b64decode(user["client-key-data"])
    )
    tls.load_cert_chain(pair)
    port = urlsplit(cluster["server"]).port
    assert port is not None
    return Endpoint(port, tls, timeout=30)


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)
