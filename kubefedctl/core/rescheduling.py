"""
A schedule in a federated object: its placement and its overrides of `/spec/replicas`.

Here: which clusters a preference is about, what is held for those that do not answer, and the two
fields as they must be. Not here: the arithmetic (`scheduling`), and writing.

Laws:
1. Where the numbers are as they should be, nothing changes, in whatever order the fields stand.
2. Overrides of other fields and their order stay; no entry is left empty.

Upstream: pkg/schedulingtypes/plugin.go @ v0.10.0. There, entries of overrides come in random order,
and emptied ones stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubefedctl.core.overrides import parse_overrides
from kubefedctl.core.placement import match_selector, named_clusters
from kubefedctl.errors import InputError
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import list_at, map_at, text_at
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.schedules import SchedulingPreference
from kubefedctl.model.typeconfigs import TypeConfig

REPLICAS_PATH = "/spec/replicas"


def choose_candidates(
    preference: SchedulingPreference,
    federated: FederatedObject,
    *,
    namespace: FederatedObject | None,
    clusters: Mapping[str, Mapping[str, str]],
) -> frozenset[str]:
    """
    Return the clusters that may have replicas: all, or those that both cluster selectors match.

    Args:
        preference: What is asked for.
        federated: The federated object that it is about.
        namespace: The FederatedNamespace of its namespace.
        clusters: Labels of the clusters that can be asked, by name.

    Raises:
        InputError: A selector that cannot be read, or no FederatedNamespace where its selector
            counts.

    Upstream: pkg/schedulingtypes/plugin.go, GetResourceClusters @ v0.10.0, same results: lists of
    clusters in a placement do not count, also in that of the namespace.
    """
    if not preference.intersects:
        return frozenset(clusters)
    if namespace is None:
        raise InputError(
            f"intersectWithClusterSelector needs FederatedNamespace/{federated.key.namespace}"
            f"/{federated.key.namespace}, which is not there"
        )
    own = match_selector(federated.placement, clusters)
    return own & match_selector(namespace.placement, clusters)


def held_replicas(federated: FederatedObject, clusters: Iterable[str]) -> dict[str, int]:
    """
    Return what those of *clusters* have now that the federated object is placed in with a number.

    Raises:
        InputError: Placement or overrides cannot be read.
    """
    placed = _placed(federated) or []
    overrides = parse_overrides(federated.overrides)
    found = {
        name: operation.value
        for name in sorted(clusters)
        if name in placed
        for operation in overrides.of(name)
        if operation.path == REPLICAS_PATH
    }
    return {name: int(value) for name, value in found.items() if _is_count(value)}


def rewrite_spec(federated: FederatedObject, replicas: Mapping[str, int]) -> Object:
    """
    Return the fields of `spec` that must change so that the object asks for *replicas*.

    Args:
        federated: The federated object.
        replicas: Replicas by cluster; it is placed in these clusters alone, also those with none.

    Returns:
        `placement` and `overrides` as a merge patch of the spec has them; empty where both are as
        they should be.

    Raises:
        InputError: Placement or overrides cannot be read.

    Upstream: pkg/schedulingtypes/plugin.go, Reconcile, PlacementUpdateNeeded and
    OverrideUpdateNeeded @ v0.10.0.
    """
    changes: Object = {}
    placed = _placed(federated)
    if placed is None or sorted(placed) != sorted(replicas):
        changes["placement"] = {"clusters": [{"name": name} for name in sorted(replicas)]}
    parse_overrides(federated.overrides)
    entries = list_at(federated.source, "spec", "overrides")
    if _needs_overrides(entries, replicas):
        changes["overrides"] = _make_overrides(entries, replicas)
    return changes


def with_spec(federated: FederatedObject, changes: Mapping[str, Any]) -> Object:
    """Return the federated object as it stands after *changes* from `rewrite_spec`."""
    spec = dict(map_at(federated.source, "spec"))
    if "placement" in changes:
        spec["placement"] = {**map_at(spec, "placement"), **changes["placement"]}
    if "overrides" in changes:
        spec["overrides"] = changes["overrides"]
    return {**federated.source, "spec": spec}


def _placed(federated: FederatedObject) -> list[str] | None:
    """The clusters of the placement's list as it stands; None where there is no list."""
    placement = federated.placement
    if placement is not None and not isinstance(placement, Mapping):
        raise InputError("spec.placement is not a map")
    clusters = map_at(federated.source, "spec", "placement").get("clusters")
    return None if clusters is None else named_clusters(clusters)


