"""Tests of making texts harmless."""

from __future__ import annotations

import io

import pytest

from kubefedctl.model.changes import Comparison, FieldChange, ObjectChanges, SharedChange
from kubefedctl.model.events import Compared
from kubefedctl.render.escaping import escape_commands
from kubefedctl.render.text import TextRenderer
from tests.render.made_reports import CONF


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("created a::b", "created a::b", id="harmless"),
        pytest.param("::error::x", "\\x3a:error::x", id="command"),
        pytest.param(" \u2003 ::x::", " \u2003 \\x3a:x::", id="behind-spaces"),
        pytest.param("a ##[set-env name=x]y", "a #\\x23[set-env name=x]y", id="old"),
        pytest.param("###vso[task.x]", "##\\x23vso[task.x]", id="azure"),
        pytest.param("## Title", "## Title", id="title"),
    ],
)
def test_commands_of_ci_systems_are_written_out(line: str, expected: str) -> None:
    """Where a runner would follow them."""
    assert expected == escape_commands(line)


def test_lines_of_a_text_are_no_commands() -> None:
    """The line beside one that changes is shown as it is, but for that."""
    field = FieldChange("data.a", "::stop-commands::x\nb", "::stop-commands::x\nc")
    change = SharedChange("update", ("c1",), (field,))
    out = io.StringIO()
    renderer = TextRenderer(stdout=out, stderr=io.StringIO())
    renderer.show(Compared(Comparison((ObjectChanges(CONF, ("c1",), (change,)),), 1)))
    assert "        \\x3a:stop-commands::x" in out.getvalue().splitlines()
