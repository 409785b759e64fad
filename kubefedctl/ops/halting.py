"""
Stopping a run from outside: a signal, or a lock that was lost.

Here: one small object that is asked to halt once, and that everything which waits or starts
something looks at. Not here: signals (`cli.signals`) and locks (`locking`), which ask.

Laws:
1. Nothing is cut in its middle by a halt. What is under way ends, nothing new starts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kubefedctl.errors import KubefedctlError


class Halt:
    """
    Whether a run is to stop, and why; may be used from several threads and by signal handlers.

    NB: no thread that handles signals may be in `wait` while `is_deferring`: the handler would
    wait for itself.

    Args:
        patience: Seconds that what is under way is given to end.
    """

    def __init__(self, *, patience: float = 5.0) -> None:
        self.patience = patience
        self._event = threading.Event()
        self._wakers: list[Callable[[], None]] = []
        self.reason: KubefedctlError | None = None
        self.is_deferring = False
        self.is_urgent = False

    @property
    def is_asked(self) -> bool:
        """Whether the run is to stop."""
        return self._event.is_set()

    def ask(self, reason: KubefedctlError) -> None:
        """Have the run stop and end with *reason*; the first one counts."""
        if self.reason is None:
            self.reason = reason
        self._event.set()
        for wake in tuple(self._wakers):
            wake()

    def wait(self, seconds: float) -> bool:
        """Wait for so long, or until the run is to stop; return whether it is."""
        return self._event.wait(seconds)

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """Mark a part of the run that wants to be asked, and not to be broken off."""
        self.is_deferring = True
        try:
            yield
        finally:
            self.is_deferring = False

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call *wake* when the run is asked to stop; at once where it was already."""
        self._wakers.append(wake)
        try:
            if self.is_asked:
                wake()
            yield
        finally:
            self._wakers.remove(wake)
