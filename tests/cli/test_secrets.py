"""Tests that no secret is shown or left lying about, whatever goes wrong."""

from __future__ import annotations

import base64
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.manifests import load_objects
from kubefedctl.sandbox.requests import RequestInfo
from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox, write_kubeconfig

CANARY = "canary-7f3a"
ENCODED = base64.b64encode(CANARY.encode()).decode()
LOUD = ("--v=9",)


class _Folder:
    """A folder of temporary files, and everything that was ever seen in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: dict[str, bytes] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Keep what is in the folder now."""
        for folder, _, files in os.walk(self.path):
            for name in files:
                file = Path(folder) / name
                try:
                    self.seen[f"{file}#{len(self.seen)}"] = file.read_bytes()
                except OSError:
                    continue

    def close(self) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()
        self.look()

    def _look(self) -> None:
        while not self._over.wait(0.005):
            self.look()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Folder]:
    """A TMPDIR of its own that is looked at all the time."""
    path = tmp_path / "tmp"
    path.mkdir()
    monkeypatch.setenv("TMPDIR", str(path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    folder = _Folder(path)
    yield folder
    folder.close()


def _check(folder: _Folder, *texts: str, canaries: tuple[str, ...] = (CANARY, ENCODED)) -> None:
    folder.close()
    for canary in canaries:
        assert [] == [text for text in texts if canary in text]
        assert [] == [name for name, data in folder.seen.items() if canary.encode() in data]


def _secret_of(sandbox: Sandbox) -> str:
    """Return the token that the host keeps for the member."""
    cluster = sandbox.host.get("kubefedclusters", MEMBER, namespace=KNS)
    assert cluster is not None
    name = cluster["spec"]["secretRef"]["name"]
    secret = sandbox.host.get("secrets", name, namespace=KNS)
    assert secret is not None
    return base64.b64decode(secret["data"]["token"]).decode()


def _federate(sandbox: Sandbox, cli: CommandLine) -> str:
    """Federate a Secret with a canary; return all that was printed."""
    sandbox.put("secrets", "Secret", "s", data={"password": ENCODED})
    told = [cli("federate", "ns", "shop"), cli("federate", "secret", "s", "-n", "shop", *LOUD)]
    return "".join(ran.out + ran.err for ran in told)


def test_token_of_a_member_is_never_shown(
    ready: Sandbox, cli: CommandLine, temporary: _Folder
) -> None:
    """Not by join, sync or unjoin, at the highest verbosity and with tracebacks."""
    joins = cli("join", MEMBER, *LOUD, "--debug")
    token = _secret_of(ready)
    told = [joins, cli("sync", *LOUD, "--debug")]
    ready.member.faults.fail(401)
    told.append(cli("sync", *LOUD, "--debug", code=None))
    ready.member.faults.clear()
    told.append(cli("unjoin", MEMBER, *LOUD, "--debug"))
    encoded = base64.b64encode(token.encode()).decode()
    texts = [ran.out + ran.err for ran in told]
    _check(temporary, *texts, canaries=(token, encoded))


def test_secret_that_is_federated_and_synced_is_never_shown(
    joined: Sandbox, cli: CommandLine, temporary: _Folder
) -> None:
    """Neither its data nor its base64, though it is written three times."""
    texts = [_federate(joined, cli)]
    texts += [ran.out + ran.err for ran in (cli("sync", "--dry-run", *LOUD), cli("sync", *LOUD))]
    found = joined.member.get("secrets", "s", namespace="shop")
    assert found is not None
    assert {"password": ENCODED} == found["data"]
    _check(temporary, *texts)


def test_secret_printed_as_yaml_is_what_was_asked_for(
    joined: Sandbox, cli: CommandLine, temporary: _Folder
) -> None:
    """On stdout alone."""
    joined.put("secrets", "Secret", "s", stringData={"password": CANARY})
    ran = cli("federate", "secret", "s", "-n", "shop", "-o", "yaml", *LOUD)
    [federated] = load_objects(ran.out, source="stdout")
    assert {"password": ENCODED} == federated["spec"]["template"]["data"]
    _check(temporary, ran.err)


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"path": "/data/password", "value": f"{CANARY}!"}, id="refused-with-422"),
        pytest.param({"path": "/stringData", "value": {"a": [CANARY]}}, id="wrong-type"),
        pytest.param({"op": "replace", "path": "/data/no/such", "value": CANARY}, id="no-path"),
        pytest.param({"op": "add", "path": "/kind", "value": CANARY}, id="kind"),
        pytest.param({"path": "/metadata/labels", "value": {"a": f"{CANARY} "}}, id="label"),
    ],
)
def test_secret_in_an_override_that_fails_is_never_shown(
    joined: Sandbox, cli: CommandLine, temporary: _Folder, operation: dict[str, Any]
) -> None:
    """The failure is told with its cause, without the value that caused it."""
    _federate(joined, cli)
    spec = {"spec": {"overrides": [{"clusterName": MEMBER, "clusterOverrides": [operation]}]}}
    joined.host.patch("federatedsecrets", "s", spec, namespace="shop")
    ran = cli("sync", *LOUD, "--debug", code=None)
    assert ran.code in (0, 5)
    _check(temporary, ran.out, ran.err)


