"""
How the replicas of one preference are spread over the members as they are now.

Here: asking the members how the workload fares, and the numbers that come of it. Not here: the
arithmetic (`core.spreading`), and where the numbers are written (`rescheduling`).

Laws:
1. A cluster whose workloads could not be read moves no replicas: the preference is not followed in
   this run, or the cluster is held.
2. Pods are listed only where a workload has not all its replicas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.loads import (
    has_pod_selector,
    is_settled,
    pod_selector,
    settled_load,
    weigh_pods,
)
from kubefedctl.core.spreading import choose_sharers, spread_replicas
from kubefedctl.errors import InputError
from kubefedctl.model.events import Event, Warned, counted
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import key_of
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.refs import Object
from kubefedctl.model.schedules import Load, SchedulingPreference
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import PODS
from kubefedctl.ops.fanout import run_side_by_side

_APPS = "apps"


@dataclass(frozen=True, slots=True)
class Spread:
    """
    What each cluster is to have.

    Args:
        replicas: By cluster; none where there is no cluster to schedule to.
        text: The same in words.
        events: What is to be told besides.
    """

    replicas: Mapping[str, int]
    text: str
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Spreader:
    """
    Spreads replicas over the members of one run.

    Args:
        desired: What is asked for.
        observed: What was read from each registered member.
        clusters: The members that can be asked for Pods, by name.
        holds: Whether clusters that do not answer keep their share.
        now: The time, RFC 3339.
    """

    desired: Desired
    observed: Observed
    clusters: Mapping[str, Cluster]
    holds: bool
    now: str

    def spread(self, preference: SchedulingPreference, federated: FederatedObject) -> Spread:
        """
        Plan for the clusters that answer, with what the held ones leave.

        Raises:
            InputError: The preference, placement or overrides cannot be read, or a cluster that
                matters was not read.
            ClusterError: The Pods of one could not be listed.
        """
        silent = self._silent_clusters(federated.type_config)
        sharers = choose_sharers(
            preference,
            federated,
            namespace=self.desired.namespaces.get(federated.key.namespace),
            clusters={name: found.labels for name, found in self.desired.registrations.items()},
            silent=silent,
            holds=self.holds,
        )
        if not self.holds:
            self._refuse_unread(silent)
        if not sharers.candidates:
            return Spread({}, sharers.describe({}))
        loads = self._ask_loads(federated, sharers.candidates)
        replicas = spread_replicas(preference, sharers, loads)
        return Spread(replicas, sharers.describe(replicas), warn_of_undecided(preference, loads))

    def _silent_clusters(self, type_config: TypeConfig) -> dict[str, str]:
        """Clusters whose workloads are not known: the cause, which is empty for one not ready."""
        silent = {}
        for name in self.desired.registrations:
            reading = self.observed[name]
            if not reading.is_ready:
                silent[name] = ""
            elif type_config.name in reading.failures:
                silent[name] = reading.failures[type_config.name]
        return silent

    def _refuse_unread(self, silent: Mapping[str, str]) -> None:
        for name, cause in sorted(silent.items()):
            if cause:
                raise InputError(f"not followed, as cluster {name} was not read: {cause}")

    def _ask_loads(self, federated: FederatedObject, candidates: Iterable[str]) -> dict[str, Load]:
        name, key = federated.type_config.name, federated.target_key
        workloads = {
            cluster: found
            for cluster in candidates
            if (found := self.observed[cluster].objects.get(name, {}).get(key)) is not None
        }
        return run_side_by_side(
            {
                cluster: partial(
                    ask_load,
                    self.clusters[cluster],
                    workload,
                    federated.type_config,
                    now=self.now,
                )
                for cluster, workload in workloads.items()
            }
        )


def ask_load(cluster: Cluster, workload: Object, type_config: TypeConfig, *, now: str) -> Load:
    """
    Return how a workload fares in a member, which is asked for its Pods where that matters.

    Args:
        cluster: The member.
        workload: The workload as it stands there.
        type_config: Its type. Types that are not Kubernetes' own need not have Pods.
        now: The time, RFC 3339.

    Raises:
        ClusterError: The Pods could not be listed.
        InputError: The workload's numbers or selector cannot be read.
    """
    is_of_apps = type_config.target.group == _APPS
    if is_settled(workload) or not (is_of_apps or has_pod_selector(workload)):
        return settled_load(workload)
    pods = cluster.list(
        PODS, namespace=key_of(workload).namespace, label_selector=pod_selector(workload)
    )
    return weigh_pods(workload, pods.items, now=now)


def warn_of_undecided(
    preference: SchedulingPreference, loads: Mapping[str, Load]
) -> tuple[Warned, ...]:
    """Return a warning for each cluster where Pods found no node yet."""
    return tuple(
        Warned(
            f"{preference.subject}: {counted(load.undecided, 'pod')} in cluster {name} found no"
            " node yet; the plan may change"
        )
        for name, load in sorted(loads.items())
        if load.undecided
    )
