"""Tests of enabling: directives, facts of schemas, and the refusals."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from kubefedctl.core.enabling import (
    EQUIVALENT_VERSIONS,
    Directive,
    SchemaFacts,
    check_can_enable,
    make_federated_crd,
    make_type_config,
    parse_directive,
    schema_facts_from_crd,
    schema_facts_from_openapi,
)
from kubefedctl.errors import InputError, ManifestError, RefusedError
from kubefedctl.model.objects import map_at, value_at
from kubefedctl.model.refs import Object, Resource, split_api_version
from kubefedctl.model.typeconfigs import ApiResource

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
WIDGETS = Resource("example.com", "v2", "widgets", "Widget", False)
INT32: Object = {"type": "integer", "format": "int32"}


# --- directives ----------------------------------------------------------------------------------


def test_parse_directive_name_alone_has_the_defaults() -> None:
    """What KubeFed ships as directives names the type and nothing else."""
    assert parse_directive({"metadata": {"name": "secrets"}}) == Directive("secrets")


def test_parse_directive_all_fields_are_taken() -> None:
    """Target version, federated group and version are taken from the spec."""
    obj = {
        "apiVersion": "core.kubefed.io/v1beta1",
        "kind": "EnableTypeDirective",
        "metadata": {"name": "deployments.apps"},
        "spec": {"targetVersion": "v1", "federatedGroup": "f.io", "federatedVersion": "v1"},
    }
    assert parse_directive(obj) == Directive("deployments.apps", "v1", "f.io", "v1")


@pytest.mark.parametrize(
    ("obj", "problem"),
    [
        ({}, "d.yaml: metadata.name is missing"),
        ({"metadata": {"name": ""}}, "d.yaml: metadata.name is missing"),
        ({"metadata": {"name": 5}}, "d.yaml: metadata.name is missing"),
        (None, "d.yaml: not an EnableTypeDirective"),
        (["x"], "d.yaml: not an EnableTypeDirective"),
        ({"kind": "Pod"}, "d.yaml: a Pod is not an EnableTypeDirective"),
        (
            {"metadata": {"name": "a"}, "spec": {"targetVersion": 1}},
            "d.yaml: spec.targetVersion is not text",
        ),
    ],
    ids=["empty", "empty-name", "name-not-text", "null", "list", "other-kind", "version-not-text"],
)
def test_parse_directive_unusable_is_refused(obj: Any, problem: str) -> None:
    """A directive that names no type, or is none, is an error of the file."""
    with pytest.raises(ManifestError) as raised:
        parse_directive(obj, source="d.yaml")
    assert raised.value.message == problem


# --- schemas -------------------------------------------------------------------------------------


def _crd(*versions: tuple[str, Object]) -> Object:
    return {
        "spec": {
            "versions": [
                {"name": name, "schema": {"openAPIV3Schema": schema}} for name, schema in versions
            ]
        }
    }


def _scalable(replicas: Object) -> Object:
    return {"properties": {"spec": {"properties": {"replicas": replicas}}}}


@pytest.mark.parametrize(
    ("crd", "version", "expected"),
    [
        (_crd(("v1", _scalable(INT32))), "", SchemaFacts(True, True)),
        (_crd(("v1", _scalable({"type": "integer"}))), "", SchemaFacts(True, False)),
        (
            _crd(("v1", _scalable({"type": "integer", "format": "int64"}))),
            "",
            SchemaFacts(True, False),
        ),
        (_crd(("v1", {"type": "object"})), "", SchemaFacts(False, False)),
        (_crd(("v1", {}), ("v2", _scalable(INT32))), "v2", SchemaFacts(True, True)),
        (_crd(("v1", {}), ("v2", _scalable(INT32))), "", SchemaFacts(False, False)),
        (_crd(("v1", {}), ("v2", _scalable(INT32))), "v9", SchemaFacts(False, False)),
        ({}, "", SchemaFacts(False, False)),
        ({"spec": {"versions": ["?", 5]}}, "v1", SchemaFacts(False, False)),
    ],
    ids=[
        "scalable",
        "no-format",
        "int64",
        "no-properties",
        "version-picked",
        "first-version",
        "unknown-version",
        "empty",
        "malformed",
    ],
)
def test_schema_facts_from_crd(crd: Object, version: str, expected: SchemaFacts) -> None:
    """Only an int32 `spec.replicas` can be retained; the version that is propagated decides."""
    assert schema_facts_from_crd(crd, version=version) == expected


GVK = {"group": "apps", "version": "v1", "kind": "Deployment"}


def _document(spec: Any, **others: Object) -> dict[str, Object]:
    deployment = {"x-kubernetes-group-version-kind": [GVK], "properties": {"spec": spec}}
    return {"io.k8s.Deployment": deployment, **others}


_SPEC = {"properties": {"replicas": INT32}}


@pytest.mark.parametrize(
    "document",
    [
        {"definitions": _document({"$ref": "#/definitions/Spec"}, Spec=_SPEC)},
        {"components": {"schemas": _document({"$ref": "#/components/schemas/Spec"}, Spec=_SPEC)}},
        {
            "components": {
                "schemas": _document(
                    {"allOf": [{"$ref": "#/components/schemas/Spec"}], "default": {}}, Spec=_SPEC
                )
            }
        },
        {"components": {"schemas": _document(_SPEC)}},
    ],
    ids=["v2", "v3", "v3-all-of", "inline"],
)
def test_schema_facts_from_openapi_follows_references(document: Object) -> None:
    """OpenAPI v2 and v3 say the same of a Deployment."""
    assert schema_facts_from_openapi(document, DEPLOYMENTS) == SchemaFacts(True, True)


def test_schema_facts_from_openapi_circular_reference_ends() -> None:
    """A document that refers to itself gives an answer, not an endless search."""
    ring = {"$ref": "#/definitions/Ring"}
    document = {"definitions": _document(ring, Ring=ring)}
    assert schema_facts_from_openapi(document, DEPLOYMENTS) == SchemaFacts(True, False)


@pytest.mark.parametrize(
    "document", [{}, {"definitions": {"a": {}, "b": 5}}], ids=["none", "other"]
)
def test_schema_facts_from_openapi_unknown_type_is_refused(document: Object) -> None:
    """A type without a schema cannot be enabled."""
    with pytest.raises(InputError, match="publishes no schema for Deployment in apps/v1"):
        schema_facts_from_openapi(document, DEPLOYMENTS)


# --- making --------------------------------------------------------------------------------------


def test_make_type_config_discovery_row_equals_its_resource() -> None:
    """A row of discovery and its address enable the same."""
    assert make_type_config(ApiResource(WIDGETS)) == make_type_config(WIDGETS)


@pytest.mark.parametrize(
    ("group", "version"),
    [
        ("kubefed", "v1"),
        ("Types.kubefed.io", "v1"),
        ("", "v1"),
        ("a..b", "v1"),
        ("types.kubefed.io", "1"),
        ("types.kubefed.io", ""),
        ("types.kubefed.io", "v1/x"),
        ("a.b\n", "v1"),
    ],
)
def test_make_type_config_impossible_federated_type_is_refused(group: str, version: str) -> None:
    """A group without a dot and a version that is no label are refused before anything is made."""
    with pytest.raises(InputError, match="of a federated type"):
        make_type_config(WIDGETS, federated_group=group, federated_version=version)


def test_make_federated_crd_schema_without_properties_keeps_the_template() -> None:
    """The Go kubefedctl leaves the template out here, and every template is pruned."""
    crd = make_federated_crd(make_type_config(WIDGETS), SchemaFacts(has_properties=False))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    template = value_at(schema, "properties", "spec", "properties", "template")
    assert template == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def test_make_federated_crd_cluster_scoped_target_is_cluster_scoped() -> None:
    """The federated type has its target's scope and prefixed short names."""
    crd = make_federated_crd(make_type_config(WIDGETS), SchemaFacts(), short_names=["w", "wd"])
    assert crd["spec"]["scope"] == "Cluster"
    assert crd["spec"]["names"]["shortNames"] == ["fw", "fwd"]


def test_make_federated_crd_changed_leaves_the_next_one_alone() -> None:
    """Two CRDs share no part of their schemas."""
    first = make_federated_crd(make_type_config(WIDGETS), SchemaFacts())
    expected = make_federated_crd(make_type_config(WIDGETS), SchemaFacts())
    schema = map_at(first["spec"]["versions"][0], "schema", "openAPIV3Schema", "properties")
    schema["spec"]["properties"]["placement"]["properties"].clear()
    assert make_federated_crd(make_type_config(WIDGETS), SchemaFacts()) == expected


# --- refusing ------------------------------------------------------------------------------------


def _config(api_version: str, plural: str, *, group: str = "types.kubefed.io") -> Object:
    target_group, version = split_api_version(api_version)
    resource = Resource(target_group, version, plural, plural.title(), True)
    return make_type_config(resource, federated_group=group)


PAIRS = [
    (plural, old, new)
    for plural, versions in EQUIVALENT_VERSIONS.items()
    for old, new in permutations(versions, 2)
]


@pytest.mark.parametrize(("plural", "old", "new"), PAIRS)
def test_check_can_enable_equivalent_version_is_refused(plural: str, old: str, new: str) -> None:
    """Two API versions of the same objects are not both federated."""
    existing, wanted = _config(old, plural), _config(new, plural)
    with pytest.raises(RefusedError, match="holds the same objects"):
        check_can_enable([existing], {"kind": "CustomResourceDefinition"}, wanted)


