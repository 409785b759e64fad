"""
What was last written to each member, so that an unchanged object is known at a glance.

Here: versions of member objects, and the PropagatedVersion or ClusterPropagatedVersion on the host
that records them. Not here: fingerprints of templates and overrides (`hashing`).

Laws:
1. A recorded version holds only for the template and overrides it was recorded with.
2. A lost or missing version object costs one update of each member object, never more.
"""

from __future__ import annotations

from collections.abc import Mapping

from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import (
    annotations_of,
    generation_of,
    labels_of,
    list_at,
    name_of,
    namespace_of,
    resource_version_of,
    text_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import CLUSTER_PROPAGATED_VERSIONS, PROPAGATED_VERSIONS


def object_version(obj: Object) -> str:
    """
    Return the version of a member object: its generation, or for kinds without, its revision.

    Upstream: pkg/controller/util/propagatedversion.go, ObjectVersion @ v0.10.0.

    >>> object_version({"metadata": {"generation": 3, "resourceVersion": "71"}})
    'gen:3'
    """
    generation = generation_of(obj)
    return f"gen:{generation}" if generation else f"rv:{resource_version_of(obj)}"


def needs_update(
    desired: Object, observed: Object, recorded: str, *, is_partial: bool = False
) -> bool:
    """
    Return whether the member object has to be written again.

    A generation does not count changes of metadata, so those are compared.

    Args:
        desired: What the member object should be.
        observed: What it is.
        recorded: Its version after the last write; empty where none is recorded.
        is_partial: Whether *desired* names only what is asked for, as for an apply: labels and
            annotations that it does not name may be there, since others own them.

    Upstream: pkg/controller/util/propagatedversion.go, ObjectNeedsUpdate @ v0.10.0.
    """
    if recorded != object_version(observed):
        return True
    if not generation_of(observed):
        return False
    if is_partial:
        return not (
            labels_of(desired).items() <= labels_of(observed).items()
            and annotations_of(desired).items() <= annotations_of(observed).items()
        )
    return _identity(desired) != _identity(observed)


def recorded_versions(
    version_object: Object | None, *, template_hash: str, overrides_hash: str
) -> Mapping[str, str]:
    """
    Return the recorded versions by cluster; none if they belong to other overrides or templates.

    Args:
        version_object: The version object, if there is one.
        template_hash: Fingerprint of the template as it is now.
        overrides_hash: Fingerprint of the overrides as they are now.

    Upstream: pkg/controller/sync/version/manager.go, Get @ v0.10.0.
    """
    if version_object is None or _hashes(version_object) != (template_hash, overrides_hash):
        return {}
    return dict(_entries(version_object))


def recorded_clusters(version_object: Object | None) -> frozenset[str]:
    """Return the clusters of all entries, whatever template and overrides they were made for."""
    if version_object is None:
        return frozenset()
    return frozenset(name for name, _ in _entries(version_object) if name)


def version_resource(type_config: TypeConfig) -> Resource:
    """Return the kind of version object that the federated type of *type_config* has."""
    is_namespaced = type_config.federated.namespaced
    return PROPAGATED_VERSIONS if is_namespaced else CLUSTER_PROPAGATED_VERSIONS


def version_name(type_config: TypeConfig, name: str) -> str:
    """
    Return the name of the version object of the federated object *name*.

    NB: kinds of the same name in two API groups share it, as in KubeFed.

    Upstream: pkg/apis/core/common/constants.go, PropagatedVersionName @ v0.10.0.
    """
    return f"{type_config.target.kind.lower()}-{name}"


def version_key(federated: FederatedObject) -> Key:
    """Return namespace and name of the version object of *federated*, beside which it lives."""
    return Key(federated.key.namespace, version_name(federated.type_config, federated.key.name))


def make_version_object(federated: FederatedObject, status: Object) -> Object:
    """
    Return the version object of *federated*, owned by it and so collected together with it.

    Args:
        federated: The federated object.
        status: What `merge_versions` gave. A server that keeps status apart ignores it on create;
            write it to the status subresource after that.

    Upstream: pkg/controller/sync/version/manager.go, ownerReferenceForUnstructured @ v0.10.0.
    """
    resource = version_resource(federated.type_config)
    key = version_key(federated)
    owner = {
        "apiVersion": federated.type_config.federated.api_version,
        "kind": federated.type_config.federated.kind,
        "name": federated.key.name,
        "uid": federated.uid,
    }
    metadata: Object = {"name": key.name, "ownerReferences": [owner]}
    if resource.namespaced:
        metadata["namespace"] = key.namespace
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
        "status": status,
    }


def merge_versions(
    version_object: Object | None,
    *,
    template_hash: str,
    overrides_hash: str,
    updates: Mapping[str, str],
    keep: frozenset[str],
) -> Object | None:
    """
    Return the new status of the version object, or None if nothing changes.

    Args:
        version_object: The version object as it is, if there is one.
        template_hash: Fingerprint of the template that was propagated.
        overrides_hash: Fingerprint of the overrides that were propagated.
        updates: Versions after this run's writes, by cluster; empty for one without an object.
        keep: Clusters whose entry stays if this run has no newer one: those that are selected,
            and those that this run did not look at. An entry that was made for another template
            or other overrides is never kept.

    Upstream: pkg/controller/sync/version/manager.go, Update @ v0.10.0.
    """
    recorded = recorded_versions(
        version_object, template_hash=template_hash, overrides_hash=overrides_hash
    )
    kept = {cluster: version for cluster, version in recorded.items() if cluster in keep}
    merged = sorted((c, v) for c, v in {**kept, **updates}.items() if v)
    if (
        version_object is not None
        and _hashes(version_object) == (template_hash, overrides_hash)
        and _entries(version_object) == merged
    ):
        return None
    status: Object = {"templateVersion": template_hash, "overridesVersion": overrides_hash}
    if merged:
        status["clusterVersions"] = [{"clusterName": c, "version": v} for c, v in merged]
    return status


def _identity(obj: Object) -> tuple[str, str, Object, Object]:
    return name_of(obj), namespace_of(obj), dict(labels_of(obj)), dict(annotations_of(obj))


def _hashes(version_object: Object) -> tuple[str, str]:
    return (
        text_at(version_object, "status", "templateVersion"),
        text_at(version_object, "status", "overridesVersion"),
    )


def _entries(version_object: Object) -> list[tuple[str, str]]:
    return [
        (text_at(entry, "clusterName"), text_at(entry, "version"))
        for entry in list_at(version_object, "status", "clusterVersions")
    ]
