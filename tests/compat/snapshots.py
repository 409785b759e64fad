"""
What a federation looks like, in words that do not depend on the run.

Names, ids, addresses and times that a server chose become placeholders, so that two fleets which
were brought in step by different tools can be compared field by field.
"""

from __future__ import annotations

import json
from typing import Any

from kubefedctl.core.hashing import hash_overrides
from tests.compat.originals import strip
from tests.compat.takeover import CORE, KINDS, MEMBERS, NAMESPACES
from tests.e2e.clusters import Clusters
from tests.e2e.federated import federated_path, target_path

Snapshot = dict[str, Any]
_MADE_BY_CLUSTERS = ("kube-root-ca.crt", "default")
MARKER = "marker"
"""What is called so is no part of the scenario: it shows that the controllers have come so far."""
SPREAD = "spread"
"""What a ReplicaSchedulingPreference spreads: its overrides come in any order from KubeFed."""
_ADDRESSES = ("clusterIP", "clusterIPs")


def list_members(fleet: Clusters) -> dict[str, Any]:
    """Return every member object of the scenario as it stands, by cluster, kind and name."""
    return {
        f"{kind}/{namespace}/{item['metadata']['name']} in {cluster}": {**item, "kind": kind}
        for cluster in MEMBERS
        for kind in KINDS
        for namespace in _namespaces_of(kind)
        for item in fleet.api(cluster).get(target_path(kind, namespace=namespace))["items"]
        if _is_of_the_scenario(kind, item)
    }


def list_federated(fleet: Clusters) -> dict[str, Any]:
    """Return every federated object of the scenario as it stands, by kind and name."""
    return {
        f"{kind}/{namespace}/{item['metadata']['name']}": item
        for kind in KINDS
        for namespace in (NAMESPACES if kind != "ClusterRole" else ("",))
        for item in fleet.host.get(federated_path(kind, namespace=namespace))["items"]
        if item["metadata"]["name"] != MARKER
    }


def list_versions(fleet: Clusters) -> dict[str, Any]:
    """Return every version object, by name."""
    kinds = ("propagatedversions", "clusterpropagatedversions")
    return {
        f"{kind}/{item['metadata'].get('namespace', '')}/{item['metadata']['name']}": item
        for kind in kinds
        for item in fleet.host.get(f"{CORE}/v1alpha1/{kind}")["items"]
        if not item["metadata"]["name"].endswith(f"-{MARKER}")
    }


def take_snapshot(fleet: Clusters) -> Snapshot:
    """Return the whole scenario: member objects, federated objects' statuses, version objects."""
    members = list_members(fleet)
    found = {f"member {name}": _bare(obj) for name, obj in members.items()}
    federated = list_federated(fleet)
    for name, obj in federated.items():
        found[f"federated {name}"] = {
            "finalizers": obj["metadata"].get("finalizers"),
            "spec": _sorted_overrides(obj["spec"]),
            "status": _bare_status(obj),
        }
    for name, obj in list_versions(fleet).items():
        found[f"version {name}"] = _bare_versions(obj, members, federated)
    return found


def resource_versions(objects: dict[str, Any]) -> dict[str, str]:
    """Return what changes with every write, for each object."""
    return {name: obj["metadata"]["resourceVersion"] for name, obj in objects.items()}


def statuses(fleet: Clusters) -> dict[str, Any]:
    """Return the statuses with their times, the clusters sorted."""
    found = {name: obj.get("status", {}) for name, obj in list_federated(fleet).items()}
    for status in found.values():
        status.get("clusters", []).sort(key=lambda entry: entry["name"])
    return found


def differences(one: Any, other: Any, *, place: str = "") -> list[str]:
    """Return what differs, one line for each field, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            line
            for name in sorted({*one, *other})
            for line in differences(one.get(name), other.get(name), place=f"{place}[{name}]")
        ]
    return [] if one == other else [f"{place}: {one} != {other}"]


def _namespaces_of(kind: str) -> tuple[str, ...]:
    return NAMESPACES if kind not in ("ClusterRole", "Namespace") else ("",)


def _is_of_the_scenario(kind: str, item: Any) -> bool:
    name: str = item["metadata"]["name"]
    if kind == "Namespace":
        return name in NAMESPACES
    if kind == "ClusterRole":
        return name == "reader"
    return name not in _MADE_BY_CLUSTERS


def _bare(obj: Any) -> Any:
    found = strip(obj)
    if obj["kind"] == "Secret":
        found["data"] = obj["data"]
    if "deletionTimestamp" in found["metadata"]:
        found["metadata"]["deletionTimestamp"] = "TIME"
    for owner in found["metadata"].get("ownerReferences", []):
        owner["uid"] = "UID"
    spec = found.get("spec", {})
    for field in _ADDRESSES:
        if spec.get(field) not in (None, "None", ["None"]):
            spec[field] = "ADDRESS"
    for port in spec.get("ports", []) if obj["kind"] == "Service" else []:
        if port.get("nodePort") not in (None, 30080):
            port["nodePort"] = "PORT"
    return json.loads(json.dumps(found).replace(obj["metadata"]["uid"], "UID"))


def _bare_status(obj: Any) -> Any:
    status = obj.get("status", {})
    conditions = [
        {name: value for name, value in condition.items() if not name.endswith("Time")}
        for condition in status.get("conditions", [])
    ]
    return {
        "conditions": conditions,
        "clusters": sorted(status.get("clusters", []), key=lambda entry: entry["name"]),
        "is current": status.get("observedGeneration") == obj["metadata"]["generation"],
    }


def _sorted_overrides(spec: Any) -> Any:
    """Sort what a ReplicaSchedulingPreference made: KubeFed writes it in any order."""
    overrides = spec.get("overrides") or []
    return {**spec, "overrides": sorted(overrides, key=lambda entry: entry["clusterName"])}


def _bare_versions(obj: Any, members: dict[str, Any], federated: dict[str, Any]) -> Any:
    """
    Resource versions become words: whether the recorded one is that of the member's object.

    None where the federated object is gone: the garbage collector is not ours to wait for.
    """
    (owner,) = obj["metadata"]["ownerReferences"]
    kind = owner["kind"].removeprefix("Federated")
    namespace = obj["metadata"].get("namespace", "")
    owned = federated.get(f"{kind}/{namespace}/{owner['name']}")
    if owned is None:
        return None
    place = f"{kind}/{'' if kind == 'Namespace' else namespace}/{owner['name']}"
    recorded = obj["status"].get("clusterVersions", [])
    names = [entry["clusterName"] for entry in recorded]
    versions = {
        entry["clusterName"]: _judge(
            entry["version"], members.get(f"{place} in {entry['clusterName']}")
        )
        for entry in recorded
    }
    status = {**obj["status"], "clusterVersions": versions}
    if owner["name"] == SPREAD and status["overridesVersion"] == hash_overrides(owned["spec"]):
        status["overridesVersion"] = "of now"
    is_owned = owner["uid"] == owned["metadata"]["uid"]
    return {
        "owner": {**owner, "uid": "its" if is_owned else "other"},
        "status": status,
        "is sorted": names == sorted(names),
    }


def _judge(version: str, member: Any) -> str:
    if member is None:
        return "of nothing"
    metadata = member["metadata"]
    generation = metadata.get("generation")
    now = f"gen:{generation}" if generation else f"rv:{metadata['resourceVersion']}"
    return f"{version.partition(':')[0]} of now" if version == now else "of before"
