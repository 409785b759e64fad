"""What several conversations share: paths, bodies, and bodies made of earlier answers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.contract.conversations import post
from tests.contract.targets import make_deployment, make_object

NAMESPACES = "/api/v1/namespaces"
SHOP = f"{NAMESPACES}/shop"
MAPS = f"{SHOP}/configmaps"
SECRETS = f"{SHOP}/secrets"
SERVICES = f"{SHOP}/services"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
JOBS = "/apis/batch/v1/namespaces/shop/jobs"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = "/apis/rbac.authorization.k8s.io/v1"

START = post(NAMESPACES, make_object("v1", "Namespace", "shop"))


def changed(step: int, change: Callable[[Any], None]) -> Callable[[list[Any]], Any]:
    """Return how to make a body: the answer of *step*, changed."""

    def make(said: list[Any]) -> Any:
        body = copy.deepcopy(said[step])
        change(body)
        return body

    return make


def setting(step: int, *path: str, value: Any) -> Callable[[list[Any]], Any]:
    """Return how to make a body: the answer of *step* with one field set."""

    def change(body: Any) -> None:
        for part in path[:-1]:
            body = body.setdefault(part, {})
        body[path[-1]] = value

    return changed(step, change)


def same(step: int) -> Callable[[list[Any]], Any]:
    """Return how to make a body: the answer of *step* as it is."""
    return lambda said: said[step]


def pod_spec(**rest: Any) -> dict[str, Any]:
    """Return a small pod spec."""
    return {"containers": [{"name": "main", "image": "busybox:1.36"}], **rest}


SERVICE = make_object(
    "v1", "Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]}
)
JOB = make_object(
    "batch/v1", "Job", "once", spec={"template": {"spec": pod_spec(restartPolicy="Never")}}
)
RICH = {
    **make_deployment("rich"),
    "spec": {
        "selector": {"matchLabels": {"app": "rich"}},
        "template": {
            "metadata": {"labels": {"app": "rich"}},
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "nginx:1.25",
                        "ports": [{"containerPort": 80}],
                        "env": [
                            {"name": "A", "value": "1"},
                            {
                                "name": "B",
                                "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
                            },
                        ],
                        "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
                        "readinessProbe": {"tcpSocket": {"port": "http"}},
                        "resources": {"limits": {"cpu": "0.5", "memory": "1Gi"}},
                        "volumeMounts": [{"name": "c", "mountPath": "/c"}],
                    }
                ],
                "volumes": [
                    {"name": "c", "configMap": {"name": "a"}},
                    {"name": "s", "secret": {"secretName": "a"}},
                    {"name": "e", "emptyDir": {}},
                    {"name": "h", "hostPath": {"path": "/x"}},
                ],
                "serviceAccountName": "web",
            },
        },
    },
}
CRON_JOB = make_object(
    "batch/v1",
    "CronJob",
    "c",
    spec={
        "schedule": "* * * * *",
        "jobTemplate": {"spec": {"template": {"spec": pod_spec(restartPolicy="OnFailure")}}},
    },
)
