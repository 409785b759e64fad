"""
Cluster waves: which members are written together, and in which order.

Here: what `--waves` may say, and how it divides the clusters of a run. Not here: the waves of
objects within one cluster (`core.waves`).

Laws:
1. Every cluster of a run is in exactly one wave, or there are no waves.
2. The order of arguments, never that of answers, decides: the same clusters give the same waves.

The grammar, in which no comma and no `+` can be part of a name:

    WAVES  = WAVE {"," WAVE}
    WAVE   = [NAME "="] GROUP
    GROUP  = CLUSTER {"+" CLUSTER} | "label:" KEY "=" VALUE | PERCENT "%" | "*"
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from kubefedctl.errors import InputError
from kubefedctl.model.actions import DeletionPlan, ObjectPlan, Plan
from kubefedctl.model.readings import Observed
from kubefedctl.model.statuses import PropagationStatus

_P = TypeVar("_P", ObjectPlan, DeletionPlan)
_MOST_NAMED = 10
_LABEL = "label:"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_CLUSTER = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_PERCENT = re.compile(r"([0-9]{1,3})%")
_HINT = "write it like canary=eu-1+us-1,label:tier=test,25%,*"


@dataclass(frozen=True, slots=True)
class WaveRule:
    """
    Which clusters a wave is to have; just one of the last four says so.

    Args:
        name: How messages call it; its number where it was given no name.
        clusters: These clusters.
        label: Key and value of a label that KubeFedClusters have.
        percent: So many per cent of all clusters of the run, rounded up.
        is_rest: Whether it has all that no other wave has.
    """

    name: str
    clusters: tuple[str, ...] = ()
    label: tuple[str, str] | None = None
    percent: int = 0
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class ClusterWave:
    """
    Clusters that are written together.

    Args:
        name: How messages call the wave; empty where there are no waves.
        clusters: Sorted.
    """

    name: str
    clusters: tuple[str, ...]


def parse_waves(text: str) -> tuple[WaveRule, ...]:
    """
    Return the rules that *text* has.

    Raises:
        InputError: It cannot be read, or says something twice.

    >>> [rule.name for rule in parse_waves("canary=c1,25%,*")]
    ['canary', '2', '3']
    """
    rules = tuple(
        _parse_wave(part.strip(), number) for number, part in enumerate(text.split(","), start=1)
    )
    named = [name for rule in rules for name in rule.clusters]
    for what, found in (
        ("wave", [rule.name for rule in rules]),
        ("cluster", named),
        ("group", ["*" for rule in rules if rule.is_rest]),
    ):
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            raise InputError(f"--waves has the {what} {twice[0]} twice", hint=_HINT)
    return rules


def divide_clusters(
    rules: Sequence[WaveRule],
    clusters: Mapping[str, Mapping[str, str]],
    *,
    known: frozenset[str],
) -> tuple[ClusterWave, ...]:
    """
    Return the clusters of a run in waves; one without a name where there are no rules.

    What is named goes first, wherever it stands, then labels, then shares, then the rest: a share
    takes nothing that another wave names.

    Args:
        rules: What was asked for.
        clusters: The labels of each cluster that the run looks at.
        known: Every registered cluster; one that the run does not look at may be named.

    Raises:
        InputError: A cluster is not registered, or is in no wave.
    """
    if not rules:
        return (ClusterWave("", tuple(sorted(clusters))),)
    strange = sorted({name for rule in rules for name in rule.clusters} - known)
    if strange:
        raise InputError(
            f"--waves names clusters that are not registered: {', '.join(strange)}",
            hint=f"registered are {', '.join(sorted(known)) or 'none'}",
        )
    taken: dict[str, WaveRule] = {}
    for rule in sorted(rules, key=_precedence):
        free = sorted(clusters.keys() - taken.keys())
        taken |= dict.fromkeys(_choose(rule, free, clusters), rule)
    missing = sorted(clusters.keys() - taken.keys())
    if missing:
        raise InputError(
            f"--waves leaves out {', '.join(missing)}", hint="add '*' for all that are left"
        )
    return tuple(
        ClusterWave(rule.name, tuple(sorted(n for n, found in taken.items() if found is rule)))
        for rule in rules
    )


def without_clusters(plan: Plan, later: frozenset[str]) -> Plan:
    """
    Return what *plan* is for a run that does not look at the clusters *later*.

    What is recorded of them stays, as in a run that was narrowed to the others.
    """
    if not later:
        return plan
    return replace(
        plan,
        objects=tuple(_without(found, later) for found in plan.objects),
        deletions=tuple(_without(found, later) for found in plan.deletions),
        orphans=tuple(found for found in plan.orphans if found.cluster not in later),
    )


def split_plans(
    plan: Plan, wave: ClusterWave, *, is_last: bool
) -> tuple[tuple[ObjectPlan, ...], tuple[ObjectPlan, ...]]:
    """
    Return which objects are recorded when a wave is written, and which where it ends the run.

    Each wave records what it has done itself, since it may be minutes until the next; the last one
    records all.
    """
    if is_last:
        return plan.objects, ()
    clusters = frozenset(wave.clusters)
    touched = [any(a.cluster in clusters for a in found.actions) for found in plan.objects]
    pairs = list(zip(plan.objects, touched, strict=True))
    return tuple(p for p, is_now in pairs if is_now), tuple(p for p, is_now in pairs if not is_now)


def find_trouble(plan: Plan, wave: ClusterWave, observed: Observed, troubled: Iterable[str]) -> str:
    """
    Return why no wave may follow, in words; empty where one may.

    Args:
        plan: What was to be done.
        wave: The wave that was written.
        observed: What was read of its clusters.
        troubled: Clusters in which an action failed, or did not end in time.
    """
    silent = [name for name in wave.clusters if not observed[name].is_ready]
    if silent:
        return f"not ready: {', '.join(silent)}"
    planned: list[ObjectPlan | DeletionPlan] = [*plan.objects, *plan.deletions]
    failed = {
        name
        for found in planned
        for name, settled in found.settled.items()
        if settled.outcome.status is not PropagationStatus.OK
    }
    amiss = sorted((failed | set(troubled)) & set(wave.clusters))
    return f"failed: {', '.join(amiss)}" if amiss else ""


def explain_wave(wave: ClusterWave) -> str:
    """
    Return what a wave is, as a line of talk.

    >>> explain_wave(ClusterWave("canary", ("eu-1", "us-1")))
    'wave canary: eu-1, us-1'
    """
    return f"wave {wave.name}: {', '.join(wave.clusters) or 'no cluster'}"


def explain_stop(wave: ClusterWave, later: Iterable[str], cause: str) -> str:
    """
    Return with which wave a run ends, why, and what it has not touched.

    >>> explain_stop(ClusterWave("canary", ("eu-1",)), ["us-1"], "it is not ready")
    'stopped after wave canary (it is not ready); not touched: us-1'
    """
    names = sorted(later)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return (
        f"stopped after wave {wave.name} ({cause}); not touched: {', '.join(names[:_MOST_NAMED])}"
        f"{more}"
    )


def _without(plan: _P, later: frozenset[str]) -> _P:
    return replace(
        plan,
        actions=tuple(found for found in plan.actions if found.cluster not in later),
        settled={name: found for name, found in plan.settled.items() if name not in later},
        unseen=plan.unseen | later,
    )


def _parse_wave(text: str, number: int) -> WaveRule:
    name, equals, group = text.partition("=")
    if not equals or text.startswith(_LABEL):
        name, group = str(number), text
    elif _NAME.fullmatch(name) is None:
        raise InputError(f"{name!r} is no name for a wave", hint=_HINT)
    if group == "*":
        return WaveRule(name, is_rest=True)
    if group.startswith(_LABEL):
        key, equals, value = group.removeprefix(_LABEL).partition("=")
        if not (key and equals):
            raise InputError(f"{group!r} is no label of clusters", hint="write label:KEY=VALUE")
        return WaveRule(name, label=(key, value))
    percent = _PERCENT.fullmatch(group)
    if percent is not None and 1 <= int(percent[1]) <= 100:
        return WaveRule(name, percent=int(percent[1]))
    clusters = tuple(group.split("+"))
    wrong = [found for found in clusters if _CLUSTER.fullmatch(found) is None]
    if wrong:
        raise InputError(f"{wrong[0]!r} is no cluster of a wave", hint=_HINT)
    return WaveRule(name, clusters=clusters)


def _precedence(rule: WaveRule) -> int:
    return next(
        place
        for place, is_meant in enumerate((rule.clusters, rule.label, rule.percent, rule.is_rest))
        if is_meant
    )


def _choose(
    rule: WaveRule, free: Sequence[str], clusters: Mapping[str, Mapping[str, str]]
) -> Sequence[str]:
    """Which of the *free* clusters a wave takes."""
    if rule.is_rest:
        return free
    if rule.percent:
        return free[: math.ceil(len(clusters) * rule.percent / 100)]
    if rule.label is not None:
        key, value = rule.label
        return [name for name in free if clusters[name].get(key) == value]
    return [name for name in free if name in rule.clusters]
