"""
A report as findings of GitLab's code quality, which a merge request shows.

Laws:
1. The same trouble has the same fingerprint in every run, and no other finding has it: GitLab tells
   by it what is new and what is mended.
2. At most 5,000 findings; one more says how many there are beside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from kubefedctl.model.events import CHANGES, Result, Verdict, counted
from kubefedctl.model.refs import Object
from kubefedctl.model.reports import Report
from kubefedctl.render.reports.wording import describe_result, describe_unready, other_remarks

MOST_FINDINGS = 5_000
_INDENT = 2


@dataclass(frozen=True, slots=True)
class _Finding:
    """
    One finding.

    Args:
        check: The rule, in one word.
        severity: `info`, `minor`, `major`, `critical` or `blocker`.
        text: What is wrong.
        path: Where the manifest would be, as `kubefedctl render` lays them out.
        key: What the fingerprint is made of, beside check and path.
    """

    check: str
    severity: str
    text: str
    path: str
    key: str = ""


def render_quality(report: Report, *, most: int = MOST_FINDINGS) -> str:
    """
    Return *report* as the JSON of GitLab's code quality.

    Args:
        report: The run.
        most: How many findings may be listed.
    """
    found = _findings(report)
    listed = list(islice(found, most))
    left = sum(1 for _ in found)
    if left:
        text = f"{counted(left, 'more finding')} left out; -o json has everything"
        listed.append(_Finding("more", "info", text, "kubefedctl"))
    seen: dict[str, int] = {}
    documents = []
    for finding in listed:
        mark = _fingerprint(finding)
        seen[mark] = seen.get(mark, 0) + 1
        documents.append(_as_object(finding, f"{mark}{_number(seen[mark])}"))
    return json.dumps(documents, indent=_INDENT, ensure_ascii=False) + "\n"


def _findings(report: Report) -> Iterator[_Finding]:
    ending = report.ending
    if not report.is_complete:
        text = ending.message or "the run did not come to its end"
        yield _Finding("run", "blocker", text, "kubefedctl")
    for tally in report.tallies:
        if not tally.is_ready:
            text = describe_unready(tally)
            yield _Finding("ClusterNotReady", "critical", text, _part(tally.cluster))
    for text in report.other_failures:
        yield _Finding("failure", "major", text, "kubefedctl", key=text)
    for result in report.results:
        finding = _of_result(result, report)
        if finding is not None:
            yield finding
    for text in other_remarks(report):
        yield _Finding("warning", "info", text, "kubefedctl", key=text)


def _of_result(result: Result, report: Report) -> _Finding | None:
    """The finding about an object; None where it is well or the cluster's tells of it."""
    if result.level:
        return None
    text = describe_result(result, is_dry=report.is_dry)
    path = _path(result)
    match result.verdict:
        case Verdict.FAILED:
            check = result.reason or "failed"
            return _Finding(check, "major", text, path, result.subject.group)
        case Verdict.WAITING if not report.is_dry:
            return _Finding("waiting", "minor", text, path, result.subject.group)
        case verdict if report.differing_is_trouble and verdict in CHANGES | {Verdict.WAITING}:
            return _Finding("differs", "minor", text, path, result.subject.group)
        case _:
            return None


def _path(result: Result) -> str:
    subject = result.subject
    file = f"{subject.kind.lower()}.{subject.name}.yaml"
    parts = (result.cluster, subject.namespace or "_cluster", file)
    return "/".join(map(_part, parts))


def _part(name: str) -> str:
    """NB: a path that leaves the repository, or begins with a dot, is shown nowhere."""
    return name.replace("/", "_").replace("..", "_").lstrip(".") or "_"


def _fingerprint(finding: _Finding) -> str:
    key = "\0".join((finding.check, finding.path, finding.key))
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _number(at: int) -> str:
    return f"-{at}" if at > 1 else ""


def _as_object(finding: _Finding, fingerprint: str) -> Object:
    return {
        "description": finding.text,
        "check_name": f"kubefedctl/{finding.check}",
        "fingerprint": fingerprint,
        "severity": finding.severity,
        "location": {"path": finding.path, "lines": {"begin": 1}},
    }
