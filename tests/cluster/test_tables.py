"""Lists as tables: parsing what servers answer, and asking the live client for them."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.cluster.tables import parse_table
from kubefedctl.errors import ServerError
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.tables import Column, Row, Table
from tests.cluster.stub import Reply, make_status, serve
from tests.cluster.test_live import MAPS, Script, connect

COLUMNS = [
    {"name": "Name", "type": "string", "priority": 0},
    {"name": "IP", "type": "string", "priority": 1},
]
PARSED = (Column("Name"), Column("IP", is_wide=True))


def row(name: str, *cells: Any, namespace: str = "shop") -> Object:
    """Return a row as a server writes it."""
    metadata = {"name": name, "namespace": namespace}
    return {"cells": [name, *cells], "object": {"metadata": metadata}}


def page(*rows: Object, following: str = "", columns: Any = COLUMNS) -> Reply:
    """Return one page of a table."""
    return Reply(
        body={
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"continue": following},
            "columnDefinitions": columns,
            "rows": list(rows),
        }
    )


def a_row(name: str, *cells: str | None) -> Row:
    """Return a row as it is parsed."""
    return Row(Key("shop", name), (name, *cells))


def test_table_is_read_in_pages_with_selectors() -> None:
    """As a list is, asked for in the way of kubectl; later pages need not name the columns."""
    script = Script(page(row("a", "1"), following="t"), page(row("b", "2"), columns=None))
    with serve(script) as stub:
        cluster = connect(stub)
        found = cluster.tabulate(MAPS, namespace="shop", label_selector="x=y", field_selector="z=1")
        cluster.close()
    assert Table(PARSED, (a_row("a", "1"), a_row("b", "2"))) == found
    asked = {"limit": "500", "labelSelector": "x=y", "fieldSelector": "z=1"}
    asked["includeObject"] = "None"
    assert [asked, {**asked, "continue": "t"}] == [call.query for call in stub.calls]
    forms = "as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io"
    assert f"application/json;{forms},application/json" == stub.calls[0].headers["accept"]


def test_table_of_one_namespace_comes_without_the_objects() -> None:
    """Whose metadata are most of the bytes, and only repeat the name."""
    bare = {"cells": ["a", "1"], "object": None}
    with serve(Script(page(bare))) as stub:
        cluster = connect(stub)
        assert Table(PARSED, (a_row("a", "1"),)) == cluster.tabulate(MAPS, namespace="shop")
        cluster.close()


def test_table_of_all_namespaces_comes_with_them() -> None:
    """Else nobody could tell where a row belongs."""
    with serve(Script(page(row("a", "1", namespace="other")))) as stub:
        cluster = connect(stub)
        (found,) = cluster.tabulate(MAPS).rows
        cluster.close()
    assert Key("other", "a") == found.key
    assert {"limit": "500"} == stub.calls[0].query


def test_table_without_a_name_is_asked_for_with_the_objects() -> None:
    """Servers may show anything."""
    columns = [{"name": "IP"}]
    bare: Object = {"cells": ["1"], "object": None}
    whole: Object = {"cells": ["1"], "object": row("a")["object"]}
    with serve(Script(page(bare, columns=columns), page(whole, columns=columns))) as stub:
        cluster = connect(stub)
        assert (Row(Key("shop", "a"), ("1",)),) == cluster.tabulate(MAPS, namespace="shop").rows
        cluster.close()
    assert ["None", None] == [call.query.get("includeObject") for call in stub.calls]


def test_table_with_an_expired_page_starts_again() -> None:
    """The rows that were read before are dropped."""
    expired = make_status(410, "Expired")
    with serve(Script(page(row("a", "1"), following="t"), expired, page(row("b", "2")))) as stub:
        cluster = connect(stub)
        assert Table(PARSED, (a_row("b", "2"),)) == cluster.tabulate(MAPS)
        cluster.close()


def test_table_of_a_server_that_knows_none_has_name_and_time() -> None:
    """An aggregated API may answer the list."""
    metadata = {"name": "a", "namespace": "shop", "creationTimestamp": "2026-01-02T03:04:05Z"}
    found = parse_table({"kind": "ConfigMapList", "items": [{"metadata": metadata}]})
    rows = (a_row("a", "2026-01-02T03:04:05Z"),)
    assert Table((Column("Name"), Column("Created At")), rows) == found


@pytest.mark.parametrize(
    "empty",
    [
        pytest.param({"kind": "Table", "columnDefinitions": COLUMNS, "rows": None}, id="null-rows"),
        pytest.param({"kind": "List", "items": None}, id="null-items"),
    ],
)
def test_table_of_nothing_is_empty(empty: Object) -> None:
    """Go writes an empty list as null."""
    found = parse_table(empty)
    assert found is not None
    assert () == found.rows


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a", "a"),
        (3, "3"),
        (2.0, "2"),
        (0.5, "0.5"),
        (True, "true"),
        (None, None),
        (["x", 1], '["x",1]'),
        ("one\ntwo", "one..."),
    ],
    ids=["text", "number", "whole", "part", "boolean", "null", "list", "lines"],
)
def test_table_cell_is_shown_as_kubectl_shows_it(cell: Any, expected: str | None) -> None:
    """Of several lines the first one."""
    found = parse_table({"kind": "Table", "columnDefinitions": COLUMNS, "rows": [row("a", cell)]})
    assert found is not None
    assert (a_row("a", expected),) == found.rows


def test_table_row_has_a_cell_for_each_column() -> None:
    """Whatever the server says."""
    rows = [row("a"), row("b", "1", "2", "3")]
    found = parse_table({"kind": "Table", "columnDefinitions": COLUMNS, "rows": rows})
    assert found is not None
    assert (a_row("a", None), a_row("b", "1")) == found.rows


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>", id="html"),
        pytest.param(b"{}", id="no-items"),
        pytest.param(b'{"items": [5]}', id="item-is-no-object"),
        pytest.param(b'{"kind": "Table"}', id="no-rows"),
        pytest.param(b'{"kind": "Table", "rows": 1}', id="rows"),
        pytest.param(b'{"kind": "Table", "rows": [{"cells": ["a"]}]}', id="row-of-no-object"),
        pytest.param(b'{"kind": "Table", "rows": [], "metadata": {"continue": "x"}}', id="endless"),
    ],
)
def test_table_of_nonsense_is_a_server_error(body: bytes) -> None:
    """A table is complete, or it is an error."""
    with serve(Script(Reply(body=body))) as stub:
        cluster = connect(stub)
        with pytest.raises(ServerError):
            cluster.tabulate(MAPS)
        cluster.close()
