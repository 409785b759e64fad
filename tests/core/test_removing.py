"""Tests of how propagated objects go: by placement, by deletion, as orphans."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubefedctl.core.planning import plan_sync
from kubefedctl.core.removing import parse_delete_options
from kubefedctl.errors import InputError
from kubefedctl.model.actions import Action, DeletionPlan, Plan, Wave
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.objects import DELETE_OPTION_ANNOTATION, MANAGED_LABEL, ORPHAN_ANNOTATION
from kubefedctl.model.readings import ClusterReading
from kubefedctl.model.refs import Key, Object
from tests.core.federations import (
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
from tests.core.makers import CLUSTER_ROLE, NAMESPACE

NOWHERE: Object = {"placement": {"clusters": []}}
ON_HOST: dict[str, Any] = {"host_namespace_uids": {"shop": "host-uid"}}


def _going(annotations: Object | None = None, **more: Any) -> Any:
    return federate(metadata={**TERMINATING, "annotations": annotations or {}}, **more)


def _delete(
    c1: ClusterReading | list[Object], annotations: Object | None = None, **more: Any
) -> DeletionPlan:
    given = {"deletion_scope": DeletionScope.ALL, **more}
    plan = plan_sync(desire([_going(annotations)], **given), observe(c1=c1, c2=[]))
    assert ((), ()) == (plan.objects, plan.orphans)
    [found] = plan.deletions
    return found


def _acts(actions: tuple[Action, ...]) -> list[str]:
    return [f"{a.verb} {a.subject} {a.cluster}" for a in actions]


@pytest.mark.parametrize(
    ("found", "annotations", "acts", "blockers"),
    [
        pytest.param([member_object()], {}, ["delete ConfigMap/shop/web c1"], {}, id="standing"),
        pytest.param([], {}, [], {}, id="gone"),
        pytest.param(
            [member_object(metadata=TERMINATING)],
            {},
            ["await removal of ConfigMap/shop/web c1"],
            {},
            id="terminating",
        ),
        pytest.param(not_ready("c1", "refused"), {}, [], {"c1": "refused"}, id="not-ready"),
        pytest.param(not_ready("c1", ""), {}, [], {"c1": ""}, id="not-ready-without-a-cause"),
        pytest.param(
            reading("c1", member_object(), failures={"configmaps": "404"}),
            {},
            [],
            {"c1": "404"},
            id="unreadable",
        ),
        pytest.param(
            reading("c1", member_object(), failures={"secrets": "404"}),
            {},
            ["delete ConfigMap/shop/web c1"],
            {},
            id="another-type-unreadable",
        ),
        pytest.param(
            [member_object()],
            {ORPHAN_ANNOTATION: "true"},
            ["unlabel ConfigMap/shop/web c1"],
            {},
            id="orphaned",
        ),
        pytest.param(
            [member_object()],
            {ORPHAN_ANNOTATION: "yes"},
            ["delete ConfigMap/shop/web c1"],
            {},
            id="orphan-annotation-of-another-value",
        ),
        pytest.param(
            [member_object(metadata=TERMINATING)],
            {ORPHAN_ANNOTATION: "true"},
            [],
            {},
            id="orphaned-terminating",
        ),
        pytest.param(
            not_ready("c1", "refused"),
            {ORPHAN_ANNOTATION: "true"},
            [],
            {"c1": "refused"},
            id="orphaned-not-ready",
        ),
    ],
)
def test_deletion_goes_through_every_registered_cluster(
    found: Any, annotations: Object, acts: list[str], blockers: dict[str, str]
) -> None:
    """Placement is not asked; what cannot be asked blocks, and what is labelled goes."""
    plan = _delete(found, annotations)
    held_up = {name: settled.detail for name, settled in plan.settled.items()}
    assert (acts, blockers, "") == (_acts(plan.actions), held_up, plan.problem)


def test_deletion_without_finalizer_is_left_alone() -> None:
    """Somebody else's finalizer holds it; nothing of ours is to be done (S68)."""
    desired = desire([_going(held=False)])
    assert Plan() == plan_sync(desired, observe(c1=[member_object()], c2=[]))


