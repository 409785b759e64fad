"""
What a sync would change, as lines for people and as a document for scripts.

Laws:
1. One field is one line, but for texts of several lines, which are shown line by line.
2. The line of a field starts with its sign: `+` comes, `-` goes, `~` becomes another.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from kubefedctl.model.changes import Comparison, FieldChange, ObjectChanges, SharedChange
from kubefedctl.model.events import counted
from kubefedctl.model.refs import Object

_SIGNS = ("+", "-", "~")
_INDENT = "    "
_LONGEST = 100
_LEAD_IN = 30
_MOST_NAMED = 8
_CONTEXT = 1


def comparison_lines(comparison: Comparison) -> list[str]:
    """Return a block for each object that differs, and one sentence on the whole."""
    lines = []
    for found in comparison.objects:
        lines.append(str(found.subject))
        for change in found.changes:
            lines += _change_lines(change, found)
        lines.append("")
    return [*lines, comparison_sentence(comparison)]


def sign_of(line: str) -> str:
    """
    Return the sign that a line of `comparison_lines` starts with, with what stands before it.

    >>> sign_of("    ~ spec.replicas: 1 -> 2"), sign_of("  update in c1")
    ('    ~', '')
    """
    bare = line.lstrip(" ")
    is_signed = line.startswith(_INDENT) and bare[:1] in _SIGNS and bare[1:2] in ("", " ")
    return line[: len(line) - len(bare) + 1] if is_signed else ""


def comparison_as_object(comparison: Comparison) -> Object:
    """Return the same as a document."""
    return {
        "apiVersion": "kubefedctl.io/v1",
        "kind": "FederationDiff",
        "differs": comparison.differs,
        "federatedObjects": comparison.looked_at,
        "objects": [
            {
                "object": str(found.subject),
                "clusters": list(found.clusters),
                "changes": [_change_as_object(change) for change in found.changes],
            }
            for found in comparison.objects
        ],
    }


def _change_lines(change: SharedChange, found: ObjectChanges) -> Iterator[str]:
    detail = f": {change.detail}" if change.detail else ""
    yield f"  {change.deed} in {describe_clusters(change.clusters, found.clusters)}{detail}"
    for field in change.fields:
        yield from field_lines(field)


def describe_clusters(clusters: tuple[str, ...], asked: tuple[str, ...]) -> str:
    """Return the names of the clusters, or of most of many those that are not among them."""
    if len(clusters) == 1:
        return f"{clusters[0]} alone" if len(asked) > 1 else clusters[0]
    others = tuple(name for name in asked if name not in clusters)
    if len(clusters) > _MOST_NAMED and len(others) <= _MOST_NAMED:
        excepted = f" but {', '.join(others)}" if others else ""
        return f"all {len(asked)} clusters{excepted}"
    number = f"{len(clusters)} of {len(asked)}" if others else "all"
    return f"{number} clusters: {', '.join(clusters)}"


def field_lines(change: FieldChange) -> Iterator[str]:
    """Yield the lines about one field, each with its sign."""
    old, new = change.old, change.new
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        yield f"{_INDENT}~ {change.field}:"
        yield from (f"{_INDENT}  {line}" for line in _text_lines(old, new))
    elif old is None:
        yield f"{_INDENT}+ {change.field}: {_show(new, change)}"
    elif new is None:
        yield f"{_INDENT}- {change.field}: {_show(old, change)}"
    else:
        start = _first_difference(_dump(old, change), _dump(new, change))
        one, other = (_show(value, change, start=start) for value in (old, new))
        yield f"{_INDENT}~ {change.field}: {one} -> {other}"


def _text_lines(old: str, new: str) -> Iterator[str]:
    """The lines in which two texts differ, with one line around them."""
    lines = list(difflib.unified_diff(old.split("\n"), new.split("\n"), n=_CONTEXT, lineterm=""))
    for line in lines[2:]:
        yield line if line.startswith("@@") else f"{line[0]} {line[1:]}".rstrip()


def _dump(value: Any, change: FieldChange) -> str:
    return str(value) if change.is_hidden else json.dumps(value, sort_keys=True, default=str)


def _show(value: Any, change: FieldChange, *, start: int = 0) -> str:
    """The value on one line; of a long one the part from *start* on, where it becomes another."""
    text = _dump(value, change)
    if len(text) <= _LONGEST:
        return text
    begin = max(0, start - _LEAD_IN)
    shown = text[begin : begin + _LONGEST]
    return f"{'...' if begin else ''}{shown}{'...' if begin + _LONGEST < len(text) else ''}"


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def comparison_sentence(comparison: Comparison) -> str:
    """Return one sentence on the whole."""
    objects = counted(comparison.looked_at, "federated object")
    if not comparison.differs:
        return f"{objects}: a sync would change nothing"
    names = {
        name for found in comparison.objects for change in found.changes for name in change.clusters
    }
    differing = counted(len(comparison.objects), "object")
    return f"{objects}: a sync would change {differing} in {counted(len(names), 'cluster')}"


def _change_as_object(change: SharedChange) -> Object:
    made: Object = {"action": change.deed, "clusters": list(change.clusters)}
    if change.detail:
        made["detail"] = change.detail
    if change.fields:
        made["fields"] = [_field_as_object(found) for found in change.fields]
    return made


def _field_as_object(change: FieldChange) -> Object:
    made: Object = {"path": change.field}
    if change.old is not None:
        made["old"] = change.old
    if change.new is not None:
        made["new"] = change.new
    return {**made, "hidden": True} if change.is_hidden else made
