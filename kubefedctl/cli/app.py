"""
The command line: the typer application, and the one place that turns errors into exit codes.

Laws:
1. Nothing imported here, directly or not, imports kubernetes or aiohttp.
2. Every expected failure is one `error:` line, with a `hint:` line where there is a next step.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, TextIO

import typer
import typer.main

from kubefedctl.cli.arguments import rewrite_arguments
from kubefedctl.cli.commands.check import check
from kubefedctl.cli.commands.deinit import deinit
from kubefedctl.cli.commands.demo import demo
from kubefedctl.cli.commands.diff import diff
from kubefedctl.cli.commands.disable import disable
from kubefedctl.cli.commands.enable import enable
from kubefedctl.cli.commands.federate import federate
from kubefedctl.cli.commands.get import get
from kubefedctl.cli.commands.init import init
from kubefedctl.cli.commands.join import join, unjoin
from kubefedctl.cli.commands.moving import drain, migrate, undrain
from kubefedctl.cli.commands.orphaning import orphaning_app
from kubefedctl.cli.commands.render import render
from kubefedctl.cli.commands.sandbox import sandbox_app
from kubefedctl.cli.commands.schedule import schedule
from kubefedctl.cli.commands.status import status
from kubefedctl.cli.commands.sync import sync
from kubefedctl.cli.commands.version import print_version, version
from kubefedctl.cli.grouping import CLUSTERS, OTHER, RESOURCES, RUN, SET_UP, PlainCommand, TaskGroup
from kubefedctl.errors import ExitCode, InputError, KubefedctlError

app = typer.Typer(
    name="kubefedctl",
    cls=TaskGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _task, _commands in (
    (SET_UP, (init, deinit)),
    (CLUSTERS, (join, unjoin, drain, undrain)),
    (RESOURCES, (enable, disable, federate)),
    (RUN, (sync, diff, status, get, check, render, schedule, migrate)),
    (OTHER, (version, demo)),
):
    for _command in _commands:
        app.command(cls=PlainCommand, rich_help_panel=_task)(_command)
app.add_typer(orphaning_app, name="orphaning-deletion", rich_help_panel=RESOURCES)
app.add_typer(sandbox_app, name="sandbox", rich_help_panel=OTHER)

_PLUGIN = "kubectl-kubefed"
_OF_COMPLETION = ("--install-completion", "--show-completion")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.")
    ] = False,
) -> None:
    """
    Federate Kubernetes resources over clusters, as KubeFed did, with nothing left running.

    join registers clusters with a host, federate makes federated objects of what stands there, and
    one sync brings every member cluster in step.
    """
    if show_version:
        print_version()
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line and return its exit code.

    Args:
        arguments: The arguments without the program's name; the process's by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    _replace_closed_streams()
    rewritten = rewrite_arguments(given)
    own = rewritten[: rewritten.index("--")] if "--" in rewritten else rewritten
    try:
        return _run(rewritten)
    except Exception as error:
        return _report(error, shows_traceback="--debug" in own, color=_find_color(own))


def _run(arguments: Sequence[str]) -> int:
    """Run the application; it ends by `SystemExit`, also on Ctrl-C and on a broken pipe."""
    command = typer.main.get_command(app)
    code: object = None
    try:
        # NB: the demo runs other commands, and finds the way to do so in the context
        command.main(args=list(arguments), prog_name=_program_name(arguments), obj=main)
    except SystemExit as end:
        code = end.code
    return code if isinstance(code, int) else int(bool(code))


def _program_name(arguments: Sequence[str]) -> str:
    """
    Return what the person typed to get here: kubectl runs its plugins by a name with a dash.

    Completion is a shell's, for programs, so its scripts are those of kubefedctl in any case.
    """
    called = os.path.basename(sys.argv[0]).removesuffix(".exe")
    if called != _PLUGIN or any(found.startswith(_OF_COMPLETION) for found in arguments[:1]):
        return "kubefedctl"
    return _PLUGIN.replace("-", " ")


def _report(error: Exception, *, shows_traceback: bool, color: str) -> int:
    """Tell of *error* on stderr and return its exit code."""
    from kubefedctl.render.coloring import ColorWish
    from kubefedctl.render.streams import Stream

    told = _expected(error)
    message = f"kubefedctl failed unexpectedly: {type(error).__name__}"
    hint = "run it again with --debug and report what it prints"
    if told is not None:
        message, hint = told.message, told.hint
    try:
        if shows_traceback:
            sys.stderr.write("".join(traceback.format_exception(error)))
        stream = Stream(sys.stderr, color=ColorWish(color))
        stream.write_line(f" {message}", lead="error:", style="bold red")
        if hint:
            stream.write_line(f" {hint}", lead="hint:", style="cyan")
    except OSError:
        _discard(sys.stderr)
    return ExitCode.BUG if told is None else told.exit_code


def _find_color(arguments: Sequence[str]) -> str:
    """Return when there is colour; of a word that makes no sense the parser tells."""
    found = ["auto"]
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag == "--color":
            found.append(value if equals else following)
    return next(word for word in reversed(found) if word in ("auto", "always", "never"))


def _expected(error: Exception) -> KubefedctlError | None:
    """Return *error* as one of ours; None where it is a bug."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        _discard(sys.stdout)
        return InputError(
            "the output cannot be written: no space left on device",
            hint="make room, or write somewhere else",
        )
    return error if isinstance(error, KubefedctlError) else None


def _replace_closed_streams() -> None:
    """
    Give the process somewhere to write where stdout or stderr were closed at its start.

    NB: Python has None in their place, and print() takes that for stdout.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - kept


def _discard(stream: TextIO) -> None:
    """Keep the interpreter from complaining about a stream that takes nothing when it ends."""
    with suppress(OSError):
        taken = stream.fileno()
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, taken)
        os.close(descriptor)