def _needs_overrides(entries: Iterable[Object], replicas: Mapping[str, int]) -> bool:
    found: dict[str, Any] = {
        entry.get("clusterName", ""): operation.get("value")
        for entry in entries
        for operation in entry.get("clusterOverrides") or ()
        if operation.get("path") == REPLICAS_PATH
    }
    return found.keys() != replicas.keys() or any(
        not _is_count(value) or value != replicas[name] for name, value in found.items()
    )


def _make_overrides(entries: Iterable[Object], replicas: Mapping[str, int]) -> list[Object]:
    """The entries in their order, changed, and after them those of the other clusters, sorted."""
    made, seen = [], set()
    for entry in entries:
        name = entry.get("clusterName", "")
        seen.add(name)
        operations = _set_replicas(entry.get("clusterOverrides") or (), replicas.get(name))
        if operations:
            made.append({**entry, "clusterOverrides": operations})
    for name in sorted(replicas.keys() - seen):
        operations = _set_replicas((), replicas[name])
        made.append({"clusterName": name, "clusterOverrides": operations})
    return made


def _set_replicas(operations: Iterable[Object], count: int | None) -> list[Object]:
    """The operations with the number of replicas set; without one where *count* is None."""
    made, is_set = [], count is None
    for operation in operations:
        if operation.get("path") != REPLICAS_PATH:
            made.append(operation)
        elif count is not None:
            made.append({**operation, "value": count})
            is_set = True
    return made if is_set else [*made, {"path": REPLICAS_PATH, "value": count}]


def _is_count(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def has_replicas(target: Resource) -> bool | None:
    """
    Return whether objects of a type have replicas to spread; None where its CRD must be asked.

    KubeFed knows Deployments and ReplicaSets only; the others that the API server itself defines
    with replicas and Pods are known here, for the rest the federated type's CRD tells.
    """
    if target.group == "apps":
        return target.kind in ("Deployment", "ReplicaSet", "StatefulSet")
    return None if "." in target.group else False


def offers_replicas(crd: Object, version: str) -> bool:
    """
    Return whether a federated type is one of objects with replicas.

    Only of those `enable` makes a type whose spec has `retainReplicas`.

    Args:
        crd: The CustomResourceDefinition of the federated type.
        version: The version that is used of it.
    """
    return any(
        text_at(found, "name") == version
        and map_at(found, "schema", "openAPIV3Schema", "properties", "spec", "properties").get(
            "retainReplicas"
        )
        is not None
        for found in list_at(crd, "spec", "versions")
    )


def choose_type(kind: str, types: Iterable[TypeConfig]) -> TypeConfig | None:
    """
    Return the type whose federated objects are of this *kind*; None where there is none.

    Where several groups have such a type, it is that of `apps`.
    """
    found = [t for t in types if t.federated.kind == kind and t.federated.namespaced]
    found = [t for t in found if not t.is_namespace_type]
    return min(found, key=lambda t: (t.target.group != "apps", t.name), default=None)


def choose_scheduled_type(
    kind: str, types: Iterable[TypeConfig], *, crds: Mapping[str, Object]
) -> TypeConfig:
    """
    Return the federated type that a preference in files is about.

    Args:
        kind: The preference's target kind.
        types: The types that are propagated.
        crds: The CRDs among the files, by name. A custom type whose CRD is not among them is
            believed to have replicas.

    Raises:
        InputError: No type has that kind, or its objects have no replicas.
    """
    found = choose_type(kind, types)
    if found is None:
        raise InputError(f"targetKind {kind} is not the kind of a federated type that is enabled")
    known = has_replicas(found.target)
    crd = crds.get(found.federated.qualified_name)
    if known is None:
        known = crd is None or offers_replicas(crd, found.federated.version)
    if not known:
        raise InputError(f"targetKind {kind} is of objects without replicas")
    return found
