"""
Events as lines for people and scripts: results on stdout, talk on stderr.

Laws:
1. One result is one line: verdict, subject, cluster, cause.
2. Colour is on the words that say what became of something, and on the heads of tables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import TextIO, assert_never

from kubefedctl.model.events import (
    Compared,
    Diagnosed,
    Documents,
    Drafted,
    Event,
    Forecast,
    Line,
    Output,
    Planned,
    Progressed,
    Rendered,
    Result,
    Standing,
    Step,
    Summary,
    Tabulated,
    Verdict,
    WaitBegun,
    WaitEnded,
    WaitGoesOn,
    Waiting,
    Warned,
    counted,
)
from kubefedctl.model.refs import Object
from kubefedctl.model.situations import Glance
from kubefedctl.render.coloring import ColorWish
from kubefedctl.render.comparisons import comparison_as_object, comparison_lines, sign_of
from kubefedctl.render.escaping import escape_controls as escape_controls
from kubefedctl.render.findings import diagnosis_as_object, diagnosis_lines, severity_of
from kubefedctl.render.gatherings import gathering_lines
from kubefedctl.render.live import LiveLine, are_same_terminal, is_out_of_sight, may_live
from kubefedctl.render.manifests import render_manifests
from kubefedctl.render.objects import render_objects
from kubefedctl.render.schedules import schedule_as_object, schedule_lines
from kubefedctl.render.situations import situation_as_object, situation_lines
from kubefedctl.render.streams import Stream as Stream
from kubefedctl.render.summaries import summary_lines as summary_lines
from kubefedctl.render.waits import Waits
from kubefedctl.render.watched import Watched

_STYLES: dict[Verdict, str] = {
    Verdict.CREATED: "green",
    Verdict.ADOPTED: "green",
    Verdict.UPDATED: "yellow",
    Verdict.RECREATED: "yellow",
    Verdict.DELETED: "magenta",
    Verdict.UNLABELLED: "magenta",
    Verdict.WAITING: "cyan",
    Verdict.FAILED: "bold red",
}
_LEADS: dict[type, Callable[[str], str]] = {Compared: sign_of, Diagnosed: severity_of}
"""What a line of an answer begins with that is coloured; nothing in other answers."""
_LEAD_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_LEAD_STYLES |= {"error": "bold red", "warning": "yellow", "note": "cyan"}
_TROUBLE = frozenset({Verdict.FAILED, Verdict.WAITING})
_UNCHANGED_LEVEL = 2
_STEP_LEVEL = 2
_LONG = 30
_MOST_NAMED = 5


class Telling(StrEnum):
    """
    How an operation is told of: as lines, with a live line where that may be, barely, or in place.
    """

    LINES = "lines"
    LIVE = "live"
    QUIET = "quiet"
    WATCHED = "watched"


class TextRenderer:
    """
    Prints events as they come.

    Args:
        verbosity: 0 results, 2 each step and unchanged objects.
        output: The form of objects. Given, stdout has objects alone: results go to stderr.
        telling: How much, and whether a live line is wanted.
        color: When there is colour.
        stdout: Where results go; the process's stdout by default.
        stderr: Where talk goes; the process's stderr by default.
    """

    def __init__(
        self,
        *,
        verbosity: int = 0,
        output: Output | None = None,
        telling: Telling = Telling.LINES,
        color: ColorWish = ColorWish.AUTO,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self._verbosity = verbosity
        self._is_for_scripts = output is not None
        self._output = output or Output.YAML
        self._is_quiet = telling is Telling.QUIET
        out, err = stdout or sys.stdout, stderr or sys.stderr
        is_wanted = telling is Telling.LIVE and verbosity < _STEP_LEVEL
        is_seen = is_wanted and are_same_terminal(out, err)
        # NB: with objects asked for, stdout is silent until the line is gone
        is_safe = is_seen or output is not None or is_out_of_sight(out)
        is_drawn = is_wanted and is_safe and may_live(err, os.environ)
        self._live = LiveLine(err, escape=escape_controls) if is_drawn else None
        self._objects = Stream(out, live=self._live if is_seen else None, color=color)
        self._talk = Stream(err, live=self._live, color=color)
        self._results = self._objects if output is None else self._talk
        self._held: list[Object] = []
        self._waits = Waits()
        self._watched = Watched(
            out,
            say=partial(self._talk.write_line, lead="warning: ", style="yellow"),
            output=output,
            is_drawn=telling is Telling.WATCHED and verbosity < _STEP_LEVEL,
        )

    def show(self, event: Event) -> None:
        """Print *event*, or nothing where nobody asked for that much."""
        live = self._live
        if live is None:
            self._print(event)
            return
        live.hear(event)
        self._print(event)
        live.refresh()

    def close(self) -> None:
        """Leave nothing on the terminal but lines, however the operation ended."""
        self._watched.close()
        if self._live is not None:
            self._live.close()

    def _print(self, event: Event) -> None:
        match event:
            case Step():
                if event.level <= self._verbosity:
                    self._talk.write_line(event.text)
            case Warned():
                self._talk.write_line(event.text, lead="warning: ", style="yellow")
            case Result():
                self._show_result(event)
            case Line(text, is_answer):
                self._results.write_lines([text] if is_answer or not self._is_quiet else [])
            case Documents():
                self._show_objects(event.objects)
            case Summary():
                self._show_summary(event)
            case Waiting():
                self._show_wait(event)
            case Planned() | Drafted() | WaitBegun() | Progressed() | WaitGoesOn() | WaitEnded():
                self._show_waits(event)
            case Glance():
                self._watched.show(event)
            case Forecast() | Standing() | Compared() | Rendered() | Tabulated() | Diagnosed():
                self._show_answer(event)
            case _:
                assert_never(event)

    def finish(self) -> None:
        """Print what had to wait for the end: objects as JSON, several of which are one list."""
        if self._held:
            self._objects.write_objects(render_objects(self._held, self._output))
            self._held = []

    def _show_summary(self, summary: Summary) -> None:
        lines = summary_lines(summary, folds=self._verbosity == 0)
        for line in lines[-1:] if self._is_quiet else lines:
            self._results.write_line(line)

    def _show_result(self, result: Result) -> None:
        is_unchanged = result.verdict is Verdict.UNCHANGED
        is_asked_for = self._verbosity >= (_UNCHANGED_LEVEL if is_unchanged else result.level)
        if not is_asked_for or (self._is_quiet and result.verdict not in _TROUBLE):
            return
        style = _STYLES.get(result.verdict, "")
        self._results.write_line(_result_line(result), lead=result.verdict.value, style=style)

    def _show_wait(self, waiting: Waiting) -> None:
        if self._live is None and not self._is_quiet and is_long(waiting):
            self._talk.write_line(describe_wait(waiting))

    def _show_waits(self, event: Event) -> None:
        """Tell a log who is waited for, now and then; a terminal has the live line for that."""
        self._waits.hear(event)
        if self._live is None and not self._is_quiet:
            for line in self._waits.due_lines():
                self._talk.write_line(line)

    def _show_answer(
        self, event: Forecast | Standing | Compared | Rendered | Tabulated | Diagnosed
    ) -> None:
        """Print what was asked for: tables for people, a document for scripts."""
        match event:
            case Forecast():
                document = schedule_as_object(event.schedule)
                lines = schedule_lines(event.schedule)
            case Standing():
                document = situation_as_object(event.situation)
                lines = situation_lines(event.situation, width=self._objects.width)
            case Compared():
                document = comparison_as_object(event.comparison)
                lines = comparison_lines(event.comparison)
            case Rendered():
                self._objects.write_objects(render_manifests(event.rendering, self._output))
                return
            case Diagnosed():
                document = diagnosis_as_object(event.diagnosis)
                lines = diagnosis_lines(
                    event.diagnosis, shows_all=self._verbosity > 0, width=self._objects.width
                )
            case Tabulated():
                self._objects.write_lines(gathering_lines(event))
                return
            case _:
                assert_never(event)
        if self._is_for_scripts:
            self._show_objects((document,))
            return
        find_lead = _LEADS.get(type(event))
        for line in lines:
            lead = "" if find_lead is None else find_lead(line)
            style = _LEAD_STYLES.get(lead.strip(), "")
            self._results.write_line(line[len(lead) :], lead=lead, style=style)

    def _show_objects(self, objects: Sequence[Object]) -> None:
        if self._output is Output.JSON:
            self._held += objects
        else:
            self._objects.write_objects(render_objects(objects, self._output))


def describe_wait(waiting: Waiting) -> str:
    """
    Return who is waited for, as a line for logs.

    >>> describe_wait(Waiting(30, {"eu-1": 1}))
    'nothing new for 30s, still waiting for eu-1 (1 change to go)'
    """
    slow = sorted(waiting.pending.items(), key=lambda found: (-found[1], found[0]))
    names = [f"{name} ({counted(left, 'change')} to go)" for name, left in slow[:_MOST_NAMED]]
    if len(slow) > _MOST_NAMED:
        names.append(f"{len(slow) - _MOST_NAMED} more")
    return f"nothing new for {waiting.seconds}s, still waiting for {', '.join(names)}"


def is_long(waiting: Waiting) -> bool:
    """Return whether it is time to tell of it again in a log."""
    return waiting.seconds > 0 and waiting.seconds % _LONG == 0


def _result_line(result: Result) -> str:
    """What follows the verdict."""
    parts = (f" {result.subject.within(result.cluster)}", result.cause)
    line = ": ".join(part for part in parts if part)
    return f"{line} (dry run)" if result.is_dry_run else line
