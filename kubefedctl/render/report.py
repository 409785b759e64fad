"""
The report of a run: hearing all that is said, and the document for programs.

Here: gathering events, and the document. Not here: other forms (`reports`), the lines for people
(`text`), and the clock.

Laws:
1. There is a report however the run ends, also where nothing could be read.
2. What docs/reference/sync-report.schema.json promises stays; a change that breaks it has another
   `apiVersion`.
3. Texts stand in it as in the lines: nothing that a cluster says steers a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from kubefedctl.model.changes import Comparison
from kubefedctl.model.events import (
    ClusterTally,
    Compared,
    Event,
    Progressed,
    Result,
    Summary,
    Verdict,
    Warned,
)
from kubefedctl.model.refs import Object, Subject
from kubefedctl.model.reports import Ending, Report
from kubefedctl.render.comparisons import comparison_as_object
from kubefedctl.render.text import escape_controls

API_VERSION = "kubefedctl.io/v1"
KIND = "SyncReport"
_VERDICTS = {
    "create": Verdict.CREATED,
    "update": Verdict.UPDATED,
    "adopt": Verdict.ADOPTED,
    "recreate": Verdict.RECREATED,
    "delete": Verdict.DELETED,
    "unlabel": Verdict.UNLABELLED,
    "await removal": Verdict.WAITING,
}


@dataclass(slots=True)
class Reporter:
    """
    Hears a run.

    Args:
        command: What runs: `sync` or `diff`.
        dry_run: How far the run goes: `none`, `client` or `server`.
        host: The host cluster; empty while it is not known.
    """

    command: str
    dry_run: str
    host: str = ""
    _results: list[Result] = field(default_factory=list)
    _warnings: list[Warned] = field(default_factory=list)
    _waited: dict[tuple[str, Subject], Progressed] = field(default_factory=dict)
    _summary: Summary | None = None
    _comparison: Comparison | None = None

    def hear(self, event: Event) -> None:
        """Keep what belongs into the report."""
        match event:
            case Result():
                self._results.append(_printable(event))
            case Warned():
                self._warnings.append(replace(event, text=escape_controls(event.text)))
            case Progressed():
                self._waited[event.cluster, event.subject] = event
            case Summary():
                self._summary = replace(event, clusters=tuple(map(_tally, event.clusters)))
            case Compared():
                self._comparison = event.comparison
            case _:
                pass

    def listen(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield *events*, each when it was heard."""
        for event in events:
            self.hear(event)
            yield event

    def end(self, ending: Ending) -> Report:
        """Return the report of all that was heard."""
        foreseen: list[Result] = []
        if self.command == "diff" and self._comparison is not None:
            foreseen = _foresee(self._comparison)
        return Report(
            self.command,
            escape_controls(self.host),
            self.dry_run,
            replace(
                ending,
                message=escape_controls(ending.message),
                hint=escape_controls(ending.hint),
            ),
            results=(*self._results, *foreseen),
            warnings=tuple(self._warnings),
            waited=tuple(_readable(found) for _, found in sorted(self._waited.items())),
            summary=self._summary,
            comparison=self._comparison,
        )


def report_as_object(report: Report) -> Object:
    """Return the report as a document; that of `diff` is a FederationDiff."""
    document = _diff_as_object(report) if report.command == "diff" else _sync_as_object(report)
    if report.ending.message:
        error = {"message": report.ending.message, "hint": report.ending.hint}
        document["error"] = _without_empty(error)
    return document


def changed_names(report: Report) -> str:
    """Return a line for each object that was changed."""
    return "".join(f"{found.subject.within(found.cluster)}\n" for found in report.changes)


def _sync_as_object(report: Report) -> Object:
    ending = report.ending
    waited = [_report_waited(found) for found in report.waited]
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "host": report.host,
        "dryRun": report.dry_run,
        "startedAt": ending.started_at,
        "finishedAt": ending.finished_at,
        "durationSeconds": round(ending.seconds, 3),
        "exitCode": ending.exit_code,
        "isComplete": report.is_complete,
        "federatedObjects": report.federated,
        "changes": len(report.changes),
        "clusters": [_report_cluster(tally) for tally in report.tallies],
        "results": [_report_result(found) for found in report.results],
        **({"waited": waited} if waited else {}),
        "warnings": list(report.remarks),
        "failures": list(report.other_failures),
    }


def _diff_as_object(report: Report) -> Object:
    document = comparison_as_object(report.comparison or Comparison())
    told = [f"{r.subject.within(r.cluster)}: {r.cause}" for r in report.failures]
    return {
        **document,
        "exitCode": report.ending.exit_code,
        "isComplete": report.is_complete,
        "warnings": list(report.remarks),
        "failures": [*told, *report.other_failures],
    }


def _foresee(comparison: Comparison) -> list[Result]:
    """What a comparison tells of as results, each object and cluster once."""
    found: dict[tuple[Subject, str], Result] = {}
    for about in comparison.objects:
        for change in about.changes:
            for cluster in change.clusters:
                result = Result(
                    _VERDICTS[change.deed],
                    about.subject,
                    cluster,
                    detail=change.detail,
                    is_dry_run=True,
                )
                found.setdefault((about.subject, cluster), _printable(result))
    return list(found.values())


def _readable(found: Progressed) -> Progressed:
    return Progressed(
        _named(found.subject),
        escape_controls(found.cluster),
        replace(found.progress, message=escape_controls(found.progress.message)),
    )


def _named(subject: Subject) -> Subject:
    parts = (subject.kind, subject.namespace, subject.name, subject.group)
    return Subject(*map(escape_controls, parts))


def _printable(result: Result) -> Result:
    return replace(
        result,
        subject=_named(result.subject),
        cluster=escape_controls(result.cluster),
        reason=escape_controls(result.reason),
        detail=escape_controls(result.detail),
    )


def _tally(tally: ClusterTally) -> ClusterTally:
    return replace(tally, cluster=escape_controls(tally.cluster), note=escape_controls(tally.note))


def _report_cluster(tally: ClusterTally) -> Object:
    return _without_empty(
        {
            "name": tally.cluster,
            "ready": tally.is_ready,
            "note": tally.note,
            "wave": tally.wave,
            "counts": {verdict.value: count for verdict, count in tally.counts.items() if count},
        }
    )


def _report_waited(found: Progressed) -> Object:
    return _without_empty(
        {
            "state": found.progress.readiness.value,
            **_report_subject(found.subject),
            "cluster": found.cluster,
            "message": found.progress.message,
        }
    )


def _report_subject(subject: Subject) -> Object:
    return {
        "kind": subject.kind,
        "group": subject.group,
        "namespace": subject.namespace,
        "name": subject.name,
    }


def _report_result(result: Result) -> Object:
    return _without_empty(
        {
            "verdict": result.verdict.value,
            **_report_subject(result.subject),
            "cluster": result.cluster,
            "reason": result.reason,
            "detail": result.detail,
        }
    )


def _without_empty(entry: Object) -> Object:
    return {key: value for key, value in entry.items() if value != ""}
