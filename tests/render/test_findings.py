"""Tests of showing what `check` found: lines that can be copied, documents, a SARIF log."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from kubefedctl.model.events import Diagnosed, Output
from kubefedctl.model.findings import Diagnosis, Finding, Severity
from kubefedctl.model.rules import CLUSTER_UNREACHABLE, ORPHAN, RULES, VERSION_SKEW
from kubefedctl.render.findings import diagnosis_as_object, diagnosis_lines
from kubefedctl.render.sarif import diagnosis_as_sarif
from kubefedctl.render.text import TextRenderer

DOWN = Finding(CLUSTER_UNREACHABLE, "cluster c1", "does not answer", "kubectl version", "c1")
SKEW = Finding(VERSION_SKEW, "cluster c2", "its version is v1.1", cluster="c2")

# The part of SARIF 2.1.0 that the log uses, and what GitHub's code scanning wants beside it.
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"minLength": 1}}}
_LEVEL = {"enum": ["error", "warning", "note", "none"]}
_URI = {"type": "string", "pattern": r"^[A-Za-z0-9._~%-]+(/[A-Za-z0-9._~%-]+)*$"}
_RULE = {
    "type": "object",
    "required": ["id", "name", "shortDescription", "fullDescription", "help"],
    "properties": {
        "id": {"type": "string", "maxLength": 255},
        "name": {"type": "string", "maxLength": 255},
        "shortDescription": _TEXT,
        "fullDescription": _TEXT,
        "help": _TEXT,
        "defaultConfiguration": {"properties": {"level": _LEVEL}},
        "properties": {"type": "object"},
    },
    "additionalProperties": False,
}
_PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {"required": ["uri"], "properties": {"uri": _URI}},
        "region": {
            "required": ["startLine"],
            "properties": {"startLine": {"type": "integer", "minimum": 1}},
        },
    },
    "additionalProperties": False,
}
_LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": _PLACE,
        "logicalLocations": {
            "type": "array",
            "items": {"properties": {"fullyQualifiedName": {"type": "string"}, "kind": {}}},
        },
    },
    "additionalProperties": False,
}
_RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": _LEVEL,
        "message": _TEXT,
        "locations": {"type": "array", "minItems": 1, "items": _LOCATION},
        "partialFingerprints": {
            "required": ["primaryLocationLineHash"],
            "additionalProperties": {"type": "string"},
        },
    },
    "additionalProperties": False,
}
_DRIVER = {
    "type": "object",
    "required": ["name", "rules"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "semanticVersion": {"type": "string"},
        "rules": {"type": "array", "items": _RULE, "uniqueItems": True},
    },
    "additionalProperties": False,
}
_RUN = {
    "type": "object",
    "required": ["tool", "results"],
    "properties": {
        "tool": {"required": ["driver"], "properties": {"driver": _DRIVER}},
        "automationDetails": {"properties": {"id": {"type": "string"}}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": _RESULT, "maxItems": 25000},
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": _RUN},
    },
    "additionalProperties": False,
}


def diagnosis(*findings: Finding) -> Diagnosis:
    """Return findings of two clusters and three objects."""
    return Diagnosis("host", findings, clusters=2, objects=3)


def orphans(count: int) -> tuple[Finding, ...]:
    """Return so many findings of one rule."""
    return tuple(Finding(ORPHAN, f"ConfigMap/shop/{n}", "is one") for n in range(count))


def test_lines_name_each_rule_once_with_its_findings_and_fixes() -> None:
    """The worst first, and a sentence on the whole."""
    assert [
        "error KF202 ClusterUnreachable: A member does not answer from here.",
        "  cluster c1: does not answer",
        "      fix: kubectl version",
        "",
        "note KF211 VersionSkew: Versions of host and member are more than three minor versions"
        " apart.",
        "  cluster c2: its version is v1.1",
        "",
        "3 federated objects over 2 clusters: 1 error, 1 note",
    ] == diagnosis_lines(diagnosis(DOWN, SKEW))


def test_lines_of_nothing_are_one_sentence() -> None:
    """That nothing was found."""
    assert ["3 federated objects over 2 clusters: nothing found"] == diagnosis_lines(diagnosis())


@pytest.mark.parametrize(
    ("count", "shown", "more"), [(5, 5, 0), (6, 6, 0), (7, 5, 2)], ids=["few", "one-more", "many"]
)
def test_lines_of_a_rule_are_few(count: int, shown: int, more: int) -> None:
    """One that is everywhere hides no other; where all are listed is said."""
    lines = diagnosis_lines(diagnosis(*orphans(count)))
    assert shown == sum(line.startswith("  ConfigMap") for line in lines)
    told = f"  and {more} more (--v=1 or -o json lists all)"
    assert bool(more) == (told in lines)
    everything = diagnosis_lines(diagnosis(*orphans(count)), shows_all=True)
    assert count == sum(line.startswith("  ConfigMap") for line in everything)


def test_lines_fit_the_terminal_but_for_commands() -> None:
    """A command that is broken is not what one can copy."""
    long = replace(DOWN, text="does not answer: " + "word " * 30, fix="kubectl " + "word " * 30)
    lines = diagnosis_lines(diagnosis(long), width=80)
    assert [f"      fix: {long.fix}"] == [line for line in lines if len(line) > 80]
    joined = " ".join(" ".join(lines).split())
    assert f"cluster c1: {long.text.strip()}" in joined


def test_text_lets_no_finding_steer_the_terminal() -> None:
    """What a cluster says stays text."""
    out = io.StringIO()
    told = diagnosis(replace(DOWN, text="\x1b[2J"))
    TextRenderer(stdout=out, stderr=io.StringIO()).show(Diagnosed(told))
    assert "  cluster c1: \\x1b[2J\n" in out.getvalue()


def test_text_colours_the_severity_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where colour may be."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = io.StringIO()
    TextRenderer(stdout=out, stderr=io.StringIO()).show(Diagnosed(diagnosis(DOWN)))
    lines = out.getvalue().splitlines()
    assert re.match(r"\x1b\[[0-9;]+merror\x1b\[0m KF202", lines[0])
    assert "  cluster c1: does not answer" == lines[1]


def test_document_has_counts_and_findings() -> None:
    """Fields that have nothing to say are absent."""
    found = diagnosis_as_object(diagnosis(DOWN, SKEW))
    assert ("FederationCheck", "host", 2, 3) == (
        found["kind"],
        found["host"],
        found["clusters"],
        found["federatedObjects"],
    )
    assert (1, 0, 1) == (found["errors"], found["warnings"], found["notes"])
    assert [
        {
            "id": "KF202",
            "name": "ClusterUnreachable",
            "severity": "error",
            "subject": "cluster c1",
            "message": "does not answer",
            "cluster": "c1",
            "fix": "kubectl version",
        },
        {
            "id": "KF211",
            "name": "VersionSkew",
            "severity": "note",
            "subject": "cluster c2",
            "message": "its version is v1.1",
            "cluster": "c2",
        },
    ] == found["findings"]


def test_document_is_printed_in_the_form_that_was_asked_for() -> None:
    """As YAML too."""
    out = io.StringIO()
    renderer = TextRenderer(output=Output.YAML, stdout=out, stderr=io.StringIO())
    renderer.show(Diagnosed(diagnosis(DOWN)))
    renderer.finish()
    assert "kind: FederationCheck" in out.getvalue()


def sarif_results(*findings: Finding) -> list[Any]:
    """Return the results of a log that is as the standard wants it."""
    log = diagnosis_as_sarif(diagnosis(*findings))
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
    assert len(RULES) == len(rules)
    found: list[Any] = run["results"]
    return found


def test_sarif_log_is_one_whatever_was_found() -> None:
    """Every rule, every level, subjects of all shapes."""
    subjects = ["cluster c1", "Namespace/shop", "configmaps in cluster c1", "A/b/c for cluster d"]
    findings = [Finding(rule, s, "is so", "kubectl") for rule in RULES for s in subjects]
    levels = {result["level"] for result in sarif_results(*findings)}
    assert {severity.value for severity in Severity} == levels
    assert [] == sarif_results()


def test_sarif_result_has_message_fix_and_place() -> None:
    """The object stands for a file, in the folder of its cluster."""
    one = Finding(ORPHAN, "ConfigMap/shop/a b in cluster c1", "is one", "kubefedctl sync", "c1")
    (result,) = sarif_results(one)
    expected = "ConfigMap/shop/a b in cluster c1: is one\nfix: kubefedctl sync"
    assert ("KF514", "warning", expected) == (
        result["ruleId"],
        result["level"],
        result["message"]["text"],
    )
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert "c1/shop/ConfigMap.a%20b" == place


def test_sarif_result_is_the_same_one_while_time_passes() -> None:
    """Code scanning opens no new alert each hour; another cluster is another alert."""

    def mark(text: str, cluster: str = "c1") -> str:
        result = sarif_results(replace(DOWN, text=text, cluster=cluster))[0]
        found: str = result["partialFingerprints"]["primaryLocationLineHash"]
        return found

    earlier, later = "since 2026-01-02T03:04:05Z, 5 hours", "since 2026-02-03T04:05:06Z, 16 hours"
    assert mark(earlier) == mark(later)
    assert mark("of c2") != mark("of c3")
    assert mark("of c2") != mark("of c2", "c9")
