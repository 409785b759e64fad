"""Tests of rendering: which federation files describe, and what each cluster gets of it."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.assembling import assemble
from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.rendering import render
from kubefedctl.errors import ControlPlaneError, InputError
from kubefedctl.model.objects import kind_of, labels_of, name_of
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.renderings import Rendering

KNS = "kube-federation-system"
EVERYWHERE: Object = {"placement": {"clusterSelector": {}}}
CRON_TAB = Resource("stable.example.com", "v1", "crontabs", "CronTab", True)
REMOVES_NOTHING = [
    {"clusterName": "c1", "clusterOverrides": [{"op": "remove", "path": "/data/absent"}]}
]


def make(
    kind: str,
    name: str = "web",
    *,
    namespace: str = "shop",
    api: str = "types.kubefed.io/v1beta1",
    labels: Object | None = None,
    **fields: Any,
) -> Object:
    """Return an object of a file; a federated one is placed everywhere."""
    metadata: Object = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = labels
    spec = {"spec": EVERYWHERE} if kind.startswith("Federated") and "spec" not in fields else {}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **spec, **fields}


def make_cluster(name: str, **labels: str) -> Object:
    """Return a KubeFedCluster."""
    api = "core.kubefed.io/v1beta1"
    return make("KubeFedCluster", name, namespace=KNS, api=api, labels=labels, spec={})


def make_own(kind: str, name: str, **fields: Any) -> Object:
    """Return another object of KubeFed's core group, without a namespace."""
    return make(kind, name, namespace="", api="core.kubefed.io/v1beta1", **fields)


SHOP = make("FederatedNamespace", "shop")
CLUSTERS = (make_cluster("c1", zone="a"), make_cluster("c2", zone="b"))


def run(*objects: Object, clusters: tuple[str, ...] = ()) -> Rendering:
    """Render *objects* beside the namespace `shop`; with clusters unless some are named."""
    given = () if clusters else CLUSTERS
    return render(assemble([*given, SHOP, *objects], clusters=clusters))


def names(rendering: Rendering) -> dict[str, list[str]]:
    """Return `Kind/name` of every object, by cluster."""
    return {
        name: [f"{kind_of(obj)}/{name_of(obj)}" for obj in objects]
        for name, objects in rendering.clusters.items()
    }


def errors(rendering: Rendering) -> list[tuple[str, str, str]]:
    """Return object, cluster and reason of every error."""
    return [(found.object, found.cluster, found.reason) for found in rendering.errors]


def test_render_gives_each_cluster_its_objects_in_the_order_of_the_waves() -> None:
    """Namespaces, definitions, cluster-scoped objects, then the others by type and name."""
    crd = Resource(
        "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
    )
    rendering = run(
        make("FederatedSecret", "b"),
        make("FederatedSecret", "a"),
        make("FederatedConfigMap", "z", spec={"placement": {"clusters": [{"name": "c2"}]}}),
        make("FederatedClusterRole", "role", namespace=""),
        make("FederatedCustomResourceDefinition", "crontabs.example.com", namespace=""),
        make_type_config(crd),
    )
    first = ["Namespace/shop", "CustomResourceDefinition/crontabs.example.com", "ClusterRole/role"]
    secrets = ["Secret/a", "Secret/b"]
    assert {"c1": [*first, *secrets], "c2": [*first, "ConfigMap/z", *secrets]} == names(rendering)
    assert ((), ()) == (rendering.errors, rendering.warnings)


def test_render_labels_what_it_makes_and_applies_the_overrides_of_each_cluster() -> None:
    """What a sync sends, to the field."""
    overrides = [{"clusterName": "c2", "clusterOverrides": [{"path": "/data/a", "value": "2"}]}]
    spec = {**EVERYWHERE, "template": {"data": {"a": "1"}}, "overrides": overrides}
    rendering = run(make("FederatedConfigMap", spec=spec))
    made = {name: objects[-1] for name, objects in rendering.clusters.items()}
    metadata = {"name": "web", "namespace": "shop", "labels": {"kubefed.io/managed": "true"}}
    base = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    assert {"c1": {**base, "data": {"a": "1"}}, "c2": {**base, "data": {"a": "2"}}} == made


