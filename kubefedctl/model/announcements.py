"""
Kubernetes events as a sync leaves them on the host, before they are written.

Here: what an event says and of which object. Not here: what the program itself yields while it runs
(`events`), and which events are due (`core.announcing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kubefedctl.model.actions import ActionVerb
from kubefedctl.model.events import Verdict
from kubefedctl.model.refs import Object


class AnnouncementType(StrEnum):
    """The types that Kubernetes knows of events."""

    NORMAL = "Normal"
    WARNING = "Warning"


class Announcing(StrEnum):
    """Which events a sync writes; AUTO has an end, so that a big change costs the host little."""

    AUTO = "auto"
    ALL = "all"
    WARNINGS = "warnings"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Deed:
    """
    What became of one action on a federated object's copies.

    Args:
        cluster: The member.
        verb: What was to be done.
        verdict: What was done.
        cause: Why not; empty where it was.
    """

    cluster: str
    verb: ActionVerb
    verdict: Verdict
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """
    One event.

    Args:
        involved: The object of the host that it is about, as read.
        component: Who says it, as KubeFed's controllers are called.
        type: Whether it is a warning.
        reason: KubeFed's word.
        message: The sentence.
    """

    involved: Object = field(repr=False)
    component: str
    type: AnnouncementType
    reason: str
    message: str

    @property
    def is_warning(self) -> bool:
        """Whether it tells of something amiss."""
        return self.type is AnnouncementType.WARNING
