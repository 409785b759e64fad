"""
What is served, as discovery tells it: the old documents and the aggregated ones.

Upstream: apiserver/pkg/endpoints/discovery, apiserver/pkg/endpoints/discovery/aggregated.
"""

from __future__ import annotations

import base64
import hashlib
import re

from kubefedctl.sandbox.objects import Object, join_api_version
from kubefedctl.sandbox.resources import Resource, ResourceTable, Subresource

VERSION: Object = {
    "major": "1",
    "minor": "34",
    "emulationMajor": "1",
    "emulationMinor": "34",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "33",
    "gitVersion": "v1.34.4",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "go1.24.0",
    "compiler": "gc",
    "platform": "linux/amd64",
}


def _priority(version: str) -> tuple[int, int, int, str]:
    """
    Order versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1, others.

    >>> sorted(["v1alpha1", "v2", "v1beta1", "v1", "foo"], key=_priority)
    ['v2', 'v1', 'v1beta1', 'v1alpha1', 'foo']
    """
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if match is None:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return (stage, -int(match[1]), -int(match[3] or 0), "")


def groups(table: ResourceTable) -> dict[str, list[str]]:
    """Return the groups (the core group is empty) with their versions, preferred ones first."""
    found: dict[str, set[str]] = {}
    for resource in table:
        found.setdefault(resource.group, set()).add(resource.version)
    return {group: sorted(versions, key=_priority) for group, versions in found.items()}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def api_versions(address: str) -> Object:
    """Return the answer to `/api`."""
    cidr = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": cidr}


def group_list(table: ResourceTable) -> Object:
    """Return the answer to `/apis`."""
    found = [_group(group, versions) for group, versions in groups(table).items() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group_document(table: ResourceTable, group: str) -> Object | None:
    """Return the answer to `/apis/GROUP`, or None if there is no such group."""
    versions = groups(table).get(group)
    if not group or versions is None:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)}


def _group(group: str, versions: list[str]) -> Object:
    entries = [
        {"groupVersion": join_api_version(group, version), "version": version}
        for version in versions
    ]
    return {"name": group, "versions": entries, "preferredVersion": entries[0]}


def resource_list(table: ResourceTable, group: str, version: str) -> Object | None:
    """Return the answer to `/apis/GROUP/VERSION`, or None if there is no such version."""
    found = [item for item in table if (item.group, item.version) == (group, version)]
    if not found:
        return None
    entries: list[Object] = []
    for resource in sorted(found, key=lambda item: item.plural):
        entries.append(_entry(resource))
        entries += [_sub_entry(resource, sub) for sub in resource.subresources]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": join_api_version(group, version),
        "resources": entries,
    }


_STORED_IN = {("apiextensions.k8s.io", "customresourcedefinitions"): "v1beta1"}
"""Versions in which etcd holds what is served in another."""


def _storage_hash(resource: Resource) -> str:
    """Upstream: apiserver/pkg/endpoints/discovery/storageversionhash.go."""
    version = _STORED_IN.get(resource.key, resource.version)
    text = f"{resource.group}/{version}/{resource.kind}"
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()


def _entry(resource: Resource) -> Object:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular or resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if "list" in resource.verbs:
        entry["storageVersionHash"] = _storage_hash(resource)
    return entry


def _sub_entry(resource: Resource, sub: Subresource) -> Object:
    entry: Object = {
        "name": f"{resource.plural}/{sub.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
    }
    if sub.version:
        entry |= {"group": sub.group, "version": sub.version}
    return {**entry, "kind": sub.kind, "verbs": list(sub.verbs)}


def aggregated(table: ResourceTable, *, core: bool, version: str) -> Object:
    """Return the APIGroupDiscoveryList of `/api` (core) or `/apis`."""
    items = []
    for group, versions in groups(table).items():
        if bool(group) == core:
            continue
        metadata: Object = {"name": group} if group else {}
        metadata["creationTimestamp"] = None
        documents = [_aggregated_version(table, group, item) for item in versions]
        items.append({"metadata": metadata, "versions": documents})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def _aggregated_version(table: ResourceTable, group: str, version: str) -> Object:
    found = [item for item in table if (item.group, item.version) == (group, version)]
    entries = [_aggregated_entry(item) for item in sorted(found, key=lambda item: item.plural)]
    return {"version": version, "resources": entries, "freshness": "Current"}


def _aggregated_entry(resource: Resource) -> Object:
    entry: Object = {
        "resource": resource.plural,
        "responseKind": {
            "group": resource.group,
            "version": resource.version,
            "kind": resource.kind,
        },
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular or resource.kind.lower(),
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {
                    "group": sub.group or resource.group,
                    "version": sub.version or resource.version,
                    "kind": sub.kind,
                },
                "verbs": list(sub.verbs),
            }
            for sub in resource.subresources
        ]
    return entry
