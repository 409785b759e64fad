"""
What `check` found, as lines for people and as a document for scripts.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from kubefedctl.model.events import counted
from kubefedctl.model.findings import Diagnosis, Finding, Severity
from kubefedctl.model.refs import Object

_MOST_OF_A_RULE = 5
_FIX = "      fix: "
_LEAST_WIDTH = 40


def diagnosis_lines(
    diagnosis: Diagnosis, *, shows_all: bool = False, width: int | None = None
) -> list[str]:
    """
    Return the findings, the worst first, and one sentence on the whole.

    Args:
        diagnosis: What was found.
        shows_all: Whether every finding is shown, or a few of each rule.
        width: Columns of the terminal; None where it is none. Sentences are broken to fit,
            commands never are, so that they can be copied.
    """
    return [part for line in _lines(diagnosis, shows_all=shows_all) for part in _break(line, width)]


def _break(line: str, width: int | None) -> list[str]:
    if width is None or len(line) <= width or line.startswith(_FIX):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(
        line, max(width, _LEAST_WIDTH), subsequent_indent=indent, break_on_hyphens=False
    )


def _lines(diagnosis: Diagnosis, *, shows_all: bool) -> Iterator[str]:
    by_rule: dict[str, list[Finding]] = {}
    for found in diagnosis.findings:
        by_rule.setdefault(found.rule.id, []).append(found)
    for findings in by_rule.values():
        rule = findings[0].rule
        yield f"{rule.severity} {rule.id} {rule.name}: {rule.meaning}"
        most = len(findings) if shows_all else _MOST_OF_A_RULE
        # NB: "and 1 more" would take the line that the one more takes
        most += len(findings) == most + 1
        for found in findings[:most]:
            yield f"  {found}"
            if found.fix:
                yield f"{_FIX}{found.fix}"
        if len(findings) > most:
            yield f"  and {len(findings) - most} more (--v=1 or -o json lists all)"
        yield ""
    yield _sentence(diagnosis)


def diagnosis_as_object(diagnosis: Diagnosis) -> Object:
    """Return the same as a document."""
    return {
        "apiVersion": "kubefedctl.io/v1",
        "kind": "FederationCheck",
        "host": diagnosis.host,
        "clusters": diagnosis.clusters,
        "federatedObjects": diagnosis.objects,
        "errors": diagnosis.count(Severity.ERROR),
        "warnings": diagnosis.count(Severity.WARNING),
        "notes": diagnosis.count(Severity.NOTE),
        "findings": [_as_object(found) for found in diagnosis.findings],
    }


def severity_of(line: str) -> str:
    """Return the severity that *line* begins with; empty for lines below it."""
    word = line.partition(" ")[0]
    return word if word in list(Severity) else ""


def _as_object(found: Finding) -> Object:
    made: Object = {
        "id": found.rule.id,
        "name": found.rule.name,
        "severity": found.severity.value,
        "subject": found.subject,
        "message": found.text,
    }
    optional = {"cluster": found.cluster, "fix": found.fix}
    return made | {name: value for name, value in optional.items() if value}


def _sentence(diagnosis: Diagnosis) -> str:
    objects = counted(diagnosis.objects, "federated object")
    where = f"{objects} over {counted(diagnosis.clusters, 'cluster')}"
    nouns: Sequence[tuple[Severity, str]] = [(found, found.value) for found in Severity]
    parts = [counted(diagnosis.count(found), noun) for found, noun in nouns]
    parts = [part for part in parts if not part.startswith("0 ")]
    return f"{where}: {', '.join(parts) or 'nothing found'}"
