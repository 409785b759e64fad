"""One object of each kind that people federate, as they create it in the namespace `shop`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_PODS: dict[str, Any] = {
    "metadata": {"labels": {"app": "x"}, "annotations": {"a": "b"}},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}
_RESTARTS_NEVER = {**_PODS, "spec": {**_PODS["spec"], "restartPolicy": "Never"}}
_TOKEN = "kube-api-access-x7k2p"
_WITH_TOKEN = {
    "serviceAccountName": "default",
    "containers": [
        {
            "name": "c",
            "image": "nginx",
            "volumeMounts": [
                {"name": "own", "mountPath": "/own"},
                {"name": _TOKEN, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"},
            ],
        }
    ],
    "volumes": [
        {"name": "own", "emptyDir": {}},
        {"name": _TOKEN, "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
    ],
}
_SELECTOR = {"matchLabels": {"app": "x"}}
_PORTS = [{"name": "http", "port": 80, "targetPort": 8080}]
_CLAIM: dict[str, Any] = {
    "accessModes": ["ReadWriteOnce"],
    "resources": {"requests": {"storage": "1Gi"}},
}
_RBAC = "rbac.authorization.k8s.io"
_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]


@dataclass(frozen=True, slots=True)
class Sample:
    """
    An object and where it is created.

    Args:
        api_version: Its apiVersion.
        kind: Its kind.
        plural: The plural of its type.
        content: All but apiVersion, kind and metadata.
        namespaced: Whether it is in the namespace `shop`.
    """

    api_version: str
    kind: str
    plural: str
    content: dict[str, Any]
    namespaced: bool = True

    @property
    def name(self) -> str:
        """Its name."""
        return "sample"

    @property
    def type_key(self) -> str:
        """The type as a person names it without doubt."""
        group = self.api_version.rpartition("/")[0]
        return f"{self.plural}.{group}"

    @property
    def collection(self) -> str:
        """The path to create it at."""
        root = "/api" if "/" not in self.api_version else "/apis"
        inside = "/namespaces/shop" if self.namespaced else ""
        return f"{root}/{self.api_version}{inside}/{self.plural}"

    @property
    def body(self) -> dict[str, Any]:
        """The object as it is sent."""
        metadata: dict[str, Any] = {"name": self.name, "labels": {"team": "n"}}
        metadata["annotations"] = {"note": "1"}
        if self.namespaced:
            metadata["namespace"] = "shop"
        head = {"apiVersion": self.api_version, "kind": self.kind, "metadata": metadata}
        return {**head, **self.content}


def _job(**spec: Any) -> dict[str, Any]:
    return {"spec": {"template": _RESTARTS_NEVER, **spec}}


SAMPLES: dict[str, Sample] = {
    "ConfigMap": Sample("v1", "ConfigMap", "configmaps", {"data": {"n": "y", "k": "012"}}),
    "Secret": Sample("v1", "Secret", "secrets", {"type": "Opaque", "data": {"k": "dg=="}}),
    "ServiceAccount": Sample(
        "v1",
        "ServiceAccount",
        "serviceaccounts",
        {"secrets": [{"name": "t"}], "imagePullSecrets": [{"name": "p"}]},
    ),
    "Service": Sample(
        "v1",
        "Service",
        "services",
        {"spec": {"type": "NodePort", "selector": {"app": "x"}, "ports": _PORTS}},
    ),
    "Service-headless": Sample(
        "v1", "Service", "services", {"spec": {"clusterIP": "None", "ports": _PORTS}}
    ),
    "Deployment": Sample(
        "apps/v1",
        "Deployment",
        "deployments",
        {"spec": {"replicas": 2, "selector": _SELECTOR, "template": _PODS}},
    ),
    "ReplicaSet": Sample(
        "apps/v1", "ReplicaSet", "replicasets", {"spec": {"selector": _SELECTOR, "template": _PODS}}
    ),
    "StatefulSet": Sample(
        "apps/v1",
        "StatefulSet",
        "statefulsets",
        {"spec": {"serviceName": "x", "selector": _SELECTOR, "template": _PODS}},
    ),
    "DaemonSet": Sample(
        "apps/v1", "DaemonSet", "daemonsets", {"spec": {"selector": _SELECTOR, "template": _PODS}}
    ),
    "Job": Sample("batch/v1", "Job", "jobs", _job()),
    "Job-manual": Sample("batch/v1", "Job", "jobs", _job(manualSelector=True, selector=_SELECTOR)),
    "CronJob": Sample(
        "batch/v1",
        "CronJob",
        "cronjobs",
        {"spec": {"schedule": "@daily", "jobTemplate": _job()}},
    ),
    "PersistentVolumeClaim": Sample(
        "v1", "PersistentVolumeClaim", "persistentvolumeclaims", {"spec": _CLAIM}
    ),
    "PersistentVolumeClaim-bound": Sample(
        "v1",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        {"spec": {**_CLAIM, "volumeName": "pv-1"}},
    ),
    "Pod": Sample("v1", "Pod", "pods", {"spec": {**_PODS["spec"], "nodeName": "node-1"}}),
    "Pod-token": Sample("v1", "Pod", "pods", {"spec": _WITH_TOKEN}),
    "Ingress": Sample(
        "networking.k8s.io/v1",
        "Ingress",
        "ingresses",
        {"spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}},
    ),
    "NetworkPolicy": Sample(
        "networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", {"spec": {"podSelector": {}}}
    ),
    "HorizontalPodAutoscaler": Sample(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        {
            "spec": {
                "maxReplicas": 3,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"},
            }
        },
    ),
    "PodDisruptionBudget": Sample(
        "policy/v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        {"spec": {"minAvailable": 1, "selector": _SELECTOR}},
    ),
    "Role": Sample(f"{_RBAC}/v1", "Role", "roles", {"rules": _RULES}),
    "RoleBinding": Sample(
        f"{_RBAC}/v1",
        "RoleBinding",
        "rolebindings",
        {"roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": "x"}, "subjects": []},
    ),
    "ClusterRole": Sample(
        f"{_RBAC}/v1", "ClusterRole", "clusterroles", {"rules": _RULES}, namespaced=False
    ),
    "ResourceQuota": Sample("v1", "ResourceQuota", "resourcequotas", {"spec": {"hard": {}}}),
    "LimitRange": Sample("v1", "LimitRange", "limitranges", {"spec": {"limits": []}}),
}
"""By kind; a word after a dash tells two of the same kind apart."""
