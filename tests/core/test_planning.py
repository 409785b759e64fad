"""Tests of the planner: its decision table, and what never follows from a partial reading."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.hashing import hash_overrides, hash_template
from kubefedctl.core.planning import plan_sync
from kubefedctl.model.actions import ActionVerb, Plan, Strategies, Strategy, Wave, WritePolicy
from kubefedctl.model.narrowing import Narrowing
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    DELETE_OPTION_ANNOTATION,
    MANAGED_LABEL,
)
from kubefedctl.model.readings import ClusterReading, FederationConfig
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus, Scope
from kubefedctl.model.wellknown import PROPAGATED_VERSIONS
from tests.core.federations import (
    EVERYWHERE,
    KEY,
    TERMINATING,
    desire,
    federate,
    federated_namespace,
    member_object,
    not_ready,
    observe,
    reading,
)
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE

ON_C1: Object = {"placement": {"clusters": [{"name": "c1"}]}}
NOWHERE: Object = {"placement": {"clusters": []}}


def _acts(plan: Plan) -> list[str]:
    return [f"{a.verb} {a.subject} {a.cluster}" for a in plan.actions]


def _statuses(plan: Plan, key: Key = KEY) -> dict[str, str]:
    [found] = [found for found in plan.objects if found.federated.key == key]
    return {name: settled.outcome.status.value for name, settled in found.settled.items()}


def _plan(
    spec: Any, c1: ClusterReading | list[Object], *, metadata: Object | None = None, **more: Any
) -> Plan:
    """Plan one ConfigMap over one cluster, in a namespace that is federated and in place."""
    objects = [federated_namespace("shop"), federate(spec, metadata=metadata)]
    namespace = member_object(Key("", "shop"), target=NAMESPACE)
    versions = {PROPAGATED_VERSIONS: {Key("shop", "namespace-shop"): _version(objects[0].source)}}
    versions[PROPAGATED_VERSIONS] |= more.pop("versions", {})
    desired = desire(objects, clusters=("c1",), versions=versions, **more)
    found = c1 if isinstance(c1, ClusterReading) else reading("c1", namespace, *c1)
    return plan_sync(desired, observe(c1=found))


def _version(source: Object, version: str = "rv:5", cluster: str = "c1") -> Object:
    return {
        "status": {
            "templateVersion": hash_template(source["spec"].get("template")),
            "overridesVersion": hash_overrides(source["spec"]),
            "clusterVersions": [{"clusterName": cluster, "version": version}],
        }
    }


@pytest.mark.parametrize(
    ("spec", "found", "acts", "statuses"),
    [
        pytest.param(ON_C1, [], ["create ConfigMap/shop/web c1"], {}, id="selected-absent"),
        pytest.param(
            ON_C1, [member_object()], ["update ConfigMap/shop/web c1"], {}, id="selected-present"
        ),
        pytest.param(
            ON_C1,
            [member_object(metadata=TERMINATING)],
            ["update ConfigMap/shop/web c1"],
            {},
            id="selected-terminating",
        ),
        pytest.param(NOWHERE, [], [], {}, id="unselected-absent"),
        pytest.param(
            NOWHERE, [member_object()], ["delete ConfigMap/shop/web c1"], {}, id="left-present"
        ),
        pytest.param(
            NOWHERE,
            [member_object(metadata=TERMINATING)],
            ["await removal of ConfigMap/shop/web c1"],
            {},
            id="unselected-terminating",
        ),
        pytest.param(ON_C1, not_ready("c1"), [], {"c1": "ClusterNotReady"}, id="not-ready"),
        pytest.param(NOWHERE, not_ready("c1"), [], {}, id="not-ready-unselected"),
        pytest.param(
            ON_C1,
            reading("c1", failures={"configmaps": "404", "namespaces": "403"}),
            [],
            {"c1": "CachedRetrievalFailed"},
            id="unreadable",
        ),
        pytest.param(
            NOWHERE,
            reading("c1", member_object(), failures={"configmaps": "404", "namespaces": "403"}),
            [],
            {"c1": "CachedRetrievalFailed"},
            id="unreadable-unselected",
        ),
    ],
)
def test_plan_decision_table(
    spec: Object, found: list[Object], acts: list[str], statuses: dict[str, str]
) -> None:
    """Selection, readiness and what stands in the member decide; nothing else does."""
    plan = _plan(spec, found)
    assert (acts, statuses) == (_acts(plan), _statuses(plan))


def test_plan_recorded_version_is_that_of_the_member_object_and_nothing_is_done() -> None:
    """A known version under the same hashes means that the object is as it was written."""
    known = {Key("shop", "configmap-web"): _version({"spec": ON_C1})}
    plan = _plan(ON_C1, [member_object()], versions=known)
    assert ([], {"c1": ""}) == (_acts(plan), _statuses(plan))


@pytest.mark.parametrize(
    ("spec", "version"),
    [
        pytest.param(ON_C1, "rv:4", id="changed-in-the-member"),
        pytest.param({**ON_C1, "template": {"data": {}}}, "rv:5", id="other-template"),
        pytest.param({**ON_C1, "overrides": [{"clusterName": "x"}]}, "rv:5", id="other-overrides"),
    ],
)
def test_plan_recorded_version_does_not_hold_and_object_is_updated(
    spec: Object, version: str
) -> None:
    """Drift in the member, another template or other overrides cost an update."""
    known = {Key("shop", "configmap-web"): _version({"spec": ON_C1}, version)}
    assert ["update ConfigMap/shop/web c1"] == _acts(_plan(spec, [member_object()], versions=known))


@pytest.mark.parametrize(
    ("strategy", "labels", "is_updated"),
    [
        pytest.param(Strategy.REPLACE, {"app": "web", "extra": "1"}, True, id="replace-foreign"),
        pytest.param(Strategy.APPLY, {"app": "web", "extra": "1"}, False, id="apply-foreign"),
        pytest.param(Strategy.APPLY, {"app": "other"}, True, id="apply-changed"),
        pytest.param(Strategy.APPLY, {}, True, id="apply-gone"),
        pytest.param(Strategy.APPLY, {"app": "web"}, False, id="apply-same"),
    ],
)
def test_plan_object_with_other_labels_under_the_same_generation(
    strategy: Strategy, labels: Object, is_updated: bool
) -> None:
    """S31: a generation does not count labels, so they are compared; an apply spares others'."""
    key = Key("shop", "web")
    spec = {**ON_C1, "template": {"metadata": {"labels": {"app": "web"}}}}
    metadata = {"labels": {MANAGED_LABEL: "true", **labels}, "generation": 2}
    found = member_object(key, target=DEPLOYMENT, metadata=metadata)
    desired = desire(
        [federated_namespace("shop", NOWHERE), federate(spec, target=DEPLOYMENT)],
        clusters=("c1",),
        targets=(NAMESPACE, DEPLOYMENT),
        namespaces={"shop": federated_namespace("shop")},
        versions={
            PROPAGATED_VERSIONS: {Key("shop", "deployment-web"): _version({"spec": spec}, "gen:2")}
        },
    )
    plan = plan_sync(
        desired, observe(c1=[found]), writing=WritePolicy(strategies=Strategies(strategy))
    )
    assert (["update Deployment/shop/web c1"] if is_updated else []) == _acts(plan)


