"""
JSON patch and JSON merge patch on plain objects.

Belongs here: what needs no schema. Strategic merge patch, which does, lies in
`strategic` and is exported here so that a server finds all patch types in one
place. Server-side apply is no patch of this kind: see `fields`.

Laws:

1. Arguments are never changed, and results share nothing that a caller may change.
2. Whatever is wrong with a patch becomes a `PatchError`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import jsonpatch
import jsonpointer

from kubefedctl.sandbox.strategic import PatchError, strategic_merge_patch

__all__ = ["PatchError", "json_patch", "merge_patch", "strategic_merge_patch"]

Object = dict[str, Any]

MAX_OPERATIONS = 10_000


def json_patch(obj: Object, ops: Sequence[Object]) -> Object:
    """
    Return *obj* with the RFC 6902 operations *ops* done one after the other.

    Raises:
        PatchError: *ops* is no list of operations, an operation names a path that is
            not there, a `test` fails, or the result is no object.

    Upstream: apiserver pkg/endpoints/handlers/patch.go (limit and wording).

    >>> json_patch({"a": 1}, [{"op": "add", "path": "/b", "value": 2}])
    {'a': 1, 'b': 2}
    """
    if not isinstance(ops, list) or not all(isinstance(operation, dict) for operation in ops):
        raise PatchError("error decoding patch: a JSON patch is a list of operations")
    if len(ops) > MAX_OPERATIONS:
        raise PatchError(
            f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(ops)}",
            status=413,
        )
    try:
        patched = jsonpatch.JsonPatch(ops).apply(copy.deepcopy(obj))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise PatchError(f"error applying patch: {error}", status=422) from error
    except (TypeError, KeyError, ValueError, IndexError, AttributeError) as error:
        raise PatchError(f"error applying patch: {error}", status=422) from error
    if not isinstance(patched, dict):
        raise PatchError("error applying patch: the result is not an object", status=422)
    return copy.deepcopy(patched)


def merge_patch(obj: Object, patch: Object) -> Object:
    """
    Return *obj* merged with *patch* as RFC 7386 defines it.

    >>> merge_patch({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, dict):
        raise PatchError("error decoding patch: a merge patch is an object")
    merged: Object = _merged(obj, patch)
    return merged


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged
