"""
Asking, before a join writes anything, whether it may do all that it is going to do.

Laws:
1. Nothing is written. An API server that does not answer such questions stops no join.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.preflight import (
    EVERYTHING,
    REVIEWS,
    Permission,
    describe_missing,
    grant_permissions,
    granted_permissions,
    is_allowed,
    make_review,
    read_permissions,
    write_permissions,
)
from kubefedctl.errors import ClusterError, ForbiddenError
from kubefedctl.model.events import Event, Step
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.writing import find

Bodies = Sequence[tuple[Resource, Object]]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What one cluster said.

    Args:
        missing: What the caller may not do.
        silence: Why it could not be asked; empty where it answered.
    """

    missing: tuple[Permission, ...] = ()
    silence: str = ""


def check_permissions(
    host: Cluster,
    member: Cluster,
    *,
    in_host: Sequence[Permission],
    in_member: Sequence[Permission],
    bodies: Bodies,
) -> Iterator[Event]:
    """
    Return when the caller may make everything, or raise one error that names all that is missing.

    Args:
        host: The host cluster.
        member: The member cluster.
        in_host: What the join does in the host.
        in_member: What it does in the member besides making *bodies*.
        bodies: What it makes in the member, in order.

    Raises:
        ForbiddenError: A permission is missing; nothing was written.
    """
    asked = {host.name: ask_permissions(host, in_host)}
    asked[member.name] = _merge(
        asked.get(member.name, Asked()), _ask_member(member, in_member, bodies)
    )
    for name, found in asked.items():
        if found.silence:
            yield Step(f"cluster {name} does not tell what you may do: {found.silence}")
    lacking = {name: found.missing for name, found in asked.items() if found.missing}
    if not lacking:
        return
    *others, last = lacking
    parts = [f"{describe_missing(lacking[name])} in cluster {name}" for name in others]
    raise ForbiddenError(
        act=f"join cluster {member.name}: you may not",
        subject=", nor ".join([*parts, describe_missing(lacking[last])]),
        cluster=last,
        status=403,
        reason="Forbidden",
        hint="have these permissions granted, or join as an administrator of both clusters;"
        " nothing was written",
    )


def _merge(one: Asked, other: Asked) -> Asked:
    missing = tuple(dict.fromkeys((*one.missing, *other.missing)))
    return Asked(missing, one.silence or other.silence)


def ask_permissions(cluster: Cluster, permissions: Sequence[Permission]) -> Asked:
    """Return which of *permissions* the caller lacks; one question suffices for who may do all."""
    try:
        if _may(cluster, EVERYTHING):
            return Asked()
        return Asked(_missing(cluster, permissions))
    except ClusterError as error:
        return Asked(silence=error.message)


def _ask_member(member: Cluster, permissions: Sequence[Permission], bodies: Bodies) -> Asked:
    try:
        if _may(member, EVERYTHING):
            return Asked()
        unreadable = _missing(member, read_permissions(bodies))
        existing = {} if unreadable else _read(member, bodies)
        needed = (*write_permissions(bodies, existing), *permissions)
        unwritable = _missing(member, needed)
        written = [found for found in bodies if write_permissions([found], existing)]
        return Asked((*unreadable, *unwritable, *_missing_grants(member, written)))
    except ClusterError as error:
        return Asked(silence=error.message)


def _missing_grants(member: Cluster, bodies: Bodies) -> tuple[Permission, ...]:
    """`escalate` and `bind` where they are missing and the caller lacks what is granted."""
    missing = _missing(member, grant_permissions(bodies))
    if missing and not _missing(member, granted_permissions(bodies)):
        return ()
    return missing


def _read(member: Cluster, bodies: Bodies) -> dict[tuple[Resource, Key], Object]:
    found: dict[tuple[Resource, Key], Object] = {}
    for resource, body in bodies:
        obj = find(member, resource, key_of(body))
        if obj is not None:
            found[resource, key_of(body)] = obj
    return found


def _missing(cluster: Cluster, permissions: Sequence[Permission]) -> tuple[Permission, ...]:
    answers = run_all([partial(_may, cluster, permission) for permission in permissions])
    return tuple(p for p, may in zip(permissions, answers, strict=True) if not may)


def _may(cluster: Cluster, permission: Permission) -> bool:
    """Ask; what the cluster leaves open counts as allowed, for the write itself will tell."""
    return is_allowed(cluster.create(REVIEWS, make_review(permission))) is not False
