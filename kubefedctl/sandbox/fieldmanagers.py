"""
The entries of metadata.managedFields: who did what, with which fields.

Belongs here: reading, writing, sorting and capping entries. Not here: how operations
change them (`fields`).

Upstream: apimachinery pkg/util/managedfields/internal/{managedfields,capmanagers}.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.sandbox.fieldsets import FieldSet, from_json, to_json

Object = dict[str, Any]

APPLY = "Apply"
UPDATE = "Update"
MAX_UPDATE_MANAGERS = 10
ANCIENT = "ancient-changes"


@dataclass(frozen=True, slots=True, order=True)
class ManagerId:
    """Who an entry belongs to; an applier is the same whatever version it applies in."""

    name: str
    operation: str
    api_version: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Managed:
    """The fields of one manager."""

    fields: FieldSet
    api_version: str
    time: str | None = None


Managers = dict[ManagerId, Managed]


def make_manager_id(
    name: str, operation: str, *, api_version: str, subresource: str = ""
) -> ManagerId:
    """Return the identity of an operation's manager."""
    version = "" if operation == APPLY else api_version
    return ManagerId(name or "unknown", operation, version, subresource)


def read_managers(entries: Any) -> Managers:
    """
    Return the managers that *entries* of metadata.managedFields tell.

    Raises:
        ValueError: An entry is not one an API server would have written.
    """
    managers: Managers = {}
    for index, entry in enumerate(entries or ()):
        operation, version = entry.get("operation"), entry.get("apiVersion") or ""
        if operation not in (APPLY, UPDATE):
            raise ValueError("operation must be `Apply` or `Update`")
        if not version:
            raise ValueError("apiVersion must not be empty")
        kind = entry.get("fieldsType") or ""
        if kind != "FieldsV1":
            problem = f'invalid fieldsType "{kind}"' if kind else "missing fieldsType"
            raise ValueError(f"{problem} in managed fields entry {index}")
        manager = ManagerId(
            entry.get("manager") or "",
            operation,
            "" if operation == APPLY else version,
            entry.get("subresource") or "",
        )
        managers[manager] = Managed(
            from_json(entry.get("fieldsV1") or {}), version, entry.get("time")
        )
    return managers


def write_managers(managers: Mapping[ManagerId, Managed]) -> list[Object]:
    """Return the entries of metadata.managedFields in upstream's order."""
    return [_write_entry(manager, managed) for manager, managed in _sorted(managers.items())]


def _sorted(
    items: Iterable[tuple[ManagerId, Managed]],
) -> list[tuple[ManagerId, Managed]]:
    def order(item: tuple[ManagerId, Managed]) -> tuple[str, str, str, str, str]:
        manager, managed = item
        time = managed.time or ""
        return manager.operation, time, manager.name, managed.api_version, manager.subresource

    return sorted(items, key=order)


def _write_entry(manager: ManagerId, managed: Managed) -> Object:
    entry: Object = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": managed.api_version,
        "time": managed.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": to_json(managed.fields),
        "subresource": manager.subresource,
    }
    return {key: value for key, value in entry.items() if value not in (None, "")}


def is_reset(entries: Any) -> bool:
    """
    Return whether a client asks to forget all managers.

    >>> is_reset([]), is_reset([{}]), is_reset(None)
    (True, True, False)
    """
    return entries in ([], [{}])


def cap_update_managers(managers: Managers) -> Managers:
    """Return *managers* with the oldest updates merged until there are at most ten."""
    updaters = sorted(
        (manager for manager in managers if manager.operation == UPDATE),
        key=lambda manager: (managers[manager].time or "", manager),
    )
    excess = len(updaters) - MAX_UPDATE_MANAGERS
    capped = dict(managers)
    first_of_version: dict[str, ManagerId] = {}
    for manager in updaters:
        if excess <= 0:
            break
        managed = capped[manager]
        first = first_of_version.setdefault(managed.api_version, manager)
        if first == manager:
            continue
        bucket = ManagerId(ANCIENT, UPDATE, managed.api_version)
        if bucket not in capped:
            capped[bucket] = capped.pop(first)
        merged = capped[bucket].fields | managed.fields
        del capped[manager]
        capped[bucket] = Managed(merged, managed.api_version, managed.time)
        excess -= 1
    return capped
