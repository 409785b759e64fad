"""The command `status`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from kubefedctl.cli.looking import Looking
from kubefedctl.cli.options import Form, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.errors import ExitCode
from kubefedctl.model.events import Event, Standing

OutputForm = Annotated[
    Form, typer.Option("--output", "-o", help="The form in which the status is printed.")
]
TellByCode = Annotated[
    bool,
    typer.Option(
        "--exit-code", help="End with 1 where a sync would change something or could not."
    ),
]


Watch = Annotated[
    bool,
    typer.Option(
        "--watch",
        "-w",
        help="Look again every two seconds, and show what has changed, until Ctrl-C.",
    ),
]


@with_shared
def status(
    *,
    looking: Looking,
    form: OutputForm = Form.TABLE,
    exit_code: TellByCode = False,
    watch: Watch = False,
    shared: Shared,
) -> None:
    """
    Show how clusters, types and federated objects stand.

    Reads what a sync reads and plans as it does, and writes nothing. For each object and cluster:
    ok or the replicas that are ready, what a sync would do, or KubeFed's word for what is wrong.

    Example: kubefedctl status

    With --watch a terminal shows it in place, a pipe has a block for each change, and -o json a
    line with a document for each.

    Example: kubefedctl status deployments/web -n shop -o json

    Example: kubefedctl status --watch
    """
    from kubefedctl.ops.status import StatusOptions, watch_status
    from kubefedctl.ops.status import status as look

    if watch and exit_code:
        raise typer.BadParameter("a watch has no end to tell by", param_hint="--exit-code")
    options = StatusOptions(shared.kubefed_namespace, looking.request)
    seen: list[Standing] = []
    with open_fleet(shared) as fleet:
        if watch:
            glances = watch_status(fleet, options)
            show_all(glances, shared, output=form.output, telling="watched")
            return
        show_all(_noting(look(fleet, options), seen), shared, output=form.output)
    if exit_code and not all(found.situation.is_settled for found in seen):
        raise typer.Exit(ExitCode.NO)


def _noting(events: Iterable[Event], seen: list[Standing]) -> Iterator[Event]:
    """Yield *events*, and keep the answers among them."""
    for event in events:
        if isinstance(event, Standing):
            seen.append(event)
        yield event
