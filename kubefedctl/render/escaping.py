"""Texts of clusters, made harmless where they are shown."""

from __future__ import annotations


def escape_controls(text: str) -> str:
    """
    Return *text* with control characters written out: what a cluster says must not steer terminals.

    >>> escape_controls("a" + chr(27) + "[31m")
    'a\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
