"""Tests of a federation that is watched: in place, in a pipe, for programs."""

from __future__ import annotations

import io
import json
import os
import re
from typing import Any

import pytest
import yaml

from kubefedctl.model.events import Output
from kubefedctl.model.refs import Subject
from kubefedctl.model.situations import (
    Cell,
    ClusterSituation,
    Glance,
    ObjectSituation,
    Situation,
    TypeSituation,
)
from kubefedctl.render.text import Telling, TextRenderer
from kubefedctl.render.watched import Watched, condense, cut_middle

AT = "2026-01-02T03:04:05Z"


class _Terminal(io.StringIO):
    """A stream that says it is a terminal, of unknown size."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say so."""
        return True


def _situation(word: str = "ok", objects: int = 1, types: int = 1) -> Situation:
    return Situation(
        (ClusterSituation("c1", True),),
        tuple(TypeSituation(f"t{number}", True, number) for number in range(types)),
        tuple(
            ObjectSituation(Subject("ConfigMap", "shop", f"w{number:03}"), {"c1": Cell(word)})
            for number in range(objects)
        ),
    )


def _see(written: str) -> list[str]:
    """Return the lines that a terminal shows after *written*."""
    rows, at, column = [""], 0, 0
    for part in re.split(r"(\n|\r|\x1b\[\d+A|\x1b\[K|\x1b\[J)", written):
        if part == "\n":
            at, column = at + 1, 0
            rows += [""] * (at == len(rows))
        elif part == "\r":
            column = 0
        elif re.fullmatch(r"\x1b\[\d+A", part):
            at -= int(part[2:-1])
        elif part == "\x1b[J":
            rows = rows[: at + 1]
        elif part == "\x1b[K":
            rows[at] = rows[at][:column]
        else:
            rows[at] = rows[at][:column] + part + rows[at][column + len(part) :]
            column += len(part)
    return rows


@pytest.fixture(autouse=True)
def _usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def _watch(out: io.StringIO, said: list[str], **more: Any) -> Watched:
    return Watched(out, say=said.append, **more)


def test_watched_is_drawn_in_one_place() -> None:
    """The second stands where the first was, also where it is shorter, in one write each."""
    out = _Terminal()
    watched = _watch(out, [])
    watched.show(Glance(AT, _situation(objects=5)))
    watched.show(Glance(AT, _situation("update"), has_changed=False))
    watched.close()
    seen = _see(out.getvalue())
    assert [True, False] == [
        any(name in row for row in seen) for name in ("ConfigMap/shop/w000", "w001")
    ]
    assert [f"as of {AT}; Ctrl-C ends", ""] == seen[-2:]
    assert "\x1b[2J" not in out.getvalue()


def test_watched_is_lower_than_the_terminal() -> None:
    """What is amiss comes before what is well, and unused types go; the end is always there."""
    out = _Terminal()
    many = _situation(objects=200, types=9)
    amiss = ObjectSituation(Subject("Secret", "shop", "zz"), {"c1": Cell("update")})
    _watch(out, []).show(Glance(AT, Situation(many.clusters, many.types, (*many.objects, amiss))))
    seen = _see(out.getvalue())
    assert 23 == len(seen)
    assert any(re.fullmatch(r"Secret/shop/zz +update", row) for row in seen)
    assert any(re.match(r"\.\.\. \d+ more lines; make the window higher", row) for row in seen)
    assert "201 federated objects over 1 cluster: 1 not as the host says" == seen[-2]
    assert not any(row.startswith("t0 ") for row in seen)


def test_watched_in_trouble_says_since_when() -> None:
    """A long cause has three rows at most, and steers no terminal."""
    out = _Terminal()
    trouble = "cannot reach it " * 30 + "\x1b[2J"
    warnings = tuple(f"w{number}" for number in range(5))
    _watch(out, []).show(Glance(AT, _situation(), warnings, trouble))
    seen = _see(out.getvalue())
    assert f"not known since {AT}: cannot reach it" in seen[-3]
    assert ["warning: w2", "warning: and 2 more"] == seen[-5:-3]
    assert "\x1b[2J" not in out.getvalue()
    assert 79 >= max(map(len, seen))


