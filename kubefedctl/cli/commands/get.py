"""The command `get`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from kubefedctl.cli.looking import Cluster
from kubefedctl.cli.options import Namespace, Output, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all


class _Form(StrEnum):
    """Forms in which objects are shown."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


Wanted = Annotated[
    list[str],
    typer.Argument(
        metavar="TYPE [NAME]",
        help="A type that members serve, or several with commas, and names; or TYPE/NAME.",
        show_default=False,
    ),
]
AllNamespaces = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="Look into all namespaces.")
]
Selector = Annotated[
    str,
    typer.Option(
        "--selector",
        "-l",
        metavar="SELECTOR",
        help="Show objects with these labels alone, such as 'app=web,tier in (a,b)'.",
        show_default=False,
    ),
]
Managed = Annotated[
    bool, typer.Option("--managed", help="Show only objects that carry KubeFed's label.")
]
OutputForm = Annotated[
    _Form, typer.Option("--output", "-o", help="The form in which the objects are shown.")
]


@with_shared
def get(
    *,
    words: Wanted,
    namespace: Namespace = "",
    all_namespaces: AllNamespaces = False,
    cluster: Cluster = None,
    selector: Selector = "",
    managed: Managed = False,
    form: OutputForm = _Form.TABLE,
    shared: Shared,
) -> None:
    """
    Show the objects of all member clusters in one table.

    The columns are those that kubectl shows, with CLUSTER beside the name. Any type that members
    serve, also one that is not federated. Clusters that do not answer are told on stderr, the
    others are shown. Values of Secrets are not shown.

    Example: kubefedctl get pods -n shop

    Example: kubefedctl get deployments,services -A --managed

    Example: kubefedctl get nodes --cluster eu-1,eu-2 -o wide
    """
    from kubefedctl.core.gathering import parse_wanted
    from kubefedctl.core.narrowing import parse_request
    from kubefedctl.ops.gathering import View
    from kubefedctl.ops.get import GetOptions
    from kubefedctl.ops.get import get as gather

    if namespace and all_namespaces:
        raise typer.BadParameter("-n and --all-namespaces do not go together")
    views = {_Form.JSON: View.OBJECTS, _Form.YAML: View.OBJECTS, _Form.NAME: View.NAMES}
    options = GetOptions(
        parse_wanted(words),
        kubefed_namespace=shared.kubefed_namespace,
        namespace=namespace,
        is_everywhere=all_namespaces,
        request=parse_request((), clusters=cluster or (), selector=selector),
        is_managed=managed,
        view=views.get(form, View.TABLE),
        is_wide=form is _Form.WIDE,
    )
    output = Output(form.value) if options.view is View.OBJECTS else None
    with open_fleet(shared) as fleet:
        show_all(gather(fleet, options), shared, output=output)
