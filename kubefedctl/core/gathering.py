"""
Objects of many clusters put together: what a person asks for, and one table of many.

Here: the words of `get`, and joining what clusters answered. Not here: asking (`ops.get`), what is
printed of it (`render.gatherings`).

Laws:
1. A column that only some clusters have is a column; the others have nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubefedctl.core.concealing import conceal_values
from kubefedctl.errors import InputError
from kubefedctl.model.objects import map_at
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.tables import Column, FleetTable, Row, Table


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Objects of one type.

    Args:
        word: What the person calls the type.
        names: The names of the objects, sorted; none for all of them.
    """

    word: str
    names: tuple[str, ...] = ()


def parse_wanted(words: Sequence[str]) -> tuple[Wanted, ...]:
    """
    Return what *words* ask for, in kubectl's ways: `TYPE[,TYPE...] [NAME...]` or `TYPE/NAME...`.

    Raises:
        InputError: There is no type, or both ways are mixed.

    >>> parse_wanted(["pods,svc", "web"])
    (Wanted(word='pods', names=('web',)), Wanted(word='svc', names=('web',)))
    """
    if not words:
        raise InputError(
            "no type is named", hint="name one, such as kubefedctl get pods; or TYPE/NAME"
        )
    split = [word.partition("/") for word in words]
    if not any(slash for _, slash, _ in split):
        types = [word.strip() for word in words[0].split(",")]
        names = tuple(sorted(set(words[1:])))
        return tuple(Wanted(_checked(found, words[0]), names) for found in dict.fromkeys(types))
    by_type: dict[str, set[str]] = {}
    for (word, slash, name), whole in zip(split, words, strict=True):
        if not slash or not name or "/" in name or "," in word:
            raise InputError(
                f"{whole!r} is not TYPE/NAME",
                hint="write all of them like deployments/web, or one type and then its names",
            )
        by_type.setdefault(_checked(word, whole), set()).add(name)
    return tuple(Wanted(word, tuple(sorted(names))) for word, names in by_type.items())


def gather_tables(tables: Mapping[tuple[str, Resource], Table]) -> tuple[FleetTable, ...]:
    """
    Return one table for each type, in the order in which they are given.

    Args:
        tables: What each cluster answered, by its name and the type, which two clusters may serve
            in different versions.
    """
    by_type: dict[tuple[str, str], list[tuple[str, Resource, Table]]] = {}
    for (cluster, resource), table in tables.items():
        place = (resource.group, resource.plural)
        by_type.setdefault(place, []).append((cluster, resource, table))
    return tuple(_gather(found) for found in by_type.values())


def present_object(obj: Object) -> Object:
    """Return *obj* as it may be shown: no values of Secrets, and nothing of who set which field."""
    shown = conceal_values(obj)
    metadata = map_at(shown, "metadata")
    if "managedFields" not in metadata:
        return shown
    return {**shown, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}}


def _checked(word: str, whole: str) -> str:
    if not word.strip():
        raise InputError(f"{whole!r} names no type", hint="write it like deployments/web")
    return word.strip()


def _gather(answers: Sequence[tuple[str, Resource, Table]]) -> FleetTable:
    columns = _merge_columns([table.columns for _, _, table in answers])
    names = [column.name for column in columns]
    rows: list[tuple[str, Row]] = []
    for cluster, _, table in answers:
        own = [column.name for column in table.columns]
        if own == names:
            rows += [(cluster, row) for row in table.rows]
            continue
        positions = [own.index(name) if name in own else None for name in names]
        rows += [(cluster, _rearrange(row, positions)) for row in table.rows]
    rows.sort(key=_order)
    return FleetTable(answers[0][1], columns, tuple(rows))


def _order(found: tuple[str, Row]) -> tuple[str, str, str]:
    cluster, row = found
    return row.key.namespace, row.key.name, cluster


def _rearrange(row: Row, positions: Sequence[int | None]) -> Row:
    return Row(row.key, tuple(None if at is None else row.cells[at] for at in positions))


def _merge_columns(tables: Iterable[Sequence[Column]]) -> tuple[Column, ...]:
    """
    All columns by name, each after the one that it follows in its own table.

    One that any cluster shows where room is little is shown.
    """
    merged: list[Column] = []
    for columns in tables:
        at = 0
        for column in columns:
            names = [found.name for found in merged]
            if column.name in names:
                at = names.index(column.name)
                merged[at] = Column(column.name, merged[at].is_wide and column.is_wide)
            else:
                merged.insert(at, column)
            at += 1
    return tuple(merged)
