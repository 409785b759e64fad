"""The command `enable`."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

import typer

from kubefedctl.cli.files import read_documents, renew
from kubefedctl.cli.options import OutputOption, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.errors import ManifestError
from kubefedctl.model.events import Event
from kubefedctl.model.refs import Object

TypeNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TYPE", help="A type that the host serves. Give TYPE or -f.", show_default=False
    ),
]
FederatedGroup = Annotated[
    str, typer.Option("--federated-group", metavar="GROUP", help="API group of federated types.")
]
FederatedVersion = Annotated[
    str,
    typer.Option("--federated-version", metavar="VERSION", help="API version of federated types."),
]
Version = Annotated[
    str,
    typer.Option(
        "--version",
        metavar="VERSION",
        help="API version of the target type. Default: the one the host prefers.",
        show_default=False,
    ),
]
Filename = Annotated[
    str,
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="An EnableTypeDirective, instead of TYPE.",
        show_default=False,
    ),
]


@with_shared
def enable(
    *,
    types: TypeNames = None,
    federated_group: FederatedGroup = "types.kubefed.io",
    federated_version: FederatedVersion = "v1beta1",
    version: Version = "",
    filename: Filename = "",
    output: OutputOption = None,
    shared: Shared,
) -> None:
    """
    Enable API types for federation.

    TYPE is a kind, plural, singular or short name, or plural.group. Makes the CRD of the federated
    type and the FederatedTypeConfig that ties it to its target.

    Example: kubefedctl enable statefulsets.apps --host-cluster-context cluster1

    Example: kubefedctl enable sts ds -o yaml

    Example: kubefedctl enable -f directive.yaml
    """
    from kubefedctl.core.enabling import Directive, parse_directive
    from kubefedctl.ops.enable import EnableOptions
    from kubefedctl.ops.enable import enable as allow

    warnings: tuple[Event, ...] = ()
    if filename:
        documents, warnings = renew([_read_one(filename)], filename)
        directives = [parse_directive(documents[0], source=filename)]
    elif types:
        directives = [
            Directive(name, version, federated_group, federated_version) for name in types
        ]
    else:
        raise typer.BadParameter("give a TYPE, or a file with -f")
    options = EnableOptions(shared.kubefed_namespace, shared.is_dry_run, shared.prints_only(output))
    with open_fleet(shared) as fleet:
        events = chain(warnings, allow(fleet, directives, options))
        show_all(events, shared, output=output, fleet=fleet)


def _read_one(filename: str) -> Object:
    """Return the first document of a file; KubeFed looks at no other."""
    documents = read_documents(filename)
    if not documents:
        raise ManifestError(
            f"{filename}: there is nothing in it", hint="give an EnableTypeDirective, or a TYPE"
        )
    return documents[0]
