"""
Federated objects as tests write them on the host, and where their copies are in members.

Nothing here goes through the program under test.
"""

from __future__ import annotations

from typing import Any

from tests.e2e.clusters import Api

FEDERATED = "/apis/types.kubefed.io/v1beta1"
EVERYWHERE: dict[str, Any] = {"clusterSelector": {}}
CLUSTER_SCOPED = ("ClusterRole", "ClusterWidget")

TARGETS: dict[str, tuple[str, str]] = {
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "Ingress": ("/apis/networking.k8s.io/v1", "ingresses"),
    "Job": ("/apis/batch/v1", "jobs"),
    "Namespace": ("/api/v1", "namespaces"),
    "ReplicaSet": ("/apis/apps/v1", "replicasets"),
    "Secret": ("/api/v1", "secrets"),
    "Service": ("/api/v1", "services"),
    "ServiceAccount": ("/api/v1", "serviceaccounts"),
}
"""Root and plural of each of the ten default types, by kind."""

CUSTOM_TARGETS: dict[str, tuple[str, str]] = {
    "ClusterWidget": ("/apis/example.com/v1", "clusterwidgets"),
    "Widget": ("/apis/example.com/v1", "widgets"),
}
"""Root and plural of the types of `make_widget_crd`."""


def target_path(kind: str, name: str = "", *, namespace: str = "shop") -> str:
    """Return where objects of *kind*, or the one called *name*, are in a member."""
    root, plural = {**TARGETS, **CUSTOM_TARGETS}[kind]
    inside = "" if kind in (*CLUSTER_SCOPED, "Namespace") else f"/namespaces/{namespace}"
    return f"{root}{inside}/{plural}{'/' * bool(name)}{name}"


def federated_path(kind: str, name: str = "", *, namespace: str = "shop") -> str:
    """Return where federated objects of *kind*, or the one called *name*, are on the host."""
    inside = "" if kind in CLUSTER_SCOPED else f"/namespaces/{namespace}"
    plural = f"federated{({**TARGETS, **CUSTOM_TARGETS})[kind][1]}"
    return f"{FEDERATED}{inside}/{plural}{'/' * bool(name)}{name}"


def federate(
    host: Api,
    kind: str,
    name: str,
    template: Any = None,
    *,
    namespace: str = "shop",
    metadata: dict[str, Any] | None = None,
    **spec: Any,
) -> Any:
    """Create a federated object, placed everywhere unless *spec* says where; return it."""
    body = {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": f"Federated{kind}",
        "metadata": {"name": name, **(metadata or {})},
        "spec": {"template": template or {}, "placement": EVERYWHERE, **spec},
    }
    return host.create(federated_path(kind, namespace=namespace), body)


def override(cluster: str, *operations: dict[str, Any]) -> dict[str, Any]:
    """Return the overrides of one cluster."""
    return {"clusterName": cluster, "clusterOverrides": list(operations)}


def only(*clusters: str) -> dict[str, Any]:
    """Return the placement in these clusters."""
    return {"clusters": [{"name": name} for name in clusters]}


PODS: dict[str, Any] = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}
WORKLOAD: dict[str, Any] = {
    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": PODS}
}
PORT: dict[str, Any] = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}
_BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
_ROUTE = {"path": "/", "pathType": "Prefix", "backend": _BACKEND}

TEMPLATES: dict[str, dict[str, Any]] = {
    "ClusterRole": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    "ClusterWidget": {"spec": {"size": 3, "parts": ["a"]}},
    "ConfigMap": {"data": {"n": "y", "k": "012"}},
    "Deployment": WORKLOAD,
    "Ingress": {"spec": {"rules": [{"host": "x.example", "http": {"paths": [_ROUTE]}}]}},
    "Job": {
        "spec": {
            "completions": 1,
            "template": {**PODS, "spec": {**PODS["spec"], "restartPolicy": "Never"}},
        }
    },
    "Namespace": {"metadata": {"labels": {"owner": "shop"}}},
    "ReplicaSet": WORKLOAD,
    "Secret": {"type": "Opaque", "data": {"k": "dg=="}},
    "Service": {"spec": {"type": "NodePort", "selector": {"app": "x"}, "ports": [PORT]}},
    "ServiceAccount": {"metadata": {"labels": {"l": "1"}}},
    "Widget": {"spec": {"size": 3, "parts": ["a"]}},
}
"""A template of each kind that members take as it is."""
