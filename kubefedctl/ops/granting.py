"""
Widening the roles of members joined with `--rbac types` when types are enabled.

Laws:
1. Only a role that a join made is changed, and only where the context leads to that member.
2. What cannot be widened is told, with the command that does it; it stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.credentials import has_ending_token
from kubefedctl.core.granting import (
    explain_ungranted,
    is_same_cluster,
    recorded_context,
    recorded_names,
    ungranted_types,
)
from kubefedctl.core.joining import JoinNames, grant_annotations, granted_types, make_roles
from kubefedctl.errors import ClusterError, InputError
from kubefedctl.model.clusters import parse_registration
from kubefedctl.model.events import Event, Step, Warned
from kubefedctl.model.objects import key_of, name_of
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.typeconfigs import parse_type_config
from kubefedctl.model.wellknown import CLUSTER_ROLES, KUBEFED_CLUSTERS, ROLES, TYPE_CONFIGS
from kubefedctl.ops.configuring import read_config
from kubefedctl.ops.writing import find, put


def widen_roles(fleet: Fleet, *, kubefed_namespace: str) -> Iterator[Event]:
    """Bring the roles of members joined with `--rbac types` to the enabled types."""
    host = fleet.host
    try:
        listed = host.list(KUBEFED_CLUSTERS, namespace=kubefed_namespace).items
        narrow = [found for found in listed if granted_types(found) is not None]
        if not narrow:
            return
        scope = read_config(host, kubefed_namespace=kubefed_namespace).scope
        configs = host.list(TYPE_CONFIGS, namespace=kubefed_namespace).items
        parsed = [parse_type_config(found) for found in configs]
    except (ClusterError, InputError) as error:
        yield Warned(f"roles of members joined with --rbac types are as before: {error.message}")
        return
    types = sorted(found.target for found in parsed if found.is_propagated)
    if scope is Scope.NAMESPACED:
        types = [found for found in types if found.namespaced]
    for registered in narrow:
        missing = ungranted_types(registered, types)
        if missing:
            yield _widen(fleet, registered, missing, types, scope=scope)


def _widen(
    fleet: Fleet,
    registered: Object,
    missing: tuple[str, ...],
    types: list[Resource],
    *,
    scope: str,
) -> Event:
    names = recorded_names(registered)
    told = Warned(explain_ungranted(registered, missing))
    if names is None:
        return told
    context = recorded_context(registered)
    renews = has_ending_token(registered)
    try:
        member = fleet.context(context)
        if not is_same_cluster(parse_registration(registered), member.endpoint):
            return told
        if not _replace_rules(member, names, types, scope=scope, renews_token=renews):
            return told
        annotations = grant_annotations(names, types, context=context)
        fleet.host.patch(
            KUBEFED_CLUSTERS, key_of(registered), body={"metadata": {"annotations": annotations}}
        )
    except (ClusterError, InputError) as error:
        return Warned(f"{told.text}: {error.message}")
    return Step(f"the account in cluster {name_of(registered)} may touch {', '.join(missing)}")


def _replace_rules(
    member: Cluster,
    names: JoinNames,
    types: list[Resource],
    *,
    scope: str,
    renews_token: bool,
) -> bool:
    """Replace the rules of the roles that are there; false where one is missing."""
    made = make_roles(names, scope=scope, types=types, renews_token=renews_token)
    roles = [(r, body) for r, body in made if r in (ROLES, CLUSTER_ROLES)]
    if any(find(member, resource, key_of(body)) is None for resource, body in roles):
        return False
    for resource, body in roles:
        rules = body["rules"]

        def change(existing: Object, rules: object = rules) -> Object | None:
            return None if existing.get("rules") == rules else {**existing, "rules": rules}

        put(member, resource, body, change=change)
    return True