def test_deletion_names_the_uid_that_was_seen() -> None:
    """A DELETE can never hit an object made since."""
    [action] = _delete([member_object()]).actions
    fixed = {"apiVersion": "v1", "kind": "DeleteOptions"}
    assert {**fixed, "preconditions": {"uid": "uid-shop/web"}} == action.body


def test_deletion_of_an_object_without_uid_sends_no_preconditions() -> None:
    """Only what is known is demanded."""
    [action] = _delete([member_object(metadata={"uid": ""})]).actions
    assert {"apiVersion": "v1", "kind": "DeleteOptions"} == action.body


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"propagationPolicy": "Orphan"}, {"propagationPolicy": "Orphan"}, id="policy"),
        pytest.param({"gracePeriodSeconds": 0}, {"gracePeriodSeconds": 0}, id="grace"),
        pytest.param(
            {"gracePeriodSeconds": 5, "propagationPolicy": "Background", "dryRun": ["All"]},
            {"gracePeriodSeconds": 5, "propagationPolicy": "Background"},
            id="both-and-more",
        ),
        pytest.param({"gracePeriodSeconds": None}, {}, id="null-field"),
        pytest.param(None, {}, id="null"),
        pytest.param({"preconditions": {"uid": None}}, {}, id="null-uid"),
        pytest.param(
            {"preconditions": {"resourceVersion": "7"}},
            {"preconditions": {"uid": "uid-shop/web", "resourceVersion": "7"}},
            id="precondition",
        ),
        pytest.param(
            {"preconditions": {"uid": "other"}}, {"preconditions": {"uid": "other"}}, id="uid"
        ),
    ],
)
def test_deletion_options_of_the_annotation_are_sent(asked: Any, expected: Object) -> None:
    """The three fields that KubeFed uses are passed on, and the uid stays a precondition."""
    [action] = _delete([member_object()], {DELETE_OPTION_ANNOTATION: json.dumps(asked)}).actions
    fixed = {"apiVersion": "v1", "kind": "DeleteOptions"}
    assert {"preconditions": {"uid": "uid-shop/web"}, **fixed, **expected} == action.body


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="not-json"),
        pytest.param("", id="empty"),
        pytest.param("[]", id="a-list"),
        pytest.param('"Orphan"', id="text"),
        pytest.param('{"gracePeriodSeconds": "5"}', id="grace-as-text"),
        pytest.param('{"gracePeriodSeconds": true}', id="grace-as-truth"),
        pytest.param('{"gracePeriodSeconds": 1.5}', id="grace-as-fraction"),
        pytest.param('{"propagationPolicy": 1}', id="policy-as-number"),
        pytest.param('{"preconditions": []}', id="preconditions-as-list"),
        pytest.param('{"preconditions": {"uid": 7}}', id="uid-as-number"),
        pytest.param("[" * 100_000, id="too-deep"),
        pytest.param({"not": "text"}, id="annotation-not-text"),
    ],
)
def test_deletion_options_unreadable_stop_the_deletion(text: Any) -> None:
    """Nothing is deleted while it is not clear how, and the annotation is named."""
    plan = _delete([member_object()], {DELETE_OPTION_ANNOTATION: text})
    assert () == plan.actions
    assert f"FederatedConfigMap/shop/web: annotation {DELETE_OPTION_ANNOTATION} " in plan.problem
    with pytest.raises(InputError):
        parse_delete_options(plan.federated)


def test_deletion_options_do_not_matter_when_orphaned() -> None:
    """Orphaning deletes nothing, so it needs no options."""
    annotations = {DELETE_OPTION_ANNOTATION: "{", ORPHAN_ANNOTATION: "true"}
    plan = _delete([member_object()], annotations)
    assert ["unlabel ConfigMap/shop/web c1"] == _acts(plan.actions)


