"""The commands `migrate`, `drain` and `undrain`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl.cli.options import ClusterName, Namespace, Shared, with_shared
from kubefedctl.cli.prompting import Yes, make_confirm
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.errors import RefusedError

if TYPE_CHECKING:
    from kubefedctl.ops.sync import SyncOptions

TypeName = Annotated[
    str,
    typer.Argument(
        metavar="TYPE", help="The type. Give TYPE and NAME, or --all.", show_default=False
    ),
]
ObjectName = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The object.", show_default=False),
]
Source = Annotated[
    str,
    typer.Option("--from", metavar="CLUSTER", help="The cluster to leave.", show_default=False),
]
Target = Annotated[
    str,
    typer.Option("--to", metavar="CLUSTER", help="The cluster to go to.", show_default=False),
]
OptionalTarget = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="CLUSTER",
        help="Where workloads go that are placed in the drained cluster alone.",
        show_default=False,
    ),
]
All = Annotated[
    bool,
    typer.Option("--all", help="Move all of the namespace, and the namespace itself if it may go."),
]
Wait = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait",
        help="Wait until all is ready in the target and then leave the source; else only add the"
        " target.",
    ),
]
Timeout = Annotated[
    str,
    typer.Option(
        "--timeout", metavar="DURATION", help="How long to wait until all is ready elsewhere."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Go on where workloads are placed in this cluster alone; they stay."
    ),
]
_NO_REHEARSAL = "a move goes by what members make of it, which --dry-run=server does not keep"


@with_shared
def migrate(
    *,
    type_name: TypeName = "",
    name: ObjectName = "",
    source: Source,
    target: Target,
    namespace: Namespace = "",
    move_all: All = False,
    wait: Wait = True,
    timeout: Timeout = "10m",
    shared: Shared,
) -> None:
    """
    Move a federated object from one member cluster to another.

    It is added to the target first, with its namespace and what it names, and leaves the source
    only when it is ready there. Stopped anywhere, the same command goes on, and the command with
    --from and --to changed round goes back.

    Example: kubefedctl migrate deployment web -n shop --from eu-1 --to eu-2

    Example: kubefedctl migrate --all -n shop --from eu-1 --to eu-2 --dry-run
    """
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.core.configuring import parse_duration
    from kubefedctl.core.migrating import Route
    from kubefedctl.ops.migrate import MigrateOptions
    from kubefedctl.ops.migrate import migrate as move

    _refuse_rehearsal(shared)
    if move_all and (type_name or name):
        raise typer.BadParameter("--all goes without TYPE and NAME")
    if not move_all and not (type_name and name):
        raise typer.BadParameter("give TYPE and NAME, or --all with a namespace")
    seconds = parse_duration(timeout)
    with halting_on_signals() as halt, open_fleet(shared) as fleet:
        options = MigrateOptions(
            Route(source, target),
            type_name,
            name,
            namespace or fleet.host.endpoint.namespace or "default",
            timeout=seconds,
            waits=wait,
            is_dry_run=shared.is_dry_run,
            sync=_usual_sync(shared),
        )
        with closing(move(fleet, options, halt=halt)) as happening:
            show_all(happening, shared)


@with_shared
def drain(
    *,
    cluster_name: ClusterName,
    to: OptionalTarget = "",
    force: Force = False,
    timeout: Timeout = "10m",
    yes: Yes = False,
    shared: Shared,
) -> None:
    """
    Have all workloads leave a member cluster.

    Shows first what would move and asks. Replicas that a ReplicaSchedulingPreference places are
    planned for the other clusters, within its limits, and nothing leaves before the others have
    it. Namespaces and configuration stay.

    Example: kubefedctl drain eu-1 --dry-run

    Example: kubefedctl drain eu-1 --to eu-2 --yes
    """
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.core.configuring import parse_duration
    from kubefedctl.ops.drain import DrainOptions
    from kubefedctl.ops.drain import drain as empty

    _refuse_rehearsal(shared)
    options = DrainOptions(
        cluster_name,
        to=to,
        force=force,
        timeout=parse_duration(timeout),
        is_dry_run=shared.is_dry_run,
        sync=_usual_sync(shared),
    )
    with (
        halting_on_signals() as halt,
        open_fleet(shared) as fleet,
        closing(empty(fleet, options, confirm=make_confirm(is_agreed=yes), halt=halt)) as happening,
    ):
        show_all(happening, shared, telling="live" if yes else "lines")


@with_shared
def undrain(*, cluster_name: ClusterName, shared: Shared) -> None:
    """
    Take a drained member cluster back.

    Workloads return to it as their placements say, and replicas as ReplicaSchedulingPreferences
    plan them.

    Example: kubefedctl undrain eu-1
    """
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.ops.drain import DrainOptions
    from kubefedctl.ops.drain import undrain as take_back

    _refuse_rehearsal(shared)
    options = DrainOptions(cluster_name, is_dry_run=shared.is_dry_run, sync=_usual_sync(shared))
    with (
        halting_on_signals() as halt,
        open_fleet(shared) as fleet,
        closing(take_back(fleet, options, halt=halt)) as happening,
    ):
        show_all(happening, shared)


def _usual_sync(shared: Shared) -> SyncOptions:
    from kubefedctl.ops.sync import SyncOptions

    return SyncOptions(shared.kubefed_namespace, lock_wait=60.0)


def _refuse_rehearsal(shared: Shared) -> None:
    if shared.is_rehearsal:
        raise RefusedError(_NO_REHEARSAL, hint="--dry-run shows what would be done")
