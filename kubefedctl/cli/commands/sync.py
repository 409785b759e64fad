"""The command `sync`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from kubefedctl.cli.comparing import end_by_changes, noting_changes
from kubefedctl.cli.looking import Looking
from kubefedctl.cli.options import DryRun, Shared, with_shared
from kubefedctl.cli.reporting import Reports, let_hear, open_report, shows_changes, takes_stdout
from kubefedctl.cli.syncing import Bounds, Controllers, Telling, Writing
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.announcements import Announcing
from kubefedctl.model.events import Compared

if TYPE_CHECKING:
    from kubefedctl.ops.sync import SyncOptions
    from kubefedctl.render.report import Reporter


@with_shared
def sync(
    *,
    looking: Looking,
    bounds: Bounds,
    writing: Writing,
    controllers: Controllers,
    telling: Telling,
    reports: Reports,
    shared: Shared,
) -> None:
    """
    Bring every member cluster to what the host says, once.

    Probes the members, creates, updates and deletes what placement and overrides ask for, and
    records versions and statuses on the host. Nothing is written where nothing differs. Narrowed to
    types, objects, a namespace or clusters, it leaves alone what it does not look at.

    With --wait it ends when Deployments and whatever else has a status are ready in the members.

    Two syncs never work at once, nor a sync beside KubeFed's controller-manager: there is a lock.

    Example: kubefedctl sync --host-cluster-context cluster1

    Example: kubefedctl sync --dry-run=server

    Example: kubefedctl sync --dry-run=server --diff

    Example: kubefedctl sync --wait --timeout 10m

    Example: kubefedctl sync deployments/web -n shop --cluster eu-1
    """
    from kubefedctl.ops.sync import SyncOptions

    telling.check(shared)
    targets = reports.targets(output=telling.output)
    with open_report("sync", shared, output=telling.output, targets=targets) as report:
        options = SyncOptions(
            kubefed_namespace=shared.kubefed_namespace,
            timeout=bounds.seconds,
            is_dry_run=shared.is_dry_run,
            # NB: an event that is only checked by the API server tells nothing
            announcing=Announcing.NONE if shared.is_rehearsal else controllers.events,
            writing=writing.policy,
            lock_wait=None if shared.is_rehearsal else bounds.lock_wait,
            rescheduling=controllers.rsp,
            request=looking.request,
            deletion_scope=bounds.deletion_scope,
            limit=bounds.limit,
            tells_contents=shared.dry_run is not DryRun.NONE,
            compares=telling.diff or shows_changes(targets),
            goal=bounds.goal if shared.dry_run is DryRun.NONE else None,
        )
        _carry_out(options, shared, telling, report=report, frees_stdout=takes_stdout(targets))


def _carry_out(
    options: SyncOptions,
    shared: Shared,
    telling: Telling,
    *,
    report: Reporter | None,
    frees_stdout: bool,
) -> None:
    """Sync, and show what happens to the person and let the report hear it."""
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.ops.sync import sync as bring_in_step

    seen: list[Compared] = []
    with (
        halting_on_signals() as halt,
        open_fleet(shared) as fleet,
        # NB: the lock is given back before the connections are
        closing(bring_in_step(fleet, options, halt=halt)) as happening,
    ):
        events = let_hear(report, happening, host=fleet.host.name)
        show_all(
            noting_changes(events, seen, shows=telling.diff),
            shared,
            output=telling.output,
            telling="quiet" if telling.quiet else "live",
            frees_stdout=frees_stdout,
        )
    if telling.diff:
        end_by_changes(seen)
