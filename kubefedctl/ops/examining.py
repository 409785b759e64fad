"""
Looking at host and members for `check`, with as few questions as suffice.

Here: what is asked, and that a question without an answer is noted. Not here: what is wrong
(`core.diagnosing`).

Laws:
1. Nothing is written: reads, and questions after permissions, which no server keeps.
2. A member that does not answer is left after one probe.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.locking import read_lock_record
from kubefedctl.core.preflight import (
    Permission,
    fold_verbs,
    member_permissions,
    sync_permissions,
)
from kubefedctl.errors import ClusterError, NotFoundError
from kubefedctl.model.examinations import HostFacts, MemberFacts
from kubefedctl.model.locks import LEADER_NAME, LEASE_NAME, LockTerms
from kubefedctl.model.objects import list_at, map_at, name_of, text_at, value_at
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import Discovery, TypeConfig
from kubefedctl.model.wellknown import (
    CRDS,
    LEASES,
    MUTATING_WEBHOOKS,
    NAMESPACES,
    VALIDATING_WEBHOOKS,
)
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.preflight import ask_permissions
from kubefedctl.ops.probing import Probed
from kubefedctl.ops.writing import find

_WEBHOOKS = ("validations.core.kubefed.io", "mutation.core.kubefed.io")
"""
How the names of KubeFed's webhooks begin; the Deployment behind each is named like its Service.

Upstream: charts/kubefed/charts/controllermanager/templates/webhook.yaml @ v0.10.0.
"""

_DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)


def examine_host(
    host: Cluster,
    discovery: Discovery,
    *,
    config: FederationConfig | None,
    types: Sequence[TypeConfig],
    terms: LockTerms,
) -> HostFacts:
    """
    Return what is known of the host.

    Args:
        host: The host.
        discovery: What it serves.
        config: The KubeFedConfig; None where there is no control plane.
        types: The types that are propagated.
        terms: Where the locks are.
    """
    unread: list[str] = []
    bare = HostFacts(host.name, host.endpoint.server, discovery, expiries=host.expiries())
    if config is None:
        version = _try(lambda: _read_version(host), unread)
        return replace(bare, version=str(version or ""), unread=tuple(unread))
    questions = _questions_for(host, config, terms)
    asked = {name: partial(_try, question, unread) for name, question in questions.items()}
    answers = {k: v for k, v in run_side_by_side(asked).items() if v is not None}
    needed = sync_permissions(
        types,
        namespace=config.kubefed_namespace,
        target_namespace=config.target_namespace,
        leader=terms.leader,
    )
    forbidden = _ask(host, needed, unread)
    return replace(bare, **answers, forbidden=forbidden, unread=tuple(sorted(unread)))


def _questions_for(
    host: Cluster, config: FederationConfig, terms: LockTerms
) -> dict[str, Callable[[], Any]]:
    """What is asked of a host, by the field of the facts that it fills."""
    namespace = config.kubefed_namespace
    questions: dict[str, Callable[[], Any]] = {
        "version": lambda: _read_version(host),
        "crds": lambda: {name_of(found): found for found in host.list(CRDS).items},
        "lease": lambda: read_lock_record(find(host, LEASES, Key(namespace, LEASE_NAME))),
        "leader": lambda: read_lock_record(find(host, terms.leader, Key(namespace, LEADER_NAME))),
        "manager": lambda: _count_replicas(host, Key(namespace, LEADER_NAME), "spec", "replicas"),
        "webhooks": lambda: _find_dead_webhooks(host),
    }
    if not config.target_namespace:
        questions["terminating"] = lambda: (
            host.list(
                NAMESPACES, field_selector="status.phase=Terminating", metadata_only=True
            ).items
        )
    return questions


def examine_members(
    probed: Mapping[str, Probed], *, config: FederationConfig, types: Sequence[TypeConfig]
) -> dict[str, MemberFacts]:
    """Return what is known of the members, which are asked side by side."""
    needed = member_permissions(types, target_namespace=config.target_namespace)
    return run_side_by_side(
        {name: partial(_examine_member, found, needed) for name, found in probed.items()}
    )


def _examine_member(found: Probed, needed: Sequence[Permission]) -> MemberFacts:
    cluster = found.cluster
    if cluster is None or not found.is_ready:
        return MemberFacts(found.probe, expiries=() if cluster is None else cluster.expiries())
    unread: list[str] = []
    discovery = _try(cluster.discover, unread)
    return MemberFacts(
        found.probe,
        discovery=discovery if isinstance(discovery, Discovery) else None,
        expiries=cluster.expiries(),
        forbidden=_ask(cluster, needed, unread),
        unread=tuple(sorted(unread)),
    )


def _ask(cluster: Cluster, needed: Sequence[Permission], unread: list[str]) -> tuple[str, ...]:
    asked = ask_permissions(cluster, needed)
    if asked.silence:
        unread.append(f"permissions: {asked.silence}")
    return fold_verbs(asked.missing)


def _try(question: Callable[[], Any], unread: list[str]) -> Any:
    """The answer, or None with the cause among *unread*."""
    try:
        return question()
    except ClusterError as error:
        unread.append(error.message)
        return None


def _read_version(cluster: Cluster) -> str:
    try:
        found = value_at(json.loads(cluster.read("/version")), "gitVersion")
    except (ValueError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def _count_replicas(host: Cluster, key: Key, *field: str) -> int:
    replicas = value_at(find(host, _DEPLOYMENTS, key), *field)
    return replicas if isinstance(replicas, int) and not isinstance(replicas, bool) else 0


def _find_dead_webhooks(host: Cluster) -> tuple[tuple[Resource, str], ...]:
    """KubeFed's webhooks that nobody answers; only those whose server is in the host are known."""
    dead: list[tuple[Resource, str]] = []
    for resource in (VALIDATING_WEBHOOKS, MUTATING_WEBHOOKS):
        for found in _list_served(host, resource):
            if not name_of(found).startswith(_WEBHOOKS):
                continue
            webhooks = list_at(found, "webhooks")
            services = [map_at(each, "clientConfig", "service") for each in webhooks]
            keys = {Key(text_at(s, "namespace"), text_at(s, "name")) for s in services if s}
            if keys and not any(_count_replicas(host, k, "status", "readyReplicas") for k in keys):
                dead.append((resource, name_of(found)))
    return tuple(dead)


def _list_served(host: Cluster, resource: Resource) -> tuple[Object, ...]:
    """The objects of a type; none where it is not served."""
    try:
        return host.list(resource).items
    except NotFoundError:
        return ()
