"""
The report of a run: all that was said, as data that every form of it is made from.

Here: what a report holds, and the forms there are. Not here: hearing a run (`render.report`) and
the forms themselves (`render.reports`).

Laws:
1. Its texts are printable, but for the values in a comparison. None is the value of a Secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kubefedctl.model.changes import Comparison
from kubefedctl.model.events import (
    CHANGES,
    ClusterTally,
    Progressed,
    Result,
    Summary,
    Verdict,
    Warned,
)


class ReportKind(StrEnum):
    """Forms of a report beside the lines."""

    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"
    GITLAB = "gitlab"
    OPENMETRICS = "openmetrics"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Ending:
    """
    How and when a run ended.

    Args:
        started_at: RFC 3339.
        finished_at: RFC 3339.
        seconds: How long it took.
        exit_code: What the process ends with.
        message: The error; empty for none.
        hint: What to do next; empty where nobody knows.
    """

    started_at: str
    finished_at: str
    seconds: float
    exit_code: int = 0
    message: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """
    All that was said in one run.

    Args:
        command: What ran: `sync` or `diff`.
        host: The host cluster; empty where it was not found.
        dry_run: How far the run went: `none`, `client` or `server`.
        ending: How and when it ended.
        results: What became of each object that was not found as it should be, or would.
        warnings: What else was said, failures that belong to no object among it.
        waited: How far each object was, when it was seen last, that was waited for.
        summary: The counts of all; None where the run did not come to its end, and for `diff`.
        comparison: What changed, or would; None where nobody compared.
    """

    command: str
    host: str
    dry_run: str
    ending: Ending
    results: tuple[Result, ...] = ()
    warnings: tuple[Warned, ...] = ()
    waited: tuple[Progressed, ...] = ()
    summary: Summary | None = None
    comparison: Comparison | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the run came to its end, with or without failures."""
        whole = self.comparison if self.command == "diff" else self.summary
        return whole is not None

    @property
    def is_dry(self) -> bool:
        """Whether nothing was written."""
        return self.command == "diff" or self.dry_run != "none"

    @property
    def differing_is_trouble(self) -> bool:
        """Whether the run was asked if anything differs, and something does."""
        return self.ending.exit_code == 1

    @property
    def tallies(self) -> tuple[ClusterTally, ...]:
        """What happened in each member; nothing where the run did not come to its end."""
        return self.summary.clusters if self.summary is not None else ()

    @property
    def federated(self) -> int:
        """How many federated objects were looked at."""
        if self.summary is not None:
            return self.summary.federated
        return self.comparison.looked_at if self.comparison is not None else 0

    @property
    def changes(self) -> tuple[Result, ...]:
        """The results that tell of a write."""
        return tuple(found for found in self.results if found.verdict in CHANGES)

    @property
    def failures(self) -> tuple[Result, ...]:
        """The objects that failed."""
        return tuple(found for found in self.results if found.verdict is Verdict.FAILED)

    @property
    def other_failures(self) -> tuple[str, ...]:
        """Failures that belong to no object."""
        return tuple(found.text for found in self.warnings if found.is_failure)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Warnings that are no failures."""
        return tuple(found.text for found in self.warnings if not found.is_failure)
