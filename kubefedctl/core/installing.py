"""
What `init` writes into the host, and what it leaves alone there.

Here: the objects of a KubeFed control plane without controllers, in steps, and the judgement what
an existing object still lacks. Not here: waiting for CRDs, and the writing itself. There is no
webhook and no Deployment: this program does the controllers' work when it is run.

Laws:
1. What a user may have changed is not taken back: the specs of a KubeFedConfig and of a
   FederatedTypeConfig only gain what they lack, and lose only feature gates that no longer are.
2. What is ours is brought up to date: CRDs, the rules of roles, the subjects of bindings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.configuring import DEFAULT_SPEC
from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.enabling import SchemaFacts, make_federated_crd, make_type_config
from kubefedctl.core.permissions import make_permissions
from kubefedctl.core.structures import copy_object
from kubefedctl.model.objects import (
    KUBEFED_CONFIG_NAME,
    annotations_of,
    kind_of,
    labels_of,
    list_at,
    map_at,
    name_of,
    text_at,
    value_at,
)
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.typeconfigs import pluralise
from kubefedctl.model.wellknown import (
    CLUSTER_ROLES,
    CONFIG_MAPS,
    CRDS,
    KUBEFED_CONFIGS,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    TYPE_CONFIGS,
)

DEFAULT_TYPES: tuple[tuple[Resource, str], ...] = (
    (CLUSTER_ROLES, ""),
    (CONFIG_MAPS, "cm"),
    (Resource("apps", "v1", "deployments", "Deployment", True), "deploy"),
    (Resource("networking.k8s.io", "v1", "ingresses", "Ingress", True), "ing"),
    (Resource("batch", "v1", "jobs", "Job", True), ""),
    (NAMESPACES, "ns"),
    (Resource("apps", "v1", "replicasets", "ReplicaSet", True), "rs"),
    (SECRETS, ""),
    (SERVICE_ACCOUNTS, "sa"),
    (SERVICES, "svc"),
)
"""
The types that are federated from the start, each with its short name.

