"""
FederatedServiceStatus: what every member says of one Service, in an object beside its federated
one.

This is KubeFed's way from before statuses could be collected of every type (`reporting`), and
exclusive with it.

Upstream: pkg/controller/status/controller.go @ v0.10.0, with one difference: a cluster that has no
such Service gets an empty status, where KubeFed leaves it out and its own CRD refuses the object.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubefedctl.core.reporting import is_same_json
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import list_at, text_at
from kubefedctl.model.readings import ClusterReading, FederationConfig
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.typeconfigs import TypeConfig

SERVICES = "services"
"""Name of the one type config whose `statusType` is used."""


def service_status_type(type_config: TypeConfig, config: FederationConfig) -> Resource | None:
    """
    Return the type of the objects that hold the statuses of Services; None where there are none.

    Upstream: pkg/controller/federatedtypeconfig/controller.go,
    isEnabledFederatedServiceStatusCollection @ v0.10.0.
    """
    is_wanted = type_config.collects_status and not config.collects_raw_status
    return type_config.status_type if is_wanted and type_config.name == SERVICES else None


def gather_service_statuses(
    recorded: Object | None,
    *,
    seen: Mapping[str, Object | None],
    readings: Mapping[str, ClusterReading],
    unseen: frozenset[str] = frozenset(),
) -> list[Object]:
    """
    Return an entry for every ready cluster, whether it was to have the Service or not, sorted.

    Args:
        recorded: The FederatedServiceStatus as it is; None where there is none.
        seen: `status` of the Service in each cluster whose Services are known.
        readings: What was read from each cluster that the run looks at.
        unseen: The other registered clusters.

    Returns:
        A cluster whose Services could not be listed, or were not, keeps the entry it has: what was
        not read says nothing.
    """
    old = {text_at(entry, "clusterName"): entry for entry in list_at(recorded, "clusterStatus")}
    entries = []
    for name in sorted(unseen.union(readings)):
        if name in readings and not readings[name].is_ready:
            continue
        if name in seen:
            entries.append({"clusterName": name, "status": seen[name] or {}})
        elif name in old:
            entries.append(old[name])
    return entries


def next_service_status(
    federated: FederatedObject,
    recorded: Object | None,
    *,
    entries: list[Object],
    status_type: Resource,
) -> Object | None:
    """Return the FederatedServiceStatus to create or to replace; None where nothing differs."""
    if recorded is not None:
        is_same = is_same_json(entries, list_at(recorded, "clusterStatus"))
        return None if is_same else {**recorded, "clusterStatus": entries}
    owner = {
        "apiVersion": federated.type_config.federated.api_version,
        "kind": federated.type_config.federated.kind,
        "name": federated.key.name,
        "uid": federated.uid,
    }
    made: Object = {
        "apiVersion": status_type.api_version,
        "kind": status_type.kind,
        "metadata": {
            "name": federated.key.name,
            "namespace": federated.key.namespace,
            "ownerReferences": [owner],
        },
    }
    return {**made, "clusterStatus": entries} if entries else made
