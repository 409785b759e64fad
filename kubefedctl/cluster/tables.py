"""
Lists as tables: the form in which API servers show objects to people.

Pure parsers; `live` asks.

Laws:
1. A page that is neither a table nor a list is None, never an empty table.

Upstream: k8s.io/apimachinery/pkg/apis/meta/v1/types.go, Table;
k8s.io/cli-runtime/pkg/printers/tableprinter.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kubefedctl.cluster.transport import JSON
from kubefedctl.model.objects import key_of, list_at, text_at
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.tables import Column, Row, Table

ACCEPT_TABLE = ",".join(
    [*(f"{JSON};as=Table;v={version};g=meta.k8s.io" for version in ("v1", "v1beta1")), JSON]
)
"""What kubectl asks with: a table, or where the server knows none, the list."""

_NAME = "Name"
_PLAIN = (Column(_NAME), Column("Created At"))
_LINE_END = re.compile(r"[\n\r\f]")


def parse_table(page: Object, *, namespace: str | None = None) -> Table | None:
    """
    Return one page of a list as a table.

    An API server that knows no tables answers the list; name and time of creation are its columns.

    Args:
        page: What the server answered.
        namespace: Where objects are, for rows that may come without theirs; None where none may.
    """
    if text_at(page, "kind") != "Table":
        return _parse_list(page)
    columns = tuple(_parse_column(found) for found in list_at(page, "columnDefinitions"))
    # NB: upstream, no rows are null where a kind has no columns of its own
    found = [] if page.get("rows", "") is None else page.get("rows")
    if not isinstance(found, list):
        return None
    rows = tuple(_parse_rows(found, columns, namespace))
    return Table(columns, rows) if len(rows) == len(found) else None


def join_tables(pages: list[Table]) -> Table:
    """Return the pages of one list as one table; only the first need name the columns."""
    columns = next((found.columns for found in pages if found.columns), ())
    return Table(columns, tuple(row for found in pages for row in found.rows))


def _parse_column(definition: Any) -> Column:
    priority = definition.get("priority") if isinstance(definition, dict) else None
    return Column(text_at(definition, "name"), isinstance(priority, int) and priority > 0)


def _parse_rows(
    rows: list[Any], columns: tuple[Column, ...], namespace: str | None
) -> Iterator[Row]:
    """Yield the rows whose object is known; cells are cut or filled up to the columns."""
    titles = [column.name for column in columns]
    place = titles.index(_NAME) if _NAME in titles else None
    for found in rows:
        cells = [_show(cell) for cell in list_at(found, "cells")]
        wide = len(columns) or len(cells)
        filled = tuple([*cells, *[None] * (wide - len(cells))][:wide])
        key = _key_of(found)
        if not key.name and namespace is not None and place is not None:
            key = Key(namespace, filled[place] or "")
        if key.name:
            yield Row(key, filled)


def _parse_list(page: Object) -> Table | None:
    found = [] if page.get("items", "") is None else page.get("items")
    if not isinstance(found, list):
        return None
    rows = [
        Row(key_of(item), (text_at(item, "metadata", "name"), _created(item)))
        for item in found
        if text_at(item, "metadata", "name")
    ]
    return Table(_PLAIN, tuple(rows)) if len(rows) == len(found) else None


def _created(item: Object) -> str | None:
    return text_at(item, "metadata", "creationTimestamp") or None


def _show(cell: Any) -> str | None:
    """
    A cell as text; what has several lines is its first one, as kubectl prints it.

    >>> [_show(cell) for cell in ("a", 3, 2.0, True, None, ["x"], "one\\ntwo")]
    ['a', '3', '2', 'true', None, '["x"]', 'one...']
    """
    match cell:
        case None:
            return None
        case str():
            first = _LINE_END.split(cell, maxsplit=1)[0]
            return cell if first == cell else f"{first}..."
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return json.dumps(cell, separators=(",", ":"), ensure_ascii=False)


def _key_of(row: Any) -> Key:
    return Key(
        text_at(row, "object", "metadata", "namespace"), text_at(row, "object", "metadata", "name")
    )
