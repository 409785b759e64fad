"""Connections that send a request in one piece."""

from __future__ import annotations

from typing import Any

import pytest
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kubefedctl.cluster.sending import send_in_one_piece


class Wire:
    """A socket that keeps what is sent, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        """Keep *data*."""
        self.pieces.append(data)

    def settimeout(self, seconds: Any) -> None:
        """Take any time limit."""

    def close(self) -> None:
        """Do nothing."""


def pieces_of(connection: HTTPConnection, *, body: bytes | None) -> list[bytes]:
    """Return what *connection* hands to its socket for one request."""
    wire = Wire()
    connection.sock = wire  # type: ignore[assignment]
    connection.request("POST", "/apis", body=body, headers={"Authorization": "Bearer t"})
    connection.sock = None
    return wire.pieces


@pytest.mark.parametrize("body", [b"{}", b"x" * 300_000, b"", None])
@pytest.mark.parametrize("kind", [HTTPConnectionPool, HTTPSConnectionPool])
def test_request_is_one_piece_of_the_same_bytes(
    kind: type[HTTPConnectionPool], body: bytes | None
) -> None:
    """Headers and body leave together, and nothing else is different."""
    pool = kind("server", 6443)
    usual = pieces_of(pool.ConnectionCls("server", 6443), body=body)
    send_in_one_piece(pool)
    pieces = pieces_of(pool.ConnectionCls("server", 6443), body=body)
    assert [b"".join(usual)] == pieces


def test_connection_of_another_kind_stays_as_it_is() -> None:
    """Connections through SOCKS are urllib3's own."""

    class Other(HTTPConnection):
        pass

    pool = HTTPConnectionPool("server", 80)
    pool.ConnectionCls = Other
    send_in_one_piece(pool)
    assert Other is pool.ConnectionCls
