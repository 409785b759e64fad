"""
Connection pools: from the description of a cluster to something that carries requests.

The pool is the one that the official client makes of a `Configuration`. Its connections send a
request in one piece (see `sending`), and two things are added to it, because no release of the
client from 31 on does them as client-go does: the TLS context (the client takes keys as files, and
up to 35 trusts certifi's list too) and the proxy (see `proxies`; releases up to 36 also know no
SOCKS and change the environment of all threads while they look).

Laws:
1. A pool belongs to one cluster and one client certificate; a new certificate is a new pool.
2. Redirects are not followed: a token is shown to the server it is for and to no other.
3. The client is imported with the first pool and not before: it takes a tenth of a second.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError, InsecureRequestWarning, LocationValueError
from urllib3.util import Timeout, make_headers, parse_url

from kubefedctl.cluster.access import Access, ClientCertificate, Timeouts
from kubefedctl.cluster.proxies import choose_proxy, is_loopback
from kubefedctl.cluster.sending import send_in_one_piece
from kubefedctl.cluster.tls import make_context
from kubefedctl.errors import InputError

_PROXY_SCHEMES = frozenset({"http", "https", "socks5", "socks5h"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_IMPORTING = threading.Lock()
"""
The client's packages import each other. Two threads that begin with different ones would get them
half made: the interpreter lets one through rather than have both wait for ever.
"""


@dataclass(frozen=True, slots=True)
class Server:
    """
    The parts of a server's URL.

    Args:
        scheme: `https` or `http`.
        host: Name or address; IPv6 in brackets.
        port: Port.
        prefix: Path before every request's path; empty for most servers.
    """

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def base(self) -> str:
        """Scheme, host and port as a URL."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class Pool:
    """
    A connection pool and what stands before the path of its requests.

    Args:
        connections: urllib3's pool for the one server.
        prefix: The server's path prefix; a whole URL where a plain-http proxy wants one.
        proxy_headers: Headers that a plain-http proxy wants on each request.
        owner: The manager that the pool belongs to, kept alive with it.
    """

    connections: HTTPConnectionPool
    prefix: str
    proxy_headers: Mapping[str, str]
    owner: urllib3.PoolManager

    def close(self) -> None:
        """Close the connections that are idle, and the others when they come back."""
        self.connections.close()


def parse_server(access: Access) -> Server:
    """
    Return the parts of the server's URL; without a scheme it is https if TLS is configured.

    Raises:
        InputError: It is empty, not a URL, not http or https, or holds a password.

    Upstream: k8s.io/client-go/rest/url_utils.go, DefaultServerURL.
    """
    text = access.endpoint.server.strip()
    if not text:
        raise _unusable(access, "is empty")
    try:
        url = parse_url(text)
    except LocationValueError as error:
        raise _unusable(access, "is not a URL") from error
    uses_tls = bool(access.endpoint.ca_data or access.endpoint.insecure)
    scheme = url.scheme or ("https" if uses_tls else "http")
    if scheme not in _DEFAULT_PORTS:
        raise _unusable(access, "is neither an http nor an https URL")
    if not url.host:
        raise _unusable(access, "names no host")
    if url.auth:
        raise _unusable(access, "holds a user or password")
    if url.query or url.fragment:
        raise _unusable(access, "holds more than a path after the host")
    return Server(
        scheme=scheme,
        host=url.host,
        port=url.port or _DEFAULT_PORTS[scheme],
        prefix=(url.path or "").rstrip("/"),
    )


