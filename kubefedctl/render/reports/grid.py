"""
The matrix of a report: what became of each object in each cluster.

Here: which rows and columns there are, and in which order. Not here: how it is shown (`webpage`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from kubefedctl.model.events import CHANGES, Result, Verdict
from kubefedctl.model.refs import Subject
from kubefedctl.model.reports import Report

UNREACHED = "not reached"
"""What became of an object in a cluster that is not ready: the cluster's failure, not its own."""


class Tone(StrEnum):
    """What a cell, or the worst cell of a row, comes to."""

    IN_STEP = "n"
    CHANGED = "c"
    UNDONE = "w"
    FAILED = "f"


_ORDER = (Tone.IN_STEP, Tone.CHANGED, Tone.UNDONE, Tone.FAILED)
_TONES = {
    Verdict.FAILED.value: Tone.FAILED,
    Verdict.WAITING.value: Tone.UNDONE,
    Verdict.SKIPPED.value: Tone.UNDONE,
    **{verdict.value: Tone.CHANGED for verdict in CHANGES},
}


@dataclass(frozen=True, slots=True)
class Row:
    """
    What became of one object.

    Args:
        subject: The object.
        cells: The word for it, by cluster: a verdict, or `UNREACHED`; none where it is not placed.
    """

    subject: Subject
    cells: Mapping[str, str]

    @property
    def tone(self) -> Tone:
        """What the worst cell comes to, but for clusters that are not ready as a whole."""
        if set(self.cells.values()) == {UNREACHED}:
            return Tone.UNDONE
        return max(map(tone_of, self.cells.values()), default=Tone.IN_STEP, key=_ORDER.index)

    def runs(self, clusters: Sequence[str], *, least: int) -> Iterable[tuple[str, int]]:
        """
        Yield what stands in the cells from left to right, and how often in a row.

        Args:
            clusters: The columns.
            least: How many of the same are told as one; fewer are told one by one.
        """
        for word, group in groupby(self.cells.get(name, "") for name in clusters):
            length = len(list(group))
            if length >= least:
                yield word, length
            else:
                yield from [(word, 1)] * length


@dataclass(frozen=True, slots=True)
class Grid:
    """
    Objects and clusters.

    Args:
        clusters: The columns: the host where something is told of it, then members by name.
        rows: The worst first.
    """

    clusters: tuple[str, ...]
    rows: tuple[Row, ...]


def tone_of(word: str) -> Tone:
    """Return what the word in a cell comes to."""
    return _TONES.get(word, Tone.IN_STEP)


def make_grid(report: Report) -> Grid:
    """Return the matrix of *report*."""
    cells: dict[Subject, dict[str, str]] = {}
    for subject, names in _in_step(report).items():
        cells[subject] = dict.fromkeys(names, Verdict.UNCHANGED.value)
    for result in report.results:
        row = cells.setdefault(result.subject, {})
        word, before = _word_for(result), row.get(result.cluster, "")
        # NB: an object may be told of twice, such as when it is written and then waited for
        if not before or _ORDER.index(tone_of(word)) >= _ORDER.index(tone_of(before)):
            row[result.cluster] = word
    members = [tally.cluster for tally in report.tallies]
    others = {name for row in cells.values() for name in row} - set(members)
    rows = [Row(subject, row) for subject, row in cells.items()]
    rows.sort(key=lambda row: (-_ORDER.index(row.tone), row.subject))
    return Grid((*sorted(others), *members), tuple(rows))


def _word_for(result: Result) -> str:
    is_of_cluster = result.level > 0 and result.verdict is Verdict.FAILED
    return UNREACHED if is_of_cluster else result.verdict.value


def _in_step(report: Report) -> Mapping[Subject, Iterable[str]]:
    """Which objects are as they should be, and where; of `diff` only of those that differ."""
    if report.summary is not None:
        return report.summary.in_step
    if report.comparison is None or report.command != "diff":
        return {}
    return {found.subject: found.clusters for found in report.comparison.objects}
