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


@with_shared
def status(
    *,
    looking: Looking,
    form: OutputForm = Form.TABLE,
    exit_code: TellByCode = False,
    shared: Shared,
) -> None:
    """
    Show how clusters, types and federated objects stand.

    Reads what a sync reads and plans as it does, and writes nothing. For each object and cluster:
    ok or the replicas that are ready, what a sync would do, or KubeFed's word for what is wrong.

    Example: kubefedctl status

    Example: kubefedctl status deployments/web -n shop -o json
    """
    from kubefedctl.ops.status import StatusOptions
    from kubefedctl.ops.status import status as look

    options = StatusOptions(shared.kubefed_namespace, looking.request)
    seen: list[Standing] = []
    with open_fleet(shared) as fleet:
        show_all(_noting(look(fleet, options), seen), shared, output=form.output)
    if exit_code and not all(found.situation.is_settled for found in seen):
        raise typer.Exit(ExitCode.NO)


def _noting(events: Iterable[Event], seen: list[Standing]) -> Iterator[Event]:
    """Yield *events*, and keep the answers among them."""
    for event in events:
        if isinstance(event, Standing):
            seen.append(event)
        yield event
