"""
Where the parts of the program meet: options become a fleet, events reach a renderer.

The only place that knows the live client. It is imported when a command that talks to clusters
runs, never for help, version or a usage error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubefedctl.cli.options import Shared
from kubefedctl.model.events import Event

if TYPE_CHECKING:
    from kubefedctl.cluster.fleet import LiveFleet

_TRACE_LEVEL = 6


@contextmanager
def open_fleet(shared: Shared) -> Iterator[LiveFleet]:
    """Give the host and its members as the options say, and close every connection after use."""
    from kubefedctl.cluster.fleet import LiveFleet

    fleet = LiveFleet(
        kubeconfig=shared.kubeconfig,
        host_context=shared.host_cluster_context,
        trace=_tracer(shared.verbosity),
    )
    with fleet:
        yield fleet


def show_all(events: Iterable[Event], shared: Shared) -> None:
    """Print events as they come; what the operation raises goes on to `cli.app`."""
    from kubefedctl.render.text import TextRenderer

    renderer = TextRenderer(verbosity=shared.verbosity)
    for event in events:
        renderer.show(event)


def _tracer(verbosity: int) -> Callable[[str, str, str, int, float], None] | None:
    if verbosity < _TRACE_LEVEL:
        return None
    from kubefedctl.render.text import escape_controls

    def trace(cluster: str, method: str, path: str, status: int, milliseconds: float) -> None:
        # NB: one write for the whole line, since many threads trace at once
        line = f"{cluster}: {method} {path} {status} in {milliseconds:.0f} ms"
        sys.stderr.write(escape_controls(line) + "\n")

    return trace
