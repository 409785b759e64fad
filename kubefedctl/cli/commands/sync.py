"""The command `sync`."""

from __future__ import annotations

from typing import Annotated

import typer

from kubefedctl.cli.options import Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.actions import Strategies, Strategy, WritePolicy
from kubefedctl.model.announcements import Announcing

Timeout = Annotated[
    str,
    typer.Option(
        "--timeout",
        metavar="DURATION",
        help="How long to wait until deleted objects are gone from the members.",
    ),
]
Events = Annotated[
    Announcing,
    typer.Option(
        "--events",
        help="Which Kubernetes events to leave on the host. auto: all, but at most 100 of a type.",
    ),
]


StrategyOption = Annotated[
    Strategy,
    typer.Option(
        "--strategy",
        help="How objects in members are updated. apply: fields that others own are left alone."
        " replace: whole objects, as KubeFed does.",
    ),
]
RecreateImmutable = Annotated[
    bool,
    typer.Option(
        "--recreate-immutable",
        help="Delete and create anew what has a field that no update can change; never namespaces,"
        " CRDs, volumes and claims.",
    ),
]


@with_shared
def sync(
    *,
    timeout: Timeout = "5m",
    strategy: StrategyOption = Strategy.APPLY,
    recreate_immutable: RecreateImmutable = False,
    events: Events = Announcing.AUTO,
    shared: Shared,
) -> None:
    """
    Bring every member cluster to what the host says, once.

    Probes the members, creates, updates and deletes what placement and overrides ask for, and
    records versions and statuses on the host. Nothing is written where nothing differs.

    Example: kubefedctl sync --host-cluster-context cluster1

    Example: kubefedctl sync --dry-run=server
    """
    from kubefedctl.core.configuring import parse_duration
    from kubefedctl.ops.sync import SyncOptions
    from kubefedctl.ops.sync import sync as bring_in_step

    options = SyncOptions(
        shared.kubefed_namespace,
        parse_duration(timeout),
        shared.is_dry_run,
        # NB: an event that is only checked by the API server tells nothing
        Announcing.NONE if shared.is_rehearsal else events,
        writing=WritePolicy(Strategies(strategy), recreates=recreate_immutable),
    )
    with open_fleet(shared) as fleet:
        show_all(bring_in_step(fleet, options), shared)
