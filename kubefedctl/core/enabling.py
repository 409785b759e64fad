"""
What enabling a type means: its FederatedTypeConfig, its federated CRD, and when not to.

Here: making both objects from a discovery row and the schema of the target, reading an
EnableTypeDirective, and the refusals. Not here: finding the type (`lookup`), writing anything.

Laws:
1. Every federated CRD has `spec.template`, also for targets whose schema names no properties;
   the Go kubefedctl leaves it out for those, and the API server then prunes the template away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.federated_schema import make_federated_schema
from kubefedctl.core.structures import make_crd
from kubefedctl.errors import ControlPlaneError, InputError, ManifestError, RefusedError
from kubefedctl.model.objects import list_at, map_at, name_of, text_at
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.typeconfigs import ApiResource, TypeConfig, parse_type_config
from kubefedctl.model.wellknown import (
    FEDERATED_GROUP,
    FEDERATED_VERSION,
    NAMESPACES,
    TYPE_CONFIGS,
)

_GROUP = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+"
)
_VERSION = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_LONGEST_REFERENCE_CHAIN = 16

_WORKLOAD_VERSIONS = ("apps/v1", "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1")
EQUIVALENT_VERSIONS: Mapping[str, tuple[str, ...]] = {
    "deployments": _WORKLOAD_VERSIONS,
    "daemonsets": _WORKLOAD_VERSIONS,
    "replicasets": _WORKLOAD_VERSIONS,
    "statefulsets": ("apps/v1", "apps/v1beta1", "apps/v1beta2"),
    "networkpolicies": ("networking.k8s.io/v1", "extensions/v1beta1"),
    "podsecuritypolicies": ("policy/v1beta1", "extensions/v1beta1"),
    "ingresses": ("networking.k8s.io/v1beta1", "extensions/v1beta1"),
}
"""
Plurals that several API versions serve with the same objects behind them.

