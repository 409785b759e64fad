"""Tests of the command `version`, and of the program's name under kubectl."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from importlib import metadata

import pytest
import yaml

from kubefedctl import __version__
from tests.cli.runs import CommandLine
from tests.completions import KUBEFEDCTL

FIELDS = ["major", "minor", "gitVersion", "pythonVersion", "platform"]


def test_version_is_one_line(cli: CommandLine) -> None:
    """By the command and by the option."""
    line = f"kubefedctl version: {__version__}\n"
    assert (line, line) == (cli("version").out, cli("--version").out)


def test_version_as_json_has_the_fields_of_kubectl(cli: CommandLine) -> None:
    """A program can read it."""
    told = json.loads(cli("version", "-o", "json").out)["clientVersion"]
    assert FIELDS == [name for name in told if name != "gitCommit"]
    assert f"v{__version__}" == told["gitVersion"]
    assert platform.python_version() == told["pythonVersion"]
    assert platform.system().lower() == told["platform"].partition("/")[0]


def test_version_as_yaml_says_the_same(cli: CommandLine) -> None:
    """One document, without a separator, as kubectl prints it."""
    text = cli("version", "--output=yaml").out
    assert text.startswith("clientVersion:\n")
    assert json.loads(cli("version", "-o", "json").out) == yaml.safe_load(text)


class Installed:
    """What pip has recorded of an installed program."""

    def __init__(self, origin: str | None) -> None:
        self._origin = origin

    def read_text(self, filename: str) -> str | None:
        """Return the file that says where it was installed from."""
        return self._origin if filename == "direct_url.json" else None


@pytest.mark.parametrize(
    ("origin", "commit"),
    [
        ('{"vcs_info": {"vcs": "git", "commit_id": "4efd25d"}}', "4efd25d"),
        ('{"dir_info": {"editable": true}}', None),
        ('{"vcs_info": {"commit_id": 7}}', None),
        ("[]", None),
        ("{", None),
        (None, None),
    ],
    ids=["git", "folder", "number", "list", "broken", "registry"],
)
def test_version_names_the_commit_where_pip_knows_it(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, origin: str | None, commit: str | None
) -> None:
    """What is not known is left out."""
    monkeypatch.setattr(metadata, "distribution", lambda name: Installed(origin))
    told = json.loads(cli("version", "-o", "json").out)["clientVersion"]
    assert commit == told.get("gitCommit")


def test_version_of_a_program_that_is_not_installed(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run from a folder, it has a version all the same."""

    def refuse(name: str) -> Installed:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", refuse)
    told = json.loads(cli("version", "-o", "json").out)["clientVersion"]
    assert FIELDS == list(told)


def test_version_in_another_form_is_a_usage_error(cli: CommandLine) -> None:
    """The choices are named."""
    assert "'json', 'yaml'" in cli("version", "-o", "xml", code=2).err


@pytest.fixture
def kubectl() -> list[str]:
    """Real kubectl, which finds the program beside the console script."""
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("there is no kubectl on PATH")
    return [found, "kubefed"]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    path = f"{KUBEFEDCTL.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_kubectl_runs_it_as_a_plugin(kubectl: list[str]) -> None:
    """The same program, with its arguments and its exit code."""
    ran = _run([*kubectl, "version"])
    assert (0, f"kubefedctl version: {__version__}\n") == (ran.returncode, ran.stdout)


def test_plugin_names_itself_as_it_was_typed(kubectl: list[str]) -> None:
    """Usage lines can be copied."""
    assert _run([*kubectl, "--help"]).stdout.startswith("Usage: kubectl kubefed [OPTIONS]")
    ran = _run([*kubectl, "join"])
    assert 2 == ran.returncode
    assert ran.stderr.startswith("Usage: kubectl kubefed join ")


def test_plugin_hands_out_completion_for_the_program(kubectl: list[str]) -> None:
    """A shell completes kubefedctl; kubectl's own words are kubectl's to complete."""
    plugin = _run([*kubectl, "--show-completion", "bash"])
    program = _run([str(KUBEFEDCTL), "--show-completion", "bash"])
    assert program.stdout == plugin.stdout