def test_removal_by_placement_ignores_the_delete_options() -> None:
    """The annotation is for the deletion of the federated object alone (S63)."""
    annotations = {DELETE_OPTION_ANNOTATION: '{"propagationPolicy": "Orphan"}'}
    federated = federate(NOWHERE, metadata={"annotations": annotations})
    [action] = plan_sync(desire([federated]), observe(c1=[member_object()], c2=[])).actions
    assert action.body is not None
    assert "propagationPolicy" not in action.body


def _namespace(uid: str = "host-uid", metadata: Object | None = None) -> Object:
    return member_object(
        Key("", "shop"), target=NAMESPACE, metadata={"uid": uid, **(metadata or {})}
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(_namespace(), ["unlabel Namespace/shop c1"], id="host"),
        pytest.param(_namespace("other"), ["delete Namespace/shop c1"], id="another-of-that-name"),
        pytest.param(_namespace(""), ["delete Namespace/shop c1"], id="no-uid"),
    ],
)
@pytest.mark.parametrize("way", ["placement", "deletion"])
def test_host_namespace_is_only_unlabelled(found: Object, expected: list[str], way: str) -> None:
    """The host's own namespace is told by its uid, not by the cluster's name (S64)."""
    spec, metadata = (NOWHERE, {}) if way == "placement" else (None, TERMINATING)
    federated = federated_namespace("shop", spec, metadata=metadata)
    plan = plan_sync(desire([federated], **ON_HOST), observe(c1=[found], c2=[]))
    assert expected == _acts(plan.actions)


def test_host_namespace_terminating_holds_up_no_deletion() -> None:
    """It goes when the host's namespace goes, which waits for this very deletion (S65)."""
    federated = federated_namespace("shop", metadata=TERMINATING)
    host = _namespace(metadata=TERMINATING)
    [plan] = plan_sync(desire([federated], **ON_HOST), observe(c1=[host], c2=[])).deletions
    assert ((), True) == (plan.actions, plan.may_finish)


def test_host_namespace_uid_of_another_type_means_nothing() -> None:
    """Only namespaces can be the host's namespace."""
    found = member_object(metadata={"uid": "host-uid"})
    plan = plan_sync(desire([federate(NOWHERE)], **ON_HOST), observe(c1=[found], c2=[]))
    assert ["delete ConfigMap/shop/web c1"] == _acts(plan.actions)


def test_unlabelling_takes_off_one_label_of_the_version_that_was_seen() -> None:
    """The patch touches nothing else, and fails where the object has changed."""
    [action] = plan_sync(desire(), observe(c1=[member_object()], c2=[])).orphans
    expected = {"metadata": {"labels": {MANAGED_LABEL: None}, "resourceVersion": "5"}}
    assert (expected, Wave.ORPHANS, KEY) == (action.body, action.wave, action.key)


def test_removals_go_contents_first() -> None:
    """Namespaced objects go before cluster-scoped ones, namespaces last."""
    role = Key("", "reader")
    objects = [
        federate(NOWHERE, key=role, target=CLUSTER_ROLE),
        federate(NOWHERE),
        federated_namespace("shop", NOWHERE),
    ]
    desired = desire(objects, targets=(CLUSTER_ROLE, NAMESPACE, objects[1].type_config.target))
    found = reading("c1", member_object(), _namespace("x"))
    roles = {objects[0].type_config.name: {role: member_object(role, target=CLUSTER_ROLE)}}
    full = ClusterReading("c1", True, objects={**found.objects, **roles})
    actions = plan_sync(desired, observe(c1=full, c2=[])).actions
    by_wave = [str(a.subject) for a in sorted(actions, key=lambda action: action.wave)]
    assert ["ConfigMap/shop/web", "ClusterRole/reader", "Namespace/shop"] == by_wave
