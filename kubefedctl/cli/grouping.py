"""
How the help is laid out: commands by what a person wants to do, arguments as people write them.

typer has such groups in its coloured help only; help without markup stays one that can be piped.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

SET_UP = "Set up"
CLUSTERS = "Clusters"
RESOURCES = "Types and resources"
RUN = "Run"
OTHER = "Other"
TASKS = (SET_UP, CLUSTERS, RESOURCES, RUN, OTHER)
"""The groups in the order in which a newcomer needs them."""

_WHOLE = 1000
"""Characters of a summary: more than any has, so that none is cut; long ones are wrapped."""


class PlainCommand(TyperCommand):
    """A command whose help names arguments alone, without the types that Python has for them."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what stands behind the command's name in the usage line."""
        arguments = [found for found in self.get_params(ctx) if not is_option(found)]
        return [self.options_metavar or "", *map(usage_of, arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments that have something to say, then the options."""
        shown: list[Any] = list(self.get_params(ctx))
        arguments = [found for found in shown if not is_option(found) and found.help]
        options = [found.get_help_record(ctx) for found in shown if is_option(found)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([(_word_of(found), found.help) for found in arguments])
        with formatter.section("Options"):
            formatter.write_dl([record for record in options if record is not None])


class WholeGroup(TyperGroup):
    """A command with commands, whose help cuts none of their summaries."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each title that has commands."""
        found = {name: self.commands[name] for name in self.list_commands(ctx)}
        for title in self.titles():
            rows = [
                (name, command.get_short_help_str(_WHOLE))
                for name, command in found.items()
                if not command.hidden and self.title_of(command) == title
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def titles(self) -> tuple[str, ...]:
        """Return the titles of the sections, in their order."""
        return ("Commands",)

    def title_of(self, command: Any) -> str:
        """Return the title under which *command* stands."""
        return self.titles()[0]


class TaskGroup(WholeGroup):
    """The same, with the commands under the panels that they were given."""

    def titles(self) -> tuple[str, ...]:
        """Return the tasks."""
        return TASKS

    def title_of(self, command: Any) -> str:
        """Return the task of *command*."""
        return _task_of(command)


def is_option(parameter: Any) -> bool:
    """Tell whether a parameter of a command is an option, not an argument."""
    return bool(parameter.opts[0].startswith("-"))


def usage_of(argument: Any) -> str:
    """Return *argument* as it stands in a usage line: `NAME`, `[NAME]`, `NAME...`."""
    word = _word_of(argument) + ("..." if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def _word_of(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _task_of(command: Any) -> str:
    panel = getattr(command, "rich_help_panel", None)
    return panel if panel in TASKS else OTHER
