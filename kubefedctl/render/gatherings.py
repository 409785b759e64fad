"""
Tables of the objects of many clusters, as kubectl prints those of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kubefedctl.model.events import Tabulated
from kubefedctl.model.tables import FleetTable, Row
from kubefedctl.render.tables import format_table

_NOTHING = "<none>"
_NAME = "Name"


def gathering_lines(tabulated: Tabulated) -> Iterator[str]:
    """Yield the lines of each table that has rows, with an empty line between two."""
    shown = [table for table in tabulated.tables if table.rows]
    for number, table in enumerate(shown):
        if number:
            yield ""
        yield from _lines(table, tabulated, prefix=_name_prefix(table) * (len(shown) > 1))


def _lines(table: FleetTable, tabulated: Tabulated, *, prefix: str) -> list[str]:
    columns = enumerate(table.columns)
    positions = [at for at, found in columns if tabulated.is_wide or not found.is_wide]
    positions = [at for at in positions if table.columns[at].name != _NAME]
    has_namespaces = tabulated.has_namespaces and table.resource.namespaced
    header = ["NAMESPACE"] * has_namespaces + ["NAME", "CLUSTER"]
    header += [table.columns[at].name.upper() for at in positions]
    rows = [header]
    for cluster, row in table.rows:
        first = [row.key.namespace] * has_namespaces + [prefix + row.key.name, cluster]
        rows.append(first + _cells(row, positions))
    return format_table(rows)


def _cells(row: Row, positions: Sequence[int]) -> list[str]:
    return [row.cells[at] or _NOTHING for at in positions]


def _name_prefix(table: FleetTable) -> str:
    resource = table.resource
    kind = resource.kind.lower()
    return f"{kind}.{resource.group}/" if resource.group else f"{kind}/"
