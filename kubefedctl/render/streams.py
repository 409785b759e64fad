"""
Streams that take lines and documents.

Laws:
1. Colour is judged for each stream by itself. A line without colour is the same line.
2. Whatever a cluster says stays on its line, and steers no terminal and no CI system.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style

from kubefedctl.render.coloring import ColorWish, is_colored
from kubefedctl.render.escaping import escape_commands, escape_controls
from kubefedctl.render.live import LiveLine

_HEAD = Style(bold=True)


class Stream:
    """
    A stream that takes lines, with colour where that is wanted.

    NB: it is judged once, at the start: asking for every line takes longer than the request that
    the line is about.

    Args:
        stream: Where lines go.
        live: The live line that they pass.
        color: When there is colour.
    """

    def __init__(
        self, stream: TextIO, *, live: LiveLine | None = None, color: ColorWish = ColorWish.AUTO
    ) -> None:
        self._live = live
        is_painted = is_colored(stream, os.environ, wish=color)
        self._colors = ColorSystem.STANDARD if is_painted else None
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._stream = stream
        self.width = Console(file=stream).width if stream.isatty() else None

    def write_line(self, text: str, *, lead: str = "", style: str = "") -> None:
        """Write one line; of it, *lead* has the *style*."""
        if self._colors is not None and style:
            lead = Style.parse(style).render(lead, color_system=self._colors)
        line = self._shown(text) if not lead else escape_commands(f"{lead}{escape_controls(text)}")
        self.write(f"{self._encodable(line)}\n")

    def write_lines(self, lines: Iterable[str]) -> None:
        """Write many lines at once."""
        self.write("".join(f"{self._encodable(self._shown(line))}\n" for line in lines))

    def write(self, text: str) -> None:
        """Write *text* as it is and let it be seen."""
        self._stream.write(text if self._live is None else self._live.pass_line(text))
        self._stream.flush()

    def write_objects(self, text: str) -> None:
        """Write YAML or JSON, which is UTF-8 even where the stream has another encoding."""
        if self._encodable(text) == text:
            self.write(text)
            return
        self._stream.flush()
        self._stream.buffer.write(text.encode())
        self._stream.buffer.flush()

    def _shown(self, line: str) -> str:
        """One line; where it begins in capitals it is the head of a table."""
        harmless = escape_commands(escape_controls(line))
        if self._colors is None or not line.partition(" ")[0].isupper():
            return harmless
        return _HEAD.render(harmless, color_system=self._colors)

    def _encodable(self, text: str) -> str:
        """Return *text* with what the encoding lacks written out, instead of failing there."""
        return text.encode(self._encoding, "backslashreplace").decode(self._encoding)
