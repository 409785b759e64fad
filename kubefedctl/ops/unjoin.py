"""
unjoin: take a member cluster out of the federation.

Upstream: pkg/kubefedctl/unjoin.go @ v0.10.0. Unlike there, the member's KubeFed namespace is kept
where it holds anything that join did not make, what is gone already is no error, and what was
propagated can be deleted or unlabelled before (`leaving`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.hostnames import explain_host_name, name_host
from kubefedctl.core.joining import JoinNames, make_join_names, unjoin_targets
from kubefedctl.core.leaving import Fate, question_of
from kubefedctl.errors import ClusterError, InputError, UnreachableError
from kubefedctl.model.actions import Action
from kubefedctl.model.events import Event, Result, Step, Verdict, Warned
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    text_at,
    uid_of,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    NAMESPACES,
    SECRETS,
)
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.leaving import carry_out, plan_propagated
from kubefedctl.ops.removing import Place, delete_quietly, list_others
from kubefedctl.ops.writing import find


@dataclass(frozen=True, slots=True)
class UnjoinOptions:
    """
    What to unjoin.

    Args:
        cluster: The member's name in the federation.
        cluster_context: Its context; empty for one of the cluster's name.
        host_cluster_name: The host's name as it was given to join; empty for its context's name.
        host_cluster_context: The host's context, for names.
        kubefed_namespace: KubeFed's namespace in both clusters.
        force: Clean the host even where the member cannot be cleaned.
        is_dry_run: Tell, delete nothing.
        fate: What becomes of what was propagated to the member.
    """

    cluster: str
    cluster_context: str = ""
    host_cluster_name: str = ""
    host_cluster_context: str = ""
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    force: bool = False
    is_dry_run: bool = False
    fate: Fate = Fate.LEFT


def unjoin(
    fleet: Fleet,
    options: UnjoinOptions,
    *,
    confirm: Callable[[str], None],
    pace: Pace = USUAL_PACE,
) -> Iterator[Event]:
    """
    Yield what happens while a member leaves.

    Args:
        fleet: The host and the member's context.
        options: What to unjoin.
        confirm: Asked before propagated objects are deleted; it raises where the answer is no.
        pace: How long to wait until they are gone.

    Raises:
        PartialFailure: Propagated objects could not be deleted or unlabelled; everything of join's
            stays unless force is given.
        InputError: A name cannot be one, or no cluster of that name is joined.
        KubeconfigError: The member's context cannot be used, and force is not given.
        ClusterError: A cluster refused a request; the host's entry stays unless force is given.
    """
    names = make_join_names(
        options.cluster,
        host_cluster_name=name_host(
            options.cluster, given=options.host_cluster_name, context=options.host_cluster_context
        ),
        namespace=options.kubefed_namespace,
    )
    yield from _explain(names, options)
    host = fleet.host
    registered = find(host, KUBEFED_CLUSTERS, names.cluster_key)
    gone: AbstractSet[Place] = frozenset()
    try:
        member = fleet.context(options.cluster_context or options.cluster)
        if registered is not None and options.fate is not Fate.LEFT:
            actions = plan_propagated(host, member, names, fate=options.fate)
            if not options.is_dry_run:
                _ask(host, member, actions, confirm)
            gone = yield from carry_out(
                actions, member, force=options.force, is_dry_run=options.is_dry_run, pace=pace
            )
        yield from _clean_member(host, member, names, options, gone=gone)
    except (ClusterError, InputError) as error:
        if not options.force:
            raise
        yield Warned(f"cluster {options.cluster} is not cleaned: {error.message}")
    if registered is None:
        raise InputError(
            f"no cluster {options.cluster} is joined to host cluster {host.name}",
            hint=f"kubectl get kubefedclusters -n {options.kubefed_namespace}",
        )
    yield from _clean_host(host, names, options, registered)


def _explain(names: JoinNames, options: UnjoinOptions) -> Iterator[Event]:
    note = explain_host_name(
        names.host, given=options.host_cluster_name, context=options.host_cluster_context
    )
    if note:
        yield Step(note, level=0)


def _ask(
    host: Cluster, member: Cluster, actions: Sequence[Action], confirm: Callable[[str], None]
) -> None:
    question = question_of(
        actions, cluster=member.name, is_host=member.endpoint.server == host.endpoint.server
    )
    if question:
        confirm(question)


def _clean_member(
    host: Cluster,
    member: Cluster,
    names: JoinNames,
    options: UnjoinOptions,
    *,
    gone: AbstractSet[Place],
) -> Iterator[Event]:
    for resource, key in (*unjoin_targets(names), (SECRETS, names.service_account_key)):
        try:
            yield from _delete(member, resource, key, options)
        except ClusterError as error:
            if not options.force or isinstance(error, UnreachableError):
                raise
            yield Warned(f"{resource.subject(key).within(member.name)} is left: {error.message}")
    key = Key("", names.namespace)
    theirs = find(member, NAMESPACES, key)
    ours = find(host, NAMESPACES, key)
    if theirs is None or (ours is not None and uid_of(theirs) == uid_of(ours)):
        return
    made = frozenset({*unjoin_targets(names), (SECRETS, names.service_account_key)})
    others = list_others(member, names.namespace, ours=made | gone)
    if others:
        yield Warned(
            f"Namespace/{names.namespace} in cluster {member.name} is kept: it holds"
            f" {', '.join(others)}"
        )
    else:
        yield from _delete(member, NAMESPACES, key, options)


def _clean_host(
    host: Cluster, names: JoinNames, options: UnjoinOptions, registered: Object
) -> Iterator[Event]:
    secret = text_at(registered, "spec", "secretRef", "name")
    if secret:
        yield from _delete(host, SECRETS, Key(names.namespace, secret), options)
    if not options.is_dry_run:
        delete_quietly(host, KUBEFED_CLUSTERS, names.cluster_key)
    yield Result(
        Verdict.DELETED,
        KUBEFED_CLUSTERS.subject(names.cluster_key),
        host.name,
        is_dry_run=options.is_dry_run,
    )


def _delete(
    cluster: Cluster, resource: Resource, key: Key, options: UnjoinOptions
) -> Iterator[Event]:
    subject = resource.subject(key).within(cluster.name)
    if options.is_dry_run:
        yield Step(f"would delete {subject}")
    elif delete_quietly(cluster, resource, key):
        yield Step(f"deleted {subject}")
