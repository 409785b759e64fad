"""
What becomes of member objects, by the scenarios S23 to S59, S98 and S99.

On the sandbox and on real control planes, with `--strategy replace`, which is KubeFed's own way.
Not here: server-side apply, and the tables of the pure functions (core/).
"""

from __future__ import annotations

import pytest

from tests.e2e.clusters import Clusters
from tests.e2e.federated import CUSTOM_TARGETS, PORT, TARGETS, WORKLOAD, only, override
from tests.e2e.ground import (
    ALL_WELL,
    CONFIG,
    Ground,
    Scenario,
    altered,
    stand_on,
    version_of,
)

MANAGED = {"kubefed.io/managed": "true"}
ADDED = {"op": "add", "path": "/metadata/labels", "value": {"only": "here"}}


def every_kind_reaches_every_cluster(ground: Ground) -> None:
    """S23, S24: labelled, overridden in one cluster, recorded and reported, of each type."""
    ground.federate_namespace()
    kinds = [kind for kind in (*TARGETS, *CUSTOM_TARGETS) if kind != "Namespace"]
    for kind in kinds:
        ground.federate(kind, ground.namespace, overrides=[override("cluster2", ADDED)])
    ground.sync()
    for kind in kinds:
        found = [ground.get(number, kind, ground.namespace) for number in range(3)]
        labels = [obj["metadata"]["labels"] for obj in found]
        assert ["true"] * 3 == [one["kubefed.io/managed"] for one in labels], kind
        assert [None, None, "here"] == [one.get("only") for one in labels], kind
        assert ALL_WELL == ground.told(kind, ground.namespace), kind
        versions = {f"cluster{number}": version_of(obj) for number, obj in enumerate(found)}
        assert versions == ground.recorded(kind, ground.namespace), kind


def list_in_a_custom_object_is_overridden(ground: Ground) -> None:
    """S24: a list of a custom object is another one where an override says so."""
    ground.federate_namespace()
    parts = {"path": "/spec/parts", "value": ["fiz", "bang"]}
    ground.federate("Widget", overrides=[override("cluster0", parts)])
    ground.federate("ClusterWidget", ground.namespace, overrides=[override("cluster0", parts)])
    ground.sync()
    for kind, name in (("Widget", "x"), ("ClusterWidget", ground.namespace)):
        found = [ground.get(number, kind, name)["spec"]["parts"] for number in range(3)]
        assert [["fiz", "bang"], ["a"], ["a"]] == found


def overridden_labels_are_just_those(ground: Ground) -> None:
    """S28, S50: replacing labels that the template lacks succeeds, and the managed one stays."""
    ground.federate_namespace()
    ground.federate("ConfigMap")
    ground.sync()
    labels = {"op": "replace", "path": "/metadata/labels", "value": {"a": "1"}}
    evil = {**labels, "value": {"kubefed.io/managed": "false"}}
    ground.change(
        "ConfigMap", {"overrides": [override("cluster0", labels), override("cluster2", evil)]}
    )
    ground.sync()
    found = [ground.get(number, "ConfigMap")["metadata"]["labels"] for number in range(3)]
    assert [{"a": "1", **MANAGED}, MANAGED, MANAGED] == found
    assert ALL_WELL == ground.told("ConfigMap")


def second_run_writes_nothing(ground: Ground) -> None:
    """S29: no object of any kind, and no record, has another version after a second run."""
    ground.federate_namespace()
    kinds = [kind for kind in (*TARGETS, *CUSTOM_TARGETS) if kind != "Namespace"]
    for kind in kinds:
        ground.federate(kind, ground.namespace)
    ground.sync()

    def versions() -> list[str]:
        found = [ground.get(n, kind, ground.namespace) for n in range(3) for kind in kinds]
        found += [ground.host.get(ground.path(kind, ground.namespace)) for kind in kinds]
        found += [ground.versions(kind, ground.namespace) for kind in kinds]
        return [obj["metadata"]["resourceVersion"] for obj in found]

    before = versions()
    ran = ground.sync()
    assert ran.stdout.endswith(", 0 changes made\n")
    assert before == versions()


