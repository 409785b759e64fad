"""
The list of commands in the help, by what a person wants to do.

typer has such groups in its coloured help only; help without markup stays one that can be piped.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

SET_UP = "Set up"
CLUSTERS = "Clusters"
RESOURCES = "Types and resources"
RUN = "Run"
OTHER = "Other"
TASKS = (SET_UP, CLUSTERS, RESOURCES, RUN, OTHER)
"""The groups in the order in which a newcomer needs them."""

_WHOLE = 1000
"""Characters of a summary: more than any has, so that none is cut; long ones are wrapped."""


class TaskGroup(TyperGroup):
    """A command with commands, which its help lists under the panels that they were given."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each task that has commands."""
        found = {name: self.commands[name] for name in self.list_commands(ctx)}
        for task in TASKS:
            rows = [
                (name, command.get_short_help_str(_WHOLE))
                for name, command in found.items()
                if not command.hidden and _task_of(command) == task
            ]
            if rows:
                with formatter.section(task):
                    formatter.write_dl(rows)


def _task_of(command: Any) -> str:
    panel = getattr(command, "rich_help_panel", None)
    return panel if panel in TASKS else OTHER
