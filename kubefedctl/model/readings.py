"""
What a sync has read: desired from the host, observed from the members.

Laws:
1. A list in here is complete. What could not be read completely stands in `failures`, and its
   absence from a list says nothing: no deletion and no unlabelling may follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubefedctl.model.clusters import Registration
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.narrowing import DeletionScope, Narrowing
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.typeconfigs import TypeConfig


@dataclass(frozen=True, slots=True)
class FederationConfig:
    """
    The KubeFedConfig, with KubeFed's defaults for what it leaves out.

    Args:
        scope: Whole clusters, or the KubeFed namespace alone.
        adopts: Whether objects that stood there before are taken over.
        probe_timeout: Seconds that a health probe may take.
        probe_attempts: How many probes in a row must fail before a cluster counts as not ready.
        kubefed_namespace: Where KubeFed's own objects are.
        schedules: The feature gate SchedulerPreferences.
        propagates: The feature gate PushReconciler.
        collects_raw_status: The feature gate RawResourceStatusCollection.
    """

    scope: Scope = Scope.CLUSTER
    adopts: bool = True
    probe_timeout: float = 3.0
    probe_attempts: int = 3
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    schedules: bool = True
    propagates: bool = True
    collects_raw_status: bool = False

    @property
    def target_namespace(self) -> str:
        """The one namespace to read in namespaced scope; empty for all of them."""
        return self.kubefed_namespace if self.scope is Scope.NAMESPACED else ""


@dataclass(frozen=True, slots=True)
class Desired:
    """
    What the host asks for.

    Args:
        config: The KubeFedConfig.
        registrations: Every KubeFedCluster, ready or not, by name.
        types: The type configs to propagate, sorted by name.
        federated: The federated objects of each type, by the type config's name.
        namespaces: FederatedNamespaces by the namespace that they are in and named after.
        versions: Version objects by their own resource and key.
        host_namespace_uids: Uid of each host namespace, by name.
        failures: Types whose federated objects could not be read, with the cause in words.
        narrowing: What of all this the run looks at. Members are all here, whatever it says,
            because placement asks for all of them; FederatedNamespaces are where they are needed.
        deletion_scope: Which clusters the deletion of a federated object waits for.
        has_host: Whether a host says all this, records what is written, and remembers what was
            there. Files do neither: what is up to date is foretold then, and nothing goes because
            of what is missing; that is decided apart (`core.pruning`).
    """

    config: FederationConfig
    registrations: Mapping[str, Registration]
    types: tuple[TypeConfig, ...]
    federated: Mapping[str, Mapping[Key, FederatedObject]]
    namespaces: Mapping[str, FederatedObject] = field(default_factory=dict)
    versions: Mapping[Resource, Mapping[Key, Object]] = field(default_factory=dict)
    host_namespace_uids: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    narrowing: Narrowing = field(default_factory=Narrowing)
    deletion_scope: DeletionScope = DeletionScope.KNOWN
    has_host: bool = True

    @property
    def unseen(self) -> frozenset[str]:
        """Registered members that the run does not look at."""
        includes = self.narrowing.includes_cluster
        return frozenset(name for name in self.registrations if not includes(name))


@dataclass(frozen=True, slots=True)
class ClusterReading:
    """
    What one member cluster has.

    Args:
        name: The cluster.
        is_ready: Whether it answered its health probe with ok.
        note: Why it is not ready.
        objects: Its managed objects of each type, by the type config's name.
        failures: Types that could not be read there, with the cause in words.
    """

    name: str
    is_ready: bool
    note: str = ""
    objects: Mapping[str, Mapping[Key, Object]] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)


Observed = Mapping[str, ClusterReading]
"""One reading for each registered cluster that the run looks at, by name."""
