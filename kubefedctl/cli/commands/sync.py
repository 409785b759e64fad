"""The command `sync`."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from kubefedctl.cli.options import Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.actions import Strategies, Strategy, WritePolicy
from kubefedctl.model.announcements import Announcing
from kubefedctl.model.schedules import Rescheduling

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
Lock = Annotated[
    str,
    typer.Option(
        "--lock",
        metavar="wait=DURATION|fail|none",
        help="What to do while another sync or KubeFed's controller-manager has the lock: wait so"
        " long, fail at once, or sync without one.",
    ),
]

Rsp = Annotated[
    Rescheduling,
    typer.Option(
        "--rsp",
        help="What ReplicaSchedulingPreferences do: auto follows them, hold does too but keeps the"
        " share of clusters that do not answer, off leaves replicas as they are.",
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
    lock: Lock = "wait=1m",
    rsp: Rsp = Rescheduling.AUTO,
    shared: Shared,
) -> None:
    """
    Bring every member cluster to what the host says, once.

    Probes the members, creates, updates and deletes what placement and overrides ask for, and
    records versions and statuses on the host. Nothing is written where nothing differs.

    Two syncs never work at once, nor a sync beside KubeFed's controller-manager: there is a lock.

    Example: kubefedctl sync --host-cluster-context cluster1

    Example: kubefedctl sync --dry-run=server
    """
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.core.configuring import parse_duration
    from kubefedctl.core.locking import parse_lock_wait
    from kubefedctl.ops.sync import SyncOptions
    from kubefedctl.ops.sync import sync as bring_in_step

    lock_wait = parse_lock_wait(lock)
    options = SyncOptions(
        shared.kubefed_namespace,
        parse_duration(timeout),
        shared.is_dry_run,
        # NB: an event that is only checked by the API server tells nothing
        Announcing.NONE if shared.is_rehearsal else events,
        writing=WritePolicy(Strategies(strategy), recreates=recreate_immutable),
        lock_wait=None if shared.is_rehearsal else lock_wait,
        rescheduling=rsp,
    )
    with (
        halting_on_signals() as halt,
        open_fleet(shared) as fleet,
        # NB: the lock is given back before the connections are
        closing(bring_in_step(fleet, options, halt=halt)) as happening,
    ):
        show_all(happening, shared)
