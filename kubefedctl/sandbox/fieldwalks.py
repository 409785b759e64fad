"""
Walks along objects and their schema: their fields, their differences, merging, removing.

Belongs here: the four walks server-side apply is made of. Not here: whose the fields
are (`fields`). Arguments are never changed; results may share parts with them.

Upstream: structured-merge-diff typed/{tofieldset,compare,merge,remove,reconcile_schema}.go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kubefedctl.sandbox.fieldsets import (
    FieldSet,
    Path,
    Tree,
    field_element,
    make_tree,
    show_element,
)
from kubefedctl.sandbox.fieldtypes import (
    FieldType,
    Shape,
    TypedError,
    element_of,
    is_declared,
    shape_of,
    type_at,
    type_of_field,
    type_of_items,
)
from kubefedctl.sandbox.schemas import Schema

Object = dict[str, Any]


class _Absent:
    """No value, where None is the value null."""


ABSENT: Final = _Absent()


def fields_of(value: Any, schema: FieldType) -> FieldSet:
    """Return every leaf of *value*, the items of its lists and the keys of its maps."""
    fields: set[Path] = set()
    _collect(value, schema, (), fields=fields)
    return frozenset(fields)


def _collect(value: Any, schema: FieldType, path: Path, *, fields: set[Path]) -> None:
    shape = shape_of(schema, value)
    if shape is Shape.LEAF:
        _insert(fields, path)
    elif shape is Shape.MAP and isinstance(value, dict):
        for name, item in value.items():
            below = (*path, field_element(name))
            _collect(item, type_of_field(schema, name), below, fields=fields)
            if item is None or item == {} or not is_declared(schema, name):
                fields.add(below)
    elif isinstance(value, list) and isinstance(schema, Schema):
        for element, items in _indexed(value, schema).items():
            below = (*path, element)
            fields.add(below)
            if len(items) == 1:
                _collect(items[0], schema.items, below, fields=fields)


def _insert(fields: set[Path], path: Path) -> None:
    if path:
        fields.add(path)


def _indexed(items: Sequence[Any], schema: Schema) -> dict[str, list[Any]]:
    """Return the items of an associative list by element; items that have none are left out."""
    indexed: dict[str, list[Any]] = {}
    for item in items:
        try:
            indexed.setdefault(element_of(schema, item), []).append(item)
        except TypedError:
            continue
    return indexed


@dataclass(slots=True)
class Comparison:
    """What changed between two objects; no path is in more than one of the sets."""

    removed: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    added: set[Path] = field(default_factory=set)

    def without(self, roots: Sequence[Path]) -> Comparison:
        """Return the comparison without what lies at or below *roots*."""
        return Comparison(*(_filtered(part, roots) for part in self._parts()))

    def _parts(self) -> tuple[set[Path], set[Path], set[Path]]:
        return self.removed, self.modified, self.added


def _filtered(fields: set[Path], roots: Sequence[Path]) -> set[Path]:
    return {path for path in fields if not any(path[: len(root)] == root for root in roots)}


def compare(left: Any, right: Any, schema: FieldType) -> Comparison:
    """Return what is removed, modified and added on the way from *left* to *right*."""
    comparison = Comparison()
    _compare(left, right, schema, (), found=comparison)
    return comparison


def _compare(left: Any, right: Any, schema: FieldType, path: Path, *, found: Comparison) -> None:
    if left is right:
        return
    value = left if right is ABSENT else right
    shape = shape_of(schema, value)
    if left is not ABSENT and right is not ABSENT and shape_of(schema, left) is not shape:
        _compare_as(shape_of(schema, left), left, right, schema=schema, path=path, found=found)
    is_leaf = _compare_as(shape, left, right, schema=schema, path=path, found=found)
    if not is_leaf and path:
        if left is ABSENT:
            found.added.add(path)
        elif right is ABSENT:
            found.removed.add(path)


def _compare_as(
    shape: Shape, left: Any, right: Any, *, schema: FieldType, path: Path, found: Comparison
) -> bool:
    """Compare values seen as *shape*; return whether they were compared as a whole."""
    if shape is Shape.MAP:
        old_map = left if isinstance(left, dict) else {}
        new_map = right if isinstance(right, dict) else {}
        if old_map or new_map:
            _compare_maps(old_map, new_map, schema, path, found=found)
            return False
    if shape is Shape.LIST and isinstance(schema, Schema):
        old_list = left if isinstance(left, list) else []
        new_list = right if isinstance(right, list) else []
        if old_list or new_list:
            _compare_lists(old_list, new_list, schema, path, found=found)
            return False
    _compare_leaves(left, right, path, found=found)
    return True


def _compare_maps(
    left: Object, right: Object, schema: FieldType, path: Path, *, found: Comparison
) -> None:
    for name in [*left, *(name for name in right if name not in left)]:
        below = (*path, field_element(name))
        child = type_of_field(schema, name)
        _compare(left.get(name, ABSENT), right.get(name, ABSENT), child, below, found=found)


def _compare_leaves(left: Any, right: Any, path: Path, *, found: Comparison) -> None:
    if not path:
        return
    if left is ABSENT:
        found.added.add(path)
    elif right is ABSENT:
        found.removed.add(path)
    elif left != right or isinstance(left, bool) is not isinstance(right, bool):
        found.modified.add(path)


def _compare_lists(
    left: list[Any], right: list[Any], schema: Schema, path: Path, *, found: Comparison
) -> None:
    lefts, rights = _indexed(left, schema), _indexed(right, schema)
    for element in [*lefts, *(element for element in rights if element not in lefts)]:
        below = (*path, element)
        olds, news = lefts.get(element, []), rights.get(element, [])
        old, new = (items[0] if items else ABSENT for items in (olds, news))
        if len(olds) <= 1 and len(news) <= 1:
            _compare(old, new, schema.items, below, found=found)
        elif len(olds) >= 2 and len(news) >= 2:
            if olds != news:
                found.modified.add(below)
        elif len(olds) >= 2:
            if new is not ABSENT:
                _compare(ABSENT, new, schema.items, below, found=found)
            found.removed.add(below)
        else:
            if old is not ABSENT:
                _compare(old, ABSENT, schema.items, below, found=found)
            found.added.add(below)


def merge(live: Any, applied: Any, schema: FieldType) -> Any:
    """
    Return *live* overlaid with *applied*; nothing is removed.

    Items of associative lists are merged by key, in the order of *applied* where it
    names them.
    """
    if applied is ABSENT or live is ABSENT:
        return live if applied is ABSENT else applied
    shape = shape_of(schema, applied)
    if shape is Shape.MAP:
        return _merge_maps(live, applied, schema)
    if shape is Shape.LIST and isinstance(schema, Schema):
        lefts = live if isinstance(live, list) else []
        rights = applied if isinstance(applied, list) else []
        if lefts or rights:
            return _merge_lists(lefts, rights, schema)
    return applied


def _merge_maps(live: Any, applied: Any, schema: FieldType) -> Any:
    left = live if isinstance(live, dict) else {}
    right = applied if isinstance(applied, dict) else {}
    if not left and not right:
        return applied
    merged = dict(left)
    for name, item in right.items():
        merged[name] = merge(left.get(name, ABSENT), item, type_of_field(schema, name))
    return merged


def _merge_lists(left: list[Any], right: list[Any], schema: Schema) -> list[Any]:
    """
    Return the items of both lists, those of *right* merged into those of *left*.

    Items of *left* alone stay where they are between the shared ones; the shared ones
    come in the order of *right*.
    """
    lefts = [(element_of(schema, item), item) for item in left]
    rights: dict[str, Any] = {}
    for item in right:
        element = element_of(schema, item)
        if element in rights:
            raise TypedError(f"duplicate entries for key {show_element(element)}")
        rights[element] = item
    once = _indexed(left, schema)

    def merged_item(element: str) -> Any:
        old = once.get(element, [])
        # NB: repeated items of the live object are not merged with the applied one.
        return merge(old[0], rights[element], schema.items) if len(old) == 1 else rights[element]

    merged = []
    for element, item in _weave(lefts, list(rights)):
        merged.append(merged_item(element) if element in rights else item)
    return merged


def _weave(lefts: list[tuple[str, Any]], order: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield the items of the left list and the elements of the right one in merged order."""
    known, wanted = {element for element, _ in lefts}, set(order)
    shared = deque(element for element in order if element in known)
    done: set[str] = set()
    lpos = rpos = 0
    while lpos < len(lefts) or rpos < len(order):
        element, item = lefts[lpos] if lpos < len(lefts) else ("", None)
        if lpos < len(lefts) and element not in wanted:
            lpos += 1
            yield element, item
        elif lpos < len(lefts) and rpos < len(order) and _is_later(element, order[rpos], shared):
            lpos += 1
        elif rpos < len(order):
            chosen, rpos = order[rpos], rpos + 1
            lpos += element == chosen or element in done
            if shared and shared[0] == chosen:
                shared.popleft()
            done.add(chosen)
            yield chosen, None
        else:
            lpos += 1


