"""
What a fresh cluster holds: the first namespaces, the API server's Service, the bootstrap roles.

Upstream: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go; roles of components that a
sandbox does not run (kubelet, scheduler, controllers) are left out.
"""

from __future__ import annotations

from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.options import WriteOptions
from kubefedctl.sandbox.registry import Registry

_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_RBAC = "rbac.authorization.k8s.io"
_AGGREGATE = f"{_RBAC}/aggregate-to-"

_DISCOVERY = [
    "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
    "/readyz", "/version", "/version/",
]  # fmt: skip
_INFO = ["/healthz", "/livez", "/readyz", "/version", "/version/"]

_CORE = [
    "configmaps", "endpoints", "persistentvolumeclaims", "pods", "replicationcontrollers",
    "replicationcontrollers/scale", "serviceaccounts", "services",
]  # fmt: skip
_CORE_STATUS = [
    "persistentvolumeclaims/status", "pods/log", "pods/status", "replicationcontrollers/status",
    "resourcequotas", "resourcequotas/status", "services/status", "bindings", "events",
    "limitranges", "namespaces/status",
]  # fmt: skip
_APPS = [
    "daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale",
    "statefulsets", "statefulsets/scale",
]  # fmt: skip
_OTHER = {
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> Object:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


def _urls(urls: list[str]) -> Object:
    return {"nonResourceURLs": urls, "verbs": ["get"]}


def _view_rules() -> list[Object]:
    rules = [
        _rule([""], [*_CORE, "persistentvolumeclaims/status"], _READ),
        _rule([""], _CORE_STATUS, _READ),
        _rule([""], ["namespaces"], _READ),
        _rule(["discovery.k8s.io"], ["endpointslices"], _READ),
        _rule(["apps"], ["controllerrevisions", *_APPS], _READ),
    ]
    for group, plurals in _OTHER.items():
        both = [*plurals, *(f"{plural}/status" for plural in plurals if "polic" not in plural)]
        rules.append(_rule([group], both, _READ))
    return rules


def _edit_rules() -> list[Object]:
    rules = [
        _rule([""], ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets",
                     "services/proxy"], _READ),
        _rule([""], ["serviceaccounts"], ["impersonate"]),
        _rule([""], [*_CORE, "secrets"], _WRITE),
        _rule([""], ["serviceaccounts/token"], ["create"]),
        _rule(["apps"], _APPS, _WRITE),
        _rule(["coordination.k8s.io"], ["leases"], _ALL),
    ]  # fmt: skip
    return rules + [_rule([group], plurals, _WRITE) for group, plurals in _OTHER.items()]


def _admin_rules() -> list[Object]:
    return [
        _rule(["authorization.k8s.io"], ["localsubjectaccessreviews"], ["create"]),
        _rule([_RBAC], ["rolebindings", "roles"], _ALL),
    ]


def _reviews() -> list[Object]:
    authz = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    return [
        _rule(["authorization.k8s.io"], authz, ["create"]),
        _rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]),
    ]


def _cluster_role(name: str, rules: list[Object], *, aggregate_to: str = "") -> Object:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    if aggregate_to:
        labels[f"{_AGGREGATE}{aggregate_to}"] = "true"
    return {"metadata": _metadata(name, labels), "rules": rules}


def _aggregated(name: str, *, aggregate_to: str = "") -> Object:
    role = _cluster_role(name, [], aggregate_to=aggregate_to)
    selector = {"matchLabels": {f"{_AGGREGATE}{name}": "true"}}
    return {**role, "rules": None, "aggregationRule": {"clusterRoleSelectors": [selector]}}


def _metadata(name: str, labels: dict[str, str]) -> Object:
    annotations = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
    return {"name": name, "labels": labels, "annotations": annotations}


def _binding(name: str, groups: list[str]) -> Object:
    subjects = [{"kind": "Group", "apiGroup": _RBAC, "name": group} for group in groups]
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    return {"metadata": _metadata(name, labels), "roleRef": reference, "subjects": subjects}


def _roles() -> list[Object]:
    everything = [
        _rule(["*"], ["*"], ["*"]),
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    delegation = [
        _rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
        _rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"]),
    ]
    return [
        _cluster_role("cluster-admin", everything),
        _aggregated("admin"),
        _aggregated("edit", aggregate_to="admin"),
        _aggregated("view", aggregate_to="edit"),
        _cluster_role("system:aggregate-to-admin", _admin_rules(), aggregate_to="admin"),
        _cluster_role("system:aggregate-to-edit", _edit_rules(), aggregate_to="edit"),
        _cluster_role("system:aggregate-to-view", _view_rules(), aggregate_to="view"),
        _cluster_role("system:auth-delegator", delegation),
        _cluster_role("system:basic-user", _reviews()),
        _cluster_role("system:discovery", [_urls(_DISCOVERY)]),
        _cluster_role("system:monitoring", [_urls([*_INFO, "/metrics"])]),
        _cluster_role("system:public-info-viewer", [_urls(_INFO)]),
    ]


def _bindings() -> list[Object]:
    known, unknown = "system:authenticated", "system:unauthenticated"
    return [
        _binding("cluster-admin", ["system:masters"]),
        _binding("system:basic-user", [known]),
        _binding("system:discovery", [known]),
        _binding("system:monitoring", ["system:monitoring"]),
        _binding("system:public-info-viewer", [known, unknown]),
    ]


def _kubernetes_service() -> Object:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}
    spec = {"clusterIP": "10.96.0.1", "ports": [port], "type": "ClusterIP"}
    return {"metadata": {"name": "kubernetes", "labels": labels}, "spec": spec}


def furnish(registry: Registry) -> None:
    """Create what every cluster holds from the start."""
    options = WriteOptions(manager="kube-apiserver")
    with registry.transaction():
        namespaces = registry.resource("", "v1", "namespaces")
        for name in ("default", "kube-node-lease", "kube-public", "kube-system"):
            registry.create(namespaces, {"metadata": {"name": name}}, options=options)
        registry.create(
            registry.resource("", "v1", "services"),
            _kubernetes_service(),
            namespace="default",
            options=options,
        )
        roles = registry.resource(_RBAC, "v1", "clusterroles")
        for role in _roles():
            registry.create(roles, role, options=options)
        bindings = registry.resource(_RBAC, "v1", "clusterrolebindings")
        for binding in _bindings():
            registry.create(bindings, binding, options=options)
        _reader_role(registry, options)


def _reader_role(registry: Registry, options: WriteOptions) -> None:
    """The Role that aggregated API servers (and KubeFed's webhook) are bound to."""
    name = "extension-apiserver-authentication-reader"
    rule = _rule([""], ["configmaps"], _READ)
    rule["resourceNames"] = ["extension-apiserver-authentication"]
    role = {**_cluster_role(name, [rule])}
    roles = registry.resource(_RBAC, "v1", "roles")
    registry.create(roles, role, namespace="kube-system", options=options)
