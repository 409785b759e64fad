"""
Server-side apply and the tracking of field owners (metadata.managedFields).

Belongs here: what apply, create, update and patch do to an object's managers. The
algebra of field sets lies in `fieldsets`, walking objects in `fieldwalks`.

When to call what, as upstream's handlers do:

- `track_update` after defaults are filled in, before the server sets fields of its
  own (uid, cluster IPs, generation, status kept from the live object);
- `server_side_apply` on the live object as it is stored; fill defaults afterwards.

Laws:

1. Arguments are never changed.
2. The clock is the caller's: `now` is written as it is given (RFC 3339, UTC, seconds).
3. An operation that changes nothing but timestamps leaves the timestamps alone.

Not emulated: conversion between versions of a kind. Entries of another version of the
same group are compared as if they were of this one, and those of other groups dropped.

Upstream: structured-merge-diff merge/update.go, apimachinery pkg/util/managedfields/internal,
apiserver pkg/endpoints/handlers/fieldmanager/equality.go, GetResetFields of each registry.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from kubefedctl.sandbox.applying import ApplyConflict, ApplyError, Conflict, Update, apply, update
from kubefedctl.sandbox.fieldmanagers import (
    APPLY,
    UPDATE,
    Managed,
    ManagerId,
    Managers,
    cap_update_managers,
    is_reset,
    make_manager_id,
    read_managers,
    write_managers,
)
from kubefedctl.sandbox.fieldsets import EMPTY, FieldSet, Path
from kubefedctl.sandbox.fieldwalks import compare, fields_of
from kubefedctl.sandbox.schemas import Schema
from kubefedctl.sandbox.typedviews import view_typed

__all__ = [
    "ApplyConflict",
    "ApplyError",
    "Conflict",
    "reset_fields",
    "server_side_apply",
    "track_update",
]

Object = dict[str, Any]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
BEFORE_FIRST_APPLY = "before-first-apply"
# The current operation, until its fields are added to those its manager had before.
_CURRENT = ManagerId("\0current-operation", UPDATE)
_STRIPPED: FieldSet = frozenset(
    [
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    ]
)
_STATUS_RESETS: dict[tuple[str, str], tuple[Path, ...]] = {
    ("apps/v1", "Deployment"): (("f:metadata", "f:labels"),),
    ("v1", "Pod"): (
        ("f:metadata", "f:deletionTimestamp"),
        ("f:metadata", "f:ownerReferences"),
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): (("f:metadata",),),
}


def reset_fields(api_version: str, kind: str, subresource: str, *, has_status: bool) -> list[Path]:
    """
    Return what a write to this address can't change and so never owns.

    Args:
        api_version: Of the object, e.g. `apps/v1`.
        kind: Of the object.
        subresource: "" for the object itself, else e.g. `status`.
        has_status: Whether the kind has a status subresource.
    """
    if subresource == "status":
        return [("f:spec",), *_STATUS_RESETS.get((api_version, kind), ())]
    return [("f:status",)] if has_status else []


def server_side_apply(
    live: Object | None,
    applied: Object,
    *,
    manager: str,
    force: bool,
    schema: Schema | None,
    api_version: str,
    subresource: str,
    now: str,
    has_status: bool = True,
) -> Object:
    """
    Return *live* with *applied* merged in and the managers brought up to date.

    Fields that *manager* applied before, does not apply now and nobody else owns are
    removed. Defaults are for the caller to fill in afterwards; so is keeping fields
    this address can't write (status).

    Args:
        live: The object as stored, None to create it.
        applied: What the client sent. Not changed.
        manager: The fieldManager parameter.
        force: Whether fields of other managers are taken over.
        schema: Of the kind; None to deduce types from the values.
        api_version: The version of the request.
        subresource: "" for the object itself.
        now: The time for a changed entry.
        has_status: Whether the kind has a status subresource; False lets the object's
            own address own status.

    Returns:
        The new object; equal to *live* when nothing changed, managedFields included.

    Raises:
        ApplyConflict: Other managers own fields that would change, and *force* is not given.
        ApplyError: *applied* does not fit the schema, repeats a list key, carries
            managedFields, or is of another version.
    """
    _check_applied(applied, api_version)
    operation = Update(schema, api_version, _resets(applied, api_version, subresource, has_status))
    base = view_typed(_without_managers(live or _empty_like(applied)), schema)
    managers = read_managers((live or {}).get("metadata", {}).get("managedFields"))
    if not managers:
        first = make_manager_id(BEFORE_FIRST_APPLY, UPDATE, api_version=api_version)
        empty = view_typed(_empty_like(applied), schema)
        managers = _updated(empty, base, {}, operation=operation, self_id=first, now=now)
    self_id = make_manager_id(manager, APPLY, api_version=api_version, subresource=subresource)
    merged, managers = _apply_as(
        base, applied, managers, operation=operation, self_id=self_id, force=force
    )
    managers = _stripped(managers, self_id)
    merged = view_typed(merged, schema)
    if merged == base:
        merged = base
    elif self_id in managers:
        managers[self_id] = replace(managers[self_id], time=now)
    if manager == "kubectl":
        merged = _with_last_applied(merged, applied)
    return _settled(live, _with_managers(merged, managers))


def track_update(
    old: Object | None,
    new: Object,
    *,
    manager: str,
    schema: Schema | None,
    api_version: str,
    subresource: str,
    now: str,
    has_status: bool = True,
) -> Object:
    """
    Return *new* with the managers after a create, update or patch.

    The manager owns what changed; others lose it. Managers that the client itself put
    into *new* count, and `[]` or `[{}]` makes all forgotten; a client that sends none
    leaves them as they are.

    Args:
        old: The object as stored, None for a create.
        new: The object to be, defaults filled in. Not changed.
        manager: The fieldManager parameter, or the first part of the user agent.
        schema: Of the kind; None to deduce types from the values.
        api_version: The version of the request.
        subresource: "" for the object itself.
        now: The time for a changed entry.
        has_status: Whether the kind has a status subresource.
    """
    operation = Update(schema, api_version, _resets(new, api_version, subresource, has_status))
    managers = _managers_of_request(old, new, subresource)
    if not managers and old is not None:
        return _with_managers(_without_managers(new), {})
    self_id = make_manager_id(manager, UPDATE, api_version=api_version, subresource=subresource)
    before = view_typed(_without_managers(old or _empty_like(new)), schema)
    after = view_typed(_without_managers(new), schema)
    managers = _updated(before, after, managers, operation=operation, self_id=self_id, now=now)
    managers = cap_update_managers(managers)
    return _settled(old, _with_managers(_without_managers(new), managers))


def _resets(obj: Object, api_version: str, subresource: str, has_status: bool) -> Sequence[Path]:
    kind = str(obj.get("kind", ""))
    return reset_fields(api_version, kind, subresource, has_status=has_status)


def _check_applied(applied: Object, api_version: str) -> None:
    version = applied.get("apiVersion", "")
    if version != api_version:
        raise ApplyError(
            "Incorrect version specified in apply patch. "
            f"Specified patch version: {version}, expected: {api_version}",
            status=400,
        )
    if (applied.get("metadata") or {}).get("managedFields") is not None:
        raise ApplyError("metadata.managedFields must be nil", status=400)


def _empty_like(obj: Object) -> Object:
    return {key: obj[key] for key in ("apiVersion", "kind") if key in obj}


def _without_managers(obj: Object) -> Object:
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return obj
    rest = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**obj, "metadata": rest}


def _with_managers(obj: Object, managers: Managers) -> Object:
    metadata = dict(obj.get("metadata") or {})
    if managers:
        metadata["managedFields"] = write_managers(managers)
    return {**obj, "metadata": metadata}


def _managers_of_request(old: Object | None, new: Object, subresource: str) -> Managers:
    """Return the managers to start from: the client's if it sent valid ones, else the live ones."""
    live = ((old or {}).get("metadata") or {}).get("managedFields")
    sent = (new.get("metadata") or {}).get("managedFields")
    if not subresource:
        if is_reset(sent):
            return {}
        managers = _read_or_forget(sent)
        if managers:
            return managers
    return _read_or_forget(live)


