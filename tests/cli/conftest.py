"""Sandbox clusters in three states, and the command line with their kubeconfig."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubefedctl.sandbox.fleet import SandboxFleet
from tests.cli.runs import HOST, MEMBER, CommandLine, Sandbox


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line, without any cluster."""
    return CommandLine(capsys)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Two clusters without anything of KubeFed."""
    with SandboxFleet([HOST, MEMBER]) as fleet:
        monkeypatch.setenv("KUBECONFIG", str(fleet.kubeconfig))
        yield Sandbox(fleet)


@pytest.fixture
def ready(bare: Sandbox, cli: CommandLine) -> Sandbox:
    """The same with the KubeFed API on the host and a namespace `shop` in it."""
    cli("init")
    bare.put("namespaces", "Namespace", "shop")
    return bare


@pytest.fixture
def joined(ready: Sandbox, cli: CommandLine) -> Sandbox:
    """The same with `cluster0` joined."""
    cli("join", MEMBER)
    return ready
