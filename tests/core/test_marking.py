"""Tests of marks: what they tell apart, and that they hold nothing of a Secret."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from kubefedctl.core.marking import is_as_seen, mark_action, mark_federated, mark_standing
from kubefedctl.core.planning import plan_sync
from kubefedctl.model.actions import Action
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.refs import Key, Object, Resource
from tests.core.federations import (
    EVERYWHERE,
    KEY,
    desire,
    federate,
    federated_namespace,
    member_object,
    observe,
    reading,
)
from tests.core.makers import CONFIG_MAP, NAMESPACE

SECRET = Resource("", "v1", "secrets", "Secret", True)
SEALED = Resource("bitnami.com", "v1alpha1", "sealedsecrets", "SealedSecret", True)


def _federate(value: str, target: Resource, *, generation: int = 1) -> FederatedObject:
    overrides = [
        {
            "clusterName": "c1",
            "clusterOverrides": [{"op": "add", "path": "/data/o", "value": value}],
        }
    ]
    spec = {"placement": EVERYWHERE, "template": {"data": {"k": value}}, "overrides": overrides}
    return federate(spec, target=target, metadata={"generation": generation})


def _update(value: str, target: Resource, *, found: Object | None = None) -> Action:
    standing = found or member_object(target=target, data={"k": value, "mine": value})
    objects = {target.qualified_name: {KEY: standing}}
    desired = desire(
        [federated_namespace("shop"), _federate(value, target)],
        clusters=["c1"],
        targets=(NAMESPACE, target),
    )
    plan = plan_sync(desired, observe(c1=reading("c1", objects=objects)))
    (action,) = [one for one in plan.actions if one.key == KEY]
    return action


def _marks(value: str, target: Resource) -> tuple[object, ...]:
    action = _update(value, target)
    assert action.observed is not None
    return (
        mark_federated(_federate(value, target)),
        mark_action(action),
        mark_standing(action.observed, action),
    )


@pytest.mark.parametrize("target", [SECRET, SEALED], ids=lambda found: found.kind)
def test_marks_of_secrets_do_not_depend_on_values(target: Resource) -> None:
    """Nobody can find a value by trying: every value has the same marks."""
    assert _marks("hunter2", target) == _marks("correct horse", target)


@pytest.mark.parametrize("at", range(3), ids=["federated", "action", "standing"])
def test_marks_of_others_do(at: int) -> None:
    """Each part of what a plan was made from is told apart by its mark."""
    assert _marks("a", CONFIG_MAP)[at] == _marks("a", CONFIG_MAP)[at]
    assert _marks("a", CONFIG_MAP)[at] != _marks("b", CONFIG_MAP)[at]


def test_mark_of_a_federated_secret_is_its_generation() -> None:
    """A changed spec has another one; a status has not."""
    first, second = (mark_federated(_federate("a", SECRET, generation=n)) for n in (1, 2))
    assert first.digest != second.digest


def test_standing_secret_is_known_by_its_version() -> None:
    """There is no digest, so any write counts."""
    action = _update("a", SECRET)
    assert action.observed is not None
    assert ("", "5") == (
        mark_standing(action.observed, action).digest,
        mark_standing(action.observed, action).version,
    )


def test_marks_of_removals_tell_their_options() -> None:
    """A deletion with another propagation policy is another deletion; the uid is not in it."""
    base = Action(_update("a", CONFIG_MAP).verb, 0, "c1", CONFIG_MAP, Key("a", "b"))  # type: ignore[arg-type]
    bodies: list[Object | None] = [
        None,
        {"preconditions": {"uid": "1"}},
        {"preconditions": {"uid": "1"}, "propagationPolicy": "Orphan"},
        {"metadata": {"labels": {"l": None}, "resourceVersion": "1"}},
    ]
    marks = [mark_action(replace(base, body=body)) for body in bodies]
    assert all(one != other for one, other in itertools.combinations(marks, 2))
    assert marks[1] == mark_action(replace(base, body={"preconditions": {"uid": "2"}}))


def test_object_is_as_seen_whatever_its_status() -> None:
    """Between the comparison and the write, too."""
    action = _update("a", CONFIG_MAP)
    assert action.observed is not None
    assert is_as_seen(action, {**action.observed, "status": {"a": 1}})
    assert not is_as_seen(action, {**action.observed, "data": {}})
    assert not is_as_seen(replace(action, observed=None), action.observed)
