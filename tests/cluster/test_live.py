"""The live client against a small server over loopback: verbs, pages, credentials."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.cluster.access import (
    Access,
    Credential,
    CredentialSource,
    Impersonation,
    StaticCredentials,
    Timeouts,
)
from kubefedctl.cluster.credentials import PluginCredentials
from kubefedctl.cluster.live import LiveCluster
from kubefedctl.cluster.port import Listing, PatchType
from kubefedctl.cluster.retrying import RetryPolicy
from kubefedctl.errors import (
    ExpiredError,
    InputError,
    ServerError,
    UnauthorizedError,
)
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.refs import Key, Object, Resource
from tests.cluster.stub import Call, Reply, Stub, make_status, serve
from tests.cluster.test_execplugin import answer, write_plugin

MAPS = Resource("", "v1", "configmaps", "ConfigMap", True)
APPS = Resource("apps", "v1", "deployments", "Deployment", True)
FAST = RetryPolicy(first_delay=0.001, longest_delay=0.01)
WEB = Key("shop", "web")
LIVE: Object = {"metadata": {"namespace": "shop", "name": "web", "resourceVersion": "1"}}


def connect(
    stub: Stub,
    *,
    credentials: CredentialSource = StaticCredentials(),  # noqa: B008 - frozen
    impersonation: Impersonation = Impersonation(),  # noqa: B008 - frozen
    timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
    trace: Callable[[str, str, str, int, float], None] | None = None,
) -> LiveCluster:
    """Return the cluster behind *stub*, which tries again at once."""
    access = Access("c", Endpoint(stub.url), credentials, impersonation=impersonation)
    return LiveCluster(access, timeouts=timeouts, policy=FAST, trace=trace)


class Script:
    """Replies one after the other; the last one for all that follows."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)

    def __call__(self, call: Call) -> Reply:
        del call
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


def page(*names: str, following: str = "") -> Reply:
    """Return one page of a list."""
    items = [{"metadata": {"name": name}} for name in names]
    return Reply(body={"metadata": {"resourceVersion": "9", "continue": following}, "items": items})


def listed(*names: str) -> Listing:
    """Return the listing that pages with *names* make."""
    items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n}} for n in names]
    return Listing(tuple(items), "9")


def test_list_reads_all_pages_and_fills_in_the_type() -> None:
    """Pages are followed to the end, with the selectors on each."""
    with serve(Script(page("a", "b", following="t/1"), page("c"))) as stub:
        cluster = connect(stub)
        found = cluster.list(
            MAPS, namespace="shop", label_selector="a in (b)", field_selector="x=y"
        )
        cluster.close()
    assert listed("a", "b", "c") == found
    selectors = {"limit": "500", "labelSelector": "a in (b)", "fieldSelector": "x=y"}
    assert [selectors, {**selectors, "continue": "t/1"}] == [call.query for call in stub.calls]
    assert {"/api/v1/namespaces/shop/configmaps"} == {call.path for call in stub.calls}


def test_list_with_an_expired_page_starts_again() -> None:
    """The pages that were read before are dropped."""
    expired = make_status(410, "Expired")
    with serve(Script(page("a", following="1"), expired, page("b", following="2"), page("c"))) as s:
        cluster = connect(s)
        assert listed("b", "c") == cluster.list(MAPS)
        cluster.close()


def test_list_that_always_expires_fails() -> None:
    """It starts three times and no more."""
    with serve(Script(make_status(410, "Expired"))) as stub:
        cluster = connect(stub)
        with pytest.raises(ExpiredError):
            cluster.list(MAPS)
        cluster.close()
    assert 3 == len(stub.calls)


def test_list_of_metadata_names_the_real_kind() -> None:
    """The server says PartialObjectMetadata; the reader wants to know what it is of."""
    item = {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": "web"},
    }
    with serve(Script(Reply(body={"items": [item]}))) as stub:
        cluster = connect(stub)
        (found,) = cluster.list(APPS, metadata_only=True).items
        cluster.close()
    assert {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "web"}} == found
    expected = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
    assert expected == stub.calls[0].headers["accept"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>", id="html"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}", id="no-items"),
        pytest.param(b'{"items": 1}', id="items"),
        pytest.param(b'{"items": [5]}', id="item-is-no-object"),
        pytest.param(b'{"items": [{"kind": "ConfigMap"}]}', id="item-has-no-name"),
        pytest.param(b'{"items": [], "metadata": {"continue": "x"}}', id="endless"),
    ],
)
def test_list_of_nonsense_is_a_server_error(body: bytes) -> None:
    """A list is complete, or it is an error."""
    with serve(Script(Reply(body=body))) as stub:
        cluster = connect(stub)
        with pytest.raises(ServerError):
            cluster.list(MAPS)
        cluster.close()


