"""Fleets and long-running sandboxes: start, trouble on demand, end, and what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from kubefedctl.sandbox import daemon
from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.fleet import SandboxError, SandboxFleet
from tests.sandbox.wire import CONFIG_MAPS, Client


@pytest.fixture(scope="module")
def fleet() -> Iterator[SandboxFleet]:
    """Two clusters."""
    with SandboxFleet(["cluster0", "cluster1"]) as fleet:
        yield fleet


@pytest.fixture
def cluster(fleet: SandboxFleet) -> Iterator[SandboxCluster]:
    """The first of them, healthy again afterwards."""
    yield fleet.clusters["cluster0"]
    fleet.clusters["cluster0"].faults.clear()
    fleet.accept("cluster0")


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_kubeconfig_is_private_and_first_name_is_current(fleet: SandboxFleet) -> None:
    """The kubeconfig has one context each, and only its owner may read it."""
    assert stat.S_IMODE(fleet.kubeconfig.stat().st_mode) == 0o600
    document = json.loads(fleet.kubeconfig.read_text())
    assert document["current-context"] == "cluster0"
    assert ["cluster0", "cluster1"] == [item["name"] for item in document["contexts"]]


def test_clusters_are_apart(fleet: SandboxFleet) -> None:
    """A token of one cluster is nothing to another, and neither are objects."""
    one, other = fleet.clusters["cluster0"], fleet.clusters["cluster1"]
    one.create("configmaps", {"metadata": {"name": "mine"}}, namespace="default")
    assert other.get("configmaps", "mine", namespace="default") is None
    client = Client(other, token=one.token)
    assert client.send("GET", CONFIG_MAPS)[0] == 401
    client.close()


def test_injected_failure_ends_after_its_times(cluster: SandboxCluster) -> None:
    """A failure meets matching requests as often as asked."""
    client = Client(cluster, token=cluster.token)
    cluster.faults.fail(503, matching=lambda info: info.verb == "list", times=1, retry_after=1)
    assert client.send("GET", "/readyz")[0] == 200
    code, status = client.send("GET", CONFIG_MAPS)
    assert (code, status["reason"]) == (503, "ServiceUnavailable")
    assert client.send("GET", CONFIG_MAPS)[0] == 200
    client.close()


def test_refused_connection_and_back(fleet: SandboxFleet, cluster: SandboxCluster) -> None:
    """A cluster that refuses is unreachable, and the same again when it accepts."""
    fleet.refuse("cluster0")
    client = Client(cluster, token=cluster.token)
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        client.send("GET", "/readyz")
    fleet.accept("cluster0")
    assert client.send("GET", "/readyz") == (200, "ok")
    client.close()


@pytest.mark.parametrize("names", [[], ["a", "a"], [""]], ids=["none", "twice", "empty"])
def test_bad_names_are_refused(names: list[str]) -> None:
    """A fleet needs names, each once."""
    with pytest.raises(SandboxError):
        SandboxFleet(names)


def test_closed_fleet_leaves_nothing() -> None:
    """After close the port is shut and the folder gone; closing again does nothing."""
    fleet = SandboxFleet(["one"])
    fleet.close()
    fleet.close()
    assert not fleet.directory.exists()
    client = Client(fleet.clusters["one"])
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        client.send("GET", "/readyz")
    client.close()


def test_daemon_is_up_until_down(state: Path) -> None:
    """A sandbox answers when `up` returns, is listed, can't be started twice, and is gone after."""
    sandbox = daemon.up("dev", ["one", "two"])
    try:
        assert sandbox.is_running
        assert stat.S_IMODE(sandbox.directory.stat().st_mode) == 0o700
        modes = {stat.S_IMODE(path.stat().st_mode) for path in sandbox.directory.iterdir()}
        assert modes == {0o600}
        assert ["dev"] == [item.name for item in daemon.list_sandboxes()]
        with pytest.raises(daemon.AlreadyUpError):
            daemon.up("dev", ["one"])
    finally:
        daemon.down("dev")
    assert daemon.list_sandboxes() == ()
    assert not sandbox.directory.exists()
    with pytest.raises(daemon.NotUpError):
        daemon.down("dev")


def test_crashed_daemon_is_seen_and_replaced(state: Path) -> None:
    """What a killed process leaves is listed as not running, and no obstacle to the next."""
    first = daemon.up("dev", ["one"])
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while daemon.find("dev").is_running:
        assert time.monotonic() < deadline
    second = daemon.up("dev", ["one"])
    assert second.pid != first.pid
    daemon.down("dev")


@pytest.mark.parametrize("name", ["", "../x", "Up", "a b"])
def test_daemon_refuses_bad_names(state: Path, name: str) -> None:
    """A name must be fit for a folder."""
    with pytest.raises(daemon.DaemonError):
        daemon.up(name, ["one"])


@pytest.mark.parametrize(
    ("script", "code"),
    [("import os; assert os.path.exists(os.environ['KUBECONFIG']); raise SystemExit(7)", 7),
     ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143)],
    ids=["exit", "signal"],
)  # fmt: skip
def test_run_returns_code_of_command(script: str, code: int) -> None:
    """The command finds its clusters by KUBECONFIG, and its exit code is handed on."""
    assert code == daemon.run([sys.executable, "-c", script], ["one"])


def test_run_without_such_command_is_an_error() -> None:
    """A command that is not there is named."""
    with pytest.raises(daemon.CommandError, match="no-such-command"):
        daemon.run(["no-such-command"], ["one"])
