"""Tests of reading documents of KubeFed's first releases."""

from __future__ import annotations

import copy

import pytest

from kubefedctl.manifests import read_as_successors
from kubefedctl.model.refs import Object


@pytest.mark.parametrize(
    ("old", "kind", "new"),
    [
        ("core.kubefed.k8s.io/v1alpha1", "FederatedTypeConfig", "core.kubefed.io/v1beta1"),
        ("core.kubefed.k8s.io/v1alpha1", "KubeFedCluster", "core.kubefed.io/v1beta1"),
        ("core.kubefed.k8s.io/v1alpha1", "KubeFedConfig", "core.kubefed.io/v1beta1"),
        ("core.kubefed.k8s.io/v1alpha1", "EnableTypeDirective", "core.kubefed.io/v1beta1"),
        ("core.kubefed.k8s.io/v1beta1", "KubeFedCluster", "core.kubefed.io/v1beta1"),
        ("core.kubefed.io/v1alpha1", "EnableTypeDirective", "core.kubefed.io/v1beta1"),
        ("core.kubefed.k8s.io/v1alpha1", "PropagatedVersion", "core.kubefed.io/v1alpha1"),
        ("types.kubefed.k8s.io/v1alpha1", "FederatedSecret", "types.kubefed.io/v1beta1"),
        ("types.kubefed.k8s.io/v1", "FederatedSecret", "types.kubefed.io/v1"),
        (
            "scheduling.kubefed.k8s.io/v1alpha1",
            "ReplicaSchedulingPreference",
            "scheduling.kubefed.io/v1alpha1",
        ),
    ],
)
def test_old_name_is_read_as_its_successor(old: str, kind: str, new: str) -> None:
    """Nothing else of the object changes, and the given one stays as it is."""
    given: Object = {"apiVersion": old, "kind": kind, "metadata": {"name": "a"}, "spec": {"b": 1}}
    before = copy.deepcopy(given)
    assert ([{**given, "apiVersion": new}], (old,)) == read_as_successors([given])
    assert before == given


@pytest.mark.parametrize(
    "given",
    [
        {"apiVersion": "core.kubefed.io/v1beta1", "kind": "KubeFedCluster"},
        {"apiVersion": "core.kubefed.io/v1alpha1", "kind": "PropagatedVersion"},
        {"apiVersion": "types.kubefed.io/v1alpha1", "kind": "FederatedSecret"},
        {"apiVersion": "scheduling.kubefed.io/v1alpha1", "kind": "ReplicaSchedulingPreference"},
        {"apiVersion": "my.core.kubefed.k8s.io/v1alpha1", "kind": "KubeFedCluster"},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "types.kubefed.k8s.io"}},
        {"apiVersion": "e.com/v1", "kind": "E", "spec": {"federatedGroup": "types.kubefed.k8s.io"}},
        {"apiVersion": 1, "kind": ["KubeFedCluster"], "spec": "text"},
        {"metadata": {"name": "deployments.apps"}},
        {"spec": {"federatedGroup": "types.kubefed.io", "federatedVersion": "v1alpha1"}},
        {"spec": {"federatedGroup": 7}},
        {},
    ],
)
def test_other_documents_are_left_alone(given: Object) -> None:
    """What is served today, and what is not KubeFed's, is what it says."""
    assert ([given], ()) == read_as_successors([given])


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            {"federatedGroup": "types.kubefed.k8s.io", "federatedVersion": "v1alpha1"},
            {"federatedGroup": "types.kubefed.io", "federatedVersion": "v1beta1"},
            "types.kubefed.k8s.io/v1alpha1",
        ),
        (
            {"federatedGroup": "types.kubefed.k8s.io"},
            {"federatedGroup": "types.kubefed.io"},
            "types.kubefed.k8s.io",
        ),
    ],
)
@pytest.mark.parametrize("kind", [{}, {"kind": "EnableTypeDirective"}], ids=["no-kind", "kind"])
def test_directive_names_today_s_group(old: Object, new: Object, named: str, kind: Object) -> None:
    """An API server takes no CRDs in the old group, which is Kubernetes' own."""
    given = {**kind, "spec": {"targetVersion": "v1", **old}}
    wanted = {**kind, "spec": {"targetVersion": "v1", **new}}
    assert ([wanted], (named,)) == read_as_successors([given])


def test_several_documents_name_each_old_name_once() -> None:
    """One warning can tell all."""
    first = {"apiVersion": "types.kubefed.k8s.io/v1alpha1", "kind": "FederatedSecret"}
    second = {"apiVersion": "core.kubefed.k8s.io/v1alpha1", "kind": "KubeFedCluster"}
    _, replaced = read_as_successors([first, second, first])
    assert ("core.kubefed.k8s.io/v1alpha1", "types.kubefed.k8s.io/v1alpha1") == replaced
