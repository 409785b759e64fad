"""
A report as JUnit XML, which CI systems show: a suite for each cluster, a case for each object.

Laws:
1. Names are the same in every run, so that CI systems can tell what is new: counts stand in texts.
2. At most 10,000 cases: where there would be more, those that say least are one case for many, and
   failures go last.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from kubefedctl.model.events import CHANGES, ClusterTally, Result, Verdict, counted
from kubefedctl.model.refs import Subject
from kubefedctl.model.reports import Report
from kubefedctl.render.comparisons import field_lines
from kubefedctl.render.escaping import escape_controls
from kubefedctl.render.reports.wording import describe_result, make_advice, make_sentence

MOST_CASES = 10_000
_LONGEST_NAME = 200
_RUN = ""
_ENDS_OF_ITS_OWN = frozenset({0, 1, 5, 7})
"""Exit codes for which objects, not the run, are to blame."""


class _Weight(IntEnum):
    """How much a case says; the least is folded first."""

    IN_STEP = 0
    TOLD_BY_CLUSTER = 1
    DONE = 2
    FAILED = 3
    ALWAYS = 4


@dataclass(frozen=True, slots=True)
class _Case:
    """
    One test case.

    Args:
        kind: What it is about; the last part of its class name.
        name: Its name.
        outcome: `failure`, `error` or `skipped`; empty where it passed.
        type: The word for the failure.
        message: What is wrong, on one line.
        output: What else there is to say.
        weight: How much it says.
    """

    kind: str
    name: str
    outcome: str = ""
    type: str = ""
    message: str = ""
    output: str = ""
    weight: _Weight = _Weight.ALWAYS


def render_junit(report: Report, *, most: int = MOST_CASES) -> str:
    """
    Return *report* as JUnit XML.

    Args:
        report: The run.
        most: How many cases may be listed.
    """
    suites = _fold({_RUN: _run_cases(report), **_cluster_cases(report)}, most=most)
    root = ET.Element("testsuites", {"name": f"kubefedctl {report.command}"})
    cases = [case for found in suites.values() for case in found]
    root.attrib |= _counts(cases) | {"time": f"{report.ending.seconds:.3f}"}
    for name, found in suites.items():
        root.append(_suite(name, found, report))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _run_cases(report: Report) -> list[_Case]:
    """The run itself, and failures that belong to no object."""
    ending = report.ending
    is_to_blame = ending.exit_code not in _ENDS_OF_ITS_OWN or not report.is_complete
    advice = make_advice(report)
    lines = [make_sentence(report), *(f"warning: {text}" for text in report.remarks)]
    run = _Case(
        "run",
        report.command,
        "error" if is_to_blame else "",
        f"exit {ending.exit_code}" if is_to_blame else "",
        ending.message if is_to_blame else "",
        "\n".join([*lines, *([f"hint: {advice}"] if advice else [])]),
    )
    others = [
        _Case("run", text[:_LONGEST_NAME], "failure", "Failure", text)
        for text in report.other_failures
    ]
    return [run, *_with_own_names(others)]


def _cluster_cases(report: Report) -> dict[str, list[_Case]]:
    """The cases of each cluster, and of the host where objects failed there."""
    suites: dict[str, list[_Case]] = {
        tally.cluster: [_readiness(tally)] for tally in report.tallies
    }
    by_cluster: dict[str, dict[tuple[Subject, str], _Case]] = {name: {} for name in suites}
    fields = _fields_of(report)
    for result in report.results:
        subject = result.subject
        case = _case_of(result, report, fields=fields.get((subject, result.cluster), []))
        cases = by_cluster.setdefault(result.cluster, {})
        before = cases.get((subject, subject.group))
        cases[subject, subject.group] = case if before is None else _merge(before, case)
    in_step = report.summary.in_step if report.summary is not None else {}
    for subject, names in in_step.items():
        case = _Case(subject.kind, _name(subject), weight=_Weight.IN_STEP)
        for name in names:
            by_cluster.setdefault(name, {}).setdefault((subject, subject.group), case)
    for name, cases in by_cluster.items():
        ordered = (cases[place] for place in sorted(cases))
        suites.setdefault(name, []).extend(_with_own_names(ordered))
    return dict(sorted(suites.items()))


def _merge(one: _Case, other: _Case) -> _Case:
    """The case of an object that was told of twice, such as when it was written and waited for."""
    worse, better = (other, one) if other.weight >= one.weight else (one, other)
    said = (worse.output, better.message, better.output)
    return replace(worse, output="\n".join(text for text in said if text))


def _with_own_names(cases: Iterable[_Case]) -> Iterator[_Case]:
    """Number those of the same name: readers keep one of them, maybe not the one that failed."""
    seen: Counter[tuple[str, str]] = Counter()
    for case in cases:
        seen[case.kind, case.name] += 1
        number = seen[case.kind, case.name]
        yield case if number == 1 else replace(case, name=f"{case.name} ({number})")


def _fields_of(report: Report) -> dict[tuple[Subject, str], list[str]]:
    """The lines about fields of what differs, by object and cluster, where that is the failure."""
    lines: dict[tuple[Subject, str], list[str]] = {}
    if report.comparison is None or not report.differing_is_trouble:
        return lines
    for about in report.comparison.objects:
        for change in about.changes:
            told = [escape_controls(line) for one in change.fields for line in field_lines(one)]
            for cluster in change.clusters:
                lines.setdefault((about.subject, cluster), []).extend(told)
    return lines


def _readiness(tally: ClusterTally) -> _Case:
    if tally.is_ready:
        return _Case("cluster", "ready")
    return _Case("cluster", "ready", "failure", "ClusterNotReady", tally.note or "not ready")


def _case_of(result: Result, report: Report, *, fields: Sequence[str]) -> _Case:
    verdict = result.verdict
    outcome, word = "", ""
    if verdict is Verdict.FAILED or (verdict is Verdict.WAITING and not report.is_dry):
        outcome, word = "failure", result.reason or verdict.capitalize()
    elif verdict is Verdict.SKIPPED:
        outcome, word = "skipped", ""
    elif report.differing_is_trouble and verdict in CHANGES | {Verdict.WAITING}:
        outcome, word = "failure", "Differs"
    text = describe_result(result, is_dry=report.is_dry)
    weight = _Weight.FAILED if outcome == "failure" else _Weight.DONE
    return _Case(
        result.subject.kind,
        _name(result.subject),
        outcome,
        word,
        text if outcome else "",
        "\n".join(fields) if outcome else text,
        weight=_Weight.TOLD_BY_CLUSTER if result.level > 0 else weight,
    )


def _name(subject: Subject) -> str:
    return f"{subject.namespace}/{subject.name}" if subject.namespace else subject.name


def _fold(suites: dict[str, list[_Case]], *, most: int) -> dict[str, list[_Case]]:
    """Make of many cases one for each cluster, those that say least first, until few are left."""
    for weight in (_Weight.IN_STEP, _Weight.TOLD_BY_CLUSTER, _Weight.DONE, _Weight.FAILED):
        if sum(map(len, suites.values())) <= most:
            break
        share = most // len(suites) if weight is _Weight.FAILED else 0
        suites = {name: _fold_one(found, weight, kept=share) for name, found in suites.items()}
    return suites


def _fold_one(cases: Sequence[_Case], weight: _Weight, *, kept: int) -> list[_Case]:
    light = [case for case in cases if case.weight is weight]
    folded = light[kept:]
    if len(folded) < 2:
        return list(cases)
    gone = set(map(id, folded))
    first = folded[0]
    name = f"other objects: {weight.name.lower().replace('_', ' ')}"
    text = f"{counted(len(folded), 'object')}; the first: {first.message or first.output}"
    is_bad = bool(first.outcome)
    one = _Case(
        "cluster",
        name,
        first.outcome,
        first.type,
        text if is_bad else "",
        "" if is_bad else counted(len(folded), "object"),
        weight=weight,
    )
    return [*(case for case in cases if id(case) not in gone), one]


def _suite(cluster: str, cases: Sequence[_Case], report: Report) -> ET.Element:
    name = cluster or "kubefedctl"
    time = 0 if cluster else report.ending.seconds
    suite = ET.Element("testsuite", {"name": name, **_counts(cases), "time": f"{time:.3f}"})
    # NB: the schemas of JUnit's readers know no zone
    suite.set("timestamp", report.ending.started_at.removesuffix("Z"))
    if not cluster:
        properties = ET.SubElement(suite, "properties")
        for key, value in (("host", report.host), ("dryRun", report.dry_run)):
            ET.SubElement(properties, "property", {"name": key, "value": value})
    for case in cases:
        suite.append(_element(name, case))
    return suite


def _element(suite: str, case: _Case) -> ET.Element:
    named = {"classname": f"{suite}.{case.kind}", "name": case.name, "time": "0"}
    element = ET.Element("testcase", named)
    if case.outcome == "skipped":
        ET.SubElement(element, "skipped", {"message": case.message})
    elif case.outcome:
        found = ET.SubElement(element, case.outcome, {"message": case.message, "type": case.type})
        found.text = case.message
    if case.output:
        ET.SubElement(element, "system-out").text = case.output
    return element


def _counts(cases: Iterable[_Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
    }
