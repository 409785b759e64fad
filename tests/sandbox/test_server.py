"""
The API over HTTP: what clients see, bad input included.

Left out on purpose: words of errors that are the registry's, watches (a module of their own).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.fleet import SandboxFleet
from tests.sandbox.wire import APPLY, CONFIG_MAPS, MERGE, Client, config_map, definition, widget

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.fixture(scope="module")
def cluster() -> Iterator[SandboxCluster]:
    """One cluster over HTTP."""
    with SandboxFleet(["one"]) as fleet:
        yield fleet.clusters["one"]


@pytest.fixture(scope="module")
def client(cluster: SandboxCluster) -> Iterator[Client]:
    """Its administrator."""
    client = Client(cluster, token=cluster.token)
    yield client
    client.close()


def test_verbs_in_order(client: Client) -> None:
    """Create, get, update, patch, list and delete work on one object."""
    assert client.send("POST", CONFIG_MAPS, config_map("v", a="1"))[0] == 201
    obj = client.send("GET", f"{CONFIG_MAPS}/v")[1]
    code, obj = client.send("PUT", f"{CONFIG_MAPS}/v", {**obj, "data": {"a": "2"}})
    assert (code, obj["data"]) == (200, {"a": "2"})
    patch = {"data": {"b": "3"}}
    assert client.send("PATCH", f"{CONFIG_MAPS}/v", patch, kind=MERGE)[1]["data"]["b"] == "3"
    items = client.send("GET", CONFIG_MAPS)[1]["items"]
    assert "v" in [item["metadata"]["name"] for item in items]
    code, status = client.send("DELETE", f"{CONFIG_MAPS}/v")
    assert (code, status["status"]) == (200, "Success")
    assert client.send("GET", f"{CONFIG_MAPS}/v")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "code"),
    [
        ("POST", CONFIG_MAPS, b"{bad", "application/json", 400),
        ("POST", CONFIG_MAPS, b"[]", "application/json", 400),
        ("POST", CONFIG_MAPS, b'{"metadata":{"name":"n"},"data":NaN}', "application/json", 400),
        ("POST", CONFIG_MAPS, b"x", "text/plain", 415),
        ("POST", CONFIG_MAPS, b"k8s\x00\xff\xff\xff", "application/vnd.kubernetes.protobuf", 400),
        ("POST", CONFIG_MAPS, b"[" * 100_000, "application/json", 400),
        ("POST", CONFIG_MAPS, b'"' + b"x" * 3_200_000 + b'"', "application/json", 413),
        ("POST", CONFIG_MAPS, {"metadata": {"name": 5}}, "application/json", 400),
        ("POST", CONFIG_MAPS, {"metadata": {"name": "x", "labels": [1]}}, "application/json", 400),
        ("POST", CONFIG_MAPS, {"metadata": "x"}, "application/json", 400),
        ("POST", f"{CONFIG_MAPS}?dryRun=x", {"metadata": {"name": "x"}}, "application/json", 422),
        ("PUT", CONFIG_MAPS, {}, "application/json", 405),
        ("PATCH", f"{CONFIG_MAPS}/x", {}, "application/json", 415),
        ("PATCH", f"{CONFIG_MAPS}/kube-root-ca.crt", b"[", MERGE, 400),
        ("PATCH", f"{CONFIG_MAPS}/x", {"kind": "ConfigMap", "apiVersion": "v1"}, APPLY, 422),
        ("GET", f"{CONFIG_MAPS}?labelSelector=a+b", None, "application/json", 400),
        ("GET", f"{CONFIG_MAPS}?continue=nonsense", None, "application/json", 400),
        ("GET", f"{CONFIG_MAPS}?resourceVersion=99999999", None, "application/json", 504),
        ("GET", "/api/v1/nonsense", None, "application/json", 404),
        ("GET", "/apis/nonsense/v1/x", None, "application/json", 404),
        ("GET", "/apis/apps/v9", None, "application/json", 404),
        ("DELETE", "/api/v1/namespaces/default", None, "application/json", 403),
    ],
    ids=["json", "array", "nan", "text", "protobuf", "deep", "huge", "name", "labels", "metadata",
         "dry-run", "put-list", "patch-type", "patch-json", "no-manager", "selector", "token",
         "future", "resource", "group", "version", "immortal"],
)  # fmt: skip
def test_bad_request_is_refused_with_its_code(
    client: Client, method: str, path: str, body: object, kind: str, code: int
) -> None:
    """Each kind of bad input is answered with the real server's status, and nothing breaks."""
    assert code == client.send(method, path, body, kind=kind)[0]
    assert client.send("GET", "/readyz") == (200, "ok")


