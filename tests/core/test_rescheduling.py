"""Tests of how a schedule comes into a federated object, and which clusters it is about."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.rescheduling import (
    choose_candidates,
    choose_type,
    has_replicas,
    held_replicas,
    offers_replicas,
    rewrite_spec,
    with_spec,
)
from kubefedctl.errors import InputError, OverrideError
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.schedules import SchedulingPreference
from tests.core.federations import federate, federated_namespace
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config

KEY = Key("shop", "web")
PREFERENCE = SchedulingPreference(KEY, "FederatedDeployment", 4)
MEMORY = {"path": "/spec/memory", "value": 42}


def deployment(**spec: Any) -> FederatedObject:
    """Return a FederatedDeployment with this *spec*."""
    return federate({"template": {}, **spec}, target=DEPLOYMENT)


def entry(name: str, *operations: Object, replicas: Any = None) -> Object:
    """Return one cluster's overrides."""
    own = [] if replicas is None else [{"path": "/spec/replicas", "value": replicas}]
    return {"clusterName": name, "clusterOverrides": [*operations, *own]}


def placed(*names: str) -> Object:
    """Return a placement in the clusters of these *names*."""
    return {"clusters": [{"name": name} for name in names]}


# --- write-back ----------------------------------------------------------------------------------


def test_rewrite_spec_of_a_bare_object_sets_both() -> None:
    """All clusters of the plan are placed, sorted, also those with no replica (S87, S96)."""
    assert {
        "placement": placed("c1", "c2", "c3"),
        "overrides": [entry("c1", replicas=4), entry("c2", replicas=0), entry("c3", replicas=2)],
    } == rewrite_spec(deployment(), {"c3": 2, "c1": 4, "c2": 0})


@pytest.mark.parametrize(
    ("overrides", "replicas", "expected"),
    [
        pytest.param(
            [entry("c1", {"path": "/spec/replicas", "value": 0}, MEMORY)],
            {},
            [entry("c1", MEMORY)],
            id="a-not-scheduled",
        ),
        pytest.param(
            [entry("c1", {"path": "/spec/replicas", "value": 0}, MEMORY)],
            {"c1": 5},
            [entry("c1", {"path": "/spec/replicas", "value": 5}, MEMORY)],
            id="b-updated",
        ),
        pytest.param(
            [entry("c1", MEMORY)], {"c1": 0}, [entry("c1", MEMORY, replicas=0)], id="c-added"
        ),
        pytest.param(
            [entry("c9", MEMORY), entry("c2", replicas=9), entry("c1", replicas=9)],
            {"c1": 1, "c2": 2, "c0": 0},
            [
                entry("c9", MEMORY),
                entry("c2", replicas=2),
                entry("c1", replicas=1),
                entry("c0", replicas=0),
            ],
            id="order-kept",
        ),
        pytest.param(
            [entry("c2", replicas=9), entry("c1", replicas=1)],
            {"c1": 1},
            [entry("c1", replicas=1)],
            id="no-entry-left-empty",
        ),
        pytest.param(
            [{"clusterName": "c2"}, entry("c1", replicas=1)],
            {"c1": 2},
            [entry("c1", replicas=2)],
            id="no-empty-entry-kept",
        ),
        pytest.param(
            [entry("c1", {"op": "add", "path": "/spec/replicas", "value": "9"})],
            {"c1": 2},
            [entry("c1", {"op": "add", "path": "/spec/replicas", "value": 2})],
            id="op-kept",
        ),
        pytest.param(
            [entry("c1", replicas=2.5)], {"c1": 2}, [entry("c1", replicas=2)], id="fraction"
        ),
        pytest.param(
            [entry("c1", replicas=True)], {"c1": 1}, [entry("c1", replicas=1)], id="true-is-no-1"
        ),
    ],
)
def test_rewrite_spec_changes_replicas_alone(
    overrides: Any, replicas: dict[str, int], expected: Any
) -> None:
    """Other overrides and the order of all stay (S93)."""
    federated = deployment(placement=placed("c1"), overrides=overrides)
    assert expected == rewrite_spec(federated, replicas)["overrides"]