def test_render_leaves_an_object_that_fails_in_one_cluster_out_of_all() -> None:
    """And says for which cluster it failed."""
    spec = {**EVERYWHERE, "template": {"data": {}}, "overrides": REMOVES_NOTHING}
    rendering = run(make("FederatedConfigMap", spec=spec), make("FederatedSecret", "other"))
    assert {name: ["Namespace/shop", "Secret/other"] for name in ("c1", "c2")} == names(rendering)
    expected = ("FederatedConfigMap/shop/web", "c1", "ApplyOverridesFailed")
    assert [expected] == errors(rendering)


def test_render_of_some_clusters_judges_by_all() -> None:
    """An object that fails elsewhere is not rendered here either."""
    spec = {**EVERYWHERE, "template": {"data": {}}, "overrides": REMOVES_NOTHING}
    objects = [*CLUSTERS, SHOP, make("FederatedConfigMap", spec=spec)]
    rendering = render(assemble(objects, clusters=["c2"]))
    assert {"c2": ["Namespace/shop"]} == names(rendering)
    assert ["c1"] == [found.cluster for found in rendering.errors]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"placement": {"clusterSelector": {"matchLabels": {"zone": "a"}}}}, ["c1"]),
        ({"placement": {"clusters": [{"name": "c2"}, {"name": "unknown"}]}}, ["c2"]),
        ({"placement": {"clusters": []}}, []),
        ({}, []),
    ],
    ids=["by label", "by name", "none", "no placement"],
)
def test_render_narrows_objects_to_where_their_namespace_is(
    spec: Object, expected: list[str]
) -> None:
    """The placement of the FederatedNamespace is that of all in it."""
    namespace = make("FederatedNamespace", "shop", spec=spec)
    objects = [*CLUSTERS, namespace, make("FederatedConfigMap")]
    found = names(render(assemble(objects)))
    assert expected == [name for name, made in found.items() if "ConfigMap/web" in made]


def test_render_without_a_federated_namespace_is_an_error_as_in_a_sync() -> None:
    """An object can only be where its namespace is."""
    rendering = run(make("FederatedConfigMap", namespace="other"))
    expected = ("FederatedConfigMap/other/web", "", "NamespaceNotFederated")
    assert [expected] == errors(rendering)


def test_render_in_namespaced_scope_needs_no_federated_namespace() -> None:
    """Only what is in the KubeFed namespace counts, and nothing that is cluster-scoped."""
    rendering = run(
        make_own("KubeFedConfig", "kubefed", spec={"scope": "Namespaced"}),
        make("FederatedConfigMap", "inside", namespace=KNS),
        make("FederatedConfigMap", "outside"),
        make("FederatedClusterRole", "role", namespace=""),
    )
    assert {name: ["ConfigMap/inside"] for name in ("c1", "c2")} == names(rendering)
    assert () == rendering.errors


def test_render_spreads_replicas_with_nothing_running() -> None:
    """The numbers are those of `schedule -f`; the placement is the preference's."""
    template = {"spec": {"replicas": 1}}
    spec = {"template": template, "placement": {"clusters": [{"name": "c1"}]}}
    prefers = {
        "targetKind": "FederatedDeployment",
        "totalReplicas": 9,
        "clusters": {"c1": {"weight": 1, "minReplicas": 4}, "c2": {"weight": 2, "minReplicas": 4}},
    }
    rendering = run(
        make("FederatedDeployment", spec=spec),
        make("ReplicaSchedulingPreference", api="scheduling.kubefed.io/v1alpha1", spec=prefers),
    )
    replicas = {name: made[-1]["spec"]["replicas"] for name, made in rendering.clusters.items()}
    assert {"c1": 4, "c2": 5} == replicas
    step = "ReplicaSchedulingPreference/shop/web: scheduled c1=4, c2=5"
    assert (step,) == rendering.steps


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"targetKind": "FederatedConfigMap", "totalReplicas": 1}, "objects without replicas"),
        ({"targetKind": "FederatedThing", "totalReplicas": 1}, "is not the kind of a federated"),
        ({"targetKind": "FederatedDeployment"}, "totalReplicas is missing"),
    ],
    ids=["no replicas", "unknown kind", "no total"],
)
def test_render_of_a_preference_that_cannot_be_followed_is_an_error(
    spec: Object, reason: str
) -> None:
    """What it is about is rendered as it stands, as a sync propagates it."""
    api = "scheduling.kubefed.io/v1alpha1"
    rendering = run(
        make("FederatedDeployment"), make("ReplicaSchedulingPreference", api=api, spec=spec)
    )
    [error] = rendering.errors
    assert "SchedulingFailed" == error.reason
    assert reason in error.message
    assert "Deployment/web" in names(rendering)["c1"]


