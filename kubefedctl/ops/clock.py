"""
Time: the time of day, and how long operations wait for what clusters do by themselves.

Laws:
1. The time of day is read here only. It is written into statuses, events and reports, and compared
   with nothing but the end of a token and the time since which a Pod is without a node.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How long operations wait, in seconds; tests go faster.

    Args:
        probe_pause: Between two health probes of the same member.
        definitions: Until the API server serves new CRDs.
        patience: For which a 404 may answer the creation of an object of a new type.
        token: Until the member's token controller has filled a Secret.
        first_look: Before the first second look at objects that are going away; doubled each time.
        longest_look: The longest such pause.
        controller: Until KubeFed's own controller has stopped to propagate a type.
        removal: Until what was deleted in the host is gone.
        beat: Without news from the members, until it is told that they are waited for.
        watch: For which one watch is kept open.
        glance: Between two looks at a federation that is watched, and at least as long as one took.
        first_word: For which a controller may leave a custom object without a word.
        last_look: For which a first look may take that begins when the time is up already.
    """

    probe_pause: float = 1.0
    definitions: float = 60.0
    patience: float = 30.0
    token: float = 30.0
    first_look: float = 0.05
    longest_look: float = 2.0
    controller: float = 10.0
    removal: float = 60.0
    beat: float = 1.0
    watch: float = 60.0
    first_word: float = 3.0
    last_look: float = 10.0
    glance: float = 2.0


USUAL_PACE = Pace()
"""How long the program waits unless a test says otherwise."""


class Stopwatch:
    """The time of day when it was made, and how long ago that is."""

    def __init__(self) -> None:
        self.started_at = now_text()
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since it was made, which no change of the clock disturbs."""
        return time.monotonic() - self._start


def now_text() -> str:
    """Return the time as Kubernetes writes it: RFC 3339, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
