"""Tables: what `kubectl get` shows of built-in kinds and custom resources."""

from __future__ import annotations

import pytest

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.jsonpath import find
from kubefedctl.sandbox.responses import negotiate
from kubefedctl.sandbox.statuses import ApiError
from kubefedctl.sandbox.tables import TableForm, make_table
from tests.sandbox.wire import Object, definition, deployment, widget


@pytest.fixture(scope="module")
def cluster() -> SandboxCluster:
    """A cluster with one of each."""
    cluster = SandboxCluster("one")
    cluster.create("customresourcedefinitions", definition())
    cluster.create("widgets", widget("w", size=1), namespace="default")
    cluster.create("deployments", deployment("web"), namespace="default")
    cluster.create("secrets", {"metadata": {"name": "s"}, "data": {"a": ""}}, namespace="default")
    return cluster


def table(cluster: SandboxCluster, address: tuple[str, str, str], form: TableForm) -> Object:
    """Return the table of a resource in the namespace default."""
    resource = cluster.registry.resource(*address)
    objects = cluster.store.list(resource.key, "default")
    return make_table(
        resource, objects, definition=cluster.registry.definition(resource), form=form
    )


@pytest.mark.parametrize(
    ("address", "names", "cells"),
    [
        (("apps", "v1", "deployments"), ["Name", "Ready", "Up-to-date", "Available", "Age"],
         ["web", "3/3", 3, 3]),
        (("", "v1", "secrets"), ["Name", "Type", "Data", "Age"], ["s", "Opaque", 1]),
        (("example.com", "v1", "widgets"), ["Name", "Ready"], ["w", None]),
        (("", "v1", "services"), ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"],
         ["kubernetes", "ClusterIP", "10.96.0.1", "<none>", "443/TCP"]),
    ],
    ids=["deployment", "secret", "custom", "service"],
)  # fmt: skip
def test_table_has_columns_of_kind(
    cluster: SandboxCluster, address: tuple[str, str, str], names: list[str], cells: list[object]
) -> None:
    """The columns are those of the real server, and of the definition for custom resources."""
    document = table(cluster, address, TableForm())
    shown = [item["name"] for item in document["columnDefinitions"] if not item["priority"]]
    assert names == shown
    assert cells == document["rows"][0]["cells"][: len(cells)]


@pytest.mark.parametrize(
    ("include", "kind"),
    [("None", None), ("Metadata", "PartialObjectMetadata"), ("Object", "Secret")],
)
def test_table_includes_what_is_asked(
    cluster: SandboxCluster, include: str, kind: str | None
) -> None:
    """includeObject decides what lies beside the cells."""
    row = table(cluster, ("", "v1", "secrets"), TableForm(include=include))["rows"][0]
    assert kind == (row["object"] or {}).get("kind")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".status.conditions[?(@.type=='Ready')].status", ["True"]),
        (".status.conditions[?(@.type==\"Old\")].status", []),
        (".spec.items[*].n", [1, 2]),
        (".spec.items[-1].n", [2]),
        (".spec['a.b']", ["c"]),
        (".spec.a\\.b", ["c"]),
        ("{.spec.missing}", []),
        (".spec[", []),
        ("..n", [1, 2]),
    ],
    ids=["filter", "no-match", "all", "last", "quoted", "escaped", "missing", "broken", "deep"],
)  # fmt: skip
def test_jsonpath_finds(path: str, expected: list[object]) -> None:
    """Printer columns find what client-go's JSONPath does."""
    conditions = [{"type": "Ready", "status": "True"}]
    spec = {"items": [{"n": 1}, {"n": 2}], "a.b": "c"}
    assert expected == find({"status": {"conditions": conditions}, "spec": spec}, path)


def test_accept_header_without_json_is_406() -> None:
    """A client that takes protobuf only is told so."""
    with pytest.raises(ApiError) as caught:
        negotiate("application/vnd.kubernetes.protobuf")
    assert caught.value.code == 406
