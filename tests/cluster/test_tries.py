"""The live client where answers fail, come late or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kubefedctl.cluster.access import (
    Timeouts,
)
from kubefedctl.cluster.live import LiveCluster
from kubefedctl.cluster.port import PatchType
from kubefedctl.errors import (
    ConflictError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from tests.cluster.stub import Reply, Stub, free_port, make_status, serve
from tests.cluster.test_live import LIVE, MAPS, WEB, Script, connect

TRIES: dict[str, tuple[list[Reply], Callable[[LiveCluster], Any], int, type[Exception] | None]] = {
    "get-429": ([make_status(429, "Too"), Reply(body=LIVE)], lambda c: c.get(MAPS, WEB), 2, None),
    "get-503": ([Reply(503), Reply(502), Reply(body=LIVE)], lambda c: c.get(MAPS, WEB), 3, None),
    "get-reset": ([Reply(resets=True), Reply(body=LIVE)], lambda c: c.get(MAPS, WEB), 2, None),
    "get-always-429": ([make_status(429, "Too")], lambda c: c.get(MAPS, WEB), 4, ThrottledError),
    "get-500": ([make_status(500, "Internal")], lambda c: c.get(MAPS, WEB), 1, ServerError),
    "create-429": (
        [make_status(429, "Too"), Reply(body=LIVE)],
        lambda c: c.create(MAPS, LIVE),
        2,
        None,
    ),
    "create-503": ([Reply(503)], lambda c: c.create(MAPS, LIVE), 1, ServerError),
    "create-reset": ([Reply(resets=True)], lambda c: c.create(MAPS, LIVE), 1, UnreachableError),
    "update-reset": (
        [Reply(resets=True), Reply(body=LIVE)],
        lambda c: c.update(MAPS, LIVE),
        2,
        None,
    ),
    "update-conflict": (
        [make_status(409, "Conflict")],
        lambda c: c.update(MAPS, LIVE),
        1,
        ConflictError,
    ),
    "merge-reset": (
        [Reply(resets=True)],
        lambda c: c.patch(MAPS, WEB, body={}),
        1,
        UnreachableError,
    ),
    "apply-reset": (
        [Reply(resets=True), Reply(body=LIVE)],
        lambda c: c.patch(MAPS, WEB, body={}, patch_type=PatchType.APPLY),
        2,
        None,
    ),
    "delete-reset": ([Reply(resets=True)], lambda c: c.delete(MAPS, WEB), 1, UnreachableError),
    "delete-uid-reset": (
        [Reply(resets=True), Reply(body=LIVE)],
        lambda c: c.delete(MAPS, WEB, options={"preconditions": {"uid": "u"}}),
        2,
        None,
    ),
    "probe-503": ([Reply(503)], lambda c: c.read("/healthz", timeout=3), 1, ServerError),
}


@pytest.mark.parametrize(("replies", "act", "calls", "error"), TRIES.values(), ids=TRIES.keys())
def test_request_is_sent_again_only_where_that_is_safe(
    replies: list[Reply],
    act: Callable[[LiveCluster], Any],
    calls: int,
    error: type[Exception] | None,
) -> None:
    """Reads and repeatable writes come again; others only after 429."""
    with serve(Script(*replies)) as stub:
        cluster = connect(stub)
        if error is None:
            act(cluster)
        else:
            with pytest.raises(error):
                act(cluster)
        cluster.close()
    assert calls == len(stub.calls)


def test_nobody_listening_is_unreachable_with_a_hint() -> None:
    """The message names the cause, the hint the field to look at."""
    cluster = connect(Stub(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(UnreachableError) as caught:
        cluster.create(MAPS, LIVE)
    cluster.close()
    expected = "cannot create ConfigMap/shop/web in cluster c: connection refused"
    assert expected == caught.value.message
    assert "`server` of this cluster in the kubeconfig" in caught.value.hint


def test_silent_server_is_given_up_after_the_read_timeout() -> None:
    """A server that says nothing is not waited for, nor asked twice."""
    over = threading.Event()
    with serve(Script(Reply(hangs=over))) as stub:
        cluster = connect(stub, timeouts=Timeouts(read=0.1))
        with pytest.raises(UnreachableError, match="no answer in time"):
            cluster.get(MAPS, WEB)
        cluster.close()
        over.set()
    assert 1 == len(stub.calls)


def test_trickling_server_is_given_up_after_the_time_for_an_answer() -> None:
    """A byte now and then does not keep a request alive."""
    over = threading.Event()

    def trickle() -> Iterator[bytes]:
        while not over.wait(0.02):
            yield b" "

    with serve(lambda call: Reply(chunks=trickle())) as stub:
        cluster = connect(stub, timeouts=Timeouts(read=5, answer=0.2))
        started = time.monotonic()
        with pytest.raises(UnreachableError):
            cluster.get(MAPS, WEB)
        with pytest.raises(UnreachableError):
            cluster.read("/healthz", timeout=0.2)
        over.set()
        cluster.close()
    assert time.monotonic() - started < 4