def test_render_follows_no_preference_with_the_gate_closed() -> None:
    """The KubeFedConfig among the files says so."""
    gates = [{"name": "SchedulerPreferences", "configuration": "Disabled"}]
    spec = {"targetKind": "FederatedDeployment", "totalReplicas": 9}
    rendering = run(
        make_own("KubeFedConfig", "kubefed", spec={"scope": "Cluster", "featureGates": gates}),
        make("FederatedDeployment", spec={**EVERYWHERE, "template": {"spec": {"replicas": 1}}}),
        make("ReplicaSchedulingPreference", api="scheduling.kubefed.io/v1alpha1", spec=spec),
    )
    assert 1 == rendering.clusters["c1"][-1]["spec"]["replicas"]
    assert "SchedulerPreferences is off" in rendering.warnings[0]


# --- which types there are -----------------------------------------------------------------------


def test_assemble_guesses_the_type_of_other_kinds_from_the_template() -> None:
    """The plural as KubeFed guesses it, namespaced where the object is."""
    spec = {**EVERYWHERE, "template": {"apiVersion": CRON_TAB.api_version}}
    found = assemble([*CLUSTERS, SHOP, make("FederatedCronTab", spec=spec)])
    assert [CRON_TAB] == [t.target for t in found.desired.types if t.target.group == CRON_TAB.group]


@pytest.mark.parametrize(
    "template",
    [{}, {"apiVersion": "v1", "kind": "Other"}],
    ids=["no apiVersion", "another kind"],
)
def test_render_of_an_unknown_type_is_an_error(template: Object) -> None:
    """Nobody could say what to make of it."""
    rendering = run(make("FederatedCronTab", spec={**EVERYWHERE, "template": template}))
    assert [("FederatedCronTab/shop/web", "", "UnknownType")] == errors(rendering)


@pytest.mark.parametrize(
    ("kind", "group", "spec", "expected"),
    [
        ("FederatedX", "a.example", {"template": {}}, True),
        ("SharedX", "a.example", {"template": {}, "placement": {}}, True),
        ("SharedX", "a.example", {"template": {}}, False),
        ("FederatedHPA", "autoscaling.karmada.io", {"minReplicas": 1}, False),
        ("FederatedTypeConfig", "core.kubefed.io", {"template": {}, "placement": {}}, False),
    ],
    ids=["name", "shape", "a workload", "another tool", "a type config"],
)
def test_assemble_of_what_looks_federated_and_has_no_type_is_an_error(
    kind: str, group: str, spec: Object, expected: bool
) -> None:
    """By its name and a part, or by both parts; everything else is left out with a warning."""
    obj = {
        "apiVersion": f"{group}/v1beta9",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "elsewhere"},
        "spec": spec,
    }
    assert expected is bool(assemble([*CLUSTERS, obj]).errors)


def test_assemble_takes_type_configs_before_what_is_implied() -> None:
    """A type config of another version of the target takes the place of the default one."""
    old = Resource("extensions", "v1beta1", "ingresses", "Ingress", True)
    rendering = run(make_type_config(old), make("FederatedIngress"))
    assert "extensions/v1beta1" == rendering.clusters["c1"][-1]["apiVersion"]


def test_render_makes_all_targets_of_one_federated_type() -> None:
    """As a host with two type configs for it does."""
    new = Resource("networking.k8s.io", "v1", "ingresses", "Ingress", True)
    old = Resource("extensions", "v1beta1", "ingresses", "Ingress", True)
    rendering = run(make_type_config(old), make_type_config(new), make("FederatedIngress"))
    made = [obj["apiVersion"] for obj in rendering.clusters["c1"] if kind_of(obj) == "Ingress"]
    assert ["extensions/v1beta1", "networking.k8s.io/v1"] == made


