"""The fleet: TLS as kubeconfigs and registrations ask for it, proxies, pods, members."""

from __future__ import annotations

import base64
import os
import ssl
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.cluster.retrying import RetryPolicy
from kubefedctl.cluster.tls import load_chain_from_file
from kubefedctl.cluster.transport import CONNECTIONS
from kubefedctl.errors import InputError, KubeconfigError, KubefedctlError, UnreachableError
from kubefedctl.manifests import dump_documents
from kubefedctl.model.clusters import MemberAccess, Registration
from tests.cluster.certificates import Authority
from tests.cluster.stub import Call, Reply, Stub, free_port, serve, serve_proxy
from tests.cluster.test_kubeconfig import make_config

ONCE = RetryPolicy(tries=1)
CA = Authority()
OTHER_CA = Authority("other-ca")
GOOD = CA.issue_server("127.0.0.1", "localhost")
MISNAMED = CA.issue_server("inner.example")
EXPIRED = CA.issue_server("127.0.0.1", ends_in_days=-1)


def encode(data: bytes) -> str:
    """Return *data* as a kubeconfig holds it."""
    return base64.b64encode(data).decode()


def greet(call: Call) -> Reply:
    """Answer with the name that the client certificate or the token gives."""
    return Reply(body=(call.peer or call.headers.get("authorization", "nobody")).encode())


@pytest.fixture(name="good")
def serve_good() -> Iterator[Stub]:
    """A server with a certificate that is in order."""
    with serve(greet, certificate=GOOD, clients=CA) as stub:
        yield stub


def open_fleet(path: Path, content: Any, **options: Any) -> LiveFleet:
    """Return a fleet whose kubeconfig is *content*."""
    (path / "config").write_text(dump_documents([content]))
    return LiveFleet(str(path / "config"), policy=ONCE, **options)


def configure(
    stub: Stub, cluster: dict[str, Any] | None = None, *, user: dict[str, Any] | None = None
) -> Any:
    """Return a kubeconfig for *stub* with its CA."""
    given = {
        "server": stub.url,
        "certificate-authority-data": encode(CA.certificate),
        **(cluster or {}),
    }
    return make_config("a", current="a", cluster=given, user=user)


def test_client_certificate_is_shown(tmp_path: Path, good: Stub) -> None:
    """A certificate from the kubeconfig reaches the server, and no file holds its key."""
    pair = CA.issue_client("alice")
    user = {
        "client-certificate-data": encode(pair.certificate),
        "client-key-data": encode(pair.key),
    }
    with open_fleet(tmp_path, configure(good, user=user)) as fleet:
        assert b"alice" == fleet.host.read("/")


def test_client_certificate_through_a_file_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no file in memory, the key's file is gone once it was loaded."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pair = CA.issue_client("alice")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    load_chain_from_file(context, pair.certificate + pair.key)
    with pytest.raises(ssl.SSLError):
        load_chain_from_file(context, pair.certificate)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.skipif(find_spec("socks") is not None, reason="PySocks is installed")
def test_socks_proxy_without_pysocks_names_what_is_missing(tmp_path: Path) -> None:
    """The hint is the command that installs it."""
    content = make_config("a", current="a", cluster={"proxy-url": "socks5://127.0.0.1:1"})
    with (
        open_fleet(tmp_path, content) as fleet,
        pytest.raises(InputError, match="needs PySocks") as caught,
    ):
        fleet.host.read("/")
    assert "pip install PySocks" in caught.value.hint


def test_client_key_that_does_not_fit_is_named(tmp_path: Path, good: Stub) -> None:
    """The certificate of one and the key of another."""
    user = {
        "client-certificate-data": encode(CA.issue_client("alice").certificate),
        "client-key-data": encode(CA.issue_client("bob").key),
    }
    with (
        open_fleet(tmp_path, configure(good, user=user)) as fleet,
        pytest.raises(KubeconfigError, match="cluster a: the client certificate and its key"),
    ):
        fleet.host.read("/")