@pytest.mark.parametrize(
    "overrides",
    [
        [entry("c1", replicas=4), entry("c2", replicas=2)],
        [entry("c2", MEMORY, replicas=2.0), entry("c1", replicas=4), entry("c9", MEMORY)],
        [entry("c2", replicas=2), {"clusterName": "c9"}, entry("c1", replicas=4)],
    ],
    ids=["sorted", "any-order", "an-empty-entry"],
)
def test_rewrite_spec_of_what_is_right_changes_nothing(overrides: Any) -> None:
    """Neither order nor form of what stands there is a reason to write (S92)."""
    federated = deployment(placement=placed("c2", "c1"), overrides=overrides)
    assert {} == rewrite_spec(federated, {"c1": 4, "c2": 2})


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        (None, True),
        ({}, True),
        ({"clusterSelector": {}}, True),
        (placed(), True),
        (placed("c1", "c1"), True),
        (placed("c1", "c2"), True),
        (placed("c1"), False),
    ],
    ids=["absent", "empty", "selector", "empty-list", "twice", "more", "right"],
)
def test_rewrite_spec_places_where_the_list_differs(placement: Any, expected: bool) -> None:
    """A list that is absent or empty is not the list of one cluster (S91)."""
    federated = deployment(placement=placement, overrides=[entry("c1", replicas=1)])
    changes = rewrite_spec(federated, {"c1": 1})
    assert ({"placement": placed("c1")} if expected else {}) == changes


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"overrides": [entry("c1"), entry("c1")]}, OverrideError),
        ({"overrides": [entry("c1", {"path": "/kind", "value": "x"})]}, OverrideError),
        ({"placement": []}, InputError),
        ({"placement": {"clusters": {}}}, InputError),
        ({"placement": {"clusters": ["c1"]}}, InputError),
    ],
    ids=["cluster-twice", "refused-path", "placement", "clusters", "cluster"],
)
def test_rewrite_spec_of_what_cannot_be_read_is_refused(spec: Any, kind: type[InputError]) -> None:
    """Nothing is written over what sync would refuse."""
    with pytest.raises(kind):
        rewrite_spec(deployment(**spec), {"c1": 1})


_OPERATIONS = st.lists(
    st.sampled_from(["/spec/replicas", "/spec/memory", "/metadata/labels"]), unique=True
).map(lambda paths: [{"path": path, "value": 7} for path in paths])
_ENTRIES = st.dictionaries(st.sampled_from(["c1", "c2", "c3", "gone"]), _OPERATIONS).map(
    lambda found: [{"clusterName": k, "clusterOverrides": v} for k, v in found.items()]
)


@given(
    _ENTRIES,
    st.lists(st.sampled_from(["c1", "c2", "gone"])),
    st.dictionaries(st.sampled_from(["c1", "c2", "c3"]), st.integers(0, 9), min_size=1),
)
@settings(deadline=None)
def test_rewrite_spec_once_is_enough(
    overrides: Any, names: list[str], replicas: dict[str, int]
) -> None:
    """After the changes there are none (S92), nothing else is lost (S93)."""
    federated = deployment(placement=placed(*names), overrides=overrides)
    before = copy.deepcopy(federated.source)
    changed = with_spec(federated, rewrite_spec(federated, replicas))
    assert before == federated.source
    after = replace(federated, source=changed)
    assert {} == rewrite_spec(after, replicas)
    assert replicas == held_replicas(after, ["c1", "c2", "c3", "gone"])
    assert _others(federated) == _others(after)


def _others(federated: FederatedObject) -> list[tuple[str, Object]]:
    return [
        (found["clusterName"], operation)
        for found in federated.overrides
        for operation in found["clusterOverrides"]
        if operation["path"] != "/spec/replicas"
    ]


def test_with_spec_keeps_the_selector_and_all_else() -> None:
    """The selector stays in the placement though it counts no more (S91)."""
    federated = deployment(placement={"clusterSelector": {"matchLabels": {"a": "b"}}})
    spec = with_spec(federated, rewrite_spec(federated, {"c1": 1}))["spec"]
    assert {"clusterSelector": {"matchLabels": {"a": "b"}}, **placed("c1")} == spec["placement"]
    assert {} == spec["template"]


# --- clusters ------------------------------------------------------------------------------------


EU = {"clusterSelector": {"matchLabels": {"zone": "eu"}}}
LABELS = {"c1": {"zone": "eu"}, "c2": {"zone": "us"}, "c3": {"zone": "eu"}}


