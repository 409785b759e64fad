"""
Ctrl-C and SIGTERM while a command does what should not be cut in its middle.

The first signal asks the part of a run that writes to stop; any other part is left by an exception
at once. A second signal leaves every part.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from kubefedctl.errors import Interruption, Termination
from kubefedctl.ops.halting import Halt

_HINT = "run it again: it goes on where this one was stopped"
_WATCHED = (signal.SIGINT, signal.SIGTERM)


class _Stopped(KeyboardInterrupt):
    """A signal ends the command at once."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def halting_on_signals() -> Iterator[Halt]:
    """
    Give a `Halt` that SIGINT and SIGTERM ask, and put the handlers back afterwards.

    Signals that are ignored, as SIGINT is for a shell's background jobs, stay ignored. Outside the
    main thread, where no handlers can be set, nothing asks.

    Raises:
        Termination: SIGTERM came where there was nothing to finish.
    """
    halt = Halt()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        if halt.is_deferring and not halt.is_asked:
            halt.ask(_make_reason(number))
            _tell("stopping when what is under way has ended, in 5 s at most; once more: at once")
            return
        halt.is_urgent = halt.is_asked
        raise _Stopped(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        watched = [n for n in _WATCHED if signal.getsignal(n) not in (signal.SIG_IGN, None)]
        before = {number: signal.signal(number, on_signal) for number in watched}
    try:
        yield halt
    except _Stopped as stopped:
        if stopped.number == signal.SIGTERM:
            raise Termination("stopped by SIGTERM") from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(text: str) -> None:
    """Write a line past Python's buffers, in whose middle a handler may have been called."""
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())


def _make_reason(number: int) -> Interruption:
    done = "what was done by then is recorded"
    if number == signal.SIGTERM:
        return Termination(f"stopped by SIGTERM; {done}", hint=_HINT)
    return Interruption(f"stopped by Ctrl-C; {done}", hint=_HINT)
