"""
A member cluster that workloads are to leave, marked by a label of its KubeFedCluster.

The label has two values, since capacity elsewhere comes first: while a cluster is being left,
replicas are planned for the others and what runs in it goes on running; once it is left, placements
do without it.

Here: what the label means for placements and schedules. Not here: setting it (`ops.drain`).

Laws:
1. Only workloads leave. Namespaces, configuration and the like stay, so that nothing is lost with
   them and the cluster can be taken back.
2. A workload that would be nowhere stays.

Upstream: KubeFed has nothing like it; its controllers do not look at the label.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kubefedctl.core.dependencies import is_workload
from kubefedctl.model.objects import labels_of
from kubefedctl.model.refs import Object, Resource

DRAIN_LABEL = "kubefedctl.io/drain"
"""The label of a KubeFedCluster that workloads are to leave."""


class Draining(StrEnum):
    """How far a cluster is left."""

    LEAVING = "leaving"
    LEFT = "left"


def draining_of(labels: Mapping[str, str]) -> Draining | None:
    """
    Return how far a cluster with these labels is left; None where it is not to be.

    A value that nobody knows counts as leaving: somebody wants no more there.

    >>> draining_of({"kubefedctl.io/drain": "left"}), draining_of({})
    (<Draining.LEFT: 'left'>, None)
    """
    value = labels.get(DRAIN_LABEL)
    if value is None:
        return None
    return Draining.LEFT if value == Draining.LEFT else Draining.LEAVING


def without_left(
    selected: frozenset[str], target: Resource, clusters: Mapping[str, Mapping[str, str]]
) -> frozenset[str]:
    """
    Return *selected* without the clusters that workloads have left, unless no other remains.

    Args:
        selected: Where an object is placed.
        target: Its type.
        clusters: Labels of the registered clusters, by name.
    """
    if not is_workload(target.kind, group=target.group):
        return selected
    left = {name for name in selected if draining_of(clusters[name]) is Draining.LEFT}
    return selected - left or selected


def mark(registered: Object, draining: Draining | None) -> Object | None:
    """Return a KubeFedCluster with the label set, or taken off; None where it is so already."""
    labels = dict(labels_of(registered))
    if labels.get(DRAIN_LABEL) == draining:
        return None
    labels.pop(DRAIN_LABEL, None)
    if draining is not None:
        labels[DRAIN_LABEL] = draining.value
    return {**registered, "metadata": {**registered["metadata"], "labels": labels}}
