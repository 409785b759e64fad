"""
What a caller may do: Roles, ClusterRoles and their bindings, evaluated for each request.

Upstream: plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation,
pkg/apis/rbac/v1/evaluation_helpers.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kubefedctl.sandbox.objects import Object, namespace_of
from kubefedctl.sandbox.options import MASTERS, Caller
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.store import Store

_GROUP = "rbac.authorization.k8s.io"
ROLES, ROLE_BINDINGS = (_GROUP, "roles"), (_GROUP, "rolebindings")
CLUSTER_ROLES, CLUSTER_BINDINGS = (_GROUP, "clusterroles"), (_GROUP, "clusterrolebindings")


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a request wants: a verb on a resource, or on a path that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def is_resource(self) -> bool:
        """Whether a resource is meant, not a path."""
        return bool(self.resource)


class Authorizer:
    """Decides by the RBAC objects of one cluster."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, caller: Caller, wanted: Attributes) -> bool:
        """Return whether the caller may do what is wanted."""
        if MASTERS in caller.groups:
            return True
        return any(covers(rule, wanted) for rule in self.rules_of(caller, wanted.namespace))

    def rules_of(self, caller: Caller, namespace: str) -> Iterator[Object]:
        """Yield the rules that hold for a caller in a namespace (empty: cluster-wide only)."""
        for binding in self._store.list(CLUSTER_BINDINGS):
            if _binds(binding, caller):
                yield from self._rules(binding, "")
        if namespace:
            for binding in self._store.list(ROLE_BINDINGS, namespace):
                if _binds(binding, caller):
                    yield from self._rules(binding, namespace)

    def _rules(self, binding: Object, namespace: str) -> list[Object]:
        reference = binding.get("roleRef") or {}
        if reference.get("kind") == "Role":
            role = self._store.get(ROLES, namespace, str(reference.get("name")))
        else:
            role = self._store.get(CLUSTER_ROLES, "", str(reference.get("name")))
        return list((role or {}).get("rules") or ())

    def may(
        self, caller: Caller, verb: str, *, resource: Resource, namespace: str, name: str
    ) -> bool:
        """Return whether the caller may use a verb on an object."""
        wanted = Attributes(verb, resource.group, resource.plural, "", namespace, name)
        return self.allows(caller, wanted)

    def missing_rules(self, caller: Caller, rules: list[Object], *, namespace: str) -> list[Object]:
        """Return those of *rules*, broken down, that no rule of the caller covers."""
        if MASTERS in caller.groups:
            return []
        held = list(self.rules_of(caller, namespace))
        return [
            part
            for rule in rules
            for part in _break_down(rule)
            if not any(_covers_rule(owned, part) for owned in held)
        ]


def _binds(binding: Object, caller: Caller) -> bool:
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "User" and name == caller.name:
            return True
        if kind == "Group" and name in caller.groups:
            return True
        if kind == "ServiceAccount":
            namespace = subject.get("namespace") or namespace_of(binding)
            if caller.name == f"system:serviceaccount:{namespace}:{name}":
                return True
    return False


def covers(rule: Object, wanted: Attributes) -> bool:
    """Return whether a rule allows what is wanted."""
    verbs = rule.get("verbs") or ()
    if wanted.verb not in verbs and "*" not in verbs:
        return False
    if not wanted.is_resource:
        return any(_matches_url(url, wanted.path) for url in rule.get("nonResourceURLs") or ())
    groups = rule.get("apiGroups") or ()
    if wanted.group not in groups and "*" not in groups:
        return False
    if not _matches_resource(rule.get("resources") or (), wanted):
        return False
    names = rule.get("resourceNames") or ()
    return not names or wanted.name in names


def _matches_url(pattern: str, path: str) -> bool:
    if pattern == "*":
        return True
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def _matches_resource(patterns: list[str] | tuple[str, ...], wanted: Attributes) -> bool:
    full = f"{wanted.resource}/{wanted.subresource}" if wanted.subresource else wanted.resource
    if "*" in patterns or full in patterns:
        return True
    return bool(wanted.subresource) and f"*/{wanted.subresource}" in patterns


def _break_down(rule: Object) -> Iterator[Object]:
    """
    Yield the simplest rules that make up a rule.

    Upstream: pkg/registry/rbac/validation/policy_comparator.go (BreakdownRule).
    """
    for verb in rule.get("verbs") or ():
        for url in rule.get("nonResourceURLs") or ():
            yield {"nonResourceURLs": [url], "verbs": [verb]}
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                names = rule.get("resourceNames") or ()
                if not names:
                    yield part
                for name in names:
                    yield {**part, "resourceNames": [name]}


def _covers_rule(owned: Object, part: Object) -> bool:
    """Upstream: ruleCovers."""
    if not _has(owned.get("verbs"), part["verbs"][0]):
        return False
    if "nonResourceURLs" in part:
        url = part["nonResourceURLs"][0]
        return any(
            pattern == url or _matches_url(pattern, url)
            for pattern in owned.get("nonResourceURLs") or ()
        )
    if not _has(owned.get("apiGroups"), part["apiGroups"][0]):
        return False
    resource, patterns = part["resources"][0], owned.get("resources") or ()
    if not _has(patterns, resource) and f"*/{resource.partition('/')[2]}" not in patterns:
        return False
    names = owned.get("resourceNames") or ()
    return not names or part.get("resourceNames", [None])[0] in names


def _has(values: object, wanted: str) -> bool:
    items = values if isinstance(values, list | tuple) else ()
    return wanted in items or "*" in items


def describe_refusal(caller: Caller, wanted: Attributes) -> str:
    """
    Return the words of a 403, after `... is forbidden: `.

    Upstream: apiserver/pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage).
    """
    start = f'User "{caller.name}" cannot {wanted.verb}'
    if not wanted.is_resource:
        return f'{start} path "{wanted.path}"'
    full = f"{wanted.resource}/{wanted.subresource}" if wanted.subresource else wanted.resource
    scope = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    return f'{start} resource "{full}" in API group "{wanted.group}" {scope}'