Upstream: pkg/kubefedctl/enable/deprecatedapis.go @ v0.10.0.
"""


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """
    What enabling needs to know of the target's schema.

    Args:
        has_properties: Whether it names any property.
        has_int32_replicas: Whether `spec.replicas` is an int32, so that it can be retained.
    """

    has_properties: bool = True
    has_int32_replicas: bool = False


@dataclass(frozen=True, slots=True)
class Directive:
    """
    An EnableTypeDirective: what to enable, as a file.

    Args:
        type_key: The type to enable, as `find_type` takes it.
        target_version: Version of the target; empty for the preferred one.
        federated_group: API group of the federated type.
        federated_version: API version of the federated type.
    """

    type_key: str
    target_version: str = ""
    federated_group: str = FEDERATED_GROUP
    federated_version: str = FEDERATED_VERSION


def parse_directive(obj: Any, *, source: str = "EnableTypeDirective") -> Directive:
    """
    Return the directive that *obj*, a document of a file, stands for.

    Args:
        obj: The document; what it leaves out has KubeFed's defaults, `apiVersion` and `kind` too.
        source: Where it comes from, for messages.

    Raises:
        ManifestError: It is of another kind, names no type, or has a field that is no text.

    Upstream: pkg/kubefedctl/enable/directive.go @ v0.10.0, which does not look at `kind`.
    """
    if not isinstance(obj, dict):
        raise ManifestError(
            f"{source}: not an EnableTypeDirective",
            hint="give a document with kind EnableTypeDirective and metadata.name",
        )
    kind = obj.get("kind", "EnableTypeDirective")
    if kind != "EnableTypeDirective":
        raise ManifestError(
            f"{source}: a {kind} is not an EnableTypeDirective",
            hint="give a document with kind EnableTypeDirective",
        )
    name = name_of(obj)
    if not name:
        raise ManifestError(
            f"{source}: metadata.name is missing",
            hint="set it to the type to enable, such as deployments.apps",
        )
    spec = map_at(obj, "spec")
    for field in ("targetVersion", "federatedGroup", "federatedVersion"):
        if not isinstance(spec.get(field) or "", str):
            raise ManifestError(f"{source}: spec.{field} is not text", hint="quote it")
    return Directive(
        type_key=name,
        target_version=text_at(spec, "targetVersion"),
        federated_group=text_at(spec, "federatedGroup") or FEDERATED_GROUP,
        federated_version=text_at(spec, "federatedVersion") or FEDERATED_VERSION,
    )


# --- the target's schema -------------------------------------------------------------------------


def schema_facts_from_crd(crd: Object, *, version: str = "") -> SchemaFacts:
    """
    Return the facts of a target that the cluster defines by a CustomResourceDefinition.

    Args:
        crd: The definition.
        version: The version that will be propagated; empty, or not in the CRD, for its first.

    Upstream: pkg/kubefedctl/enable/validation.go @ v0.10.0, which always takes the first version.
    """
    versions = list_at(crd, "spec", "versions")
    chosen = [item for item in versions if version and text_at(item, "name") == version]
    schema = map_at((chosen or versions or [{}])[0], "schema", "openAPIV3Schema")
    return _gather_facts(schema, {})


def schema_facts_from_openapi(document: Object, resource: Resource) -> SchemaFacts:
    """
    Return the facts of a target that is built into the API server or aggregated.

    Args:
        document: OpenAPI v3 of the group version, or the whole v2 document.
        resource: The target.

    Raises:
        InputError: The document has no schema for it.

    Upstream: pkg/kubefedctl/enable/validation.go @ v0.10.0, over v2 alone.
    """
    v3_schemas = map_at(document, "components", "schemas")
    definitions = v3_schemas or map_at(document, "definitions")
    wanted = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    for schema in definitions.values():
        if wanted in list_at(schema, "x-kubernetes-group-version-kind"):
            return _gather_facts(schema, definitions)
    raise InputError(
        f"the cluster publishes no schema for {resource.kind} in {resource.api_version}",
        hint="enable another version of the type with --version",
    )


def _gather_facts(schema: Any, definitions: Mapping[str, Any]) -> SchemaFacts:
    properties = map_at(_resolve(schema, definitions), "properties")
    spec = map_at(_resolve(properties.get("spec"), definitions), "properties")
    replicas = _resolve(spec.get("replicas"), definitions)
    is_int32 = text_at(replicas, "type") == "integer" and text_at(replicas, "format") == "int32"
    return SchemaFacts(has_properties=bool(properties), has_int32_replicas=is_int32)


def _resolve(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Follow `$ref`, alone or as the one member of `allOf`, a bounded number of times."""
    for _ in range(_LONGEST_REFERENCE_CHAIN):
        all_of = list_at(schema, "allOf")
        reference = text_at(schema, "$ref") or text_at(all_of[0] if all_of else None, "$ref")
        if not reference:
            break
        schema = definitions.get(reference.rpartition("/")[2])
    return schema


# --- making --------------------------------------------------------------------------------------


def make_type_config(
    target: ApiResource | Resource,
    *,
    federated_group: str = FEDERATED_GROUP,
    federated_version: str = FEDERATED_VERSION,
) -> Object:
    """
    Return the FederatedTypeConfig that enables *target*; it names no namespace yet.

    Raises:
        InputError: The group or version of the federated type cannot be one of a CRD.

    Upstream: pkg/kubefedctl/enable/enable.go, GenerateTypeConfigForTarget @ v0.10.0.
    """
    _check_group_version(federated_group, federated_version)
    resource = target.resource if isinstance(target, ApiResource) else target
    scope = "Namespaced" if resource.namespaced else "Cluster"
    is_namespace = resource.qualified_name == NAMESPACES.qualified_name
    group = {"group": resource.group} if resource.group else {}
    return {
        "apiVersion": TYPE_CONFIGS.api_version,
        "kind": TYPE_CONFIGS.kind,
        "metadata": {"name": resource.qualified_name},
        "spec": {
            "propagation": "Enabled",
            "targetType": {
                **group,
                "version": resource.version,
                "kind": resource.kind,
                "pluralName": resource.plural,
                "scope": scope,
            },
            "federatedType": {
                "group": federated_group,
                "version": federated_version,
                "kind": f"Federated{resource.kind}",
                "pluralName": f"federated{resource.plural}",
                "scope": "Namespaced" if is_namespace else scope,
            },
        },
    }


