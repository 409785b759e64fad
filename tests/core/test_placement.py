"""Tests of placement: which clusters an object belongs in, and which namespaces are ignored."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.placement import (
    IgnoredReason,
    Placement,
    ignored_reason,
    place,
    selected_names,
)
from kubefedctl.errors import InputError
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.refs import Key, Resource
from kubefedctl.model.statuses import Scope
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, NAMESPACE, make_federated

CLUSTERS = {"c1": {}, "c2": {"foo": "bar"}}


def _named(*names: str) -> dict[str, Any]:
    return {"clusters": [{"name": name} for name in names]}


def _make_namespace(placement: Any) -> FederatedObject:
    return make_federated({"placement": placement}, target=NAMESPACE, key=Key("n", "n"))


def _place(
    placement: Any,
    *,
    namespace: Any = None,
    scope: Scope = Scope.CLUSTER,
    target: Resource = CONFIG_MAP,
) -> Placement:
    return place(
        make_federated({"placement": placement}, target=target),
        namespace=None if namespace is None else _make_namespace(namespace),
        clusters=CLUSTERS,
        scope=scope,
    )


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        pytest.param({**_named("c1"), "clusterSelector": {}}, {"c1"}, id="S01-list-wins"),
        pytest.param({}, set(), id="S02-nothing"),
        pytest.param(None, set(), id="S02-no-placement"),
        pytest.param(
            {"clusters": [], "clusterSelector": {"matchLabels": {"foo": "bar"}}},
            set(),
            id="S03-empty-list-wins",
        ),
        pytest.param({"clusterSelector": {}}, {"c1", "c2"}, id="S04-empty-selector"),
        pytest.param({"clusterSelector": {"matchLabels": {"foo": "bar"}}}, {"c2"}, id="S05-labels"),
        pytest.param({"clusters": None, "clusterSelector": {}}, {"c1", "c2"}, id="S06-null-list"),
        pytest.param({"clusterSelector": None}, set(), id="null-selector"),
        pytest.param(
            {"clusterSelector": {"matchExpressions": [{"key": "foo", "operator": "DoesNotExist"}]}},
            {"c1"},
            id="S07-expressions",
        ),
        pytest.param(_named("c1", "typo", "c1"), {"c1", "typo"}, id="S08-unknown-name"),
        pytest.param({"clusters": [{}]}, {""}, id="entry-without-name"),
    ],
)
def test_selected_names_by_placement(placement: Any, expected: set[str]) -> None:
    """The list of clusters selects if there is one, else the selector, else nothing."""
    assert expected == selected_names(placement, CLUSTERS)


@pytest.mark.parametrize(
    "placement",
    [
        pytest.param([], id="placement-list"),
        pytest.param({"clusters": {}}, id="clusters-map"),
        pytest.param({"clusters": ["c1"]}, id="cluster-text"),
        pytest.param({"clusters": [{"name": 1}]}, id="name-number"),
        pytest.param({"clusterSelector": "all"}, id="selector-text"),
        pytest.param(
            {"clusterSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            id="S07-in-without-values",
        ),
    ],
)
def test_selected_names_of_impossible_placement_raise(placement: Any) -> None:
    """What KubeFed calls ComputePlacementFailed is an input error."""
    with pytest.raises(InputError):
        selected_names(placement, CLUSTERS)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        pytest.param(
            _place(_named("c1", "c2"), namespace=_named("c1")),
            Placement(frozenset({"c1"}), excluded_by_namespace=("c2",)),
            id="S09-namespace-narrows",
        ),
        pytest.param(
            _place(_named("c1", "typo"), namespace=_named("c1", "other")),
            Placement(frozenset({"c1"}), unknown=("typo",)),
            id="S08-unknown-is-told",
        ),
        pytest.param(
            _place(_named("c1", "c2")),
            Placement(frozenset(), is_namespace_missing=True),
            id="S12-namespace-not-federated",
        ),
        pytest.param(
            _place(_named("c1", "typo"), scope=Scope.NAMESPACED),
            Placement(frozenset({"c1"}), unknown=("typo",)),
            id="S14-namespaced-scope-without-namespace",
        ),
        pytest.param(
            _place(_named("c1"), namespace={}, scope=Scope.NAMESPACED),
            Placement(frozenset(), excluded_by_namespace=("c1",)),
            id="S15-namespaced-scope-with-empty-namespace",
        ),
        pytest.param(
            _place(_named("c1"), target=CLUSTER_ROLE),
            Placement(frozenset({"c1"})),
            id="cluster-scoped-needs-no-namespace",
        ),
        pytest.param(
            _place(_named("c2"), namespace=_named("c1"), target=NAMESPACE),
            Placement(frozenset({"c2"})),
            id="namespace-is-not-narrowed",
        ),
    ],
)
def test_place_by_namespace_and_scope(actual: Placement, expected: Placement) -> None:
    """A namespaced object belongs where it and its namespace are placed."""
    assert expected == actual


def test_place_in_namespace_with_impossible_placement_names_the_namespace() -> None:
    """The message says that it is the namespace's placement which cannot be computed."""
    with pytest.raises(InputError, match=r"placement of FederatedNamespace/n/n: .*not a list"):
        _place(_named("c1"), namespace={"clusters": 1})


def test_place_with_impossible_placement_raises_before_the_namespace_is_missed() -> None:
    """An impossible placement is worse than a namespace that is not federated."""
    with pytest.raises(InputError):
        _place({"clusters": 1})


@pytest.mark.parametrize(
    ("target", "key", "expected"),
    [
        pytest.param(NAMESPACE, Key("n", "n"), None, id="ordinary"),
        pytest.param(NAMESPACE, Key("b", "a"), IgnoredReason.INVALID_NAME, id="S17-wrong-name"),
        *(
            pytest.param(NAMESPACE, Key(name, name), IgnoredReason.SYSTEM_NAMESPACE, id=name)
            for name in ("default", "kube-system", "kube-public", "kube-federation-system")
        ),
        pytest.param(
            NAMESPACE, Key("a", "default"), IgnoredReason.SYSTEM_NAMESPACE, id="system-comes-first"
        ),
        pytest.param(NAMESPACE, Key("kube-node-lease", "kube-node-lease"), None, id="node-lease"),
        pytest.param(CONFIG_MAP, Key("default", "x"), None, id="S18-content-is-not-ignored"),
    ],
)
def test_ignored_reason_by_name(target: Resource, key: Key, expected: IgnoredReason | None) -> None:
    """System namespaces and federated namespaces with another's name are ignored."""
    federated = make_federated(target=target, key=key)
    assert expected == ignored_reason(federated, "kube-federation-system")
