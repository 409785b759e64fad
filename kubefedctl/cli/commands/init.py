"""The command `init`."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from kubefedctl.cli.options import OutputOption, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all


class ScopeChoice(StrEnum):
    """How far the control plane reaches."""

    CLUSTER = "Cluster"
    NAMESPACED = "Namespaced"


ScopeOption = Annotated[
    ScopeChoice,
    typer.Option(
        "--scope",
        help="Cluster federates all namespaces, Namespaced the KubeFed namespace alone.",
    ),
]


TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        help="A type to enable, named as enable takes it; may be given again. none: no type."
        " Default: the ten of KubeFed's chart.",
        show_default=False,
    ),
]


@with_shared
def init(
    *,
    scope: ScopeOption = ScopeChoice.CLUSTER,
    types: TypesOption = None,
    output: OutputOption = None,
    shared: Shared,
) -> None:
    """
    Install the KubeFed API on the host cluster.

    Writes the KubeFed namespace, CRDs, roles, the KubeFedConfig and the ten default
    FederatedTypeConfigs, and nothing that runs. A second run brings them up to date and leaves
    your settings alone.

    Example: kubefedctl init --host-cluster-context cluster1

    Example: kubefedctl init --type namespaces --type deployments.apps -o yaml
    """
    from kubefedctl.ops.choosing import asks_host, choose_types
    from kubefedctl.ops.init import InitOptions, show_control_plane
    from kubefedctl.ops.init import init as install

    names = [part for name in types or () for part in name.split(",") if part]
    options = InitOptions(shared.kubefed_namespace, scope.value, shared.is_dry_run)
    if shared.prints_only(output) and not asks_host(names):
        options = replace(options, types=choose_types(names, _no_host))
        show_all(show_control_plane(options), shared, output=output)
        return
    with open_fleet(shared) as fleet:
        options = replace(options, types=choose_types(names, lambda: fleet.host))
        shows = shared.prints_only(output)
        events = show_control_plane(options) if shows else install(fleet, options)
        show_all(events, shared, output=output, fleet=fleet)


def _no_host() -> NoReturn:
    raise AssertionError("no type needs the host")
