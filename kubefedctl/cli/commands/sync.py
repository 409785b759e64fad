"""The command `sync`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl.cli.comparing import end_by_changes, noting_changes
from kubefedctl.cli.looking import Cluster, Namespace, Selector, StrategyOption, Words
from kubefedctl.cli.options import DryRun, Output, Shared, with_shared
from kubefedctl.cli.reporting import open_report
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.actions import WritePolicy
from kubefedctl.model.announcements import Announcing
from kubefedctl.model.events import Compared
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.schedules import Rescheduling

if TYPE_CHECKING:
    from kubefedctl.ops.sync import SyncOptions
    from kubefedctl.render.report import Reporter

DeletionScopeOption = Annotated[
    DeletionScope,
    typer.Option(
        "--deletion-scope",
        help="Which clusters a deletion waits for: those known to hold the object, or all.",
    ),
]
MaxDeletes = Annotated[
    str,
    typer.Option(
        "--max-deletes",
        metavar="N|P%",
        help="Refuse to delete or unlabel more objects than this, or more than this share of all"
        " managed ones.",
        show_default=False,
    ),
]
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
        metavar="<wait=DURATION|fail|none>",
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
ReportOutput = Annotated[
    Output | None,
    typer.Option(
        "--output",
        "-o",
        metavar="<yaml|json|name>",
        help="Print a report of the run in this form, or a line for each changed object.",
        show_default=False,
    ),
]
DiffOption = Annotated[
    bool,
    typer.Option(
        "--diff",
        help="With --dry-run: show what would change, field by field; end with 1 where it would.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Tell warnings, failures and the last sentence alone."),
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
    words: Words = None,
    namespace: Namespace = "",
    cluster: Cluster = None,
    selector: Selector = "",
    deletion_scope: DeletionScopeOption = DeletionScope.KNOWN,
    max_deletes: MaxDeletes = "",
    timeout: Timeout = "5m",
    strategy: StrategyOption = None,
    recreate_immutable: RecreateImmutable = False,
    events: Events = Announcing.AUTO,
    lock: Lock = "wait=1m",
    rsp: Rsp = Rescheduling.AUTO,
    output: ReportOutput = None,
    diff: DiffOption = False,
    quiet: Quiet = False,
    shared: Shared,
) -> None:
    """
    Bring every member cluster to what the host says, once.

    Probes the members, creates, updates and deletes what placement and overrides ask for, and
    records versions and statuses on the host. Nothing is written where nothing differs. Narrowed to
    types, objects, a namespace or clusters, it leaves alone what it does not look at.

    Two syncs never work at once, nor a sync beside KubeFed's controller-manager: there is a lock.

    Example: kubefedctl sync --host-cluster-context cluster1

    Example: kubefedctl sync --dry-run=server

    Example: kubefedctl sync --dry-run=server --diff

    Example: kubefedctl sync deployments/web -n shop --cluster eu-1
    """
    from kubefedctl.core.configuring import parse_duration
    from kubefedctl.core.guarding import parse_limit
    from kubefedctl.core.locking import parse_lock_wait
    from kubefedctl.core.narrowing import parse_request
    from kubefedctl.core.strategies import parse_strategies
    from kubefedctl.ops.sync import SyncOptions

    _check_diff(diff, output, shared)
    with open_report(output, shared) as report:
        options = SyncOptions(
            kubefed_namespace=shared.kubefed_namespace,
            timeout=parse_duration(timeout),
            is_dry_run=shared.is_dry_run,
            # NB: an event that is only checked by the API server tells nothing
            announcing=Announcing.NONE if shared.is_rehearsal else events,
            writing=WritePolicy(parse_strategies(strategy or ()), recreates=recreate_immutable),
            lock_wait=None if shared.is_rehearsal else parse_lock_wait(lock),
            rescheduling=rsp,
            request=parse_request(
                words or (), namespace=namespace, clusters=cluster or (), selector=selector
            ),
            deletion_scope=deletion_scope,
            limit=parse_limit(max_deletes) if max_deletes else None,
            tells_contents=shared.dry_run is not DryRun.NONE,
            compares=diff,
        )
        _carry_out(options, shared, telling="quiet" if quiet else "live", report=report)


def _carry_out(
    options: SyncOptions, shared: Shared, *, telling: str, report: Reporter | None
) -> None:
    """Sync, and show what happens to the person or let the report hear it."""
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.ops.sync import sync as bring_in_step

    seen: list[Compared] = []
    with (
        halting_on_signals() as halt,
        open_fleet(shared) as fleet,
        # NB: the lock is given back before the connections are
        closing(bring_in_step(fleet, options, halt=halt)) as happening,
    ):
        if report is None:
            show_all(noting_changes(happening, seen), shared, telling=telling)
        else:
            report.host = fleet.host.name
            show_all(happening, shared, output=report.output, telling=telling, hear=report.hear)
    end_by_changes(seen)


def _check_diff(is_wanted: bool, output: Output | None, shared: Shared) -> None:
    """Refuse a comparison that would not be shown, or not before something is written."""
    if is_wanted and shared.dry_run is DryRun.NONE:
        raise typer.BadParameter("it is for a dry run: add --dry-run", param_hint="--diff")
    if is_wanted and output is not None:
        raise typer.BadParameter(
            "it has no other form here; kubefedctl diff has -o", param_hint="--diff"
        )
