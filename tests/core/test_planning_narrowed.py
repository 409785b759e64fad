"""Tests of the planner in a narrowed run: what it does not look at, it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.planning import plan_sync
from kubefedctl.model.actions import Plan
from kubefedctl.model.narrowing import Narrowing, Requirement
from kubefedctl.model.refs import Key, Object
from tests.core.federations import (
    TERMINATING,
    desire,
    federate,
    federated_namespace,
    member_object,
    observe,
    reading,
)
from tests.core.makers import NAMESPACE

ONLY_C1 = Narrowing(clusters=frozenset({"c1"}))
LOST = Key("shop", "lost")
NOWHERE: Object = {"placement": {"clusters": []}}


def _acts(plan: Plan) -> list[str]:
    return sorted(f"{a.verb} {a.subject} {a.cluster}" for a in plan.actions)


def test_plan_narrowed_to_a_cluster_decides_for_that_one_alone() -> None:
    """The others are placed as before, and are named so that their records stay."""
    desired = desire([federate(), federated_namespace("shop")], narrowing=ONLY_C1)
    plan = plan_sync(desired, observe(c1=[]))
    assert ["create ConfigMap/shop/web c1", "create Namespace/shop c1"] == _acts(plan)
    for found in plan.objects:
        assert ({"c1", "c2"}, {"c2"}, {}) == (found.placed, found.unseen, dict(found.settled))


def test_plan_narrowed_to_a_cluster_knows_the_others_as_joined() -> None:
    """A placement that names a cluster outside the run is no typing error."""
    spec = {"placement": {"clusters": [{"name": "c2"}]}}
    desired = desire([federate(spec), federated_namespace("shop")], narrowing=ONLY_C1)
    assert {()} == {found.warnings for found in plan_sync(desired, observe(c1=[])).objects}


def test_plan_narrowed_leaves_out_federated_objects_that_were_read_for_another_reason() -> None:
    """FederatedNamespaces are read for placement; that is no reason to propagate them."""
    narrowing = Narrowing({"configmaps": frozenset({"web"})})
    desired = desire([federate(), federated_namespace("shop")], narrowing=narrowing)
    plan = plan_sync(desired, observe(c1=[], c2=[]))
    assert ["create ConfigMap/shop/web c1", "create ConfigMap/shop/web c2"] == _acts(plan)


_LABELLED = (Requirement("app", "Exists"),)


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        pytest.param(Narrowing(), ["c1 lost", "c1 other", "c2 lost"], id="whole"),
        pytest.param(
            Narrowing({"configmaps": frozenset()}), ["c1 lost", "c1 other", "c2 lost"], id="type"
        ),
        pytest.param(Narrowing(namespace="shop"), ["c1 lost", "c2 lost"], id="namespace"),
        pytest.param(ONLY_C1, ["c1 lost", "c1 other"], id="cluster"),
        pytest.param(Narrowing({"configmaps": frozenset({"lost"})}), [], id="name"),
        pytest.param(Narrowing(requirements=_LABELLED), [], id="selector"),
        pytest.param(Narrowing({"namespaces": frozenset()}), [], id="another-type"),
    ],
)
def test_plan_narrowed_handles_orphans_only_where_it_sees_all_that_could_claim_them(
    narrowing: Narrowing, expected: list[str]
) -> None:
    """With names or a selector none; elsewhere those of looked-at namespaces and clusters."""
    found = {
        "c1": reading("c1", member_object(LOST), member_object(Key("other", "other"))),
        "c2": reading("c2", member_object(LOST)),
    }
    plan = plan_sync(desire(narrowing=narrowing), found)
    assert expected == sorted(f"{a.cluster} {a.key.name}" for a in plan.orphans)
    assert plan.orphans == plan.actions


def test_plan_narrowed_to_a_namespace_leaves_other_namespaces_labelled() -> None:
    """Their FederatedNamespaces were not read."""
    names = [Key("", "shop"), Key("", "other")]
    found = reading("c1", *(member_object(key, target=NAMESPACE) for key in names))
    plan = plan_sync(desire(narrowing=Narrowing(namespace="shop")), observe(c1=found, c2=[]))
    assert ["unlabel Namespace/shop c1"] == _acts(plan)


def test_plan_narrowed_to_a_cluster_deletes_there_and_keeps_the_finalizer() -> None:
    """Nobody knows yet whether the others are clean."""
    desired = desire([federate(metadata=TERMINATING)], narrowing=ONLY_C1)
    [found] = plan_sync(desired, observe(c1=[member_object()])).deletions
    assert (["c1"], {"c2"}, False) == (
        [action.cluster for action in found.actions],
        found.unseen,
        found.may_finish,
    )


def test_plan_narrowed_to_every_cluster_may_finish_a_deletion() -> None:
    """All members by name are all members."""
    narrowing = Narrowing(clusters=frozenset({"c1", "c2"}))
    desired = desire([federate(metadata=TERMINATING)], narrowing=narrowing)
    [found] = plan_sync(desired, observe(c1=[member_object()], c2=[])).deletions
    assert found.may_finish


@pytest.mark.parametrize(
    ("namespace", "narrowing", "excluded", "warnings"),
    [
        pytest.param(
            {"placement": {"clusters": [{"name": "c1"}]}},
            Narrowing(),
            ("c2",),
            ["FederatedNamespace/shop/shop keeps its objects out of c2, which 2 objects select"],
            id="shut-out",
        ),
        pytest.param(
            {"placement": {"clusters": [{"name": "c1"}]}},
            Narrowing({"configmaps": frozenset({"web"})}),
            ("c2",),
            ["FederatedNamespace/shop/shop keeps its objects out of c2, which 1 object selects"],
            id="one-looked-at",
        ),
        pytest.param(
            {"placement": {"clusters": [{"name": "c1"}]}}, ONLY_C1, (), [], id="not-looked-at"
        ),
        pytest.param(None, Narrowing(), (), [], id="nothing"),
    ],
)
def test_plan_names_clusters_that_the_namespace_shuts_out(
    namespace: Any, narrowing: Narrowing, excluded: tuple[str, ...], warnings: list[str]
) -> None:
    """One warning for each namespace; each object has its own (S09)."""
    objects = [
        federated_namespace("shop", namespace),
        federate(),
        federate(key=Key("shop", "api")),
        federate(NOWHERE, key=Key("shop", "nowhere")),
    ]
    desired = desire(objects, narrowing=narrowing)
    names = sorted(desired.registrations.keys() - desired.unseen)
    plan = plan_sync(desired, {name: reading(name) for name in names})
    web = next(found for found in plan.objects if found.federated.key.name == "web")
    assert (excluded, warnings) == (web.excluded, list(plan.warnings))
