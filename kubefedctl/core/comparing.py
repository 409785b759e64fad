"""
What differs between a member's object as it stands and as it would be, for people to read.

Here: finding the fields, items of lists by what they are called, without what API servers keep for
themselves and without secrets. Not here: what the object would be (`merging`), and telling the same
of several clusters once (`folding`).

Laws:
1. Applied to the old object, the changes give the new one.
2. A field that is null and one that is missing are the same.
3. Of what holds secrets, type, name and labels alone are shown; fingerprints stand for the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from kubefedctl.core.concealing import holds_secrets
from kubefedctl.core.differences import fingerprint
from kubefedctl.model.changes import FieldChange
from kubefedctl.model.objects import kind_of, map_at
from kubefedctl.model.refs import Object

ItemKey: TypeAlias = tuple[str, Any]
Path: TypeAlias = tuple[str | int | ItemKey, ...]
ANY = object()
"""Instead of what one item is called, all of them: the change is one of their order."""
_KEYS = ("name", "key", "mountPath", "containerPort", "port", "ip", "host", "path", "type")
_SERVERS_OWN = frozenset(
    {
        "managedFields",
        "resourceVersion",
        "uid",
        "generation",
        "creationTimestamp",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "name",
        "namespace",
    }
)
_NOT_TOLD = frozenset({"apiVersion", "kind", "status", "metadata"})
_SHOWN_OF_SECRETS = frozenset({"type", "immutable"})
_PLAIN = re.compile(r"[A-Za-z_][-A-Za-z0-9_]*")


def compare(old: Object | None, new: Object | None, *, key: bytes) -> tuple[FieldChange, ...]:
    """
    Return the fields in which two states of one object differ.

    Args:
        old: The object as it stands; None for none.
        new: The object as it would be; None for none.
        key: Key of the fingerprints, random and made anew for each run.

    >>> compare({"data": {"a": "1"}}, {"data": {"a": "2"}}, key=b"")
    (FieldChange(field='data.a', old='1', new='2', is_hidden=False),)
    """
    is_secret = holds_secrets(kind_of(new or old or {}))
    return tuple(
        _conceal(path, before, after, key)
        if is_secret and _is_hidden(path)
        else FieldChange(describe_path(path), before, after)
        for path, before, after in _walk((), comparable(old), comparable(new))
    )


def differs(old: Object, new: Object) -> bool:
    """
    Return whether two states of one object differ in anything that `compare` would tell.

    >>> differs({"data": {"a": "1"}}, {"data": {"a": "1", "b": None}, "status": {}})
    False
    """
    return next(_walk((), comparable(old), comparable(new)), None) is not None


def comparable(obj: Object | None) -> Object:
    """
    Return *obj* without its name and without what API servers keep for themselves.

    >>> comparable({"kind": "A", "metadata": {"name": "a", "uid": "1"}, "status": {}, "spec": {}})
    {'spec': {}}
    """
    if obj is None:
        return {}
    metadata = {k: v for k, v in map_at(obj, "metadata").items() if k not in _SERVERS_OWN}
    kept = {name: value for name, value in obj.items() if name not in _NOT_TOLD}
    return {**kept, "metadata": metadata} if metadata else kept


def describe_path(path: Path) -> str:
    """
    Return a path as people read it.

    >>> describe_path(("spec", "containers", ("name", "web"), "args", 0))
    'spec.containers[name="web"].args[0]'
    """
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif isinstance(step, tuple) and step[1] is ANY:
            text += f"[*].{step[0]}"
        elif isinstance(step, tuple):
            text += f"[{step[0]}={json.dumps(step[1])}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def find_item_key(*lists: Sequence[Any]) -> str | None:
    """
    Return the field that tells the items of all these lists apart; None where there is none.

    >>> find_item_key([{"name": "a"}], [{"name": "b"}, {"name": "c"}])
    'name'
    """
    for name in _KEYS:
        if all(_tells_apart(name, items) for items in lists):
            return name
    return None


def _tells_apart(name: str, items: Sequence[Any]) -> bool:
    values = [item.get(name) if isinstance(item, Mapping) else None for item in items]
    is_plain = all(isinstance(v, str | int) and not isinstance(v, bool) for v in values)
    return is_plain and len({json.dumps(v) for v in values}) == len(values)


def _walk(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    if _is_same(old, new):
        return
    if _are(Mapping, old, new):
        before, after = old or {}, new or {}
        for name in sorted({*before, *after}, key=str):
            yield from _walk((*path, str(name)), before.get(name), after.get(name))
        if path and not before and not after and (old is None or new is None):
            yield path, old, new
    elif _are(list, old, new):
        yield from _walk_lists(path, old, new)
    else:
        yield path, old, new


def _walk_lists(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Compare item by item, by what items are called where that tells them apart."""
    name = find_item_key(old or [], new or [])
    if name is not None and (old or new):
        before = {item[name]: item for item in old or []}
        after = {item[name]: item for item in new or []}
        called = [*before, *(one for one in after if one not in before)]
        for one in called:
            yield from _walk_item((*path, (name, one)), before.get(one), after.get(one))
        if [one for one in called if one in after] != list(after):
            yield (*path, (name, ANY)), list(before), list(after)
        return
    if old and new and len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            # NB: null is a value in a list
            pair = [((*path, at), one, other)] if None in (one, other) and one != other else None
            yield from pair or _walk((*path, at), one, other)
    elif old or new or (old is None) is not (new is None):
        yield path, old, new


def _walk_item(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any, Any]]:
    """An item that goes does so as a whole; of one that comes, each field but its name is told."""
    step = path[-1]
    assert isinstance(step, tuple)
    if new is None:
        yield path, old, new
    elif old is None:
        rest = {name: value for name, value in new.items() if name != step[0]}
        found = list(_walk(path, None, rest))
        yield from found if rest and len(found) > 1 else [(path, old, new)]
    else:
        yield from _walk(path, old, new)


def _are(wanted: type, old: Any, new: Any) -> bool:
    """Whether both are of a type, or one is and the other is missing."""
    return all(value is None or isinstance(value, wanted) for value in (old, new))


def _is_same(old: Any, new: Any) -> bool:
    """NB: to Python, True is 1; to an API server it is not."""
    if isinstance(old, dict | list) or isinstance(old, bool) is not isinstance(new, bool):
        return False
    return bool(old == new)


def _is_hidden(path: Path) -> bool:
    if path[0] == "metadata":
        return len(path) > 1 and path[1] == "annotations"
    return path[0] not in _SHOWN_OF_SECRETS


def _conceal(path: Path, old: Any, new: Any, key: bytes) -> FieldChange:
    one, other = (None if v is None else fingerprint(v, key=key) for v in (old, new))
    return FieldChange(describe_path(path), one, other, is_hidden=True)
