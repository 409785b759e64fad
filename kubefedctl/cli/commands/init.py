"""The command `init`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from kubefedctl.cli.options import Output, OutputOption, Shared, with_shared
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


@with_shared
def init(
    *, scope: ScopeOption = ScopeChoice.CLUSTER, output: OutputOption = None, shared: Shared
) -> None:
    """
    Install the KubeFed API on the host cluster.

    Writes the KubeFed namespace, CRDs, roles, the KubeFedConfig and the ten default
    FederatedTypeConfigs, and nothing that runs. A second run brings them up to date and leaves
    your settings alone.

    Example: kubefedctl init --host-cluster-context cluster1
    """
    from kubefedctl.ops.init import InitOptions, show_control_plane
    from kubefedctl.ops.init import init as install

    options = InitOptions(shared.kubefed_namespace, scope.value, shared.is_dry_run)
    if output is Output.YAML:
        show_all(show_control_plane(options), shared)
        return
    with open_fleet(shared) as fleet:
        show_all(install(fleet, options), shared)
