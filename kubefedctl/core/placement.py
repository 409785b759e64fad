"""
In which member clusters a federated object belongs.

Here: what `spec.placement` selects, how the federated namespace narrows it, and which federated
namespaces are left alone. Not here: whether a cluster is ready (`health`), and what is done there
(the planner).

Laws:
1. Readiness plays no part: a cluster that is selected and not ready stays selected, so that its
   objects are not deleted when it comes back.
2. What is impossible raises; what is only unwise (a name that is not registered) is returned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubefedctl.core.draining import without_left
from kubefedctl.core.selectors import matches_all, parse_selector
from kubefedctl.errors import InputError
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import SYSTEM_NAMESPACES
from kubefedctl.model.readings import Desired
from kubefedctl.model.statuses import Scope


@dataclass(frozen=True, slots=True)
class Placement:
    """
    Where a federated object belongs.

    Args:
        clusters: The registered clusters that shall hold it.
        is_namespace_missing: Its namespace is not federated, so it belongs nowhere; KubeFed calls
            that NamespaceNotFederated.
        unknown: Clusters that it names and that are not registered, sorted.
        excluded_by_namespace: Clusters that it selects and its federated namespace does not,
            sorted.
    """

    clusters: frozenset[str]
    is_namespace_missing: bool = False
    unknown: tuple[str, ...] = ()
    excluded_by_namespace: tuple[str, ...] = ()


class IgnoredReason(StrEnum):
    """Why a federated namespace is left alone altogether."""

    SYSTEM_NAMESPACE = "SystemNamespace"
    INVALID_NAME = "InvalidName"


def selected_names(
    placement: Any, registrations: Mapping[str, Mapping[str, str]]
) -> frozenset[str]:
    """
    Return the clusters that *placement* selects, registered or not.

    A list of clusters, even an empty one, wins over the selector.

    Args:
        placement: `spec.placement` as it stands; None where absent.
        registrations: Labels of the registered clusters, by name.

    Raises:
        InputError: The placement has a wrong type, or a selector that can match nothing sensible;
            KubeFed calls that ComputePlacementFailed.

    Upstream: pkg/controller/util/placement.go, selectedClusterNames @ v0.10.0, same results.

    >>> sorted(selected_names({"clusterSelector": {}}, {"eu-1": {}, "eu-2": {}}))
    ['eu-1', 'eu-2']
    """
    if placement is None:
        return frozenset()
    if not isinstance(placement, Mapping):
        raise InputError("spec.placement is not a map")
    clusters = placement.get("clusters")
    if clusters is not None:
        return frozenset(named_clusters(clusters))
    return match_selector(placement, registrations)


def match_selector(
    placement: Any, registrations: Mapping[str, Mapping[str, str]]
) -> frozenset[str]:
    """
    Return the clusters that the selector of *placement* matches, whatever its list names.

    Args:
        placement: `spec.placement` as it stands; None where absent.
        registrations: Labels of the registered clusters, by name.

    Raises:
        InputError: The placement has a wrong type, or a selector that cannot be read.

    Upstream: pkg/controller/util/placement.go, selectedClusterNames with selectorOnly @ v0.10.0.
    """
    if placement is None:
        return frozenset()
    if not isinstance(placement, Mapping):
        raise InputError("spec.placement is not a map")
    selector = placement.get("clusterSelector")
    if selector is None:
        return frozenset()
    requirements = parse_selector(selector)
    return frozenset(
        name for name, labels in registrations.items() if matches_all(requirements, labels)
    )


def place(
    federated: FederatedObject,
    *,
    namespace: FederatedObject | None,
    clusters: Mapping[str, Mapping[str, str]],
    scope: Scope,
) -> Placement:
    """
    Return where *federated* belongs.

    An object can only be where its namespace is, so the placement of the federated namespace
    narrows that of the objects in it. A namespaced control plane lives in a namespace that members
    have anyway: there a missing federated namespace narrows nothing.

    Args:
        federated: The federated object.
        namespace: The FederatedNamespace of its namespace: the one that has the namespace's name.
            Only consulted for namespaced types.
        clusters: Labels of the registered clusters, ready or not, by name.
        scope: Scope of the control plane.

    Raises:
        InputError: The placement of the object or of its namespace cannot be computed.

    Upstream: pkg/controller/util/placement.go, ComputeNamespacedPlacement @ v0.10.0, same clusters;
    what was unknown or excluded is told, which KubeFed does not, and workloads do without clusters
    that are marked as left, unless no other remains.
    """
    target = federated.type_config.target
    named = selected_names(federated.placement, clusters)
    selected = named & clusters.keys()
    unknown = tuple(sorted(named - selected))
    if not target.namespaced:
        return Placement(selected, unknown=unknown)
    if namespace is None:
        if scope is Scope.NAMESPACED:
            return Placement(without_left(selected, target, clusters), unknown=unknown)
        return Placement(frozenset(), is_namespace_missing=True, unknown=unknown)
    within = selected & _names_of_namespace(namespace, clusters)
    excluded = tuple(sorted(selected - within))
    staying = without_left(within, target, clusters)
    return Placement(staying, unknown=unknown, excluded_by_namespace=excluded)


def place_object(federated: FederatedObject, desired: Desired) -> Placement:
    """
    Return where *federated* belongs, with the clusters and namespaces that *desired* has.

    Raises:
        InputError: The placement of the object or of its namespace cannot be computed.
    """
    return place(
        federated,
        namespace=desired.namespaces.get(federated.key.namespace),
        clusters={name: found.labels for name, found in desired.registrations.items()},
        scope=desired.config.scope,
    )


def ignored_reason(federated: FederatedObject, kubefed_namespace: str) -> IgnoredReason | None:
    """
    Return why *federated* is left alone, without finalizer, status and propagation, or None.

    Only federated namespaces are ever ignored. The placement of an ignored system namespace still
    narrows that of the objects in it.

    Args:
        federated: A federated object of any type.
        kubefed_namespace: Namespace of the control plane, which is never propagated.

    Upstream: pkg/controller/sync/accessor.go, FederatedResource and isSystemNamespace @ v0.10.0.
    """
    if not federated.type_config.is_namespace_type:
        return None
    name = federated.key.name
    if name in SYSTEM_NAMESPACES or name == kubefed_namespace:
        return IgnoredReason.SYSTEM_NAMESPACE
    if name != federated.key.namespace:
        return IgnoredReason.INVALID_NAME
    return None


def _names_of_namespace(
    namespace: FederatedObject, clusters: Mapping[str, Mapping[str, str]]
) -> frozenset[str]:
    try:
        return selected_names(namespace.placement, clusters)
    except InputError as error:
        raise InputError(f"placement of {namespace.subject}: {error.message}") from error


def named_clusters(clusters: Any) -> list[str]:
    """
    Return the names in a placement's list of clusters, in its order.

    Raises:
        InputError: It is no list, or an entry has no name.
    """
    if not isinstance(clusters, list):
        raise InputError("spec.placement.clusters is not a list")
    return [_cluster_name(entry) for entry in clusters]


def _cluster_name(entry: Any) -> str:
    name = entry.get("name", "") if isinstance(entry, Mapping) else None
    if not isinstance(name, str):
        raise InputError("an entry of spec.placement.clusters is not a map with a name")
    return name
