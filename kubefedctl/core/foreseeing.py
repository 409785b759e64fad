"""
What would be if: a schedule for clusters, loads and a total as somebody imagines them.

Here: reading what is imagined, and asking the scheduler. Not here: what really is (`ops.schedule`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kubefedctl.core.scheduling import schedule
from kubefedctl.errors import InputError
from kubefedctl.model.objects import key_of, map_at, namespace_of
from kubefedctl.model.refs import Object
from kubefedctl.model.schedules import (
    EVERY_OTHER_CLUSTER,
    LARGEST_TOTAL,
    Load,
    Schedule,
    SchedulingPreference,
    read_count,
)
from kubefedctl.model.wellknown import REPLICA_SCHEDULING_PREFERENCES


@dataclass(frozen=True, slots=True)
class WhatIf:
    """
    What is imagined instead of what is.

    Args:
        clusters: The clusters that may have replicas; None for those there are.
        down: Of them, those that do not answer.
        current: Replicas that run, by cluster.
        capacity: Replicas that there is room for, by cluster.
        total: Replicas over all clusters; None for the preference's.
    """

    clusters: tuple[str, ...] | None = None
    down: tuple[str, ...] = ()
    current: Mapping[str, int] = field(default_factory=dict)
    capacity: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None


def foresee(
    preference: SchedulingPreference,
    what_if: WhatIf,
    *,
    clusters: Iterable[str],
    loads: Mapping[str, Load],
) -> Schedule:
    """
    Return the schedule that would come of a preference.

    Args:
        preference: What is asked for.
        what_if: What is imagined.
        clusters: The clusters that there are, where none are imagined.
        loads: How the workload fares, by cluster, where nothing is imagined.

    Raises:
        InputError: Something is imagined of a cluster that is not among the clusters.
    """
    names = set(clusters if what_if.clusters is None else what_if.clusters)
    for flag, named in (
        ("--down", what_if.down),
        ("--current", what_if.current),
        ("--capacity", what_if.capacity),
    ):
        strangers = sorted(set(named) - names)
        if strangers:
            raise InputError(
                f"{flag} names {', '.join(strangers)}, not among the clusters"
                f" {', '.join(sorted(names)) or '(none)'}",
                hint="name all clusters with --clusters",
            )
    imagined = dict(loads)
    for name in {*what_if.current, *what_if.capacity}:
        known = imagined.get(name, Load(0))
        imagined[name] = replace(
            known,
            current=what_if.current.get(name, known.current),
            capacity=what_if.capacity.get(name, known.capacity),
        )
    total = preference.total if what_if.total is None else what_if.total
    return schedule(
        replace(preference, total=total), clusters=names - set(what_if.down), loads=imagined
    )


def named_in(preference: SchedulingPreference) -> tuple[str, ...]:
    """
    Return the clusters that a preference names.

    Raises:
        InputError: It names none, so that they must be imagined.
    """
    names = sorted(set(preference.clusters) - {EVERY_OTHER_CLUSTER})
    if not names:
        raise InputError(
            f"{preference.subject} names no cluster", hint="name them: --clusters c1,c2"
        )
    return tuple(names)


def pick_preference(objects: Iterable[Object], *, name: str, namespace: str) -> Object:
    """
    Return the one ReplicaSchedulingPreference among the objects of a file, with its namespace.

    Args:
        objects: The objects, of any kind.
        name: Which one is meant; empty where there is only one.
        namespace: The namespace that is meant; empty for that which the file says, or `default`.

    Raises:
        InputError: There is none, or more than one.
    """
    wanted = REPLICA_SCHEDULING_PREFERENCES
    found = [
        obj
        for obj in objects
        if (obj.get("apiVersion"), obj.get("kind")) == (wanted.api_version, wanted.kind)
        and name in ("", key_of(obj).name)
        and namespace in ("", namespace_of(obj) or namespace)
    ]
    if len(found) != 1:
        which = f" {name}" if name else ""
        raise InputError(
            f"the file has {len(found) or 'no'} {wanted.kind}{which}"
            f" of {wanted.api_version}" + (f" in namespace {namespace}" if namespace else ""),
            hint="name one of them: kubefedctl schedule NAME -f FILE" if found else "",
        )
    place = {"namespace": namespace or namespace_of(found[0]) or "default"}
    return {**found[0], "metadata": {**map_at(found[0], "metadata"), **place}}


def parse_counts(text: str, flag: str) -> dict[str, int]:
    """
    Return the numbers in `c1=3,c2=5`.

    Raises:
        InputError: It is not of that form, or a number is negative.

    >>> parse_counts("c1=3,c2=5", "--current")
    {'c1': 3, 'c2': 5}
    """
    found: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        name, _, number = part.partition("=")
        if not name or name in found:
            raise InputError(f"{flag} {text}: a cluster is missing or named twice")
        found[name] = parse_count(number, f"{flag} {part}")
    return found


def parse_count(text: str, what: str) -> int:
    """
    Return the number of replicas that *text* is.

    Raises:
        InputError: It is none, negative or too large.
    """
    try:
        number = int(text)
    except ValueError:
        raise InputError(f"{what} is not a whole number") from None
    return read_count(number, what, largest=LARGEST_TOTAL)
