"""Tests of servers that answer with something else than the API: an error of theirs, no bug."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox, write_kubeconfig
from tests.cluster.stub import Call, Reply, serve
from tests.controlplanes.wire import Endpoint
from tests.e2e.clusters import endpoint_of

HTML = {"Content-Type": "text/html"}
DEEP = b'{"items": [' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"]}"
BODIES: dict[str, Reply] = {
    "html": Reply(body=b"<html><body>Welcome</body></html>", headers=HTML),
    "empty": Reply(body=b""),
    "binary": Reply(body=b"\x00\xff\xfe k8s\x00", headers={"Content-Type": "application/x"}),
    "null": Reply(body=b"null"),
    "number": Reply(body=b"5"),
    "list": Reply(body=b"[]"),
    "object": Reply(body=b"{}"),
    "deep": Reply(body=DEEP),
    "cut": Reply(body=b'{"items": ['),
    "items-number": Reply(body={"items": 5}),
    "items-numbers": Reply(body={"items": [5, None, "x"]}),
    "items-empty": Reply(body={"items": [{}]}),
    "items-names": Reply(body={"items": [{"metadata": {"name": 5, "namespace": []}}]}),
    "items-metadata": Reply(body={"items": [{"metadata": 5, "spec": "x"}]}),
    "items-text": Reply(body={"items": "none", "metadata": 5}),
    "status": Reply(500, {"kind": "Status", "message": 5, "reason": [], "details": {"causes": 5}}),
    "redirect": Reply(302, b"", headers={"Location": "https://example.invalid/"}),
    "no-content": Reply(204, b""),
    "huge-message": Reply(403, {"kind": "Status", "message": "x\n" * 1_000_000}),
}
ODD: dict[str, Any] = {
    "bare": {},
    "wrong-types": {"spec": 5, "status": [], "metadata": {"labels": 5, "finalizers": "x"}},
    "wrong-leaves": {
        "spec": {
            "apiEndpoint": 5,
            "secretRef": [],
            "targetType": 5,
            "federatedType": {"kind": []},
            "placement": 5,
            "template": "x",
            "overrides": {"a": 1},
            "scope": 7,
            "clusterHealthCheck": [],
            "featureGates": {"x": 1},
        },
        "status": {"conditions": 5, "clusters": {"a": 1}},
        "metadata": {"annotations": [], "generation": "x", "deletionTimestamp": 5, "uid": {}},
    },
}
FEW = ("html", "deep", "object", "items-numbers", "items-metadata", "status")
"""What stands for the others where a test is slow."""

COMMANDS = {
    "init": ["init"],
    "join": ["join", MEMBER],
    "unjoin": ["unjoin", MEMBER],
    "enable": ["enable", "sts"],
    "federate": ["federate", "cm", "cm"],
    "sync": ["sync"],
    "diff": ["diff"],
    "get": ["get", "pods"],
    "check": ["check"],
}
READ_BY_SYNC = [
    "kubefedconfigs",
    "kubefedclusters",
    "federatedtypeconfigs",
    "secrets",
    "federatednamespaces",
    "federatedconfigmaps",
    "propagatedversions",
    "namespaces",
]
TROUBLE = (3, 4, 5)


@pytest.fixture
def shop(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """A ConfigMap that is federated and in its member."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "ns", "shop")
    cli("federate", "cm", "cm", "-n", "shop")
    cli("sync")
    return joined


def _forward(endpoint: Endpoint, call: Call) -> Reply:
    """Return what the real cluster answers."""
    path = f"{call.path}?{urlencode(call.query)}" if call.query else call.path
    body = json.loads(call.body) if call.body else None
    kind = call.headers.get("content-type", "application/json")
    answer = endpoint.send(call.method, path, body=body, content_type=kind)
    return Reply(answer.status, answer.body)


