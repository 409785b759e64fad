"""
From what was looked at to what is wrong: all findings of `check`.

Here: their order, and what part of the examination each theme looks at. Not here: the findings
themselves (`diagnosing_host`, `diagnosing_members`, `diagnosing_types`, `diagnosing_objects`), and
what a rule means (`model.rules`).

Laws:
1. What a sync would do is decided by its planner; here its plan is only read.
2. What could not be read is no finding about the thing, but a note that it was not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubefedctl.core.diagnosing_host import diagnose_host
from kubefedctl.core.diagnosing_members import diagnose_members
from kubefedctl.core.diagnosing_objects import diagnose_objects
from kubefedctl.core.diagnosing_types import diagnose_types
from kubefedctl.core.remedies import Shell
from kubefedctl.model.examinations import Examination
from kubefedctl.model.findings import Diagnosis, Finding, Severity

_ORDER = list(Severity)


def diagnose(examination: Examination, shell: Shell) -> Diagnosis:
    """
    Return all that is wrong, the worst first.

    Args:
        examination: What was looked at.
        shell: How this run was told of its clusters, for the commands that mend.
    """
    federated = examination.federated
    return Diagnosis(
        host=examination.host.name,
        findings=tuple(sorted(set(_find_all(examination, shell)), key=_place)),
        clusters=len(examination.members),
        objects=0
        if federated is None
        else len(federated.plan.objects) + len(federated.plan.deletions),
    )


def _find_all(examination: Examination, shell: Shell) -> Iterator[Finding]:
    yield from diagnose_host(examination, shell)
    if examination.federated is not None:
        yield from diagnose_members(examination, examination.federated, shell)
        yield from diagnose_types(examination, examination.federated, shell)
        yield from diagnose_objects(examination, examination.federated, shell)


def _place(finding: Finding) -> tuple[int, str, str, str, str]:
    return (
        _ORDER.index(finding.severity),
        finding.rule.id,
        finding.cluster,
        finding.subject,
        finding.text,
    )
