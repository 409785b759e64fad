"""Tests of who owns fields: when ownership is handed over, what moves, what an apply took."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.core.fieldowners import (
    Takeover,
    find_takeovers,
    hand_over,
    needs_handover,
    split,
    unite,
)
from kubefedctl.model.refs import Object

EARLY, PROPAGATED, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
LABEL: Object = {"f:metadata": {"f:labels": {"f:kubefed.io/managed": {}}}}
DATA: Object = {"f:data": {"f:a": {}}}


def _entry(
    manager: str, fields: Any, time: str = PROPAGATED, operation: str = "Update", **more: str
) -> Object:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "v1",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **more,
    }


def _object(*entries: Any, kind: str = "ConfigMap", made: str = EARLY) -> Object:
    return {"kind": kind, "metadata": {"creationTimestamp": made, "managedFields": list(entries)}}


def _fields(owners: list[Object]) -> dict[str, Any]:
    return {f"{found['manager']}/{found['operation']}": found["fieldsV1"] for found in owners}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([], False, id="nobody"),
        pytest.param([_entry("controller-manager", {**LABEL, **DATA})], True, id="kubefed"),
        pytest.param([_entry("kubefedctl", LABEL)], True, id="our-create"),
        pytest.param([_entry("kubefedctl", LABEL, operation="Apply")], False, id="our-apply"),
        pytest.param([_entry("kubectl", DATA)], False, id="somebody-else"),
        pytest.param([_entry("x", LABEL, subresource="status")], False, id="status"),
        pytest.param(["odd", {"operation": "Update", "fieldsV1": "odd"}], False, id="nonsense"),
    ],
)
def test_needs_handover_where_the_label_was_set_by_an_update(
    entries: list[Any], expected: bool
) -> None:
    """Who set KubeFed's label propagated the object, whatever the program was called."""
    assert expected is needs_handover(_object(*entries))


def test_hand_over_makes_our_apply_own_what_was_propagated() -> None:
    """So a field that leaves the template leaves the member."""
    owners = hand_over(
        _object(_entry("controller-manager", {**LABEL, **DATA})), keeps_replicas=False
    )
    ours = {
        "manager": "kubefedctl",
        "operation": "Apply",
        "apiVersion": "v1",
        "time": PROPAGATED,
        "fieldsType": "FieldsV1",
        "fieldsV1": {**LABEL, **DATA},
    }
    assert [ours] == owners


def test_hand_over_takes_what_the_last_propagation_confirmed_from_its_first_owner() -> None:
    """An object that was adopted keeps no field only because somebody else made it."""
    theirs = {"f:data": {"f:b": {}}, "f:metadata": {"f:annotations": {"f:x": {}}}}
    found = _object(
        _entry("kubectl-create", theirs, EARLY),
        _entry("kubefedctl", {**LABEL, **DATA}),
        _entry("autoscaler", {"f:data": {"f:c": {}}}, LATE),
    )
    assert {
        "kubefedctl/Apply": {**LABEL, "f:data": {"f:a": {}, "f:b": {}}},
        "kubectl-create/Update": {"f:metadata": {"f:annotations": {"f:x": {}}}},
        "autoscaler/Update": {"f:data": {"f:c": {}}},
    } == _fields(hand_over(found, keeps_replicas=False))


@pytest.mark.parametrize(
    ("made", "time", "moves"),
    [
        pytest.param(PROPAGATED, PROPAGATED, False, id="second-of-our-create"),
        pytest.param(EARLY, PROPAGATED, True, id="second-of-a-later-update"),
        pytest.param(EARLY, "", False, id="no-time"),
    ],
)
def test_hand_over_within_one_second(made: str, time: str, moves: bool) -> None:
    """Nobody was there before an object that was created by propagation."""
    found = _object(_entry("kubefedctl", LABEL), _entry("other", DATA, time), made=made)
    fields = _fields(hand_over(found, keeps_replicas=False))
    assert moves is ("other/Update" not in fields)


@pytest.mark.parametrize(("is_adopted", "moves"), [(True, True), (False, False)], ids=str)
def test_hand_over_of_what_was_made_and_adopted_in_one_second(
    is_adopted: bool, moves: bool
) -> None:
    """Who adopts knows that the others were there before."""
    found = _object(_entry("kubefedctl", LABEL), _entry("other", DATA), made=PROPAGATED)
    fields = _fields(hand_over(found, keeps_replicas=False, is_adopted=is_adopted))
    assert moves is ("other/Update" not in fields)


