"""Tests of what left the files: what may be deleted, what stays, and what the set is afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.core.applysets import Contents, GroupKind, contents_of, make_id
from kubefedctl.core.guarding import DeletionLimit
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.pruning import (
    Leftover,
    Set,
    check_pruning,
    contents_left,
    contents_observed,
    contents_wanted,
    find_leftovers,
    plan_pruning,
)
from kubefedctl.errors import RefusedError
from kubefedctl.model.actions import Plan, WritePolicy
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.narrowing import Narrowing
from kubefedctl.model.objects import MANAGED_LABEL, PART_OF_LABEL
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.refs import Key, Object, Resource
from tests.core.federations import (
    TERMINATING,
    desire,
    federate,
    federated_namespace,
    member_object,
    not_ready,
    observe,
    reading,
)
from tests.core.makers import CONFIG_MAP, NAMESPACE, make_type_config

PLACE = Key("default", "kubefedctl")
ID = make_id(PLACE)
TYPES = {found.name: found for found in map(make_type_config, (CONFIG_MAP, NAMESPACE))}
SET = Set(ID, PLACE, {"c1": TYPES, "c2": TYPES})
ONLY_C1: Object = {"placement": {"clusters": [{"name": "c1"}]}}
SHOP = federated_namespace("shop")
WEB, OLD = Key("shop", "web"), Key("shop", "old")


def ours(key: Key = OLD, target: Resource = CONFIG_MAP, *, of: str = ID, **more: Any) -> Object:
    """Return a member of the set *of* which it is."""
    labels = {MANAGED_LABEL: "true", PART_OF_LABEL: of}
    key = Key("", key.name) if target is NAMESPACE else key
    return member_object(key, target=target, metadata={"labels": labels, **more})


def read(
    *federated: FederatedObject, observed: Observed, narrowing: Narrowing | None = None
) -> tuple[Desired, Plan, list[Leftover]]:
    """Return what the files say, the plan, and what left."""
    desired = desire(federated, narrowing=narrowing or Narrowing(), has_host=False)
    plan = plan_sync(desired, observed, writing=WritePolicy(part_of=ID))
    return desired, plan, find_leftovers(plan, desired, observed, applyset=SET)


def left(
    *federated: FederatedObject, narrowing: Narrowing | None = None, **members: Any
) -> list[str]:
    """Return what left the files, in words."""
    observed = observe(**{"c1": [], "c2": [], **members})
    _, plan, leftovers = read(*federated, observed=observed, narrowing=narrowing)
    assert not plan.orphans
    return [f"{found.subject} {found.cluster}" for found in leftovers]


def test_member_that_nothing_asks_for_has_left() -> None:
    """In every cluster, namespaces too."""
    shop = ours(Key("", "gone"), NAMESPACE)
    assert ["ConfigMap/shop/old c1", "Namespace/gone c1", "ConfigMap/shop/old c2"] == left(
        SHOP, federate(), c1=[ours(), ours(WEB), shop], c2=[ours()]
    )


@pytest.mark.parametrize(
    "obj",
    [
        member_object(OLD),
        ours(of=make_id(Key("default", "other"))),
        ours(of=""),
        ours(ownerReferences=[{"kind": "Service", "name": "x"}]),
    ],
    ids=["of a host", "of another set", "of none", "of an owner"],
)
def test_object_that_is_not_of_the_set_never_leaves(obj: Object) -> None:
    """It is somebody else's, though it carries KubeFed's label."""
    assert [] == left(SHOP, c1=[obj])


def test_object_that_left_its_placement_has_left() -> None:
    """In that cluster alone."""
    assert ["ConfigMap/shop/web c2"] == left(
        SHOP, federate(ONLY_C1), c1=[ours(WEB)], c2=[ours(WEB)]
    )


def test_objects_leave_with_the_placement_of_their_namespace() -> None:
    """The namespace's placement limits theirs."""
    namespace = federated_namespace("shop", ONLY_C1)
    assert ["ConfigMap/shop/web c2", "Namespace/shop c2"] == left(
        namespace, federate(), c2=[ours(WEB), ours(Key("", "shop"), NAMESPACE)]
    )


@pytest.mark.parametrize(
    "federated",
    [
        federate({"placement": {"clusterSelector": 7}}),
        federate({"placement": {"clusterSelector": {}}, "template": 7}),
    ],
    ids=["placement", "template"],
)
def test_object_that_cannot_be_understood_stays(federated: FederatedObject) -> None:
    """It is in the files, whatever is wrong with it."""
    assert [] == left(SHOP, federated, c1=[ours(WEB)])


def test_namespace_stays_while_the_files_have_something_in_it() -> None:
    """Its FederatedNamespace is missing, which is a mistake rather than a wish."""
    namespace = ours(Key("", "shop"), NAMESPACE)
    assert [] == left(federate(), c1=[namespace, ours(WEB)])
    assert ["ConfigMap/shop/web c1", "Namespace/shop c1"] == left(c1=[namespace, ours(WEB)])


