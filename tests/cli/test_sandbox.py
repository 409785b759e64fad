"""Tests of the commands `sandbox up|down|list|run`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.runs import CommandLine

EMPTY = "NAME   STATE   CLUSTERS   KUBECONFIG\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: CommandLine) -> Iterator[Path]:
    """A state folder of its own, in which nothing stays up."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state dir"))
    yield tmp_path / "state dir" / "kubefedctl" / "sandbox"
    for name in ("default", "two"):
        cli("sandbox", "down", name, code=None)


def test_sandbox_comes_up_and_goes_down(
    cli: CommandLine, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that a shell evaluates stands alone on stdout; the clusters take commands."""
    ran = cli("sandbox", "up")
    assert "sandbox default is up: cluster0, cluster1\n" == ran.err
    kubeconfig = state / "default" / "kubeconfig"
    assert f"export KUBECONFIG='{kubeconfig}'\n" == ran.out
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    assert "(dry run)" in cli("init", "--dry-run", "--host-cluster-context", "cluster1").lines[0]
    _check_again(cli, kubeconfig)
    ran = cli("sandbox", "down")
    assert ("", "sandbox default is down\n") == (ran.out, ran.err)
    assert EMPTY == cli("sandbox", "list").out


def _check_again(cli: CommandLine, kubeconfig: Path) -> None:
    header, row = cli("sandbox", "list").lines
    assert ["NAME", "STATE", "CLUSTERS", "KUBECONFIG"] == header.split()
    assert f"default up cluster0,cluster1 {kubeconfig}" == re.sub(" {2,}", " ", row)
    error, hint = cli.fails("sandbox", "up", code=6)
    assert "a sandbox named default is up already" == error
    assert "use it, or stop it with `kubefedctl sandbox down`" == hint


def test_sandbox_that_died_is_listed_and_cleared_away(cli: CommandLine, state: Path) -> None:
    """A crash leaves nothing that the next `up` minds."""
    cli("sandbox", "up", "two", "--clusters", "a, b")
    content = (state / "two" / "sandbox.json").read_text()
    pid = int(re.findall(r'"pid": (\d+)', content)[0])
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert "dead" == cli("sandbox", "list").lines[1].split()[1]
    cli("sandbox", "down", "two")
    assert EMPTY == cli("sandbox", "list").out


def test_sandbox_run_ends_as_its_command(cli: CommandLine) -> None:
    """The command's exit code is the exit code, and it finds the clusters by KUBECONFIG."""
    words = "import os, sys; sys.exit(40 + open(os.environ['KUBECONFIG']).read().count('https:'))"
    cli("sandbox", "run", "--clusters", "a,b,c", "--", sys.executable, "-c", words, code=43)


def test_sandbox_run_leaves_the_commands_arguments_alone(tmp_path: Path) -> None:
    """What stands behind `--` is not rewritten."""
    words = "import sys; print(sys.argv[1:])"
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "kubefedctl", "sandbox", "run", "--", sys.executable, "-c"),
            *(words, "-v=2", "--dry_run", "--logtostderr", "--debug"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ("['-v=2', '--dry_run', '--logtostderr', '--debug']\n", "") == (ran.stdout, ran.stderr)


@pytest.mark.parametrize(
    ("arguments", "words", "hint"),
    [
        pytest.param(
            ["down"], "no sandbox named default is up", "kubefedctl sandbox list", id="down"
        ),
        pytest.param(["up", "No_Name"], "'No_Name' is no name for a sandbox", "", id="name"),
        pytest.param(["up", "--clusters", "a,a"], "each once", "", id="twice"),
        pytest.param(
            ["up", "--clusters", "a,,b"],
            "'a,,b' does not name clusters",
            "give names like cluster0,cluster1",
            id="gap",
        ),
        pytest.param(["run", "--clusters", "a,a", "--", "true"], "each once", "", id="run-twice"),
        pytest.param(
            ["run", "--", "/none"],
            "cannot run /none: no such file or directory",
            "give a command that is on PATH after --",
            id="no-command",
        ),
    ],
)
def test_sandbox_input_errors_are_one_line(
    cli: CommandLine, arguments: list[str], words: str, hint: str
) -> None:
    """Each with its hint, where there is a next step."""
    error, given = cli.fails("sandbox", *arguments, code=3)
    assert words in error
    assert hint == given


def test_sandbox_run_without_a_command_is_a_usage_error(cli: CommandLine) -> None:
    """The parser says what is missing."""
    assert "CMD" in cli("sandbox", "run", code=2).err


@pytest.mark.parametrize("command", [["sandbox", "up"], ["demo", "--keep"]], ids=["up", "demo"])
def test_sandbox_without_a_folder_for_its_state_says_so(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """A read-only home is no bug of ours."""
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null/state")
    error, hint = cli.fails(*command, code=3)
    assert "the sandbox cannot use /dev/null/state/kubefedctl/sandbox: not a directory" == error
    assert "point XDG_STATE_HOME and TMPDIR to folders that can be written" == hint
