"""
What a join or a sync needs to be allowed, as questions to an API server.

Here: which permissions they need in host and member, the SelfSubjectAccessReview for each, and the
words for those that are missing. Not here: asking (`ops.preflight`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kubefedctl.core.installing import needs_replacing
from kubefedctl.core.versions import version_resource
from kubefedctl.model.objects import key_of, list_at, map_at
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import (
    CLUSTER_ROLES,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    LEASES,
    NAMESPACES,
    REPLICA_SCHEDULING_PREFERENCES,
    ROLES,
    SECRETS,
    TYPE_CONFIGS,
)

REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False
)


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """
    One thing that a caller may or may not do.

    Args:
        verb: Such as `create`; `*` for every verb.
        plural: The resource, or `resource/subresource`; `*` for all; empty where *path* is given.
        group: Its API group; `*` for all.
        namespace: Where; empty for the whole cluster.
        path: A URL that is no resource, such as `/healthz`.
    """

    verb: str
    plural: str = ""
    group: str = ""
    namespace: str = ""
    path: str = ""

    def __str__(self) -> str:
        """
        Return it in words.

        >>> str(Permission("create", "roles", "rbac.authorization.k8s.io", "shop"))
        'create roles.rbac.authorization.k8s.io in namespace shop'
        """
        what = self.path or (f"{self.plural}.{self.group}" if self.group else self.plural)
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}{where}"


EVERYTHING = Permission("*", "*", "*")
"""What an administrator may do; who may do this may do all that a join needs."""


def make_review(permission: Permission) -> Object:
    """Return the SelfSubjectAccessReview that asks for *permission*."""
    if permission.path:
        spec: Object = {"nonResourceAttributes": {"verb": permission.verb, "path": permission.path}}
    else:
        attributes = {
            "verb": permission.verb,
            "group": permission.group,
            "resource": permission.plural.partition("/")[0],
            "subresource": permission.plural.partition("/")[2],
            "namespace": permission.namespace,
        }
        spec = {"resourceAttributes": {k: v for k, v in attributes.items() if v}}
    return {
        "apiVersion": REVIEWS.api_version,
        "kind": REVIEWS.kind,
        "metadata": {},
        "spec": spec,
    }


def is_allowed(review: Object) -> bool | None:
    """Return the answer of a review; None where there is none in it."""
    allowed = map_at(review, "status").get("allowed")
    return allowed if isinstance(allowed, bool) else None


def host_permissions(
    namespace: str, *, secret_name: str, is_registered: bool
) -> tuple[Permission, ...]:
    """
    Return what a join does in the host after it has read the KubeFedConfig.

    Args:
        namespace: The KubeFed namespace.
        secret_name: The Secret's name; empty where the API server makes one, and none is read.
        is_registered: The KubeFedCluster is there and is updated.
    """
    secrets = ("get", "create") if secret_name else ("create",)
    return (
        *(_on(verb, SECRETS, namespace) for verb in secrets),
        _on("get", KUBEFED_CLUSTERS, namespace),
        _on("update" if is_registered else "create", KUBEFED_CLUSTERS, namespace),
    )


def sync_permissions(
    types: Iterable[TypeConfig], *, namespace: str, target_namespace: str, leader: Resource
) -> tuple[Permission, ...]:
    """
    Return what a sync does in the host.

    Args:
        types: The types that are propagated.
        namespace: The KubeFed namespace.
        target_namespace: The one namespace of federated objects; empty for all.
        leader: What KubeFed's own lock is kept in.
    """
    own = {
        KUBEFED_CONFIGS: ("get",),
        KUBEFED_CLUSTERS: ("list",),
        TYPE_CONFIGS: ("list", "patch"),
        SECRETS: ("get",),
        leader: ("get", "create", "update"),
        LEASES: ("get", "create", "update"),
    }
    statuses = (KUBEFED_CLUSTERS, TYPE_CONFIGS)
    needed = [_on(verb, found, namespace) for found, verbs in own.items() for verb in verbs]
    needed += [_on_status(found, namespace) for found in statuses]
    needed.append(_on("list", REPLICA_SCHEDULING_PREFERENCES, target_namespace))
    for found in types:
        federated, versions = found.federated, version_resource(found)
        where = target_namespace if federated.namespaced else ""
        needed += [_on(verb, federated, where) for verb in ("list", "patch")]
        needed += [_on("list", NAMESPACES, "")] if found.is_namespace_type else []
        needed += [_on(verb, versions, where) for verb in ("list", "create")]
        needed += [_on_status(federated, where), _on_status(versions, where)]
    return _unique(needed)


def member_permissions(
    types: Iterable[TypeConfig], *, target_namespace: str
) -> tuple[Permission, ...]:
    """Return what a sync does in a member with the objects of *types*."""
    return _unique(
        _on(verb, found.target, target_namespace if found.target.namespaced else "")
        for found in types
        for verb in ("list", "get", "create", "update", "patch", "delete")
    )


def fold_verbs(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """
    Return permissions in words, one sentence for all verbs on the same thing.

    >>> fold_verbs([Permission("get", "pods"), Permission("list", "pods")])
    ('get, list pods',)
    """
    by_thing: dict[Permission, list[str]] = {}
    for found in permissions:
        by_thing.setdefault(replace(found, verb=""), []).append(found.verb)
    return tuple(str(replace(thing, verb=", ".join(verbs))) for thing, verbs in by_thing.items())


def read_permissions(bodies: Iterable[tuple[Resource, Object]]) -> tuple[Permission, ...]:
    """Return what is needed to look for each of the objects that a join makes in the member."""
    return _unique(_on("get", resource, key_of(body).namespace) for resource, body in bodies)


def write_permissions(
    bodies: Sequence[tuple[Resource, Object]], existing: Mapping[tuple[Resource, Key], Object]
) -> tuple[Permission, ...]:
    """
    Return what is needed to make *bodies*, where *existing* is there already.

    Roles with the right rules are left alone, and so are namespaces, accounts and token Secrets
    that are there.
    """
    needed: list[Permission] = []
    for resource, body in bodies:
        key = key_of(body)
        found = existing.get((resource, key))
        if found is None:
            needed.append(_on("create", resource, key.namespace))
        elif needs_replacing(found, body):
            needed += [_on(verb, resource, key.namespace) for verb in ("delete", "create")]
        elif any(found.get(field) != body[field] for field in _REPLACED if field in body):
            needed.append(_on("update", resource, key.namespace))
    return _unique(needed)


def token_permission(namespace: str) -> Permission:
    """Return what lets a caller ask for tokens of a service account."""
    return Permission("create", "serviceaccounts/token", "", namespace)


def grant_permissions(bodies: Iterable[tuple[Resource, Object]]) -> tuple[Permission, ...]:
    """Return what lets a caller hand on rights that the caller lacks: `escalate` and `bind`."""
    roles = [(r, b) for r, b in bodies if r in (CLUSTER_ROLES, ROLES)]
    return _unique(
        _on(verb, resource, key_of(body).namespace)
        for resource, body in roles
        for verb in ("escalate", "bind")
    )


def granted_permissions(bodies: Iterable[tuple[Resource, Object]]) -> tuple[Permission, ...]:
    """Return all that the roles among *bodies* grant; who holds it may hand it on."""
    return _unique(
        permission
        for resource, body in bodies
        if resource in (CLUSTER_ROLES, ROLES)
        for rule in list_at(body, "rules")
        for permission in _of_rule(rule, key_of(body).namespace)
    )


def describe_missing(permissions: Iterable[Permission]) -> str:
    """
    Return the missing permissions in words, with what may stand in for `escalate` and `bind`.

    >>> describe_missing([Permission("get", "secrets"), Permission("bind", "roles")])
    'get secrets; bind roles (or hold the rights that are granted)'
    """
    return "; ".join(
        f"{found} (or hold the rights that are granted)"
        if found.verb in ("escalate", "bind")
        else str(found)
        for found in permissions
    )


_REPLACED = ("rules", "subjects")


def _of_rule(rule: Object, namespace: str) -> Iterable[Permission]:
    for verb in list_at(rule, "verbs"):
        for path in list_at(rule, "nonResourceURLs"):
            yield Permission(verb, path=path)
        for group in list_at(rule, "apiGroups"):
            for plural in list_at(rule, "resources"):
                yield Permission(verb, plural, group, namespace)


def _on(verb: str, resource: Resource, namespace: str) -> Permission:
    return Permission(
        verb, resource.plural, resource.group, namespace if resource.namespaced else ""
    )


def _on_status(resource: Resource, namespace: str) -> Permission:
    where = namespace if resource.namespaced else ""
    return Permission("patch", f"{resource.plural}/status", resource.group, where)


def _unique(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    return tuple(dict.fromkeys(permissions))
