"""
What `check` finds: rules, findings, and all of them together.

Here: the shape of an answer. Not here: which rules there are (`rules`), and what is looked at
(`examinations`).

Laws:
1. The id of a rule never comes to mean another one; scripts and code scanners keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One thing that is looked for.

    Args:
        id: Its number.
        name: Its name in one word.
        severity: How bad it is.
        meaning: What a finding of it says, in a sentence.
        consequence: What comes of it, or what to do, in a sentence.
    """

    id: str
    name: str
    severity: Severity
    meaning: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was found.

    Args:
        rule: What was looked for.
        subject: The object as messages name it, with its cluster where it is in a member.
        text: What is the matter, without the subject.
        fix: A command that mends it or leads to the cause, to be pasted into a shell.
        cluster: The member that it is about; empty for the host.
    """

    rule: Rule
    subject: str
    text: str
    fix: str = ""
    cluster: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.rule.severity

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """
    All that was found.

    Args:
        host: The host cluster.
        findings: Sorted by severity, rule, cluster and subject.
        clusters: How many members were looked at.
        objects: How many federated objects were looked at.
    """

    host: str
    findings: tuple[Finding, ...]
    clusters: int = 0
    objects: int = 0

    def count(self, severity: Severity) -> int:
        """Return how many findings are of *severity*."""
        return sum(1 for found in self.findings if found.severity is severity)
