"""
What an apply takes away where ownership of fields was handed over in a dry run, which kept nothing.

The server goes by the owners that it knows, and leaves fields that a real apply would drop.
"""

from __future__ import annotations

import json
from typing import Any

from kubefedctl.model.objects import FIELD_MANAGER, map_at, owners_of, text_at
from kubefedctl.model.refs import Object


def drop_left(before: Object, answer: Object) -> Object:
    """
    Return *answer* without the fields that nobody owns any more.

    Args:
        before: The object with its owners as they would stand.
        answer: What the server made of an apply, with our own fields as they would stand.
    """
    owned, others = _split_owners(before)
    kept = _unite(_split_owners(answer)[0], others)
    dropped: Object = _drop(answer, owned, kept)
    return dropped


def _split_owners(obj: Object) -> tuple[Object, Object]:
    """The fields that our apply owns, and those of all others."""
    owned: Object = {}
    others: Object = {}
    for entry in owners_of(obj):
        fields = dict(map_at(entry, "fieldsV1"))
        is_ours = (text_at(entry, "manager"), text_at(entry, "operation")) == (
            FIELD_MANAGER,
            "Apply",
        )
        if is_ours:
            owned = _unite(owned, fields)
        else:
            others = _unite(others, fields)
    return owned, others


def _unite(one: Object, other: Object) -> Object:
    united = dict(one)
    for name, below in other.items():
        united[name] = _unite(united[name], below) if name in united else below
    return united


def _drop(value: Any, owned: Object, kept: Object) -> Any:
    """*value* without what is in *owned* and not in *kept*."""
    for name, below in owned.items():
        if name in kept and not (below and kept[name]):
            continue
        child = kept.get(name)
        if name.startswith("f:") and isinstance(value, dict) and name[2:] in value:
            rest = {k: v for k, v in value.items() if k != name[2:]}
            if child is None:
                value = rest
            else:
                value = {**value, name[2:]: _drop(value[name[2:]], below, child)}
        elif name.startswith(("k:", "v:")) and isinstance(value, list):
            found = [(each, _is_named(each, name)) for each in value]
            value = [
                _drop(each, below, child) if is_it and child is not None else each
                for each, is_it in found
                if not is_it or child is not None
            ]
    return value


def _is_named(item: Any, name: str) -> bool:
    """Whether an item of a list is the one that a step of a field's path names."""
    try:
        wanted = json.loads(name[2:])
    except (ValueError, RecursionError):
        return False
    if name.startswith("v:"):
        return bool(item == wanted)
    if not (isinstance(item, dict) and isinstance(wanted, dict)):
        return False
    return all(item.get(k) == v for k, v in wanted.items())
