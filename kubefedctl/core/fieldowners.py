"""
Who owns which fields of a member's object: `metadata.managedFields`.

Server-side apply takes a field away when its last owner no longer applies it. KubeFed's controllers
and every create or replace of ours own fields as an *update* does, which apply does not look at,
and what stood there before keeps its first owner. So before the first apply, ownership is handed
over.

Here: reading and rewriting managedFields. Not here: what is applied (`applying`).

Laws:
1. A field that a member's own controllers look after (annotations, finalizers, status, what the API
   server allocates) changes no owner.
2. What somebody wrote after the last propagation stays theirs.

Upstream: k8s.io/client-go/util/csaupgrade does the same for kubectl. Unlike there, the former owner
is not known by name, but as the one who set KubeFed's label; and owners from before the last full
update lose what that update has confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from kubefedctl.model.objects import (
    FIELD_MANAGER,
    MANAGED_LABEL,
    kind_of,
    map_at,
    owners_of,
    text_at,
    value_at,
)
from kubefedctl.model.refs import Object

FieldTree: TypeAlias = dict[str, Any]
"""FieldsV1: nested maps whose keys are `f:name`, `k:{...}`, `v:...`, `i:0` and `.`."""

_LABEL = ("f:metadata", "f:labels", f"f:{MANAGED_LABEL}")
_KEPT_IN_METADATA = "f:labels"
_ALLOCATED = {
    "Service": (
        ("f:spec", "f:clusterIP"),
        ("f:spec", "f:clusterIPs"),
        ("f:spec", "f:healthCheckNodePort"),
        ("f:spec", "f:ports", "*", "f:nodePort"),
    ),
    "ServiceAccount": (("f:secrets",),),
}
_REPLICAS = ("f:spec", "f:replicas")
_MOST_FIELDS_TOLD = 3


@dataclass(frozen=True, slots=True)
class Takeover:
    """
    Fields that somebody else owned until an apply set them.

    Args:
        manager: Who owned them.
        fields: Their paths, sorted.
    """

    manager: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        told = ", ".join(self.fields[:_MOST_FIELDS_TOLD])
        more = len(self.fields) - _MOST_FIELDS_TOLD
        return f"{told}{f' and {more} more' if more > 0 else ''} from {self.manager}"


def needs_handover(observed: Object) -> bool:
    """Return whether the one who propagated *observed* did so by an update, not by an apply."""
    return any(_is_propagation(entry) for entry in owners_of(observed))


def hand_over(observed: Object, *, keeps_replicas: bool, is_adopted: bool = False) -> list[Object]:
    """
    Return the managedFields of *observed* with all that was propagated owned by our apply.

    Args:
        observed: A member's object for which `needs_handover` holds.
        keeps_replicas: Whether `spec.replicas` belongs to the member.
        is_adopted: Whether it was adopted just now, so that all others were there before.
    """
    entries = owners_of(observed)
    last = max(text_at(found, "time") for found in entries if _is_propagation(found))
    is_new = not is_adopted and last == text_at(observed, "metadata", "creationTimestamp")
    version = next(
        text_at(found, "apiVersion")
        for found in reversed(entries)
        if _is_propagation(found) and text_at(found, "time") == last
    )
    exempt = _exemptions(observed, keeps_replicas=keeps_replicas)
    ours: FieldTree = {}
    others: list[Object] = []
    for entry in entries:
        fields = dict(map_at(entry, "fieldsV1"))
        if text_at(entry, "subresource") or text_at(entry, "apiVersion") != version:
            others.append(entry)
        elif _is_ours(entry) or _is_propagation(entry):
            ours = unite(ours, fields)
        elif _came_before(entry, last, is_new=is_new):
            moved, kept = split(fields, exempt=exempt)
            ours = unite(ours, moved)
            if kept:
                others.append({**entry, "fieldsV1": kept})
        else:
            others.append(entry)
    own = {
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": version,
        "time": last,
        "fieldsType": "FieldsV1",
        "fieldsV1": ours,
    }
    return [own, *(entry for entry in others if not _is_propagation(entry))]


def is_own_apply(entry: Object) -> bool:
    """Return whether an entry of managedFields is that of our apply."""
    return _is_ours(entry) and text_at(entry, "operation") == "Apply"


def find_takeovers(before: Object, after: Object) -> tuple[Takeover, ...]:
    """
    Return which fields changed their owner from others to us between two states of one object.

    An autoscaler owns replicas by way of the subresource `scale`, so subresources count.

    Args:
        before: The object before our apply.
        after: What the API server answered to it.
    """
    mine = _owned_by_us(after)
    left = {_owner(entry): map_at(entry, "fieldsV1") for entry in owners_of(after)}
    found: dict[str, set[str]] = {}
    for entry in owners_of(before):
        if _is_ours(entry):
            continue
        lost = _minus(dict(map_at(entry, "fieldsV1")), dict(left.get(_owner(entry), {})))
        paths = {_show(path) for path in _leaves(lost) if _has(mine, path)}
        if paths:
            found.setdefault(text_at(entry, "manager"), set()).update(paths)
    return tuple(Takeover(manager, tuple(sorted(found[manager]))) for manager in sorted(found))


def unite(one: FieldTree, other: FieldTree) -> FieldTree:
    """
    Return all fields of both.

    >>> unite({"f:a": {}}, {"f:a": {".": {}}, "f:b": {}})
    {'f:a': {'.': {}}, 'f:b': {}}
    """
    united = dict(one)
    for name, below in other.items():
        united[name] = unite(united[name], below) if name in united else below
    return united


def split(fields: FieldTree, *, exempt: Sequence[tuple[str, ...]]) -> tuple[FieldTree, FieldTree]:
    """
    Return the fields that change their owner, and those that stay.

    Args:
        fields: What somebody owns.
        exempt: Paths that stay; `*` is any one step.

    >>> split({"f:spec": {"f:a": {}, "f:b": {}}}, exempt=[("f:spec", "f:b")])
    ({'f:spec': {'f:a': {}}}, {'f:spec': {'f:b': {}}})
    """
    moved: FieldTree = {}
    kept: FieldTree = {}
    for name, below in fields.items():
        rests = [path[1:] for path in exempt if path and path[0] in ("*", name)]
        if any(not rest for rest in rests):
            kept[name] = below
        elif not below or not rests:
            moved[name] = below
        else:
            moved_below, kept_below = split(below, exempt=rests)
            if moved_below or not kept_below:
                moved[name] = moved_below
            if kept_below:
                kept[name] = kept_below
    return moved, kept


def _exemptions(observed: Object, *, keeps_replicas: bool) -> list[tuple[str, ...]]:
    """Paths of *observed* that stay with their owners: what KubeFed retains, and the status."""
    metadata = {
        name
        for entry in owners_of(observed)
        for name in map_at(entry, "fieldsV1", "f:metadata")
        if name not in (".", _KEPT_IN_METADATA)
    }
    found: list[tuple[str, ...]] = [("f:metadata", name) for name in sorted(metadata)]
    found += [("f:status",), *_ALLOCATED.get(kind_of(observed), ())]
    return [*found, _REPLICAS] if keeps_replicas else found


def _came_before(entry: Object, last: str, *, is_new: bool) -> bool:
    """
    Whether *entry* is from before the last propagation, so that this has confirmed its fields.

    NB: times are whole seconds. In the second of the object's creation nobody was there before.
    """
    when = text_at(entry, "time")
    return bool(when) and (when < last or (when == last and not is_new))


def _is_propagation(entry: Object) -> bool:
    """Whether somebody set KubeFed's label by an update."""
    return (
        text_at(entry, "operation") == "Update"
        and not text_at(entry, "subresource")
        and value_at(entry, "fieldsV1", *_LABEL) is not None
    )