def make_pool(
    access: Access,
    *,
    certificate: ClientCertificate | None,
    timeouts: Timeouts,
    size: int,
    waits: bool,
) -> Pool:
    """
    Return a pool of at most *size* kept connections to the server of *access*.

    Args:
        access: The cluster.
        certificate: Client certificate to show.
        timeouts: Limits of a request.
        size: How many connections are kept.
        waits: Whether more requests than that wait; otherwise each opens a connection.

    Raises:
        InputError: The URL, the proxy, the CA or the certificate cannot be used.
    """
    server = parse_server(access)
    if access.endpoint.insecure:
        # NB: who set this knows it; urllib3 would say it on every request
        urllib3.disable_warnings(InsecureRequestWarning)
    owner = _make_manager(access, server, size=size)
    owner.connection_pool_kw |= {
        "block": waits,
        "timeout": Timeout(connect=timeouts.connect, read=timeouts.read),
    }
    if server.scheme == "https":
        context = make_context(access, certificate)
        owner.connection_pool_kw |= {"ssl_context": context, "ca_certs": None}
    proxy = choose_proxy(
        server.scheme,
        server.host,
        port=server.port,
        proxy_url=access.endpoint.proxy_url,
        environ=os.environ,
    )
    if proxy:
        owner = _add_proxy(access, proxy, options=owner.connection_pool_kw)
    connections = owner.connection_from_url(server.base)
    send_in_one_piece(connections)
    if server.scheme == "http" and isinstance(owner, urllib3.ProxyManager):
        return Pool(connections, server.base + server.prefix, owner.proxy_headers, owner)
    return Pool(connections, server.prefix, {}, owner)


def _make_manager(access: Access, server: Server, *, size: int) -> urllib3.PoolManager:
    """What the official client makes for *server*, before TLS context and proxy."""
    with _IMPORTING:
        from kubernetes.client import Configuration
        from kubernetes.client.rest import RESTClientObject

    configuration = Configuration(host=server.base)
    configuration.connection_pool_maxsize = size
    configuration.proxy = None
    if server.scheme == "https":
        configuration.verify_ssl = not access.endpoint.insecure
        configuration.assert_hostname = None if access.checks_name else False
        configuration.tls_server_name = access.endpoint.tls_server_name or None
    manager: urllib3.PoolManager = RESTClientObject(configuration).pool_manager
    return manager


def _add_proxy(access: Access, proxy: str, *, options: dict[str, Any]) -> urllib3.PoolManager:
    scheme = _check_proxy(access, proxy)
    if scheme.startswith("socks5"):
        return _make_socks_manager(access, proxy, options=options)
    auth = parse_url(proxy).auth
    headers = dict(make_headers(proxy_basic_auth=auth)) if auth else {}
    try:
        return urllib3.ProxyManager(proxy, proxy_headers=headers, **options)
    except HTTPError as error:
        raise _unusable_proxy(access, "is not a URL") from error


def _make_socks_manager(
    access: Access, proxy: str, *, options: dict[str, Any]
) -> urllib3.PoolManager:
    if importlib.util.find_spec("socks") is None:
        raise InputError(
            f"cluster {access.name}: its proxy is a SOCKS proxy, which needs PySocks",
            hint="install it beside kubefedctl: pip install PySocks",
        )
    from urllib3.contrib.socks import SOCKSProxyManager

    # NB: socks5h lets the proxy look up the name, which is what Go does for socks5
    _, _, rest = proxy.partition("://")
    return SOCKSProxyManager(f"socks5h://{rest}", **options)


def _check_proxy(access: Access, proxy: str) -> str:
    try:
        url = parse_url(proxy)
    except LocationValueError as error:
        raise _unusable_proxy(access, "is not a URL") from error
    if url.scheme not in _PROXY_SCHEMES:
        raise _unusable_proxy(access, "is not an http, https or socks5 URL")
    if not url.host:
        raise _unusable_proxy(access, "names no host")
    return url.scheme


def _unusable(access: Access, problem: str) -> InputError:
    return InputError(
        f"cluster {access.name}: the server's URL {problem}",
        hint=f"correct it in the {access.origin}: https://HOST:PORT",
    )


def _unusable_proxy(access: Access, problem: str) -> InputError:
    return InputError(
        f"cluster {access.name}: the proxy's URL {problem}",
        hint=f"correct it in the {access.origin} or the environment: http://HOST:PORT",
    )
