"""
A report as annotations of a GitHub workflow: commands in the log that GitHub shows above it.

Laws:
1. GitHub shows ten of each severity for a step: there are never more, the tenth counts the rest.
2. Whatever is in a text, it ends neither its line nor its command.

Upstream: actions/runner, src/Runner.Common/ActionCommand.cs: what is escaped in values and
properties.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kubefedctl.model.changes import ObjectChanges
from kubefedctl.model.events import Verdict, counted
from kubefedctl.model.reports import Report
from kubefedctl.render.comparisons import describe_clusters, field_lines
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.reports.wording import (
    FILES,
    describe_unready,
    make_title,
    name_some,
    other_remarks,
    say_verdict,
    share,
)

MOST_SHOWN = 10
_LONGEST = 2_000
_VALUE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_VALUE, ":": "%3A", ",": "%2C"}


def render_annotations(report: Report) -> str:
    """Return *report* as workflow commands, one on each line."""
    title = make_title(report)
    return "".join(
        f"::{severity} title={_escape(title, _PROPERTY)}::{_escape(text, _VALUE)}\n"
        for severity, texts in (
            ("error", _errors(report)),
            ("warning", other_remarks(report)),
            ("notice", _notices(report)),
        )
        for text in _bound(list(texts), severity)
    )


def _errors(report: Report) -> Iterator[str]:
    ending = report.ending
    if not report.is_complete or (ending.message and not report.failures):
        hint = f"\n{ending.hint}" if ending.hint else ""
        yield f"{ending.message or 'it did not come to its end'}{hint}"
    for tally in report.tallies:
        if not tally.is_ready:
            yield describe_unready(tally)
    yield from report.other_failures
    yield from _shared(report, Verdict.FAILED)
    if not report.is_dry:
        yield from _shared(report, Verdict.WAITING)


def _notices(report: Report) -> Iterator[str]:
    if report.differing_is_trouble and report.comparison is not None:
        yield from map(_difference, report.comparison.objects)


def _shared(report: Report, verdict: Verdict) -> Iterator[str]:
    """A text for each object and cause, but not for what the cluster's own tells."""
    found = [r for r in report.results if r.verdict is verdict and not r.level]
    for one in share(found):
        where = f"{one.subject} in {_clusters(one.clusters)}"
        said = say_verdict(one.verdict, is_dry=report.is_dry)
        yield f"{said} {where}: {one.cause}" if one.cause else f"{said} {where}"


def _difference(found: ObjectChanges) -> str:
    lines = [f"a sync would change {found.subject}"]
    for change in found.changes:
        lines.append(f"{change.deed} in {describe_clusters(change.clusters, found.clusters)}")
        lines += [line for one in change.fields for line in field_lines(one)]
    return "\n".join(map(escape_controls, lines))


def _clusters(names: Sequence[str]) -> str:
    if not any(names):
        return FILES
    return f"cluster {names[0]}" if len(names) == 1 else f"clusters {name_some(names)}"


def _bound(texts: Sequence[str], severity: str) -> Iterable[str]:
    if len(texts) <= MOST_SHOWN:
        return texts
    rest = len(texts) - MOST_SHOWN + 1
    return [*texts[: MOST_SHOWN - 1], f"and {counted(rest, f'more {severity}')}: see the log"]


def _escape(text: str, table: dict[str, str]) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return "".join(table.get(character, character) for character in cut)
