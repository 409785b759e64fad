"""
A report as Markdown: for job summaries and for comments under a change.

Laws:
1. What clusters say stands in code alone, where nobody looks for Markdown or names of people.
2. It is smaller than 1 MiB, which is all that GitHub takes; what does not fit is counted.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kubefedctl.model.changes import ObjectChanges, SharedChange
from kubefedctl.model.events import CHANGES, ClusterTally, Verdict, counted
from kubefedctl.model.reports import Report
from kubefedctl.render.comparisons import describe_clusters, field_lines
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.reports.wording import (
    SharedResult,
    describe_time,
    make_advice,
    make_sentence,
    make_title,
    name_some,
    say_verdict,
    share,
)
from kubefedctl.render.summaries import fold_in_step, occurring, split_in_step

MOST_BYTES = 1_000_000
LEAST_BYTES = 8_000
"""What a report needs to say anything."""
_RESERVED = 4_000
_INDENT = "    "
_NESTED = "      "
_PLAIN_CODE = re.compile(r"[^`|\s](?:[^`|]*[^`|\s])?")
_SPECIAL = re.compile(r"[^A-Za-z0-9 ]")
_FENCE = re.compile("`{3,}")


def render_markdown(report: Report, *, most: int = MOST_BYTES) -> str:
    """
    Return *report* as Markdown.

    Args:
        report: The run.
        most: How many bytes it may have.
    """
    writer = _Writer(most - _RESERVED)
    writer.write(f"## {make_title(report)}\n\n{make_sentence(report)}\n")
    writer.write(_error(report))
    dry = report.is_dry
    writer.table("Failures", _failures(report), ("Object", "Clusters", "Why"))
    writer.items("Failures that belong to no object", map(code, report.other_failures))
    waiting = _rows(report, {Verdict.WAITING, Verdict.SKIPPED}, is_dry=dry)
    writer.table("Not done", waiting if not report.is_dry else [], _OBJECT_HEAD)
    _write_clusters(writer, report.tallies)
    if report.comparison is not None:
        blocks = map(_changes, report.comparison.objects)
        writer.blocks("Changes", blocks, noun="changed object")
    else:
        writer.table("Changes", _rows(report, CHANGES, is_dry=dry), _OBJECT_HEAD)
    writer.items("Warnings", map(code, report.remarks))
    return f"{writer.text}\n{code(describe_time(report))}\n"


def code(text: str) -> str:
    """
    Return *text* as code within a line or a cell, whatever is in it.

    >>> code("a_b"), code("a|b")
    ('`a_b`', '<code>a&#124;b</code>')
    """
    if not text:
        return ""
    if _PLAIN_CODE.fullmatch(text):
        return f"`{text}`"
    return f"<code>{_SPECIAL.sub(lambda found: f'&#{ord(found[0])};', text)}</code>"


_OBJECT_HEAD = ("", "Object", "Clusters", "Why")


class _Writer:
    """
    Writes sections until there is no more room, and counts what does not fit.

    Args:
        room: Bytes for all of them.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)

    def write(self, text: str) -> bool:
        """Write *text* if there is room for it; return whether there was."""
        size = len(text.encode())
        if size > self._room:
            return False
        self._room -= size
        self._parts.append(text)
        return True

    def table(self, title: str, rows: Iterable[Sequence[str]], head: Sequence[str]) -> None:
        """Write a table with a heading, if there are rows."""
        rule = "|".join("---" for _ in head)
        top = f"\n| {' | '.join(head)} |\n|{rule}|\n"
        lines = (f"| {' | '.join(row)} |\n" for row in rows)
        self._section(title, lines, top=top, noun="row")

    def items(self, title: str, items: Iterable[str]) -> None:
        """Write a list with a heading, if there are items."""
        self._section(title, (f"- {item}\n" for item in items), top="\n", noun="line")

    def blocks(self, title: str, blocks: Iterable[str], *, noun: str) -> None:
        """Write paragraphs with a heading, if there are any."""
        self._section(title, blocks, noun=noun)

    def _section(self, title: str, parts: Iterable[str], *, top: str = "", noun: str) -> None:
        left = 0
        lead = f"\n### {title}\n{top}"
        for part in parts:
            if left or not self.write(lead + part):
                left += 1
            lead = ""
        if left:
            # NB: this sentence is what room is reserved for
            self._parts.append(
                f"\n{counted(left, f'more {noun}')} left out: the report may not be larger."
                " `-o json` has everything.\n"
            )


