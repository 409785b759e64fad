"""
How far the writing of the members is: what was planned, what is done, who is waited for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kubefedctl.model.actions import Action
from kubefedctl.model.events import Planned, Waiting
from kubefedctl.ops.clock import USUAL_PACE
from kubefedctl.ops.execution import Executed


class Progress:
    """
    Counts down the actions of one run.

    Args:
        actions: All that are to be carried out.
        beat: Seconds between two silences.
    """

    def __init__(self, actions: Iterable[Action], *, beat: float = USUAL_PACE.beat) -> None:
        self._pending = Counter(action.cluster for action in actions)
        self._beat = beat
        self._silent = 0.0

    def begin(self) -> Planned:
        """Return what is about to be done."""
        return Planned(dict(sorted(self._pending.items())))

    def note(self, executed: Executed) -> None:
        """Count one action as done: there was news."""
        self._pending[executed.action.cluster] -= 1
        self._silent = 0.0

    def wait(self) -> Waiting:
        """Return who is waited for, after one more silence."""
        self._silent += self._beat
        left = {name: count for name, count in sorted(self._pending.items()) if count > 0}
        return Waiting(int(self._silent), left)
