"""
The live line: the last line of a terminal, which says how far a sync is. While objects are waited
for, a table of them stands below it.

Here: when there may be one, what it says, and how other lines pass it. Not here: those other lines
(`text`), and the table's rows (`waits`).

Laws:
1. A line of results never mixes with it: it is erased before and drawn again after.
2. Each of its lines is shorter than the terminal is wide, and they are fewer than it is high, so
   that erasing as many lines takes all of it.
3. Nothing of it stays when the run is over.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.cells import cell_len, set_cell_size

from kubefedctl.model.events import (
    Event,
    Planned,
    Result,
    Step,
    WaitBegun,
    WaitEnded,
    WaitGoesOn,
    Waiting,
    counted,
)
from kubefedctl.render.waits import Waits

ERASE = "\r\x1b[2K"
ERASE_ABOVE = "\x1b[1A\x1b[2K"
_PAUSE = 0.1
_BURST = 0.001
_MOST_NAMED = 3
_USUAL_SIZE = os.terminal_size((80, 24))
_MOST_ROWS = 10
_FREE_ROWS = 3


def may_live(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """
    Return whether a live line may be drawn on *stream*.

    Only where a person looks: on a terminal that can erase a line, and not in CI, whose logs keep
    every state of it.
    """
    if environment.get("CI", "").lower() not in ("", "0", "false"):
        return False
    return stream.isatty() and environment.get("TERM", "").lower() not in ("", "dumb", "unknown")


def are_same_terminal(first: TextIO, second: TextIO) -> bool:
    """Return whether what is written to either stream is seen in the same place."""
    try:
        return first.isatty() and os.path.sameopenfile(first.fileno(), second.fileno())
    except (OSError, ValueError):
        return False


def is_out_of_sight(stream: TextIO) -> bool:
    """
    Return whether what is written to *stream* is on no terminal: it is a file, or thrown away.

    A pipe may lead anywhere; `tee` writes to the same terminal, right behind the live line.
    """
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) or found.st_rdev == os.stat(os.devnull).st_rdev


class LiveLine:
    """
    The live line of one run.

    Args:
        stream: The terminal.
        escape: Writes out what would steer it.
        clock: Seconds, for the time that passed and for not drawing too often.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        escape: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._escape = escape
        self._clock = clock
        self._start = clock()
        self._drawn_at = self._start - _PAUSE
        self._phase = ""
        self._planned: dict[str, int] = {}
        self._pending: dict[str, int] = {}
        self._waits = Waits(clock=clock)
        self._text = ""
        self._height = 1
        self._is_shown = False
        self._has_passed = False
        self._shown_at = self._drawn_at

    def hear(self, event: Event) -> None:
        """Take note of *event*, and draw the line anew if it is time to."""
        self._waits.hear(event)
        match event:
            case Result():
                if self._pending.get(event.cluster):
                    self._pending[event.cluster] -= 1
            case Step():
                self._phase = event.text
                self._planned = {}
                self._draw()
            case Planned() if event.actions:
                self._planned = dict(event.actions)
                self._pending = dict(event.actions)
                self._draw()
            case Waiting() | WaitBegun() | WaitGoesOn() | WaitEnded():
                self._draw()
            case _:
                pass

    def pass_line(self, line: str) -> str:
        """
        Return what to write so that *line* stands above the live line.

        Of lines that come faster than anybody sees, most are written without the live line: it
        would be half of what the terminal has to take.
        """
        if not self._text:
            return line
        self._has_passed = True
        now = self._clock()
        erased = self._erase() + line if self._is_shown else line
        self._is_shown = now - self._shown_at >= _BURST
        if not self._is_shown:
            return erased
        self._shown_at = now
        if now - self._drawn_at >= _PAUSE:
            self._renew()
        self._height = self._text.count("\n") + 1
        return erased + self._text

    def refresh(self) -> None:
        """Draw the line anew if it has been a while, where no other line has passed it."""
        if self._has_passed:
            self._has_passed = False
        elif self._text and self._clock() - self._drawn_at >= _PAUSE:
            self._draw()

    def close(self) -> None:
        """Erase the line."""
        if self._is_shown:
            self._write(self._erase())
        self._text = ""
        self._is_shown = False

    def _draw(self) -> None:
        erased = self._erase() if self._is_shown else ERASE
        self._renew()
        self._is_shown = True
        self._shown_at = self._drawn_at
        self._height = self._text.count("\n") + 1
        self._write(f"{erased}{self._text}")

    def _erase(self) -> str:
        """What takes away all that is shown, and leaves the cursor where it began."""
        return ERASE + ERASE_ABOVE * (self._height - 1)

    def _renew(self) -> None:
        self._drawn_at = self._clock()
        elapsed = int(self._drawn_at - self._start)
        text = f"{self._say()} ({elapsed}s)" if elapsed else self._say()
        size = self._size()
        if cell_len(barred := f"{self._bar()}{text}") < size.columns:
            text = barred
        rows = self._waits.rows(min(_MOST_ROWS, size.lines - _FREE_ROWS))
        self._text = "\n".join(fit(self._escape(row), size.columns - 1) for row in (text, *rows))

    def _say(self) -> str:
        if self._waits.is_on:
            return self._waits.sentence
        if not self._planned:
            return self._phase
        return describe_progress(self._planned, self._pending)

    def _bar(self) -> str:
        """A bar before the words, as far as members are being written."""
        if self._waits.is_on or not self._planned:
            return ""
        whole = sum(self._planned.values())
        return f"{draw_bar(whole - sum(self._pending.values()), whole)} "

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._stream.flush()

    def _size(self) -> os.terminal_size:
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return _USUAL_SIZE
        return found if found.columns and found.lines else _USUAL_SIZE


def describe_progress(planned: Mapping[str, int], pending: Mapping[str, int]) -> str:
    """
    Return how far the members are, and once some are done, which of the others have most to do.

    >>> describe_progress({"a": 4, "b": 4}, {"a": 0, "b": 3})
    '62% 5/8 changes, 1/2 clusters done; b has 3 to go'
    """
    whole = sum(planned.values())
    done = whole - sum(pending.values())
    slow = sorted(((left, name) for name, left in pending.items() if left), reverse=True)
    finished = len(planned) - len(slow)
    noun = counted(whole, "change").partition(" ")[2]
    clusters = counted(len(planned), "cluster").partition(" ")[2]
    text = (
        f"{done * 100 // whole}% {done}/{whole} {noun}, {finished}/{len(planned)} {clusters} done"
    )
    if not finished or not slow:
        return text
    names = [f"{name} has {left} to go" for left, name in slow[:_MOST_NAMED]]
    return "; ".join([text, ", ".join(names)])


def draw_bar(done: int, whole: int, *, width: int = 10) -> str:
    """
    Return a bar that is as full as the work is done, in signs that every terminal has.

    >>> draw_bar(1, 4), draw_bar(4, 4)
    ('[==--------]', '[==========]')
    """
    filled = done * width // whole
    return f"[{'=' * filled}{'-' * (width - filled)}]"


def fit(text: str, width: int) -> str:
    """
    Return *text* in at most *width* columns.

    >>> fit("reading the federation", 12), fit("short", 12)
    ('reading t...', 'short')
    """
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 3)).rstrip() + "..."[: max(0, width)]
