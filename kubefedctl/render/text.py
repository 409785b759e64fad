"""
Events as lines for people and scripts: results on stdout, talk on stderr.

Laws:
1. One result is one line: verdict, subject, cluster, cause.
2. Colour is judged for each stream by itself; NO_COLOR wins. A line without colour is the same
   line.
3. Whatever a cluster says stays on its line, and steers no terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO, assert_never

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style

from kubefedctl.model.events import (
    CHANGES,
    ClusterTally,
    Documents,
    Event,
    Line,
    Output,
    Result,
    Step,
    Summary,
    Verdict,
    Warned,
    counted,
)
from kubefedctl.model.refs import Object
from kubefedctl.render.objects import render_objects

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
_UNCHANGED_LEVEL = 2


class TextRenderer:
    """
    Prints events as they come.

    Args:
        verbosity: 0 results, 2 each step and unchanged objects.
        output: The form of objects. Given, stdout has objects alone: results go to stderr.
        stdout: Where results go; the process's stdout by default.
        stderr: Where talk goes; the process's stderr by default.
    """

    def __init__(
        self,
        *,
        verbosity: int = 0,
        output: Output | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self._verbosity = verbosity
        self._output = output or Output.YAML
        self._objects = _Stream(stdout or sys.stdout)
        self._talk = _Stream(stderr or sys.stderr)
        self._results = self._objects if output is None else self._talk
        self._held: list[Object] = []

    def show(self, event: Event) -> None:
        """Print *event*, or nothing where nobody asked for that much."""
        match event:
            case Step():
                if event.level <= self._verbosity:
                    self._talk.write_line(event.text)
            case Warned():
                self._talk.write_line(event.text, lead="warning: ", style="yellow")
            case Result():
                least = _UNCHANGED_LEVEL if event.verdict is Verdict.UNCHANGED else event.level
                if self._verbosity >= least:
                    verdict = event.verdict.value
                    style = _STYLES.get(event.verdict, "")
                    self._results.write_line(_result_line(event), lead=verdict, style=style)
            case Line():
                self._results.write_line(event.text)
            case Documents():
                self._show_objects(event.objects)
            case Summary():
                for line in summary_lines(event):
                    self._results.write_line(line)
            case _:
                assert_never(event)

    def finish(self) -> None:
        """Print what had to wait for the end: objects as JSON, several of which are one list."""
        if self._held:
            self._objects.write_objects(render_objects(self._held, self._output))
            self._held = []

    def _show_objects(self, objects: Sequence[Object]) -> None:
        if self._output is Output.JSON:
            self._held += objects
        else:
            self._objects.write_objects(render_objects(objects, self._output))


def summary_lines(summary: Summary) -> list[str]:
    """Return the table of counts for each cluster, and one sentence on the whole."""
    verdicts = [
        verdict
        for verdict in Verdict
        if verdict in (Verdict.UNCHANGED, Verdict.FAILED)
        or any(tally.counts.get(verdict) for tally in summary.clusters)
    ]
    header = ["CLUSTER", "READY", *(verdict.upper() for verdict in verdicts)]
    rows = [_tally_row(tally, verdicts) for tally in summary.clusters]
    changes = sum(
        count
        for tally in summary.clusters
        for verdict, count in tally.counts.items()
        if verdict in CHANGES
    )
    would = "would be made" if summary.is_dry_run else "made"
    objects = counted(summary.federated, "federated object")
    clusters = counted(len(summary.clusters), "cluster")
    sentence = f"{objects} over {clusters}, {counted(changes, 'change')} {would}"
    return [*format_table([header, *rows]), sentence] if rows else [sentence]


def format_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """
    Return *rows* as lines of aligned columns, three spaces apart as kubectl does.

    Cells are measured as terminals show them, where some characters are two columns wide.

    >>> format_table([["NAME", "READY"], ["a", "True"]])
    ['NAME   READY', 'a      True']
    """
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "   ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def escape_controls(text: str) -> str:
    """
    Return *text* with control characters written out: what a cluster says must not steer terminals.

    >>> escape_controls("a" + chr(27) + "[31m")
    'a\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _tally_row(tally: ClusterTally, verdicts: Sequence[Verdict]) -> list[str]:
    counts = [str(tally.counts.get(verdict, 0)) for verdict in verdicts]
    return [escape_controls(tally.cluster), str(tally.is_ready), *counts]


def _result_line(result: Result) -> str:
    """What follows the verdict."""
    parts = (f" {result.subject.within(result.cluster)}", result.reason, result.detail)
    line = ": ".join(part for part in parts if part)
    return f"{line} (dry run)" if result.is_dry_run else line


class _Stream:
    """
    A stream that takes lines, with colour where it can show it.

    NB: rich judges the stream once, at the start: asking it for every line takes longer than the
    request that the line is about.
    """

    def __init__(self, stream: TextIO) -> None:
        console = Console(file=stream)
        # NB: with NO_COLOR alone, rich still writes bold.
        is_colored = console.color_system is not None and not os.environ.get("NO_COLOR")
        self._colors = ColorSystem.STANDARD if is_colored else None
        self._encoding = console.encoding
        self._stream = stream

    def write_line(self, text: str, *, lead: str = "", style: str = "") -> None:
        """Write one line; of it, *lead* has the *style*."""
        if self._colors is not None and style:
            lead = Style.parse(style).render(lead, color_system=self._colors)
        self.write(f"{lead}{self._encodable(escape_controls(text))}\n")

    def write(self, text: str) -> None:
        """Write *text* as it is and let it be seen."""
        self._stream.write(text)
        self._stream.flush()

    def write_objects(self, text: str) -> None:
        """Write YAML or JSON, which is UTF-8 even where the stream has another encoding."""
        if self._encodable(text) == text:
            self.write(text)
            return
        self._stream.flush()
        self._stream.buffer.write(text.encode())
        self._stream.buffer.flush()

    def _encodable(self, text: str) -> str:
        """Return *text* with what the encoding lacks written out, instead of failing there."""
        return text.encode(self._encoding, "backslashreplace").decode(self._encoding)
