"""Tests of the view of a federated object, and of the plan made of them."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.model.actions import Action, ActionVerb, DeletionPlan, ObjectPlan, Plan, Wave
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Key, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.typeconfigs import TypeConfig

FEDERATED = Resource("types.kubefed.io", "v1beta1", "federatedthings", "FederatedThing", True)


def _type_config(*, namespaced: bool) -> TypeConfig:
    target = Resource("example.com", "v1", "things", "Thing", namespaced)
    return TypeConfig("things.example.com", target, FEDERATED, True, False, 1, {})


def _parse(obj: dict[str, Any], *, namespaced: bool = True) -> FederatedObject:
    return parse_federated(obj, _type_config(namespaced=namespaced))


FULL: dict[str, Any] = {
    "metadata": {
        "name": "one",
        "namespace": "shop",
        "uid": "u-1",
        "generation": 2,
        "deletionTimestamp": "2020-01-01T00:00:00Z",
        "finalizers": ["kubefed.io/sync-controller"],
        "annotations": {"kubefed.io/orphan": "true"},
    },
    "spec": {"template": {"a": 1}, "placement": {"b": 2}, "overrides": [], "retainReplicas": True},
    "status": {"observedGeneration": 2},
}


def test_federated_object_is_read_as_it_stands() -> None:
    """Every property has its place in the object."""
    found = _parse(FULL)
    assert ("FederatedThing/shop/one", "Thing/shop/one") == (
        str(found.subject),
        str(found.target_subject),
    )
    assert ("u-1", 2, True, True, True) == (
        found.uid,
        found.generation,
        found.is_deleting,
        found.has_finalizer,
        found.orphans_members,
    )
    assert FULL["spec"] == {
        "template": found.template,
        "placement": found.placement,
        "overrides": found.overrides,
        "retainReplicas": found.retain_replicas,
    }
    assert {"observedGeneration": 2} == found.status


def test_federated_object_with_gaps_is_empty() -> None:
    """Nothing is judged, and nothing raises."""
    found = _parse({})
    assert ("", 0, False, False, False, {}) == (
        found.uid,
        found.generation,
        found.is_deleting,
        found.has_finalizer,
        found.orphans_members,
        found.status,
    )
    assert [None] * 4 == [
        found.template,
        found.placement,
        found.overrides,
        found.retain_replicas,
    ]


@pytest.mark.parametrize("value", ["True", True, "false", None], ids=repr)
def test_federated_object_orphans_only_by_the_text_true(value: Any) -> None:
    """Anything else deletes, as in KubeFed."""
    obj = {"metadata": {"annotations": {"kubefed.io/orphan": value}}}
    assert not _parse(obj).orphans_members


@pytest.mark.parametrize(
    ("namespaced", "expected"), [(True, Key("shop", "one")), (False, Key("", "one"))]
)
def test_federated_object_of_a_cluster_scoped_type_loses_the_namespace(
    namespaced: bool, expected: Key
) -> None:
    """A FederatedNamespace lives in the namespace that it is about."""
    assert expected == _parse(FULL, namespaced=namespaced).target_key


def _action(cluster: str) -> Action:
    resource = _type_config(namespaced=True).target
    return Action(ActionVerb.CREATE, Wave.NAMESPACED, cluster, resource, Key("shop", "one"))


def test_plan_actions_are_those_of_all_its_parts() -> None:
    """Objects first, then deletions, then orphans."""
    federated = _parse(FULL)
    plan = Plan(
        objects=(ObjectPlan(federated, actions=(_action("a"),)),),
        deletions=(DeletionPlan(federated, actions=(_action("b"),)),),
        orphans=(_action("c"),),
    )
    assert ["a", "b", "c"] == [action.cluster for action in plan.actions]
    assert ["Thing/shop/one"] * 3 == [str(action.subject) for action in plan.actions]


@pytest.mark.parametrize(("scope", "expected"), [(Scope.CLUSTER, ""), (Scope.NAMESPACED, "fed")])
def test_federation_config_scope_decides_what_is_read(scope: Scope, expected: str) -> None:
    """In namespaced scope the KubeFed namespace alone counts."""
    assert expected == FederationConfig(scope=scope, kubefed_namespace="fed").target_namespace