WRITES: dict[str, tuple[Callable[[LiveCluster], Any], tuple[str, str, dict[str, str], Any]]] = {
    "get": (
        lambda c: c.get(MAPS, Key("a b", "c/d?")),
        ("GET", "/api/v1/namespaces/a%20b/configmaps/c%2Fd%3F", {}, None),
    ),
    "get-status": (
        lambda c: c.get(APPS, WEB, subresource="status"),
        ("GET", "/apis/apps/v1/namespaces/shop/deployments/web/status", {}, None),
    ),
    "create": (
        lambda c: c.create(MAPS, LIVE, dry_run=True),
        (
            "POST",
            "/api/v1/namespaces/shop/configmaps",
            {"fieldManager": "kubefedctl", "dryRun": "All"},
            LIVE,
        ),
    ),
    "update-status": (
        lambda c: c.update(APPS, LIVE, subresource="status"),
        (
            "PUT",
            "/apis/apps/v1/namespaces/shop/deployments/web/status",
            {"fieldManager": "kubefedctl"},
            LIVE,
        ),
    ),
    "apply": (
        lambda c: c.patch(APPS, WEB, body=LIVE, patch_type=PatchType.APPLY, force=True),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/shop/deployments/web",
            {"fieldManager": "kubefedctl", "force": "true"},
            LIVE,
        ),
    ),
    "json-patch": (
        lambda c: c.patch(
            APPS, WEB, body=[{"op": "remove"}], patch_type=PatchType.JSON, force=True
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/shop/deployments/web",
            {"fieldManager": "kubefedctl"},
            [{"op": "remove"}],
        ),
    ),
    "delete": (
        lambda c: c.delete(MAPS, WEB),
        ("DELETE", "/api/v1/namespaces/shop/configmaps/web", {}, None),
    ),
    "delete-options": (
        lambda c: c.delete(MAPS, WEB, options={"preconditions": {"uid": "u"}}, dry_run=True),
        (
            "DELETE",
            "/api/v1/namespaces/shop/configmaps/web",
            {},
            {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"uid": "u"},
                "dryRun": ["All"],
            },
        ),
    ),
}


@pytest.mark.parametrize(("act", "expected"), WRITES.values(), ids=WRITES.keys())
def test_verb_becomes_its_request(
    act: Callable[[LiveCluster], Any], expected: tuple[str, str, dict[str, str], Any]
) -> None:
    """Method, quoted path, query and body of each verb."""
    with serve(Script(Reply(body=LIVE))) as stub:
        cluster = connect(stub)
        assert act(cluster) in (LIVE, None)
        cluster.close()
    (call,) = stub.calls
    assert expected == (call.method, call.path, call.query, call.json if call.body else None)


@pytest.mark.parametrize(
    ("patch_type", "expected"),
    [
        (PatchType.MERGE, "application/merge-patch+json"),
        (PatchType.JSON, "application/json-patch+json"),
        (PatchType.APPLY, "application/apply-patch+yaml"),
    ],
    ids=["merge", "json", "apply"],
)
def test_patch_has_its_media_type(patch_type: PatchType, expected: str) -> None:
    """The server tells patches apart by their media type."""
    with serve(Script(Reply(body=LIVE))) as stub:
        cluster = connect(stub)
        cluster.patch(MAPS, WEB, body={}, patch_type=patch_type)
        cluster.close()
    assert expected == stub.calls[0].headers["content-type"]


@pytest.mark.parametrize("name", ["", ".", ".."], ids=["empty", "dot", "dots"])
def test_delete_without_a_name_sends_nothing(name: str) -> None:
    """An empty name would be the whole collection."""
    with serve(Script(Reply(body=LIVE))) as stub:
        cluster = connect(stub)
        with pytest.raises(InputError):
            cluster.delete(MAPS, Key("shop", name))
        cluster.close()
    assert [] == stub.calls


def test_object_that_json_does_not_know_is_refused() -> None:
    """YAML knows .nan, JSON does not."""
    with serve(Script(Reply(body=LIVE))) as stub:
        cluster = connect(stub)
        with pytest.raises(InputError, match="cannot create ConfigMap/shop/web in cluster c: the"):
            cluster.create(MAPS, {**LIVE, "data": {"x": float("nan")}})
        cluster.close()


def test_error_body_is_read_only_in_part() -> None:
    """An endless error page does not fill the memory."""
    with serve(lambda call: Reply(404, chunks=(b"x" * 65536 for _ in range(200)))) as stub:
        cluster = connect(stub)
        with pytest.raises(Exception, match="404 Not Found"):
            cluster.get(MAPS, WEB)
        cluster.close()


