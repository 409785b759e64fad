"""
Which API types there are and which are federated: discovery rows and FederatedTypeConfigs.

Laws:
1. Guessing a plural happens in `pluralise` and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubefedctl.errors import ControlPlaneError
from kubefedctl.model.objects import (
    TYPE_CONFIG_FINALIZER,
    finalizers_of,
    generation_of,
    is_deleting,
    map_at,
    name_of,
    text_at,
)
from kubefedctl.model.refs import Object, Resource

NAMESPACES = "namespaces"
"""Name of the one type config that every namespaced type depends on."""


@dataclass(frozen=True, slots=True, order=True)
class ApiResource:
    """
    A row of discovery: a resource that a cluster serves, under its preferred version.

    Args:
        resource: Its address.
        singular: Singular name; empty for built-in types of servers before 1.27.
        short_names: Such as `deploy`.
        verbs: What can be done with it, such as `list`.
        preferred: Whether its version is the group's preferred one (or the group's preferred
            version does not serve it and this is the first that does).
    """

    resource: Resource
    singular: str = ""
    short_names: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset()
    preferred: bool = True


@dataclass(frozen=True, slots=True)
class Discovery:
    """
    What a cluster serves, and which parts it could not tell of.

    Args:
        resources: Every resource of every version, subresources left out, sorted.
        failures: One sentence for each group-version that did not answer.
    """

    resources: tuple[ApiResource, ...]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeConfig:
    """
    A FederatedTypeConfig: a target type, its federated type, and whether it is propagated.

    Args:
        name: `plural` or `plural.group` of the target.
        target: The type as members hold it.
        federated: The type that the host holds.
        is_propagated: `spec.propagation` is Enabled.
        collects_status: `spec.statusCollection` is Enabled.
        generation: The object's generation.
        source: The object as read.
    """

    name: str
    target: Resource
    federated: Resource
    is_propagated: bool
    collects_status: bool
    generation: int
    source: Object

    @property
    def is_namespace_type(self) -> bool:
        """Whether this is the type config of namespaces, which is special in many ways."""
        return self.name == NAMESPACES

    @property
    def is_deleting(self) -> bool:
        """Whether the host has been told to delete it; nothing is propagated of it any more."""
        return is_deleting(self.source)

    @property
    def has_finalizer(self) -> bool:
        """Whether KubeFed's finalizer holds it."""
        return TYPE_CONFIG_FINALIZER in finalizers_of(self.source)

    @property
    def status_type(self) -> Resource | None:
        """
        The type that `spec.statusType` names, with KubeFed's defaults; None where there is none.

        Upstream: pkg/apis/core/v1beta1/federatedtypeconfig_types.go,
        SetFederatedTypeConfigDefaults @ v0.10.0.
        """
        spec = map_at(self.source, "spec", "statusType")
        kind = text_at(spec, "kind")
        if not kind:
            return None
        return Resource(
            group=text_at(spec, "group") or self.federated.group,
            version=text_at(spec, "version") or self.federated.version,
            plural=text_at(spec, "pluralName") or pluralise(kind),
            kind=kind,
            namespaced=text_at(spec, "scope") == "Namespaced",
        )


def pluralise(kind: str) -> str:
    """
    Guess the plural of a kind, as KubeFed does.

    Upstream: pkg/apis/core/v1beta1/federatedtypeconfig_types.go, PluralName @ v0.10.0.

    >>> [pluralise(kind) for kind in ("ConfigMap", "Ingress", "NetworkPolicy")]
    ['configmaps', 'ingresses', 'networkpolicies']
    """
    singular = kind.lower()
    if singular.endswith(("s", "x", "ch", "sh", "z", "o")):
        return singular + "es"
    if singular.endswith("y"):
        return singular[:-1] + "ies"
    return singular + "s"


def parse_type_config(obj: Object) -> TypeConfig:
    """
    Return the view of a FederatedTypeConfig, with KubeFed's defaults for what it leaves out.

    Raises:
        ControlPlaneError: A version, kind or scope is missing.

    Upstream: pkg/apis/core/v1beta1/federatedtypeconfig_types.go,
    SetFederatedTypeConfigDefaults @ v0.10.0.
    """
    name = name_of(obj)
    plural, _, group = name.partition(".")
    target = _parse_resource(obj, "targetType", plural=plural, group=group)
    federated_plural = pluralise(text_at(obj, "spec", "federatedType", "kind"))
    return TypeConfig(
        name=name,
        target=target,
        federated=_parse_resource(obj, "federatedType", plural=federated_plural, group=""),
        is_propagated=text_at(obj, "spec", "propagation") == "Enabled",
        collects_status=text_at(obj, "spec", "statusCollection") == "Enabled",
        generation=generation_of(obj),
        source=obj,
    )


def _parse_resource(obj: Object, field: str, *, plural: str, group: str) -> Resource:
    spec = map_at(obj, "spec", field)
    for required in ("version", "kind", "scope"):
        if not text_at(spec, required):
            raise ControlPlaneError(
                f"FederatedTypeConfig {name_of(obj)}: spec.{field}.{required} is missing",
                hint="enable the type again: kubefedctl enable " + name_of(obj),
            )
    return Resource(
        group=text_at(spec, "group") or group,
        version=text_at(spec, "version"),
        plural=text_at(spec, "pluralName") or plural,
        kind=text_at(spec, "kind"),
        namespaced=text_at(spec, "scope") == "Namespaced",
    )
