"""
The roles that a KubeFed control plane has in the host, and those that people get.

Here: what `init` writes so that KubeFed's own controller-manager could run in the namespace: its
service account, its roles and bindings, and the roles that extend admin, edit and view. Not here:
the roles in member clusters (`joining`), and everything for KubeFed's webhook, which we do without.

Upstream: charts/kubefed/charts/controllermanager/templates @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.core.structures import copy_object
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.wellknown import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CORE_GROUP,
    FEDERATED_GROUP,
    RBAC_GROUP,
    ROLE_BINDINGS,
    ROLES,
    SCHEDULING_GROUP,
    SERVICE_ACCOUNTS,
)

CONTROLLER_ACCOUNT = "kubefed-controller"
CONTROLLER_ROLE = "kubefed-role"
CONFIG_ROLE = "kubefed-config-role"
_DNS_GROUP = "multiclusterdns.kubefed.io"
_LABELS = {"api": "kubefed", "kubebuilder.k8s.io": "1.0.0"}

_LOOK = ("get", "watch", "list")
_CHANGE = (*_LOOK, "update", "patch")
_MAKE = (*_LOOK, "create", "update", "patch")
_ALL = (*_MAKE, "delete")


def make_permissions(*, namespace: str, scope: str) -> tuple[tuple[Resource, Object], ...]:
    """
    Return the service account of the controller and all roles and bindings, in order to write them.

    Args:
        namespace: The KubeFed namespace.
        scope: `spec.scope` of the KubeFedConfig; all but `Namespaced` means the whole cluster.
    """
    account = _make(SERVICE_ACCOUNTS, CONTROLLER_ACCOUNT, namespace=namespace)
    is_namespaced = scope == Scope.NAMESPACED
    own = _make_role(
        ROLES if is_namespaced else CLUSTER_ROLES,
        CONTROLLER_ROLE,
        namespace=namespace,
        rules=_controller_rules(is_namespaced=is_namespaced),
    )
    config_rules = [
        _rule([""], ["configmaps"], ("get", "create", "update", "patch")),
        _rule([""], ["secrets"], ("get",)),
    ]
    config = _make_role(ROLES, CONFIG_ROLE, namespace=namespace, rules=config_rules)
    roles = [
        own,
        _bind(own, "kubefed-rolebinding", namespace=namespace),
        config,
        _bind(config, "kubefed-config-rolebinding", namespace=namespace),
    ]
    extensions = () if is_namespaced else _make_aggregated_roles()
    pairs = ((SERVICE_ACCOUNTS, account), *roles, *extensions)
    return tuple((resource, copy_object(body)) for resource, body in pairs)


def _controller_rules(*, is_namespaced: bool) -> list[Object]:
    rules = [
        _rule([SCHEDULING_GROUP], ["*"], _CHANGE),
        _rule([_DNS_GROUP], ["*"], _MAKE if is_namespaced else _ALL),
        _rule([CORE_GROUP], ["*"], _ALL if is_namespaced else _MAKE),
        _rule([FEDERATED_GROUP], ["*"], _CHANGE),
        _rule([""], ["events"], ("get", "create", "update", "patch")),
    ]
    return rules if is_namespaced else [*rules, _rule([""], ["namespaces"], _LOOK)]


def _make_aggregated_roles() -> tuple[tuple[Resource, Object], ...]:
    groups = [_DNS_GROUP, SCHEDULING_GROUP, CORE_GROUP, FEDERATED_GROUP]
    verbs_of = {"admin": ("*",), "edit": _ALL, "view": _LOOK}
    roles = []
    for name, verbs in verbs_of.items():
        body = _make(CLUSTER_ROLES, f"kubefed-{name}")
        body["metadata"]["labels"] = {f"{RBAC_GROUP}/aggregate-to-{name}": "true"}
        roles.append((CLUSTER_ROLES, {**body, "rules": [_rule(groups, ["*"], verbs)]}))
    return tuple(roles)


def _make_role(
    resource: Resource, name: str, *, namespace: str, rules: list[Object]
) -> tuple[Resource, Object]:
    body = _make(resource, name, namespace=namespace)
    body["metadata"]["labels"] = _LABELS
    return resource, {**body, "rules": rules}


def _bind(role: tuple[Resource, Object], name: str, *, namespace: str) -> tuple[Resource, Object]:
    resource, body = role
    binding = ROLE_BINDINGS if resource.namespaced else CLUSTER_ROLE_BINDINGS
    obj = _make(binding, name, namespace=namespace)
    obj["metadata"]["labels"] = {"api": "kubefed"}
    obj["roleRef"] = {
        "apiGroup": RBAC_GROUP,
        "kind": resource.kind,
        "name": body["metadata"]["name"],
    }
    obj["subjects"] = [
        {"kind": SERVICE_ACCOUNTS.kind, "name": CONTROLLER_ACCOUNT, "namespace": namespace}
    ]
    return binding, obj


def _rule(groups: Iterable[str], resources: Iterable[str], verbs: Iterable[str]) -> Object:
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


def _make(resource: Resource, name: str, *, namespace: str = "") -> Object:
    metadata: Object = {"name": name}
    if resource.namespaced:
        metadata["namespace"] = namespace
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
