"""
Replicas over clusters: what a ReplicaSchedulingPreference asks for, and what was planned of it.

Laws:
1. A preference that was parsed has no negative number in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kubefedctl.errors import InputError
from kubefedctl.model.objects import key_of, text_at, value_at
from kubefedctl.model.refs import Key, Object, Subject
from kubefedctl.model.wellknown import REPLICA_SCHEDULING_PREFERENCES

EVERY_OTHER_CLUSTER = "*"
"""The name under which a preference speaks of the clusters that it does not name."""

LARGEST_TOTAL = 2**31 - 1
_LARGEST = 2**63 - 1


class Rescheduling(StrEnum):
    """What a sync makes of preferences."""

    AUTO = "auto"
    HOLD = "hold"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ClusterPreference:
    """
    What is preferred for one cluster.

    Args:
        weight: Its part of what the minimums leave, beside the weights of the others.
        minimum: Replicas that it gets first.
        maximum: Replicas that it gets at most; None for no limit.
    """

    weight: int = 0
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class SchedulingPreference:
    """
    A ReplicaSchedulingPreference.

    Args:
        key: Its namespace and name, which are those of the federated object that it is about.
        target_kind: The kind of that object, such as `FederatedDeployment`.
        total: Replicas over all clusters.
        rebalances: Whether replicas that run may be moved.
        intersects: Whether only clusters count that the cluster selectors match.
        clusters: Preferences by cluster, and under `*` for all that are not named.
    """

    key: Key
    target_kind: str
    total: int
    rebalances: bool = False
    intersects: bool = False
    clusters: Mapping[str, ClusterPreference] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        """The object as messages name it."""
        return REPLICA_SCHEDULING_PREFERENCES.subject(self.key)

    @property
    def target_subject(self) -> Subject:
        """The federated object that it is about, as messages name it."""
        return Subject(self.target_kind, self.key.namespace, self.key.name)

    def of(self, cluster: str) -> ClusterPreference | None:
        """Return what is preferred for *cluster*; None where nothing is said of it."""
        return self.clusters.get(cluster, self.clusters.get(EVERY_OTHER_CLUSTER))


@dataclass(frozen=True, slots=True)
class Load:
    """
    How the replicas of one workload fare in one cluster.

    Args:
        current: Replicas that run there.
        capacity: Replicas that it has room for; None where nothing says that there is no more.
        undecided: Pods that found no node, but not for long enough to count.
    """

    current: int
    capacity: int | None = None
    undecided: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """
    One cluster's part of a schedule.

    Args:
        cluster: Its name.
        preference: What is preferred for it; None where nothing is said of it.
        load: How the workload fares there; None where it is not.
        planned: Replicas that it can run.
        overflow: Replicas on top that it would have been given, had it room for them.
        why: How the number came about, in words.
    """

    cluster: str
    preference: ClusterPreference | None
    load: Load | None
    planned: int
    overflow: int = 0
    why: str = ""

    @property
    def replicas(self) -> int:
        """What the cluster is asked for."""
        return self.planned + self.overflow


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    How the replicas of one workload are spread over clusters.

    Args:
        preference: What was asked for.
        shares: One for each cluster that was considered, sorted by name.
    """

    preference: SchedulingPreference
    shares: tuple[Share, ...]

    @property
    def plan(self) -> dict[str, int]:
        """Replicas that each cluster can run."""
        return {share.cluster: share.planned for share in self.shares}

    @property
    def overflow(self) -> dict[str, int]:
        """Replicas on top, where there are any."""
        return {share.cluster: share.overflow for share in self.shares if share.overflow}

    @property
    def replicas(self) -> dict[str, int]:
        """What each cluster is asked for: the sum of both."""
        return {share.cluster: share.replicas for share in self.shares}


def parse_preference(obj: Object) -> SchedulingPreference:
    """
    Return the view of a ReplicaSchedulingPreference.

    One without preferences for any cluster means the same weight for all.

    Raises:
        InputError: A field is missing, negative, too large or of a wrong type; it is named.

    Upstream: pkg/apis/scheduling/v1alpha1/replicaschedulingpreference_types.go and
    pkg/schedulingtypes/replicascheduler.go, GetSchedulingResult @ v0.10.0. Negative numbers are
    refused here; KubeFed plans with them.
    """
    spec = value_at(obj, "spec")
    if not isinstance(spec, Mapping):
        raise InputError("spec is missing or not a map")
    target_kind = text_at(spec, "targetKind")
    if not target_kind:
        raise InputError("spec.targetKind is missing")
    if spec.get("totalReplicas") is None:
        raise InputError("spec.totalReplicas is missing")
    raw = spec.get("clusters")
    if raw is not None and not isinstance(raw, Mapping):
        raise InputError("spec.clusters is not a map")
    clusters = {name: _parse_cluster(name, found) for name, found in (raw or {}).items()}
    return SchedulingPreference(
        key=key_of(obj),
        target_kind=target_kind,
        total=read_count(spec["totalReplicas"], "spec.totalReplicas", largest=LARGEST_TOTAL),
        rebalances=_flag(spec, "rebalance"),
        intersects=_flag(spec, "intersectWithClusterSelector"),
        clusters=clusters or {EVERY_OTHER_CLUSTER: ClusterPreference(weight=1)},
    )


def read_count(value: Any, field: str, *, largest: int = _LARGEST) -> int:
    """
    Return *value* if it can be a number of replicas or a weight.

    Args:
        value: What stands there.
        field: What messages call it.
        largest: The largest number that fits.

    Raises:
        InputError: It is no whole number, negative or too large.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{field} is not a whole number")
    if value < 0:
        raise InputError(f"{field} is negative: {value}")
    if value > largest:
        raise InputError(f"{field} is above {largest}")
    return value


def _parse_cluster(name: Any, raw: Any) -> ClusterPreference:
    where = f"spec.clusters[{name}]"
    if not isinstance(name, str):
        raise InputError(f"{where}: the name is not text")
    if raw is not None and not isinstance(raw, Mapping):
        raise InputError(f"{where} is not a map")
    given = {key: value for key, value in (raw or {}).items() if value is not None}
    maximum = given.get("maxReplicas")
    return ClusterPreference(
        weight=read_count(given.get("weight", 0), f"{where}.weight"),
        minimum=read_count(given.get("minReplicas", 0), f"{where}.minReplicas"),
        maximum=None if maximum is None else read_count(maximum, f"{where}.maxReplicas"),
    )


def _flag(spec: Mapping[str, Any], name: str) -> bool:
    found = spec.get(name)
    if found is not None and not isinstance(found, bool):
        raise InputError(f"spec.{name} is not true or false")
    return bool(found)
