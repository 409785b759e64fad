"""
Which clusters share the replicas of a preference, and what each is to have.

Here: the clusters that are asked, and those that keep what they have because they do not answer or
are being left. Not here: the arithmetic (`scheduling`), and how the numbers come into a federated
object (`rescheduling`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from kubefedctl.core.draining import Draining, draining_of
from kubefedctl.core.rescheduling import choose_candidates, held_replicas
from kubefedctl.core.scheduling import schedule
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.schedules import Load, SchedulingPreference


@dataclass(frozen=True, slots=True)
class Sharers:
    """
    The clusters that a preference is about.

    Args:
        candidates: Those that replicas are spread over, sorted.
        held: Replicas of clusters that do not answer; the others share what these leave.
        leaving: Replicas of clusters that are being left; they run on, on top.
    """

    candidates: tuple[str, ...]
    held: Mapping[str, int]
    leaving: Mapping[str, int]

    def describe(self, replicas: Mapping[str, int]) -> str:
        """Return what each cluster is to have, in words."""
        if not replicas:
            return "no cluster to schedule to"
        parts = (
            f"{name}={count}"
            + " (held)" * (name in self.held)
            + " (leaving)" * (name in self.leaving)
            for name, count in sorted(replicas.items())
        )
        return f"scheduled {', '.join(parts)}"


def choose_sharers(
    preference: SchedulingPreference,
    federated: FederatedObject,
    *,
    namespace: FederatedObject | None,
    clusters: Mapping[str, Mapping[str, str]],
    silent: Collection[str] = (),
    holds: bool = False,
) -> Sharers:
    """
    Return the clusters that a preference is about.

    Args:
        preference: What is asked for.
        federated: The federated object that it is about.
        namespace: The FederatedNamespace of its namespace.
        clusters: Labels of the registered clusters, by name.
        silent: Those that do not answer.
        holds: Whether these keep their share.

    Raises:
        InputError: A selector, placement or overrides that cannot be read.
    """
    chosen = choose_candidates(preference, federated, namespace=namespace, clusters=clusters)
    draining = {n: found for n in clusters if (found := draining_of(clusters[n])) is not None}
    held = held_replicas(federated, chosen & set(silent)) if holds else {}
    # NB: what runs in a cluster that is being left runs on until the others have it, too
    leaving = {n for n, found in draining.items() if found is Draining.LEAVING}
    candidates = chosen - set(silent) - draining.keys()
    running = held_replicas(federated, leaving & chosen - held.keys()) if candidates else {}
    return Sharers(tuple(sorted(candidates)), held, running)


def spread_replicas(
    preference: SchedulingPreference, sharers: Sharers, loads: Mapping[str, Load]
) -> dict[str, int]:
    """
    Return what each cluster is to have; nothing where there is no cluster to schedule to.

    Args:
        preference: What is asked for.
        sharers: The clusters that it is about.
        loads: How the workload fares in the candidates; those without it have no entry.
    """
    if not sharers.candidates:
        return {}
    rest = replace(preference, total=max(0, preference.total - sum(sharers.held.values())))
    planned = schedule(rest, clusters=sharers.candidates, loads=loads).replicas
    return {**planned, **sharers.held, **sharers.leaving}