def test_redirect_is_not_followed() -> None:
    """A token is shown to nobody else."""
    with serve(Script(Reply(body=LIVE))) as other:
        moved = Reply(302, headers={"Location": other.url + "/x"})
        with serve(Script(moved)) as stub:
            cluster = connect(stub, credentials=StaticCredentials(Credential("t")))
            with pytest.raises(ServerError, match="302 Found") as caught:
                cluster.get(MAPS, WEB)
            cluster.close()
    assert [] == other.calls
    assert "redirects are not followed" in caught.value.hint


def test_headers_name_program_credentials_and_impersonation() -> None:
    """Every group is a header of its own."""
    who = Impersonation("u", "7", ("g", "h"), (("K/x", "v"),))
    with serve(Script(Reply(body=LIVE))) as stub:
        cluster = connect(stub, credentials=StaticCredentials(Credential("t")), impersonation=who)
        cluster.get(MAPS, WEB)
        cluster.close()
    (call,) = stub.calls
    assert call.headers["user-agent"].startswith("kubefedctl/")
    assert ("Bearer t", "u", "7", "v") == tuple(
        call.headers[name]
        for name in (
            "authorization",
            "impersonate-user",
            "impersonate-uid",
            "impersonate-extra-k%2fx",
        )
    )
    assert ("g", "h") == call.groups


def test_password_is_sent_as_basic() -> None:
    """The old way still works."""
    with serve(Script(Reply(body=LIVE))) as stub:
        cluster = connect(stub, credentials=StaticCredentials(Credential("", "u", "p")))
        cluster.get(MAPS, WEB)
        cluster.close()
    assert "Basic dTpw" == stub.calls[0].headers["authorization"]


def test_refused_token_is_renewed_once(tmp_path: Path) -> None:
    """A 401 runs the exec plugin again; a second 401 is final."""
    output = answer(token="tN").replace("tN", f"t'$(wc -l < {tmp_path}/runs)'")
    plugin = write_plugin(tmp_path / "plugin", f"echo x >> {tmp_path}/runs; echo '{output}'")

    def respond(call: Call) -> Reply:
        is_good = call.headers["authorization"] == "Bearer t2"
        return Reply(body=LIVE) if is_good else make_status(401, "Unauthorized")

    with serve(respond) as stub:
        cluster = connect(stub, credentials=PluginCredentials(plugin))
        assert LIVE == cluster.get(MAPS, WEB)
        cluster.close()
    assert ["Bearer t1", "Bearer t2"] == [call.headers["authorization"] for call in stub.calls]
    with serve(Script(make_status(401, "Unauthorized"))) as stub:
        cluster = connect(stub, credentials=PluginCredentials(plugin))
        with pytest.raises(UnauthorizedError) as caught:
            cluster.get(MAPS, WEB)
        cluster.close()
    assert 2 == len(stub.calls)
    assert "the credentials may have expired" in caught.value.hint


def test_trace_is_told_of_each_try() -> None:
    """Cluster, method, path, status and milliseconds."""
    seen: list[tuple[str, str, str, int, float]] = []
    with serve(Script(Reply(503), Reply(resets=True), Reply(body=LIVE))) as stub:
        cluster = connect(stub, trace=lambda *row: seen.append(row))
        cluster.get(MAPS, WEB)
        cluster.close()
    path = "/api/v1/namespaces/shop/configmaps/web"
    assert [("GET", path, code) for code in (503, 0, 200)] == [row[1:4] for row in seen]
    assert all(row[4] >= 0 for row in seen)


def test_path_of_the_server_comes_before_each_path() -> None:
    """Gateways serve many clusters under one name."""
    with serve(Script(Reply(body=b"ok"))) as stub:
        cluster = connect(Stub(stub.url + "/k8s/clusters/c-1/"))
        assert b"ok" == cluster.read("/healthz")
        cluster.close()
    assert "/k8s/clusters/c-1/healthz" == stub.calls[0].path


def test_connections_are_kept_and_shared_by_threads() -> None:
    """Many threads get their own answers."""
    named = {"metadata": {"name": "any"}}
    with serve(lambda call: Reply(body={"path": call.path, **named})) as stub:
        cluster = connect(stub)
        wrong: list[str] = []

        def work(number: int) -> None:
            for turn in range(10):
                key = Key("shop", f"n{number}-{turn}")
                if not cluster.get(MAPS, key)["path"].endswith(f"/{key.name}"):
                    wrong.append(key.name)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cluster.close()
    assert ([], 200) == (wrong, len(stub.calls))
