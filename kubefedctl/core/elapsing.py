"""
How long ago something was, or how soon it will be, by times as Kubernetes writes them.
"""

from __future__ import annotations

from datetime import datetime

DAY = 24 * 3600
_UNITS = ((DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def seconds_between(earlier: str, later: str) -> float | None:
    """
    Return how many seconds *later* is after *earlier*, both RFC 3339; None where one is no time.

    >>> seconds_between("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    86400.0
    >>> seconds_between("", "2026-01-02T00:00:00Z")
    """
    try:
        span = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    except (ValueError, TypeError):  # NB: a time without a zone cannot be compared with one
        return None
    return span.total_seconds()


def spell_seconds(seconds: float) -> str:
    """
    Return a length of time in its largest unit.

    >>> spell_seconds(90), spell_seconds(3 * 86400), spell_seconds(0)
    ('1 minute', '3 days', '0 seconds')
    """
    whole = int(abs(seconds))
    size, unit = next((found for found in _UNITS if whole >= found[0]), _UNITS[-1])
    count = whole // size
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