def test_apply_conflicts_until_forced(client: Client) -> None:
    """Another manager's field is a conflict without force."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", **config_map("ap", x="1")}
    path = f"{CONFIG_MAPS}/ap?fieldManager="
    assert client.send("PATCH", f"{path}one", body, kind=APPLY)[0] == 201
    body["data"] = {"x": "2"}
    code, status = client.send("PATCH", f"{path}two", body, kind=APPLY)
    assert (code, status["details"]["causes"][0]["field"]) == (409, ".data.x")
    code, obj = client.send("PATCH", f"{path}two&force=true", body, kind=APPLY)
    assert (code, obj["data"]) == (200, {"x": "2"})


def test_field_validation_strict_refuses_unknown_fields(client: Client) -> None:
    """fieldValidation=Strict is a 400 that names the field."""
    body = {**config_map("strict"), "foo": 1}
    code, status = client.send("POST", f"{CONFIG_MAPS}?fieldValidation=Strict", body)
    assert code == 400
    assert 'unknown field "foo"' in status["message"]


@pytest.mark.parametrize("path", ["/api", "/apis"])
def test_discovery_has_two_forms(client: Client, path: str) -> None:
    """Discovery answers in the old form, and aggregated to those who ask for it."""
    kinds = {"/api": "APIVersions", "/apis": "APIGroupList"}
    assert client.send("GET", path)[1]["kind"] == kinds[path]
    document = client.send("GET", path, headers={"Accept": f"{_AGGREGATED},application/json"})[1]
    assert document["kind"] == "APIGroupDiscoveryList"
    names = {
        item["resource"]
        for group in document["items"]
        for item in group["versions"][0]["resources"]
    }
    assert {"/api": "configmaps", "/apis": "deployments"}[path] in names


def test_custom_resource_is_served_and_gone_with_its_definition(client: Client) -> None:
    """A definition opens a group in discovery and at its address, and closes it when deleted."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert client.send("POST", crds, definition())[0] == 201
    widgets = "/apis/example.com/v1/namespaces/default/widgets"
    assert client.send("POST", widgets, widget("w", size=1))[0] == 201
    assert client.send("GET", f"{widgets}/w/scale")[1]["spec"] == {"replicas": 2}
    assert client.send("GET", "/apis/example.com/v1")[1]["resources"][0]["name"] == "widgets"
    assert client.send("GET", "/openapi/v3/apis/example.com/v1")[0] == 200
    assert client.send("DELETE", f"{crds}/widgets.example.com")[0] == 200
    assert client.send("GET", widgets)[0] == 404


def test_many_threads_lose_no_update(client: Client) -> None:
    """32 threads that retry on conflict count to the number of their increments."""
    client.send("POST", CONFIG_MAPS, config_map("counter", n="0"))
    path = f"{CONFIG_MAPS}/counter"

    def increment(_: int) -> int:
        for attempt in range(500):
            obj = client.send("GET", path)[1]
            obj["data"]["n"] = str(int(obj["data"]["n"]) + 1)
            if client.send("PUT", path, obj)[0] == 200:
                return attempt
        raise AssertionError("never written")

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(increment, range(64)))
    assert client.send("GET", path)[1]["data"] == {"n": "64"}


def test_audit_tells_reads_from_writes(cluster: SandboxCluster, client: Client) -> None:
    """The audit has each request; a dry run is no write."""
    cluster.audit.clear()
    client.send("GET", CONFIG_MAPS)
    client.send("POST", f"{CONFIG_MAPS}?dryRun=All", config_map("never"))
    assert cluster.audit.writes == []
    client.send("POST", CONFIG_MAPS, config_map("written"))
    (record,) = cluster.audit.writes
    assert (record.verb, record.resource, record.code) == ("create", "configmaps", 201)


def test_delete_collection_deletes_what_is_selected(client: Client) -> None:
    """deletecollection takes selectors."""
    for name, label in (("d1", "x"), ("d2", "y")):
        body = {"metadata": {"name": name, "labels": {"pick": label}}}
        client.send("POST", "/api/v1/namespaces/kube-public/secrets", body)
    path = "/api/v1/namespaces/kube-public/secrets"
    assert client.send("DELETE", f"{path}?labelSelector=pick=x")[0] == 200
    items = client.send("GET", path)[1]["items"]
    assert ["d2"] == [item["metadata"]["name"] for item in items]


def test_broken_surrogate_is_replaced(client: Client) -> None:
    """Half a character in JSON becomes U+FFFD, as in Go, and poisons no later answer."""
    body = b'{"metadata":{"name":"half"},"data":{"a":"\\ud800"}}'
    assert client.send("POST", CONFIG_MAPS, body)[1]["data"] == {"a": "\ufffd"}
    assert client.send("GET", CONFIG_MAPS)[0] == 200
