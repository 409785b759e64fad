"""Tests of finding out when what a cluster is reached with ends; dates alone, and no request."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubefedctl.cluster.access import Access, ClientCertificate, Credential, StaticCredentials
from kubefedctl.cluster.expiring import read_expiries, read_token_end
from kubefedctl.model.clusters import Endpoint
from tests.cluster.certificates import Authority
from tests.cluster.stub import Reply, free_port, serve

AUTHORITY = Authority()
NOWHERE = f"https://127.0.0.1:{free_port()}"


def token(claims: Any) -> str:
    """Return a token that says *claims* of itself."""
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{middle}.signature"


def read(
    server: str = NOWHERE, *, credential: Credential | None = None, **endpoint: Any
) -> dict[str, int]:
    """Return in how many days each thing ends."""
    static = StaticCredentials(credential or Credential())
    access = Access("c", Endpoint(server, **endpoint), static)
    now = datetime.now(UTC)
    return {
        found.what: round((datetime.fromisoformat(found.ends) - now) / timedelta(days=1))
        for found in read_expiries(access, timeout=5)
    }


def test_expiries_of_token_certificate_and_ca() -> None:
    """Each of what the cluster is reached with."""
    in_a_week = (datetime.now(UTC) + timedelta(days=7)).timestamp()
    pair = AUTHORITY.issue_client("me")
    credential = Credential(
        token({"exp": in_a_week}), certificate=ClientCertificate(pair.certificate, pair.key)
    )
    expected = {"token": 7, "client certificate": 30, "CA certificate": 900}
    assert expected == read(credential=credential, ca_data=AUTHORITY.certificate)


@pytest.mark.parametrize("days", [20, -3], ids=["valid", "ended"])
def test_expiry_of_a_server_is_read_in_a_handshake_without_a_request(days: int) -> None:
    """Also of one that no request would go to any more."""
    pair = AUTHORITY.issue_server("127.0.0.1", ends_in_days=days)
    with serve(lambda call: Reply(), certificate=pair) as stub:
        found = read(stub.url, ca_data=AUTHORITY.certificate)
        assert [] == stub.calls
    assert {"CA certificate": 900, "server certificate": days} == found


def test_expiry_of_a_server_behind_a_proxy_is_not_known() -> None:
    """What would be seen may be the proxy's."""
    pair = AUTHORITY.issue_server("127.0.0.1")
    with serve(lambda call: Reply(), certificate=pair) as stub:
        assert {} == read(stub.url, proxy_url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    "endpoint",
    [
        {"server": ""},
        {"server": "ftp://x"},
        {"ca_data": b"no certificate"},
        {"ca_data": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
        {"ca_data": AUTHORITY.certificate, "insecure": True},
        {"server": "http://127.0.0.1:1"},
    ],
    ids=["no-server", "no-url", "no-ca", "broken-ca", "ca-unused", "http"],
)
def test_expiry_of_what_cannot_be_read_is_left_out(endpoint: dict[str, Any]) -> None:
    """Nothing is raised: others find out in their own words."""
    assert {} == read(**endpoint)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "opaque",
        "a.b",
        "a.!.c",
        "a.bm8=.c",
        token([]),
        token({}),
        token({"exp": True}),
        token({"exp": "soon"}),
        token({"exp": 1e300}),
        "a." + base64.urlsafe_b64encode(b"[" * 100_000).decode() + ".c",
    ],
)
def test_token_that_does_not_say_when_it_ends_has_no_date(given: str) -> None:
    """Tokens of KubeFed's accounts mostly do not end."""
    assert None is read_token_end(given)


def test_credentials_that_are_renewed_by_themselves_have_no_date() -> None:
    """A plugin's token of a quarter of an hour would always end soon."""

    class Plugin:
        """What an exec plugin is to those who ask."""

        def current(self) -> Credential:
            """Return a token that has ended."""
            return Credential(token({"exp": 0}))

        def renew(self, rejected: Credential) -> bool:
            """Say that there is another."""
            del rejected
            return True

    access = Access("c", Endpoint(NOWHERE), Plugin())
    assert () == read_expiries(access, timeout=1)
