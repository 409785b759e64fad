"""
The scheduler: how many replicas of a workload each cluster gets.

Here: the arithmetic, from a preference, the clusters and what runs there to a number for each
cluster and the reason for it. Not here: which clusters are considered, what runs in them
(`loads`), and how the numbers come into a federated object (`rescheduling`).

Laws:
1. Whole numbers throughout, and the order in which clusters are named plays no part: the same
   question has the same answer, which is KubeFed's to the last replica.
2. Every cluster that was considered is in the answer, also with none.

Upstream: pkg/controller/util/planner/planner.go @ v0.10.0, same numbers. Unlike there, products
that do not fit into 64 bits are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from kubefedctl.model.schedules import (
    ClusterPreference,
    Load,
    Schedule,
    SchedulingPreference,
    Share,
)

_FNV_OFFSET, _FNV_PRIME, _FNV_MASK = 2166136261, 16777619, 0xFFFFFFFF


def schedule(
    preference: SchedulingPreference, *, clusters: Iterable[str], loads: Mapping[str, Load]
) -> Schedule:
    """
    Return how many replicas each of *clusters* gets.

    First every cluster gets its minimum, then, unless the preference says to rebalance, what runs
    there already; what is left goes out by weight, rounded up, in rounds until nothing is left or
    no one may take more. Heavier clusters come first; among equals a hash of cluster and workload
    decides, so that not all workloads of one replica meet in one cluster.

    Args:
        preference: What is asked for.
        clusters: The clusters that may have replicas.
        loads: How the workload fares now, by cluster; clusters without it have no entry.
    """
    names = sorted(set(clusters))
    claims = [
        _Claim(name, found, loads.get(name), hash_tie(name, str(preference.key)))
        for name in names
        if (found := preference.of(name)) is not None
    ]
    claims.sort(key=lambda claim: (-claim.preference.weight, claim.tie))
    left = _grant_minimums(claims, preference.total)
    if not preference.rebalances:
        left = _keep_running(claims, left)
    left = _share_out(claims, left)
    if not preference.rebalances:
        for claim in claims:
            claim.overflow = min(claim.overflow, left)
    made = {claim.name: claim.make_share() for claim in claims}
    return Schedule(
        preference, tuple(made.get(name) or _make_bystander(name, loads) for name in names)
    )


def hash_tie(cluster: str, key: str) -> int:
    """
    Return the number by which clusters of one weight are ordered: FNV-1, 32 bits.

    Args:
        cluster: The cluster.
        key: `NAMESPACE/NAME` of the preference.

    >>> hash_tie("A", ""), hash_tie("A", "ns/name"), hash_tie("cluster1", "default/web")
    (84696414, 228465591, 2329918954)
    """
    found = _FNV_OFFSET
    for byte in (cluster + key).encode("utf-8", "surrogatepass"):
        found = (found * _FNV_PRIME & _FNV_MASK) ^ byte
    return found


@dataclass(slots=True)
class _Claim:
    """One cluster while replicas are given out, with what the reason will be made of."""

    name: str
    preference: ClusterPreference
    load: Load | None
    tie: int
    planned: int = 0
    overflow: int = 0
    minimum: int = 0
    kept: int = 0
    unaccounted: int = 0
    taken: int = 0
    due: Fraction = Fraction(0)
    is_full: bool = False

    @property
    def capacity(self) -> int | None:
        return None if self.load is None else self.load.capacity

    def make_share(self) -> Share:
        return Share(
            cluster=self.name,
            preference=self.preference,
            load=self.load,
            planned=self.planned,
            overflow=max(0, self.overflow),
            why=_explain(self),
        )


def _grant_minimums(claims: Iterable[_Claim], left: int) -> int:
    """Give each its minimum while there is any; return what is left. NB: maximums do not count."""
    for claim in claims:
        claim.planned = claim.minimum = _least(claim.preference.minimum, left, claim.capacity)
        left -= claim.minimum
    return left


def _keep_running(claims: Iterable[_Claim], left: int) -> int:
    """Let each keep what runs there, within its limits; return what is left."""
    for claim in claims:
        if claim.load is None or claim.load.current <= claim.planned:
            continue
        goal = _least(claim.load.current, claim.preference.maximum, claim.capacity)
        claim.kept = claim.unaccounted = max(0, min(goal - claim.planned, left))
        claim.planned += claim.kept
        left -= claim.kept
    return left


def _share_out(claims: list[_Claim], left: int) -> int:
    """Give out what is left by weight, in rounds; return what no one may take."""
    has_changed = True
    while has_changed and left > 0:
        weights = sum(claim.preference.weight for claim in claims)
        if weights <= 0:
            break
        has_changed = False
        in_play, at_start = [], left
        for claim in claims:
            before = claim.planned
            has_changed |= _take(claim, at_start, weights, left=left)
            left -= claim.planned - before
            if not claim.is_full:
                in_play.append(claim)
        claims = in_play
    return left


def _take(claim: _Claim, at_start: int, weights: int, *, left: int) -> bool:
    """Give a claim its part of this round; return whether that brought the round forward."""
    due = at_start * claim.preference.weight
    part = min(-(-due // weights), left)
    claim.due += Fraction(due, weights)
    claim.taken += part
    # NB: what was kept has been given out already; it only pays off this part
    paid = min(part, claim.unaccounted)
    claim.unaccounted -= paid
    before = claim.planned
    total = before + part - paid
    if claim.preference.maximum is not None and total > claim.preference.maximum:
        total = claim.preference.maximum
        claim.is_full = True
    if claim.capacity is not None and total > claim.capacity:
        claim.overflow = total - claim.capacity
        total = claim.capacity
        claim.is_full = True
    claim.planned = total
    return paid > 0 or total > before


def _explain(claim: _Claim) -> str:
    """Return how the number of a claim came about."""
    preference, shared = claim.preference, claim.planned - claim.minimum - claim.kept
    parts = []
    if preference.minimum:
        is_whole = claim.minimum == preference.minimum
        parts.append(f"minimum {claim.minimum}" + ("" if is_whole else f" of {preference.minimum}"))
    if claim.kept:
        parts.append(f"kept {claim.kept} where they ran")
    if shared > 0:
        parts.append(f"share {shared}" + _explain_rounding(claim))
    if claim.capacity is not None and claim.planned >= claim.capacity:
        parts.append(f"capped by its capacity of {claim.capacity}")
    elif preference.maximum is not None and claim.planned >= preference.maximum:
        parts.append(f"capped by its maximum of {preference.maximum}")
    if not parts:
        parts.append("no weight and no minimum" if not preference.weight else "none was left")
    return ", ".join(parts)


def _explain_rounding(claim: _Claim) -> str:
    if claim.is_full or claim.taken == claim.due:
        return ""
    return ", rounded up" if claim.taken > claim.due else ", rounded down"


def _make_bystander(name: str, loads: Mapping[str, Load]) -> Share:
    """The share of a cluster of which the preference says nothing."""
    return Share(name, None, loads.get(name), 0, why="no preference names it")


def _least(first: int, *others: int | None) -> int:
    return min([first, *(found for found in others if found is not None)])
