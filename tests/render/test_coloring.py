"""Tests of when there is colour, and of where: on verdicts and on the heads of tables."""

from __future__ import annotations

import io

import pytest

from kubefedctl.model.events import ClusterTally, Result, Summary, Verdict
from kubefedctl.model.refs import Subject
from kubefedctl.render.coloring import ColorWish, is_colored
from kubefedctl.render.streams import Stream
from kubefedctl.render.text import TextRenderer

XTERM = {"TERM": "xterm-256color"}


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize(
    ("wish", "environment", "on_terminal", "in_pipe"),
    [
        pytest.param("auto", XTERM, True, False, id="auto"),
        pytest.param("auto", {}, False, False, id="no-term"),
        pytest.param("auto", {"TERM": "dumb"}, False, False, id="dumb"),
        pytest.param("auto", {**XTERM, "NO_COLOR": "1"}, False, False, id="no-color"),
        pytest.param("auto", {**XTERM, "NO_COLOR": "0"}, False, False, id="no-color-any-value"),
        pytest.param("auto", {**XTERM, "NO_COLOR": ""}, True, False, id="no-color-empty"),
        pytest.param("auto", {"FORCE_COLOR": "1"}, True, True, id="forced"),
        pytest.param("auto", {"CLICOLOR_FORCE": "1"}, True, True, id="forced-bsd"),
        pytest.param("auto", {**XTERM, "FORCE_COLOR": "0"}, True, False, id="forced-not"),
        pytest.param("auto", {**XTERM, "CLICOLOR": "0"}, False, False, id="clicolor-off"),
        pytest.param("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False, id="both"),
        pytest.param("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True, id="always"),
        pytest.param("never", {**XTERM, "FORCE_COLOR": "1"}, False, False, id="never"),
    ],
)
def test_colour_is_where_it_is_wanted(
    wish: str, environment: dict[str, str], on_terminal: bool, in_pipe: bool
) -> None:
    """The command line beats the environment, and NO_COLOR all else there."""
    found = [
        is_colored(stream, environment, wish=ColorWish(wish))
        for stream in (_Terminal(), io.StringIO())
    ]
    assert [on_terminal, in_pipe] == found


@pytest.mark.parametrize(
    ("line", "is_head"),
    [
        pytest.param("OBJECT   eu-1   eu-2", True, id="with-names"),
        pytest.param("", False, id="empty"),
        pytest.param("Namespace/SHOP", False, id="object"),
        pytest.param("12 federated objects", False, id="sentence"),
    ],
)
def test_head_is_what_begins_in_capitals(line: str, is_head: bool) -> None:
    """Where a table names its columns."""
    out = io.StringIO()
    Stream(out, color=ColorWish.ALWAYS).write_lines([line])
    assert (f"\x1b[1m{line}\x1b[0m\n" if is_head else f"{line}\n") == out.getvalue()


def test_colour_is_on_verdicts_and_heads_alone() -> None:
    """Taken away, it leaves the very lines of a pipe."""
    events = [
        Result(Verdict.CREATED, Subject("A", "", "a"), "c"),
        Summary((ClusterTally("c", True, {Verdict.CREATED: 1}),), 1),
    ]
    painted, plain = io.StringIO(), io.StringIO()
    for stream, wish in ((painted, ColorWish.ALWAYS), (plain, ColorWish.NEVER)):
        renderer = TextRenderer(stdout=stream, stderr=io.StringIO(), color=wish)
        for event in events:
            renderer.show(event)
    first, head, *rest = painted.getvalue().splitlines()
    assert "\x1b[32mcreated\x1b[0m A/a in cluster c" == first
    assert head.startswith("\x1b[1mCLUSTER   READY   CREATED")
    assert [] == [line for line in rest if "\x1b" in line]
    bare = painted.getvalue()
    for code in ("\x1b[32m", "\x1b[1m", "\x1b[0m"):
        bare = bare.replace(code, "")
    assert plain.getvalue() == bare