@pytest.mark.parametrize(
    ("strategy", "metadata"),
    [
        (Strategy.REPLACE, {"finalizers": ["x/y"], "annotations": {"a": "b"}}),
        (Strategy.APPLY, {"uid": "uid-shop/web"}),
    ],
    ids=str,
)
def test_plan_update_keeps_what_belongs_to_the_member_and_overrides_win(
    strategy: Strategy, metadata: Object
) -> None:
    """Retention comes before overrides, and the label after both; an apply sends neither back."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"replicas": 1}}
    operations = [
        {"path": "/spec/replicas", "value": 5},
        {"path": "/metadata/labels", "value": {MANAGED_LABEL: "false"}},
    ]
    spec = {
        "template": template,
        **ON_C1,
        "retainReplicas": True,
        "overrides": [{"clusterName": "c1", "clusterOverrides": operations}],
    }
    found = member_object(
        target=DEPLOYMENT,
        metadata={"annotations": {"a": "b"}, "finalizers": ["x/y"], "generation": 1},
        spec={"replicas": 2},
    )
    desired = desire(
        [federate(spec, target=DEPLOYMENT)],
        clusters=("c1",),
        targets=(DEPLOYMENT,),
        namespaces={"shop": federated_namespace("shop")},
    )
    writing = WritePolicy(strategies=Strategies(strategy))
    [action] = plan_sync(desired, observe(c1=[found]), writing=writing).actions
    expected = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {MANAGED_LABEL: "true"},
            "resourceVersion": "5",
            **metadata,
        },
        "spec": {"replicas": 5},
    }
    assert expected == action.body


@pytest.mark.parametrize("adopts", [True, False], ids=["enabled", "disabled"])
def test_plan_create_carries_whether_it_may_adopt(adopts: bool) -> None:
    """A create that collides is told by the plan whether to take over."""
    plan = _plan(ON_C1, [], config=FederationConfig(adopts=adopts))
    [action] = plan.actions
    assert action.intent is not None
    assert adopts is action.intent.may_adopt


def test_plan_template_api_version_is_sent_to_the_address_of_the_type() -> None:
    """The template's own API version is in the body; the action stays at the type's address."""
    [action] = _plan({**ON_C1, "template": {"apiVersion": "v2"}}, []).actions
    assert action.body is not None
    assert ("v2", CONFIG_MAP) == (action.body["apiVersion"], action.resource)


def test_plan_override_for_another_cluster_changes_nothing_here() -> None:
    """Overrides reach only the cluster that they name, and only if it is selected."""
    operations = [{"path": "/data", "value": {"a": "b"}}]
    overrides = [{"clusterName": "c2", "clusterOverrides": operations}]
    [action] = _plan({**ON_C1, "overrides": overrides}, []).actions
    assert action.body is not None
    assert "data" not in action.body


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"template": "text"}, "ComputeResourceFailed", id="template-not-a-map"),
        pytest.param({"template": {"n": 10**400}}, "ComputeResourceFailed", id="number-too-large"),
        pytest.param({"overrides": "text"}, "ApplyOverridesFailed", id="overrides-not-a-list"),
        pytest.param(
            {"overrides": [{"clusterName": "c1"}] * 2}, "ApplyOverridesFailed", id="cluster-twice"
        ),
        pytest.param(
            {
                "overrides": [
                    {"clusterName": "c1", "clusterOverrides": [{"op": "remove", "path": "/data"}]}
                ]
            },
            "ApplyOverridesFailed",
            id="override-does-not-fit",
        ),
        pytest.param({"retainReplicas": "yes"}, "FieldRetentionFailed", id="retention"),
    ],
)
def test_plan_body_that_cannot_be_made_settles_with_its_status(spec: Object, expected: str) -> None:
    """KubeFed's word says which step failed; nothing is written and nothing deleted."""
    plan = _plan({**ON_C1, **spec}, [member_object()])
    assert ([], {"c1": expected}) == (_acts(plan), _statuses(plan))


