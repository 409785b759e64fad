"""Reading by the port, asked of both API servers through the program's own access."""

from __future__ import annotations

import json
import threading

import pytest

from kubefedctl.cluster.discovery import parse_groups, parse_resource_list
from kubefedctl.errors import (
    ClusterError,
    NotFoundError,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import ApiResource
from kubefedctl.model.wellknown import CONFIG_MAPS
from tests.contract.targets import (
    Target,
    establish,
    make_config_map,
    make_crd,
)
from tests.controlplanes.waiting import await_true

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
WIDGETS = Resource("example.com", "v1", "widgets", "Widget", True)
A = Key("shop", "a")


def version_of(obj: Object) -> str:
    """Return the resource version of an object."""
    return str(obj["metadata"]["resourceVersion"])


# --- discovery -----------------------------------------------------------------------------------


def test_discover_knows_deployments_with_names_and_verbs(target: Target) -> None:
    """A row of discovery has kind, scope, singular, short names and verbs."""
    (row,) = [row for row in target.cluster.discover().resources if row.resource == DEPLOYMENTS]
    every_verb = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
    assert ("deployment", ("deploy",), every_verb, True) == (
        row.singular,
        row.short_names,
        set(row.verbs),
        row.preferred,
    )


def test_discover_aggregated_and_old_form_agree(target: Target) -> None:
    """The rows of the aggregated form are those of the old one."""
    discovery = target.cluster.discover()
    old: set[ApiResource] = set()
    versions = [("", "v1"), *parse_groups(target.wire.get("/apis"))]
    for group, version in versions:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        rows = parse_resource_list(target.wire.get(path), group, version).rows
        old |= {
            ApiResource(row.resource, row.singular, row.short_names, row.verbs)
            for row in rows or ()
        }
    aggregated = {
        ApiResource(row.resource, row.singular, row.short_names, row.verbs)
        for row in discovery.resources
    }
    assert ((), old) == (discovery.failures, aggregated)


def test_discover_serves_a_custom_resource_once_established(shop: Target) -> None:
    """Asked afresh, discovery has the custom resource with its names."""
    establish(shop, make_crd())

    def found() -> list[ApiResource]:
        rows = shop.cluster.discover(fresh=True).resources
        return [row for row in rows if row.resource == WIDGETS]

    await_true(lambda: bool(found()))
    (row,) = found()
    assert ("widget", ("wd",), True) == (row.singular, row.short_names, row.preferred)


# --- paths that are no objects -------------------------------------------------------------------


def test_read_healthz_says_ok(target: Target) -> None:
    """`/healthz` is the bare word."""
    assert b"ok" == target.cluster.read("/healthz")


def test_read_version_has_major_and_minor(target: Target) -> None:
    """`/version` says which Kubernetes it is."""
    version = json.loads(target.cluster.read("/version"))
    assert ("1", True) == (version["major"], version["gitVersion"].startswith("v1."))


def test_read_openapi_knows_the_schema_of_a_deployment(target: Target) -> None:
    """The OpenAPI document of a group-version holds kinds by their Go names."""
    document = json.loads(target.cluster.read("/openapi/v3/apis/apps/v1"))
    schema = document["components"]["schemas"]["io.k8s.api.apps.v1.DeploymentSpec"]
    replicas = schema["properties"]["replicas"]
    assert ("integer", "int32") == (replicas["type"], replicas["format"])


def test_read_unknown_path_raises_not_found(target: Target) -> None:
    """A path that is not served is a NotFoundError."""
    with pytest.raises(NotFoundError) as caught:
        target.cluster.read("/openapi/v3/apis/none.example.com/v1")
    assert 404 == caught.value.status


# --- lists ---------------------------------------------------------------------------------------


def test_list_reads_every_page(shop: Target) -> None:
    """A list longer than one page is complete and in order."""
    names = [f"map-{number:04}" for number in range(510)]
    for name in names:
        shop.wire.post("/api/v1/namespaces/shop/configmaps", make_config_map(name))
    listing = shop.cluster.list(CONFIG_MAPS, namespace="shop", field_selector=NOT_ROOT)
    assert names == [item["metadata"]["name"] for item in listing.items]
    assert {("v1", "ConfigMap")} == {(item["apiVersion"], item["kind"]) for item in listing.items}


NOT_ROOT = "metadata.name!=kube-root-ca.crt"


def test_list_metadata_only_leaves_the_rest_out(shop: Target) -> None:
    """Metadata lists hold metadata under the object's own kind."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}, labels={"l": "1"}))
    (item,) = shop.cluster.list(
        CONFIG_MAPS, namespace="shop", label_selector="l", metadata_only=True
    ).items
    assert ("v1", "ConfigMap", None, {"l": "1"}) == (
        item["apiVersion"],
        item["kind"],
        item.get("data"),
        item["metadata"]["labels"],
    )


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("tier=front", ["a"]),
        ("tier==front", ["a"]),
        ("tier!=front", ["b", "c"]),
        ("tier in (front, back)", ["a", "b"]),
        ("tier notin (front)", ["b", "c"]),
        ("tier,env=prod", ["a"]),
        ("env in ()", []),
    ],
)
def test_list_with_label_selector_gives_what_matches(
    shop: Target, selector: str, expected: list[str]
) -> None:
    """Every form of a label selector is understood."""
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", labels={"tier": "front", "env": "prod"}))
    shop.cluster.create(CONFIG_MAPS, make_config_map("b", labels={"tier": "back"}))
    shop.cluster.create(CONFIG_MAPS, make_config_map("c"))
    listing = shop.cluster.list(
        CONFIG_MAPS, namespace="shop", label_selector=selector, field_selector=NOT_ROOT
    )
    assert expected == [item["metadata"]["name"] for item in listing.items]


def test_list_with_field_selector_finds_one_name(shop: Target) -> None:
    """`metadata.name` and `metadata.namespace` can be selected across namespaces."""
    for name in ("a", "b"):
        shop.cluster.create(CONFIG_MAPS, make_config_map(name))
    selector = "metadata.namespace=shop,metadata.name=b"
    listing = shop.cluster.list(CONFIG_MAPS, field_selector=selector)
    assert ["b"] == [item["metadata"]["name"] for item in listing.items]


def test_list_pages_are_one_snapshot(shop: Target) -> None:
    """What is created between two pages is in neither of them."""
    path = "/api/v1/namespaces/shop/secrets"
    for name in "bdf":
        shop.wire.post(path, {"metadata": {"name": name}})
    first = shop.wire.get(f"{path}?limit=2")
    shop.wire.post(path, {"metadata": {"name": "e"}})
    token = first["metadata"]["continue"]
    second = shop.wire.get(f"{path}?limit=2&continue={token}")
    names = [item["metadata"]["name"] for item in first["items"] + second["items"]]
    assert (["b", "d", "f"], version_of(first)) == (names, version_of(second))


# --- watch ---------------------------------------------------------------------------------------


def test_watch_tells_what_changed_since(shop: Target) -> None:
    """From a list's version on, events come in order, each with its object."""
    since = shop.cluster.list(CONFIG_MAPS, namespace="shop").resource_version
    shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    shop.cluster.patch(CONFIG_MAPS, A, body={"data": {"x": "1"}})
    shop.cluster.delete(CONFIG_MAPS, A)
    events = []
    for event in shop.cluster.watch(
        CONFIG_MAPS, namespace="shop", resource_version=since, timeout=10, field_selector=NOT_ROOT
    ):
        if event.type != "BOOKMARK":
            events.append((event.type, event.object["metadata"]["name"], event.object.get("data")))
        if event.type == "DELETED":
            break
    assert [("ADDED", "a", None), ("MODIFIED", "a", {"x": "1"}), ("DELETED", "a", {"x": "1"})] == [
        (kind, name, data or None) for kind, name, data in events
    ]


def test_watch_with_selector_turns_changes_into_additions_and_deletions(shop: Target) -> None:
    """An object that begins to match is ADDED, one that ceases to is DELETED."""
    since = shop.cluster.list(CONFIG_MAPS, namespace="shop").resource_version
    shop.cluster.create(CONFIG_MAPS, make_config_map("a"))
    shop.cluster.patch(CONFIG_MAPS, A, body={"metadata": {"labels": {"on": "1"}}})
    shop.cluster.patch(CONFIG_MAPS, A, body={"metadata": {"labels": None}})
    types = []
    for event in shop.cluster.watch(
        CONFIG_MAPS, namespace="shop", resource_version=since, label_selector="on", timeout=10
    ):
        if event.type != "BOOKMARK":
            types.append(event.type)
        if event.type == "DELETED":
            break
    assert ["ADDED", "DELETED"] == types


def test_watch_sees_what_happens_while_it_runs(shop: Target) -> None:
    """A watch that waits is told at once."""
    since = shop.cluster.list(CONFIG_MAPS, namespace="shop").resource_version
    writer = threading.Timer(0.2, shop.cluster.create, [CONFIG_MAPS, make_config_map("late")])
    writer.start()
    watch = shop.cluster.watch(
        CONFIG_MAPS, namespace="shop", resource_version=since, field_selector=NOT_ROOT, timeout=10
    )
    found = next(event for event in watch if event.type == "ADDED")
    writer.join()
    assert "late" == found.object["metadata"]["name"]


def test_watch_ends_with_its_time(shop: Target) -> None:
    """The end of the time is a clean end."""
    events = list(shop.cluster.watch(CONFIG_MAPS, namespace="shop", timeout=1))
    assert {"ADDED", "BOOKMARK"} >= {event.type for event in events}


def test_errors_name_the_act_the_object_and_the_cluster(shop: Target) -> None:
    """A message reads the same whatever server said it."""
    with pytest.raises(ClusterError) as caught:
        shop.cluster.get(CONFIG_MAPS, A)
    expected = (
        'cannot get ConfigMap/shop/a in cluster cluster0: 404 NotFound: configmaps "a" not found'
    )
    assert expected == str(caught.value)
