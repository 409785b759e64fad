"""The command `disable`."""

from __future__ import annotations

from typing import Annotated

import typer

from kubefedctl.cli.options import GoingOption, Shared, with_shared
from kubefedctl.cli.prompting import Yes, make_confirm
from kubefedctl.cli.wiring import open_fleet, show_all

_USUAL_GROUP = "types.kubefed.io"
TypeNames = Annotated[
    list[str],
    typer.Argument(
        metavar="TYPE", help="A type, or the name of a FederatedTypeConfig.", show_default=False
    ),
]
DeleteCrd = Annotated[
    bool, typer.Option("--delete-crd", help="Also delete the CRD of the federated type.")
]
Cascade = Annotated[
    bool,
    typer.Option(
        "--cascade", help="With --delete-crd: delete the federated objects first, after asking."
    ),
]
FederatedGroup = Annotated[
    str,
    typer.Option(
        "--federated-group",
        metavar="GROUP",
        help="With --delete-crd: API group of the federated type where there is no type config.",
    ),
]
Version = Annotated[
    str,
    typer.Option(
        "--version",
        metavar="VERSION",
        help="With --delete-crd: API version of the target where there is no type config.",
        show_default=False,
    ),
]


@with_shared
def disable(
    *,
    types: TypeNames,
    delete_crd: DeleteCrd = False,
    cascade: Cascade = False,
    federated_group: FederatedGroup = _USUAL_GROUP,
    version: Version = "",
    yes: Yes = False,
    output: GoingOption = None,
    shared: Shared,
) -> None:
    """
    Stop the propagation of API types.

    TYPE is a kind, plural, singular or short name, or the name of a FederatedTypeConfig, which is
    deleted. Objects in members stay, unless --cascade deletes the federated objects and a sync
    then takes theirs out of the members.

    Example: kubefedctl disable deployments.apps

    Example: kubefedctl disable deployments.apps --delete-crd --cascade --yes
    """
    from kubefedctl.ops.disable import DisableOptions
    from kubefedctl.ops.disable import disable as stop

    if not delete_crd:
        _refuse_without_crd(cascade=cascade, federated_group=federated_group, version=version)
    options = DisableOptions(
        kubefed_namespace=shared.kubefed_namespace,
        deletes_crd=delete_crd,
        cascades=cascade,
        federated_group=federated_group,
        target_version=version,
        is_dry_run=shared.only_tells(output),
        prints_objects=output is not None,
    )
    with open_fleet(shared) as fleet:
        confirm = make_confirm(is_agreed=yes or shared.is_rehearsal)
        events = stop(fleet, types, options, confirm=confirm)
        show_all(events, shared, output=output, telling="live" if yes else "lines")


def _refuse_without_crd(*, cascade: bool, federated_group: str, version: str) -> None:
    given = {
        "--version": version,
        "--federated-group": federated_group != _USUAL_GROUP,
        "--cascade": cascade,
    }
    for flag, is_given in given.items():
        if is_given:
            raise typer.BadParameter(f"{flag} goes with --delete-crd only")