def test_plan_object_that_cannot_be_made_still_leaves_clusters_not_selected() -> None:
    """A broken template stops no deletion: what goes does not depend on it."""
    plan = _plan({**NOWHERE, "template": "text"}, [member_object()])
    assert ["delete ConfigMap/shop/web c1"] == _acts(plan)


@pytest.mark.parametrize(
    "placement",
    [
        pytest.param("everywhere", id="not-a-map"),
        pytest.param({"clusters": "c1"}, id="clusters-not-a-list"),
        pytest.param(
            {"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "Foo"}]}},
            id="unknown-operator",
        ),
    ],
)
def test_plan_placement_that_cannot_be_computed_touches_no_member(placement: Any) -> None:
    """ComputePlacementFailed settles the whole object."""
    plan = _plan({"placement": placement}, [member_object()])
    [found] = [found for found in plan.objects if found.federated.key == KEY]
    assert AggregateReason.COMPUTE_PLACEMENT_FAILED == found.reason
    assert ([], {}, True) == (_acts(plan), dict(found.settled), bool(found.detail))


def test_plan_namespace_not_federated_removes_what_is_there() -> None:
    """Without its FederatedNamespace an object belongs nowhere, and the reason says so."""
    plan = plan_sync(desire([federate()]), observe(c1=[member_object()], c2=[]))
    assert AggregateReason.NAMESPACE_NOT_FEDERATED == plan.objects[0].reason
    assert ["delete ConfigMap/shop/web c1"] == _acts(plan)


_OTHER_TYPES = Narrowing({"configmaps": frozenset()})
_ONE_CLUSTER = Narrowing(clusters=frozenset({"c1"}))


def test_plan_contents_leave_in_the_run_that_finalizes_their_namespace() -> None:
    """One run is enough, also in the host's cluster, whose namespace stays (S13)."""
    leaving = federated_namespace(metadata=TERMINATING)
    plan = plan_sync(desire([leaving, federate()]), observe(c1=[member_object()], c2=[]))
    assert AggregateReason.NAMESPACE_NOT_FEDERATED == plan.objects[0].reason
    assert ["delete ConfigMap/shop/web c1"] == _acts(plan)


@pytest.mark.parametrize(
    ("metadata", "more"),
    [
        pytest.param({"finalizers": ["example.com/other"]}, {}, id="somebody-else-s-finalizer"),
        pytest.param({"annotations": {DELETE_OPTION_ANNOTATION: "{"}}, {}, id="bad-options"),
        pytest.param({}, {"failures": {"namespaces": "403"}}, id="namespaces-not-read"),
        pytest.param({}, {"targets": (CONFIG_MAP,)}, id="namespaces-not-synced"),
        pytest.param({}, {"narrowing": _OTHER_TYPES}, id="narrowed-to-other-types"),
        pytest.param({}, {"narrowing": _ONE_CLUSTER}, id="narrowed-to-a-cluster"),
    ],
)
def test_plan_contents_stay_while_their_namespace_is_not_finalized(
    metadata: Object, more: Any
) -> None:
    """A FederatedNamespace that this run does not finalize counts, deleted or not."""
    leaving = federated_namespace(metadata={**TERMINATING, **metadata})
    plan = plan_sync(
        desire([leaving, federate()], **more),
        observe(c1=[member_object()], c2=[member_object()]),
    )
    assert [frozenset({"c1", "c2"})] == [found.placed for found in plan.objects]


def test_plan_namespaced_scope_needs_no_federated_namespace() -> None:
    """In namespaced scope, the object's placement alone counts."""
    plan = plan_sync(
        desire([federate()], config=FederationConfig(Scope.NAMESPACED), targets=(CONFIG_MAP,)),
        observe(c1=[], c2=[]),
    )
    assert AggregateReason.SUCCESS == plan.objects[0].reason
    assert ["create ConfigMap/shop/web c1", "create ConfigMap/shop/web c2"] == _acts(plan)


def test_plan_namespaced_scope_federated_namespace_still_narrows() -> None:
    """A FederatedNamespace that selects nothing removes the object, whatever the scope."""
    desired = desire(
        [federate()],
        config=FederationConfig(Scope.NAMESPACED),
        targets=(CONFIG_MAP,),
        namespaces={"shop": federated_namespace("shop", NOWHERE)},
    )
    plan = plan_sync(desired, observe(c1=[member_object()], c2=[]))
    assert ["delete ConfigMap/shop/web c1"] == _acts(plan)


def test_plan_namespace_narrows_its_objects() -> None:
    """An object is only where its namespace is."""
    plan = plan_sync(
        desire([federate(), federated_namespace("shop", ON_C1)]), observe(c1=[], c2=[])
    )
    acts = ["create ConfigMap/shop/web c1", "create Namespace/shop c1"]
    assert acts == sorted(_acts(plan))
    assert [Wave.NAMESPACED, Wave.NAMESPACES] == [a.wave for a in sorted(plan.actions, key=_key)]


def _key(action: Any) -> str:
    return str(action.subject)


def test_plan_one_member_lacks_a_type_and_the_others_go_on() -> None:
    """A type that one member does not serve is synced in the others (S44)."""
    desired = desire([federate(), federated_namespace("shop")])
    lacking = reading("c2", failures={"configmaps": "the API is not served"})
    plan = plan_sync(desired, observe(c1=[], c2=lacking))
    expected = {
        "create Namespace/shop c1",
        "create Namespace/shop c2",
        "create ConfigMap/shop/web c1",
    }
    assert expected == set(_acts(plan))
    assert {"c2": "CachedRetrievalFailed"} == _statuses(plan)


@pytest.mark.parametrize("held", [True, False], ids=["held", "free"])
def test_plan_finalizer_is_needed_where_it_is_missing(held: bool) -> None:
    """The finalizer is set before any member is written, also where placement fails."""
    for placement in (EVERYWHERE, "broken"):
        federated = federate({"placement": placement}, held=held)
        plan = plan_sync(desire([federated]), observe(c1=[], c2=[]))
        assert held is not plan.objects[0].needs_finalizer


def test_plan_unknown_clusters_and_dropped_fields_are_warned_of() -> None:
    """What is placed or written in vain stops nothing and is told."""
    spec = {
        "placement": {"clusters": [{"name": "typo"}, {"name": "c1"}]},
        "template": {"metadata": {"annotations": {"a": "b"}}},
    }
    plan = _plan(spec, [])
    [found] = [found for found in plan.objects if found.federated.key == KEY]
    first, second = found.warnings
    assert "FederatedConfigMap/shop/web: placement names clusters not joined: typo" == first
    assert "metadata.annotations" in second
    assert ["create ConfigMap/shop/web c1"] == _acts(plan)


@pytest.mark.parametrize(
    "name", ["default", "kube-system", "kube-public", DEFAULT_KUBEFED_NAMESPACE]
)
def test_plan_system_namespaces_are_left_alone(name: str) -> None:
    """Neither their FederatedNamespace nor a labelled namespace of that name is looked at."""
    found = member_object(Key("", name), target=NAMESPACE)
    for objects in ([federated_namespace(name, held=False)], []):
        plan = plan_sync(desire(objects), observe(c1=[found], c2=[]))
        assert Plan() == plan


def test_plan_system_namespace_still_narrows_its_objects() -> None:
    """The placement of FederatedNamespace default/default counts for what is in it (S18)."""
    federated = federate(key=Key("default", "web"))
    plan = plan_sync(
        desire([federated, federated_namespace("default", ON_C1)]), observe(c1=[], c2=[])
    )
    assert ["create ConfigMap/default/web c1"] == _acts(plan)


def test_plan_misnamed_federated_namespace_is_ignored_with_a_warning() -> None:
    """FederatedNamespace a in namespace b is nobody's federation, not even to be finalized."""
    for metadata in ({}, TERMINATING):
        federated = federate(key=Key("b", "a"), target=NAMESPACE, metadata=metadata)
        plan = plan_sync(desire([federated]), observe(c1=[], c2=[]))
        assert ([], (), ()) == (_acts(plan), plan.objects, plan.deletions)
        [warning] = plan.warnings
        assert "FederatedNamespace/b/a is ignored" in warning


def test_plan_host_list_failed_leaves_the_type_out_and_no_orphan_is_made() -> None:
    """What the host did not tell is not gone."""
    desired = desire(failures={"configmaps": "403 Forbidden"})
    plan = plan_sync(desired, observe(c1=[member_object()], c2=[]))
    assert ([], ("configmaps is not synced: 403 Forbidden",)) == (_acts(plan), plan.failures)


def test_plan_host_list_missing_is_no_empty_list() -> None:
    """A type without a reading is left out like one whose reading failed."""
    desired = desire(targets=(CONFIG_MAP,))
    unread = type(desired)(desired.config, desired.registrations, desired.types, {})
    plan = plan_sync(unread, observe(c1=[member_object()], c2=[]))
    assert ([], 1) == (_acts(plan), len(plan.failures))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([member_object()], ["unlabel ConfigMap/shop/web c1"], id="labelled"),
        pytest.param([member_object(metadata=TERMINATING)], [], id="terminating"),
        pytest.param(reading("c1", member_object(), failures={"configmaps": "5"}), [], id="failed"),
        pytest.param(reading("c1", member_object(), is_ready=False), [], id="not-ready"),
        pytest.param(
            [member_object(Key("", "shop"), target=NAMESPACE)],
            ["unlabel Namespace/shop c1"],
            id="namespace",
        ),
    ],
)
def test_plan_orphans_lose_the_label_and_nothing_else(
    found: list[Object], expected: list[str]
) -> None:
    """Objects whose federated object is gone are kept, and only known ones are touched."""
    plan = plan_sync(desire(), observe(c1=found, c2=[]))
    assert expected == _acts(plan)
    assert {Wave.ORPHANS} >= {action.wave for action in plan.actions}


