"""
The options of a sync of files, and what `sync` and `diff` do with them.

Here: which options go with -f and which do not, and from files to the operation. Not here: the
operation (`ops.filesync`), reading files (`sources`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl.cli.comparing import end_by_changes, noting_changes
from kubefedctl.cli.options import Shared
from kubefedctl.cli.reporting import Target, let_hear, open_report, takes_stdout
from kubefedctl.cli.reviewing import Planning, Shaping
from kubefedctl.cli.syncing import Bounds, Controllers, Telling
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.events import Compared, Event, Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubefedctl.cli.looking import Looking
    from kubefedctl.core.assembling import Assembled
    from kubefedctl.model.actions import WritePolicy
    from kubefedctl.ops.filereading import FileSyncOptions
    from kubefedctl.render.report import Reporter

Filename = Annotated[
    str,
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="Do without a host: take the federation from a file, a folder with all below it, or -"
        " for standard input.",
        show_default=False,
    ),
]
Clusters = Annotated[
    str,
    typer.Option(
        "--clusters",
        metavar="NAME[=CONTEXT],...",
        help="With -f: the clusters, separated by commas, with the contexts that lead to them."
        " Default: the KubeFedClusters in the files.",
        show_default=False,
    ),
]
ClustersFile = Annotated[
    str,
    typer.Option(
        "--clusters-file",
        metavar="FILE",
        help="With -f: a list of clusters with name, context and labels. Default: clusters.yaml at"
        " the top of the folder.",
        show_default=False,
    ),
]
ApplySet = Annotated[
    str,
    typer.Option(
        "--applyset",
        metavar="[NAMESPACE/]NAME",
        help="With -f: the ApplySet in which each member records what was applied. Default:"
        " default/kubefedctl.",
        show_default=False,
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="With -f: delete what the ApplySet has and the files not.")
]


@dataclass(frozen=True, slots=True)
class Files:
    """
    What is synced instead of a host.

    Args:
        filename: File, folder or `-`; empty where a host is synced.
        clusters: Names and contexts.
        clusters_file: A file with a list of clusters.
        applyset: Namespace and name of the set's parent.
        prune: Whether what left the files is deleted.
    """

    filename: Filename = ""
    clusters: Clusters = ""
    clusters_file: ClustersFile = ""
    applyset: ApplySet = ""
    prune: Prune = False

    def check(self, given: Shaping, planning: Planning) -> None:
        """Refuse options that do not go with a host, or not with files."""
        ours = {
            "--clusters": self.clusters,
            "--clusters-file": self.clusters_file,
            "--applyset": self.applyset,
            "--prune": self.prune,
        }
        for flag, value in ours.items():
            if value and not self.filename:
                raise typer.BadParameter("it goes with -f", param_hint=flag)
        bounds, controllers = Bounds(), Controllers()
        of_host = {
            "--host-cluster-context": bool(given.shared.host_cluster_context),
            "--deletion-scope": given.bounds.deletion_scope != bounds.deletion_scope,
            "--lock": given.bounds.lock != bounds.lock,
            "--events": given.controllers.events != controllers.events,
            "--rsp": given.controllers.rsp != controllers.rsp,
            "--shard": bool(given.sharding.shard),
            "--plan": bool(planning.plan),
            "--plan-out": bool(planning.plan_out),
        }
        for flag, is_given in of_host.items():
            if self.filename and is_given:
                raise typer.BadParameter("it is about a host, and -f has none", param_hint=flag)

    def read(self, shared: Shared) -> tuple[Assembled, Sequence[Event]]:
        """
        Return what the files describe, with what is to be told of them.

        Raises:
            InputError: They cannot be read, built or understood.
        """
        from kubefedctl.cli.files import renew
        from kubefedctl.cli.sources import read_fleet
        from kubefedctl.core.assembling import assemble

        objects, listed = read_fleet(self.filename, clusters_file=self.clusters_file)
        renewed, warnings = renew(objects, self.filename)
        words = [word for part in self.clusters.split(",") if (word := part.strip())]
        assembled = assemble(
            renewed, clusters=words, listed=listed, kubefed_namespace=shared.kubefed_namespace
        )
        return assembled, warnings

    def options(self, given: Shaping, *, compares: bool) -> FileSyncOptions:
        """
        Return how a sync goes about it.

        Raises:
            InputError: An option cannot be read.
        """
        bounds, shared = given.bounds, given.shared
        return replace(
            self.diff_options(given.looking, given.writing.policy),
            timeout=bounds.seconds,
            is_dry_run=shared.is_dry_run,
            limit=bounds.limit,
            goal=given.rollout.goal(shared),
            waves=given.rollout.rules,
            compares=compares,
        )

    def diff_options(self, looking: Looking, policy: WritePolicy) -> FileSyncOptions:
        """
        Return how a comparison goes about it.

        Raises:
            InputError: An option cannot be read.
        """
        from kubefedctl.core.applysets import DEFAULT_PLACE, parse_place
        from kubefedctl.ops.filereading import FileSyncOptions

        return FileSyncOptions(
            place=parse_place(self.applyset) if self.applyset else DEFAULT_PLACE,
            prunes=self.prune,
            writing=policy,
            request=looking.request,
        )


def sync_from_files(
    files: Files,
    options: FileSyncOptions,
    shared: Shared,
    telling: Telling,
    *,
    report: Reporter | None,
    frees_stdout: bool,
) -> None:
    """Sync files, and show what happens to the person and let the report hear it."""
    from kubefedctl.cli.signals import halting_on_signals
    from kubefedctl.ops.filesync import sync_files

    assembled, warnings = files.read(shared)
    seen: list[Compared] = []
    with (
        halting_on_signals() as halt,
        open_fleet(shared) as fleet,
        closing(sync_files(fleet, assembled, options, halt=halt)) as happening,
    ):
        events = let_hear(report, _after(warnings, happening), host="")
        show_all(
            noting_changes(events, seen, shows=telling.diff),
            shared,
            output=telling.output,
            frees_stdout=frees_stdout,
        )
    if telling.diff:
        end_by_changes(seen)


def diff_from_files(
    files: Files,
    options: FileSyncOptions,
    shared: Shared,
    *,
    output: Output | None,
    targets: Sequence[Target],
) -> None:
    """Show what a sync of files would change."""
    from kubefedctl.ops.filesync import diff_files

    seen: list[Compared] = []
    with open_report("diff", shared, targets=targets) as report:
        assembled, warnings = files.read(shared)
        with open_fleet(shared) as fleet:
            told = _after(warnings, diff_files(fleet, assembled, options))
            show_all(
                noting_changes(let_hear(report, told, host=""), seen),
                shared,
                output=output,
                frees_stdout=takes_stdout(targets),
            )
        end_by_changes(seen)


def _after(before: Sequence[Event], events: Iterator[Event]) -> Iterator[Event]:
    yield from before
    yield from events
