"""
Where things go, by the scenarios S08 to S22, on the sandbox and on real control planes.

Here: what clusters really do with it. Not here: the tables of the pure functions (core/).
"""

from __future__ import annotations

import pytest

from tests.e2e.clusters import Clusters
from tests.e2e.federated import only
from tests.e2e.ground import (
    ALL_WELL,
    REGISTRATIONS,
    TYPE_CONFIGS,
    Ground,
    Scenario,
    altered,
    stand_on,
)


def unknown_cluster_is_left_out(ground: Ground) -> None:
    """S08: a name that is not joined is warned of; the others are as asked."""
    ground.federate_namespace()
    ground.federate("ConfigMap", placement=only("cluster0", "typo"))
    ran = ground.sync()
    assert ("True", "", {"cluster0": ""}) == ground.told("ConfigMap")
    assert "typo" in ran.stderr
    assert [0] == ground.holders("ConfigMap")


def namespace_narrows_what_is_in_it(ground: Ground) -> None:
    """S09, S10, S11: objects go where their namespace goes, leave and come back with it."""
    ground.federate_namespace(placement=only("cluster0"))
    ground.federate("ConfigMap")
    ground.sync()
    assert [0] == ground.holders("ConfigMap")
    ground.change("Namespace", {"placement": only("cluster0", "cluster2")}, ground.namespace)
    ground.sync()
    assert [0, 2] == ground.holders("ConfigMap")
    assert [0, 1, 2] == ground.holders("Namespace", ground.namespace)  # cluster1 is the host
    ground.change("Namespace", {"placement": only("cluster0")}, ground.namespace)
    ground.sync()
    assert [0] == ground.holders("ConfigMap")
    assert [0, 1] == ground.holders("Namespace", ground.namespace)
    assert ("True", "", {"cluster0": ""}) == ground.told("ConfigMap")
    assert ["cluster0"] == list(ground.recorded("ConfigMap"))
    ground.change("Namespace", {"placement": only("cluster0", "cluster2")}, ground.namespace)
    ground.sync()
    assert [0, 2] == ground.holders("ConfigMap")


def namespace_that_is_not_federated_holds_nothing(ground: Ground) -> None:
    """S12: nothing is made, and the status says why, for the generation that was looked at."""
    ground.federate("ConfigMap")
    ground.sync(code=5)
    assert [] == ground.holders("ConfigMap")
    assert ("False", "NamespaceNotFederated", {}) == ground.told("ConfigMap")


def unfederated_namespace_takes_its_objects_along(ground: Ground) -> None:
    """S13: one run takes everything away with the namespace, also in the host, and says why."""
    ground.federate_namespace()
    ground.federate("ConfigMap")
    ground.sync()
    ground.delete("Namespace", ground.namespace)
    ground.sync(code=5)
    assert [] == ground.holders("ConfigMap")
    assert [1] == ground.holders("Namespace", ground.namespace)
    assert ("False", "NamespaceNotFederated", {}) == ground.told("ConfigMap")


def unfederated_namespace_is_told_while_something_holds_its_objects(ground: Ground) -> None:
    """S13: the reason is NamespaceNotFederated while entries are WaitingForRemoval, too."""
    ground.federate_namespace()
    ground.federate("ConfigMap")
    ground.sync()
    ground.edit(0, "ConfigMap", {"metadata": {"finalizers": ["example.com/held"]}})
    ground.delete("Namespace", ground.namespace)
    ground.sync("--timeout", "1s", code=5)
    waiting = {"cluster0": "WaitingForRemoval"}
    assert ("False", "NamespaceNotFederated", waiting) == ground.told("ConfigMap")
    assert [0] == ground.holders("ConfigMap")
    ground.edit(0, "ConfigMap", {"metadata": {"finalizers": None}})
    ground.sync(code=5)
    assert ("False", "NamespaceNotFederated", {}) == ground.told("ConfigMap")
    assert ([], [1]) == (
        ground.holders("ConfigMap"),
        ground.holders("Namespace", ground.namespace),
    )


