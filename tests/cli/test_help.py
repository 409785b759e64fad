"""Tests of the help: grouped by task, examples that parse, lines that fit a terminal."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
from typer.testing import CliRunner

from kubefedctl.cli.app import app
from kubefedctl.cli.arguments import rewrite_arguments
from kubefedctl.cli.grouping import TASKS, is_option
from tests.completions import commands

COMMANDS = dict(commands())
LEAVES = {name: found for name, found in COMMANDS.items() if not getattr(found, "commands", {})}
COLUMNS = 80
_SHELL = re.compile(r'^eval "\$\((.*)\)"$')


def _help_of(name: str) -> str:
    width = {"COLUMNS": str(COLUMNS), "TERMINAL_WIDTH": str(COLUMNS)}
    return CliRunner(env=width).invoke(app, [*name.split(), "--help"]).output


def _examples(command: Any) -> list[list[str]]:
    """The words of each example behind the program's name, up to what another program gets."""
    found = []
    for paragraph in (command.help or "").split("\n\n"):
        text = " ".join(paragraph.split())
        if text.startswith("Example: "):
            words = shlex.split(_SHELL.sub(r"\1", text.removeprefix("Example: ")))
            found.append(words[: words.index("--")] if "--" in words else words)
    return found


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_eighty_columns(name: str) -> None:
    """No line is longer than the terminals that most people have."""
    assert [] == [line for line in _help_of(name).splitlines() if len(line) > COLUMNS]


def test_help_lists_every_command_under_its_task() -> None:
    """The tasks stand in their order, each command once."""
    text = _help_of("")
    places = [text.index(f"\n{task}:\n") for task in TASKS]
    assert sorted(places) == places
    lists = text[places[0] :]
    top = [name for name in COMMANDS if " " not in name]
    assert sorted(top) == sorted(re.findall(r"^  ([a-z-]+)  ", lists, flags=re.MULTILINE))
    assert "  init  " in text[places[0] : places[1]]
    assert "  orphaning-deletion  " in text[places[2] : places[3]]


@pytest.mark.parametrize("name", ["", *sorted(set(COMMANDS) - set(LEAVES))])
def test_help_of_a_group_cuts_no_summary(name: str) -> None:
    """Each command's one line is whole at eighty columns."""
    title = TASKS[0] if not name else "Commands"
    assert "..." not in _help_of(name).split(f"\n{title}:\n")[1]


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("join", "CLUSTER_NAME"),
        ("enable", "[TYPE...]"),
        ("disable", "TYPE..."),
        ("migrate", "[TYPE] [NAME]"),
        ("sync", "[TYPE[/NAME]...]"),
        ("sandbox run", "CMD..."),
    ],
)
def test_usage_writes_arguments_as_a_person_does(name: str, usage: str) -> None:
    """Brackets stand around what may be left out, dots behind what may be repeated."""
    first = _help_of(name).splitlines()[0]
    assert f"{name} [OPTIONS] {usage}" in first
    assert first.endswith(usage)


@pytest.mark.parametrize("name", LEAVES)
def test_help_says_of_each_argument_what_it_is(name: str) -> None:
    """A word and a sentence for each; no type of Python, which nobody types."""
    arguments = [found for found in LEAVES[name].params if not is_option(found)]
    for found in arguments:
        assert re.search(rf"^  {re.escape(found.metavar)}  +\S", _help_of(name), re.MULTILINE)
    assert [] == re.findall(r"<(?:str|int|list)\b[^|>]*>", _help_of(name))


@pytest.mark.parametrize("name", LEAVES)
def test_examples_parse(name: str) -> None:
    """Every option of an example is one of that command, and its values are accepted."""
    examples = _examples(LEAVES[name])
    assert [] != examples
    for program, *words in examples:
        assert "kubefedctl" == program
        given = rewrite_arguments(words)
        assert name.split() == given[: len(name.split())]
        rest = given[len(name.split()) :]
        if name == "sandbox run":
            rest = [*rest, "true"]
        LEAVES[name].make_context(name, rest)
