"""Tests of the planner where files are synced: no host records what was written."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.members import make_updated
from kubefedctl.core.planning import plan_sync
from kubefedctl.model.actions import (
    Action,
    ActionVerb,
    MemberIntent,
    Strategies,
    Strategy,
    WritePolicy,
)
from kubefedctl.model.objects import MANAGED_LABEL, PART_OF_LABEL
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import PropagationStatus
from tests.core.federations import (
    EVERYWHERE,
    desire,
    federate,
    federated_namespace,
    member_object,
    observe,
)
from tests.core.makers import DEPLOYMENT, NAMESPACE

LABELS = {MANAGED_LABEL: "true", PART_OF_LABEL: "s"}
_POD = {"spec": {"containers": [{"name": "a", "image": "a:1"}]}}
SPEC: Object = {"replicas": 2, "template": _POD}
OWNED: Object = {
    "manager": "kubefedctl",
    "operation": "Apply",
    "fieldsV1": {"f:spec": {"f:replicas": {}, "f:paused": {}}},
}


def plan(
    found: Object | None, *, strategy: Strategy = Strategy.APPLY, part_of: str = "s", **spec: Any
) -> list[Action]:
    """Return the actions of a Deployment in a namespace that is in place."""
    asked = {"template": {"spec": copy.deepcopy(SPEC)}, "placement": EVERYWHERE, **spec}
    objects = [federated_namespace("shop"), federate(asked, target=DEPLOYMENT)]
    desired = desire(objects, clusters=("c1",), targets=(NAMESPACE, DEPLOYMENT), has_host=False)
    namespace = member_object(Key("", "shop"), target=NAMESPACE, metadata={"labels": LABELS})
    members = [namespace, *([found] if found is not None else [])]
    writing = WritePolicy(Strategies(strategy), part_of=part_of)
    planned = plan_sync(desired, observe(c1=members), writing=writing)
    return [action for action in planned.actions if action.resource == DEPLOYMENT]


def standing(*, labels: Object = LABELS, **changes: Any) -> Object:
    """Return the Deployment as a member holds it, with what its API server set."""
    spec = copy.deepcopy(SPEC)
    spec["template"]["spec"]["containers"][0]["imagePullPolicy"] = "IfNotPresent"
    spec |= {"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, **changes}
    metadata = {"labels": labels, "generation": 4, "managedFields": [OWNED]}
    return member_object(target=DEPLOYMENT, metadata=metadata, spec=spec, status={"replicas": 1})


@pytest.mark.parametrize("strategy", list(Strategy))
def test_object_that_is_as_asked_is_not_written(strategy: Strategy) -> None:
    """Defaults of API servers, and what is recorded of nobody, are no drift."""
    assert [] == plan(standing(), strategy=strategy)


@pytest.mark.parametrize("strategy", list(Strategy))
@pytest.mark.parametrize(
    "found",
    [standing(replicas=3), standing(labels={MANAGED_LABEL: "true"}), standing(paused=True)],
    ids=["a field", "not of the set yet", "ours that the template has no more"],
)
def test_object_that_differs_is_updated(found: Object, strategy: Strategy) -> None:
    """Also one that a host propagated: it becomes a member of the set."""
    [action] = plan(found, strategy=strategy)
    assert ActionVerb.UPDATE is action.verb
    assert action.body is not None
    assert LABELS == action.body["metadata"]["labels"]


def test_field_of_somebody_else_is_drift_for_a_replace_alone() -> None:
    """An apply leaves it."""
    others = standing(minReadySeconds=5)
    assert [] == plan(others)
    assert 1 == len(plan(others, strategy=Strategy.REPLACE))


def test_new_object_has_both_labels_whatever_an_override_says() -> None:
    """An override of all labels takes the template's, not these."""
    override = {"path": "/metadata/labels", "value": {"a": "b"}}
    overrides = [{"clusterName": "c1", "clusterOverrides": [override]}]
    [action] = plan(None, overrides=overrides)
    assert action.body is not None
    assert {"a": "b", **LABELS} == action.body["metadata"]["labels"]


def test_member_of_another_set_is_not_taken() -> None:
    """Two sets would take it from each other for ever."""
    found = member_object(metadata={"labels": {**LABELS, PART_OF_LABEL: "other"}})
    made = make_updated(MemberIntent({"metadata": {}}, (), part_of="s"), found)
    assert (None, PropagationStatus.ALREADY_EXISTS) == (made.body, made.failure)
    assert "another ApplySet" in made.detail
    assert make_updated(MemberIntent({"metadata": {}}, ()), found).body is not None
