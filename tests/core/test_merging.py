"""Tests of foretelling what a member's object would be: applied over it, or put in its place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.merging import apply_over, foretell
from kubefedctl.model.actions import Action, ActionVerb, MemberIntent, Strategy, Wave
from kubefedctl.model.objects import FIELD_MANAGER, MANAGED_LABEL
from kubefedctl.model.refs import Object
from tests.core.makers import CONFIG_MAP, IN_NAMESPACE

A, B = 'k:{"name":"a"}', 'k:{"name":"b"}'
PORT = 'k:{"containerPort":80,"protocol":"TCP"}'


def entry(fields: Object, manager: str = FIELD_MANAGER, operation: str = "Apply") -> Object:
    """Return an entry of managedFields."""
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "time": "2026-01-02T03:04:05Z",
        "fieldsV1": fields,
    }


def standing(spec: Object, *entries: Object) -> Object:
    """Return an object that stands in a member."""
    return {"metadata": {"managedFields": list(entries)}, "spec": spec}


def ours(**fields: Any) -> Object:
    """Return an entry of ours about fields of the spec."""
    return entry({"f:spec": {f"f:{name}": below for name, below in fields.items()}})


def theirs(**fields: Any) -> Object:
    """Return an entry of somebody else."""
    return entry({"f:spec": {f"f:{n}": below for n, below in fields.items()}}, "them", "Update")


def applied(body: Object, observed: Object) -> Any:
    """Return the spec after *body* was applied; neither argument is changed."""
    before = copy.deepcopy((body, observed))
    made = apply_over({"spec": body}, observed)
    assert before == (body, observed)
    return made["spec"]


@pytest.mark.parametrize(
    ("body", "observed", "expected"),
    [
        pytest.param(
            {"a": 2},
            standing({"a": 1, "b": 1}, ours(a={}), theirs(b={})),
            {"a": 2, "b": 1},
            id="theirs-stays",
        ),
        pytest.param(
            {"a": 1}, standing({"a": 1, "b": 1}, ours(a={}, b={})), {"a": 1}, id="ours-goes"
        ),
        pytest.param(
            {"a": 1},
            standing({"a": 1, "b": 1}, ours(a={}, b={}), theirs(b={})),
            {"a": 1, "b": 1},
            id="shared-stays",
        ),
        pytest.param(
            {"a": 1}, standing({"a": 1, "b": 1}, ours(a={})), {"a": 1, "b": 1}, id="nobodys-stays"
        ),
        pytest.param({"a": 1}, standing({"b": 1}), {"a": 1, "b": 1}, id="no-owners-known"),
        pytest.param(
            {"m": {"x": 1}},
            standing({"m": {"x": 1, "y": 2}}, ours(m={})),
            {"m": {"x": 1}},
            id="a-map-that-is-one-field",
        ),
        pytest.param(
            {},
            standing({"m": {"x": 1, "y": 2}}, ours(m={"f:x": {}}), theirs(m={"f:y": {}})),
            {"m": {"y": 2}},
            id="part-of-a-map-goes",
        ),
        pytest.param(
            {}, standing({"m": {"x": 1}}, ours(m={"f:x": {}})), {}, id="a-map-without-fields-goes"
        ),
        pytest.param(
            {"l": [{"name": "a", "v": 2}]},
            standing(
                {"l": [{"name": "a", "v": 1, "w": 1}, {"name": "b"}]},
                ours(l={A: {".": {}, "f:v": {}}}),
                theirs(l={B: {".": {}}}),
            ),
            {"l": [{"name": "a", "v": 2, "w": 1}, {"name": "b"}]},
            id="items-are-merged",
        ),
        pytest.param(
            {"l": [{"name": "a"}]},
            standing(
                {"l": [{"name": "a"}, {"name": "b", "v": 1}]},
                ours(l={A: {".": {}}, B: {".": {}, "f:v": {}}}),
            ),
            {"l": [{"name": "a"}]},
            id="an-item-of-ours-goes",
        ),
        pytest.param(
            {"l": [{"containerPort": 80}]},
            standing({"l": [{"containerPort": 80, "protocol": "TCP"}]}, ours(l={PORT: {".": {}}})),
            {"l": [{"containerPort": 80, "protocol": "TCP"}]},
            id="a-protocol-left-out-is-tcp",
        ),
        pytest.param(
            {"l": ["b", "c"]},
            standing({"l": ["a", "b"]}, theirs(l={'v:"a"': {}, 'v:"b"': {}})),
            {"l": ["a", "b", "c"]},
            id="sets-are-united",
        ),
        pytest.param(
            {"l": [2]},
            standing({"l": [1, 1]}, ours(l={})),
            {"l": [2]},
            id="other-lists-are-replaced",
        ),
        pytest.param(
            {"l": [{"name": "b"}, {"name": "n"}, {"name": "a"}]},
            standing(
                {"l": [{"name": "a"}, {"name": "x"}, {"name": "b"}]},
                theirs(l={A: {}, B: {}, 'k:{"name":"x"}': {}}),
            ),
            {"l": [{"name": "b"}, {"name": "n"}, {"name": "a"}, {"name": "x"}]},
            id="what-is-applied-keeps-its-order",
        ),
    ],
)
def test_apply_over_merges_as_api_servers_do(
    body: Object, observed: Object, expected: Object
) -> None:
    """By what managedFields say of owners and of lists."""
    assert expected == applied(body, observed)


def test_apply_over_what_an_update_propagated_takes_its_fields_away() -> None:
    """Ownership is handed over before the first apply, so what is no longer asked for goes."""
    label = {"f:metadata": {"f:labels": {f"f:{MANAGED_LABEL}": {}}}}
    fields = {**label, "f:spec": {"f:a": {}, "f:b": {}}}
    observed = standing({"a": 1, "b": 1}, entry(fields, "controller-manager", "Update"))
    assert {"a": 1} == applied({"a": 1}, observed)


@pytest.mark.parametrize(
    "nonsense", [[None, 5], [{"fieldsV1": 5}], "x", [{"manager": []}]], ids=repr
)
def test_apply_over_survives_nonsense(nonsense: Any) -> None:
    """A cluster may answer anything."""
    observed = {"metadata": {"managedFields": nonsense}, "spec": {"a": 1, "b": 2}}
    assert {"a": 3, "b": 2} == applied({"a": 3}, observed)


def action(verb: ActionVerb, strategy: Strategy = Strategy.APPLY) -> Action:
    """Return an action on a ConfigMap that asks for a=1 where b=1 stands, which nobody owns."""
    head = {"apiVersion": "v1", "kind": "ConfigMap"}
    labels = {"metadata": {"labels": {MANAGED_LABEL: "true"}}}
    return Action(
        verb,
        Wave.NAMESPACED,
        "c1",
        CONFIG_MAP,
        IN_NAMESPACE,
        body={**head, **labels, "data": {"a": "1"}},
        intent=MemberIntent({}, (), strategy=strategy),
        observed={**head, **labels, "data": {"b": "1"}},
    )


@pytest.mark.parametrize(
    ("verb", "strategy", "expected"),
    [
        pytest.param(ActionVerb.CREATE, Strategy.APPLY, {"a": "1"}, id="create"),
        pytest.param(ActionVerb.UPDATE, Strategy.APPLY, {"a": "1", "b": "1"}, id="apply"),
        pytest.param(ActionVerb.UPDATE, Strategy.REPLACE, {"a": "1"}, id="replace"),
        pytest.param(ActionVerb.UNLABEL, Strategy.APPLY, {"b": "1"}, id="unlabel"),
        pytest.param(ActionVerb.DELETE, Strategy.APPLY, None, id="delete"),
    ],
)
def test_foretell_depends_on_deed_and_strategy(
    verb: ActionVerb, strategy: Strategy, expected: Object | None
) -> None:
    """A replace sends all, an apply leaves the rest alone, a deletion leaves nothing."""
    made = foretell(action(verb, strategy))
    assert expected == (None if made is None else made["data"])


def test_foretell_of_an_orphan_takes_the_label_off() -> None:
    """The object stays."""
    made = foretell(action(ActionVerb.UNLABEL))
    assert made is not None
    assert {} == made["metadata"]["labels"]
