"""
A report as metrics for the textfile collector of Prometheus's node_exporter.

Laws:
1. It is read alike as Prometheus' text format 0.0.4 (which the collector takes) and as OpenMetrics
   1.0: gauges alone, no timestamps, no comments but HELP and TYPE, `# EOF` last.
2. There is nothing that only has a meaning over many runs: one run has no counters.

Upstream: pkg/metrics/metrics.go @ v0.10.0: `kubefedcluster_total` and `joined_cluster_total`, same
names and labels. KubeFed leaves the state that a cluster had before at 1 in some transitions; here
just one state is 1. Its histograms are over the reconciliations of a process that stays; a run has
none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubefedctl.model.events import ClusterTally, Verdict
from kubefedctl.model.reports import Report

_ESCAPES = {"\\": "\\\\", "\n": "\\n", '"': '\\"'}


@dataclass(frozen=True, slots=True)
class _Family:
    """
    A metric with its samples.

    Args:
        name: Its name.
        help: What it says.
        samples: Labels and value of each sample.
    """

    name: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def render_metrics(report: Report) -> str:
    """Return *report* as metrics."""
    families = [*_of_kubefed(report.tallies), *_of_run(report), *_of_objects(report)]
    lines = [line for family in families if family.samples for line in _lines(family)]
    return "\n".join([*lines, "# EOF\n"])


def _of_kubefed(tallies: Sequence[ClusterTally]) -> Iterator[_Family]:
    states = [
        ({"cluster": tally.cluster, "state": state}, float(state == _state(tally)))
        for tally in tallies
        for state in ("ready", "notready", "offline")
    ]
    yield _Family("kubefedcluster_total", "The state that a member cluster is in has 1.", states)
    if tallies:
        text = "How many member clusters were looked at."
        yield _Family("joined_cluster_total", text, [({}, len(tallies))])


def _of_run(report: Report) -> Iterator[_Family]:
    ending = report.ending
    common = {"command": report.command, "host": report.host}

    def single(name: str, text: str, value: float) -> _Family:
        return _Family(f"kubefedctl_{name}", text, [(common, value)])

    failures = len(report.failures) + len(report.other_failures)
    yield _Family(
        "kubefedctl_run_info",
        "What ran; always 1.",
        [({**common, "dry_run": report.dry_run}, 1)],
    )
    yield single("run_success", "Whether the exit code was 0.", float(ending.exit_code == 0))
    yield single("run_complete", "Whether the run came to its end.", float(report.is_complete))
    yield single("run_exit_code", "What the process ended with.", ending.exit_code)
    yield single("run_duration_seconds", "How long the run took.", round(ending.seconds, 3))
    yield single("run_start_time_seconds", "When the run began.", _epoch(ending.started_at))
    yield single("run_end_time_seconds", "When the run ended.", _epoch(ending.finished_at))
    yield single("run_failures", "Failures, of objects and others.", failures)
    yield single("run_warnings", "Warnings that are no failures.", len(report.remarks))
    yield single("run_changes", "Objects written, or that would be.", len(report.changes))
    if report.is_complete:
        yield single("federated_objects", "Federated objects looked at.", report.federated)


def _of_objects(report: Report) -> Iterator[_Family]:
    common = {"command": report.command, "host": report.host}
    ready = [
        ({**common, "cluster": tally.cluster}, float(tally.is_ready)) for tally in report.tallies
    ]
    yield _Family("kubefedctl_cluster_ready", "Whether a member cluster was ready.", ready)
    objects = [
        (
            {**common, "cluster": tally.cluster, "verdict": verdict.value},
            tally.counts.get(verdict, 0),
        )
        for tally in report.tallies
        for verdict in Verdict
    ]
    yield _Family("kubefedctl_objects", "What became of the objects of a member.", objects)
    if report.command == "diff" and report.comparison is not None:
        differing = len(report.comparison.objects)
        text = "Objects that a sync would change."
        yield _Family("kubefedctl_differing_objects", text, [(common, differing)])


def _state(tally: ClusterTally) -> str:
    if tally.is_ready:
        return "ready"
    return "offline" if tally.is_offline else "notready"


def _lines(family: _Family) -> Iterable[str]:
    yield f"# HELP {family.name} {family.help}"
    yield f"# TYPE {family.name} gauge"
    for labels, value in family.samples:
        inner = ",".join(f'{name}="{_escape(text)}"' for name, text in labels.items())
        yield (
            f"{family.name}{{{inner}}} {_number(value)}"
            if inner
            else (f"{family.name} {_number(value)}")
        )


def _escape(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
