"""The command `demo`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

Keep = Annotated[
    bool, typer.Option("--keep", help="Leave the clusters up and print how to reach them.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def demo(*, context: typer.Context, keep: Keep = False, debug: Debug = False) -> None:
    """
    Show the main job on two embedded clusters.

    Starts cluster0 and cluster1 (host and member), joins them, federates a namespace and a
    Deployment and syncs, printing each command before its output. Needs no cluster and no kubectl:
    the kubectl lines are answered by the same requests that kubectl would send.

    Example: kubefedctl demo --keep
    """
    from kubefedctl.cli.walkthrough import run_demo

    extra = ("--debug",) if debug else ()

    def run_command(arguments: Sequence[str]) -> int:
        main: Callable[[Sequence[str]], int] = context.find_root().obj
        return main([*arguments, *extra])

    raise typer.Exit(run_demo(run_command, keep=keep))
