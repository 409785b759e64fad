"""Tests of `sync --shard` on the command line; what a shard does is tested in tests/ops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kubefedctl.model.refs import Key
from kubefedctl.model.shards import Shard
from tests.cli.runs import CommandLine, Sandbox


@pytest.fixture
def shop(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """A namespace with a ConfigMap, federated and not yet synced."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")
    return joined


def _numbers() -> tuple[int, int]:
    """The shard of two that has the namespace, and the other one."""
    mine = 1 if Shard(1, 2).holds(Key("shop", "cm")) else 2
    return mine, 3 - mine


def test_shard_is_taken_from_where_it_is_said(
    shop: Sandbox, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment counts with auto alone; each shard says how much it looked at."""
    mine, other = _numbers()
    monkeypatch.setenv("CI_NODE_INDEX", str(other))
    monkeypatch.setenv("CI_NODE_TOTAL", "2")
    assert (
        "0 federated objects over 1 cluster, 0 changes made"
        == (cli("sync", "--shard", "auto").lines[-1])
    )
    monkeypatch.delenv("CI_NODE_INDEX")
    monkeypatch.setenv("JOB_COMPLETION_INDEX", str(mine - 1))
    ran = cli("sync", "--shard=auto/2", "--v=2")
    assert f"looking at shard {mine}/2" in ran.talk
    assert "2 federated objects over 1 cluster, 2 changes made" == ran.lines[-1]
    # NB: an ordinary sync is a whole one, whatever the job is parallel for
    assert "2 federated objects over 1 cluster, 0 changes made" == cli("sync").lines[-1]


def test_shard_that_is_none_asks_no_cluster(cli: CommandLine) -> None:
    """It is told what may be written."""
    error, hint = cli.fails("sync", "--shard", "3/2", code=3)
    assert "--shard 3/2: there is no shard 3 of 2" == error
    assert "shards are counted from 1, up to 1000 of them" == hint


def test_plan_keeps_its_shard(shop: Sandbox, cli: CommandLine, tmp_path: Path) -> None:
    """It is carried out with it, and with no other one."""
    mine, other = _numbers()
    file = tmp_path / "plan.json"
    cli("sync", "--plan-out", str(file), "--shard", f"{mine}/2")
    assert f"{mine}/2" == json.loads(file.read_text())["options"]["shard"]
    ran = cli("sync", "--plan", str(file), "--shard", f"{other}/2", code=2)
    assert "made with another one" in ran.err
    ran = cli("sync", "--plan", str(file), "--v=2")
    assert f"looking at shard {mine}/2" in ran.talk
    assert "2 changes made" in ran.lines[-1]
