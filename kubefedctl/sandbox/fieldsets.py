"""
Sets of field paths: the contents of a managedFields entry.

Belongs here: the algebra of paths and their JSON form, FieldsV1. Not here: which
fields an object has (`fieldwalks`), who owns them (`fields`).

A path is a tuple of elements, and an element is the string FieldsV1 writes for it:
`f:name` a field, `k:{"name":"web"}` the item of a list by its keys, `v:"x"` the item of
a set by its value, `i:0` by its index. Keys and values are in one canonical form, so
equal elements are equal strings.

Upstream: structured-merge-diff fieldpath/{element,path,set,serialize,serialize-pe}.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

Object = dict[str, Any]
Path = tuple[str, ...]
FieldSet = frozenset[Path]

EMPTY: FieldSet = frozenset()
_RANKS = {"f": 0, "k": 1, "v": 2, "i": 3}
_ESCAPES = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


class Tree:
    """A field set as a tree, for walking down beside an object."""

    __slots__ = ("children", "members")

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.children: dict[str, Tree] = {}


def make_tree(fields: Iterable[Path]) -> Tree:
    """Return *fields* as a tree."""
    root = Tree()
    for path in fields:
        node = root
        for element in path[:-1]:
            node = node.children.setdefault(element, Tree())
        node.members.add(path[-1])
    return root


def field_element(name: str) -> str:
    """Return the element of the field *name*."""
    return f"f:{name}"


def key_element(keys: Object) -> str:
    """
    Return the element of a list item with these keys.

    >>> key_element({"protocol": "TCP", "containerPort": 80.0})
    'k:{"containerPort":80,"protocol":"TCP"}'
    """
    return f"k:{_canonical(keys)}"


def value_element(value: Any) -> str:
    """Return the element of the set item *value*."""
    return f"v:{_canonical(value)}"


def _canonical(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_ESCAPES)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def from_json(fields: Any) -> FieldSet:
    """
    Return the set that FieldsV1 writes as *fields*.

    Raises:
        ValueError: It is no FieldsV1 document.

    >>> sorted(from_json({"f:a": {".": {}, "f:b": {}}}))
    [('f:a',), ('f:a', 'f:b')]
    """
    return frozenset(_read(fields, ()))


def _read(node: Any, prefix: Path) -> Iterator[Path]:
    if not isinstance(node, dict):
        raise ValueError(f"expected an object, got {node!r}")
    for text, child in node.items():
        if text == ".":
            if prefix:
                yield prefix
            continue
        path = (*prefix, _parse_element(text))
        if child:
            yield from _read(child, path)
        else:
            yield path


def _parse_element(text: str) -> str:
    kind, colon, rest = text[:1], text[1:2], text[2:]
    if colon != ":" or kind not in _RANKS:
        raise ValueError(f"unknown path element type: {text}")
    if kind == "f":
        return text
    if kind == "i":
        return f"i:{int(rest)}"
    parsed = json.loads(rest)
    if kind == "k" and not isinstance(parsed, dict):
        raise ValueError(f"keys of a list item are an object: {text}")
    return f"{kind}:{_canonical(parsed)}"


def to_json(fields: FieldSet) -> Object:
    """
    Return *fields* in the form of FieldsV1.

    >>> to_json(frozenset({("f:a",), ("f:a", "f:b")}))
    {'f:a': {'.': {}, 'f:b': {}}}
    """
    return _write(make_tree(fields), is_member=False)


def _write(tree: Tree, *, is_member: bool) -> Object:
    written: Object = {".": {}} if is_member else {}
    for element in sorted({*tree.members, *tree.children}, key=order_of):
        child = tree.children.get(element)
        written[element] = _write(child, is_member=element in tree.members) if child else {}
    return written


def order_of(element: str) -> tuple[int, str]:
    """Return what elements are sorted by: fields, then keys, values and indices."""
    return _RANKS[element[0]], element[2:]


def walk_paths(fields: FieldSet) -> list[Path]:
    """Return the paths in upstream's order: the members of a level before what lies below."""

    def walk(tree: Tree, prefix: Path) -> Iterator[Path]:
        for element in sorted(tree.members, key=order_of):
            yield (*prefix, element)
        for element in sorted(tree.children, key=order_of):
            yield from walk(tree.children[element], (*prefix, element))

    return list(walk(make_tree(fields), ()))


def show_path(path: Path) -> str:
    """
    Return *path* as conflicts name it.

    >>> show_path(("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:name"))
    '.spec.ports[port=80,protocol="TCP"].name'
    """
    return "".join(show_element(element) for element in path)


def show_element(element: str) -> str:
    """Return one element of a path as errors name it."""
    kind, rest = element[0], element[2:]
    if kind == "f":
        return f".{rest}"
    if kind == "i":
        return f"[{rest}]"
    if kind == "v":
        return f"[={_show_value(json.loads(rest))}]"
    keys = json.loads(rest)
    return "[" + ",".join(f"{name}={_show_value(keys[name])}" for name in sorted(keys)) + "]"


def _show_value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def without_subtrees(fields: FieldSet, roots: Iterable[Path]) -> FieldSet:
    """Return *fields* without the paths of *roots* and all below them."""
    doomed = set(roots)
    if not doomed:
        return fields
    lengths = sorted({len(root) for root in doomed})
    return frozenset(
        path for path in fields if not any(path[:length] in doomed for length in lengths)
    )
