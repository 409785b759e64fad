"""Tests of reports as JUnit XML: valid, grouped as CI systems group, and never too large."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import xmlschema

from kubefedctl.model.events import ClusterTally, Result, Summary, Verdict
from kubefedctl.model.refs import Subject
from kubefedctl.model.reports import Report
from kubefedctl.render.reports.junit import render_junit
from tests.render.made_reports import (
    WEB,
    compared,
    ending,
    hostile,
    report_of,
    stopped,
    usual,
    vast,
)

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parent / "junit.xsd"))


def read(report: Report, **bounds: int) -> ET.Element:
    """Return a report, which must be valid, and whose counts must be right."""
    text = render_junit(report, **bounds)
    SCHEMA.validate(text)
    root = ET.fromstring(text)
    for counted in (root, *root.iter("testsuite")):
        cases = list(counted.iter("testcase"))
        found = [
            len(cases),
            *(sum(c.find(word) is not None for c in cases) for word in ("failure", "error")),
            sum(c.find("skipped") is not None for c in cases),
        ]
        assert [str(n) for n in found] == [
            counted.get(name) for name in ("tests", "failures", "errors", "skipped")
        ]
    return root


def cases_of(root: ET.Element, suite: str) -> dict[str, str]:
    """Return what became of each case of a suite, by its class and name."""
    (found,) = [one for one in root.iter("testsuite") if one.get("name") == suite]
    return {
        f"{case.get('classname')} {case.get('name')}": next(
            (child.tag for child in case if child.tag != "system-out"), "passed"
        )
        for case in found.iter("testcase")
    }


@pytest.mark.parametrize("make", [usual, compared, hostile, stopped], ids=lambda f: f.__name__)
def test_junit_report_is_valid(make: type[Report]) -> None:
    """However the run ended, and whatever clusters said."""
    read(make())


def test_junit_report_has_a_case_for_each_object_in_each_cluster() -> None:
    """Also for those that were as they should be."""
    root = read(usual())
    assert {
        "eu-1.cluster ready": "passed",
        "eu-1.ConfigMap shop/conf": "passed",
        "eu-1.Deployment shop/web": "passed",
        "eu-1.Namespace shop": "passed",
        "eu-1.Secret shop/keys": "failure",
    } == cases_of(root, "eu-1")
    assert "failure" == cases_of(root, "eu-2")["eu-2.cluster ready"]


def test_junit_report_of_a_difference_is_a_failure_that_shows_fields() -> None:
    """Where the question is whether anything differs."""
    root = read(compared())
    (case,) = [c for c in root.iter("testcase") if c.get("classname") == "eu-1.Deployment"]
    failure, output = case.find("failure"), case.find("system-out")
    assert failure is not None and output is not None
    assert "Differs" == failure.get("type")
    assert "    ~ spec.replicas: 2 -> 5" in (output.text or "").splitlines()


def test_junit_report_of_a_dry_run_passes_what_would_be_changed() -> None:
    """Nobody asked if anything differs."""
    summary = Summary((ClusterTally("a", True, {Verdict.UPDATED: 1}),), 1)
    results = [Result(Verdict.UPDATED, WEB, "a"), Result(Verdict.WAITING, WEB, "b")]
    root = read(report_of(*results, summary, dry_run="client"))
    assert "0" == root.get("failures")


def test_junit_report_of_a_run_that_was_stopped_has_an_error() -> None:
    """The run itself is a case, so that nobody takes an empty report for a good one."""
    assert {"kubefedctl.run sync": "error"} == cases_of(read(stopped()), "kubefedctl")


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        pytest.param(Verdict.WAITING, "failure", id="still-going"),
        pytest.param(Verdict.SKIPPED, "skipped", id="not-tried"),
        pytest.param(Verdict.UNCHANGED, "passed", id="unchanged"),
    ],
)
def test_junit_report_knows_each_outcome(verdict: Verdict, outcome: str) -> None:
    """What is not gone in time is trouble, and what was not tried is neither."""
    summary = Summary((ClusterTally("a", True, {verdict: 1}),), 1)
    root = read(report_of(Result(verdict, WEB, "a"), summary, end=ending(7)))
    assert outcome == cases_of(root, "a")["a.Deployment shop/web"]


def test_junit_report_of_a_member_named_as_the_program_has_both_suites() -> None:
    """Neither hides the other."""
    summary = Summary((ClusterTally("kubefedctl", True, {}),), 1)
    root = read(report_of(summary))
    assert ["kubefedctl", "kubefedctl"] == [one.get("name") for one in root]


def test_junit_report_numbers_what_has_one_name() -> None:
    """Two types of one kind: readers keep one case of a name alone."""
    other = replace(WEB, group="example.com")
    results = [Result(Verdict.FAILED, WEB, "a"), Result(Verdict.UPDATED, other, "a")]
    root = read(report_of(*results, Summary((), 1)))
    assert {
        "a.Deployment shop/web": "failure",
        "a.Deployment shop/web (2)": "passed",
    } == cases_of(root, "a")


def test_junit_report_of_an_object_that_was_told_of_twice_is_one_case() -> None:
    """It was written, and then waited for in vain: what is worse counts, and both are told."""
    results = [Result(Verdict.UPDATED, WEB, "a"), Result(Verdict.WAITING, WEB, "a", "NotReady")]
    summary = Summary((), 1, in_step={WEB: ("a",)})
    for told in (results, results[::-1]):
        root = read(report_of(*told, summary))
        assert {"a.Deployment shop/web": "failure"} == cases_of(root, "a")
        output = root.findtext(".//testcase[@classname='a.Deployment']/system-out")
        assert "updated Deployment/shop/web in cluster a" == output


def test_junit_report_of_a_vast_fleet_folds_what_is_in_step() -> None:
    """One case for each cluster, with how many objects there are."""
    root = read(vast(50, 400))
    assert 1 + 50 * 2 == int(root.get("tests", "0"))
    (name,) = [one for one in cases_of(root, "cluster-0007") if "ready" not in one]
    assert "cluster-0007.cluster other objects: in step" == name


def test_junit_report_of_a_vast_fleet_keeps_failures_apart() -> None:
    """What is well is folded before, and of failures as many are listed as there is room for."""
    root = read(vast(10, 100, Verdict.FAILED), most=200)
    assert 190 <= int(root.get("tests", "0")) <= 220
    listed = [c for c in root.iter("testcase") if c.get("classname") == "cluster-0003.ConfigMap"]
    assert 200 // 11 == len(listed)
    root = read(vast(10, 100, Verdict.CREATED), most=200)
    assert 1 + 10 * 2 == int(root.get("tests", "0"))


def test_junit_report_folds_objects_of_a_cluster_that_is_not_ready() -> None:
    """The cluster's own case tells of them."""
    results = [
        Result(Verdict.FAILED, Subject("A", "n", f"a{n}"), "a", "ClusterNotReady", level=1)
        for n in range(5)
    ]
    summary = Summary((ClusterTally("a", False, {Verdict.FAILED: 5}, "Timeout"),), 5)
    root = read(report_of(*results, summary), most=3)
    assert {
        "a.cluster ready": "failure",
        "a.cluster other objects: told by cluster": "failure",
    } == cases_of(root, "a")