def test_render_leaves_out_types_that_are_not_propagated() -> None:
    """With a word about them."""
    config = make_type_config(Resource("", "v1", "configmaps", "ConfigMap", True))
    config["spec"]["propagation"] = "Disabled"
    rendering = run(config, make("FederatedConfigMap"))
    assert {"c1": ["Namespace/shop"], "c2": ["Namespace/shop"]} == names(rendering)
    assert ("1 object of configmaps left out: the type is not propagated",) == rendering.warnings


# --- which clusters there are --------------------------------------------------------------------


def test_assemble_takes_named_clusters_where_the_files_have_none() -> None:
    """They have no labels: an empty selector matches, another does not."""
    selector = {"placement": {"clusterSelector": {"matchLabels": {"zone": "a"}}}}
    rendering = run(make("FederatedConfigMap", spec=selector), clusters=("c9", "c8"))
    assert {"c8": ["Namespace/shop"], "c9": ["Namespace/shop"]} == names(rendering)


@pytest.mark.parametrize(
    ("objects", "clusters", "message"),
    [
        ((), (), "no KubeFedCluster among the files"),
        (CLUSTERS, ("c1", "c3"), "--clusters names c3, not among the KubeFedClusters c1, c2"),
        ((CLUSTERS[0], CLUSTERS[0]), (), "KubeFedCluster/kube-federation-system/c1 stands"),
        ((*CLUSTERS, SHOP, SHOP), (), "FederatedNamespace/shop/shop stands in the files twice"),
        ((make_own("KubeFedCluster", ""),), (), "a KubeFedCluster has no metadata.name"),
    ],
    ids=["none", "unknown", "cluster twice", "object twice", "without a name"],
)
def test_assemble_refuses_what_cannot_be_meant(
    objects: tuple[Object, ...], clusters: tuple[str, ...], message: str
) -> None:
    """Nothing is rendered then."""
    with pytest.raises(InputError, match=message):
        assemble(objects, clusters=clusters)


def test_assemble_refuses_a_config_with_which_no_controller_would_start() -> None:
    """As a sync does."""
    config = make_own("KubeFedConfig", "kubefed", spec={"scope": "Planet"})
    with pytest.raises(ControlPlaneError, match=r"spec\.scope"):
        assemble([*CLUSTERS, config])


def test_assemble_leaves_out_clusters_of_another_kubefed_namespace() -> None:
    """With a word about them, since their file may be of another federation."""
    api = "core.kubefed.io/v1beta1"
    stray = make("KubeFedCluster", "c9", namespace="elsewhere", api=api)
    found = assemble([*CLUSTERS, stray])
    assert ("c1", "c2") == found.looked_at
    assert "KubeFedCluster/elsewhere/c9 is left out" in found.warnings[0]


def test_render_tells_of_objects_that_no_sync_propagates() -> None:
    """But not of Namespaces, which every host has beside its FederatedNamespaces."""
    plain = [make("ConfigMap", f"m{n}", api="v1") for n in range(5)]
    rendering = run(*plain, make("Namespace", "shop", namespace="", api="v1"))
    assert (
        "left out, since no sync would propagate them: ConfigMap/shop/m0, ConfigMap/shop/m1,"
        " ConfigMap/shop/m2 and 2 more",
    ) == rendering.warnings


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (make("FederatedConfigMap", ""), "metadata.name is missing"),
        (make("FederatedConfigMap", namespace=""), "metadata.namespace is missing"),
        (make("FederatedClusterRole"), "metadata.namespace is set"),
    ],
    ids=["no name", "no namespace", "a namespace too many"],
)
def test_render_of_an_object_that_no_host_would_take_is_an_error(obj: Object, message: str) -> None:
    """The others are rendered."""
    rendering = run(obj)
    [error] = rendering.errors
    assert "InvalidObject" == error.reason
    assert message in error.message
    assert ["Namespace/shop"] == names(rendering)["c1"]


def test_render_labels_everything_it_makes() -> None:
    """Also what has no template."""
    rendering = run(make("FederatedConfigMap"), make("FederatedClusterRole", namespace=""))
    assert all(
        labels_of(obj) == {"kubefed.io/managed": "true"}
        for objects in rendering.clusters.values()
        for obj in objects
    )