@pytest.mark.parametrize("status", [400, 409, 422, 500])
def test_secret_that_the_api_quotes_in_its_refusal_is_never_shown(
    joined: Sandbox, cli: CommandLine, temporary: _Folder, status: int
) -> None:
    """An API server may put the whole value into its message."""
    texts = [_federate(joined, cli)]

    def is_secret(info: RequestInfo) -> bool:
        return info.plural in ("secrets", "federatedsecrets") and info.verb != "list"

    joined.member.faults.fail(status, matching=is_secret, message=f"Invalid value: {CANARY}")
    ran = cli("sync", *LOUD, "--debug", code=5)
    joined.host.faults.fail(status, matching=is_secret, message=f"Invalid value: {ENCODED}")
    again = cli("sync", *LOUD, "--debug", code=None)
    federated = cli("federate", "secret", "s", "-n", "shop", *LOUD, "--debug", code=None)
    joins = cli("join", "other", "--cluster-context", MEMBER, *LOUD, "--debug", code=None)
    assert 4 == joins.code
    for told in (ran, again, federated, joins):
        texts += [told.out, told.err]
    _check(temporary, *texts)


@pytest.mark.parametrize(
    "user",
    [
        pytest.param({"token": CANARY}, id="token"),
        pytest.param({"token": f"{CANARY}\n\x00"}, id="broken-token"),
        pytest.param({"token": 5, "password": CANARY}, id="wrong-type"),
        pytest.param({"username": "admin", "password": CANARY}, id="password"),
        pytest.param({"client-key-data": CANARY, "client-certificate-data": CANARY}, id="key"),
        pytest.param({"client-key-data": ENCODED, "client-certificate-data": ENCODED}, id="pem"),
        pytest.param({"auth-provider": {"name": "gcp", "config": {"x": CANARY}}}, id="provider"),
        pytest.param(
            {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "sh",
                    "args": ["-c", 'echo \'{"status": {"token": 5}}\''],
                    "env": [{"name": "X", "value": CANARY}],
                    "interactiveMode": "Never",
                }
            },
            id="exec",
        ),
    ],
)
def test_credentials_of_a_kubeconfig_are_never_shown(
    bare: Sandbox, cli: CommandLine, temporary: _Folder, tmp_path: Path, user: dict[str, Any]
) -> None:
    """Whether they can be used, are refused, or make no sense."""
    file = write_kubeconfig(tmp_path / "config", bare.host.url, user=user, names=(HOST,))
    ran = cli("init", "--kubeconfig", str(file), *LOUD, "--debug", code=None)
    assert ran.code in (3, 4), ran.err
    _check(temporary, ran.out, ran.err)


def test_secret_in_a_broken_manifest_is_never_shown(
    cli: CommandLine, temporary: _Folder, tmp_path: Path
) -> None:
    """The place of the mistake is told, and not what stands there."""
    text = (
        f"apiVersion: v1\nkind: Secret\nstringData:\n  a: {CANARY}\n  b: [{CANARY}\n  c: {CANARY}"
    )
    file = tmp_path / "secret.yaml"
    file.write_text(text)
    ran = cli("federate", "-f", str(file), code=3)
    _check(temporary, ran.out, ran.err)
