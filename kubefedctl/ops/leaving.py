"""
Deleting or unlabelling what was propagated to a member that leaves.

Laws:
1. Everything is listed before anything is written; a list that fails means that nothing is.
2. A cluster without the account that join made is not taken for the member.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.joining import JoinNames
from kubefedctl.core.leaving import Fate, plan_leaving
from kubefedctl.errors import InputError, NotFoundError, PartialFailure
from kubefedctl.model.actions import Action, ActionVerb, Plan
from kubefedctl.model.events import Event, Result, Verdict, Warned, counted
from kubefedctl.model.objects import MANAGED_SELECTOR, uid_of
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.typeconfigs import parse_type_config
from kubefedctl.model.wellknown import NAMESPACES, SERVICE_ACCOUNTS, TYPE_CONFIGS
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.configuring import read_config
from kubefedctl.ops.execution import execute
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.removing import Place
from kubefedctl.ops.writing import find


def plan_propagated(
    host: Cluster,
    member: Cluster,
    names: JoinNames,
    *,
    fate: Fate,
    metadata_only: bool = True,
) -> tuple[Action, ...]:
    """
    Return what is to be done with all that was propagated to *member*; nothing is written.

    Every type that a FederatedTypeConfig names counts, also a disabled one. In namespaced scope
    only the KubeFed namespace is looked at: the rest may belong to another control plane. Actions
    carry the objects as they were seen, whole unless *metadata_only*.

    Raises:
        ControlPlaneError: The host has no KubeFedConfig, or an unusable FederatedTypeConfig.
        InputError: The cluster is not the one that joined.
        ClusterError: A list failed.
    """
    namespace = read_config(host, kubefed_namespace=names.namespace).target_namespace
    configs = host.list(TYPE_CONFIGS, namespace=names.namespace).items
    types = sorted((parse_type_config(found) for found in configs), key=lambda found: found.name)
    if namespace:
        types = [found for found in types if found.target.namespaced]
    spaces = host.list(NAMESPACES, metadata_only=True).items if not namespace else ()
    listing = partial(_list_managed, member, namespace=namespace, metadata_only=metadata_only)
    answers = run_all([partial(listing, found.target) for found in types], width=4)
    actions = [
        action
        for type_config, objects in zip(types, answers, strict=True)
        for action in plan_leaving(
            type_config,
            objects,
            fate=fate,
            cluster=member.name,
            kubefed_namespace=names.namespace,
            host_namespace_uids={uid_of(found) for found in spaces},
        )
    ]
    if actions and find(member, SERVICE_ACCOUNTS, names.service_account_key) is None:
        account = SERVICE_ACCOUNTS.subject(names.service_account_key)
        raise InputError(
            f"cluster {member.name} is not known to be the member {names.cluster}: it has no"
            f" {account}; what was propagated to it is not touched",
            hint="check --cluster-context and --host-cluster-name, or leave --purge and --orphan"
            " out",
        )
    return tuple(sorted(actions, key=lambda found: (found.wave, found.resource, found.key)))


def carry_out(
    actions: Sequence[Action],
    member: Cluster,
    *,
    force: bool,
    is_dry_run: bool,
    pace: Pace,
) -> Generator[Event, None, AbstractSet[Place]]:
    """
    Yield what became of each object; return where objects were deleted, or would be.

    Raises:
        PartialFailure: Some of it failed, and force is not given.
    """
    deadline = time.monotonic() + pace.removal
    answers = (
        foresee(
            Plan(orphans=tuple(actions)), {member.name: member}, host_namespace_uids=frozenset()
        )
        if is_dry_run
        else execute(
            actions,
            {member.name: member},
            host_namespace_uids=frozenset(),
            deadline=deadline,
            pace=pace,
        )
    )
    failures, gone = 0, set()
    for answer in answers:
        if answer.verdict is Verdict.FAILED:
            failures += 1
        elif answer.action.verb is ActionVerb.DELETE:
            gone.add((answer.action.resource, answer.action.key))
        yield Result(
            answer.verdict,
            answer.action.subject,
            member.name,
            detail=answer.detail,
            is_dry_run=is_dry_run,
        )
    if failures:
        problem = f"{counted(failures, 'propagated object')} in cluster {member.name} could not be"
        if not force:
            raise PartialFailure(
                f"{problem} removed or unlabelled; the cluster is still joined",
                hint="the lines above name them; run the command again when they are mended",
            )
        yield Warned(f"{problem} removed or unlabelled; they are left")
    return gone


def _list_managed(
    member: Cluster, target: Resource, *, namespace: str, metadata_only: bool
) -> tuple[Object, ...]:
    """
    Return the labelled objects of a type; none where the member lacks the type.

    NB: a type config may name a version that the member does not serve; that 404 must not pass for
    an empty list.
    """
    try:
        return member.list(
            target,
            namespace=namespace,
            label_selector=MANAGED_SELECTOR,
            metadata_only=metadata_only,
        ).items
    except NotFoundError:
        discovery = member.discover()
        served = {found.resource.qualified_name for found in discovery.resources}
        if discovery.failures or target.qualified_name in served:
            raise
        return ()