def _read_or_forget(entries: Any) -> Managers:
    try:
        return read_managers(entries)
    except (ValueError, TypeError, AttributeError):
        return {}


def _updated(
    before: Object,
    after: Object,
    managers: Managers,
    *,
    operation: Update,
    self_id: ManagerId,
    now: str,
) -> Managers:
    """Return *managers* after an update, its fields added to what its manager had before."""
    updated = _stripped(
        update(before, after, managers, operation=operation, self_id=_CURRENT), _CURRENT
    )
    current = updated.pop(_CURRENT, None)
    if current is not None:
        previous = updated.get(self_id)
        fields = current.fields | (previous.fields if previous else EMPTY)
        updated[self_id] = Managed(fields, operation.api_version, now)
    return updated


def _stripped(managers: Managers, self_id: ManagerId) -> Managers:
    """Return *managers* without the fields that nobody owns, in the entry of this operation."""
    managed = managers.get(self_id)
    if managed is None:
        return dict(managers)
    rest = {manager: entry for manager, entry in managers.items() if manager != self_id}
    fields = managed.fields - _STRIPPED
    return {**rest, self_id: replace(managed, fields=fields)} if fields else rest


def _apply_as(
    base: Object,
    applied: Object,
    managers: Managers,
    *,
    operation: Update,
    self_id: ManagerId,
    force: bool,
) -> tuple[Object, Managers]:
    """
    Apply; for the manager `kubectl`, take over what client-side apply wrote before.

    Upstream: internal/lastappliedmanager.go.
    """
    try:
        return apply(base, applied, managers, operation=operation, self_id=self_id, force=force)
    except ApplyConflict as error:
        if self_id.name != "kubectl":
            raise
        allowed = _fields_of_client_side_apply(base, operation)
        remaining = [conflict for conflict in error.conflicts if conflict.path not in allowed]
        if allowed and remaining:
            raise ApplyConflict(remaining) from None
        if remaining:
            raise
        return apply(base, applied, managers, operation=operation, self_id=self_id, force=True)


