"""What federating makes, against what the Go kubefedctl 0.10 printed."""

from __future__ import annotations

import pytest

from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.federating import make_federated, make_guessed_federated
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.typeconfigs import parse_type_config
from kubefedctl.model.wellknown import CLUSTER_ROLES, CONFIG_MAPS, NAMESPACES, SERVICES
from tests.compat.golden_files import read_commands

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
SERVER_FIELDS: Object = {
    "uid": "5d0c",
    "resourceVersion": "77",
    "generation": 2,
    "creationTimestamp": "2026-11-23T00:00:00Z",
    "finalizers": ["example.com/keep"],
    "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "o", "uid": "u"}],
    "managedFields": [{"manager": "kubectl"}],
    "annotations": {"team": "a"},
    "selfLink": "/api",
}

CASES: dict[str, tuple[Resource, Object]] = {
    "kubefedctl federate configmap plain -n bazaar": (CONFIG_MAPS, {}),
    "kubefedctl federate deployment test-deployment1 -n bazaar": (
        DEPLOYMENTS,
        {"status": {"replicas": 3}},
    ),
    "kubefedctl federate svc cluster-ip -n bazaar": (
        SERVICES,
        {"status": {"loadBalancer": {}}},
    ),
    "kubefedctl federate ns bazaar": (NAMESPACES, {"status": {"phase": "Active"}}),
    "kubefedctl federate clusterrole bazaar-reader": (CLUSTER_ROLES, {}),
}


def _reconstruct_target(resource: Resource, golden: Object, extra: Object) -> Object:
    """The object as it stood in the host: the template with all that federating takes out."""
    template = dict(golden["spec"]["template"])
    metadata = {**SERVER_FIELDS, **template.pop("metadata", {}), "name": golden["metadata"]["name"]}
    if resource.namespaced:
        metadata["namespace"] = golden["metadata"]["namespace"]
    head = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
    target = {**head, **template, **extra}
    if resource == NAMESPACES:
        target["spec"] = {"finalizers": ["kubernetes"]}
    if resource == SERVICES:
        ports = [{**port, "nodePort": 30080} for port in target["spec"]["ports"]]
        addresses = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": ports}
        target["spec"] = {**target["spec"], **addresses}
    return target


@pytest.mark.parametrize("command", CASES)
def test_federate_object_makes_the_recorded_object(command: str) -> None:
    """The federated object is field by field what KubeFed's own tool makes."""
    resource, extra = CASES[command]
    [golden] = read_commands("federate.yaml")[command]
    target = _reconstruct_target(resource, golden, extra)
    federated, _ = make_federated(target, parse_type_config(make_type_config(resource)))
    assert federated == golden


@pytest.mark.parametrize("command", CASES)
def test_federate_file_makes_the_recorded_object(command: str) -> None:
    """An object from a file gives the same as one from the host, without asking it."""
    resource, extra = CASES[command]
    [golden] = read_commands("federate.yaml")[command]
    federated, _ = make_guessed_federated(_reconstruct_target(resource, golden, extra))
    assert federated == golden


def test_federate_golden_file_has_no_case_without_a_test() -> None:
    """Every recorded command is compared."""
    assert list(read_commands("federate.yaml")) == list(CASES)
