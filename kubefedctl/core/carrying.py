"""
Annotations of a federated object's source, and how overrides carry them to the clusters.

A template's annotations are not propagated; an override of `/metadata/annotations` is. Here: which
annotations are worth carrying, and the overrides that do it. Not here: applying overrides
(`overrides`).

Upstream: KubeFed drops annotations (pkg/kubefedctl/federate/util.go @ v0.10.0) and applies such
overrides (pkg/controller/util/overrides.go @ v0.10.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubefedctl.core.ownership import is_owned_annotation
from kubefedctl.core.structures import copy_object
from kubefedctl.model.objects import annotations_of, list_at, name_of, text_at
from kubefedctl.model.refs import Object

ANNOTATIONS_PATH = "/metadata/annotations"
_WRITTEN_BY_TOOLS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
    }
)
"""Annotations that nobody misses: they are made anew wherever the object is."""


def find_lost_annotations(target: Object) -> Object:
    """
    Return the annotations of *target* that somebody would miss, by name in order.

    >>> find_lost_annotations({"metadata": {"annotations": {"b": "2", "a": "1"}}})
    {'a': '1', 'b': '2'}
    """
    found = annotations_of(target)
    return {
        str(name): found[name]
        for name in sorted(found, key=str)
        if not _is_made_anew(target, str(name))
    }


def keep_made_anew(overridden: Object, before: Object) -> Object:
    """
    Return *overridden* with what the member itself wrote among the annotations of *before*.

    An override of the whole map takes these away, and whoever wrote them writes them again, so that
    each sync would find a difference.

    Args:
        overridden: The object after its overrides; its own annotations win. Not changed.
        before: The object before, with what was retained of the member's.
    """
    found = annotations_of(before)
    kept = {name: value for name, value in found.items() if _is_made_anew(before, str(name))}
    if not kept:
        return overridden
    annotations = {**kept, **annotations_of(overridden)}
    return {**overridden, "metadata": {**overridden["metadata"], "annotations": annotations}}


def carry_annotations(annotations: Mapping[str, Any], clusters: Sequence[str]) -> list[Object]:
    """
    Return `spec.overrides` that give an object these annotations in each of *clusters*.

    The whole map is set, since an operation on one annotation fails where there is no map yet. It
    names no operation, which means `replace`: KubeFed makes the map with it where there is none.

    >>> carry_annotations({"a": "1"}, ["c1"])[0]["clusterOverrides"]
    [{'path': '/metadata/annotations', 'value': {'a': '1'}}]
    """
    return [
        {
            "clusterName": cluster,
            "clusterOverrides": [{"path": ANNOTATIONS_PATH, "value": dict(annotations)}],
        }
        for cluster in dict.fromkeys(clusters)
    ]


def renew_carried(stored: Any, wanted: Sequence[Object]) -> list[Any]:
    """
    Return the overrides *stored*, with the annotations that *wanted* carries.

    Other overrides stay, and so do those of clusters that *wanted* does not name.

    Args:
        stored: `spec.overrides` as it stands; None where absent. Not changed.
        wanted: What `carry_annotations` made.
    """
    renewed = copy_object({"overrides": stored if isinstance(stored, list) else []})["overrides"]
    for entry in wanted:
        cluster = text_at(entry, "clusterName")
        for old in renewed:
            if text_at(old, "clusterName") == cluster:
                old["clusterOverrides"] = _renew_operations(old, entry)
                break
        else:
            renewed.append(copy_object(entry))
    return list(renewed)


def names_of_placed(placement: Object | None) -> list[str]:
    """Return the clusters that a `spec.placement` names; empty where it names none."""
    return [text_at(cluster, "name") for cluster in list_at(placement, "clusters")]


def names_of_joined(clusters: Sequence[Object]) -> list[str]:
    """Return the names of KubeFedClusters, in order."""
    return sorted(map(name_of, clusters))


def _is_made_anew(target: Object, name: str) -> bool:
    return name in _WRITTEN_BY_TOOLS or is_owned_annotation(target, name)


def _renew_operations(old: Object, entry: Object) -> list[Any]:
    operations = list_at(old, "clusterOverrides")
    fresh = list_at(entry, "clusterOverrides")
    at = [
        i
        for i, operation in enumerate(operations)
        if text_at(operation, "path") == ANNOTATIONS_PATH
    ]
    if not at:
        return [*operations, *fresh]
    return [*operations[: at[0]], *fresh, *operations[at[0] + 1 :]]