def _is_ours(entry: Object) -> bool:
    return text_at(entry, "manager") == FIELD_MANAGER


def _owner(entry: Object) -> tuple[str, ...]:
    names = ("manager", "operation", "apiVersion", "subresource")
    return tuple(text_at(entry, name) for name in names)


def _owned_by_us(obj: Object) -> FieldTree:
    fields: FieldTree = {}
    for entry in owners_of(obj):
        if is_own_apply(entry):
            fields = unite(fields, dict(map_at(entry, "fieldsV1")))
    return fields


def _minus(fields: FieldTree, others: Mapping[str, Any]) -> FieldTree:
    left: FieldTree = {}
    for name, below in fields.items():
        if name not in others:
            left[name] = below
        elif below:
            rest = _minus(below, others[name])
            if rest:
                left[name] = rest
    return left


def _leaves(fields: FieldTree, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths that end here; the mark of a parent itself counts only where it is alone."""
    for name, below in fields.items():
        if name == ".":
            if len(fields) == 1:
                yield path
        elif below:
            yield from _leaves(below, (*path, name))
        else:
            yield (*path, name)


def _has(fields: Any, path: Sequence[str]) -> bool:
    for name in path:
        if not isinstance(fields, Mapping) or name not in fields:
            return False
        fields = fields[name]
    return True


def _show(path: Sequence[str]) -> str:
    """
    Return the path as API servers write it in conflicts: `.spec.containers[name="a"].image`.

    >>> _show(("f:spec", 'k:{"name":"a"}', "f:image"))
    '.spec[{"name":"a"}].image'
    """
    return "".join(f".{step[2:]}" if step.startswith("f:") else f"[{step[2:]}]" for step in path)
