"""Tests of the options of a rollout: what they become, and what does not go together."""

from __future__ import annotations

import pytest

from tests.cli.runs import MEMBER, CommandLine, Sandbox


def _federate(sandbox: Sandbox, cli: CommandLine) -> None:
    sandbox.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")


@pytest.mark.parametrize("flags", [["--wait"], ["--wait=current"], ["--waves", "*"]])
def test_waiting_for_what_is_ready_at_once_ends_well(
    joined: Sandbox, cli: CommandLine, flags: list[str]
) -> None:
    """A ConfigMap is ready when it is there."""
    _federate(joined, cli)
    assert cli("sync", *flags).lines[-1].endswith("2 changes made")


def test_waves_are_told_and_are_a_column(joined: Sandbox, cli: CommandLine) -> None:
    """Also in a dry run, which waits for nothing."""
    _federate(joined, cli)
    for more in (["--dry-run"], ["--dry-run=server"], []):
        ran = cli("sync", "--waves", f"canary={MEMBER},*", *more)
        assert f"wave canary: {MEMBER}" in ran.talk
        assert "CLUSTER    WAVE     READY   CREATED   UNCHANGED   FAILED" in ran.lines


@pytest.mark.parametrize(
    ("waves", "expected"),
    [
        ("nobody", "--waves names clusters that are not registered: nobody"),
        ("label:a=b", f"--waves leaves out {MEMBER}"),
        ("101%", "'101%' is no cluster of a wave"),
    ],
)
def test_waves_that_do_not_fit_are_an_error_of_input(
    joined: Sandbox, cli: CommandLine, waves: str, expected: str
) -> None:
    """Nothing is written to any member."""
    del joined
    assert expected == cli.fails("sync", "--waves", waves, code=3)[0]


def test_watch_has_no_end_to_tell_by(cli: CommandLine) -> None:
    """It is a wrong command line."""
    assert "--exit-code" in cli("status", "--watch", "--exit-code", code=2).err


@pytest.mark.parametrize("flag", ["--waves", "--plan", "--plan-out", "--max-deletes", "-f"])
def test_option_that_holds_a_sync_back_is_never_empty(cli: CommandLine, flag: str) -> None:
    """A script whose variable is not set would write everything at once, unreviewed."""
    name = "--filename" if flag == "-f" else flag
    assert f"Invalid value for {name}: it is empty" in cli("sync", flag, "", code=2).err
