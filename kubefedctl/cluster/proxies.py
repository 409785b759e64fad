"""
Which proxy a request goes through: the kubeconfig's, or the environment's.

The official client's choice is not used: releases up to 33 do not look into the environment, 34 and
35 ignore `NO_PROXY` there, and later ones take the environment's proxy for loopback too and let
`NO_PROXY` overrule `proxy-url`.

Upstream: golang.org/x/net/http/httpproxy, which client-go uses where `proxy-url` is empty.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

_LOCALHOST = "localhost"


def choose_proxy(
    scheme: str, host: str, *, port: int, proxy_url: str, environ: Mapping[str, str]
) -> str:
    """
    Return the URL of the proxy to use for *scheme*://*host*:*port*; empty for none.

    *proxy_url* always wins. The environment's proxy is never used for loopback addresses nor
    for what `NO_PROXY` names.
    """
    if proxy_url:
        return proxy_url
    name = f"{scheme}_proxy"
    found = environ.get(name.upper()) or environ.get(name) or ""
    if not found or is_loopback(host):
        return ""
    excluded = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if any(_matches(entry.strip(), host.lower(), port) for entry in excluded.split(",")):
        return ""
    return found if "://" in found else f"http://{found}"


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine by its name or address."""
    address = _parse_address(host)
    return host.lower() == _LOCALHOST if address is None else address.is_loopback


def _matches(entry: str, host: str, port: int) -> bool:
    entry = entry.lower()
    if entry == "*":
        return True
    address = _parse_address(host)
    if "/" in entry:
        return address is not None and _is_within(address, entry)
    name, wanted_port = _split_port(entry)
    if not name or (wanted_port and wanted_port != str(port)):
        return False
    if address is not None:
        return _parse_address(name) == address
    name = name.removeprefix("*")
    return host.endswith(name) if name.startswith(".") else (f".{host}").endswith(f".{name}")


def _is_within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _split_port(entry: str) -> tuple[str, str]:
    if _parse_address(entry) is not None:
        return entry, ""
    name, colon, port = entry.rpartition(":")
    return (name, port) if colon and port.isdigit() else (entry, "")


def _parse_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
