"""
Members joined with `--rbac types`: which enabled types their account may not touch yet.

A member's account must not be able to widen its own role, so a sync can only tell; `enable` widens
it where the member's context is at hand, and else tells which join does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubefedctl.core.joining import (
    CLUSTER_CONTEXT_ANNOTATION,
    HOST_CLUSTER_NAME_ANNOTATION,
    JoinNames,
    granted_types,
)
from kubefedctl.core.suggesting import suggest_join
from kubefedctl.model.clusters import Endpoint, Registration
from kubefedctl.model.objects import annotations_of, name_of, namespace_of, text_at
from kubefedctl.model.refs import Object, Resource


def ungranted_types(registered: Object, types: Iterable[Resource]) -> tuple[str, ...]:
    """Return those of *types* that the member's account was not joined for, sorted."""
    granted = granted_types(registered)
    if granted is None:
        return ()
    return tuple(sorted({found.qualified_name for found in types} - granted))


def explain_ungranted(registered: Object, missing: Iterable[str]) -> str:
    """Return the warning for a member that lacks types, with the command that grants them."""
    return (
        f"the account in cluster {name_of(registered)} may not touch {', '.join(missing)}; run"
        f" `{rejoin_command(registered, {'--rbac': 'types'})}`"
    )


def rejoin_command(registered: Object, flags: Mapping[str, str]) -> str:
    """Return the join with *flags* that brings a member up to date, under the names it has."""
    name = name_of(registered)
    noted = annotations_of(registered)
    context = noted.get(CLUSTER_CONTEXT_ANNOTATION)
    host = noted.get(HOST_CLUSTER_NAME_ANNOTATION)
    is_other = isinstance(context, str) and context != name
    return suggest_join(
        name,
        {
            **flags,
            "--cluster-context": str(context) if is_other else "",
            "--host-cluster-name": host if isinstance(host, str) else "",
            "--api-endpoint": flags.get("--api-endpoint")
            or text_at(registered, "spec", "apiEndpoint"),
        },
    )


def recorded_names(registered: Object) -> JoinNames | None:
    """Return the names under which a member was joined; None where they are not recorded."""
    host = annotations_of(registered).get(HOST_CLUSTER_NAME_ANNOTATION)
    if not isinstance(host, str) or not host:
        return None
    return JoinNames(name_of(registered), host, namespace_of(registered))


def recorded_context(registered: Object) -> str:
    """Return the context with which a member was joined."""
    context = annotations_of(registered).get(CLUSTER_CONTEXT_ANNOTATION)
    return context if isinstance(context, str) and context else name_of(registered)


def is_same_cluster(registration: Registration, endpoint: Endpoint) -> bool:
    """
    Return whether a context leads to the member of *registration*, as far as can be told.

    NB: contexts of one name lead to different clusters on different machines.
    """
    is_same_server = registration.api_endpoint.rstrip("/") == endpoint.server.rstrip("/")
    is_same_ca = bool(endpoint.ca_data) and registration.ca_bundle == endpoint.ca_data
    return is_same_server or is_same_ca
