"""Tests of reports as metrics: both of Prometheus' formats, read by its own parsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as as_openmetrics
from prometheus_client.parser import text_string_to_metric_families as as_text

from kubefedctl.model.events import ClusterTally, Summary, Verdict
from kubefedctl.model.reports import Report
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.reports.metrics import render_metrics
from tests.render.made_reports import EVIL, compared, hostile, report_of, stopped, usual, vast

Read = Callable[[str], Iterable[Metric]]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(report: Report, *, parse: Read = as_openmetrics) -> Samples:
    """Return each sample by its name and labels; there must be no two of one, and no times."""
    found: Samples = {}
    for family in parse(render_metrics(report)):
        assert ("gauge", "") == (family.type, family.unit)
        assert "" != family.documentation
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            assert sample.timestamp is None
            found[key] = sample.value
    return found


def value(report: Report, name: str, **labels: str) -> float | None:
    """Return the one sample of a name whose labels hold all of *labels*."""
    found = [
        v
        for (one, own), v in read(report).items()
        if one == name and labels.items() <= dict(own).items()
    ]
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.parametrize(
    "make", [usual, compared, hostile, stopped, lambda: vast(3, 2)], ids=lambda f: f.__name__
)
def test_metrics_are_the_same_in_both_formats(make: Any) -> None:
    """node_exporter reads the older one, other collectors the newer."""
    report = make()
    assert read(report, parse=as_text) == read(report)
    assert render_metrics(report).endswith("\n# EOF\n")


def test_metrics_have_kubefeds_names() -> None:
    """One state of each cluster is 1."""
    tallies = (
        ClusterTally("a", True, {}),
        ClusterTally("b", False, {}, "without ok"),
        ClusterTally("c", False, {}, "no answer", is_offline=True),
    )
    samples = read(report_of(Summary(tallies, 0)))
    states = {
        dict(labels)["cluster"]: dict(labels)["state"]
        for (name, labels), found in samples.items()
        if name == "kubefedcluster_total" and found == 1
    }
    assert {"a": "ready", "b": "notready", "c": "offline"} == states
    assert 9 == sum(name == "kubefedcluster_total" for name, _ in samples)
    assert 3 == samples[("joined_cluster_total", ())]


def test_metrics_tell_how_the_run_went() -> None:
    """Whether it is well, and when it was, for who is to be called in the night."""
    report = usual()
    assert [0, 1, 5, 4.2, 6, 5, 5] == [
        value(report, f"kubefedctl_{name}")
        for name in (
            "run_success",
            "run_complete",
            "run_exit_code",
            "run_duration_seconds",
            "run_failures",
            "run_changes",
            "federated_objects",
        )
    ]
    assert 1767323049 == value(report, "kubefedctl_run_end_time_seconds")


def test_metrics_count_each_verdict_in_each_cluster() -> None:
    """Also those that did not occur, so that no series ends."""
    report = usual()
    assert 4 == value(report, "kubefedctl_objects", cluster="eu-2", verdict="failed")
    assert 0 == value(report, "kubefedctl_objects", cluster="ap-1", verdict="failed")
    assert 3 * len(Verdict) == sum(name == "kubefedctl_objects" for name, _ in read(report))


def test_metrics_of_diff_count_what_differs() -> None:
    """A sync has changed it by then."""
    assert 4 == value(compared(), "kubefedctl_differing_objects")
    assert value(usual(), "kubefedctl_differing_objects") is None


def test_metrics_of_a_run_that_was_stopped_say_nothing_of_clusters() -> None:
    """Nothing is known of them."""
    names = {name for name, _ in read(stopped())}
    assert {found for found in names if not found.startswith("kubefedctl_run_")} == set()
    assert 0 == value(stopped(), "kubefedctl_run_complete")


def test_metrics_of_hostile_names_are_read_back() -> None:
    """As the lines show them."""
    label = escape_controls(EVIL)
    assert 0 == value(hostile(), "kubefedctl_cluster_ready", cluster=label)
