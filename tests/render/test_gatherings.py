"""Tests of printing the objects of many clusters as one table."""

from __future__ import annotations

import io

from kubefedctl.model.events import Tabulated
from kubefedctl.model.refs import Key
from kubefedctl.model.tables import Column, FleetTable, Row
from kubefedctl.render.gatherings import gathering_lines
from kubefedctl.render.text import TextRenderer
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE

COLUMNS = (Column("Name"), Column("Ready"), Column("Images", is_wide=True))


def pods(*rows: tuple[str, ...]) -> FleetTable:
    """Return a table whose rows are each a cluster, a name and cells."""
    return FleetTable(
        DEPLOYMENT,
        COLUMNS,
        tuple((cluster, Row(Key("shop", n), (n, *cells))) for cluster, n, *cells in rows),
    )


def test_gathering_shows_the_cluster_beside_the_name() -> None:
    """And leaves out the columns that need more room."""
    found = Tabulated((pods(("c1", "web", "1/1", "a:1"), ("c10", "web", "0/1", "a:2")),))
    assert [
        "NAME   CLUSTER   READY",
        "web    c1        1/1",
        "web    c10       0/1",
    ] == list(gathering_lines(found))


def test_gathering_wide_with_namespaces_shows_all() -> None:
    """What a server does not say is none, so that columns can be counted."""
    columns = (pods(("c1", "web", "", "a:1")),)
    found = Tabulated(columns, is_wide=True, has_namespaces=True)
    assert [
        "NAMESPACE   NAME   CLUSTER   READY    IMAGES",
        "shop        web    c1        <none>   a:1",
    ] == list(gathering_lines(found))


def test_gathering_of_several_types_names_them() -> None:
    """Cluster-scoped ones have no namespace, and a type without objects is left out."""
    only_name = (Column("Name"),)
    namespaces = FleetTable(NAMESPACE, only_name, (("c1", Row(Key("", "shop"), ("shop",))),))
    nothing = FleetTable(CONFIG_MAP, only_name, ())
    found = Tabulated((pods(("c1", "web", "1/1", "")), nothing, namespaces), has_namespaces=True)
    assert [
        "NAMESPACE   NAME                  CLUSTER   READY",
        "shop        deployment.apps/web   c1        1/1",
        "",
        "NAME             CLUSTER",
        "namespace/shop   c1",
    ] == list(gathering_lines(found))


def test_gathering_lets_no_cell_steer_the_terminal() -> None:
    """What a cluster says stays text."""
    out = io.StringIO()
    found = Tabulated((pods(("c1", "web", "\x1b[2J\u202e", "")),))
    TextRenderer(stdout=out, stderr=io.StringIO()).show(found)
    assert "web    c1        \\x1b[2J\\u202e\n" in out.getvalue()