def _is_later(element: str, following: str, shared: deque[str]) -> bool:
    """Return whether a shared item of the left list is not the one whose turn it is."""
    return element != following and bool(shared) and shared[0] != element


def remove_fields(value: Any, fields: FieldSet, schema: FieldType) -> Any:
    """Return *value* without *fields*; a map or list that is left empty becomes null."""
    return _removed(value, make_tree(fields), schema) if fields else value


def _removed(value: Any, tree: Tree, schema: FieldType) -> Any:
    shape = shape_of(schema, value)
    if shape is Shape.MAP and isinstance(value, dict):
        kept_fields: Object = {}
        for name, item in value.items():
            element = field_element(name)
            if element not in tree.members:
                below = tree.children.get(element)
                child = type_of_field(schema, name)
                kept_fields[name] = _removed(item, below, child) if below else item
        return kept_fields or None
    if shape is Shape.LIST and isinstance(value, list) and isinstance(schema, Schema):
        kept_items: list[Any] = []
        for item in value:
            element = element_of(schema, item)
            if element not in tree.members:
                below = tree.children.get(element)
                kept_items.append(_removed(item, below, type_of_items(schema)) if below else item)
        return kept_items or None
    return value


def reconciled(fields: FieldSet, schema: FieldType) -> FieldSet:
    """
    Return *fields* where what became atomic since they were recorded is owned as a whole.

    Upstream: a type that became granular keeps the owner of the whole, likewise here.
    """
    if schema is None:
        return fields
    return frozenset(_up_to_atomic(path, schema) for path in fields)


def _up_to_atomic(path: Path, schema: FieldType) -> Path:
    for depth, element in enumerate(path):
        if not isinstance(schema, Schema):
            return path
        kind = schema.type
        atomic = schema.is_free_form or (kind == "object" and schema.is_atomic_map)
        if depth and (atomic or (kind == "array" and schema.list_type == "atomic")):
            return path[:depth]
        schema = type_at(schema, element)
    return path
