"""Options that say in which order members are written, and what is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl.cli.options import DryRun, Shared
from kubefedctl.model.progress import Goal

if TYPE_CHECKING:
    from kubefedctl.core.waving import WaveRule


class Waiting(StrEnum):
    """What a sync waits for."""

    NONE = "none"
    READY = "ready"
    CURRENT = "current"


Wait = Annotated[
    Waiting,
    typer.Option(
        "--wait",
        help="Wait until what is placed is ready in every member (also --wait alone) or current,"
        " kstatus' weaker word, and end with 7 where it is not within --timeout.",
    ),
]
Waves = Annotated[
    str,
    typer.Option(
        "--waves",
        metavar="[NAME=]GROUP,...",
        help="Write groups of clusters one after the other, the next only when the one before it is"
        " ready. A GROUP is c1+c2, label:KEY=VALUE, 25% of all, or * for the rest.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Rollout:
    """
    In which order members are written, and what is waited for.

    Args:
        wait: What objects are to become before the command ends.
        waves: Which clusters are written together; empty for all at once.
    """

    wait: Wait = Waiting.NONE
    waves: Waves = ""

    def goal(self, shared: Shared) -> Goal | None:
        """What objects are to become; None for not waiting, as in every dry run."""
        if shared.dry_run is not DryRun.NONE:
            return None
        if self.wait is Waiting.NONE:
            return Goal.READY if self.waves else None
        return Goal(self.wait.value)

    @property
    def rules(self) -> tuple[WaveRule, ...]:
        """
        The waves that are asked for.

        Raises:
            InputError: They cannot be read.
        """
        from kubefedctl.core.waving import parse_waves

        return parse_waves(self.waves) if self.waves else ()
