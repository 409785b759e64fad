"""
A federation with something of everything, for the original controllers and for `sync`.

cluster1 is the host and a member; cluster0 and cluster2 are members. `ACTS` change the host and the
members step by step; after each of them either tool brings the members in step again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.compat.originals import eventually
from tests.e2e.clusters import KNS, Api, Clusters
from tests.e2e.federated import (
    FEDERATED,
    PORT,
    TARGETS,
    TEMPLATES,
    federate,
    federated_path,
    only,
    override,
    target_path,
)
from tests.e2e.test_main_job import make_widget_crd

CORE = "/apis/core.kubefed.io"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NAMESPACES = ("shop", "partial", "gone", "loose")
MEMBERS = ("cluster0", "cluster1", "cluster2")
PREFERENCES = "/apis/scheduling.kubefed.io/v1alpha1/namespaces/shop/replicaschedulingpreferences"
_CALM = {"op": "add", "path": "/spec/minReadySeconds", "value": 1}
KINDS = (*TARGETS, "Widget")
"""The kinds of the ten default types, and that of a CRD."""

_WORKLOAD, _PORT = TEMPLATES["Deployment"], PORT


def raise_the_stage(fleet: Clusters) -> None:
    """Install KubeFed's API, join all clusters, make what stands there before, and federate."""
    fleet.set_up()
    _hasten(fleet)
    for name in fleet.names:
        fleet.api(name).create(CRDS, make_widget_crd())
    for name in fleet.names:
        eventually(partial(_serves_widgets, fleet.api(name)))
    fleet.run("enable", "widgets")
    eventually(partial(_serves_widgets, fleet.host, f"{FEDERATED}/federatedwidgets"))
    clusters = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters"
    fleet.host.merge(f"{clusters}/cluster0", {"metadata": {"labels": {"tier": "gold"}}})
    for name in NAMESPACES:
        fleet.host.create("/api/v1/namespaces", {"metadata": {"name": name}})
    _stand_before(fleet)
    _federate_namespaces(fleet)
    _federate_config_maps(fleet)
    _federate_workloads(fleet)
    _federate_others(fleet)


def _serves_widgets(api: Api, path: str = "/apis/example.com/v1/widgets") -> bool:
    """Tell whether a CRD just made is served: its storage takes a moment, and says 429."""
    return api.endpoint.send("GET", path).status == 200


def _hasten(fleet: Clusters) -> None:
    """Let the controllers act on what changes within seconds."""
    spec = {
        "controllerDuration": {"availableDelay": "1s", "unavailableDelay": "1s"},
        "leaderElect": {"leaseDuration": "6s", "renewDeadline": "4s", "retryPeriod": "1s"},
        "clusterHealthCheck": {"period": "2s"},
    }
    fleet.host.merge(f"{CORE}/v1beta1/namespaces/{KNS}/kubefedconfigs/kubefed", {"spec": spec})


def _stand_before(fleet: Clusters) -> None:
    """Make objects in members that federated ones of the same name will meet."""
    for name, note in (("cluster0", "blue"), ("cluster2", "green")):
        metadata = {"name": "shop", "annotations": {"team": note}, "labels": {"old": "yes"}}
        fleet.api(name).create("/api/v1/namespaces", {"metadata": metadata})
    standing = {
        "metadata": {
            "name": "adopted",
            "annotations": {"note": "theirs"},
            "labels": {"old": "yes"},
            "finalizers": ["example.com/held"],
        },
        "data": {"old": "1"},
    }
    fleet.api("cluster2").create(target_path("ConfigMap"), standing)
    unmanaged = {"name": "refused", "labels": {"kubefed.io/managed": "false"}}
    fleet.api("cluster0").create(
        target_path("ConfigMap"), {"metadata": unmanaged, "data": {"old": "1"}}
    )
    metadata = {"name": "adopted", "annotations": {"note": "theirs"}}
    spec = {**_WORKLOAD["spec"], "replicas": 5, "minReadySeconds": 7}
    fleet.api("cluster0").create(target_path("Deployment"), {"metadata": metadata, "spec": spec})
    ports = [{**_PORT, "nodePort": 30080}]
    fleet.api("cluster0").create(
        target_path("Service"),
        {"metadata": {"name": "adopted"}, "spec": {"type": "NodePort", "ports": ports}},
    )


