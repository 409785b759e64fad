"""Tests of API server URLs: which can be recorded, and which lead back to oneself."""

from __future__ import annotations

import pytest

from kubefedctl.core.endpoints import check_api_endpoint, explain_loopback, is_loopback
from kubefedctl.errors import InputError


@pytest.mark.parametrize(
    "url", ["https://a", "https://10.0.0.1:6443", "https://[fd00::1]:6443/k8s/c-1", "http://a:80"]
)
def test_check_api_endpoint_takes_urls_of_servers(url: str) -> None:
    """With a port and a path, as proxies of many clusters have them."""
    check_api_endpoint(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a:6443",
        "10.0.0.1",
        "ftp://a",
        "https://",
        "https://:6443",
        "https://a:x",
        "https://a b",
        "https://a?x=1",
        "https://a#x",
        "https://[::1",
        "https://a:99999",
    ],
)
def test_check_api_endpoint_refuses_others(url: str) -> None:
    """The hint shows the form."""
    with pytest.raises(InputError) as caught:
        check_api_endpoint(url)
    assert caught.value.hint == "give it as https://HOST:PORT"


def test_check_api_endpoint_never_shows_a_password() -> None:
    """Errors are pasted into tickets."""
    with pytest.raises(InputError) as caught:
        check_api_endpoint("https://me:s3cret@a")
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://127.0.0.1:6443", True),
        ("https://127.8.0.1", True),
        ("https://[::1]:6443", True),
        ("https://LOCALHOST:1", True),
        ("https://kind.localhost.", True),
        ("https://10.0.0.1", False),
        ("https://localhost.example", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_is_loopback_knows_addresses_and_names(url: str, expected: bool) -> None:
    """What cannot be read is none."""
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("member", "host", "warns"),
    [
        ("https://127.0.0.1:1", "https://10.0.0.1", True),
        ("https://127.0.0.1:1", "https://localhost:2", False),
        ("https://10.0.0.2", "https://127.0.0.1:1", False),
        ("https://10.0.0.2", "https://10.0.0.1", False),
    ],
    ids=["member-alone", "both", "host-alone", "none"],
)
def test_explain_loopback_warns_where_it_means_two_machines(
    member: str, host: str, warns: bool
) -> None:
    """Clusters of one machine, as kind makes them, are left in peace."""
    text = explain_loopback(member, host, cluster="c1")
    assert bool(text) is warns
    assert ("--api-endpoint" in text) is warns
