"""What enabling makes, against what the Go kubefedctl 0.10 printed."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.enabling import SchemaFacts, make_federated_crd, make_type_config
from kubefedctl.core.installing import DEFAULT_TYPES, make_control_plane
from kubefedctl.manifests import dump_documents, load_objects
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.wellknown import CLUSTER_ROLES, CONFIG_MAPS, CRDS, NAMESPACES, TYPE_CONFIGS
from tests.compat.golden_files import read_commands

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
AUTOSCALERS = Resource(
    "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True
)
SCALABLE = SchemaFacts(has_int32_replicas=True)
PLAIN = SchemaFacts()

CASES: dict[str, tuple[Resource, SchemaFacts, list[str], dict[str, Any]]] = {
    "configmaps": (CONFIG_MAPS, PLAIN, ["cm"], {}),
    "deployments.apps": (DEPLOYMENTS, SCALABLE, ["deploy"], {}),
    "namespaces": (NAMESPACES, PLAIN, ["ns"], {}),
    "clusterroles.rbac.authorization.k8s.io": (CLUSTER_ROLES, PLAIN, [], {}),
    "horizontalpodautoscalers.autoscaling": (AUTOSCALERS, PLAIN, ["hpa"], {}),
    "deployment -o yaml --federated-group": (
        DEPLOYMENTS,
        SCALABLE,
        ["deploy"],
        {"federated_group": "my.group.io", "federated_version": "v1"},
    ),
}


def _golden(case: str) -> list[Object]:
    found = [
        documents
        for command, documents in read_commands("enable.yaml").items()
        if command.startswith(f"kubefedctl enable {case} ")
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("case", CASES)
def test_enable_type_makes_the_recorded_objects(case: str) -> None:
    """The type config and the CRD are field by field what KubeFed's own tool makes."""
    resource, facts, short_names, federated = CASES[case]
    type_config = make_type_config(resource, **federated)
    crd = make_federated_crd(type_config, facts, short_names=short_names)
    assert [type_config, crd] == _golden(case)


def test_enable_golden_file_has_no_case_without_a_test() -> None:
    """Every recorded command is compared."""
    assert len(read_commands("enable.yaml")) == len(CASES)


@pytest.mark.parametrize("case", CASES)
def test_enable_output_read_again_is_the_same(case: str) -> None:
    """Printing the recorded objects as YAML loses nothing."""
    documents = _golden(case)
    assert load_objects(dump_documents(documents), source="printed") == documents


@pytest.mark.parametrize(
    "case", [name for name in CASES if "-o" not in name and "auto" not in name]
)
def test_init_default_type_equals_the_recorded_objects(case: str) -> None:
    """What init installs for a default type is what enabling it makes, in the namespace."""
    type_config, crd = _golden(case)
    type_config["metadata"]["namespace"] = "kube-federation-system"
    steps = make_control_plane(namespace="kube-federation-system", scope="Cluster")
    bodies = [step.body for step in steps if step.resource in (CRDS, TYPE_CONFIGS)]
    assert type_config in bodies
    assert crd in bodies


def test_default_types_are_the_ten_of_the_chart() -> None:
    """KubeFed 0.10 federates these ten types from the start."""
    assert [resource.qualified_name for resource, _ in DEFAULT_TYPES] == [
        "clusterroles.rbac.authorization.k8s.io",
        "configmaps",
        "deployments.apps",
        "ingresses.networking.k8s.io",
        "jobs.batch",
        "namespaces",
        "replicasets.apps",
        "secrets",
        "serviceaccounts",
        "services",
    ]
