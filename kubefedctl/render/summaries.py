"""The end of a sync: the table of counts for each cluster, and one sentence on the whole."""

from __future__ import annotations

from collections.abc import Sequence

from kubefedctl.model.events import CHANGES, ClusterTally, Summary, Verdict, counted
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.tables import format_table

_LEAST_FOLDED = 10


def summary_lines(summary: Summary, *, folds: bool = True) -> list[str]:
    """
    Return the table of counts for each cluster, and one sentence on the whole.

    Args:
        summary: The end of a sync.
        folds: Whether many clusters in which nothing was done are one line.
    """
    verdicts = occurring(summary.clusters)
    has_waves = any(tally.wave for tally in summary.clusters)
    waves = ["WAVE"] if has_waves else []
    header = ["CLUSTER", *waves, "READY", *(verdict.upper() for verdict in verdicts)]
    shown, in_step = split_in_step(summary.clusters) if folds else (summary.clusters, ())
    rows = [_tally_row(tally, verdicts, has_waves=has_waves) for tally in shown]
    sentence = summary_sentence(summary, is_dry_run=summary.is_dry_run)
    table = format_table([header, *rows]) if rows else []
    fold = fold_in_step(in_step, has_table=bool(rows)) if in_step else ""
    folded = [f"{fold} (--v=1 lists them)"] if fold else []
    return [*table, *folded, sentence]


def occurring(tallies: Sequence[ClusterTally]) -> list[Verdict]:
    """Return the verdicts that a table of *tallies* has a column for."""
    return [
        verdict
        for verdict in Verdict
        if verdict in (Verdict.UNCHANGED, Verdict.FAILED)
        or any(tally.counts.get(verdict) for tally in tallies)
    ]


def split_in_step(
    tallies: Sequence[ClusterTally],
) -> tuple[Sequence[ClusterTally], Sequence[ClusterTally]]:
    """Return the tallies that are rows of a table, and those of which one line tells."""
    in_step = [tally for tally in tallies if _is_in_step(tally)]
    if len(in_step) < _LEAST_FOLDED:
        return tallies, ()
    return [tally for tally in tallies if not _is_in_step(tally)], in_step


def fold_in_step(tallies: Sequence[ClusterTally], *, has_table: bool) -> str:
    """Return one line for clusters that are in step."""
    counts = sorted({tally.counts.get(Verdict.UNCHANGED, 0) for tally in tallies})
    number = f"{len(tallies)} more clusters" if has_table else f"{len(tallies)} clusters"
    each = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
    return f"{number}: ready, unchanged {each} each"


def summary_sentence(summary: Summary, *, is_dry_run: bool) -> str:
    """Return one sentence on a whole run."""
    changes = sum(
        count
        for tally in summary.clusters
        for verdict, count in tally.counts.items()
        if verdict in CHANGES
    )
    would = "would be made" if is_dry_run else "made"
    objects = counted(summary.federated, "federated object")
    clusters = counted(len(summary.clusters), "cluster")
    return f"{objects} over {clusters}, {counted(changes, 'change')} {would}"


def _tally_row(tally: ClusterTally, verdicts: Sequence[Verdict], *, has_waves: bool) -> list[str]:
    counts = [str(tally.counts.get(verdict, 0)) for verdict in verdicts]
    wave = [tally.wave] if has_waves else []
    return [escape_controls(tally.cluster), *wave, str(tally.is_ready), *counts]


def _is_in_step(tally: ClusterTally) -> bool:
    """Whether nothing was done in a cluster that is ready."""
    return tally.is_ready and set(tally.counts) <= {Verdict.UNCHANGED}
