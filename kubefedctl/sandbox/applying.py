"""
The two operations on managers: an update takes fields over, an apply negotiates them.

Belongs here: conflicts, shared ownership, and pruning what an applier no longer
applies. Not here: what surrounds them in an API server (`fields`).

Upstream: structured-merge-diff merge/{update,conflict}.go and apimachinery
pkg/util/managedfields/internal/conflict.go, same words.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kubefedctl.sandbox.fieldmanagers import UPDATE, Managed, ManagerId, Managers
from kubefedctl.sandbox.fieldsets import (
    EMPTY,
    FieldSet,
    Path,
    show_path,
    walk_paths,
    without_subtrees,
)
from kubefedctl.sandbox.fieldtypes import TypedError, check_typed, named_fields
from kubefedctl.sandbox.fieldwalks import (
    Comparison,
    compare,
    fields_of,
    merge,
    reconciled,
    remove_fields,
)
from kubefedctl.sandbox.schemas import Schema

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """The circumstances of an operation: the schema and what its address can't change."""

    schema: Schema | None
    api_version: str
    resets: Sequence[Path] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that somebody else owns."""

    manager: str
    operation: str
    api_version: str
    field: str
    subresource: str = ""
    path: Path = ()

    @property
    def owner(self) -> str:
        """The manager as messages name it."""
        name = f'"{self.manager}"'
        if self.subresource:
            name += f' with subresource "{self.subresource}"'
        return f"{name} using {self.api_version}" if self.operation == UPDATE else name


class ApplyConflict(Exception):
    """Other managers own fields that an apply would change (409 Conflict)."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        self.conflicts = sorted(conflicts, key=lambda conflict: conflict.owner)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The message of the Status a server answers with."""
        if len(self.conflicts) == 1:
            conflict = self.conflicts[0]
            return f"Apply failed with 1 conflict: conflict with {conflict.owner}: {conflict.field}"
        lines = []
        for owner, group in itertools.groupby(self.conflicts, key=lambda item: item.owner):
            lines += [f"conflicts with {owner}:", *(f"- {item.field}" for item in group)]
        return f"Apply failed with {len(self.conflicts)} conflicts: " + "\n".join(lines)

    @property
    def causes(self) -> list[Object]:
        """The causes of that Status."""
        return [
            {
                "reason": "FieldManagerConflict",
                "message": f"conflict with {conflict.owner}",
                "field": conflict.field,
            }
            for conflict in self.conflicts
        ]


class ApplyError(Exception):
    """An applied object can't be merged; `status` is the HTTP status a server answers with."""

    def __init__(self, message: str, *, status: int = 500) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def update(
    before: Object, after: Object, managers: Managers, *, operation: Update, self_id: ManagerId
) -> Managers:
    """Return *managers* after *self_id* has turned *before* into *after*."""
    managers = _known(managers, operation)
    found = compare(before, after, operation.schema).without(operation.resets)
    managers, _ = _handed_over(managers, found, self_id=self_id, force=True)
    had = managers[self_id].fields if self_id in managers else EMPTY
    fields = (had - found.removed) | found.modified | found.added
    fields = without_subtrees(fields, operation.resets)
    rest = {manager: managed for manager, managed in managers.items() if manager != self_id}
    return {**rest, self_id: Managed(fields, operation.api_version)} if fields else rest


def apply(
    live: Object,
    applied: Object,
    managers: Managers,
    *,
    operation: Update,
    self_id: ManagerId,
    force: bool,
) -> tuple[Object, Managers]:
    """Return the merged object and the managers after *self_id* has applied *applied*."""
    schema = operation.schema
    _check(applied, operation)
    managers = _known(managers, operation)
    try:
        merged = merge(live, applied, schema)
    except TypedError as error:
        raise ApplyError(f"failed to merge config: {error}") from error
    last = managers.get(self_id)
    fields = without_subtrees(fields_of(applied, schema), operation.resets)
    time = last.time if last else None
    managers = {**managers, self_id: Managed(fields, operation.api_version, time)}
    if last is not None and last.fields:
        merged = _pruned(merged, managers, last.fields, schema=schema)
    found = compare(live, merged, schema).without(operation.resets)
    managers, conflicts = _handed_over(managers, found, self_id=self_id, force=force)
    if conflicts:
        raise ApplyConflict(conflicts)
    return merged, managers


def _check(applied: Object, operation: Update) -> None:
    problems = check_typed(applied, operation.schema)
    if not problems:
        return
    metadata = applied.get("metadata") or {}
    group, _, version = operation.api_version.rpartition("/")
    kind = f"{group}/{version}, Kind={applied.get('kind', '')}"
    name = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
    listed = problems[0] if len(problems) == 1 else "\n  ".join(["errors:", *problems])
    raise ApplyError(f"failed to create typed patch object ({name}; {kind}): {listed}")


def _known(managers: Managers, operation: Update) -> Managers:
    """Return the managers of this group, their fields fitted to the schema of today."""
    group = operation.api_version.rpartition("/")[0]
    return {
        manager: replace(managed, fields=reconciled(managed.fields, operation.schema))
        for manager, managed in managers.items()
        if managed.api_version.rpartition("/")[0] == group
    }


def _handed_over(
    managers: Managers, found: Comparison, *, self_id: ManagerId, force: bool
) -> tuple[Managers, list[Conflict]]:
    """Return *managers* less what changed hands, or else the conflicts that forbid it."""
    changed = found.modified | found.added
    kept: Managers = {}
    conflicts: list[Conflict] = []
    for manager, managed in managers.items():
        fields = managed.fields
        if manager != self_id:
            if not force:
                conflicts += _conflicts(manager, managed, changed)
            fields = fields - changed - found.removed
        if fields:
            kept[manager] = replace(managed, fields=fields)
    return kept, conflicts


def _conflicts(manager: ManagerId, managed: Managed, changed: set[Path]) -> list[Conflict]:
    return [
        Conflict(
            manager.name,
            manager.operation,
            managed.api_version,
            show_path(path),
            manager.subresource,
            path,
        )
        for path in walk_paths(managed.fields & changed)
    ]


def _pruned(merged: Object, managers: Managers, last: FieldSet, *, schema: Schema | None) -> Object:
    """
    Return *merged* without what was applied last time and is owned by nobody now.

    First everything of *last* goes; then comes back what any manager owns, and then what
    went with a parent although it was not in *last*.
    """
    last = named_fields(last, schema)
    owned = named_fields(
        frozenset(itertools.chain.from_iterable(item.fields for item in managers.values())), schema
    )
    everything = named_fields(fields_of(merged, schema), schema)
    pruned = remove_fields(merged, last, schema)
    remaining = named_fields(fields_of(pruned, schema), schema)
    pruned = remove_fields(merged, everything - remaining - owned, schema)
    remaining = named_fields(fields_of(pruned, schema), schema)
    result: Object = remove_fields(merged, (everything - remaining) & last, schema) or {}
    return result
