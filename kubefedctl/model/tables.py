"""
Objects as an API server shows them to people: columns and cells.

Here: the table of one list in one cluster, and of several clusters together. Not here: how tables
are put together (`core.gathering`) or printed (`render.gatherings`).
"""

from __future__ import annotations

from dataclasses import dataclass

from kubefedctl.model.refs import Key, Resource


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column as a server defines it.

    Args:
        name: Its title.
        is_wide: Whether it is left out where little room is; servers say so by a priority above 0.
    """

    name: str
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """
    An object in a table.

    Args:
        key: Which one.
        cells: A text for each column; None where the server says nothing.
    """

    key: Key
    cells: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """
    A complete list as its server shows it.

    Args:
        columns: The server's columns.
        rows: The objects in the server's order.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class FleetTable:
    """
    The objects of one type in several clusters.

    Args:
        resource: Their type.
        columns: The columns of all the clusters' tables, each name once.
        rows: The name of the cluster and the row, its cells as *columns* are; sorted by namespace,
            name and cluster.
    """

    resource: Resource
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, Row], ...]