def test_tls_server_name_is_what_the_certificate_must_hold(tmp_path: Path) -> None:
    """The address is one thing, the name another."""
    with serve(greet, certificate=MISNAMED) as stub:
        content = configure(stub, {"tls-server-name": "inner.example"})
        with open_fleet(tmp_path, content) as fleet:
            assert b"nobody" == fleet.host.read("/")


@pytest.mark.parametrize(
    ("pair", "ca", "message"),
    [
        (GOOD, OTHER_CA, "x509: "),
        (MISNAMED, CA, "x509: ip address mismatch"),
        (EXPIRED, CA, "x509: certificate has expired"),
    ],
    ids=["ca", "name", "expired"],
)
def test_server_that_is_not_trusted_is_unreachable(
    tmp_path: Path, pair: Any, ca: Authority, message: str
) -> None:
    """The message says what is wrong with the certificate."""
    with serve(greet, certificate=pair) as stub:
        content = configure(stub, {"certificate-authority-data": encode(ca.certificate)})
        with (
            open_fleet(tmp_path, content) as fleet,
            pytest.raises(UnreachableError, match=message),
        ):
            fleet.host.read("/")
    assert [] == stub.calls


def test_insecure_skips_verification(tmp_path: Path) -> None:
    """The flag means what it says."""
    with serve(greet, certificate=EXPIRED) as stub:
        content = configure(stub, {"insecure-skip-tls-verify": True})
        with open_fleet(tmp_path, content) as fleet:
            assert b"nobody" == fleet.host.read("/")


def test_ca_that_is_no_certificate_is_refused(tmp_path: Path, good: Stub) -> None:
    """Base64 of anything is not a CA."""
    content = configure(good, {"certificate-authority-data": encode(b"hello")})
    with (
        open_fleet(tmp_path, content) as fleet,
        pytest.raises(InputError, match="cluster a: the certificate authority is not a PEM"),
    ):
        fleet.host.read("/")


def test_plain_http_behind_https_url_is_told(tmp_path: Path) -> None:
    """A wrong scheme is the commonest TLS failure."""
    with serve(greet) as stub:
        content = configure(stub, {"server": stub.url.replace("http:", "https:")})
        with (
            open_fleet(tmp_path, content) as fleet,
            pytest.raises(UnreachableError, match="TLS failed") as caught,
        ):
            fleet.host.read("/")
    assert "plain http" in caught.value.hint


def test_proxy_url_is_used_with_its_password(tmp_path: Path, good: Stub) -> None:
    """TLS goes through the tunnel; the proxy sees the target alone."""
    with serve_proxy() as proxy:
        url = proxy.url.replace("http://", "http://u:p@")
        with open_fleet(tmp_path, configure(good, {"proxy-url": url})) as fleet:
            assert b"nobody" == fleet.host.read("/")
    (call,) = proxy.calls
    assert ("CONNECT", good.url.removeprefix("https://"), "basic dtpw") == (
        call.method,
        call.path,
        call.headers["proxy-authorization"],
    )


def test_plain_http_goes_through_the_proxy_too(tmp_path: Path) -> None:
    """Without TLS the proxy is asked for the whole URL."""
    with serve(greet) as proxy:
        content = configure(Stub("http://api.example"), {"proxy-url": proxy.url})
        with open_fleet(tmp_path, content) as fleet:
            assert b"nobody" == fleet.host.read("/healthz")
    assert "api.example" == proxy.calls[0].headers["host"].partition(":")[0]


