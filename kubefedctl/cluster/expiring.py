"""
When the certificates and the token end that a cluster is reached with.

Laws:
1. Dates alone leave this module, never a certificate, a key or a token.
2. What cannot be read has no date; nothing here raises.
3. Nothing is asked of a server but its certificate, in a handshake without a request.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kubefedctl.cluster.access import Access, StaticCredentials
from kubefedctl.cluster.pools import parse_server
from kubefedctl.cluster.proxies import choose_proxy
from kubefedctl.cluster.tls import make_context
from kubefedctl.errors import KubefedctlError
from kubefedctl.model.clusters import Expiry
from kubefedctl.model.objects import value_at

_LATEST = datetime(9999, 12, 31, tzinfo=UTC)


def read_expiries(access: Access, *, timeout: float) -> tuple[Expiry, ...]:
    """Return what ends and when, of the credential, the trusted CA and the server's certificate."""
    found = [*_of_credential(access), *_of_ca(access), *_of_server(access, timeout)]
    return tuple(Expiry(what, end.strftime("%Y-%m-%dT%H:%M:%SZ")) for what, end in found)


def read_token_end(token: str) -> datetime | None:
    """
    Return when a token ends that says so itself (`exp` of a JSON web token); None for others.

    >>> read_token_end("h.eyJleHAiOiAxNzY3MzIzMDQ1fQ.s")
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims: Any = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, RecursionError):
        return None
    end = value_at(claims, "exp")
    if not isinstance(end, int | float) or isinstance(end, bool):
        return None
    with suppress(OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(end, UTC)
    return None


def _of_credential(access: Access) -> Iterator[tuple[str, datetime]]:
    """NB: what a plugin or a token file gives is renewed by itself, mostly within the hour."""
    if not isinstance(access.credentials, StaticCredentials):
        return
    credential = access.credentials.current()
    end = read_token_end(credential.token)
    if end is not None:
        yield "token", end
    if credential.certificate is not None:
        yield from _of_pem("client certificate", credential.certificate.certificate, first=True)


def _of_ca(access: Access) -> Iterator[tuple[str, datetime]]:
    """NB: of several CAs, as while they are rotated, one that is valid suffices."""
    ends = [end for _, end in _of_pem("", access.endpoint.ca_data)]
    if ends and not access.endpoint.insecure:
        yield "CA certificate", max(ends)


def _of_server(access: Access, timeout: float) -> Iterator[tuple[str, datetime]]:
    """The server's own certificate; none where a proxy stands between or it does not answer."""
    try:
        server = parse_server(access)
        proxy = choose_proxy(
            server.scheme,
            server.host,
            port=server.port,
            proxy_url=access.endpoint.proxy_url,
            environ=os.environ,
        )
        if server.scheme != "https" or proxy:
            return
        context = make_context(access, None)
        # NB: the date of one that is not trusted counts, too; nothing is sent to it
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        name = access.endpoint.tls_server_name or server.host.strip("[]")
        address = (server.host.strip("[]"), server.port)
        with (
            socket.create_connection(address, timeout=timeout) as connection,
            context.wrap_socket(connection, server_hostname=name) as wrapped,
        ):
            content = wrapped.getpeercert(binary_form=True)
    except (KubefedctlError, OSError, ValueError):
        return
    if content:
        yield from _of_pem("server certificate", ssl.DER_cert_to_PEM_cert(content).encode())


def _of_pem(what: str, content: bytes, *, first: bool = False) -> Iterator[tuple[str, datetime]]:
    """The certificates of *content*; the first is the client's own, others are its CAs."""
    from cryptography import x509

    if not content:
        return
    try:
        certificates = x509.load_pem_x509_certificates(content)
        ends = [found.not_valid_after_utc for found in certificates]
    except ValueError:
        return
    yield from ((what, min(end, _LATEST)) for end in ends[: 1 if first else None])