def edits_in_a_member_are_undone(ground: Ground) -> None:
    """S30, S31, S32: with a generation, without one, and of labels alone."""
    ground.federate_namespace()
    ground.federate("Deployment")
    ground.federate("Deployment", "labelled")
    ground.federate("ConfigMap")
    ground.sync()
    before = ground.recorded("Deployment")["cluster0"]
    ground.edit(0, "Deployment", {"spec": {"replicas": 9, "paused": True}})
    ground.edit(0, "Deployment", {"metadata": {"labels": {"alien": "1"}}}, "labelled")
    ground.edit(0, "ConfigMap", {"data": {"alien": "1", "n": None}})
    ground.sync()
    spec = ground.get(0, "Deployment")["spec"]
    assert (2, None) == (spec["replicas"], spec.get("paused"))
    assert MANAGED == ground.get(0, "Deployment", "labelled")["metadata"]["labels"]
    assert {"n": "y", "k": "012"} == ground.get(0, "ConfigMap")["data"]
    after = ground.recorded("Deployment")["cluster0"]
    assert ("gen:1", "gen:3") == (before, after)
    assert version_of(ground.get(0, "ConfigMap")) == ground.recorded("ConfigMap")["cluster0"]


def object_that_stood_there_is_adopted(ground: Ground) -> None:
    """S34, S59: it becomes what the template says; its annotations and finalizers stay."""
    ground.federate_namespace()
    ground.sync()
    own = {"annotations": {"note": "theirs"}, "finalizers": ["example.com/held"]}
    ground.make(0, "ConfigMap", {"data": {"old": "1"}}, labels={"old": "1"}, **own)
    ground.federate("ConfigMap")
    ran = ground.sync()
    assert f"adopted ConfigMap/{ground.namespace}/x in cluster cluster0" in ran.lines
    found = ground.get(0, "ConfigMap")
    assert {"n": "y", "k": "012"} == found["data"]
    metadata = found["metadata"]
    assert (MANAGED, own["annotations"]) == (metadata["labels"], metadata["annotations"])
    assert own["finalizers"] == metadata["finalizers"]
    assert ALL_WELL == ground.told("ConfigMap")
    ground.change("ConfigMap", {"template": {"data": {"n": "z"}}})
    ground.sync()
    metadata = ground.get(0, "ConfigMap")["metadata"]
    assert own == {name: metadata[name] for name in own}
    ground.edit(0, "ConfigMap", {"metadata": {"finalizers": None}})


def adoption_can_be_forbidden_but_for_the_host_s_namespace(ground: Ground) -> None:
    """S35, S36: what stood there stays as it is, and the host's own namespace is labelled."""
    ground.make_namespace(2)
    off, on = ({"spec": {"syncController": {"adoptResources": w}}} for w in ("Disabled", "Enabled"))
    with altered(ground.host, CONFIG, off, back=on):
        ground.federate_namespace()
        ground.make(2, "ConfigMap", {"data": {"old": "1"}})
        ground.federate("ConfigMap")
        ground.sync(code=5)
        expected = {"cluster0": "", "cluster1": "", "cluster2": "AlreadyExists"}
        assert ("False", "CheckClusters", expected) == ground.told("ConfigMap")
        assert ("False", "CheckClusters", expected) == ground.told("Namespace", ground.namespace)
        assert {"old": "1"} == ground.get(2, "ConfigMap")["data"]
        labels = [
            ground.get(number, "Namespace", ground.namespace)["metadata"]["labels"]
            for number in range(3)
        ]
        assert ["true", "true", None] == [one.get("kubefed.io/managed") for one in labels]
    ground.sync()
    assert ALL_WELL == ground.told("ConfigMap")


def object_labelled_false_is_left_alone(ground: Ground) -> None:
    """S37: the label's value `false` is a clear wish."""
    ground.federate_namespace()
    ground.sync()
    made = ground.make(2, "ConfigMap", {}, labels={"kubefed.io/managed": "false"})
    ground.federate("ConfigMap")
    ground.sync(code=5)
    expected = {"cluster0": "", "cluster1": "", "cluster2": "ManagedLabelFalse"}
    assert ("False", "CheckClusters", expected) == ground.told("ConfigMap")
    assert made == ground.get(2, "ConfigMap")


def unlabelled_object_is_never_deleted(ground: Ground) -> None:
    """S38, S69: neither by placement nor with the federated object, which it does not hold up."""
    ground.federate_namespace()
    ground.sync()
    made = ground.make(0, "ConfigMap")
    ground.federate("ConfigMap", placement=only())
    ground.sync()
    assert made == ground.get(0, "ConfigMap")
    ground.delete("ConfigMap")
    ground.sync()
    assert made == ground.get(0, "ConfigMap")
    assert None is ground.host.get(ground.path("ConfigMap"))


