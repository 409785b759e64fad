"""The command `check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from kubefedctl.cli.looking import Looking
from kubefedctl.cli.options import Output, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.errors import ExitCode
from kubefedctl.model.events import Diagnosed, Documents, Event
from kubefedctl.model.findings import Severity

if TYPE_CHECKING:
    from kubefedctl.ops.check import CheckOptions


class _Form(StrEnum):
    """Forms in which findings are printed."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    SARIF = "sarif"


OutputForm = Annotated[
    _Form, typer.Option("--output", "-o", help="The form in which the findings are printed.")
]
Strict = Annotated[bool, typer.Option("--strict", help="End with 1 also where there are warnings.")]


@with_shared
def check(
    *,
    looking: Looking,
    strict: Strict = False,
    form: OutputForm = _Form.TEXT,
    shared: Shared,
) -> None:
    """
    Find what is wrong with host, members and federated objects, and how to mend it.

    Before an install and at any time after it; nothing is written. Looks at reachability,
    versions, permissions, credentials, types, placements, overrides and what is left behind. Ends
    with 1 where there are errors, with 0 where there are none, and with more where the host could
    not be looked at.

    Example: kubefedctl check

    Example: kubefedctl check -n shop --cluster eu-1 -o json

    Example: kubefedctl check --strict -o sarif
    """
    from kubefedctl.ops.check import check as look

    outputs = {_Form.TEXT: None, _Form.YAML: Output.YAML}
    seen: list[Diagnosed] = []
    with open_fleet(shared) as fleet:
        events = _noting(look(fleet, _options(looking, shared)), seen, form)
        show_all(events, shared, output=outputs.get(form, Output.JSON))
    bad = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    if any(found.diagnosis.count(severity) for found in seen for severity in bad):
        raise typer.Exit(ExitCode.NO)


def _options(looking: Looking, shared: Shared) -> CheckOptions:
    from kubefedctl.core.remedies import Shell
    from kubefedctl.ops.check import CheckOptions

    shell = Shell(shared.kubeconfig, shared.host_cluster_context, shared.kubefed_namespace)
    return CheckOptions(shell, looking.request)


def _noting(events: Iterable[Event], seen: list[Diagnosed], form: _Form) -> Iterator[Event]:
    """Yield *events*, keep the answers among them, and give a SARIF log in their place."""
    for event in events:
        if not isinstance(event, Diagnosed):
            yield event
            continue
        seen.append(event)
        if form is _Form.SARIF:
            from kubefedctl.render.sarif import diagnosis_as_sarif

            yield Documents((diagnosis_as_sarif(event.diagnosis),))
        else:
            yield event
