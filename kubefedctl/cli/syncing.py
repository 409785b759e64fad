"""
The options of a sync, in groups: how members are written, how far it may go, what it tells.

Here: each option once, and what is made of a group. Not here: what a sync looks at (`looking`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl.cli.options import DryRun, Output, Shared
from kubefedctl.model.actions import WritePolicy
from kubefedctl.model.announcements import Announcing
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.schedules import Rescheduling

if TYPE_CHECKING:
    from kubefedctl.core.guarding import DeletionLimit

StrategyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--strategy",
        metavar="[TYPE=]<apply|replace>",
        help="How objects in members are updated, all or those of a type. apply (the default)"
        " leaves fields alone that others own, replace writes whole objects, as KubeFed does.",
        show_default=False,
    ),
]
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
        help="How long a run waits for its members: until deleted objects are gone, and with --wait"
        " until objects are ready.",
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
RecreateImmutable = Annotated[
    bool,
    typer.Option(
        "--recreate-immutable",
        help="Delete and create anew what has a field that no update can change; never namespaces,"
        " CRDs, volumes and claims.",
    ),
]


_NEVER_EMPTY = frozenset({"filename", "max_deletes", "plan", "plan_out", "waves"})


def refuse_empty(ctx: typer.Context) -> None:
    """
    Refuse an option that holds a sync back and was given without a value.

    An unset variable in a script would otherwise let loose what the option was to prevent.

    Raises:
        BadParameter: There is one.
    """
    for param in ctx.command.params:
        if param.name in _NEVER_EMPTY and ctx.params.get(param.name) == "":
            source = ctx.get_parameter_source(param.name)
            if source is not None and source.name == "COMMANDLINE":
                raise typer.BadParameter(
                    "it is empty, as a variable is that is not set", param_hint=param.opts[0]
                )


@dataclass(frozen=True, slots=True)
class Writing:
    """
    How objects in members are written.

    Args:
        strategy: How they are updated, for all types or one.
        recreate_immutable: Whether what cannot be updated is made anew.
    """

    strategy: StrategyOption = None
    recreate_immutable: RecreateImmutable = False

    @property
    def policy(self) -> WritePolicy:
        """
        What the options ask for.

        Raises:
            InputError: They cannot be read.
        """
        from kubefedctl.core.strategies import parse_strategies

        return WritePolicy(parse_strategies(self.strategy or ()), recreates=self.recreate_immutable)


@dataclass(frozen=True, slots=True)
class Bounds:
    """
    How long a sync waits, and how much it may take away.

    Args:
        deletion_scope: Which clusters a deletion waits for.
        max_deletes: A number or a share; empty for no bound.
        timeout: How long to wait for members.
        lock: How long to wait for the lock.
    """

    deletion_scope: DeletionScopeOption = DeletionScope.KNOWN
    max_deletes: MaxDeletes = ""
    timeout: Timeout = "5m"
    lock: Lock = "wait=1m"

    @property
    def limit(self) -> DeletionLimit | None:
        """How many deletions are allowed; None for any number."""
        from kubefedctl.core.guarding import parse_limit

        return parse_limit(self.max_deletes) if self.max_deletes else None

    @property
    def seconds(self) -> float:
        """How long to wait for what is deleted, and for what is to become ready."""
        from kubefedctl.core.configuring import parse_duration

        return parse_duration(self.timeout)

    @property
    def lock_wait(self) -> float | None:
        """Seconds to wait for the lock; None for no lock."""
        from kubefedctl.core.locking import parse_lock_wait

        return parse_lock_wait(self.lock)


@dataclass(frozen=True, slots=True)
class Controllers:
    """
    What a sync does of KubeFed's other controllers.

    Args:
        events: Which Kubernetes events are left on the host.
        rsp: What is made of ReplicaSchedulingPreferences.
    """

    events: Events = Announcing.AUTO
    rsp: Rsp = Rescheduling.AUTO


@dataclass(frozen=True, slots=True)
class Telling:
    """
    What a sync tells, and how.

    Args:
        output: The form of the report on stdout; None for lines.
        diff: Whether changes are shown field by field.
    """

    output: ReportOutput = None
    diff: DiffOption = False

    def check(self, shared: Shared) -> None:
        """Refuse a comparison that would not be shown, or not before something is written."""
        if self.diff and shared.dry_run is DryRun.NONE:
            raise typer.BadParameter("it is for a dry run: add --dry-run", param_hint="--diff")
        if self.diff and self.output is not None:
            raise typer.BadParameter(
                "it has no other form here; kubefedctl diff has -o", param_hint="--diff"
            )
