"""
The stream of a watch: from pieces of bytes to events.

Laws:
1. Every event is complete: a line that the end of the stream cuts short is dropped.
2. An ERROR event is raised as the error it tells of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator

from kubefedctl.cluster.faults import About, fault_of_answer, fault_of_event
from kubefedctl.cluster.port import WatchEvent
from kubefedctl.errors import UnreachableError
from kubefedctl.model.objects import text_at
from kubefedctl.model.refs import Resource


def read_events(
    pieces: Generator[bytes, None, None] | Iterator[bytes],
    *,
    about: About,
    resource: Resource,
    is_over: Callable[[], bool],
) -> Iterator[WatchEvent]:
    """
    Yield the events in *pieces* until they end or *is_over*.

    Raises:
        ClusterError: An ERROR event, a line that is no event, or a break before the time is over.
    """
    try:
        for line in split_lines(pieces):
            yield parse_event(line, about=about, resource=resource)
            if is_over():
                return
    except UnreachableError:
        if not is_over():
            raise
    finally:
        if isinstance(pieces, Generator):
            pieces.close()


def split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """
    Yield the lines of *pieces* without their ends; what follows the last one is dropped.

    >>> list(split_lines([b"{}\\n{", b"}\\n{"]))
    [b'{}', b'{}']
    """
    begun: list[bytes] = []
    for piece in pieces:
        *complete, rest = piece.split(b"\n")
        for line in complete:
            whole = b"".join([*begun, line]) if begun else line
            begun.clear()
            if whole.strip():
                yield whole
        if rest:
            begun.append(rest)


def parse_event(line: bytes, *, about: About, resource: Resource) -> WatchEvent:
    """Return the event on *line*, its object with apiVersion and kind."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise fault_of_answer("a watch event is not JSON", status=200, about=about) from error
    obj = event.get("object") if isinstance(event, dict) else None
    if not isinstance(obj, dict):
        raise fault_of_answer("a watch event without an object", status=200, about=about)
    kind = text_at(event, "type")
    if kind == "ERROR":
        raise fault_of_event(obj, about=about)
    if not obj.get("kind"):
        obj = {**obj, "apiVersion": resource.api_version, "kind": resource.kind}
    return WatchEvent(kind, obj)
