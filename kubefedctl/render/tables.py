"""
Tables of aligned columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len


def format_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """
    Return *rows* as lines of aligned columns, three spaces apart as kubectl does.

    Cells are measured as terminals show them, where some characters are two columns wide.

    >>> format_table([["NAME", "READY"], ["a", "True"]])
    ['NAME   READY', 'a      True']
    """
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "   ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(cell: str) -> int:
    return len(cell) if cell.isascii() else cell_len(cell)