def test_check_can_enable_same_type_again_is_allowed() -> None:
    """Enabling twice is an update."""
    config = _config("apps/v1", "deployments")
    check_can_enable([config], {"kind": "CustomResourceDefinition"}, config)


def test_check_can_enable_no_crd_yet_is_allowed() -> None:
    """Without the CRD nothing else can use it."""
    check_can_enable([_config("apps/v1", "x")], None, _config("example.com/v1", "x"))


def test_check_can_enable_new_version_of_an_own_type_is_allowed() -> None:
    """A type config can go on to a newer version of a CRD's type."""
    check_can_enable([_config("example.com/v1", "x")], {}, _config("example.com/v2", "x"))


@pytest.mark.parametrize("group", ["f.example.com", "types.kubefed.io"], ids=["group", "version"])
def test_check_can_enable_other_federated_type_is_refused(group: str) -> None:
    """The federated type of an enabled type stays what it is."""
    existing = _config("apps/v1", "deployments")
    wanted = make_type_config(DEPLOYMENTS, federated_group=group, federated_version="v9")
    with pytest.raises(RefusedError, match="cannot be changed"):
        check_can_enable([existing], None, wanted)


def test_check_can_enable_crd_of_another_type_is_refused_naming_the_flag() -> None:
    """Two targets of the same plural need two federated groups."""
    existing, wanted = _config("a.example.com/v1", "x"), _config("b.example.com/v1", "x")
    with pytest.raises(RefusedError) as raised:
        check_can_enable([existing], {}, wanted)
    assert raised.value.message == (
        "x.a.example.com already uses the federated type federatedx.types.kubefed.io"
    )
    assert "--federated-group" in raised.value.hint


def test_check_can_enable_crd_in_another_group_is_allowed() -> None:
    """With a group of its own the same plural can be enabled twice."""
    existing = _config("a.example.com/v1", "x")
    wanted = _config("b.example.com/v1", "x", group="f.example.com")
    check_can_enable([existing], {}, wanted)


def test_check_can_enable_unrelated_group_is_not_equivalent() -> None:
    """`deployments.example.com` holds other objects; only the shared CRD is in the way."""
    existing, wanted = _config("example.com/v1", "deployments"), _config("apps/v1", "deployments")
    with pytest.raises(RefusedError, match="already uses"):
        check_can_enable([existing], {}, wanted)


def test_check_can_enable_broken_type_config_is_passed_over() -> None:
    """A type config that cannot be read does not keep others from being enabled."""
    check_can_enable([{"metadata": {"name": "x"}}], {}, _config("apps/v1", "deployments"))
