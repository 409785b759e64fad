"""The command `sync`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from typing import TYPE_CHECKING

import typer

from kubefedctl.cli.comparing import end_by_changes, noting_changes
from kubefedctl.cli.fromfiles import Files, sync_from_files
from kubefedctl.cli.looking import Looking
from kubefedctl.cli.options import DryRun, Shared, with_shared
from kubefedctl.cli.reporting import Reports, let_hear, open_report, shows_changes, takes_stdout
from kubefedctl.cli.reviewing import Planning, Shaping
from kubefedctl.cli.rollout import Rollout
from kubefedctl.cli.sharding import Sharding
from kubefedctl.cli.syncing import Bounds, Controllers, Telling, Writing, refuse_empty
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.announcements import Announcing
from kubefedctl.model.events import Compared, Event

if TYPE_CHECKING:
    from kubefedctl.ops.reviewing import Reviewing
    from kubefedctl.ops.sync import SyncOptions


@with_shared
def sync(
    *,
    ctx: typer.Context,
    files: Files,
    looking: Looking,
    sharding: Sharding,
    bounds: Bounds,
    rollout: Rollout,
    writing: Writing,
    controllers: Controllers,
    telling: Telling,
    reports: Reports,
    planning: Planning,
    shared: Shared,
) -> None:
    """
    Bring every member cluster to what the host says, once.

    Probes the members, creates, updates and deletes what placement and overrides ask for, and
    records versions and statuses on the host. Nothing is written where nothing differs. Narrowed to
    types, objects, a namespace or clusters, it leaves alone what it does not look at.

    With --wait it ends when Deployments and whatever else has a status are ready in the members.

    Two syncs never work at once, nor a sync beside KubeFed's controller-manager: there is a lock.

    With -f, files say what a host would, and there is none: members are found by their contexts,
    and each records what was applied to it.

    Example: kubefedctl sync --host-cluster-context cluster1

    Example: kubefedctl sync --dry-run=server

    Example: kubefedctl sync --dry-run=server --diff

    Example: kubefedctl sync --wait --timeout 10m

    Example: kubefedctl sync --waves 'canary=eu-1,25%,*' --timeout 1h

    Example: kubefedctl sync deployments/web -n shop --cluster eu-1

    Example: kubefedctl sync --shard 2/3

    Example: kubefedctl sync --plan-out plan.json

    Example: kubefedctl sync --plan plan.json

    Example: kubefedctl sync -f fleet/ --clusters eu-1,eu-2 --prune
    """
    from kubefedctl.ops.reviewing import Reviewing

    refuse_empty(ctx)
    shared = planning.restrain(shared)
    telling.check(shared)
    given = Shaping(looking, bounds, writing, controllers, shared, rollout, sharding)
    files.check(given, planning)
    targets = reports.targets(output=telling.output)
    is_stdout_taken = telling.diff or telling.output is not None or takes_stdout(targets)
    files_taken = [target.path for target in targets if not target.is_shared]
    planning.check(is_stdout_taken=is_stdout_taken, taken=files_taken)
    with open_report("sync", shared, output=telling.output, targets=targets) as report:
        compares = telling.diff or shows_changes(targets)
        if files.filename:
            wanted = files.options(given, compares=compares)
            taken = takes_stdout(targets)
            sync_from_files(files, wanted, shared, telling, report=report, frees_stdout=taken)
            return
        reviewed = planning.read()
        shaping = given.follow(reviewed, ctx)
        review = Reviewing(bool(planning.plan_out), reviewed, planning.partial)
        options = _make_options(shaping, review, compares=compares)
        frees_stdout = planning.is_printed or takes_stdout(targets)

        def hear(events: Iterable[Event], host: str) -> Iterable[Event]:
            return planning.keep(let_hear(report, events, host=host), shaping.terms)

        _carry_out(options, shaping.shared, telling, hear=hear, frees_stdout=frees_stdout)


def _make_options(shaping: Shaping, review: Reviewing, *, compares: bool) -> SyncOptions:
    from kubefedctl.ops.sync import SyncOptions

    shared, bounds, controllers = shaping.shared, shaping.bounds, shaping.controllers
    return SyncOptions(
        kubefed_namespace=shared.kubefed_namespace,
        timeout=bounds.seconds,
        is_dry_run=shared.is_dry_run,
        # NB: an event that is only checked by the API server tells nothing
        announcing=Announcing.NONE if shared.is_rehearsal else controllers.events,
        writing=shaping.writing.policy,
        lock_wait=None if shared.is_rehearsal else bounds.lock_wait,
        rescheduling=controllers.rsp,
        request=shaping.request,
        deletion_scope=bounds.deletion_scope,
        limit=bounds.limit,
        tells_contents=shared.dry_run is not DryRun.NONE,
        compares=compares,
        goal=shaping.rollout.goal(shared),
        waves=shaping.rollout.rules,
        review=review,
    )


def _carry_out(
    options: SyncOptions,
    shared: Shared,
    telling: Telling,
    *,
    hear: Callable[[Iterable[Event], str], Iterable[Event]],
    frees_stdout: bool,
) -> None:
    """Sync, and show what happens to the person; *hear* gets all of it first, and the host."""
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.ops.sync import sync as bring_in_step

    seen: list[Compared] = []
    with (
        halting_on_signals() as halt,
        open_fleet(shared) as fleet,
        # NB: the lock is given back before the connections are
        closing(bring_in_step(fleet, options, halt=halt)) as happening,
    ):
        events = hear(happening, fleet.host.name)
        show_all(
            noting_changes(events, seen, shows=telling.diff),
            shared,
            output=telling.output,
            frees_stdout=frees_stdout,
        )
    if telling.diff:
        end_by_changes(seen)
