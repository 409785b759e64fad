"""
Strategic merge patch: a merge patch that knows which lists are sets and maps.

Belongs here: merging by `patchMergeKey` and `patchStrategy` of a schema, and the
directives `$patch`, `$retainKeys`, `$setElementOrder/...` and
`$deleteFromPrimitiveList/...` as kubectl's client-side apply sends them. Not here:
computing such a patch, which is a client's part.

Upstream: apimachinery pkg/util/strategicpatch/patch.go, errors in pkg/util/mergepatch.
"""

from __future__ import annotations

import copy
from typing import Any

from kubefedctl.sandbox.schemas import Schema

Object = dict[str, Any]

_PATCH = "$patch"
_RETAIN_KEYS = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList/"
_SET_ORDER = "$setElementOrder/"
_BAD_SET_ORDER = "invalid patch format of setElementOrder list"
_BAD_RETAIN_KEYS = "invalid patch format of retainKeys"


class PatchError(Exception):
    """A patch can't be applied; `status` is the HTTP status a real API server gives it."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def strategic_merge_patch(obj: Object, patch: Object, schema: Schema | None) -> Object:
    """
    Return *obj* merged with *patch*; neither is changed.

    Without a schema, and below fields the schema does not know, objects are merged
    and lists replaced.

    Raises:
        PatchError: The patch is no object, names an unknown directive, or an item
            of a list to merge lacks its merge key.
    """
    if not isinstance(patch, dict):
        raise PatchError("invalid JSON document")
    return _merge_map(copy.deepcopy(obj), copy.deepcopy(patch), schema)


# Everything below owns its arguments, as copies made above, and may change them.


def _merge_map(original: Object, patch: Object, schema: Schema | None) -> Object:
    if _PATCH in patch:
        return _replace_or_delete(patch)
    _retain_keys(original, patch)
    _merge_ordered_lists(original, patch, schema)
    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            _delete_from_list(original, key.removeprefix(_DELETE_FROM), value)
        elif value is None:
            original.pop(key, None)
        else:
            _merge_field(original, key, value, schema=schema.child(key) if schema else None)
    return original


def _replace_or_delete(patch: Object) -> Object:
    directive = patch.pop(_PATCH)
    if directive == "replace":
        return patch
    if directive == "delete":
        return {}
    raise PatchError(f"unknown patch type: {directive} in map: {patch}", status=500)


def _merge_field(original: Object, key: str, value: Any, *, schema: Schema | None) -> None:
    current = original.get(key)
    if isinstance(current, dict) and isinstance(value, dict):
        replaced = schema is not None and "replace" in schema.patch_strategies
        original[key] = value if replaced else _merge_map(current, value, schema)
    elif isinstance(current, list) and isinstance(value, list):
        original[key] = _merge_or_replace_list(current, value, schema)
    else:
        kept, value = _without_directives(_without_nulls(value))
        if kept:
            original[key] = value
        else:
            original.pop(key, None)


def _retain_keys(original: Object, patch: Object) -> None:
    if _RETAIN_KEYS not in patch:
        return
    retained = patch.pop(_RETAIN_KEYS)
    if not isinstance(retained, list):
        raise PatchError(_BAD_RETAIN_KEYS)
    for key, value in patch.items():
        directive = key.startswith((_DELETE_FROM, _SET_ORDER))
        if value is not None and not directive and key not in retained:
            raise PatchError(_BAD_RETAIN_KEYS)
    for key in [key for key in original if key not in retained]:
        del original[key]


def _delete_from_list(original: Object, key: str, value: Any) -> None:
    current = original.get(key)
    if not isinstance(value, list):
        raise PatchError("invalid patch format of primitive list")
    if isinstance(current, list):
        original[key] = [item for item in current if item not in value]


def _merge_ordered_lists(original: Object, patch: Object, schema: Schema | None) -> None:
    """Merge the lists whose order the patch gives, and take them out of the patch."""
    for directive in [key for key in patch if key.startswith(_SET_ORDER)]:
        order = patch.pop(directive)
        key = directive.removeprefix(_SET_ORDER)
        current, given = original.get(key), patch.get(key)
        if not isinstance(order, list):
            raise PatchError(_BAD_SET_ORDER)
        for items in (current, given):
            if items is not None and not isinstance(items, list):
                raise PatchError(f"expected a list in {key}", status=500)
        if current is None and given is None:
            continue
        child = schema.child(key) if schema else None
        merge_key = child.merge_key if child else ""
        if given:
            _check_order(given, order, merge_key)
        if given is None:
            merged = current or []
        elif current is None:
            merged = _without_directives(given)[1]
        else:
            merged = _merge_or_replace_list(list(current), given, child)
        original[key] = _ordered(merged, order, server_order=current or [], merge_key=merge_key)
        patch.pop(key, None)


def _check_order(given: list[Any], order: list[Any], merge_key: str) -> None:
    """Refuse a patch list whose items are not in the order list, or in another order."""
    if not order:
        return
    rest = iter([_key_of(item, merge_key) for item in order])
    for item in given:
        if isinstance(item, dict) and _PATCH in item:
            continue
        if _key_of(item, merge_key) not in rest:
            raise PatchError(
                f"The order in patch list:\n{given}\n doesn't match {_SET_ORDER[:-1]} list:\n"
                f"{order}\n",
                status=500,
            )


def _merge_or_replace_list(
    current: list[Any], patch: list[Any], schema: Schema | None
) -> list[Any]:
    if schema is None or "merge" not in schema.patch_strategies:
        return patch
    if not current and not patch:
        return current
    merge_key = schema.merge_key
    if not any(isinstance(item, dict) for item in [*current, *patch]):
        if any(isinstance(item, list) for item in [*current, *patch]):
            raise PatchError("lists of lists are not supported", status=422)
        merged = _distinct([*current, *patch])
        return _ordered(merged, patch, server_order=current, merge_key="")
    if not merge_key:
        raise PatchError("cannot merge lists without merge key", status=500)
    current, patch = _special_items_done(current, patch, merge_key)
    merged = _merge_items(list(current), patch, schema)
    return _ordered(merged, patch, server_order=current, merge_key=merge_key)


def _special_items_done(
    current: list[Any], patch: list[Any], merge_key: str
) -> tuple[list[Any], list[Any]]:
    """Return both lists after the items of *patch* that are directives have been obeyed."""
    plain: list[Any] = []
    replaced = False
    for item in patch:
        directive = item.get(_PATCH) if isinstance(item, dict) else None
        if directive is None:
            plain.append(item)
        elif directive == "delete":
            doomed = _key_of(item, merge_key)
            current = [kept for kept in current if _key_of(kept, merge_key) != doomed]
        elif directive == "replace":
            replaced = True
        elif directive == "merge":
            raise PatchError("merging lists cannot yet be specified in the patch", status=500)
        else:
            raise PatchError(f"unknown patch type: {directive} in map: {item}", status=500)
    return (plain, []) if replaced else (current, plain)


def _merge_items(merged: list[Any], patch: list[Any], schema: Schema) -> list[Any]:
    keys = [_key_of(item, schema.merge_key) for item in merged]
    for item in patch:
        key = _key_of(item, schema.merge_key)
        if key in keys:
            index = keys.index(key)
            merged[index] = _merge_map(merged[index], item, schema.items)
        else:
            merged.append(_without_directives(_without_nulls(item))[1])
            keys.append(key)
    return merged


def _ordered(
    merged: list[Any], order: list[Any], *, server_order: list[Any], merge_key: str
) -> list[Any]:
    """
    Return *merged* in the order of *order*, items that are not in it woven in.

    An item the patch does not name stays before a named one if the server had it so.
    """
    wanted = [_key_of(item, merge_key) for item in order]
    server = [_key_of(item, merge_key) for item in server_order]

    def rank(item: Any, keys: list[Any]) -> int:
        key = _key_of(item, merge_key)
        return keys.index(key) if key in keys else -1

    named = [item for item in merged if rank(item, wanted) >= 0]
    others = [item for item in merged if rank(item, wanted) < 0]
    named.sort(key=lambda item: rank(item, wanted))
    others.sort(key=lambda item: rank(item, server) if rank(item, server) >= 0 else len(server))
    woven: list[Any] = []
    while named and others:
        left, right = rank(others[0], server), rank(named[0], server)
        before = left >= 0 and right >= 0 and left < right
        woven.append((others if before else named).pop(0))
    return [*woven, *others, *named]


def _key_of(item: Any, merge_key: str) -> Any:
    if not merge_key:
        return item
    if not isinstance(item, dict):
        raise PatchError("expected a map in a list of maps", status=500)
    if merge_key not in item:
        raise PatchError(
            f"map: {item} does not contain declared merge key: {merge_key}", status=500
        )
    return item[merge_key]


def _distinct(items: list[Any]) -> list[Any]:
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _without_directives(value: Any) -> tuple[bool, Any]:
    """Return whether *value* is to be kept, and what remains of it."""
    if isinstance(value, dict):
        if _PATCH in value:
            return False, None
        parts = {key: _without_directives(item) for key, item in value.items()}
        return True, {key: item for key, (kept, item) in parts.items() if kept}
    if isinstance(value, list):
        items = [_without_directives(item) for item in value]
        return True, [item for kept, item in items if kept]
    return True, value
