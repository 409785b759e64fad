"""
Prose that can rot is executed or compared: README, reference, tutorial, completions, changelog.

Not here: the layer table of docs/architecture.md (`test_architecture`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from kubefedctl import __version__
from kubefedctl.cli.app import app
from kubefedctl.cli.grouping import is_option
from kubefedctl.errors import EXIT_CODE_MEANINGS, ExitCode
from kubefedctl.model.rules import RULES
from tests.completions import (
    KUBEFEDCTL,
    ROOT,
    commands,
    first_sentence,
    generated_files,
)
from tests.controlplanes.fixtures import is_ci
from tests.transcripts import (
    README,
    TUTORIAL,
    normalise,
    read_blocks,
    read_demo_block,
    run_blocks,
    run_demo,
    stop_sandbox,
)

DOCS = sorted((ROOT / "docs").rglob("*.md"))
COMMANDS = dict(commands())
PARTS = {name: found for name, found in COMMANDS.items() if not getattr(found, "commands", {})}
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_VERSION = re.compile(r"^## \[([^\]]+)\]", re.MULTILINE)


def _title(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _help_of(name: str) -> str:
    width = {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}
    return CliRunner(env=width).invoke(app, [*name.split(), "--help"]).output


# --- generated -----------------------------------------------------------------------------------


def test_generated_files_are_as_the_program_is() -> None:
    """Completion scripts, reference pages and README tables are what `make completions` writes."""
    stale = [
        _title(path)
        for path, text in generated_files().items()
        if not path.exists() or path.read_text() != text
    ]
    assert [] == stale, "run `make completions`"


def test_readme_command_table_has_each_command_with_its_help_line() -> None:
    """A person finds every command in the README, in the words of `--help`."""
    readme = README.read_text()
    rows = {f"| `kubefedctl {name}` | {first_sentence(found)} |" for name, found in PARTS.items()}
    assert set() == {row for row in rows if row not in readme}


@pytest.mark.parametrize("path", [README, ROOT / "docs/reference/exit-codes.md"], ids=_title)
def test_exit_code_table_has_each_code_with_its_meaning(path: Path) -> None:
    """Every exit code is explained where people look for it."""
    text = path.read_text()
    assert list(ExitCode) == list(EXIT_CODE_MEANINGS)
    rows = {f"| {code.value} | {meaning} |" for code, meaning in EXIT_CODE_MEANINGS.items()}
    assert set() == {row for row in rows if row not in text}


def test_check_page_has_each_rule_as_the_program_has_it() -> None:
    """Number, name, severity and meaning; and none that is no more."""
    text = (ROOT / "docs" / "check.md").read_text()
    table = text.partition("<!-- begin rules -->")[2].partition("<!-- end rules -->")[0]
    rows = [f"| {r.id} | {r.name} | {r.severity} | {r.meaning} | {r.consequence} |" for r in RULES]
    assert rows == [line for line in table.splitlines() if line.startswith("| KF")]


@pytest.mark.parametrize("name", PARTS)
def test_command_help_has_an_example_of_that_command(name: str) -> None:
    """Every command explains itself and shows one use."""
    paragraphs = (PARTS[name].help or "").split("\n\n")
    examples = [text for text in paragraphs if text.startswith("Example: ")]
    assert 1 <= len(examples)
    shown = _help_of(name)
    for example in examples:
        assert f"kubefedctl {name}" in example
        # NB: a line that the terminal's width breaks at a dash is not what one can copy
        assert example in shown


@pytest.mark.parametrize(("name", "command"), COMMANDS.items(), ids=COMMANDS)
def test_help_shows_all_that_the_reference_describes(name: str, command: Any) -> None:
    """The reference is made from the commands' options; `--help` shows the same ones."""
    shown = _help_of(name)
    spelled = {word for found in command.params if is_option(found) for word in found.opts}
    assert set() == {word for word in spelled if word not in shown}


@pytest.mark.parametrize(("name", "command"), COMMANDS.items(), ids=COMMANDS)
def test_reference_names_the_value_of_each_option_that_takes_one(name: str, command: Any) -> None:
    """What may stand behind a flag is half of how to use it."""
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    takers = [found for found in command.params if is_option(found) and not found.is_flag]
    assert [] == [found.opts[0] for found in takers if f"`{found.opts[0]}`" in part]


# --- completion ----------------------------------------------------------------------------------


