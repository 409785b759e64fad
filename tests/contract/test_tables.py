"""Lists as tables, asked of both API servers through the program's own access."""

from __future__ import annotations

from kubefedctl.model.refs import Key, Resource
from kubefedctl.model.tables import Column, Row
from tests.contract.targets import Target, establish, make_config_map, make_crd, make_widget

PODS = Resource("", "v1", "pods", "Pod", True)
MAPS = Resource("", "v1", "configmaps", "ConfigMap", True)
WIDGETS = Resource("example.com", "v1", "widgets", "Widget", True)


def test_tabulate_pods_has_the_columns_of_kubectl(target: Target) -> None:
    """Those that need more room are marked."""
    target.make_namespace()
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "shop", "name": "p", "labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i"}], "serviceAccountName": "default"},
    }
    answer = target.wire.send("POST", "/api/v1/namespaces/shop/pods", body=body)
    assert answer.status in (201, 403), answer.body  # NB: without controllers there is no account
    found = target.cluster.tabulate(PODS, namespace="shop", label_selector="a=b")
    names = [column.name for column in found.columns]
    assert ["Name", "Ready", "Status", "Restarts", "Age"] == names[:5]
    wide = [column.name for column in found.columns if column.is_wide]
    assert ["IP", "Node", "Nominated Node", "Readiness Gates"] == wide
    assert {answer.status == 201} == {bool(found.rows)}
    assert all(("0/1", "Pending") == row.cells[1:3] for row in found.rows)


def test_tabulate_custom_objects_has_their_own_columns(target: Target) -> None:
    """What the definition says, with None where an object says nothing."""
    target.make_namespace()
    crd = make_crd()
    columns = crd["spec"]["versions"][0]["additionalPrinterColumns"]
    columns[0]["priority"] = 1
    establish(target, crd)
    target.cluster.create(WIDGETS, make_widget(size=3))
    found = target.cluster.tabulate(WIDGETS, field_selector="metadata.name=w")
    expected = [Column("Name"), Column("SIZE", is_wide=True), Column("PHASE"), Column("age")]
    assert tuple(expected) == found.columns
    assert (Key("shop", "w"), ("w", "3", None)) == (found.rows[0].key, found.rows[0].cells[:3])


def test_tabulate_picks_by_namespace_labels_and_name(target: Target) -> None:
    """As a list does."""
    target.make_namespace()
    for name in ("a", "b"):
        target.cluster.create(MAPS, make_config_map(name, {"k": "v"}))
    found = target.cluster.tabulate(MAPS, namespace="shop", field_selector="metadata.name=a")
    assert [(Key("shop", "a"), ("a", "1"))] == [(row.key, row.cells[:2]) for row in found.rows]
    assert isinstance(found.rows[0], Row)
    assert () == target.cluster.tabulate(MAPS, namespace="elsewhere").rows
