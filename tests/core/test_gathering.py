"""Tests of putting together what many clusters have: words, columns, order, what is not shown."""

from __future__ import annotations

import pytest

from kubefedctl.core.gathering import Wanted, gather_tables, parse_wanted, present_object
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.tables import Column, FleetTable, Row, Table
from tests.core.makers import CONFIG_MAP, DEPLOYMENT

NAME, AGE, READY = Column("Name"), Column("Age"), Column("Ready")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["pods"], [Wanted("pods")]),
        (["pods", "b", "a", "b"], [Wanted("pods", ("a", "b"))]),
        (["pods,svc"], [Wanted("pods"), Wanted("svc")]),
        (["pods,svc,pods", "web"], [Wanted("pods", ("web",)), Wanted("svc", ("web",))]),
        (["svc/a", "pods/b", "svc/c"], [Wanted("svc", ("a", "c")), Wanted("pods", ("b",))]),
    ],
    ids=["type", "names", "types", "types-and-name", "slashes"],
)
def test_wanted_in_all_ways_of_kubectl(words: list[str], expected: list[Wanted]) -> None:
    """Types with commas and names after them, or TYPE/NAME."""
    assert tuple(expected) == parse_wanted(words)


@pytest.mark.parametrize(
    "words",
    [[], [""], ["pods,"], ["/a"], ["pods/"], ["pods/a/b"], ["pods/a", "b"], ["pods,svc/a"]],
    ids=["none", "empty", "comma", "no-type", "no-name", "three", "mixed", "types-with-slash"],
)
def test_wanted_that_cannot_be_meant_is_refused(words: list[str]) -> None:
    """With how it is written."""
    with pytest.raises(InputError) as caught:
        parse_wanted(words)
    assert caught.value.hint


def table(columns: list[Column], *rows: tuple[str, ...]) -> Table:
    """Return a table of objects in namespace `shop`."""
    return Table(tuple(columns), tuple(Row(Key("shop", row[0]), row) for row in rows))


def gathered(**tables: Table) -> FleetTable:
    """Return the one table of several clusters."""
    (found,) = gather_tables({(name, DEPLOYMENT): one for name, one in tables.items()})
    return found


def test_gathered_rows_are_sorted_by_object_and_then_cluster() -> None:
    """So that the same object of all clusters stands together."""
    found = gathered(c2=table([NAME], ("b",), ("a",)), c1=table([NAME], ("b",)))
    assert [("c2", "a"), ("c1", "b"), ("c2", "b")] == [(c, row.key.name) for c, row in found.rows]


def test_gathered_columns_are_merged_by_name_in_their_order() -> None:
    """A column that one cluster lacks is empty there."""
    found = gathered(
        c1=table([NAME, AGE], ("a", "1d")), c2=table([NAME, READY, AGE], ("a", "1/1", "2d"))
    )
    assert (NAME, READY, AGE) == found.columns
    assert [("a", None, "1d"), ("a", "1/1", "2d")] == [row.cells for _, row in found.rows]


def test_gathered_columns_in_another_order_keep_their_cells() -> None:
    """The first cluster's order counts."""
    found = gathered(
        c1=table([NAME, READY, AGE], ("a", "1/1", "1d")),
        c2=table([NAME, AGE, READY], ("a", "2d", "0/1")),
    )
    assert [("a", "1/1", "1d"), ("a", "0/1", "2d")] == [row.cells for _, row in found.rows]


@pytest.mark.parametrize(("wide", "expected"), [((True, False), False), ((True, True), True)])
def test_gathered_column_is_wide_where_all_clusters_say_so(
    wide: tuple[bool, bool], expected: bool
) -> None:
    """Servers of two versions may differ."""
    first, second = (table([NAME, Column("IP", is_wide=each)], ("a", "1")) for each in wide)
    assert Column("IP", is_wide=expected) == gathered(c1=first, c2=second).columns[1]


def test_gathered_types_are_apart_and_versions_together() -> None:
    """A type that two clusters serve in different versions is one type."""
    older = Resource("apps", "v1beta1", "deployments", "Deployment", True)
    one = table([NAME], ("a",))
    found = gather_tables({("c1", CONFIG_MAP): one, ("c1", DEPLOYMENT): one, ("c2", older): one})
    assert [("ConfigMap", 1), ("Deployment", 2)] == [(t.resource.kind, len(t.rows)) for t in found]


def test_presented_object_names_no_field_managers() -> None:
    """As kubectl prints it."""
    obj: Object = {"kind": "A", "metadata": {"name": "a", "managedFields": [{}]}, "spec": {}}
    assert {"kind": "A", "metadata": {"name": "a"}, "spec": {}} == present_object(obj)


def test_presented_secret_has_no_values() -> None:
    """Neither in data nor in what kubectl applied last."""
    metadata = {"name": "a", "annotations": {"last": "x"}, "labels": {"b": "c"}}
    obj: Object = {"kind": "Secret", "metadata": metadata, "type": "T", "data": {"a": "eA=="}}
    expected = {"kind": "Secret", "type": "T", "metadata": {"name": "a", "labels": {"b": "c"}}}
    assert expected == present_object(obj)
