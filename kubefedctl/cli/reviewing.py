"""
Options of plans that are written down, and the files that hold them.

Here: what goes together on the command line, reading and writing. Not here: what is in a plan
(`core.reviewing`) and the form of the document (`core.planfiles`).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl import __version__
from kubefedctl.cli.files import STANDARD_INPUT, read_standard_input
from kubefedctl.cli.filing import check_writable, write_whole
from kubefedctl.cli.looking import Looking
from kubefedctl.cli.options import DryRun, Shared
from kubefedctl.cli.rollout import Rollout
from kubefedctl.cli.sharding import Sharding
from kubefedctl.cli.syncing import Bounds, Controllers, Writing
from kubefedctl.errors import InputError
from kubefedctl.model.events import Drafted, Event, Step, counted
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.reviews import PlanTerms, ReviewedPlan
from kubefedctl.model.schedules import Rescheduling

if TYPE_CHECKING:
    from kubefedctl.core.narrowing import Request

_STANDARD_OUTPUT = "-"
_PRIVATE = 0o600

PlanOut = Annotated[
    str,
    typer.Option(
        "--plan-out",
        metavar="FILE",
        help="Write nothing to clusters, but the plan to this file, to be reviewed and carried out"
        " with --plan; - is standard output.",
        show_default=False,
    ),
]
PlanIn = Annotated[
    str,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="Carry out just this plan, with the options it was made with. What has moved since is"
        " named and refused.",
        show_default=False,
    ),
]
Partial = Annotated[
    bool,
    typer.Option(
        "--partial", help="With --plan: carry out what has not moved, though something has."
    ),
]


@dataclass(frozen=True, slots=True)
class Planning:
    """
    What a sync has to do with plans that are written down.

    Args:
        plan_out: Where one is written; empty for none.
        plan: Where one is read; empty for none.
        partial: Whether what has not moved is carried out though something has.
    """

    plan_out: PlanOut = ""
    plan: PlanIn = ""
    partial: Partial = False

    @property
    def is_printed(self) -> bool:
        """Whether the plan goes to standard output, which then has nothing else."""
        return self.plan_out == _STANDARD_OUTPUT

    def restrain(self, shared: Shared) -> Shared:
        """Return the shared options for a run that writes nothing where a plan is to be made."""
        if self.plan_out and shared.dry_run is DryRun.NONE:
            return replace(shared, dry_run=DryRun.CLIENT)
        return shared

    def check(self, *, is_stdout_taken: bool, taken: Collection[str] = ()) -> None:
        """
        Refuse what does not go together, and a file that cannot be written.

        Args:
            is_stdout_taken: Whether something else goes to standard output.
            taken: Files that reports go to.
        """
        if self.plan_out and self.plan:
            raise typer.BadParameter("it does not go with --plan", param_hint="--plan-out")
        if self.partial and not self.plan:
            raise typer.BadParameter("it is for a plan: add --plan FILE", param_hint="--partial")
        if self.is_printed and is_stdout_taken:
            raise typer.BadParameter(
                "standard output has the plan alone; name a file, or leave out --diff, -o and"
                " reports to -",
                param_hint="--plan-out",
            )
        if self.plan_out and os.path.realpath(self.plan_out) in map(os.path.realpath, taken):
            raise typer.BadParameter("a report would go there, too", param_hint="--plan-out")
        if self.plan_out and not self.is_printed:
            with self._telling():
                check_writable(Path(self.plan_out))

    def read(self) -> ReviewedPlan | None:
        """
        Return the plan that was given.

        Raises:
            InputError: It cannot be read, or is none.
        """
        return read_plan(self.plan) if self.plan else None

    def keep(self, events: Iterable[Event], terms: PlanTerms) -> Iterator[Event]:
        """Yield *events*, and write the plan that comes among them."""
        for event in events:
            yield event
            if isinstance(event, Drafted) and self.plan_out:
                yield self._write(event, terms)

    def _write(self, event: Drafted, terms: PlanTerms) -> Step:
        from kubefedctl.core.planfiles import make_document
        from kubefedctl.render.comparisons import comparison_as_object
        from kubefedctl.render.text import Stream

        changes = comparison_as_object(event.draft.comparison)["objects"]
        plan = replace(event.draft.plan, terms=terms)
        document = make_document(plan, version=__version__, changes=changes)
        text = json.dumps(document, indent=2) + "\n"
        told = f"wrote a plan of {counted(plan.size, 'change')}"
        if self.is_printed:
            Stream(sys.stdout).write_objects(text)
            return Step(told, level=0)
        with self._telling():
            write_whole(Path(self.plan_out), text.encode(), mode=_PRIVATE)
        return Step(f"{told} to {self.plan_out}: kubefedctl sync --plan carries it out", level=0)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what the operating system refuses into an error of ours."""
        try:
            yield
        except OSError as error:
            cause = (error.strerror or type(error).__name__).lower()
            raise InputError(
                f"cannot write the plan to {self.plan_out}: {cause}",
                hint="name a file in a folder that is there and may be written",
            ) from error