@pytest.mark.parametrize(
    ("kind", "keeps_replicas", "fields", "stays"),
    [
        pytest.param(
            "Service",
            False,
            {
                "f:spec": {
                    "f:clusterIP": {},
                    "f:ports": {'k:{"port":80}': {".": {}, "f:port": {}, "f:nodePort": {}}},
                }
            },
            {"f:spec": {"f:clusterIP": {}, "f:ports": {'k:{"port":80}': {"f:nodePort": {}}}}},
            id="service",
        ),
        pytest.param(
            "ServiceAccount",
            False,
            {"f:secrets": {'k:{"name":"t"}': {}}, "f:imagePullSecrets": {}},
            {"f:secrets": {'k:{"name":"t"}': {}}},
            id="service-account",
        ),
        pytest.param(
            "Deployment",
            True,
            {"f:spec": {"f:replicas": {}, "f:template": {}}},
            {"f:spec": {"f:replicas": {}}},
            id="retained-replicas",
        ),
        pytest.param("Deployment", False, {"f:spec": {"f:replicas": {}}}, None, id="replicas"),
        pytest.param(
            "Job", False, {"f:status": {"f:x": {}}}, {"f:status": {"f:x": {}}}, id="status"
        ),
        pytest.param(
            "Job",
            False,
            {"f:metadata": {"f:finalizers": {'v:"x/y"': {}}, "f:labels": {"f:a": {}}}},
            {"f:metadata": {"f:finalizers": {'v:"x/y"': {}}}},
            id="metadata",
        ),
    ],
)
def test_hand_over_leaves_the_member_what_is_its_own(
    kind: str, keeps_replicas: bool, fields: Object, stays: Object | None
) -> None:
    """What KubeFed retains keeps its owner, or the next apply would take it away."""
    found = _object(_entry("other", fields, EARLY), _entry("kubefedctl", LABEL), kind=kind)
    owners = _fields(hand_over(found, keeps_replicas=keeps_replicas))
    assert stays == owners.get("other/Update")


def test_hand_over_leaves_other_versions_and_subresources_alone() -> None:
    """Fields are told in the words of one version."""
    other = _entry("kubectl", DATA, EARLY, apiVersion="v2")
    status = _entry("kubelet", {"f:status": {}}, EARLY, subresource="status")
    owners = hand_over(_object(other, status, _entry("kubefedctl", LABEL)), keeps_replicas=False)
    assert [other, status] == owners[1:]


def test_find_takeovers_names_owner_and_field() -> None:
    """Whoever changed a propagated field is told of, and which."""
    path = {"f:spec": {"f:containers": {'k:{"name":"a"}': {"f:image": {}}}, "f:x": {}}}
    ours = _entry("kubefedctl", path, operation="Apply")
    before = _object(_entry("kubectl-edit", path, LATE), _entry("kubefedctl", LABEL))
    after = _object(ours, _entry("kubectl-edit", {"f:spec": {"f:x": {}}}, LATE))
    image = '.spec.containers[{"name":"a"}].image'
    assert (Takeover("kubectl-edit", (image,)),) == find_takeovers(before, after)
    assert f"{image} from kubectl-edit" == str(find_takeovers(before, after)[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([_entry("a", DATA)], [_entry("a", DATA)], id="nothing-moved"),
        pytest.param([_entry("a", DATA)], [], id="gone-but-not-ours"),
        pytest.param(
            [_entry("kubefedctl", DATA)],
            [_entry("kubefedctl", DATA, operation="Apply")],
            id="ours-before",
        ),
    ],
)
def test_find_takeovers_nothing_taken_is_nothing(before: list[Object], after: list[Object]) -> None:
    """A field that nobody lost to us is no takeover."""
    assert () == find_takeovers(_object(*before), _object(*after))


def test_find_takeovers_by_way_of_a_subresource_count() -> None:
    """Autoscalers, and people with `kubectl scale`, own replicas by the subresource for them."""
    replicas = {"f:spec": {"f:replicas": {}}}
    before = _object(_entry("kube-controller-manager", replicas, LATE, subresource="scale"))
    after = _object(_entry("kubefedctl", replicas, operation="Apply"))
    expected = (Takeover("kube-controller-manager", (".spec.replicas",)),)
    assert expected == find_takeovers(before, after)


def test_takeover_of_many_fields_is_told_in_short() -> None:
    """Three fields are enough to know what it is about."""
    assert ".a, .b, .c and 2 more from x" == str(Takeover("x", (".a", ".b", ".c", ".d", ".e")))


_TREES = st.recursive(
    st.just({}),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)


def _paths(fields: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = {path} if path and not fields else set()
    return found.union(*(_paths(below, (*path, name)) for name, below in fields.items()))


@given(_TREES, _TREES)
def test_unite_has_the_fields_of_both(one: Any, other: Any) -> None:
    """Order does not matter, and a field with parts is no longer a leaf."""
    assert unite(one, other) == unite(other, one)
    assert _paths(unite(one, other)) <= _paths(one) | _paths(other)
    assert one == unite(one, one)


@given(_TREES, st.lists(st.lists(st.sampled_from("abc*"), min_size=1, max_size=3).map(tuple)))
def test_split_loses_and_doubles_no_field(fields: Any, exempt: list[tuple[str, ...]]) -> None:
    """Each field either moves or stays."""
    moved, kept = split(fields, exempt=exempt)
    assert _paths(fields) == _paths(moved) | _paths(kept)
    assert fields == unite(moved, kept)
    assert not _paths(moved) & _paths(kept)


def test_owners_that_are_nonsense_break_nothing() -> None:
    """A cluster may answer anything: what is no map is a field without anything below."""
    deep: Any = {}
    for _ in range(900):
        deep = {"f:x": deep}
    odd = [
        _entry("a", {"f:metadata": 3, "f:data": {"f:a": "odd"}}, EARLY),
        _entry("b", {"f:metadata": ["odd"], "f:data": 7}, EARLY),
        _entry("c", {"f:spec": deep}, EARLY),
        {"manager": "d", "operation": "Update"},
    ]
    before = _object(_entry("kubefedctl", {**LABEL, "f:data": {"f:a": 1}}), *odd)
    owners = hand_over(before, keeps_replicas=True)
    assert {"f:a": {}} == owners[0]["fieldsV1"]["f:data"]
    assert () == find_takeovers(before, _object(*odd))
