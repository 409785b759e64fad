"""The command `schedule`."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

import typer

from kubefedctl.cli.files import read_objects, renew
from kubefedctl.cli.options import Form, Namespace, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all

PreferenceName = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="The ReplicaSchedulingPreference. Give NAME or -f.", show_default=False
    ),
]
Filename = Annotated[
    str,
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="Take the ReplicaSchedulingPreference from a file (- for standard input). No cluster"
        " is asked; nothing runs but what --current says.",
        show_default=False,
    ),
]
Clusters = Annotated[
    str | None,
    typer.Option(
        "--clusters",
        metavar="NAMES",
        help="The clusters, separated by commas. Default: those that are ready; with a file those"
        " that it names.",
        show_default=False,
    ),
]
Down = Annotated[
    str,
    typer.Option(
        "--down",
        metavar="NAMES",
        help="Plan as if these clusters did not answer.",
        show_default=False,
    ),
]
Current = Annotated[
    str,
    typer.Option(
        "--current",
        metavar="NAME=NUMBER,...",
        help="Plan as if so many replicas ran there.",
        show_default=False,
    ),
]
Capacity = Annotated[
    str,
    typer.Option(
        "--capacity",
        metavar="NAME=NUMBER,...",
        help="Plan as if there were no room for more than that.",
        show_default=False,
    ),
]
Total = Annotated[
    str,
    typer.Option(
        "--total",
        metavar="NUMBER",
        help="Plan for so many replicas. Default: totalReplicas of the preference.",
        show_default=False,
    ),
]
OutputForm = Annotated[
    Form, typer.Option("--output", "-o", help="The form in which the schedule is printed.")
]


@with_shared
def schedule(
    *,
    name: PreferenceName = "",
    filename: Filename = "",
    namespace: Namespace = "",
    clusters: Clusters = None,
    down: Down = "",
    current: Current = "",
    capacity: Capacity = "",
    total: Total = "",
    form: OutputForm = Form.TABLE,
    shared: Shared,
) -> None:
    """
    Show how a ReplicaSchedulingPreference would spread replicas, and why.

    The numbers are those that sync writes; nothing is written here. What is told with options
    counts instead of what the clusters say.

    Example: kubefedctl schedule web -n shop --down eu-1

    Example: kubefedctl schedule -f rsp.yaml --clusters c1,c2 --current c1=6
    """
    from kubefedctl.core.foreseeing import WhatIf, parse_count, parse_counts, pick_preference
    from kubefedctl.ops.schedule import ScheduleOptions, schedule_document
    from kubefedctl.ops.schedule import schedule as ask

    what_if = WhatIf(
        clusters=None if clusters is None else _names(clusters),
        down=_names(down),
        current=parse_counts(current, "--current"),
        capacity=parse_counts(capacity, "--capacity"),
        total=parse_count(total, "--total") if total else None,
    )
    output = form.output
    if filename:
        objects, warnings = renew(read_objects(filename), filename)
        obj = pick_preference(objects, name=name, namespace=namespace)
        show_all(chain(warnings, schedule_document(obj, what_if)), shared, output=output)
        return
    if not name:
        raise typer.BadParameter("give NAME, or a file with -f")
    options = ScheduleOptions(name, namespace, what_if, shared.kubefed_namespace)
    with open_fleet(shared) as fleet:
        show_all(ask(fleet, options), shared, output=output)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)