def test_watched_in_a_pipe_is_a_block_for_each_change() -> None:
    """What is the same is not shown again, and each warning is said once while it holds."""
    out, said = io.StringIO(), list[str]()
    watched = _watch(out, said)
    watched.show(Glance(AT, _situation(), ("w",)))
    watched.show(Glance(AT, _situation(), ("w",), has_changed=False))
    watched.show(Glance(AT, _situation(), ("w",), "gone"))
    watched.show(Glance(AT, _situation("update"), ("w",)))
    watched.close()
    assert (["w", "gone"], 2) == (said, out.getvalue().count(f"as of {AT}:\n"))
    assert f"\n\nas of {AT}:\n" in out.getvalue()


def test_watched_by_a_program_is_a_line_for_each_change() -> None:
    """Each is a whole document."""
    out = io.StringIO()
    watched = _watch(out, [], output=Output.JSON)
    for word, has_changed in (("ok", True), ("ok", False), ("update", True)):
        watched.show(Glance(AT, _situation(word), has_changed=has_changed))
    documents = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [True, False] == [found["settled"] for found in documents]
    assert {"FederationStatus"} == {found["kind"] for found in documents}


def test_watched_as_yaml_is_a_document_for_each_change() -> None:
    """Parted as YAML parts them."""
    out = io.StringIO()
    watched = _watch(out, [], output=Output.YAML)
    watched.show(Glance(AT, _situation()))
    watched.show(Glance(AT, _situation("update")))
    assert [True, False] == [found["settled"] for found in yaml.safe_load_all(out.getvalue())]


def test_renderer_draws_in_place_only_where_it_is_asked_to() -> None:
    """Steps that are lines, and quiet, leave the terminal to lines."""
    for telling, verbosity, expected in (
        (Telling.WATCHED, 0, True),
        (Telling.WATCHED, 2, False),
        (Telling.LINES, 0, False),
    ):
        out = _Terminal()
        renderer = TextRenderer(
            telling=telling, verbosity=verbosity, stdout=out, stderr=io.StringIO()
        )
        renderer.show(Glance(AT, _situation(), ("w",)))
        renderer.close()
        assert expected is ("Ctrl-C ends" in out.getvalue())


def test_watched_on_a_terminal_of_nonsense_is_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some say that they have no rows."""
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((0, 0)))
    out = _Terminal()
    out.fileno = lambda: 1  # type: ignore[method-assign]
    _watch(out, []).show(Glance(AT, _situation(objects=99)))
    assert 23 == len(_see(out.getvalue()))


def test_condensed_situation_keeps_problems() -> None:
    """A type without objects stays where something is wrong with it."""
    types = (TypeSituation("a", True, 0), TypeSituation("b", True, None, "unreadable"))
    assert ["b"] == [found.name for found in condense(Situation((), types, ())).types]


def test_condensed_situation_begins_with_what_is_amiss() -> None:
    """First what a sync would change, then what is not ready, then the rest."""
    cells = {
        "well": Cell("ok", ready=2, replicas=2),
        "short": Cell("ok", ready=1, replicas=2),
        "amiss": Cell("update"),
        "plain": Cell("ok"),
    }
    objects = [ObjectSituation(Subject("Kind", "", n), {"c": cell}) for n, cell in cells.items()]
    found = condense(Situation((), (), tuple(objects))).objects
    assert ["amiss", "short", "well", "plain"] == [each.subject.name for each in found]


def test_cut_leaves_the_end_where_there_is_no_room() -> None:
    """However low the terminal is."""
    assert ["f"] == cut_middle(list("abcdef"), 1, kept=2)