def test_nothing_leaves_where_it_was_not_read() -> None:
    """A cluster that is down, a list that failed, a cluster that is not looked at."""
    partial = reading("c2", ours(), failures={"namespaces": "403"})
    assert ["ConfigMap/shop/old c2"] == left(SHOP, c1=not_ready("c1"), c2=partial)
    narrowing = Narrowing(clusters=frozenset({"c1"}))
    assert [] == left(SHOP, narrowing=narrowing, c2=[ours()])


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        (Narrowing(names={"configmaps": frozenset()}), ["ConfigMap/shop/old c1"]),
        (Narrowing(names={"configmaps": frozenset({"web"})}), []),
        (Narrowing(names={"namespaces": frozenset()}), ["Namespace/gone c1"]),
        (Narrowing(namespace="shop"), ["ConfigMap/shop/old c1"]),
        (Narrowing(namespace="other"), []),
    ],
    ids=["a type", "an object", "another type", "a namespace", "another namespace"],
)
def test_narrowed_run_lets_only_go_what_it_looks_at(
    narrowing: Narrowing, expected: list[str]
) -> None:
    """And only where it would have seen who asks for it."""
    shop = ours(Key("", "gone"), NAMESPACE)
    assert expected == left(SHOP, narrowing=narrowing, c1=[ours(), shop])


def prune(*objects: Object) -> list[str]:
    """Return what becomes of objects that left, in words."""
    observed = observe(c1=objects, c2=[])
    desired, _, leftovers = read(SHOP, observed=observed)
    actions = plan_pruning(leftovers, desired, applyset=SET)
    return [f"{found.verb} {found.subject} {found.body}" for found in actions]


def test_what_left_is_deleted_as_it_was_seen() -> None:
    """An object that was made anew since is another one."""
    [line] = prune(ours())
    assert line.startswith("delete ConfigMap/shop/old ")
    assert "'preconditions': {'uid': 'uid-shop/old'}" in line


def test_what_is_going_is_waited_for() -> None:
    """It was deleted already."""
    assert ["await removal of ConfigMap/shop/old None"] == prune(ours(**TERMINATING))


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-federation-system"])
def test_namespace_that_must_stay_loses_its_labels(name: str) -> None:
    """A cluster's own, KubeFed's, and the one with the set's parent."""
    labels = {MANAGED_LABEL: None, PART_OF_LABEL: None}
    body = {"metadata": {"labels": labels, "resourceVersion": "5"}}
    assert [f"unlabel Namespace/{name} {body}"] == prune(ours(Key("", name), NAMESPACE))


def check(*federated: FederatedObject, limit: DeletionLimit | None = None, **members: Any) -> None:
    """Check a run that prunes."""
    observed = observe(**{"c1": [], "c2": [], **members})
    desired, _, leftovers = read(*federated, observed=observed)
    check_pruning(leftovers, leftovers, desired, observed, applyset=SET, limit=limit)


def test_files_without_objects_delete_nothing_by_accident() -> None:
    """Whoever says how much may go has consented."""
    with pytest.raises(RefusedError, match="there is no federated object in the files") as caught:
        check(c1=[ours()], c2=[ours()])
    assert "--max-deletes 2" in caught.value.hint
    check(c1=[ours()], c2=[ours()], limit=DeletionLimit(2))
    check()


def test_files_of_something_else_delete_nothing_by_accident() -> None:
    """Nothing of the set would be left, in no cluster."""
    with pytest.raises(RefusedError, match="would delete all of it: 2 objects"):
        check(SHOP, c1=[ours()], c2=[ours()])
    check(SHOP, federate(), c1=[ours(), ours(WEB)], c2=[ours()])
    check(SHOP, c1=[ours()], limit=DeletionLimit(100, is_share=True))


def test_set_is_what_was_read_and_what_is_asked_for() -> None:
    """Before anything is written."""
    observed = observe(c1=[ours(Key("other", "old"))], c2=[])
    _, plan, _ = read(SHOP, federate(ONLY_C1), observed=observed)
    expected = [(CONFIG_MAP, WEB), (NAMESPACE, Key("", "shop"))]
    assert contents_of(expected) == contents_wanted(plan, cluster="c1")
    assert contents_of(expected[1:]) == contents_wanted(plan, cluster="c2")
    held = contents_observed(observed["c1"], SET)
    assert contents_of([(CONFIG_MAP, Key("other", "old"))]) == held
    gone = {(GroupKind("", "ConfigMap"), Key("other", "old"))}
    assert Contents() == contents_observed(observed["c1"], SET, gone=gone)


def test_set_forgets_only_types_that_were_read() -> None:
    """Of others it could have objects anywhere it had some before."""
    maps, roles = GroupKind("", "ConfigMap"), GroupKind("rbac", "Role")
    said = Contents(frozenset({maps, roles}), frozenset({"a", "b"}))
    held = Contents(frozenset(), frozenset({"a"}))
    assert held == contents_left(said, held, read={maps, roles})
    expected = Contents(frozenset({roles}), frozenset({"a", "b"}))
    assert expected == contents_left(said, held, read={maps})


def test_plan_of_files_takes_nothing_away_by_itself() -> None:
    """Neither what left its placement nor what nobody asks for, which a host would."""
    observed = observe(c1=[ours(), ours(WEB)], c2=[ours(WEB), member_object(OLD)])
    desired, plan, _ = read(SHOP, federate(ONLY_C1), observed=observed)
    assert {"create", "update"} >= {found.verb.value for found in plan.actions}
    of_host = plan_sync(replace(desired, has_host=True), observed)
    assert {"delete", "unlabel"} <= {found.verb.value for found in of_host.actions}
