"""Tests of reports as GitLab's code quality: its required fields, and stable fingerprints."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from kubefedctl.model.events import ClusterTally, Result, Summary, Verdict
from kubefedctl.model.reports import Report
from kubefedctl.render.reports.quality import render_quality
from tests.render.made_reports import WEB, compared, hostile, report_of, stopped, usual, vast

TEXT = {"type": "string", "minLength": 1}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": TEXT,
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^[^./][^\n]*$"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation asks of a report that a tool of one's own writes."""


def read(report: Report, **bounds: int) -> list[dict[str, Any]]:
    """Return the findings, which must be as GitLab asks."""
    found: list[dict[str, Any]] = json.loads(render_quality(report, **bounds))
    jsonschema.validate(found, SCHEMA)
    prints = [one["fingerprint"] for one in found]
    assert len(prints) == len(set(prints))
    return found


def severities(report: Report) -> list[tuple[str, str]]:
    """Return severity and rule of each finding."""
    return [(one["severity"], one["check_name"]) for one in read(report)]


@pytest.mark.parametrize("make", [usual, compared, hostile, stopped], ids=lambda f: f.__name__)
def test_quality_report_is_valid(make: Any) -> None:
    """However the run ended, and whatever clusters said."""
    assert [] != read(make())


def test_quality_report_weighs_findings() -> None:
    """A cluster weighs more than an object, and is told once."""
    assert [
        ("critical", "kubefedctl/ClusterNotReady"),
        ("major", "kubefedctl/failure"),
        ("major", "kubefedctl/UpdateFailed"),
    ] == severities(usual())
    assert [("blocker", "kubefedctl/run")] == severities(stopped())
    assert {("minor", "kubefedctl/differs"), ("info", "kubefedctl/warning")} == set(
        severities(compared())
    )


def test_quality_report_places_findings_where_render_writes_manifests() -> None:
    """Who keeps the rendered manifests in the repository finds the file."""
    paths = [one["location"]["path"] for one in read(usual())]
    assert "eu-1/shop/secret.keys.yaml" in paths


def test_quality_report_has_the_same_fingerprint_whatever_the_cause_says() -> None:
    """Causes hold times and numbers; the finding is the same."""
    one, other = (
        read(report_of(Result(Verdict.FAILED, WEB, "c", "UpdateFailed", text), Summary((), 1)))
        for text in ("after 1s", "after 2s")
    )
    assert one[0]["fingerprint"] == other[0]["fingerprint"]
    assert one[0]["description"] != other[0]["description"]


def test_quality_report_of_waiting_is_minor_in_a_real_run_alone() -> None:
    """A dry run only foresees it."""
    tally = ClusterTally("c", True, {Verdict.WAITING: 1})
    events = (Result(Verdict.WAITING, WEB, "c"), Summary((tally,), 1))
    assert [("minor", "kubefedctl/waiting")] == severities(report_of(*events))
    assert [] == severities(report_of(*events, dry_run="client"))


def test_quality_report_of_a_vast_fleet_says_what_it_leaves_out() -> None:
    """As the last finding."""
    found = read(vast(10, 10, Verdict.FAILED), most=20)
    assert 21 == len(found)
    assert "80 more findings left out; -o json has everything" == found[-1]["description"]


def test_quality_report_of_a_good_run_is_empty() -> None:
    """GitLab compares with it what was there before."""
    assert [] == read(vast(2, 2, Verdict.CREATED))