@pytest.mark.parametrize("metadata", [{}, TERMINATING], ids=["standing", "terminating"])
def test_plan_claimed_object_is_no_orphan(metadata: Object) -> None:
    """A federated object that is being deleted without the finalizer still claims its objects."""
    federated = federate(ON_C1, metadata=metadata, held=not metadata)
    plan = plan_sync(desire([federated]), observe(c1=[], c2=[member_object()]))
    assert () == plan.orphans


def test_plan_misnamed_federated_namespace_claims_no_namespace() -> None:
    """A labelled namespace with no FederatedNamespace of its own is an orphan."""
    federated = federate(key=Key("b", "shop"), target=NAMESPACE)
    found = member_object(Key("", "shop"), target=NAMESPACE)
    plan = plan_sync(desire([federated]), observe(c1=[found], c2=[]))
    assert ["unlabel Namespace/shop c1"] == _acts(plan)


def test_plan_remote_status_of_a_settled_object_is_reported() -> None:
    """What the member says of the object travels with the outcome."""
    known = {Key("shop", "configmap-web"): _version({"spec": ON_C1})}
    plan = _plan(ON_C1, [member_object(status={"phase": "Fine"})], versions=known)
    [found] = [found for found in plan.objects if found.federated.key == KEY]
    outcome = found.settled["c1"].outcome
    assert (PropagationStatus.OK, {"phase": "Fine"}) == (outcome.status, outcome.remote_status)


