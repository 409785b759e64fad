"""Watches of the live client: events from chunks, errors, ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kubefedctl.cluster.port import WatchEvent
from kubefedctl.errors import (
    ExpiredError,
    ServerError,
)
from tests.cluster.stub import Reply, make_status, serve
from tests.cluster.test_live import MAPS, connect


def event(kind: str, /, **obj: Any) -> bytes:
    """Return one line of a watch."""
    return json.dumps({"type": kind, "object": obj}).encode() + b"\n"


def test_watch_yields_events_cut_anywhere() -> None:
    """Chunks are not lines; what the end cuts short is dropped."""
    lines = event("ADDED", metadata={"name": "a"}) + event("BOOKMARK", kind="ConfigMap")
    chunks = [lines[:10], lines[10:-5], lines[-5:], b'{"type":"ADD']
    with serve(lambda call: Reply(chunks=chunks)) as stub:
        cluster = connect(stub)
        found = list(cluster.watch(MAPS, resource_version="7", timeout=1.5))
        cluster.close()
    typed = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert [WatchEvent("ADDED", typed), WatchEvent("BOOKMARK", {"kind": "ConfigMap"})] == found
    assert {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "2",
        "resourceVersion": "7",
    } == stub.calls[0].query


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (make_status(410, "Expired"), ExpiredError),
        (Reply(chunks=[event("ERROR", kind="Status", code=410, reason="Expired")]), ExpiredError),
        (Reply(chunks=[event("ERROR", kind="Status", code=500)]), ServerError),
        (Reply(chunks=[b"<html>\n"]), ServerError),
        (Reply(chunks=[b'{"type":"ADDED"}\n']), ServerError),
    ],
    ids=["answer-410", "event-410", "event-500", "html", "no-object"],
)
def test_watch_raises_what_the_server_says(reply: Reply, error: type[Exception]) -> None:
    """An ERROR event is an error like an answer."""
    with serve(lambda call: reply) as stub:
        cluster = connect(stub)
        with pytest.raises(error):
            list(cluster.watch(MAPS))
        cluster.close()


def test_watch_that_is_left_gives_its_connection_back() -> None:
    """The reader may stop at any event while the server goes on."""
    over = threading.Event()

    def forever() -> Iterator[bytes]:
        while not over.wait(0.01):
            yield event("ADDED", metadata={})

    with serve(lambda call: Reply(chunks=forever())) as stub:
        cluster = connect(stub)
        events = cluster.watch(MAPS)
        assert "ADDED" == next(events).type
        events.close()  # type: ignore[attr-defined]
        assert 1 < len(list(cluster.watch(MAPS, timeout=0.2)))
        over.set()
        cluster.close()
