"""Which proxy is used, by the kubeconfig and the environment."""

from __future__ import annotations

import pytest

from kubefedctl.cluster.proxies import choose_proxy

PROXY = "http://proxy:3128"
CASES = {
    "explicit": ("https", "a.example", "socks5://p:1", {"HTTPS_PROXY": PROXY}, "socks5://p:1"),
    "explicit-loopback": ("https", "127.0.0.1", PROXY, {}, PROXY),
    "none": ("https", "a.example", "", {}, ""),
    "upper": ("https", "a.example", "", {"HTTPS_PROXY": PROXY}, PROXY),
    "lower": ("https", "a.example", "", {"https_proxy": PROXY}, PROXY),
    "no-scheme": ("https", "a.example", "", {"https_proxy": "proxy:3128"}, PROXY),
    "other-scheme": ("http", "a.example", "", {"HTTPS_PROXY": PROXY}, ""),
    "localhost": ("https", "localhost", "", {"HTTPS_PROXY": PROXY}, ""),
    "loopback": ("https", "127.0.0.2", "", {"HTTPS_PROXY": PROXY}, ""),
    "loopback-6": ("https", "[::1]", "", {"HTTPS_PROXY": PROXY}, ""),
}
EXCLUDED = {
    "star": ("*", "a.example", True),
    "name": ("a.example", "a.example", True),
    "domain": ("example", "a.example", True),
    "dot-domain": (".example", "a.example", True),
    "dot-domain-itself": (".example", "example", False),
    "not-a-domain": ("ample", "a.example", False),
    "port": ("a.example:6443", "a.example", True),
    "other-port": ("a.example:443", "a.example", False),
    "address": ("10.0.0.1", "10.0.0.1", True),
    "network": ("b, 10.0.0.0/8", "10.1.2.3", True),
    "other-network": ("10.0.0.0/8", "11.1.2.3", False),
    "broken-network": ("10.0.0.0/99", "10.1.2.3", False),
    "empty": (",,", "a.example", False),
}


@pytest.mark.parametrize(
    ("scheme", "host", "explicit", "environ", "expected"), CASES.values(), ids=CASES.keys()
)
def test_proxy_is_the_kubeconfigs_or_else_the_environments(
    scheme: str, host: str, explicit: str, environ: dict[str, str], expected: str
) -> None:
    """proxy-url wins; the environment's proxy is for everything but loopback."""
    assert expected == choose_proxy(scheme, host, port=443, proxy_url=explicit, environ=environ)


@pytest.mark.parametrize(("entry", "host", "excluded"), EXCLUDED.values(), ids=EXCLUDED.keys())
def test_no_proxy_excludes_hosts(entry: str, host: str, excluded: bool) -> None:
    """NO_PROXY takes names, domains, addresses and networks, with or without a port."""
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": entry}
    expected = "" if excluded else PROXY
    assert expected == choose_proxy("https", host, port=6443, proxy_url="", environ=environ)