@dataclass(frozen=True, slots=True)
class Shaping:
    """
    All options that shape a plan.

    Args:
        looking: What is looked at.
        bounds: How far it may go.
        writing: How members are written.
        controllers: What is done of KubeFed's other controllers.
        shared: The shared options.
        rollout: In which order members are written; a plan says nothing of it.
        sharding: Which part is looked at.
    """

    looking: Looking
    bounds: Bounds
    writing: Writing
    controllers: Controllers
    shared: Shared
    rollout: Rollout = field(default_factory=Rollout)
    sharding: Sharding = field(default_factory=Sharding)

    @property
    def request(self) -> Request:
        """
        What is to be looked at.

        Raises:
            InputError: The options cannot be read.
        """
        return replace(self.looking.request, shard=self.sharding.part)

    @property
    def terms(self) -> PlanTerms:
        """The options as a plan remembers them."""
        clusters = [name.strip() for item in self.looking.cluster or () for name in item.split(",")]
        return PlanTerms(
            kubefed_namespace=self.shared.kubefed_namespace,
            words=tuple(sorted(self.looking.words or ())),
            namespace=self.looking.namespace,
            clusters=tuple(sorted(clusters)),
            selector=self.looking.selector,
            strategies=tuple(sorted(self.writing.strategy or ())),
            recreates=self.writing.recreate_immutable,
            deletion_scope=self.bounds.deletion_scope.value,
            max_deletes=self.bounds.max_deletes,
            rescheduling=self.controllers.rsp.value,
            shard="" if (part := self.sharding.part) is None else str(part),
        )

    def follow(self, plan: ReviewedPlan | None, ctx: typer.Context) -> Shaping:
        """
        Return the options that *plan* was made with; these where there is none.

        Raises:
            BadParameter: One that was given is another one there.
            InputError: The plan has an option that there is not.
        """
        if plan is None or plan.terms is None:
            return self
        terms = plan.terms
        for name, flag in _FLAGS.items():
            is_given = _is_given(ctx, _PARAMETERS.get(name, name))
            if is_given and getattr(self.terms, name) != getattr(terms, name):
                raise typer.BadParameter(
                    "the plan was made with another one; leave it out", param_hint=flag
                )
        if terms.deletion_scope not in set(DeletionScope):
            raise _fail_word("deletionScope", terms.deletion_scope)
        if terms.rescheduling not in set(Rescheduling):
            raise _fail_word("rsp", terms.rescheduling)
        scope = DeletionScope(terms.deletion_scope)
        bounds = replace(self.bounds, deletion_scope=scope, max_deletes=terms.max_deletes)
        return Shaping(
            Looking(list(terms.words), terms.namespace, list(terms.clusters), terms.selector),
            bounds,
            Writing(list(terms.strategies), terms.recreates),
            replace(self.controllers, rsp=Rescheduling(terms.rescheduling)),
            replace(self.shared, kubefed_namespace=terms.kubefed_namespace),
            self.rollout,
            sharding=Sharding(terms.shard),
        )


_FLAGS = {
    "kubefed_namespace": "--kubefed-namespace",
    "words": "TYPE[/NAME]",
    "namespace": "--namespace",
    "clusters": "--cluster",
    "selector": "--selector",
    "strategies": "--strategy",
    "recreates": "--recreate-immutable",
    "deletion_scope": "--deletion-scope",
    "max_deletes": "--max-deletes",
    "rescheduling": "--rsp",
    "shard": "--shard",
}
_PARAMETERS = {
    "clusters": "cluster",
    "strategies": "strategy",
    "recreates": "recreate_immutable",
    "rescheduling": "rsp",
}


def read_plan(filename: str) -> ReviewedPlan:
    """
    Return the plan in a file; `-` is standard input.

    Raises:
        InputError: The file cannot be read, or holds no plan that this version made.
    """
    from kubefedctl.core.planfiles import read_document

    source = "standard input" if filename == STANDARD_INPUT else filename
    try:
        is_standard = filename == STANDARD_INPUT
        data = read_standard_input() if is_standard else Path(filename).read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {source}: {(error.strerror or type(error).__name__).lower()}",
            hint="check the path that was given with --plan",
        ) from error
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{source} is not JSON, or not all of it is there",
            hint="make it anew with kubefedctl sync --plan-out FILE",
        ) from error
    return read_document(document, version=__version__, source=source)


def _is_given(ctx: typer.Context, name: str) -> bool:
    source = ctx.get_parameter_source(name)
    return source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")


def _fail_word(field: str, text: str) -> InputError:
    return InputError(f"the plan's options: {field} {text!r} is not known")
