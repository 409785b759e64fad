"""The packaged schemas and the documents made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from kubefedctl.sandbox.openapi import openapi_v2, openapi_v3, openapi_v3_index
from kubefedctl.sandbox.schemas import SchemaSet

Object = dict[str, Any]

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Served:
    """A resource as the documents need it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    verbs: tuple[str, ...] = VERBS


DEPLOYMENTS = Served("apps", "v1", "deployments", "Deployment")
NODES = Served("", "v1", "nodes", "Node", namespaced=False)
THINGS = Served("e.x", "v1", "things", "Thing")
THING: Object = {"type": "object", "properties": {"spec": {"type": "object"}}}


def follow(document: Object, node: Object) -> Object:
    """Return what a node of a v3 document refers to."""
    reference = node.get("$ref") or node["allOf"][0]["$ref"]
    found: Object = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


@pytest.mark.parametrize(
    "kind",
    [
        ("", "v1", "Pod"),
        ("", "v1", "Secret"),
        ("apps", "v1", "StatefulSet"),
        ("batch", "v1", "CronJob"),
        ("rbac.authorization.k8s.io", "v1", "ClusterRole"),
        ("networking.k8s.io", "v1", "Ingress"),
        ("coordination.k8s.io", "v1", "Lease"),
        ("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
        ("authorization.k8s.io", "v1", "SelfSubjectAccessReview"),
        ("authentication.k8s.io", "v1", "TokenReview"),
        ("events.k8s.io", "v1", "Event"),
        ("policy", "v1", "PodDisruptionBudget"),
        ("autoscaling", "v2", "HorizontalPodAutoscaler"),
        ("autoscaling", "v1", "Scale"),
        ("discovery.k8s.io", "v1", "EndpointSlice"),
        ("storage.k8s.io", "v1", "StorageClass"),
    ],
    ids="/".join,
)
def test_built_in_kinds_have_schemas(kind: tuple[str, str, str]) -> None:
    """Every kind the sandbox serves is known."""
    schema = SchemaSet.load().lookup(*kind)
    assert schema is not None
    assert "metadata" in schema.properties


def test_references_are_followed_with_their_siblings() -> None:
    """A reference is replaced by what it names, overlaid with the keywords beside it."""
    schema = SchemaSet.load().lookup("apps", "v1", "Deployment")
    assert schema is not None
    spec = schema.properties["spec"]
    assert (spec.properties["replicas"].type, "int32") == ("integer", "int32")
    assert {"retainKeys"} == spec.properties["strategy"].patch_strategies
    containers = spec.properties["template"].properties["spec"].properties["containers"]
    assert containers.items is not None
    ports = containers.items.properties["ports"]
    assert (ports.list_type, ports.list_map_keys) == ("map", ("containerPort", "protocol"))


def test_recursive_definitions_are_no_trap() -> None:
    """The schema of a CRD's schema contains itself."""
    schema = SchemaSet.load().lookup("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    assert schema is not None
    versions = schema.properties["spec"].properties["versions"].items
    assert versions is not None
    node = versions.properties["schema"].properties["openAPIV3Schema"]
    for _ in range(5):
        node = node.properties["not"]
    assert node.type == "object"


def test_sets_do_not_share_custom_kinds() -> None:
    """A CRD added to one cluster is unknown to the other, and gone once removed."""
    one, two = SchemaSet.load(), SchemaSet.load()
    one.add("e.x", "v1", "Thing", THING)
    assert (
        one.lookup("e.x", "v1", "Thing") is not None,
        two.lookup("e.x", "v1", "Thing") is not None,
    ) == (True, False)
    one.remove("e.x", "v1", "Thing")
    one.remove("e.x", "v1", "Thing")
    assert one.lookup("e.x", "v1", "Thing") is None


def test_v3_document_leads_from_the_deployment_to_its_replicas() -> None:
    """A client finds the type of a field by following references."""
    document = openapi_v3(SchemaSet.load(), "apps", "v1", [DEPLOYMENTS, NODES])
    deployment = document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]
    spec = follow(document, deployment["properties"]["spec"])
    assert spec["properties"]["replicas"] == {"type": "integer", "format": "int32"}
    assert {"group": "apps", "version": "v1", "kind": "Deployment"} in deployment[
        "x-kubernetes-group-version-kind"
    ]
    assert all(path.startswith("/apis/apps/v1/") for path in document["paths"])


def test_v3_document_offers_field_validation_and_strategic_patches() -> None:
    """The two things kubectl looks for before it trusts the server's validation and merging."""
    document = openapi_v3(SchemaSet.load(), "apps", "v1", [DEPLOYMENTS])
    path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    patch = document["paths"][path]["patch"]
    assert "fieldValidation" in {item["name"] for item in patch["parameters"]}
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    assert patch["x-kubernetes-group-version-kind"] == {
        "group": "apps",
        "version": "v1",
        "kind": "Deployment",
    }


def test_v3_document_of_a_custom_kind_offers_no_strategic_patch() -> None:
    """Custom objects have no strategic merge patch, and their own definition."""
    schemas = SchemaSet.load()
    schemas.add("e.x", "v1", "Thing", THING)
    document = openapi_v3(schemas, "e.x", "v1", [THINGS])
    patch = document["paths"]["/apis/e.x/v1/namespaces/{namespace}/things/{name}"]["patch"]
    assert "application/strategic-merge-patch+json" not in patch["requestBody"]["content"]
    definitions = document["components"]["schemas"]
    assert definitions["x.e.v1.Thing"]["properties"]["spec"] == {"type": "object"}
    assert "x.e.v1.ThingList" in definitions


@pytest.mark.parametrize("document", ["v2", "v3"])
def test_documents_have_no_dangling_references(document: str) -> None:
    """Every reference in a document leads somewhere in it."""
    schemas = SchemaSet.load()
    schemas.add("e.x", "v1", "Thing", THING)
    if document == "v2":
        text = json.dumps(openapi_v2(schemas, [DEPLOYMENTS, NODES, THINGS]))
        definitions, prefix = json.loads(text)["definitions"], "#/definitions/"
    else:
        text = json.dumps(openapi_v3(schemas, "apps", "v1", [DEPLOYMENTS]))
        definitions = json.loads(text)["components"]["schemas"]
        prefix = "#/components/schemas/"
    references = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert set() == {item for item in references if item.removeprefix(prefix) not in definitions}


def test_v3_index_changes_its_hash_with_the_schema() -> None:
    """A client that caches by address reads a changed document again."""
    schemas = SchemaSet.load()
    schemas.add("e.x", "v1", "Thing", THING)
    before = openapi_v3_index(schemas, [NODES, THINGS])["paths"]
    schemas.add("e.x", "v1", "Thing", {"type": "object"})
    after = openapi_v3_index(schemas, [NODES, THINGS])["paths"]
    assert list(before) == ["api/v1", "apis/e.x/v1"]
    assert before["api/v1"] == after["api/v1"]
    assert before["apis/e.x/v1"] != after["apis/e.x/v1"]