def make_federated_crd(
    type_config: Object, facts: SchemaFacts, *, short_names: Iterable[str] = ()
) -> Object:
    """
    Return the CRD of the federated type that *type_config* names.

    Args:
        type_config: A FederatedTypeConfig.
        facts: What the target's schema says; it decides about `retainReplicas`.
        short_names: The target's short names; each gets an `f` in front.

    Upstream: pkg/kubefedctl/enable/schema.go and pkg/schema/federated.go @ v0.10.0.
    """
    federated = parse_type_config(type_config).federated
    return make_crd(
        federated,
        schema=make_federated_schema(retains_replicas=facts.has_int32_replicas),
        short_names=[f"f{name}" for name in short_names],
    )


def _check_group_version(group: str, version: str) -> None:
    if not _GROUP.fullmatch(group):
        raise InputError(
            f"{group!r} cannot be the API group of a federated type",
            hint="give a lower-case domain name with a dot, such as types.kubefed.io",
        )
    if not _VERSION.fullmatch(version):
        raise InputError(
            f"{version!r} cannot be the API version of a federated type",
            hint="give a version such as v1beta1",
        )


# --- refusing ------------------------------------------------------------------------------------


def check_can_enable(
    existing_type_configs: Iterable[Object], existing_crd: Object | None, new: Object
) -> None:
    """
    Return when the type config *new* can be written beside what the host has.

    Args:
        existing_type_configs: All FederatedTypeConfigs of the KubeFed namespace.
        existing_crd: The CRD of the new federated type; None where there is none yet.
        new: The FederatedTypeConfig to be written.

    Raises:
        RefusedError: The type is enabled with another federated type, or in another API version
            that holds the same objects, or another type already uses the CRD.

    Upstream: pkg/kubefedctl/enable/enable.go, CreateResources, and deprecatedapis.go @ v0.10.0.
    Unlike there, a type of an unrelated group is never taken for an equivalent one.
    """
    wanted = parse_type_config(new)
    configs = list(_parse_usable(existing_type_configs))
    for config in configs:
        if config.name == wanted.name and _identity(config) != _identity(wanted):
            raise RefusedError(
                f"{wanted.name} is enabled with the federated type"
                f" {config.federated.qualified_name}/{config.federated.version}, which cannot be"
                f" changed to {wanted.federated.qualified_name}/{wanted.federated.version}",
                hint=f"delete the FederatedTypeConfig {wanted.name} and its CRD first",
            )
    if existing_crd is None:
        return
    for config in configs:
        _check_equivalence(config, wanted)
        _check_crd_use(config, wanted)


def _check_equivalence(config: TypeConfig, wanted: TypeConfig) -> None:
    versions = EQUIVALENT_VERSIONS.get(wanted.target.plural, ())
    ours, theirs = wanted.target.api_version, config.target.api_version
    is_same_plural = config.target.plural == wanted.target.plural
    if is_same_plural and ours != theirs and {ours, theirs} <= set(versions):
        raise RefusedError(
            f"{config.name} is enabled in {theirs}, which holds the same objects as"
            f" {wanted.name} in {ours}",
            hint=f"delete the FederatedTypeConfig {config.name} first",
        )


def _check_crd_use(config: TypeConfig, wanted: TypeConfig) -> None:
    crd_name = wanted.federated.qualified_name
    if config.name != wanted.name and config.federated.qualified_name == crd_name:
        raise RefusedError(
            f"{config.name} already uses the federated type {crd_name}",
            hint=f"enable {wanted.name} with another --federated-group",
        )


def _identity(config: TypeConfig) -> tuple[str, str, str]:
    return config.federated.plural, config.federated.version, config.federated.group


def _parse_usable(objects: Iterable[Object]) -> Iterator[TypeConfig]:
    """A type config too broken to read uses no CRD and must not keep others from being enabled."""
    for obj in objects:
        try:
            yield parse_type_config(obj)
        except ControlPlaneError:
            continue