def labelled_object_of_nobody_loses_the_label(ground: Ground) -> None:
    """S39: it is kept, with all else that it has."""
    ground.federate_namespace()
    ground.sync()
    ground.make(0, "ConfigMap", labels={**MANAGED, "own": "1"}, annotations={"own": "1"})
    ran = ground.sync()
    assert f"unlabelled ConfigMap/{ground.namespace}/x in cluster cluster0" in ran.lines
    found = ground.get(0, "ConfigMap")
    assert ({"own": "1"}, {"own": "1"}) == (
        found["metadata"]["labels"],
        found["metadata"]["annotations"],
    )
    assert {"n": "y", "k": "012"} == found["data"]


def immutable_field_is_told_and_nothing_is_made_anew(ground: Ground) -> None:
    """S40: UpdateFailed with the API server's words; the others go on; taking it back heals."""
    ground.federate_namespace()
    ground.federate("Job", placement=only("cluster0", "cluster2"))
    ground.federate("ConfigMap")
    ground.sync()
    uid = ground.get(0, "Job")["metadata"]["uid"]
    before = ground.host.get(ground.path("Job"))["spec"]["template"]["spec"]
    ground.change("Job", {"template": {"spec": {"completions": 5}}})
    ground.change("ConfigMap", {"template": {"data": {"n": "z"}}})
    ran = ground.sync(code=5)
    failed = {"cluster0": "UpdateFailed", "cluster2": "UpdateFailed"}
    assert ("False", "CheckClusters", failed) == ground.told("Job")
    assert "immutable" in ran.stdout + ran.stderr
    assert "z" == ground.get(0, "ConfigMap")["data"]["n"]
    assert uid == ground.get(0, "Job")["metadata"]["uid"]
    ground.change("Job", {"template": {"spec": {"completions": before["completions"]}}})
    ground.change("Job", {"placement": {"clusters": []}})
    ground.sync()
    assert [] == ground.holders("Job")


def template_may_be_missing(ground: Ground) -> None:
    """S42: a FederatedNamespace without one makes bare namespaces."""
    ground.federate_namespace()
    ground.host.merge(ground.path("Namespace", ground.namespace), {"spec": {"template": None}})
    ground.sync()
    found = ground.get(0, "Namespace", ground.namespace)["metadata"]
    assert {**MANAGED, "kubernetes.io/metadata.name": ground.namespace} == found["labels"]
    assert ALL_WELL == ground.told("Namespace", ground.namespace)


def annotations_are_added_and_removed_by_overrides(ground: Ground) -> None:
    """S27, S48: those of the template do not go; an override sets them, and takes one out."""
    ground.federate_namespace()
    add = {"op": "add", "path": "/metadata/annotations", "value": {"foo": "1", "x": "2"}}
    remove = {"op": "remove", "path": "/metadata/annotations/foo"}
    template = {"metadata": {"annotations": {"a": "b"}, "finalizers": ["example.com/f"]}}
    ground.federate("ConfigMap", "x", template, overrides=[override("cluster0", add, remove)])
    ran = ground.sync()
    assert "metadata.annotations of the template is not propagated" in ran.stderr
    assert "metadata.finalizers of the template is not propagated" in ran.stderr
    found = [ground.get(number, "ConfigMap")["metadata"] for number in range(3)]
    assert [{"x": "2"}, None, None] == [one.get("annotations") for one in found]
    assert [None] * 3 == [one.get("finalizers") for one in found]


def replicas_are_the_member_s_if_asked(ground: Ground) -> None:
    """S52, S53, S54: retainReplicas keeps them, and an override still wins."""
    ground.federate_namespace()
    five = {"path": "/spec/replicas", "value": 5}
    ground.federate("Deployment", "plain")
    ground.federate("Deployment", "kept", retainReplicas=True)
    ground.federate(
        "Deployment", "both", retainReplicas=True, overrides=[override("cluster0", five)]
    )
    ground.sync()
    names = ("plain", "kept", "both")
    for name in names:
        ground.edit(0, "Deployment", {"spec": {"replicas": 7}}, name)
    ground.sync()
    found = [ground.get(0, "Deployment", name)["spec"]["replicas"] for name in names]
    assert [2, 7, 5] == found
    for name in names:
        ground.change("Deployment", {"template": {"spec": {"minReadySeconds": 3}}}, name)
    ground.sync()
    found = [ground.get(0, "Deployment", name)["spec"]["replicas"] for name in names]
    assert [2, 7, 5] == found


