"""Connection pools: what the official client's manager is given, and when it is imported."""

from __future__ import annotations

import ssl
import subprocess
import sys

import pytest

from kubefedctl.cluster.access import Access, Timeouts
from kubefedctl.cluster.pools import Pool, make_pool
from kubefedctl.model.clusters import Endpoint
from tests.cluster.certificates import Authority
from tests.cluster.stub import Reply, serve

CA = Authority()


def open_pool(endpoint: Endpoint, *, checks_name: bool = True) -> Pool:
    """Return a pool for *endpoint*."""
    access = Access("a", endpoint, checks_name=checks_name)
    return make_pool(access, certificate=None, timeouts=Timeouts(), size=16, waits=True)


def test_given_ca_is_trusted_alone() -> None:
    """Neither the system's nor certifi's list stands beside it, once a connection was made."""
    with serve(lambda _: Reply(), certificate=CA.issue_server("127.0.0.1")) as stub:
        pool = open_pool(Endpoint(stub.url, ca_data=CA.certificate))
        pool.connections.request("GET", "/").close()
        context = pool.owner.connection_pool_kw["ssl_context"]
        pool.close()
    assert [ssl.PEM_cert_to_DER_cert(CA.certificate.decode())] == context.get_ca_certs(True)


@pytest.mark.parametrize(
    ("scheme", "proxy"),
    [("https", ""), ("http", ""), ("https", "http://p:1"), ("http", "http://p:1")],
    ids=["https", "http", "https-by-proxy", "http-by-proxy"],
)
def test_pool_keeps_sixteen_connections_and_holds_our_context(scheme: str, proxy: str) -> None:
    """Size and waiting are the same behind a proxy; the keys never become files."""
    pool = open_pool(Endpoint(f"{scheme}://a.example", insecure=True, proxy_url=proxy))
    options = pool.owner.connection_pool_kw
    assert (True, scheme) == (pool.connections.block, pool.connections.scheme)
    assert 16 == (pool.connections.pool.maxsize if pool.connections.pool else 0)
    assert [None] * 2 == [options[name] for name in ("cert_file", "key_file")]
    assert (scheme == "https") == isinstance(options.get("ssl_context"), ssl.SSLContext)
    pool.close()


def test_official_client_is_imported_with_the_first_pool() -> None:
    """What fails before a connection, such as a mistyped context, does not wait for it."""
    program = (
        "import sys\n"
        "from kubefedctl.cluster.access import Access, Timeouts\n"
        "from kubefedctl.cluster.fleet import LiveFleet\n"
        "from kubefedctl.cluster.pools import make_pool\n"
        "from kubefedctl.model.clusters import Endpoint\n"
        "LiveFleet(environ={})\n"
        "print('kubernetes' in sys.modules)\n"
        "access = Access('a', Endpoint('http://127.0.0.1:1'))\n"
        "make_pool(access, certificate=None, timeouts=Timeouts(), size=1, waits=True)\n"
        "print('kubernetes' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert ["False", "True"] == ran.stdout.split()


def test_official_client_is_imported_by_many_threads_at_once() -> None:
    """A sync of files opens no host first: its first pools are those of all members."""
    program = (
        "import threading\n"
        "from kubefedctl.cluster.access import Access, Timeouts\n"
        "from kubefedctl.cluster.pools import make_pool\n"
        "from kubefedctl.model.clusters import Endpoint\n"
        "made, barrier = [], threading.Barrier(8)\n"
        "def run():\n"
        "    barrier.wait()\n"
        "    access = Access('a', Endpoint('http://a.example'))\n"
        "    made.append(make_pool(access, certificate=None, timeouts=Timeouts(), size=1,"
        " waits=True))\n"
        "threads = [threading.Thread(target=run) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "print(len(made))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert ("8\n", "") == (ran.stdout, ran.stderr)