def _complete(words: str, position: int) -> list[str]:
    environment = {
        **os.environ,
        "_KUBEFEDCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(position),
    }
    ran = subprocess.run(
        [KUBEFEDCTL], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return ran.stdout.split()


def test_completion_of_nothing_lists_the_commands() -> None:
    """Tab after the program's name offers every command."""
    top = [name for name in COMMANDS if " " not in name]
    assert top == _complete("kubefedctl ", 1)


def test_completion_of_a_dash_lists_the_options() -> None:
    """Tab after two dashes offers the options of that command."""
    assert ["--host-cluster-name", "--host-cluster-context"] == _complete("kubefedctl join --ho", 2)


def test_completion_script_for_bash_completes_in_bash() -> None:
    """The script in the repository, sourced, completes a command's name."""
    script = (
        f"source {ROOT}/completions/kubefedctl.bash;"
        "COMP_WORDS=(kubefedctl fed); COMP_CWORD=1;"
        '_kubefedctl_completion kubefedctl; echo "${COMPREPLY[@]}"'
    )
    path = f"{KUBEFEDCTL.parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "federate\n" == ran.stdout


# --- executed ------------------------------------------------------------------------------------


def test_readme_demo_is_what_the_demo_prints(tmp_path: Path) -> None:
    """The transcript in the README is a run of the demo, but for times and generated names."""
    shown = read_demo_block(README.read_text())
    assert normalise(shown) == normalise(run_demo(tmp_path).lstrip())


@pytest.mark.parametrize("page", [TUTORIAL, ROOT / "docs/without-a-host.md"], ids=_title)
def test_tutorial_commands_print_what_it_shows(page: Path, tmp_path: Path) -> None:
    """Who types a tutorial's commands from top to bottom sees what it shows."""
    if shutil.which("kubectl") is None:
        if is_ci(os.environ):
            pytest.fail("the tutorial needs kubectl, which is not on PATH", pytrace=False)
        pytest.skip("the tutorial needs kubectl, which is not on PATH")
    blocks = list(read_blocks(page.read_text()))
    try:
        ran = run_blocks(blocks, folder=tmp_path)
    finally:
        stop_sandbox(tmp_path)
    expected = [(found.commands, 0, normalise(found.shown or "")) for found in blocks]
    printed = [
        (found.block.commands, found.code, normalise(found.output) if found.block.shown else "")
        for found in ran
    ]
    assert expected == printed


# --- the rest ------------------------------------------------------------------------------------


def test_changelog_newest_version_is_the_programs() -> None:
    """The changelog speaks of the version at hand; only `Unreleased` may stand above it."""
    versions = _VERSION.findall((ROOT / "docs" / "changelog.md").read_text())
    assert __version__ == next(found for found in versions if found != "Unreleased")
    assert versions[0] in ("Unreleased", __version__)


@pytest.mark.parametrize("path", [README, *DOCS], ids=_title)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    """A relative link names a file of the repository."""
    targets = [found for found in _LINK.findall(path.read_text()) if "://" not in found]
    assert [] == [found for found in targets if not (path.parent / found).exists()]


@pytest.mark.parametrize("path", DOCS, ids=_title)
def test_each_page_is_linked_from_the_readme(path: Path) -> None:
    """Nobody has to look through folders for a page."""
    assert f"({path.relative_to(ROOT)})" in README.read_text()


@pytest.mark.parametrize("path", [README, *DOCS], ids=_title)
def test_pages_name_no_folder_of_the_machine_they_were_written_on(path: Path) -> None:
    """Transcripts do not leak where they were made."""
    assert [] == re.findall(r"/(?:home|root|tmp|Users)/", path.read_text())


def test_contributing_tells_of_each_make_target() -> None:
    """The table of targets is the Makefile's."""
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = (ROOT / "docs" / "contributing.md").read_text()
    assert {"demo", "test"} <= targets
    assert set() == {found for found in targets if f"| `make {found}` |" not in told}


def test_each_departure_from_kubefed_says_why() -> None:
    """A departure without a reason is a bug with a document."""
    text = (ROOT / "docs" / "compatibility.md").read_text()
    items = [" ".join(item.split()) for item in re.split(r"^- ", text, flags=re.MULTILINE)]
    departures = [item for item in items if item.startswith("Unlike ")]
    assert len(departures) > 30
    assert [] == [item for item in departures if "because" not in item]