def what_members_allocate_is_kept(ground: Ground) -> None:
    """S56, S57, S58: addresses, ports and token Secrets stay over an update of the template."""
    ground.federate_namespace()
    ground.federate("Service")
    other = {**PORT, "name": "other", "port": 81}
    ground.federate("ServiceAccount")
    ground.sync()
    ground.edit(0, "ServiceAccount", {"secrets": [{"name": "t"}]})
    before = [ground.get(number, "Service")["spec"] for number in (0, 2)]
    ground.change("Service", {"template": {"spec": {"ports": [PORT, other]}}})
    ground.change("ServiceAccount", {"template": {"metadata": {"labels": {"l": "2"}}}})
    ground.sync()
    after = [ground.get(number, "Service")["spec"] for number in (0, 2)]
    for field in ("clusterIP", "clusterIPs"):
        assert [one[field] for one in before] == [one[field] for one in after]
    assert [one["ports"][0] for one in before] == [one["ports"][0] for one in after]
    assert [81, 81] == [one["ports"][1]["port"] for one in after]
    account = ground.get(0, "ServiceAccount")
    assert ([{"name": "t"}], "2") == (account["secrets"], account["metadata"]["labels"]["l"])


def version_objects_are_kept_up_to_date(ground: Ground) -> None:
    """S98: used by the next run, renewed after changes elsewhere, made again, owned."""
    ground.federate_namespace()
    owner = ground.federate("ConfigMap")
    ground.sync()
    made = ground.versions("ConfigMap")
    (reference,) = made["metadata"]["ownerReferences"]
    assert owner["metadata"]["uid"] == reference["uid"]
    assert {"FederatedConfigMap", "x"} == {reference["kind"], reference["name"]}
    ground.edit(0, "ConfigMap", {"metadata": {"annotations": {"own": "1"}}})
    ground.sync()
    assert version_of(ground.get(0, "ConfigMap")) == ground.recorded("ConfigMap")["cluster0"]
    path = made["metadata"]["name"], made["metadata"]["namespace"]
    ground.host.delete(
        f"/apis/core.kubefed.io/v1alpha1/namespaces/{path[1]}/propagatedversions/{path[0]}"
    )
    ground.sync()
    again = ground.versions("ConfigMap")
    assert made["status"]["templateVersion"] == again["status"]["templateVersion"]
    assert {"cluster0", "cluster1", "cluster2"} == set(ground.recorded("ConfigMap"))


def dry_run_writes_nothing(ground: Ground) -> None:
    """S99: it tells the same lines as the run that follows."""
    ground.federate_namespace()
    ground.federate("Deployment", "x", WORKLOAD)
    rehearsed = ground.sync("--dry-run")
    assert [1] == ground.holders("Namespace", ground.namespace)
    found = ground.host.get(ground.path("Deployment"))
    assert (None, None) == (found["metadata"].get("finalizers"), found.get("status"))
    ran = ground.sync()
    told = {line.removesuffix(" (dry run)") for line in rehearsed.lines if ground.namespace in line}
    assert told == {line for line in ran.lines if ground.namespace in line}
    assert 6 == len(told)


SCENARIOS: list[Scenario] = [
    every_kind_reaches_every_cluster,
    list_in_a_custom_object_is_overridden,
    overridden_labels_are_just_those,
    second_run_writes_nothing,
    edits_in_a_member_are_undone,
    object_that_stood_there_is_adopted,
    adoption_can_be_forbidden_but_for_the_host_s_namespace,
    object_labelled_false_is_left_alone,
    unlabelled_object_is_never_deleted,
    labelled_object_of_nobody_loses_the_label,
    immutable_field_is_told_and_nothing_is_made_anew,
    template_may_be_missing,
    annotations_are_added_and_removed_by_overrides,
    replicas_are_the_member_s_if_asked,
    what_members_allocate_is_kept,
    version_objects_are_kept_up_to_date,
    dry_run_writes_nothing,
]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_members_on_the_sandbox(scenario: Scenario, sandbox_federation: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        scenario(ground)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_members_on_real_control_planes(scenario: Scenario, real_federation: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    with stand_on(real_federation) as ground:
        scenario(ground)