def system_namespace_is_left_alone(ground: Ground) -> None:
    """S18: FederatedNamespace default/default is not touched, and still narrows its contents."""
    inside = Ground(ground.fleet, "default")
    inside.federate("Namespace", "default", {}, placement=only("cluster0"))
    inside.federate("ConfigMap", "x")
    try:
        ground.sync()
        assert [0] == inside.holders("ConfigMap")
        found = ground.host.get(inside.path("Namespace", "default"))
        assert (None, None) == (found["metadata"].get("finalizers"), found.get("status"))
        assert "labels" in inside.get(0, "Namespace", "default")["metadata"]
        labels = inside.get(0, "Namespace", "default")["metadata"]["labels"]
        assert "kubefed.io/managed" not in labels
    finally:
        inside.delete("ConfigMap")
        inside.delete("Namespace", "default")
        ground.sync()
    assert [] == inside.holders("ConfigMap")
    assert [0, 1, 2] == inside.holders("Namespace", "default")


def misnamed_federated_namespace_counts_for_nothing(ground: Ground) -> None:
    """S17: FederatedNamespace a in namespace b is told of, and federates neither."""
    ground.federate("Namespace", "another", {})
    ground.federate("ConfigMap")
    ran = ground.sync(code=5)
    assert "must be named like the namespace" in ran.stderr
    found = ground.host.get(ground.path("Namespace", "another"))
    assert (None, None) == (found["metadata"].get("finalizers"), found.get("status"))
    assert ("False", "NamespaceNotFederated", {}) == ground.told("ConfigMap")
    assert [] == ground.holders("Namespace", "another")


def cluster_that_is_not_registered_any_more_keeps_its_objects(ground: Ground) -> None:
    """S21: status and versions forget it; the object in it stays, labelled, and is found again."""
    ground.federate_namespace()
    ground.federate("ConfigMap")
    ground.sync()
    registration = ground.host.get(f"{REGISTRATIONS}/cluster2")
    ground.host.delete(f"{REGISTRATIONS}/cluster2")
    try:
        ground.sync()
        assert ("True", "", {"cluster0": "", "cluster1": ""}) == ground.told("ConfigMap")
        assert ["cluster0", "cluster1"] == list(ground.recorded("ConfigMap"))
        labels = ground.get(2, "ConfigMap")["metadata"]["labels"]
        assert "true" == labels["kubefed.io/managed"]
    finally:
        metadata = {"name": "cluster2"}
        kept = {name: registration[name] for name in ("apiVersion", "kind", "spec")}
        ground.host.create(REGISTRATIONS, {**kept, "metadata": metadata})
    ground.sync()
    assert ALL_WELL == ground.told("ConfigMap")


def disabled_type_is_left_as_it_is(ground: Ground) -> None:
    """S70: neither members nor statuses are written while propagation is disabled."""
    ground.federate_namespace()
    ground.federate("ConfigMap")
    ground.sync()
    before = ground.host.get(ground.path("ConfigMap"))["status"]
    path = f"{TYPE_CONFIGS}/configmaps"
    off, on = ({"spec": {"propagation": word}} for word in ("Disabled", "Enabled"))
    with altered(ground.host, path, off, back=on):
        ground.change("ConfigMap", {"template": {"data": {"n": "z"}}})
        ground.edit(0, "ConfigMap", {"data": {"alien": "1"}})
        ground.sync()
        data = [ground.get(number, "ConfigMap")["data"] for number in (0, 2)]
        assert [{"alien": "1", "k": "012", "n": "y"}, {"k": "012", "n": "y"}] == data
        assert before == ground.host.get(ground.path("ConfigMap"))["status"]
    ground.sync()
    assert {"k": "012", "n": "z"} == ground.get(0, "ConfigMap")["data"]


SCENARIOS: list[Scenario] = [
    unknown_cluster_is_left_out,
    namespace_narrows_what_is_in_it,
    namespace_that_is_not_federated_holds_nothing,
    unfederated_namespace_takes_its_objects_along,
    unfederated_namespace_is_told_while_something_holds_its_objects,
    system_namespace_is_left_alone,
    misnamed_federated_namespace_counts_for_nothing,
    cluster_that_is_not_registered_any_more_keeps_its_objects,
    disabled_type_is_left_as_it_is,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_placement_on_the_sandbox(scenario: Scenario, sandbox_federation: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        scenario(ground)


@pytest.mark.soak
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_placement_on_real_control_planes(scenario: Scenario, real_federation: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    with stand_on(real_federation) as ground:
        scenario(ground)
