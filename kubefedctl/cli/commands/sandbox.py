"""The commands `sandbox up|down|list|run`: embedded API servers to try things on."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from kubefedctl.cli.grouping import PlainCommand, WholeGroup
from kubefedctl.cli.sandboxes import sandbox_errors
from kubefedctl.errors import InputError

sandbox_app = typer.Typer(
    name="sandbox",
    help="Small Kubernetes API servers on this machine, to learn and to test with.",
    cls=WholeGroup,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Which sandbox. Default: the one named default.")
]
Clusters = Annotated[
    str,
    typer.Option(
        "--clusters",
        metavar="NAMES",
        help="Names of the clusters, separated by commas; the first is the current context.",
    ),
]
Command = Annotated[
    list[str],
    typer.Argument(
        metavar="CMD", help="The command and its arguments, behind --.", show_default=False
    ),
]
_TWO = "cluster0,cluster1"


@sandbox_app.command(cls=PlainCommand)
def up(*, name: Name = "default", clusters: Clusters = _TWO) -> None:
    """
    Start clusters in the background and print how to reach them.

    Example: eval "$(kubefedctl sandbox up)"
    """
    from kubefedctl.sandbox import daemon

    with sandbox_errors():
        started = daemon.up(name, _split(clusters))
    typer.echo(f"sandbox {name} is up: {', '.join(started.clusters)}", err=True)
    typer.echo(f"export KUBECONFIG={shlex.quote(str(started.kubeconfig))}")


@sandbox_app.command(cls=PlainCommand)
def down(*, name: Name = "default") -> None:
    """
    Stop a sandbox and forget its clusters.

    Example: kubefedctl sandbox down
    """
    from kubefedctl.sandbox import daemon

    with sandbox_errors():
        daemon.down(name)
    typer.echo(f"sandbox {name} is down", err=True)


@sandbox_app.command("list", cls=PlainCommand)
def list_sandboxes() -> None:
    """
    Show the sandboxes of this user.

    Example: kubefedctl sandbox list
    """
    from kubefedctl.render.tables import format_table
    from kubefedctl.sandbox import daemon

    with sandbox_errors():
        found = daemon.list_sandboxes()
    rows = [
        [
            each.name,
            "up" if each.is_running else "dead",
            ",".join(each.clusters),
            str(each.kubeconfig),
        ]
        for each in found
    ]
    for line in format_table([["NAME", "STATE", "CLUSTERS", "KUBECONFIG"], *rows]):
        typer.echo(line)


@sandbox_app.command("run", cls=PlainCommand)
def run_command(*, command: Command, clusters: Clusters = _TWO) -> None:
    """
    Run a command beside clusters that last as long as it does.

    The command finds them by KUBECONFIG; its exit code is the exit code.

    Example: kubefedctl sandbox run -- kubectl get namespaces
    """
    from kubefedctl.sandbox import daemon

    with sandbox_errors():
        code = daemon.run(command, _split(clusters))
    raise typer.Exit(code)


def _split(clusters: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in clusters.split(","))
    if not all(names):
        raise InputError(
            f"{clusters!r} does not name clusters", hint="give names like cluster0,cluster1"
        )
    return names
