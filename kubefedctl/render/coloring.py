"""
Whether a stream gets colour.

Laws:
1. What the command line says beats the environment, and `NO_COLOR` beats all else there.
2. A pipe has no colour unless somebody asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TextIO

_DUMB = ("", "dumb", "unknown")
_OFF = ("", "0", "false")


class ColorWish(StrEnum):
    """When there is colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def is_colored(
    stream: TextIO, environment: Mapping[str, str], *, wish: ColorWish = ColorWish.AUTO
) -> bool:
    """
    Return whether *stream* gets colour.

    Args:
        stream: Where it would go.
        environment: `NO_COLOR` (https://no-color.org), `FORCE_COLOR`, `CLICOLOR_FORCE` and
            `CLICOLOR` (https://bixense.com/clicolors), `TERM`.
        wish: What the command line says.
    """
    if wish is not ColorWish.AUTO:
        return wish is ColorWish.ALWAYS
    if environment.get("NO_COLOR"):
        return False
    forced = (environment.get(name, "").lower() for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
    if any(value not in _OFF for value in forced):
        return True
    if environment.get("CLICOLOR") == "0" or environment.get("TERM", "").lower() in _DUMB:
        return False
    return stream.isatty()