def _between(
    sandbox: Sandbox, folder: Path, answer: Callable[[Call], Reply | None]
) -> Callable[[Call], Reply]:
    """Return a host that answers as the real one does, unless *answer* knows better."""
    endpoint = endpoint_of(sandbox.fleet.kubeconfig, HOST, folder)
    assert isinstance(endpoint.tls, ssl.SSLContext)
    return lambda call: answer(call) or _forward(endpoint, call)


def _asks_for(call: Call, plural: str) -> bool:
    parts = call.path.split("/")
    if plural == "namespaces":
        return parts[-1] == plural
    return call.method == "GET" and plural in parts


@pytest.mark.parametrize("body", BODIES)
def test_host_that_answers_nonsense_is_an_error_for_every_command(
    cli: CommandLine, tmp_path: Path, body: str
) -> None:
    """One line that names the cluster and says what is wrong, and a code of trouble."""
    with serve(lambda call: BODIES[body]) as stub:
        file = write_kubeconfig(tmp_path / "config", stub.url, names=(HOST, MEMBER))
        for command in COMMANDS.values():
            ran = cli(*command, "--kubeconfig", str(file), code=None)
            assert ran.code in TROUBLE, (command, ran)
            errors = [line for line in ran.talk if line.startswith("error: ")]
            assert 1 == len(errors), ran
            assert len(errors[0]) < 600
            assert errors[0].isprintable()


@pytest.mark.parametrize("body", FEW)
def test_host_that_answers_one_list_with_nonsense_stops_or_fails_the_sync(
    shop: Sandbox, cli: CommandLine, tmp_path: Path, body: str
) -> None:
    """Whatever list it is, nothing is deleted and nothing is a bug."""
    for plural in READ_BY_SYNC:
        odd = BODIES[body]
        respond = _between(
            shop, tmp_path, lambda call, p=plural, o=odd: o if _asks_for(call, p) else None
        )
        shop.forget_requests()
        with serve(respond) as stub:
            file = write_kubeconfig(tmp_path / "config", stub.url)
            ran = cli("sync", "--kubeconfig", str(file), code=None)
        assert ran.code in TROUBLE, (plural, ran)
        assert [] == [line for line in shop.writes if line.startswith("delete")], plural
    assert None is not shop.member.get("configmaps", "cm", namespace="shop")


@pytest.mark.parametrize("odd", ODD)
def test_host_whose_objects_are_odd_fails_no_further_than_they_reach(
    shop: Sandbox, cli: CommandLine, tmp_path: Path, odd: str
) -> None:
    """An object with a name and nothing else that is right is told of, or does not count."""
    for plural in READ_BY_SYNC:
        item = {"metadata": {}, **ODD[odd]}
        item["metadata"] = {**item["metadata"], "name": "odd", "namespace": KNS}
        answer = Reply(body={"items": [item], "metadata": {"resourceVersion": "1"}, **item})
        respond = _between(
            shop, tmp_path, lambda call, p=plural, a=answer: a if _asks_for(call, p) else None
        )
        with serve(respond) as stub:
            file = write_kubeconfig(tmp_path / "config", stub.url)
            ran = cli("sync", "--kubeconfig", str(file), "--timeout", "1s", code=None)
        assert ran.code in (0, *TROUBLE, 7), (plural, ran)


@pytest.mark.parametrize("body", FEW)
def test_member_that_answers_nonsense_is_a_partial_failure(
    shop: Sandbox, cli: CommandLine, body: str
) -> None:
    """Healthy by its probe, and then nothing it says is a list: told, and the host is written."""
    healthy = Reply(body=b"ok", headers={"Content-Type": "text/plain"})
    with serve(lambda call: healthy if call.path == "/healthz" else BODIES[body]) as stub:
        spec = {"spec": {"apiEndpoint": stub.url}}
        shop.host.patch("kubefedclusters", MEMBER, spec, namespace=KNS)
        ran = cli("sync", "--timeout", "1s", code=5)
        assert {"GET"} == {call.method for call in stub.calls}
        compared = cli("diff", code=5)
    assert 1 == sum(line.startswith("error: ") for line in compared.talk)
    assert 1 == sum(line.startswith("error: ") for line in ran.talk)