Upstream: config/enabletypedirectives @ v0.10.0.
"""

_SCALABLE = frozenset({"deployments.apps", "replicasets.apps"})
_REMOVED_GATES = frozenset({"CrossClusterServiceDiscovery", "FederatedIngress"})
"""Gates of features that KubeFed took out in 0.7; no version since then accepts them."""


@dataclass(frozen=True, slots=True)
class InstallStep:
    """
    One object of the control plane.

    Args:
        resource: Where it is written.
        body: What it is to be.
    """

    resource: Resource
    body: Object


@dataclass(frozen=True, slots=True)
class ChosenTypes:
    """
    The types that are federated from the start.

    Args:
        defaults: Those of `DEFAULT_TYPES`, which are made without asking the host.
        others: The FederatedTypeConfig and the federated type's CRD of each other type.
    """

    defaults: tuple[tuple[Resource, str], ...] = DEFAULT_TYPES
    others: tuple[tuple[Object, Object], ...] = ()


USUAL_TYPES = ChosenTypes()


def find_default_type(name: str) -> tuple[Resource, str] | None:
    """
    Return the entry of `DEFAULT_TYPES` that *name* means; None where it means none of them.

    Kind, plural, singular, short name and plural.group mean it, in any case, as in `enable`.

    >>> found = find_default_type("deploy")
    >>> found and found[0].qualified_name
    'deployments.apps'
    """
    wanted = name.strip().lower()
    for resource, short_name in DEFAULT_TYPES:
        names = (resource.plural, resource.kind.lower(), short_name, resource.qualified_name)
        if wanted and wanted in names:
            return resource, short_name
    return None


def make_control_plane(
    *, namespace: str, scope: str, types: ChosenTypes = USUAL_TYPES
) -> tuple[InstallStep, ...]:
    """
    Return the objects of a control plane in the order in which they can be written.

    All CRDs stand together after the namespace; they must be Established before what follows the
    roles, the KubeFedConfig and the FederatedTypeConfigs.

    Args:
        namespace: The KubeFed namespace.
        scope: `Cluster` or `Namespaced`.
        types: The types to enable.

    Upstream: charts/kubefed @ v0.10.0.
    """
    labels = {"name": namespace} if scope == Scope.NAMESPACED else {}
    type_configs = [make_type_config(resource) for resource, _ in types.defaults]
    type_configs += [config for config, _ in types.others]
    pairs = [
        (NAMESPACES, make_kubefed_namespace(namespace, labels=labels)),
        *((CRDS, crd) for crd in make_core_crds()),
        *((CRDS, crd) for crd in make_default_crds(types.defaults)),
        *((CRDS, crd) for _, crd in types.others),
        *make_permissions(namespace=namespace, scope=scope),
        (KUBEFED_CONFIGS, make_kubefed_config(namespace=namespace, scope=scope)),
        *((TYPE_CONFIGS, _place(config, namespace)) for config in type_configs),
    ]
    return tuple(InstallStep(resource, body) for resource, body in pairs)


def make_kubefed_namespace(name: str, *, labels: Mapping[str, str]) -> Object:
    """Return the KubeFed namespace of the host."""
    metadata: Object = {"name": name, "labels": dict(labels)} if labels else {"name": name}
    return {"apiVersion": NAMESPACES.api_version, "kind": NAMESPACES.kind, "metadata": metadata}


def make_default_crds(
    types: Iterable[tuple[Resource, str]] = DEFAULT_TYPES,
) -> tuple[Object, ...]:
    """Return the CRDs of the federated types of `DEFAULT_TYPES`, or of some of them."""
    return tuple(
        make_federated_crd(
            make_type_config(resource),
            SchemaFacts(has_int32_replicas=resource.qualified_name in _SCALABLE),
            short_names=[short_name] if short_name else [],
        )
        for resource, short_name in types
    )


def make_kubefed_config(*, namespace: str, scope: str) -> Object:
    """
    Return the KubeFedConfig with all of KubeFed's defaults spelled out.

    Upstream: pkg/apis/core/v1beta1/defaults/defaults.go @ v0.10.0.
    """
    return copy_object(
        {
            "apiVersion": KUBEFED_CONFIGS.api_version,
            "kind": KUBEFED_CONFIGS.kind,
            "metadata": {"name": KUBEFED_CONFIG_NAME, "namespace": namespace},
            "spec": {"scope": scope, **DEFAULT_SPEC},
        }
    )


def _place(obj: Object, namespace: str) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}


# --- what is there already -----------------------------------------------------------------------


def update_object(existing: Object, wanted: Object) -> Object | None:
    """
    Return what to write over *existing* so that it has what *wanted* says; None for nothing.

    Labels and annotations are added, never removed. A KubeFedConfig and a FederatedTypeConfig keep
    every field they have; a CRD gets our versions and keeps the others; roles get our rules,
    bindings our subjects, Secrets our data. Everything else is left as it is.

    Args:
        existing: The object as read; its resourceVersion stays in the result.
        wanted: The object as made here or in `joining`.
    """
    desired = copy_object(existing)
    _add_metadata(desired, wanted)
    kind = kind_of(wanted)
    if kind in (KUBEFED_CONFIGS.kind, TYPE_CONFIGS.kind):
        desired["spec"] = _fill_gaps(map_at(desired, "spec"), wanted["spec"])
        _add_feature_gates(desired, wanted)
    elif kind == CRDS.kind:
        desired["spec"] = _upgrade_crd_spec(map_at(existing, "spec"), wanted["spec"])
    for field in ("rules", "subjects", "data"):
        if field in wanted and not _is_same(existing.get(field), wanted[field]):
            desired[field] = wanted[field]
    return None if desired == existing else copy_object(desired)


def skip_taken_types(
    steps: Iterable[InstallStep], existing_type_configs: Iterable[Object]
) -> tuple[InstallStep, ...]:
    """
    Return *steps* without the type configs whose federated type another type config already uses.

    A host of KubeFed 0.8 propagates FederatedIngresses as `ingresses.extensions`; a second type
    config for them, `ingresses.networking.k8s.io`, would make two controllers fight over them.

    Args:
        steps: What init would write.
        existing_type_configs: The FederatedTypeConfigs of the KubeFed namespace.
    """
    taken = {federated_name(config): name_of(config) for config in existing_type_configs}
    return tuple(
        step
        for step in steps
        if step.resource != TYPE_CONFIGS
        or taken.get(federated_name(step.body), name_of(step.body)) == name_of(step.body)
    )


def federated_name(type_config: Object) -> tuple[str, str]:
    """Return plural and group of the federated type that a FederatedTypeConfig names."""
    federated = map_at(type_config, "spec", "federatedType")
    plural = text_at(federated, "pluralName") or pluralise(text_at(federated, "kind"))
    return plural, text_at(federated, "group")


def needs_replacing(existing: Object, wanted: Object) -> bool:
    """
    Return whether *existing* is a binding to another role, which only a new object can change.

    Upstream: pkg/kubefedctl/join.go, createClusterRoleAndBinding @ v0.10.0.
    """
    return "roleRef" in wanted and map_at(existing, "roleRef") != wanted["roleRef"]


def _add_metadata(desired: Object, wanted: Object) -> None:
    for field, present, ours in (
        ("labels", labels_of(desired), labels_of(wanted)),
        ("annotations", annotations_of(desired), annotations_of(wanted)),
    ):
        missing = {key: value for key, value in ours.items() if present.get(key) != value}
        if missing:
            desired["metadata"][field] = {**present, **missing}


def _fill_gaps(present: Mapping[str, Any], defaults: Mapping[str, Any]) -> Object:
    """*present* with what only *defaults* has, at every depth of maps."""
    filled = {**defaults, **present}
    for key, value in present.items():
        if isinstance(value, dict) and isinstance(defaults.get(key), dict):
            filled[key] = _fill_gaps(value, defaults[key])
    return filled


def _add_feature_gates(desired: Object, wanted: Object) -> None:
    gates = list_at(desired, "spec", "featureGates")
    named = {value_at(gate, "name") for gate in gates}
    missing = [
        gate for gate in list_at(wanted, "spec", "featureGates") if gate["name"] not in named
    ]
    if named & _REMOVED_GATES:
        # NB: the API server refuses a KubeFedConfig with them, as KubeFed's webhook did
        gates = [gate for gate in gates if value_at(gate, "name") not in _REMOVED_GATES]
        desired["spec"]["featureGates"] = gates
    if missing:
        desired["spec"]["featureGates"] = sorted(
            [*gates, *missing], key=lambda gate: str(value_at(gate, "name"))
        )


def _upgrade_crd_spec(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> Object:
    """
    The spec of a CRD with our version of the API in place of its own one of that name.

    What the API server has defaulted (`names.singular`, `conversion`) and versions that only the
    other side knows stay; only one version can be the stored one, and it is ours.
    """
    ours = {version["name"]: version for version in wanted["versions"]}
    versions = [
        {**version, **ours.pop(version["name"])}
        if version.get("name") in ours
        else {**version, "storage": False}
        for version in list_at(present, "versions")
        if isinstance(version, dict)
    ]
    names = {**map_at(present, "names"), **wanted["names"]}
    spec = {**present, **wanted, "names": names, "versions": [*versions, *ours.values()]}
    # NB: CRDs of before Kubernetes 1.22 have it, and defaults are refused beside it
    spec.pop("preserveUnknownFields", None)
    return spec


def _is_same(existing: Any, wanted: Any) -> bool:
    """Whether they differ in no more than the fields that an API server fills in by itself."""
    if isinstance(existing, list) and isinstance(wanted, list):
        pairs = zip(existing, wanted, strict=False)
        return len(existing) == len(wanted) and all(_is_same(one, two) for one, two in pairs)
    if isinstance(existing, dict) and isinstance(wanted, dict) and "kind" in wanted:
        return all(existing.get(key) == value for key, value in wanted.items())
    return bool(existing == wanted)
