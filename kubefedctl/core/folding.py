"""
The same changes in several clusters, told once.

A change is told with just the clusters that it holds for: what all share stands first, and what is
other in some (by their overrides, or since somebody changed it there) after it.

Laws:
1. Of each cluster, all its changes are told, each once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from kubefedctl.model.changes import (
    Comparison,
    FieldChange,
    MemberChange,
    ObjectChanges,
    SharedChange,
)
from kubefedctl.model.refs import Subject

_Group: TypeAlias = tuple[str, str, tuple[str, ...]]


def fold(
    changes: Iterable[MemberChange], *, clusters: Mapping[Subject, Iterable[str]], looked_at: int
) -> Comparison:
    """
    Return *changes* by object, the same ones of several clusters together.

    Args:
        changes: Of any object and cluster; at most one for both.
        clusters: Which clusters were asked about each object.
        looked_at: How many federated objects were looked at.
    """
    by_subject: dict[Subject, list[MemberChange]] = {}
    for change in changes:
        by_subject.setdefault(change.subject, []).append(change)
    objects = []
    for subject, found in sorted(by_subject.items(), key=lambda item: str(item[0])):
        asked = {*clusters.get(subject, ()), *(change.cluster for change in found)}
        objects.append(ObjectChanges(subject, tuple(sorted(asked)), _fold_object(found)))
    return Comparison(tuple(objects), looked_at)


def _fold_object(changes: Iterable[MemberChange]) -> tuple[SharedChange, ...]:
    by_deed: dict[tuple[str, str], list[MemberChange]] = {}
    for change in sorted(changes, key=lambda found: found.cluster):
        by_deed.setdefault((change.deed, change.detail), []).append(change)
    groups: dict[_Group, dict[str, FieldChange]] = {}
    for (deed, detail), found in by_deed.items():
        bare = tuple(change.cluster for change in found if not change.fields)
        if bare:
            groups[(deed, detail, bare)] = {}
        where: dict[str, tuple[FieldChange, list[str]]] = {}
        for change in found:
            for field in change.fields:
                where.setdefault(_identify(field), (field, []))[1].append(change.cluster)
        for name, (field, names) in where.items():
            groups.setdefault((deed, detail, tuple(names)), {})[name] = field
    shared = [
        SharedChange(deed, names, tuple(fields[each] for each in sorted(fields)), detail)
        for (deed, detail, names), fields in groups.items()
    ]
    return tuple(sorted(shared, key=lambda one: (-len(one.clusters), one.clusters, one.deed)))


def _identify(change: FieldChange) -> str:
    return json.dumps([change.field, change.old, change.new], sort_keys=True, default=str)
