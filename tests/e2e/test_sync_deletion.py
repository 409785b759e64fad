"""
How things go, by the scenarios S60 to S68, on the sandbox and on real control planes.

Not here: delete options, namespaces that end, and what holds a deletion up (test_deletion.py).
"""

from __future__ import annotations

import pytest

from tests.compat.originals import eventually
from tests.e2e.clusters import Clusters
from tests.e2e.federated import only
from tests.e2e.ground import ALL_WELL, Ground, Scenario, stand_on

HELD = {"metadata": {"finalizers": ["example.com/held"]}}
LET_GO = {"metadata": {"finalizers": None}}


def deleted_object_goes_everywhere_with_its_versions(ground: Ground) -> None:
    """S60: copies, then the finalizer, then the federated object; its records are collected."""
    ground.federate_namespace()
    ground.federate("ConfigMap")
    ground.federate("Deployment")
    ground.sync()
    for kind in ("ConfigMap", "Deployment"):
        ground.delete(kind)
        assert None is not ground.host.get(ground.path(kind))
    ground.sync()
    for kind in ("ConfigMap", "Deployment"):
        assert [] == ground.holders(kind)
        assert None is ground.host.get(ground.path(kind))
    kinds = ("ConfigMap", "Deployment")
    eventually(lambda: not any(ground.versions(kind) for kind in kinds), seconds=120)


def object_leaves_the_cluster_that_placement_drops(ground: Ground) -> None:
    """S61, S63: at once, whatever the delete options say; its record and entry go, too."""
    ground.federate_namespace()
    options = {"kubefed.io/deleteoption": "{"}
    ground.federate("ConfigMap", metadata={"annotations": options})
    ground.sync()
    ground.change("ConfigMap", {"placement": {**only("cluster0", "cluster1")}})
    ground.sync()
    assert [0, 1] == ground.holders("ConfigMap")
    assert ("True", "", {"cluster0": "", "cluster1": ""}) == ground.told("ConfigMap")
    assert ["cluster0", "cluster1"] == list(ground.recorded("ConfigMap"))
    ground.host.merge(
        ground.path("ConfigMap"), {"metadata": {"annotations": {"kubefed.io/deleteoption": None}}}
    )


def orphaned_objects_stay_without_the_label(ground: Ground) -> None:
    """S62: with the annotation's value `true`, and with no other."""
    ground.federate_namespace()
    for name, value in (("kept", "true"), ("gone", "yes")):
        annotations = {"kubefed.io/orphan": value}
        ground.federate("ConfigMap", name, metadata={"annotations": annotations})
    ground.sync()
    for name in ("kept", "gone"):
        ground.delete("ConfigMap", name)
    ground.sync()
    assert ([0, 1, 2], []) == (
        ground.holders("ConfigMap", "kept"),
        ground.holders("ConfigMap", "gone"),
    )
    labels = [ground.get(n, "ConfigMap", "kept")["metadata"].get("labels") for n in range(3)]
    assert [{}, {}, {}] == [one or {} for one in labels]
    assert None is ground.host.get(ground.path("ConfigMap", "kept"))


def host_s_namespace_is_only_unlabelled(ground: Ground) -> None:
    """S64: by placement and by deletion the host keeps its namespace, the others do not."""
    ground.federate_namespace()
    ground.sync()
    ground.change("Namespace", {"placement": only("cluster0", "cluster2")}, ground.namespace)
    ground.sync()
    assert "kubefed.io/managed" not in _labels(ground)
    assert [0, 1, 2] == ground.holders("Namespace", ground.namespace)
    ground.change(
        "Namespace", {"placement": {"clusterSelector": {}, "clusters": None}}, ground.namespace
    )
    ground.sync()
    assert "true" == _labels(ground)["kubefed.io/managed"]
    assert ALL_WELL == ground.told("Namespace", ground.namespace)
    ground.delete("Namespace", ground.namespace)
    ground.sync()
    assert [1] == ground.holders("Namespace", ground.namespace)
    assert "kubefed.io/managed" not in _labels(ground)


def _labels(ground: Ground) -> dict[str, str]:
    labels: dict[str, str] = ground.get(1, "Namespace", ground.namespace)["metadata"]["labels"]
    return labels


def terminating_object_of_others_is_left_alone(ground: Ground) -> None:
    """S68: one that KubeFed's finalizer does not hold is not KubeFed's to finish."""
    ground.federate_namespace()
    ground.federate("ConfigMap")
    ground.sync()
    ground.host.merge(ground.path("ConfigMap"), HELD)
    ground.delete("ConfigMap")
    before = ground.host.get(ground.path("ConfigMap"))
    ground.sync()
    assert before == ground.host.get(ground.path("ConfigMap"))
    assert [0, 1, 2] == ground.holders("ConfigMap")
    ground.host.merge(ground.path("ConfigMap"), LET_GO)


SCENARIOS: list[Scenario] = [
    deleted_object_goes_everywhere_with_its_versions,
    object_leaves_the_cluster_that_placement_drops,
    orphaned_objects_stay_without_the_label,
    host_s_namespace_is_only_unlabelled,
    terminating_object_of_others_is_left_alone,
]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_deletion_on_the_sandbox(scenario: Scenario, sandbox_federation: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        scenario(ground)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_deletion_on_real_control_planes(scenario: Scenario, real_federation: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    with stand_on(real_federation) as ground:
        scenario(ground)