@pytest.mark.parametrize(
    ("own", "of_namespace", "expected"),
    [
        (EU, {"clusterSelector": {}}, {"c1", "c3"}),
        ({**EU, **placed("c2")}, {"clusterSelector": {}}, {"c1", "c3"}),
        (EU, placed("c1", "c3"), set()),
        (placed("c1"), {"clusterSelector": {}}, set()),
        (None, {"clusterSelector": {}}, set()),
        ({"clusterSelector": {}}, EU, {"c1", "c3"}),
    ],
    ids=["selector", "list-too", "namespace-by-list", "by-list", "no-placement", "namespace"],
)
def test_choose_candidates_that_intersect_match_both_selectors(
    own: Any, of_namespace: Any, expected: set[str]
) -> None:
    """Lists of clusters do not count, in neither of the two (S90)."""
    found = choose_candidates(
        replace(PREFERENCE, intersects=True),
        deployment(placement=own),
        namespace=federated_namespace(spec={"placement": of_namespace}),
        clusters=LABELS,
    )
    assert expected == found


def test_choose_candidates_usually_are_all_clusters() -> None:
    """Without intersectWithClusterSelector neither selector counts (S91)."""
    federated = deployment(placement=EU)
    assert {"c1", "c2", "c3"} == choose_candidates(
        PREFERENCE, federated, namespace=None, clusters=LABELS
    )


def test_choose_candidates_that_intersect_need_the_federated_namespace() -> None:
    """KubeFed fails there, too, in either scope."""
    with pytest.raises(InputError, match="FederatedNamespace/shop/shop, which is not there"):
        choose_candidates(
            replace(PREFERENCE, intersects=True), deployment(), namespace=None, clusters=LABELS
        )


def test_held_replicas_are_those_of_placed_clusters_with_a_number() -> None:
    """A cluster that is not placed, or has no number of its own, holds nothing."""
    federated = deployment(
        placement=placed("c1", "c2", "c3"),
        overrides=[
            entry("c1", replicas=3),
            entry("c2", MEMORY),
            entry("c3", replicas="x"),
            entry("c4", replicas=9),
        ],
    )
    assert {"c1": 3} == held_replicas(federated, ["c4", "c3", "c2", "c1"])
    assert {} == held_replicas(deployment(overrides=[entry("c1", replicas=3)]), ["c1"])


# --- types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (DEPLOYMENT, True),
        (Resource("apps", "v1", "replicasets", "ReplicaSet", True), True),
        (Resource("apps", "v1", "statefulsets", "StatefulSet", True), True),
        (Resource("apps", "v1", "daemonsets", "DaemonSet", True), False),
        (CONFIG_MAP, False),
        (Resource("example.com", "v1", "widgets", "Widget", True), None),
    ],
    ids=lambda value: value.kind if isinstance(value, Resource) else "",
)
def test_has_replicas_knows_the_built_in_types(target: Resource, expected: bool | None) -> None:
    """Of types that somebody defined, the CRD must be asked."""
    assert expected is has_replicas(target)


@pytest.mark.parametrize(
    ("fields", "version", "expected"),
    [
        ({"retainReplicas": {"type": "boolean"}}, "v1beta1", True),
        ({}, "v1beta1", False),
        ({"retainReplicas": {"type": "boolean"}}, "v2", False),
    ],
    ids=["with", "without", "another-version"],
)
def test_offers_replicas_where_the_schema_retains_them(
    fields: Object, version: str, expected: bool
) -> None:
    """`enable` sets that field for types with replicas."""
    properties = {"spec": {"properties": fields}}
    served = {"name": "v1beta1", "schema": {"openAPIV3Schema": {"properties": properties}}}
    assert expected is offers_replicas({"spec": {"versions": [served]}}, version)


def test_choose_type_prefers_the_group_apps() -> None:
    """A kind of that name may come from elsewhere, too; namespaces are never meant."""
    other = make_type_config(Resource("a.example", "v1", "deployments", "Deployment", True))
    apps = make_type_config(DEPLOYMENT)
    types = [other, apps, make_type_config(NAMESPACE)]
    assert apps is choose_type("FederatedDeployment", types)
    assert other is choose_type("FederatedDeployment", [other])
    assert None is choose_type("FederatedNamespace", types)
    assert None is choose_type("Deployment", types)