def _rich() -> tuple[list[Any], dict[str, list[Object]]]:
    objects = [federate(key=Key("shop", name)) for name in ("a", "b", "c")]
    objects += [
        federated_namespace("shop"),
        federate(ON_C1, key=Key("", "reader"), target=CLUSTER_ROLE),
        federate(key=Key("shop", "going"), metadata=TERMINATING),
    ]
    keys = [Key("shop", name) for name in ("going", "lost", "a", "also-lost")]
    members = {"c1": [member_object(key) for key in keys], "c3": [member_object(keys[1])], "c2": []}
    return objects, members


def test_plan_is_the_same_for_shuffled_inputs() -> None:
    """Order of clusters, types and objects plays no part; the plan is sorted."""
    targets = (NAMESPACE, CONFIG_MAP, CLUSTER_ROLE)
    objects, members = _rich()
    names = ("c1", "c2", "c3")
    one = plan_sync(desire(objects, clusters=names, targets=targets), observe(**members))
    turned = {name: list(reversed(found)) for name, found in reversed(members.items())}
    other = plan_sync(
        desire(objects[::-1], clusters=names[::-1], targets=targets[::-1]), observe(**turned)
    )
    assert repr(one.actions) == repr(other.actions)
    assert one == other
    places = [(f.federated.type_config.name, f.federated.key) for f in one.objects]
    assert sorted(places) == places
    assert all(sorted(f.actions, key=_cluster) == list(f.actions) for f in one.objects)


def _cluster(action: Any) -> str:
    return str(action.cluster)


def test_plan_changes_none_of_its_arguments() -> None:
    """Everything read stays as it was read."""
    objects, members = _rich()
    desired, observed = desire(objects, clusters=("c1", "c2", "c3")), observe(**members)
    before = copy.deepcopy((desired, observed))
    plan_sync(desired, observed)
    assert before == (desired, observed)


def test_plan_selected_clusters_are_named_in_the_plan() -> None:
    """Version entries are kept for these, ready or not."""
    desired = desire([federate(), federated_namespace("shop")])
    plan = plan_sync(desired, observe(c1=[], c2=not_ready("c2")))
    assert {frozenset({"c1", "c2"})} == {found.placed for found in plan.objects}
    assert {ActionVerb.CREATE} == {action.verb for action in plan.actions}