def _fields_of_client_side_apply(base: Object, operation: Update) -> FieldSet:
    """Return the fields that the last-applied annotation names and that still are as it says."""
    text = ((base.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    try:
        last = json.loads(text) if text else None
    except ValueError:
        return EMPTY
    if not isinstance(last, dict) or last.get("apiVersion") != operation.api_version:
        return EMPTY
    found = compare(last, base, operation.schema)
    fields = fields_of(last, operation.schema)
    return fields - found.modified - found.added - found.removed


def _with_last_applied(obj: Object, applied: Object) -> Object:
    """
    Return *obj* with its last-applied annotation, if it has one, set to *applied*.

    Upstream: internal/lastappliedupdater.go.
    """
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    if not annotations.get(LAST_APPLIED):
        return obj
    metadata = dict(applied.get("metadata") or {})
    rest = dict(metadata.get("annotations") or {})
    rest.pop(LAST_APPLIED, None)
    if rest:
        metadata["annotations"] = rest
    else:
        metadata.pop("annotations", None)
    encoded = json.dumps(
        {**applied, "metadata": metadata}, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    encoded = encoded.translate({60: r"\u003c", 62: r"\u003e", 38: r"\u0026"}) + "\n"
    annotations = {**annotations, LAST_APPLIED: encoded}
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def _settled(old: Object | None, new: Object) -> Object:
    """Return *new*, with the timestamps of *old* if nothing but timestamps differs."""
    if old is None:
        return new
    before = (old.get("metadata") or {}).get("managedFields") or []
    after = (new.get("metadata") or {}).get("managedFields") or []
    if not before or len(before) != len(after):
        return new
    if not all(_timeless(one) == _timeless(two) for one, two in zip(before, after, strict=True)):
        return new
    if _without_managers(old) != _without_managers(new):
        return new
    return {**new, "metadata": {**new["metadata"], "managedFields": before}}


def _timeless(entry: Object) -> Object:
    return {key: value for key, value in entry.items() if key != "time"}
