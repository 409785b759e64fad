"""The commands `join` and `unjoin`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from kubefedctl.cli.options import ClusterName, GoingOption, OutputOption, Shared, with_shared
from kubefedctl.cli.prompting import Yes, make_confirm
from kubefedctl.cli.wiring import open_fleet, show_all
from kubefedctl.errors import InputError

ClusterContext = Annotated[
    str,
    typer.Option(
        "--cluster-context",
        metavar="CONTEXT",
        help="Context of the member cluster. Default: CLUSTER_NAME.",
        show_default=False,
    ),
]
HostClusterName = Annotated[
    str,
    typer.Option(
        "--host-cluster-name",
        metavar="NAME",
        help="The host's name in the names of the member's objects. Default: its context, or a"
        " name made from it.",
        show_default=False,
    ),
]
SecretName = Annotated[
    str,
    typer.Option(
        "--secret-name",
        metavar="NAME",
        help="Name of the host's Secret for the member's token. Default: CLUSTER_NAME-<random>.",
        show_default=False,
    ),
]
ErrorOnExisting = Annotated[
    bool,
    typer.Option(
        "--error-on-existing/--no-error-on-existing",
        help="Refuse where an earlier join left something; else update it.",
    ),
]
ApiEndpoint = Annotated[
    str,
    typer.Option(
        "--api-endpoint",
        metavar="URL",
        help="Where the host reaches the member's API server. Default: where its context does.",
        show_default=False,
    ),
]
Labels = Annotated[
    str,
    typer.Option(
        "--labels",
        metavar="KEY=VALUE,...",
        help="Labels of the KubeFedCluster, which cluster selectors of placements match.",
        show_default=False,
    ),
]


class RbacChoice(StrEnum):
    """What the account in the member may do."""

    FULL = "full"
    TYPES = "types"


RbacOption = Annotated[
    RbacChoice | None,
    typer.Option(
        "--rbac",
        metavar="<full|types>",
        help="Let the account in the member do everything, or what the enabled types need."
        " Default: as joined before, at first full.",
        show_default=False,
    ),
]


class CredentialChoice(StrEnum):
    """The kind of token with which the host acts in the member."""

    TOKEN = "token"
    TOKENREQUEST = "tokenrequest"


CredentialOption = Annotated[
    CredentialChoice | None,
    typer.Option(
        "--credential",
        metavar="<token|tokenrequest>",
        help="A token that stays, or one that ends and that sync renews. Default: as joined"
        " before, at first token.",
        show_default=False,
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the cluster is ready.")]
Timeout = Annotated[
    str, typer.Option("--timeout", metavar="DURATION", help="How long --wait waits.")
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Clean up the host even where the member cannot be cleaned up."),
]

Purge = Annotated[
    bool,
    typer.Option("--purge", help="First delete, after asking, what was propagated to the member."),
]
Orphan = Annotated[
    bool,
    typer.Option(
        "--orphan", help="First take KubeFed's label off what was propagated to the member."
    ),
]


@with_shared
def join(
    *,
    cluster_name: ClusterName,
    cluster_context: ClusterContext = "",
    host_cluster_name: HostClusterName = "",
    secret_name: SecretName = "",
    error_on_existing: ErrorOnExisting = True,
    api_endpoint: ApiEndpoint = "",
    labels: Labels = "",
    rbac: RbacOption = None,
    credential: CredentialOption = None,
    wait: Wait = False,
    timeout: Timeout = "1m",
    output: OutputOption = None,
    shared: Shared,
) -> None:
    """
    Register a member cluster with the host.

    Makes a service account with its roles in the member, keeps its token in a Secret of the host
    and records the cluster there as a KubeFedCluster.

    Example: kubefedctl join cluster0 --host-cluster-context cluster1
    """
    from kubefedctl.core.configuring import parse_duration
    from kubefedctl.core.labelling import parse_labels
    from kubefedctl.ops.join import Credential, JoinOptions, Rbac
    from kubefedctl.ops.join import join as register

    _check_host_cluster_name(host_cluster_name)
    given_labels, seconds = parse_labels(labels), parse_duration(timeout)
    with open_fleet(shared) as fleet:
        options = JoinOptions(
            cluster=cluster_name,
            cluster_context=cluster_context,
            host_cluster_name=host_cluster_name,
            host_cluster_context=fleet.host_context_name,
            kubefed_namespace=shared.kubefed_namespace,
            secret_name=secret_name,
            error_on_existing=error_on_existing,
            is_dry_run=shared.is_dry_run,
            api_endpoint=api_endpoint,
            labels=given_labels,
            rbac=Rbac(rbac.value) if rbac else None,
            credential=Credential(credential.value) if credential else None,
            wait=seconds if wait and not shared.is_rehearsal else None,
            prints_objects=shared.prints_only(output),
            kubeconfig=shared.kubeconfig,
        )
        show_all(register(fleet, options), shared, output=output, fleet=fleet)


@with_shared
def unjoin(
    *,
    cluster_name: ClusterName,
    cluster_context: ClusterContext = "",
    host_cluster_name: HostClusterName = "",
    force: Force = False,
    purge: Purge = False,
    orphan: Orphan = False,
    yes: Yes = False,
    output: GoingOption = None,
    shared: Shared,
) -> None:
    """
    Take a member cluster out of the federation.

    Deletes what join made in the member and in the host, also where it was cut short. What was
    propagated to the member stays, with KubeFed's label on it, unless --purge or --orphan is given.

    Example: kubefedctl unjoin cluster0 --host-cluster-context cluster1

    Example: kubefedctl unjoin cluster0 --purge --dry-run
    """
    from kubefedctl.core.leaving import Fate
    from kubefedctl.ops.unjoin import UnjoinOptions
    from kubefedctl.ops.unjoin import unjoin as leave

    if purge and orphan:
        raise typer.BadParameter("--purge and --orphan exclude each other")
    _check_host_cluster_name(host_cluster_name)
    with open_fleet(shared) as fleet:
        options = UnjoinOptions(
            cluster=cluster_name,
            cluster_context=cluster_context,
            host_cluster_name=host_cluster_name,
            host_cluster_context=fleet.host_context_name,
            kubefed_namespace=shared.kubefed_namespace,
            force=force,
            is_dry_run=shared.only_tells(output),
            prints_objects=output is not None,
            fate=Fate.PURGED if purge else Fate.ORPHANED if orphan else Fate.LEFT,
        )
        confirm = make_confirm(is_agreed=yes or shared.is_rehearsal)
        show_all(
            leave(fleet, options, confirm=confirm),
            shared,
            output=output,
            telling="live" if yes else "lines",
        )


def _check_host_cluster_name(name: str) -> None:
    """Refuse, before anything is read, what cannot be part of an object's name."""
    if any(mark in name for mark in ":/"):
        raise InputError(
            f"{name!r} cannot be part of the names of the member's objects: it has a ':' or '/'",
            hint="give the host cluster a name with --host-cluster-name",
        )
