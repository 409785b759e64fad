"""
Words for how far a member's own controllers have come with an object.

Upstream: sigs.k8s.io/cli-utils pkg/kstatus/status/status.go, same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Readiness(StrEnum):
    """How far an object is."""

    CURRENT = "Current"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"
    UNKNOWN = "Unknown"


class Goal(StrEnum):
    """
    What is waited for.

    `current` is kstatus' word: the object is as its specification asks, as far as it tells.
    `ready` asks for more: its controller has seen this generation, and it can be used.
    """

    READY = "ready"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far an object is, and why not further.

    Args:
        readiness: The word for it.
        message: The cause in words; empty for Current.
        is_assumed: Whether nothing of the object says that its controller has seen it as it is.
    """

    readiness: Readiness
    message: str = ""
    is_assumed: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the object is as its specification asks."""
        return self.readiness is Readiness.CURRENT