def _error(report: Report) -> str:
    ending = report.ending
    if not ending.message:
        return ""
    advice = make_advice(report)
    hint = f"\n\nHint: {code(advice)}" if advice else ""
    return f"\n**Error:** {code(ending.message)}{hint}\n"


def _failures(report: Report) -> Iterator[tuple[str, ...]]:
    """A row for each failure, but one for all objects of a cluster that itself is told of."""
    told = Counter((r.cluster, r.reason, r.detail) for r in report.failures if r.level)
    for (cluster, reason, detail), count in told.items():
        cause = ": ".join(part for part in (reason, detail) if part)
        yield (counted(count, "object"), code(cluster), code(cause))
    for found in share(one for one in report.failures if not one.level):
        yield _row(found, is_dry=False)[1:]


def _rows(
    report: Report, verdicts: Iterable[Verdict], *, is_dry: bool
) -> Iterator[tuple[str, ...]]:
    wanted = set(verdicts)
    for found in share(one for one in report.results if one.verdict in wanted):
        yield _row(found, is_dry=is_dry)


def _row(found: SharedResult, *, is_dry: bool) -> tuple[str, ...]:
    said = say_verdict(found.verdict, is_dry=is_dry)
    return (said, code(str(found.subject)), code(name_some(found.clusters)), code(found.cause))


def _write_clusters(writer: _Writer, tallies: Sequence[ClusterTally]) -> None:
    verdicts = occurring(tallies)
    shown, in_step = split_in_step(tallies)
    head = ("Cluster", "Ready", *(verdict.capitalize() for verdict in verdicts))
    rows = [
        (
            code(tally.cluster),
            "yes" if tally.is_ready else f"no: {code(tally.note)}",
            *(str(tally.counts.get(verdict, 0)) for verdict in verdicts),
        )
        for tally in shown
    ]
    writer.table("Clusters", rows, head)
    if in_step:
        writer.write(f"\n{fold_in_step(in_step, has_table=bool(rows))}\n")


def _changes(found: ObjectChanges) -> str:
    """One object, folded: how it changes is seen by who unfolds it."""
    deeds = name_some(dict.fromkeys(change.deed for change in found.changes))
    names = {name for change in found.changes for name in change.clusters}
    where = escape_controls(describe_clusters(tuple(sorted(names)), found.clusters))
    subject = html.escape(escape_controls(str(found.subject)))
    summary = f"{deeds} <code>{subject}</code> in <code>{html.escape(where)}</code>"
    lines = [escape_controls(line) for change in found.changes for line in _lines(change, found)]
    fence = "`" * max((len(run) + 1 for run in _FENCE.findall("\n".join(lines))), default=3)
    body = "\n".join([f"{fence}diff", *lines, fence])
    return f"\n<details><summary>{summary}</summary>\n\n{body}\n\n</details>\n"


def _lines(change: SharedChange, found: ObjectChanges) -> Iterator[str]:
    detail = f": {change.detail}" if change.detail else ""
    yield f"# {change.deed} in {describe_clusters(change.clusters, found.clusters)}{detail}"
    for field in change.fields:
        for line in field_lines(field):
            # NB: the sign must stand first; what becomes another is `!` to those who colour it
            bare = line.removeprefix(_NESTED if line.startswith(_NESTED) else _INDENT)
            yield f"!{bare[1:]}" if bare.startswith("~") else bare
