"""How a command ends that tells what a sync would change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import typer

from kubefedctl.errors import ExitCode
from kubefedctl.model.events import Compared, Event


def noting_changes(
    events: Iterable[Event], seen: list[Compared], *, shows: bool = True
) -> Iterator[Event]:
    """Yield *events*, and keep the comparisons among them; yield these only if *shows*."""
    for event in events:
        if isinstance(event, Compared):
            seen.append(event)
            if not shows:
                continue
        yield event


def end_by_changes(seen: Iterable[Compared]) -> None:
    """End with "no" where something differs."""
    if any(found.comparison.differs for found in seen):
        raise typer.Exit(ExitCode.NO)
