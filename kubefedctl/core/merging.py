"""
What a member's object would be after an action, as far as that can be said without asking.

A replace sends all of it. An apply is merged into what stands there, and fields that we own and no
longer ask for go. Which lists are merged item by item, and by which fields, is written in the
managedFields of the object itself: no schema is needed.

Here: that. Not here: what is sent (`applying`, `members`), and what API servers set by themselves
(`defaulting`).

Laws:
1. What others own stays, in an apply, unless it is asked for.

Upstream: sigs.k8s.io/structured-merge-diff v4, merge/update.go, for the merge itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubefedctl.core.applying import keeps_replicas
from kubefedctl.core.defaulting import settle
from kubefedctl.core.fieldowners import (
    FieldTree,
    hand_over,
    is_own_apply,
    needs_handover,
    unite,
)
from kubefedctl.model.actions import Action, ActionVerb, MemberIntent, Strategy
from kubefedctl.model.objects import MANAGED_LABEL, labels_of, map_at, owners_of, text_at
from kubefedctl.model.refs import Object

_MISSING: Any = object()


def foretell(action: Action) -> Object | None:
    """
    Return the object of *action* as it would be afterwards; None for one that would be gone.

    Raises nothing: where a cluster answers nonsense, nonsense is merged.
    """
    match action.verb:
        case ActionVerb.CREATE:
            return None if action.body is None else settle(action.body, None)
        case ActionVerb.UPDATE:
            assert action.body is not None and action.intent is not None
            return foretell_write(action.body, action.observed or {}, intent=action.intent)
        case ActionVerb.UNLABEL:
            return without_label(action.observed or {})
        case _:
            return None


def foretell_write(body: Object, observed: Object, *, intent: MemberIntent) -> Object:
    """
    Return what becomes of *observed* when *body* is written over it.

    Args:
        body: What is sent.
        observed: What stands there.
        intent: How it is written.
    """
    if intent.strategy is Strategy.REPLACE:
        return settle(body, observed)
    return settle(apply_over(body, observed, keeps=keeps_replicas(intent, observed)), observed)


def apply_over(body: Object, observed: Object, *, keeps: bool = False) -> Object:
    """
    Return *observed* with *body* applied to it by us.

    Args:
        body: What is applied.
        observed: What stands there, with its managedFields.
        keeps: Whether `spec.replicas` belongs to the member.
    """
    entries = owners_of(observed)
    if needs_handover(observed):
        entries = hand_over(observed, keeps_replicas=keeps)
    ours: FieldTree = {}
    others: FieldTree = {}
    for entry in entries:
        fields = dict(map_at(entry, "fieldsV1"))
        if is_own_apply(entry):
            ours = unite(ours, fields)
        elif text_at(entry, "subresource") != "status":
            others = unite(others, fields)
    merged = _merge(observed, body, unite(ours, others) or None)
    pruned = _prune(merged, body, ours, others)
    assert isinstance(pruned, dict)
    return pruned


def without_label(observed: Object) -> Object:
    """Return *observed* without KubeFed's label."""
    labels = {k: v for k, v in labels_of(observed).items() if k != MANAGED_LABEL}
    return {**observed, "metadata": {**map_at(observed, "metadata"), "labels": labels}}


def _merge(old: Any, new: Any, known: Any) -> Any:
    """
    *old* with *new* merged into it.

    Args:
        old: What stands there.
        new: What is applied.
        known: What managedFields say of the fields below; None for nothing, and an empty map where
            the value is one field as a whole.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        if known == {} and old:
            return new
        below = known or {}
        merged = {
            name: _merge(old.get(name), value, below.get(f"f:{name}"))
            for name, value in new.items()
        }
        return {**old, **merged}
    if isinstance(old, list) and isinstance(new, list) and known:
        return _merge_lists(old, new, known)
    return new


def _merge_lists(old: list[Any], new: list[Any], known: Mapping[str, Any]) -> list[Any]:
    """
    Merge item by item where managedFields tell items apart, else take the new list.

    What is applied keeps its order; other items stay behind those that they stood behind.
    """
    steps = [step for step in known if step[:2] in ("k:", "v:")]
    if not steps:
        return new
    named = [next((step for step in steps if _is_at(step, item)), "") for item in new]
    left, merged = list(zip(named, new, strict=True)), list[Any]()
    standing = {step: item for step in steps for item in old if _is_at(step, item)}

    def take_next() -> str:
        step, item = left.pop(0)
        merged.append(_merge(standing[step], item, known[step]) if step in standing else item)
        return step

    for item in old:
        step = next((step for step in steps if _is_at(step, item)), "")
        if not step or step not in named:
            merged.append(item)
        elif any(step == one for one, _ in left):
            while take_next() != step:
                pass
    while left:
        take_next()
    return merged


def _prune(value: Any, asked: Any, ours: FieldTree, others: FieldTree) -> Any:
    """*value* without what we own, nobody else does, and *asked* no longer names."""
    for step, below in ours.items():
        if step == "." or (found := _below(value, step)) is _MISSING:
            continue
        wanted = _below(asked, step)
        is_shared = step in others
        if wanted is not _MISSING:
            if below and isinstance(found, dict | list):
                kept = _prune(found, wanted, below, others.get(step, {}))
                value = _with(value, step, kept)
        elif not is_shared and (not below or "." in below):
            value = _without(value, step)
        elif below and isinstance(found, dict | list):
            kept = _prune(found, None, below, others.get(step, {}))
            value = _with(value, step, kept) if kept or is_shared else _without(value, step)
    return value


def _below(value: Any, step: str) -> Any:
    if step.startswith("f:"):
        return value.get(step[2:], _MISSING) if isinstance(value, dict) else _MISSING
    if isinstance(value, list):
        return next((item for item in value if _is_at(step, item)), _MISSING)
    return _MISSING


def _with(value: Any, step: str, kept: Any) -> Any:
    if isinstance(value, dict):
        return {**value, step[2:]: kept}
    return [kept if _is_at(step, item) else item for item in value]


def _without(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return {name: found for name, found in value.items() if name != step[2:]}
    return [item for item in value if not _is_at(step, item)]


def _is_at(step: str, item: Any) -> bool:
    """
    Whether *item* of a list is the one that *step* of managedFields names.

    NB: the one key that templates leave out is the protocol of a port.
    """
    try:
        named = json.loads(step[2:])
    except ValueError:
        return False
    if step.startswith("v:"):
        return bool(named == item)
    if not step.startswith("k:") or not isinstance(named, dict) or not isinstance(item, dict):
        return False
    usual = {"protocol": "TCP"}
    return all(item.get(name, usual.get(name)) == value for name, value in named.items())
