"""
The report of a sync: one document for programs, made of all that was said.

Here: gathering events, and the document. Not here: the lines for people (`text`), and the clock.

Laws:
1. The report is printed however the run ends, also where nothing could be read.
2. What docs/reference/sync-report.schema.json promises stays; a change that breaks it has another
   `apiVersion`.
3. Texts stand in it as in the lines: nothing that a cluster says steers a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TextIO

from kubefedctl.model.events import CHANGES, ClusterTally, Event, Output, Result, Summary, Warned
from kubefedctl.model.refs import Object
from kubefedctl.render.objects import render_objects
from kubefedctl.render.text import Stream, escape_controls

API_VERSION = "kubefedctl.io/v1"
KIND = "SyncReport"


@dataclass(frozen=True, slots=True)
class Ending:
    """
    How and when a run ended.

    Args:
        started_at: RFC 3339.
        finished_at: RFC 3339.
        seconds: How long it took.
        exit_code: What the process ends with.
        message: The error; empty for none.
        hint: What to do next; empty where nobody knows.
    """

    started_at: str
    finished_at: str
    seconds: float
    exit_code: int = 0
    message: str = ""
    hint: str = ""


@dataclass(slots=True)
class Reporter:
    """
    Hears a run and prints its report.

    Args:
        output: The form.
        dry_run: How far the run goes: `none`, `client` or `server`.
        host: The host cluster; empty while it is not known.
        stdout: Where the report goes; the process's stdout by default.
    """

    output: Output
    dry_run: str
    host: str = ""
    stdout: TextIO | None = None
    results: list[Result] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    summary: Summary | None = None

    def hear(self, event: Event) -> None:
        """Keep what belongs into the report."""
        match event:
            case Result():
                self.results.append(event)
            case Warned():
                self.warnings.append(event)
            case Summary():
                self.summary = event
            case _:
                pass

    def finish(self, ending: Ending) -> None:
        """Print the report, or with `-o name` a line for each object that was changed."""
        if self.output is Output.NAME:
            lines = (found.subject.within(found.cluster) for found in self._changed())
            text = "".join(f"{escape_controls(line)}\n" for line in lines)
        else:
            text = render_objects([self.make_report(ending)], self.output)
        Stream(self.stdout or sys.stdout).write_objects(text)

    def make_report(self, ending: Ending) -> Object:
        """Return the report as a document."""
        tallies = self.summary.clusters if self.summary is not None else ()
        report: Object = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "host": self.host,
            "dryRun": self.dry_run,
            "startedAt": ending.started_at,
            "finishedAt": ending.finished_at,
            "durationSeconds": round(ending.seconds, 3),
            "exitCode": ending.exit_code,
            "isComplete": self.summary is not None,
            "federatedObjects": self.summary.federated if self.summary is not None else 0,
            "changes": len(list(self._changed())),
            "clusters": [_report_cluster(tally) for tally in tallies],
            "results": [_report_result(found) for found in self.results],
            "warnings": [found.text for found in self.warnings if not found.is_failure],
            "failures": [found.text for found in self.warnings if found.is_failure],
        }
        if ending.message:
            report["error"] = _without_empty({"message": ending.message, "hint": ending.hint})
        escaped: Object = _escape_all(report)
        return escaped

    def _changed(self) -> Iterable[Result]:
        return (found for found in self.results if found.verdict in CHANGES)


def _report_cluster(tally: ClusterTally) -> Object:
    return _without_empty(
        {
            "name": tally.cluster,
            "ready": tally.is_ready,
            "note": tally.note,
            "counts": {verdict.value: count for verdict, count in tally.counts.items() if count},
        }
    )


def _report_result(result: Result) -> Object:
    subject = result.subject
    return _without_empty(
        {
            "verdict": result.verdict.value,
            "kind": subject.kind,
            "group": subject.group,
            "namespace": subject.namespace,
            "name": subject.name,
            "cluster": result.cluster,
            "reason": result.reason,
            "detail": result.detail,
        }
    )


def _without_empty(entry: Object) -> Object:
    return {key: value for key, value in entry.items() if value != ""}


def _escape_all(value: Any) -> Any:
    match value:
        case str():
            return escape_controls(value)
        case dict():
            return {key: _escape_all(found) for key, found in value.items()}
        case list():
            return [_escape_all(found) for found in value]
        case _:
            return value
