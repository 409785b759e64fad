"""Conversations about the kinds with rules of their own: their defaults and what they refuse."""

from __future__ import annotations

from collections.abc import Sequence

from tests.contract.bodies import (
    CRDS,
    DEPLOYMENTS,
    JOB,
    JOBS,
    RBAC,
    RICH,
    SECRETS,
    SERVICE,
    SERVICES,
    SHOP,
    START,
    pod_spec,
    same,
)
from tests.contract.conversations import (
    Ask,
    delete,
    get,
    json_patch,
    loosely,
    merge,
    post,
    put,
    strategic,
)
from tests.contract.targets import make_crd, make_deployment, make_object

CONVERSATIONS: dict[str, Sequence[Ask]] = {
    "deployment": [
        START,
        post(DEPLOYMENTS, make_deployment()),
        put(f"{DEPLOYMENTS}/web", same(1)),
        merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 5}}),
        merge(f"{DEPLOYMENTS}/web", {"metadata": {"labels": {"a": "b"}}}),
        merge(f"{DEPLOYMENTS}/web", {"status": {"replicas": 5}}),
        merge(f"{DEPLOYMENTS}/web/status", {"status": {"replicas": 5, "observedGeneration": 1}}),
        merge(f"{DEPLOYMENTS}/web/status", {"spec": {"replicas": 7}}),
        put(f"{DEPLOYMENTS}/web", make_deployment()),
        merge(f"{DEPLOYMENTS}/web", {"spec": {"selector": {"matchLabels": {"app": "other"}}}}),
        merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": -1}}),
        loosely(merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": "many"}})),
        merge(f"{DEPLOYMENTS}/web", {"spec": {"template": {"metadata": {"labels": None}}}}),
        strategic(
            f"{DEPLOYMENTS}/web",
            {
                "spec": {
                    "template": {"spec": {"containers": [{"name": "side", "image": "busybox"}]}}
                }
            },
        ),
        get(f"{DEPLOYMENTS}/web/scale"),
        merge(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 2}}),
        get(f"{DEPLOYMENTS}/web"),
        json_patch(
            f"{DEPLOYMENTS}/web/status",
            [{"op": "add", "path": "/status/readyReplicas", "value": 1}],
        ),
        post(DEPLOYMENTS, {**make_deployment("empty"), "spec": {}}),
        post(
            DEPLOYMENTS,
            {
                **make_deployment("none"),
                "spec": {
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "c"}}, "spec": {"containers": []}},
                },
            },
        ),
        post(DEPLOYMENTS, RICH),
        delete(f"{DEPLOYMENTS}/web"),
    ],
    "other defaults": [
        START,
        post(JOBS, JOB),
        loosely(
            merge(
                f"{JOBS}/once",
                {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 1}}}},
            )
        ),
        merge(f"{JOBS}/once", {"spec": {"parallelism": 2}}),
        post(JOBS, make_object("batch/v1", "Job", "bad", spec={"template": {"spec": pod_spec()}})),
        post(SERVICES, SERVICE),
        merge(f"{SERVICES}/web", {"spec": {"clusterIP": "10.0.0.77"}}),
        merge(f"{SERVICES}/web", {"spec": {"ports": [{"port": 81}]}}),
        put(f"{SERVICES}/web", {**SERVICE, "metadata": {"name": "web"}}),
        post(
            SERVICES,
            make_object(
                "v1",
                "Service",
                "headless",
                spec={"clusterIP": "None", "ports": [{"port": 1, "name": "a"}]},
            ),
        ),
        post(
            SERVICES,
            make_object(
                "v1",
                "Service",
                "outside",
                spec={"type": "ExternalName", "externalName": "example.com"},
            ),
        ),
        post(SERVICES, make_object("v1", "Service", "bad", spec={"ports": [{"port": 0}]})),
        post(
            SERVICES,
            make_object("v1", "Service", "two", spec={"ports": [{"port": 1}, {"port": 2}]}),
        ),
        post(SECRETS, make_object("v1", "Secret", "s", stringData={"a": "b"}, data={"c": "ZA=="})),
        merge(f"{SECRETS}/s", {"stringData": {"a": "c"}}),
        merge(f"{SECRETS}/s", {"type": "other"}),
        merge(f"{SECRETS}/s", {"immutable": True}),
        merge(f"{SECRETS}/s", {"data": {"a": "eA=="}}),
        loosely(post(SECRETS, make_object("v1", "Secret", "bad", data={"a": "not base64!"}))),
        post(SECRETS, make_object("v1", "Secret", "tls", type="kubernetes.io/tls")),
        post(
            SECRETS, make_object("v1", "Secret", "tok", type="kubernetes.io/service-account-token")
        ),
        post(f"{SHOP}/serviceaccounts", make_object("v1", "ServiceAccount", "robot")),
        post(
            "/apis/batch/v1/namespaces/shop/cronjobs",
            make_object(
                "batch/v1",
                "CronJob",
                "c",
                spec={
                    "schedule": "* * * * *",
                    "jobTemplate": {
                        "spec": {"template": {"spec": pod_spec(restartPolicy="OnFailure")}}
                    },
                },
            ),
        ),
        post(
            "/apis/apps/v1/namespaces/shop/daemonsets",
            make_object(
                "apps/v1",
                "DaemonSet",
                "d",
                spec={
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod_spec()},
                },
            ),
        ),
        post(
            "/apis/apps/v1/namespaces/shop/statefulsets",
            make_object(
                "apps/v1",
                "StatefulSet",
                "s",
                spec={
                    "serviceName": "s",
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod_spec()},
                },
            ),
        ),
        post(
            "/apis/apps/v1/namespaces/shop/replicasets",
            make_object(
                "apps/v1",
                "ReplicaSet",
                "r",
                spec={
                    "selector": {"matchLabels": {"a": "b"}},
                    "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod_spec()},
                },
            ),
        ),
        post(
            "/apis/networking.k8s.io/v1/namespaces/shop/ingresses",
            make_object(
                "networking.k8s.io/v1",
                "Ingress",
                "i",
                spec={
                    "rules": [
                        {
                            "host": "a.example.com",
                            "http": {
                                "paths": [
                                    {
                                        "path": "/",
                                        "pathType": "Prefix",
                                        "backend": {
                                            "service": {"name": "web", "port": {"number": 80}}
                                        },
                                    }
                                ]
                            },
                        }
                    ]
                },
            ),
        ),
        post(
            "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies",
            make_object("networking.k8s.io/v1", "NetworkPolicy", "n", spec={"podSelector": {}}),
        ),
        post(
            "/apis/coordination.k8s.io/v1/namespaces/shop/leases",
            make_object("coordination.k8s.io/v1", "Lease", "l", spec={"holderIdentity": "me"}),
        ),
        post(
            f"{SHOP}/resourcequotas",
            make_object("v1", "ResourceQuota", "q", spec={"hard": {"pods": "4"}}),
        ),
        post(
            "/apis/policy/v1/namespaces/shop/poddisruptionbudgets",
            make_object("policy/v1", "PodDisruptionBudget", "b", spec={"minAvailable": 1}),
        ),
    ],
    "rbac": [
        START,
        post(
            f"{RBAC}/namespaces/shop/roles",
            make_object(
                "rbac.authorization.k8s.io/v1",
                "Role",
                "r",
                rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
            ),
        ),
        post(
            f"{RBAC}/namespaces/shop/roles",
            make_object(
                "rbac.authorization.k8s.io/v1",
                "Role",
                "bad",
                rules=[{"apiGroups": [""], "verbs": []}],
            ),
        ),
        post(
            f"{RBAC}/namespaces/shop/rolebindings",
            make_object(
                "rbac.authorization.k8s.io/v1",
                "RoleBinding",
                "b",
                roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
                subjects=[{"kind": "ServiceAccount", "name": "robot"}],
            ),
        ),
        post(
            f"{RBAC}/namespaces/shop/rolebindings",
            make_object(
                "rbac.authorization.k8s.io/v1",
                "RoleBinding",
                "c",
                roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
                subjects=[
                    {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"},
                    {"kind": "User", "name": "eve"},
                ],
            ),
        ),
        merge(f"{RBAC}/namespaces/shop/rolebindings/c", {"roleRef": {"name": "other"}}),
        put(
            f"{RBAC}/namespaces/shop/roles/new",
            make_object("rbac.authorization.k8s.io/v1", "Role", "new"),
        ),
        post(
            f"{RBAC}/clusterroles",
            make_object(
                "rbac.authorization.k8s.io/v1",
                "ClusterRole",
                "urls",
                rules=[{"nonResourceURLs": ["/healthz"], "verbs": ["get"]}],
            ),
        ),
    ],
    "custom resources": [
        START,
        post(CRDS, {**make_crd(), "metadata": {"name": "wrong.example.com"}}),
        post(CRDS, make_crd(schema=None)),
        post(
            CRDS, make_crd(schema={"openAPIV3Schema": {"type": "object", "properties": {"x": {}}}})
        ),
        loosely(post(CRDS, make_crd(served=False, storage=False))),
    ],
}
