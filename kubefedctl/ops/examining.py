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
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.locking import read_lock_record
from kubefedctl.core.preflight import (
    Permission,
    fold_verbs,
    member_permissions,
    sync_permissions,
)
from kubefedctl.errors import ClusterError
from kubefedctl.model.examinations import HostFacts, MemberFacts
from kubefedctl.model.locks import LEADER_NAME, LEASE_NAME, LockRecord, LockTerms
from kubefedctl.model.objects import name_of, value_at
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import Discovery, TypeConfig
from kubefedctl.model.wellknown import CRDS, LEASES
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.preflight import ask_permissions
from kubefedctl.ops.probing import Probed
from kubefedctl.ops.writing import find

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
    if config is None:
        return HostFacts(
            host.name,
            host.endpoint.server,
            discovery,
            version=str(_try(lambda: _read_version(host), unread) or ""),
            expiries=host.expiries(),
            unread=tuple(unread),
        )
    namespace = config.kubefed_namespace
    questions: dict[str, Callable[[], object]] = {
        "version": lambda: _read_version(host),
        "crds": lambda: {name_of(found): found for found in host.list(CRDS).items},
        "lease": lambda: read_lock_record(find(host, LEASES, Key(namespace, LEASE_NAME))),
        "leader": lambda: read_lock_record(find(host, terms.leader, Key(namespace, LEADER_NAME))),
        "manager": lambda: _count_managers(host, namespace),
    }
    asked = {name: partial(_try, question, unread) for name, question in questions.items()}
    answers = run_side_by_side(asked)
    needed = sync_permissions(
        types,
        namespace=namespace,
        target_namespace=config.target_namespace,
        leader=terms.leader,
    )
    return HostFacts(
        host.name,
        host.endpoint.server,
        discovery,
        version=str(answers["version"] or ""),
        expiries=host.expiries(),
        crds=_as_map(answers["crds"]),
        forbidden=_ask(host, needed, unread),
        lease=_as_record(answers["lease"]),
        leader=_as_record(answers["leader"]),
        manager=answers["manager"] if isinstance(answers["manager"], int) else 0,
        unread=tuple(sorted(unread)),
    )


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


def _try(question: Callable[[], object], unread: list[str]) -> object | None:
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


def _count_managers(host: Cluster, namespace: str) -> int:
    found = find(host, _DEPLOYMENTS, Key(namespace, LEADER_NAME))
    replicas = value_at(found, "spec", "replicas")
    return replicas if isinstance(replicas, int) and not isinstance(replicas, bool) else 0


def _as_map(answer: object) -> Mapping[str, Object] | None:
    return answer if isinstance(answer, dict) else None


def _as_record(answer: object) -> LockRecord:
    return answer if isinstance(answer, LockRecord) else LockRecord()
