"""Tests of the command `demo`, which the README shows whole (held by another test)."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tests.cli.runs import CommandLine

COMMANDS = [
    "$ kubefedctl init --host-cluster-context cluster1",
    "$ kubefedctl join cluster0 --cluster-context cluster0 --host-cluster-context cluster1 --v=2",
    "$ kubefedctl join cluster1 --cluster-context cluster1 --host-cluster-context cluster1 --v=2",
    "$ kubectl get kubefedclusters -n kube-federation-system",
    "$ kubectl create namespace federate-me",
    "$ kubefedctl federate ns federate-me",
    "$ kubectl apply -n federate-me -f test-deployment1.yaml",
    "$ kubefedctl federate deployment test-deployment1 -n federate-me",
    "$ kubefedctl sync",
]
ENDS = [
    "deleted KubeFedCluster/kube-federation-system/cluster0 in cluster cluster1",
    "$ kubectl --context cluster0 get deployment -n federate-me",
    "NAME               READY   UP-TO-DATE   AVAILABLE",
    "test-deployment1   5/5     5            5",
]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: CommandLine) -> Iterator[Path]:
    """A state folder of its own, in which no demo stays up."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield tmp_path / "kubefedctl" / "sandbox" / "demo" / "kubeconfig"
    cli("sandbox", "down", "demo", code=None)


@pytest.mark.parametrize("before", [None, "/some/config"], ids=["unset", "set"])
def test_demo_shows_the_main_job(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    """Each command stands before its output, and the caller's KUBECONFIG is as it was."""
    if before is not None:
        monkeypatch.setenv("KUBECONFIG", before)
    ran = cli("demo")
    typed = [line for line in ran.lines if line.startswith("$ ")]
    assert COMMANDS == typed[: len(COMMANDS)]
    assert ENDS == ran.lines[-4:]
    assert "No resources found in federate-me namespace." in ran.lines
    assert before == os.environ.get("KUBECONFIG")
    assert "error" not in ran.err


def test_demo_kept_tells_how_to_reach_and_to_stop_it(cli: CommandLine, state: Path) -> None:
    """A second one is refused while the first is up; the hint stops the right one."""
    ran = cli("demo", "--keep")
    assert f"export KUBECONFIG={state}" == ran.lines[-1]
    assert "# The clusters stay up until: kubefedctl sandbox down demo" == ran.lines[-2]
    error, hint = cli.fails("demo", "--keep", code=6)
    assert "a sandbox named demo is up already" == error
    assert "use it, or stop it with `kubefedctl sandbox down demo`" == hint
    cli("sandbox", "down", "demo")


class _Closing:
    """A stream whose reader goes away when it has read a certain line."""

    def __init__(self, stream: TextIO, last: str) -> None:
        self._stream, self._last, self._is_closed = stream, last, False

    def write(self, text: str) -> int:
        """Write, unless the reader has gone."""
        if self._is_closed:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        self._is_closed = re.search(self._last, text) is not None
        return self._stream.write(text)

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()

    def fileno(self) -> int:
        """Return the descriptor of the stream behind it."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether the stream behind it is a terminal."""
        return self._stream.isatty()


def test_demo_ends_with_the_first_command_that_fails(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code is the demo's; here it is that of a closed pipe."""
    stdout = _Closing(sys.stdout, "created Namespace/kube-federation-system")
    monkeypatch.setattr("sys.stdout", stdout)
    ran = cli("demo", "--debug", code=1)
    assert "created Namespace/kube-federation-system in cluster cluster1" == ran.lines[-1]