def test_environments_proxy_is_not_used_for_loopback(
    tmp_path: Path, good: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official client would take it; Go does not."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    with open_fleet(tmp_path, configure(good)) as fleet:
        assert b"nobody" == fleet.host.read("/")


def test_proxy_url_is_used_whatever_the_environment_excludes(
    tmp_path: Path, good: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY is about the environment's proxy, as in Go, and is left as it was."""
    monkeypatch.setenv("NO_PROXY", "*")
    with (
        serve_proxy() as proxy,
        open_fleet(tmp_path, configure(good, {"proxy-url": proxy.url})) as fleet,
    ):
        assert b"nobody" == fleet.host.read("/")
    assert ["CONNECT"] == [call.method for call in proxy.calls]
    assert "no_proxy" not in os.environ


def test_proxy_that_refuses_is_named(tmp_path: Path, good: Stub) -> None:
    """A 407 is the proxy's, not the API server's."""
    with serve_proxy(refuses=True) as proxy:
        content = configure(good, {"proxy-url": proxy.url})
        with (
            open_fleet(tmp_path, content) as fleet,
            pytest.raises(UnreachableError, match="proxy"),
        ):
            fleet.host.read("/")


URLS = {
    "server-scheme": ({"server": "ftp://a"}, "the server's URL is neither an http nor an https"),
    "server-port": ({"server": "https://a:99999"}, "the server's URL is not a URL"),
    "server-password": ({"server": "https://u:p@a"}, "the server's URL holds a user or password"),
    "server-host": ({"server": "https://"}, "the server's URL names no host"),
    "server-query": ({"server": "https://a/?x=y"}, "the server's URL holds more than a path"),
    "proxy-scheme": ({"proxy-url": "ftp://a"}, "the proxy's URL is not an http, https or socks5"),
    "proxy-port": ({"proxy-url": "http://a:99999"}, "the proxy's URL is not a URL"),
    "proxy-host": ({"proxy-url": "http://"}, "the proxy's URL names no host"),
}


@pytest.mark.parametrize(("cluster", "message"), URLS.values(), ids=URLS.keys())
def test_url_that_cannot_be_used_is_refused(
    tmp_path: Path, cluster: dict[str, Any], message: str
) -> None:
    """Each has one message, and a password is not in it."""
    content = make_config("a", current="a", cluster={"server": "https://a", **cluster})
    with open_fleet(tmp_path, content) as fleet, pytest.raises(InputError, match=message):
        fleet.host.read("/")


def test_host_is_the_asked_or_the_current_context(tmp_path: Path, good: Stub) -> None:
    """The name is known also where the current context is meant."""
    with open_fleet(tmp_path, configure(good)) as fleet:
        assert ("a", "a") == (fleet.host_context_name, fleet.host.name)
        assert fleet.host is fleet.context("a")
        with pytest.raises(KubeconfigError, match="context b does not exist"):
            fleet.context("b")


def test_host_apart_does_not_wait_behind_other_work(tmp_path: Path) -> None:
    """While every connection of the host is taken, what keeps a lock alive still passes."""
    release, busy = threading.Event(), threading.Semaphore(0)

    def hold(call: Call) -> Reply:
        if call.path == "/held":
            busy.release()
            release.wait(30)
        return Reply(body=b"ok")

    with serve(hold, certificate=GOOD) as stub, open_fleet(tmp_path, configure(stub)) as fleet:
        apart, host = fleet.open_host_apart(), fleet.host
        workers = [threading.Thread(target=host.read, args=("/held",)) for _ in range(CONNECTIONS)]
        try:
            for worker in workers:
                worker.start()
            assert all(busy.acquire(timeout=30) for _ in workers)
            assert b"ok" == apart.read("/healthz")
        finally:
            release.set()
            for worker in workers:
                worker.join()
        assert apart is not fleet.host


def test_without_any_kubeconfig_the_files_are_named(tmp_path: Path) -> None:
    """The hint says how to give one."""
    fleet = LiveFleet(environ={"HOME": str(tmp_path)}, service_account=tmp_path / "none")
    with pytest.raises(KubeconfigError, match=r"no kubeconfig: .*/\.kube/config does not exist"):
        fleet.host  # noqa: B018 - the property raises


def register(stub: Stub, **fields: Any) -> MemberAccess:
    """Return a member at *stub* with token and CA."""
    given = {"ca_bundle": CA.certificate, "secret_name": "s", **fields}
    token = given.pop("token", "t")
    given.setdefault("api_endpoint", stub.url)
    return MemberAccess(Registration(name="eu-1", labels={}, **given), token)


def read_as_member(access: MemberAccess) -> str:
    """Return what the server says to the member's token, or the error's message."""
    with LiveFleet(policy=ONCE) as fleet:
        try:
            return fleet.connect(access).read("/").decode()
        except KubefedctlError as error:
            return error.message


VALIDATIONS = {
    "good": (GOOD, (), CA, "Bearer t"),
    "other-ca": (GOOD, (), OTHER_CA, "x509"),
    "misnamed": (MISNAMED, (), CA, "x509"),
    "misnamed-allowed": (MISNAMED, ("SubjectName",), CA, "Bearer t"),
    "misnamed-other-ca": (MISNAMED, ("SubjectName",), OTHER_CA, "x509"),
    "misnamed-validity": (MISNAMED, ("ValidityPeriod",), CA, "x509"),
    "expired": (EXPIRED, (), CA, "x509"),
    "expired-allowed": (EXPIRED, ("ValidityPeriod",), CA, "Bearer t"),
    "expired-other-ca": (EXPIRED, ("ValidityPeriod",), OTHER_CA, "x509"),
    "expired-subject": (EXPIRED, ("SubjectName",), CA, "x509"),
    "everything": (EXPIRED, ("*",), OTHER_CA, "Bearer t"),
}


@pytest.mark.parametrize(
    ("pair", "disabled", "ca", "expected"), VALIDATIONS.values(), ids=VALIDATIONS.keys()
)
def test_disabled_validation_disables_that_and_nothing_else(
    pair: Any, disabled: tuple[str, ...], ca: Authority, expected: str
) -> None:
    """A wrong name and an expired certificate pass only where their check is off."""
    with serve(greet, certificate=pair) as stub:
        access = register(stub, disabled_tls_validations=disabled, ca_bundle=ca.certificate)
        assert expected in read_as_member(access)


UNUSABLE = {
    "no-endpoint": ({"api_endpoint": ""}, "KubeFedCluster eu-1: spec.apiEndpoint is missing"),
    "no-token": ({"token": ""}, "KubeFedCluster eu-1: the Secret s holds no token"),
    "bad-token": ({"token": "a b"}, "KubeFedCluster eu-1: Secret: the token holds characters"),
    "unknown": ({"disabled_tls_validations": ("X",)}, "spec.disabledTLSValidations: X is unknown"),
    "star": (
        {"disabled_tls_validations": ("*", "SubjectName")},
        "spec.disabledTLSValidations: * stands beside others",
    ),
    "bad-ca": ({"ca_bundle": b"x"}, "cluster eu-1: the certificate authority is not a PEM"),
    "bad-proxy": ({"proxy_url": "ftp://a"}, "cluster eu-1: the proxy's URL is not an http"),
}


@pytest.mark.parametrize(("fields", "message"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_unusable_registration_names_the_field(fields: dict[str, Any], message: str) -> None:
    """Each is an input error about one field."""
    assert message in read_as_member(register(Stub("https://127.0.0.1:1"), **fields))


def test_member_is_connected_once_until_it_changes(good: Stub) -> None:
    """The same registration and token share one pool; a new token gets another."""
    with LiveFleet(policy=ONCE) as fleet:
        first = fleet.connect(register(good))
        assert first is fleet.connect(register(good))
        second = fleet.connect(register(good, token="u"))
        assert (b"Bearer t", b"Bearer u") == (first.read("/"), second.read("/"))


def test_hint_for_a_member_names_the_registration() -> None:
    """A reader must not look into a kubeconfig for what the KubeFedCluster holds."""
    with serve(greet, certificate=GOOD) as stub, LiveFleet(policy=ONCE) as fleet:
        member = fleet.connect(register(stub, ca_bundle=OTHER_CA.certificate))
        with pytest.raises(UnreachableError) as caught:
            member.read("/")
    assert "spec.caBundle of its KubeFedCluster" in caught.value.hint