def _federate_namespaces(fleet: Clusters) -> None:
    labelled = {"metadata": {"labels": {"owner": "shop"}}}
    federate(fleet.host, "Namespace", "shop", labelled)
    federate(fleet.host, "Namespace", "partial", namespace="partial", placement=only("cluster0"))
    federate(fleet.host, "Namespace", "gone", namespace="gone")


def _federate_config_maps(fleet: Clusters) -> None:
    data = TEMPLATES["ConfigMap"]

    def make(name: str, template: Any = data, **more: Any) -> None:
        federate(fleet.host, "ConfigMap", name, template, **more)

    changed = {"op": "replace", "path": "/data/k", "value": "8"}
    make("plain", overrides=[override("cluster0", changed)])
    make("adopted")
    make("refused")
    make("twice", overrides=[override("cluster0", changed, changed)])
    make("missing", overrides=[override("cluster0", {"op": "remove", "path": "/data/absent"})])
    noted = {"annotations": {"a": "b"}, "finalizers": ["example.com/f"], "labels": {"l": "1"}}
    make("noted", {**data, "metadata": noted})
    added = {"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}
    make("annotated", overrides=[override("cluster2", added)])
    make("chosen", placement={"clusterSelector": {"matchLabels": {"tier": "gold"}}})
    unknown = {"matchExpressions": [{"key": "tier", "operator": "Foo", "values": ["x"]}]}
    make("unreadable", placement={"clusterSelector": unknown})
    make("typo", placement=only("cluster0", "no-such"))
    make("nowhere", placement={})
    make("emptied")
    make("deleted")
    make("orphaned", metadata={"annotations": {"kubefed.io/orphan": "true"}})
    make("unplaced", namespace="loose")
    make("narrow", namespace="partial")
    make("inside", namespace="gone")


def _federate_workloads(fleet: Clusters) -> None:
    more = {"path": "/spec/replicas", "value": 4}
    federate(fleet.host, "Deployment", "web", _WORKLOAD, overrides=[override("cluster2", more)])
    federate(fleet.host, "Deployment", "adopted", _WORKLOAD)
    federate(fleet.host, "Deployment", "scaled", _WORKLOAD, retainReplicas=True)
    options = {"kubefed.io/deleteoption": '{"propagationPolicy":"Orphan"}'}
    federate(fleet.host, "Deployment", "retired", _WORKLOAD, metadata={"annotations": options})
    federate(fleet.host, "Deployment", "spread", _WORKLOAD, overrides=[override("cluster1", _CALM)])
    fleet.host.create(
        PREFERENCES,
        {
            "apiVersion": "scheduling.kubefed.io/v1alpha1",
            "kind": "ReplicaSchedulingPreference",
            "metadata": {"name": "spread"},
            "spec": {
                "targetKind": "FederatedDeployment",
                "totalReplicas": 9,
                "clusters": {"cluster0": {"weight": 2}, "*": {"weight": 1, "minReplicas": 1}},
            },
        },
    )
    federate(fleet.host, "ReplicaSet", "set", _WORKLOAD, retainReplicas=True)
    federate(fleet.host, "Job", "once", TEMPLATES["Job"])


def _federate_others(fleet: Clusters) -> None:
    federate(fleet.host, "Secret", "keys", TEMPLATES["Secret"])
    federate(fleet.host, "ServiceAccount", "robot", TEMPLATES["ServiceAccount"])
    federate(fleet.host, "Service", "web", TEMPLATES["Service"])
    federate(fleet.host, "Service", "adopted", TEMPLATES["Service"])
    federate(fleet.host, "Service", "peers", {"spec": {"clusterIP": "None", "ports": [_PORT]}})
    federate(fleet.host, "Ingress", "web", TEMPLATES["Ingress"])
    widen = {"path": "/rules/0/verbs/-", "op": "add", "value": "list"}
    rules = TEMPLATES["ClusterRole"]
    overrides = [override("cluster0", widen)]
    federate(fleet.host, "ClusterRole", "reader", rules, overrides=overrides)
    parts = {"path": "/spec/parts", "value": ["fiz", "bang"]}
    overrides = [override("cluster2", parts)]
    federate(fleet.host, "Widget", "gear", TEMPLATES["Widget"], overrides=overrides)


def edit_members(fleet: Clusters) -> None:
    """Change member objects with and without a generation, and what may stay as it is there."""
    member = fleet.api("cluster0")
    member.merge(target_path("Deployment", "web"), {"spec": {"replicas": 9, "paused": True}})
    member.merge(target_path("Deployment", "adopted"), {"metadata": {"labels": {"alien": "1"}}})
    member.merge(target_path("ConfigMap", "plain"), {"data": {"alien": "1", "n": None}})
    member.merge(target_path("Secret", "keys"), {"data": {"alien": "dg=="}})
    member.merge(target_path("Service", "web"), {"spec": {"selector": {"alien": "1"}}})
    member.merge(target_path("ClusterRole", "reader"), {"rules": []})
    member.merge(target_path("Widget", "gear"), {"spec": {"size": 9}})
    member.merge(target_path("Ingress", "web"), {"spec": {"ingressClassName": "alien"}})
    member.merge("/api/v1/namespaces/shop", {"metadata": {"labels": {"alien": "1"}}})
    member.merge(target_path("Deployment", "scaled"), {"spec": {"replicas": 7}})
    member.merge(target_path("ReplicaSet", "set"), {"spec": {"replicas": 6}})
    member.merge(
        target_path("ServiceAccount", "robot"),
        {"secrets": [{"name": "t"}], "metadata": {"annotations": {"own": "1"}}},
    )
    fleet.api("cluster2").delete(target_path("ConfigMap", "annotated"))
    fleet.api("cluster2").delete(target_path("Widget", "gear"))


def change_the_host(fleet: Clusters) -> None:
    """Change templates, overrides and placements, relabel clusters, delete federated objects."""
    host = fleet.host

    def merge(kind: str, name: str, spec: Any, *, namespace: str = "shop") -> None:
        host.merge(federated_path(kind, name, namespace=namespace), {"spec": spec})

    labels = {"metadata": {"labels": {"l": "2"}}}
    for kind, name in (
        ("ConfigMap", "adopted"),
        ("ConfigMap", "noted"),
        ("Deployment", "scaled"),
        ("ReplicaSet", "set"),
        ("ServiceAccount", "robot"),
        ("Service", "web"),
        ("Service", "adopted"),
        ("Namespace", "shop"),
    ):
        merge(kind, name, {"template": labels})
    host.merge(f"{PREFERENCES}/spread", {"spec": {"totalReplicas": 13}})
    merge("ConfigMap", "plain", {"overrides": None, "template": {"data": {"n": "z"}}})
    merge("ConfigMap", "missing", {"overrides": None})
    merge("ConfigMap", "emptied", {"placement": {"clusterSelector": None, "clusters": []}})
    merge("Job", "once", {"template": {"spec": {"completions": 3}}})
    merge("Ingress", "web", {"placement": only("cluster0", "cluster1")})
    clusters = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedclusters"
    host.merge(f"{clusters}/cluster0", {"metadata": {"labels": {"tier": None}}})
    host.merge(f"{clusters}/cluster2", {"metadata": {"labels": {"tier": "gold"}}})
    host.delete(federated_path("ConfigMap", "deleted"))
    host.delete(federated_path("ConfigMap", "orphaned"))
    host.delete(federated_path("Deployment", "retired"))
    host.delete(federated_path("Namespace", "gone", namespace="gone"))
    # NB: to two clusters, since the controllers do not tell one from another that is well, too
    moved = {"placement": only("cluster1", "cluster2")}
    merge("Namespace", "partial", moved, namespace="partial")


def edit_members_again(fleet: Clusters) -> None:
    """Change what was written last, and delete a whole namespace in a member."""
    for name in ("cluster1", "cluster2"):
        member = fleet.api(name)
        member.merge(target_path("ConfigMap", "plain"), {"data": {"alien": "1"}})
        member.merge(target_path("Deployment", "web"), {"spec": {"minReadySeconds": 3}})
        member.merge(target_path("Service", "web"), {"metadata": {"labels": {"l": "9"}}})
    fleet.api("cluster2").delete(target_path("Deployment", "adopted"))


Act = Callable[[Clusters], None]

ACTS: dict[str, Act] = {
    "raised": raise_the_stage,
    "edited in members": edit_members,
    "changed on the host": change_the_host,
    "edited again": edit_members_again,
}
"""What happens to the federation, in order; each is to be brought in step before the next."""
