"""
Connections that send a request in one piece.

urllib3 hands headers and body to the socket one after the other: two TLS records, two packets, and
a server that wakes up twice. A sync sends thousands of small bodies.

Laws:
1. What is sent is byte for byte what urllib3 would have sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool


class _InOnePiece(HTTPConnection):
    _held: list[bytes] | None = None

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request as urllib3 does, its headers together with its body."""
        held: list[bytes] = []
        self._held = held
        try:
            super().request(*args, **options)
        finally:
            self._held = None
        super().send(b"".join(held))

    def send(self, data: Any) -> None:
        """Send *data*, or keep it until the request is whole."""
        if self._held is None:
            super().send(data)
        else:
            self._held.append(bytes(data))


class _TlsInOnePiece(_InOnePiece, HTTPSConnection):
    pass


_CLASSES: Final[Mapping[type, type[HTTPConnection]]] = {
    HTTPConnection: _InOnePiece,
    HTTPSConnection: _TlsInOnePiece,
}


def send_in_one_piece(pool: HTTPConnectionPool) -> None:
    """Let the connections that *pool* opens from now on send headers and body together."""
    # NB: connections through SOCKS are of another class, and stay as they are
    wanted = _CLASSES.get(pool.ConnectionCls)
    if wanted is not None:
        pool.ConnectionCls = wanted
