"""
URLs of API servers: whether one can be recorded, and whether others than this machine reach it.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from kubefedctl.errors import InputError


def check_api_endpoint(url: str) -> None:
    """
    Return when *url* can be a KubeFedCluster's `apiEndpoint`, or raise InputError.

    >>> check_api_endpoint("https://10.0.0.1:6443")
    """
    problem = _problem_of(url)
    if problem:
        # NB: the URL is not shown, there may be a password in it
        raise InputError(
            f"the URL of --api-endpoint cannot be used: {problem}",
            hint="give it as https://HOST:PORT",
        )


def is_loopback(url: str) -> bool:
    """
    Return whether *url* leads to the machine that asks; false for what cannot be read.

    >>> [is_loopback(f"https://{host}") for host in ("127.0.0.1:6443", "[::1]", "localhost", "a")]
    [True, True, True, False]
    """
    parts = _split(url)
    host = (parts.hostname or "").rstrip(".") if parts else ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def explain_loopback(member_url: str, host_url: str, *, cluster: str) -> str:
    """
    Return the warning for a member whose endpoint means another machine to its host; or nothing.

    Where both are loopback addresses, host and member are on one machine, as in kind.
    """
    if not is_loopback(member_url) or is_loopback(host_url):
        return ""
    return (
        f"the API endpoint of cluster {cluster}, {member_url}, is a loopback address, which the"
        " host cluster cannot reach; give one that it can with --api-endpoint"
    )


def _problem_of(url: str) -> str:
    parts = _split(url)
    if parts is None or any(mark.isspace() or not mark.isprintable() for mark in url):
        return "it is no URL"
    if parts.scheme not in ("https", "http"):
        return "it does not start with https://"
    if not parts.hostname:
        return "it names no host"
    if "@" in parts.netloc:
        return "it holds a user or password"
    if "?" in url or "#" in url:
        return "it has a query or fragment"
    return ""


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
