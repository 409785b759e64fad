"""
Objects that are waited for: rows for a terminal, lines for a log.

Here: who is waited for as last heard, and how much of that is shown when. Not here: drawing in
place (`live`), and streams (`text`).

Laws:
1. What is shown is bounded, however many objects are waited for.
2. A log has a reason once, until it changes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from kubefedctl.model.events import Event, Progressed, WaitBegun, WaitEnded, counted
from kubefedctl.model.progress import Goal, Progress, Readiness
from kubefedctl.model.refs import Subject
from kubefedctl.render.tables import format_table

_FIRST_LINES = 5.0
_NEXT_LINES = 30.0
_MOST_LINES = 5
_MOST_CLUSTERS = 3


class Waits:
    """
    The objects that one run waits for.

    Args:
        clock: Seconds, for what a log is told when.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.is_on = False
        self._begun = WaitBegun(0, Goal.READY)
        self._open: dict[tuple[str, Subject], Progress] = {}
        self._heard: set[tuple[str, Subject]] = set()
        self._told: dict[tuple[str, Subject], Progress] = {}
        self._began_at = self._due_at = 0.0

    def hear(self, event: Event) -> None:
        """Take note of *event*, where it is about waiting."""
        match event:
            case WaitBegun():
                self.is_on = True
                self._begun = event
                self._open, self._heard, self._told = {}, set(), {}
                self._began_at = self._clock()
                self._due_at = self._began_at + _FIRST_LINES
            case Progressed():
                place = (event.cluster, event.subject)
                self._heard.add(place)
                if event.progress.readiness in (Readiness.CURRENT, Readiness.FAILED):
                    self._open.pop(place, None)
                else:
                    self._open[place] = event.progress
            case WaitEnded():
                self.is_on = False
            case _:
                pass

    @property
    def sentence(self) -> str:
        """How many are waited for, in one sentence."""
        left = self._begun.total - len(self._heard) + len(self._open)
        wave = f"wave {self._begun.wave}: " if self._begun.wave else ""
        objects = counted(self._begun.total, "object")
        are = "is" if left == 1 else "are"
        return f"{wave}waiting until {left} of {objects} {are} {self._begun.goal}"

    def rows(self, most: int) -> list[str]:
        """Return a table of what is waited for and why, of at most *most* lines."""
        if most < 2 or not (self.is_on and self._open):
            return []
        places = sorted(self._open)
        is_cut = len(places) > most - 1
        shown = places[: most - 2 if is_cut else most - 1]
        table = [["OBJECT", "CLUSTER", "WAITS FOR"]]
        table += [[str(subject), name, self._why(name, subject)] for name, subject in shown]
        return [*format_table(table), *([self._rest(places[len(shown) :])] if is_cut else [])]

    def due_lines(self) -> list[str]:
        """Return the lines that a log is due now: none for most of the time."""
        now = self._clock()
        if not self.is_on or now < self._due_at:
            return []
        self._due_at = now + _NEXT_LINES
        changed = sorted(k for k, why in self._open.items() if self._told.get(k) != why)
        lines = [f"{self.sentence}, {now - self._began_at:.0f}s by now"]
        for name, subject in changed[:_MOST_LINES]:
            self._told[name, subject] = self._open[name, subject]
            lines.append(f"waiting for {subject.within(name)}: {self._why(name, subject)}")
        if len(changed) > _MOST_LINES:
            lines.append(f"waiting for {self._rest(changed[_MOST_LINES:])}")
        return lines

    def _why(self, cluster: str, subject: Subject) -> str:
        progress = self._open[cluster, subject]
        return progress.message or progress.readiness.value

    def _rest(self, places: list[tuple[str, Subject]]) -> str:
        counts = Counter(name for name, _ in places).most_common()
        named = [f"{left} in {name}" for name, left in counts[:_MOST_CLUSTERS]]
        others = [left for _, left in counts[_MOST_CLUSTERS:]]
        if others:
            named.append(f"{sum(others)} in {counted(len(others), 'other cluster')}")
        return f"{len(places)} more: {', '.join(named)}"
