"""How tests of the command line run it: in this process, on sandbox clusters over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubefedctl.cli.app import main
from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.fleet import SandboxFleet

KNS = "kube-federation-system"
HOST, MEMBER = "cluster1", "cluster0"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its results."""
        return self.out.splitlines()

    @property
    def talk(self) -> list[str]:
        """The lines of its talk."""
        return self.err.splitlines()


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The command line, whose output is captured."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, code: int | None = 0) -> Ran:
        """Run `kubefedctl` with *arguments*; its exit code is asserted unless it is None."""
        self.capture.readouterr()
        ended = int(main(list(arguments)))
        out, err = self.capture.readouterr()
        assert "Traceback" not in err or "--debug" in arguments, err
        assert code is None or code == ended, f"exit {ended}\n{out}\n{err}"
        return Ran(ended, out, err)

    def fails(self, *arguments: str, code: int) -> tuple[str, str]:
        """Run a command that fails with *code*; return its one error line and its hint."""
        ran = self(*arguments, code=code)
        errors = [line for line in ran.talk if line.startswith("error: ")]
        hints = [line for line in ran.talk if line.startswith("hint: ")]
        assert len(errors) == 1, ran.err
        assert len(hints) <= 1, ran.err
        return errors[0].removeprefix("error: "), "".join(hints).removeprefix("hint: ")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The clusters `cluster1`, the host and current context, and `cluster0`."""

    fleet: SandboxFleet

    @property
    def host(self) -> SandboxCluster:
        """The host."""
        return self.fleet.clusters[HOST]

    @property
    def member(self) -> SandboxCluster:
        """The other one."""
        return self.fleet.clusters[MEMBER]

    def forget_requests(self) -> None:
        """Empty the audits."""
        for cluster in self.fleet.clusters.values():
            cluster.audit.clear()

    @property
    def writes(self) -> list[str]:
        """What was written since, in any cluster."""
        clusters = self.fleet.clusters.values()
        return [f"{entry.verb} {entry.path}" for c in clusters for entry in c.audit.writes]

    def put(self, plural: str, kind: str, name: str, **content: Any) -> None:
        """Create an object in the host; in namespace `shop` unless it is one itself."""
        metadata = {"name": name, **content.pop("metadata", {})}
        namespace = "" if plural == "namespaces" else "shop"
        if namespace:
            metadata["namespace"] = namespace
        version = content.pop("apiVersion", "v1")
        body = {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
        self.host.create(plural, body, namespace=namespace)


def write_kubeconfig(
    path: Path, server: str, *, user: dict[str, Any] | None = None, names: Iterable[str] = (HOST,)
) -> Path:
    """Write a kubeconfig whose contexts all lead to *server*."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": HOST,
        "contexts": [{"name": n, "context": {"cluster": "c", "user": "u"}} for n in names],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path
