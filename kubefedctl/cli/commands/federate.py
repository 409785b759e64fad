"""The command `federate`."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import Annotated

import typer

from kubefedctl.cli.files import read_objects, renew
from kubefedctl.cli.options import Namespace, OutputOption, Shared, with_shared
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.model.refs import Object

TypeName = Annotated[
    str,
    typer.Argument(
        metavar="TYPE",
        help="A type that the host serves. Give TYPE and NAME, or -f.",
        show_default=False,
    ),
]
ObjectName = Annotated[
    str, typer.Argument(metavar="NAME", help="The object in the host.", show_default=False)
]
Contents = Annotated[
    bool,
    typer.Option("--contents", "-c", help="With a namespace: federate what is in it, too."),
]
EnableType = Annotated[
    bool, typer.Option("--enable-type", "-t", help="Enable the type first where it is not.")
]
Filename = Annotated[
    str,
    typer.Option(
        "--filename",
        "-f",
        metavar="FILE",
        help="Print the federated form of a file's objects (- for standard input); no cluster is"
        " asked.",
        show_default=False,
    ),
]
SkipApiResources = Annotated[
    list[str] | None,
    typer.Option(
        "--skip-api-resources",
        "-s",
        metavar="TYPES",
        help="With --contents: types and groups to leave out, separated by commas.",
        show_default=False,
    ),
]

Clusters = Annotated[
    str | None,
    typer.Option(
        "--clusters",
        metavar="NAMES",
        help="Place it in these clusters, separated by commas. Default: in every cluster.",
        show_default=False,
    ),
]
ClusterSelector = Annotated[
    str | None,
    typer.Option(
        "--cluster-selector",
        metavar="SELECTOR",
        help="Place it in the clusters with these labels, such as 'zone=eu,tier in (a,b)'.",
        show_default=False,
    ),
]
Update = Annotated[
    bool,
    typer.Option(
        "--update",
        help="Renew the template of what is federated already; placement and overrides stay.",
    ),
]
WithDependencies = Annotated[
    bool,
    typer.Option(
        "--with-dependencies",
        help="With a workload: federate the config maps, secrets, service accounts and volume"
        " claims that it names, too.",
    ),
]


class AnnotationsChoice(StrEnum):
    """What becomes of the source's annotations."""

    DROP = "drop"
    OVERRIDE = "override"


Annotations = Annotated[
    AnnotationsChoice,
    typer.Option(
        "--annotations",
        help="Drop the source's annotations, or carry them in an override for each cluster that"
        " is named or joined.",
    ),
]


@with_shared
def federate(
    *,
    type_name: TypeName = "",
    name: ObjectName = "",
    namespace: Namespace = "",
    contents: Contents = False,
    enable_type: EnableType = False,
    filename: Filename = "",
    skip_api_resources: SkipApiResources = None,
    clusters: Clusters = None,
    cluster_selector: ClusterSelector = None,
    update: Update = False,
    with_dependencies: WithDependencies = False,
    annotations: Annotations = AnnotationsChoice.DROP,
    output: OutputOption = None,
    shared: Shared,
) -> None:
    """
    Make a federated object from one that stands in the host.

    It is placed in every member cluster or in those you name; the next sync brings it there.

    Example: kubefedctl federate deployment test-deployment1 -n federate-me
    """
    from kubefedctl.ops.federate import FederateOptions, federate_documents
    from kubefedctl.ops.federate import federate as make_federated

    placement = _make_placement(clusters, cluster_selector)
    carries = annotations is AnnotationsChoice.OVERRIDE
    if filename:
        _refuse_with_file(type_name, with_dependencies, needs_clusters=carries and clusters is None)
        objects, warnings = renew(read_objects(filename), filename)
        made = federate_documents(objects, placement=placement, carries_annotations=carries)
        show_all(chain(warnings, made), shared, output=output)
        return
    if not type_name or not name:
        raise typer.BadParameter("give TYPE and NAME, or a file with -f")
    if contents and with_dependencies:
        raise typer.BadParameter("--contents brings everything; leave out --with-dependencies")
    if enable_type and shared.prints_only(output):
        raise typer.BadParameter("--enable-type writes, so it does not go with --output")
    skipped = [part for item in skip_api_resources or () for part in item.split(",")]
    options = FederateOptions(
        type_key=type_name,
        name=name,
        namespace=namespace,
        contents=contents,
        enables_type=enable_type,
        skipped_types=tuple(skipped),
        kubefed_namespace=shared.kubefed_namespace,
        is_dry_run=shared.is_dry_run,
        prints_yaml=shared.prints_only(output),
        updates=update,
        placement=placement,
        with_dependencies=with_dependencies,
        carries_annotations=carries,
    )
    with open_fleet(shared) as fleet:
        show_all(make_federated(fleet, options), shared, output=output, fleet=fleet)


def _refuse_with_file(type_name: str, with_dependencies: bool, *, needs_clusters: bool) -> None:
    if type_name:
        raise typer.BadParameter("--filename does not go with TYPE and NAME")
    if with_dependencies:
        raise typer.BadParameter("--with-dependencies asks the host, and --filename no cluster")
    if needs_clusters:
        raise typer.BadParameter(
            "--annotations override with --filename asks no cluster: name them with --clusters"
        )


def _make_placement(clusters: str | None, cluster_selector: str | None) -> Object | None:
    from kubefedctl.core.placing import place_by_selector, place_in_clusters

    if clusters is not None and cluster_selector is not None:
        raise typer.BadParameter("--clusters does not go with --cluster-selector")
    if clusters is not None:
        return place_in_clusters(clusters.split(","))
    return None if cluster_selector is None else place_by_selector(cluster_selector)
