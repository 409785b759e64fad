"""The commands `orphaning-deletion enable|disable|status`."""

from __future__ import annotations

from typing import Annotated

import typer

from kubefedctl.cli.grouping import PlainCommand, WholeGroup
from kubefedctl.cli.options import Namespace, Output, OutputOption, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all

orphaning_app = typer.Typer(
    name="orphaning-deletion",
    help="Whether deleting a federated object leaves its objects in the members.",
    cls=WholeGroup,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

TypeName = Annotated[
    str, typer.Argument(metavar="TYPE", help="The federated type.", show_default=False)
]
ObjectName = Annotated[
    str, typer.Argument(metavar="NAME", help="The federated object.", show_default=False)
]


@orphaning_app.callback(invoke_without_command=True)
def show_help(context: typer.Context) -> None:
    """Whether deleting a federated object leaves its objects in the members."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@orphaning_app.command("enable", cls=PlainCommand)
@with_shared
def enable_orphaning(
    *,
    type_name: TypeName,
    name: ObjectName,
    namespace: Namespace = "",
    output: OutputOption = None,
    shared: Shared,
) -> None:
    """
    Let a federated object's deletion leave its objects in the members.

    Sets the annotation kubefed.io/orphan on it. TYPE is the federated type.

    Example: kubefedctl orphaning-deletion enable federateddeployment web -n shop
    """
    _set((type_name, name, namespace), output, shared, wanted=True)


@orphaning_app.command("disable", cls=PlainCommand)
@with_shared
def disable_orphaning(
    *,
    type_name: TypeName,
    name: ObjectName,
    namespace: Namespace = "",
    output: OutputOption = None,
    shared: Shared,
) -> None:
    """
    Let a federated object's deletion delete its objects in the members, as is usual.

    Removes the annotation kubefed.io/orphan from it. TYPE is the federated type.

    Example: kubefedctl orphaning-deletion disable federateddeployment web -n shop
    """
    _set((type_name, name, namespace), output, shared, wanted=False)


@orphaning_app.command("status", cls=PlainCommand)
@with_shared
def show_status(
    *, type_name: TypeName, name: ObjectName, namespace: Namespace = "", shared: Shared
) -> None:
    """
    Show whether orphaning is Enabled or Disabled for a federated object.

    Example: kubefedctl orphaning-deletion status federateddeployment web -n shop
    """
    from kubefedctl.ops.orphaning import OrphaningOptions, show_orphaning

    options = OrphaningOptions(type_name, name, namespace)
    with open_fleet(shared) as fleet:
        show_all(show_orphaning(fleet, options), shared)


def _set(
    address: tuple[str, str, str], output: Output | None, shared: Shared, *, wanted: bool
) -> None:
    from kubefedctl.ops.orphaning import OrphaningOptions, set_orphaning

    options = OrphaningOptions(*address, shared.is_dry_run, shared.prints_only(output))
    with open_fleet(shared) as fleet:
        events = set_orphaning(fleet, options, wanted=wanted)
        show_all(events, shared, output=output, fleet=fleet)
