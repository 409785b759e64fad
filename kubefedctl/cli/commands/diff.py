"""The command `diff`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from kubefedctl.cli.comparing import end_by_changes, noting_changes
from kubefedctl.cli.fromfiles import Files, diff_from_files
from kubefedctl.cli.looking import Looking
from kubefedctl.cli.options import Shared, with_shared
from kubefedctl.cli.reporting import Reports, let_hear, open_report, takes_stdout
from kubefedctl.cli.reviewing import Planning, Shaping
from kubefedctl.cli.syncing import Bounds, Controllers, StrategyOption, Writing
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.actions import WritePolicy
from kubefedctl.model.events import Compared, Output


class _Form(StrEnum):
    """Forms in which a comparison is printed."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


OutputForm = Annotated[
    _Form, typer.Option("--output", "-o", help="The form in which the changes are printed.")
]


@with_shared
def diff(
    *,
    files: Files,
    looking: Looking,
    strategy: StrategyOption = None,
    form: OutputForm = _Form.TEXT,
    reports: Reports,
    shared: Shared,
) -> None:
    """
    Show what a sync would change in the members, field by field.

    Reads what a sync reads and plans as it does, and writes nothing. The same change in several
    clusters is told once. Values of Secrets are not shown. Ends with 0 where nothing differs, with
    1 where something does, and with more where it could not be found out.

    Example: kubefedctl diff

    Example: kubefedctl diff deployments/web -n shop --cluster eu-1 -o json

    Example: kubefedctl diff -f fleet/ --clusters eu-1,eu-2
    """
    from kubefedctl.core.strategies import parse_strategies
    from kubefedctl.ops.diff import DiffOptions
    from kubefedctl.ops.diff import diff as find_changes

    usual = Shaping(looking, Bounds(), Writing(), Controllers(), shared)
    files.check(usual, Planning())
    output = None if form is _Form.TEXT else Output(form.value)
    targets = reports.targets(output=output)
    policy = WritePolicy(parse_strategies(strategy or ()))
    if files.filename:
        wanted = files.diff_options(looking, policy)
        diff_from_files(files, wanted, shared, output=output, targets=targets)
        return
    options = DiffOptions(
        kubefed_namespace=shared.kubefed_namespace,
        request=looking.request,
        writing=policy,
    )
    seen: list[Compared] = []
    with open_report("diff", shared, targets=targets) as report:
        with open_fleet(shared) as fleet:
            events = let_hear(report, find_changes(fleet, options), host=fleet.host.name)
            show_all(
                noting_changes(events, seen),
                shared,
                output=output,
                frees_stdout=takes_stdout(targets),
            )
        end_by_changes(seen)
