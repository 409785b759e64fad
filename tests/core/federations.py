"""A federation in memory, for the tests of the planner: what is desired, what is observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kubefedctl.model.clusters import Registration
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import MANAGED_LABEL, SYNC_FINALIZER
from kubefedctl.model.readings import ClusterReading, Desired, FederationConfig
from kubefedctl.model.refs import Key, Object, Resource
from tests.core.makers import CONFIG_MAP, NAMESPACE, make_federated, make_type_config

KEY = Key("shop", "web")
EVERYWHERE: Object = {"clusterSelector": {}}
TERMINATING: Object = {"deletionTimestamp": "2020-01-01T00:00:00Z"}


def registration(name: str, labels: Mapping[str, str] | None = None) -> Registration:
    """Return a registered cluster."""
    return Registration(name, labels or {}, f"https://{name}.example", f"{name}-token")


def federate(
    spec: Any = None,
    *,
    key: Key = KEY,
    target: Resource = CONFIG_MAP,
    metadata: Object | None = None,
    held: bool = True,
) -> FederatedObject:
    """Return a federated object, placed everywhere if no *spec* is given, held by the finalizer."""
    asked = {"placement": EVERYWHERE} if spec is None else spec
    made = make_federated(asked, target=target, key=key)
    finalizers = {"finalizers": [SYNC_FINALIZER]} if held else {}
    merged = {**made.source["metadata"], **finalizers, **(metadata or {})}
    return replace(made, source={**made.source, "metadata": merged})


def federated_namespace(name: str = "shop", spec: Any = None, **more: Any) -> FederatedObject:
    """Return the FederatedNamespace that is named like the namespace it is in."""
    return federate(spec, key=Key(name, name), target=NAMESPACE, **more)


def desire(
    federated: Sequence[FederatedObject] = (),
    *,
    clusters: Sequence[str | Registration] = ("c1", "c2"),
    targets: Sequence[Resource] = (NAMESPACE, CONFIG_MAP),
    config: FederationConfig | None = None,
    **more: Any,
) -> Desired:
    """Return a complete reading of the host; FederatedNamespaces count where they are right."""
    types = tuple(make_type_config(target) for target in targets)
    by_type: dict[str, dict[Key, FederatedObject]] = {found.name: {} for found in types}
    for found in federated:
        by_type.setdefault(found.type_config.name, {})[found.key] = found
    registered = [registration(c) if isinstance(c, str) else c for c in clusters]
    namespaces = by_type.get("namespaces", {}).values()
    given = {
        "namespaces": {f.key.name: f for f in namespaces if f.key.name == f.key.namespace},
        **more,
    }
    return Desired(
        config=config or FederationConfig(),
        registrations={found.name: found for found in registered},
        types=types,
        federated=by_type,
        **given,
    )


def member_object(
    key: Key = KEY, *, target: Resource = CONFIG_MAP, metadata: Object | None = None, **more: Any
) -> Object:
    """Return a labelled object as a member holds it."""
    own: Object = {
        "name": key.name,
        "labels": {MANAGED_LABEL: "true"},
        "uid": f"uid-{key}",
        "resourceVersion": "5",
    }
    if target.namespaced:
        own["namespace"] = key.namespace
    merged = {**own, **(metadata or {})}
    return {"apiVersion": target.api_version, "kind": target.kind, "metadata": merged, **more}


def reading(name: str, *objects: Object, **more: Any) -> ClusterReading:
    """Return the complete reading of a ready member that has *objects*."""
    plurals = {"ConfigMap": "configmaps", "Namespace": "namespaces"}
    plurals |= {"Deployment": "deployments.apps"}
    by_type: dict[str, dict[Key, Object]] = {}
    for obj in objects:
        metadata = obj["metadata"]
        key = Key(metadata.get("namespace", ""), metadata["name"])
        by_type.setdefault(plurals[obj["kind"]], {})[key] = obj
    return ClusterReading(**{"name": name, "is_ready": True, "objects": by_type, **more})


def observe(**members: ClusterReading | Sequence[Object]) -> dict[str, ClusterReading]:
    """Return the readings of the members; objects alone mean a ready one."""
    return {
        name: found if isinstance(found, ClusterReading) else reading(name, *found)
        for name, found in members.items()
    }


def not_ready(name: str, note: str = "connection refused") -> ClusterReading:
    """Return the reading of a member that could not be asked."""
    return ClusterReading(name, False, note=note)
