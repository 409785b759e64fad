"""
A second planner, slow and plain, written from the description of KubeFed's alone.

It knows dicts and fractions where ours has objects and whole numbers, and follows the description
step by step. What both say is most likely what KubeFed says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

INFINITE = 10**30


@dataclass(slots=True)
class Question:
    """What a planner is asked, with the names of the API."""

    total: int
    prefs: Mapping[str, Mapping[str, int]]
    clusters: Iterable[str]
    rebalance: bool = False
    current: Mapping[str, int] = field(default_factory=dict)
    capacity: Mapping[str, int] = field(default_factory=dict)
    key: str = ""


def fnv1(text: str) -> int:
    """The 32-bit FNV-1 hash: multiply first, then xor."""
    value = 0x811C9DC5
    for octet in text.encode():
        value *= 0x01000193
        value %= 2**32
        value ^= octet
    return value


def plan_slowly(question: Question) -> tuple[dict[str, int], dict[str, int]]:
    """Return plan and overflow."""
    prefs: dict[str, Mapping[str, int]] = {}
    for name in question.clusters:
        if name in question.prefs:
            prefs[name] = question.prefs[name]
        elif "*" in question.prefs:
            prefs[name] = question.prefs["*"]
    plan = dict.fromkeys(question.clusters, 0)
    order = sorted(prefs, key=lambda n: fnv1(n + question.key))
    order.sort(key=lambda n: prefs[n].get("weight", 0), reverse=True)
    remaining = question.total
    for name in order:
        plan[name] = min(prefs[name].get("minReplicas", 0), remaining, _room(question, name))
        remaining -= plan[name]
    advance: dict[str, int] = {}
    for name in order if not question.rebalance else ():
        running = question.current.get(name)
        if running is None or running <= plan[name]:
            continue
        wish = min(running, prefs[name].get("maxReplicas", INFINITE), _room(question, name))
        advance[name] = max(0, min(wish - plan[name], remaining))
        plan[name] += advance[name]
        remaining -= advance[name]
    overflow: dict[str, int] = {}
    remaining = _rounds(question, prefs, order, plan, advance, overflow, remaining)
    if not question.rebalance:
        overflow = {name: min(extra, remaining) for name, extra in overflow.items()}
        overflow = {name: extra for name, extra in overflow.items() if extra > 0}
    return plan, overflow


def _room(question: Question, name: str) -> int:
    return question.capacity.get(name, INFINITE)


def _rounds(
    question: Question,
    prefs: Mapping[str, Mapping[str, int]],
    active: list[str],
    plan: dict[str, int],
    advance: dict[str, int],
    overflow: dict[str, int],
    remaining: int,
) -> int:
    while remaining > 0:
        weight = sum(prefs[name].get("weight", 0) for name in active)
        if weight == 0:
            return remaining
        pot, changed, full = remaining, False, set()
        for name in active:
            start = plan[name]
            extra = math.ceil(Fraction(pot * prefs[name].get("weight", 0), weight))
            extra = min(extra, remaining)
            used = min(extra, advance.get(name, 0))
            if used > 0:
                advance[name] -= used
                changed = True
            plan[name] = start + extra - used
            if plan[name] > prefs[name].get("maxReplicas", INFINITE):
                plan[name] = prefs[name]["maxReplicas"]
                full.add(name)
            if plan[name] > _room(question, name):
                overflow[name] = plan[name] - _room(question, name)
                plan[name] = _room(question, name)
                full.add(name)
            changed = changed or plan[name] > start
            remaining -= plan[name] - start
        active = [name for name in active if name not in full]
        if not changed:
            break
    return remaining


def as_api(question: Question) -> dict[str, Any]:
    """Return the ReplicaSchedulingPreference that asks *question*."""
    namespace, _, name = question.key.rpartition("/")
    return {
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "targetKind": "FederatedDeployment",
            "totalReplicas": question.total,
            "rebalance": question.rebalance,
            "clusters": {name: dict(found) for name, found in question.prefs.items()},
        },
    }
