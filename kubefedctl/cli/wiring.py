"""
Where the parts of the program meet: options become a fleet, events reach a renderer.

The only place that knows the live client. It is imported when a command that talks to clusters
runs, never for help, version or a usage error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kubefedctl.cli.options import Shared
from kubefedctl.model.events import Documents, Event, Line, Output, Result, Summary

if TYPE_CHECKING:
    from kubefedctl.cluster.dryrun import DryRunFleet
    from kubefedctl.cluster.fleet import LiveFleet

_STEP_LEVEL = 2
_TRACE_LEVEL = 6
_BODY_LEVEL = 8


@contextmanager
def open_fleet(shared: Shared) -> Iterator[LiveFleet | DryRunFleet]:
    """
    Give the host and its members as the options say, and close every connection after use.

    In a server dry run every write of these clusters is one with `dryRun=All`.
    """
    from kubefedctl.cluster.fleet import LiveFleet

    fleet = LiveFleet(
        kubeconfig=shared.kubeconfig,
        host_context=shared.host_cluster_context,
        trace=_tracer(shared.verbosity),
    )
    with fleet:
        if not shared.is_rehearsal:
            yield fleet
            return
        from kubefedctl.cluster.dryrun import DryRunFleet

        yield DryRunFleet(fleet, tell=_teller(shared.verbosity))


def show_all(
    events: Iterable[Event],
    shared: Shared,
    *,
    output: Output | None = None,
    fleet: LiveFleet | DryRunFleet | None = None,
    telling: str = "live",
    frees_stdout: bool = False,
) -> None:
    """
    Print events as they come; what the operation raises goes on to `cli.app`.

    Args:
        events: What an operation yields.
        shared: The shared options.
        output: The form of objects. Given, stdout has the objects alone, all other lines go to
            stderr.
        fleet: The clusters, where *output* may come with a server dry run: the objects that were
            written in it are printed then.
        telling: How an operation is told of, a `Telling`, unless the options say quietly; without
            the live line where it may ask something.
        frees_stdout: Whether all of it goes to stderr.
    """
    from kubefedctl.render.text import Telling, TextRenderer

    renderer = TextRenderer(
        verbosity=shared.verbosity,
        output=output,
        telling=Telling.QUIET if shared.quiet else Telling(telling),
        color=shared.color,
        stdout=sys.stderr if frees_stdout else None,
    )
    try:
        for event in events:
            renderer.show(_marked(event) if shared.is_rehearsal else event)
    finally:
        renderer.close()
    written = getattr(fleet, "written", ())
    if output is not None and written:
        renderer.show(Documents(tuple(written)))
    renderer.finish()


def _marked(event: Event) -> Event:
    """*event* as one of a run that kept nothing."""
    match event:
        case Result() | Summary():
            return replace(event, is_dry_run=True)
        case Line():
            return replace(event, text=f"{event.text} (server dry run)")
        case _:
            return event


def _teller(verbosity: int) -> Callable[[str], None]:
    from kubefedctl.render.text import escape_controls

    def tell(text: str) -> None:
        if verbosity >= _STEP_LEVEL:
            sys.stderr.write(escape_controls(text) + "\n")

    return tell


class _Tracer:
    """Tells of each request on stderr, and of bodies at level 8, with one write for each line."""

    def __init__(self, verbosity: int) -> None:
        from kubefedctl.render.text import escape_controls

        self._verbosity = verbosity
        self._escape = escape_controls
        # NB: the transport looks for it once; without it no body is handed over
        self.show_bodies = self._show_bodies if verbosity >= _BODY_LEVEL else None

    def __call__(
        self, cluster: str, method: str, path: str, status: int, milliseconds: float
    ) -> None:
        self._write(f"{cluster}: {method} {path} {status} in {milliseconds:.0f} ms")

    def _show_bodies(
        self, cluster: str, sent: bytes | None, answered: bytes, *, is_secret: bool
    ) -> None:
        from kubefedctl.render.bodies import describe_body

        for lead, body in (("request", sent), ("response", answered)):
            text = describe_body(body, is_secret=is_secret, verbosity=self._verbosity)
            if text:
                self._write(f"{cluster}: {lead} body: {text}")

    def _write(self, line: str) -> None:
        # NB: one write for the whole line, since many threads trace at once
        sys.stderr.write(self._escape(line) + "\n")


def _tracer(verbosity: int) -> _Tracer | None:
    return _Tracer(verbosity) if verbosity >= _TRACE_LEVEL else None
