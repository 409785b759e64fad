"""What every form of a report says in the same words, and results that are told once for many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubefedctl.errors import ExitCode
from kubefedctl.model.events import CHANGES, ClusterTally, Result, Verdict, counted
from kubefedctl.model.refs import Subject
from kubefedctl.model.reports import Report
from kubefedctl.render.comparisons import comparison_sentence
from kubefedctl.render.summaries import summary_sentence

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class SharedResult:
    """
    What became of one object in the same way in several clusters.

    Args:
        verdict: The word for it.
        subject: The object.
        cause: Why, or a remark.
        clusters: Where, in the order in which it was told.
    """

    verdict: Verdict
    subject: Subject
    cause: str
    clusters: tuple[str, ...]


def make_title(report: Report) -> str:
    """Return what ran and how it ended, as a heading: `kubefedctl sync: 2 failures`."""
    mode = f" --dry-run={report.dry_run}" if report.dry_run != "none" else ""
    return f"kubefedctl {report.command}{mode}: {describe_outcome(report)}"


def make_sentence(report: Report) -> str:
    """Return one sentence on the whole run."""
    if report.summary is not None:
        return summary_sentence(report.summary, is_dry_run=report.is_dry)
    if report.comparison is not None:
        return comparison_sentence(report.comparison)
    return "it did not come to its end"


def make_advice(report: Report) -> str:
    """Return what to do next; nothing of a run whose failures are told one by one beside it."""
    is_partial = report.is_complete and report.ending.exit_code == ExitCode.PARTIAL
    return "" if is_partial else report.ending.hint


def describe_time(report: Report) -> str:
    """Return when the run was, how long it took, and against which host."""
    ending = report.ending
    host = f" from host cluster {report.host}" if report.host else ""
    return f"{report.command}{host}, started {ending.started_at}, took {ending.seconds:.1f} s"


def share(results: Iterable[Result]) -> list[SharedResult]:
    """Return *results*, those that differ in nothing but their cluster as one."""
    groups: dict[tuple[Verdict, Subject, str, str], list[str]] = {}
    for found in results:
        key = (found.verdict, found.subject, found.subject.group, found.cause)
        groups.setdefault(key, []).append(found.cluster)
    return [
        SharedResult(verdict, subject, cause, tuple(clusters))
        for (verdict, subject, _, cause), clusters in groups.items()
    ]


FILES = "the files"
"""Where an object is that is in no cluster, in a sync without a host."""


def name_some(names: Iterable[str], *, most: int = _MOST_NAMED) -> str:
    """
    Return names in one line, and of many how many more there are; no name stands for the files.

    >>> name_some(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    """
    found = [name or FILES for name in names]
    if len(found) <= most:
        return ", ".join(found)
    return f"{', '.join(found[:most])} and {len(found) - most} more"


def describe_result(result: Result, *, is_dry: bool) -> str:
    """
    Return a result as a line, with what would have been as such.

    >>> describe_result(Result(Verdict.UPDATED, Subject("A", "", "a"), "c"), is_dry=True)
    'A/a in cluster c would be updated'
    """
    where = result.subject.within(result.cluster)
    is_foreseen = is_dry and result.verdict in CHANGES
    line = f"{where} would be {result.verdict}" if is_foreseen else f"{result.verdict} {where}"
    return f"{line}: {result.cause}" if result.cause else line


def describe_unready(tally: ClusterTally) -> str:
    """Return what is wrong with a cluster, and how many objects that concerns."""
    failed = counted(tally.counts.get(Verdict.FAILED, 0), "failed object")
    return f"cluster {tally.cluster} is not ready: {tally.note} ({failed})"


def other_remarks(report: Report) -> tuple[str, ...]:
    """Return the warnings, but for those of clusters that are told of anyway."""
    told = {f"cluster {tally.cluster} is not ready: {tally.note}" for tally in report.tallies}
    return tuple(text for text in report.remarks if text not in told)


def say_verdict(verdict: Verdict, *, is_dry: bool) -> str:
    """
    Return the word for what became of an object, or would have.

    >>> say_verdict(Verdict.UPDATED, is_dry=True)
    'would be updated'
    """
    return f"would be {verdict}" if is_dry and verdict in CHANGES else verdict.value


def describe_outcome(report: Report) -> str:
    """Return how a run ended, in few words."""
    failures = len(report.failures) + len(report.other_failures)
    if not report.is_complete:
        return (
            "interrupted"
            if report.ending.exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED)
            else "failed"
        )
    if failures:
        return counted(failures, "failure")
    if report.ending.exit_code not in (0, 1):
        return "not finished"
    would = "would be made" if report.is_dry else "made"
    changes = len(report.changes)
    return f"{counted(changes, 'change')} {would}" if changes else "everything is in step"
