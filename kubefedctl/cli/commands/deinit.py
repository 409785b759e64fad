"""The command `deinit`."""

from __future__ import annotations

from typing import Annotated

import typer

from kubefedctl.cli.options import GoingOption, Shared, with_shared
from kubefedctl.cli.prompting import Yes, make_confirm
from kubefedctl.cli.wiring import open_fleet, show_all

Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Also while clusters are joined or federated objects exist; theirs stay."
    ),
]


@with_shared
def deinit(
    *, force: Force = False, yes: Yes = False, output: GoingOption = None, shared: Shared
) -> None:
    """
    Remove the KubeFed API from the host cluster.

    Deletes, after asking, what init made: FederatedTypeConfigs, the KubeFedConfig, roles, CRDs and
    the KubeFed namespace, which stays where it holds anything else. Members are not touched.

    Example: kubefedctl deinit --host-cluster-context cluster1

    Example: kubefedctl deinit --dry-run
    """
    from kubefedctl.ops.deinit import DeinitOptions
    from kubefedctl.ops.deinit import deinit as remove

    options = DeinitOptions(
        kubefed_namespace=shared.kubefed_namespace,
        force=force,
        is_dry_run=shared.only_tells(output),
        prints_objects=output is not None,
    )
    with open_fleet(shared) as fleet:
        confirm = make_confirm(is_agreed=yes or shared.is_rehearsal)
        show_all(
            remove(fleet, options, confirm=confirm),
            shared,
            output=output,
            telling="live" if yes else "lines",
        )
