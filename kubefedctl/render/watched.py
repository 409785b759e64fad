"""
A federation that is watched: in place on a terminal, a block for each change elsewhere.

Here: what is shown when, and drawing it over what was there. Not here: the tables (`situations`).

Laws:
1. A terminal is written to once for each look, line over line, so that nothing flickers.
2. What is shown is lower than the terminal is high, so that going up leads to its first line.
3. What is the same as before is shown once; a program gets a document for each change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import TextIO

from kubefedctl.model.events import Output
from kubefedctl.model.situations import Glance, ObjectSituation, Situation
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.live import fit, may_live
from kubefedctl.render.objects import render_objects
from kubefedctl.render.situations import situation_as_object, situation_lines

_CLEAR_LINE = "\x1b[K"
_CLEAR_BELOW = "\x1b[J"
_USUAL_SIZE = os.terminal_size((80, 24))
_MOST_WARNINGS = 3
_MOST_ROWS = 3


class Watched:
    """
    Shows one glance after the other.

    Args:
        out: Where what is seen goes.
        say: Writes a line to where talk goes.
        output: The form for programs; None for people.
        is_drawn: Whether it is drawn in place where *out* is a terminal that can.
    """

    def __init__(
        self,
        out: TextIO,
        *,
        say: Callable[[str], None],
        output: Output | None = None,
        is_drawn: bool = True,
    ) -> None:
        self._out = out
        self._say = say
        self._output = output
        self._is_drawn = is_drawn and output is None and may_live(out, {"TERM": _term()})
        self._said: set[str] = set()
        self._height = 0
        self._has_shown = False

    def show(self, glance: Glance) -> None:
        """Show *glance*, as far as it is new."""
        if self._is_drawn:
            self._draw(glance)
            return
        now = {*glance.warnings, *([glance.trouble] if glance.trouble else [])}
        for text in [*glance.warnings, *([glance.trouble] if glance.trouble else [])]:
            if text not in self._said:
                self._say(text)
        self._said = now
        if glance.has_changed and not glance.trouble:
            self._write(self._make_text(glance))

    def close(self) -> None:
        """Leave the last of it on the terminal, and go on below."""
        if self._height:
            self._write("\n")
            self._height = 0

    def _make_text(self, glance: Glance) -> str:
        document = situation_as_object(glance.situation)
        if self._output is Output.JSON:
            return json.dumps(document) + "\n"
        if self._output is not None:
            return render_objects([document], self._output)
        gap = "\n" if self._has_shown else ""
        self._has_shown = True
        lines = map(escape_controls, situation_lines(glance.situation))
        return gap + "".join(f"{line}\n" for line in (f"as of {glance.at}:", *lines))

    def _draw(self, glance: Glance) -> None:
        size = self._size()
        room = size.lines - 1
        remarks = _remarks(glance, width=size.columns - 1)
        lines = [*situation_lines(glance.situation, width=size.columns), *remarks]
        if len(lines) > room:
            condensed = condense(glance.situation)
            lines = [*situation_lines(condensed, width=size.columns), *remarks]
        shown = cut_middle(lines, room, kept=len(remarks) + 1)
        rows = [fit(escape_controls(line), size.columns - 1) + _CLEAR_LINE for line in shown]
        up = f"\r\x1b[{self._height - 1}A" if self._height > 1 else "\r"
        self._write(up + "\n".join(rows) + _CLEAR_BELOW)
        self._height = len(rows)

    def _size(self) -> os.terminal_size:
        try:
            found = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            return _USUAL_SIZE
        return found if found.columns and found.lines else _USUAL_SIZE

    def _write(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._out.flush()


def condense(situation: Situation) -> Situation:
    """Return *situation* without types that nobody uses, what is amiss before what is well."""
    return replace(
        situation,
        types=tuple(found for found in situation.types if found.objects or found.problem),
        objects=tuple(sorted(situation.objects, key=_urgency)),
    )


def _urgency(found: ObjectSituation) -> int:
    """What a sync would change comes first, then what has not all its replicas ready."""
    if not found.is_settled:
        return 0
    cells = found.cells.values()
    is_short = any((cell.ready or 0) < (cell.replicas or 0) for cell in cells)
    return 1 if is_short else 2


def cut_middle(lines: Sequence[str], most: int, *, kept: int) -> list[str]:
    """
    Return at most *most* of *lines*: the first, how many are left out, and the last *kept*.

    >>> cut_middle(["a", "b", "c", "d", "e", "f"], 5, kept=2)
    ['a', 'b', '... 2 more lines; make the window higher to see them', 'e', 'f']
    """
    if len(lines) <= most:
        return list(lines)
    head = max(0, most - kept - 1)
    left = len(lines) - head - kept
    rest = f"... {left} more lines; make the window higher to see them"
    return [*lines[:head], rest, *lines[-kept:]][-max(1, most) :]


def _remarks(glance: Glance, *, width: int) -> list[str]:
    """What is told below the tables: warnings, why nothing is known, and when that was."""
    told = [f"warning: {text}" for text in glance.warnings[:_MOST_WARNINGS]]
    more = len(glance.warnings) - _MOST_WARNINGS
    if more > 0:
        told.append(f"warning: and {more} more")
    if glance.trouble:
        told.append(f"not known since {glance.at}: {glance.trouble}")
    else:
        told.append(f"as of {glance.at}; Ctrl-C ends")
    wrapped = [wrap(escape_controls(text), max(20, width))[:_MOST_ROWS] for text in told]
    return [line for lines in wrapped for line in lines]


def _term() -> str:
    return os.environ.get("TERM", "")
