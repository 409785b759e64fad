"""
schedule: show how a ReplicaSchedulingPreference would spread replicas, and write nothing.

Here: what really is, from the clusters or a file, to be put together with what somebody imagines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.draining import draining_of
from kubefedctl.core.foreseeing import WhatIf, foresee, named_in
from kubefedctl.core.rescheduling import choose_candidates
from kubefedctl.errors import NotFoundError
from kubefedctl.model.events import Event, Forecast, Step, Warned, counted
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, is_managed
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.schedules import Load, SchedulingPreference, parse_preference
from kubefedctl.model.typeconfigs import NAMESPACES, TypeConfig
from kubefedctl.model.wellknown import REPLICA_SCHEDULING_PREFERENCES
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.probing import Probed, probe_members
from kubefedctl.ops.reading import Federation, read_federation, synced_types
from kubefedctl.ops.rescheduling import find_type
from kubefedctl.ops.spreading import ask_load, warn_of_undecided


@dataclass(frozen=True, slots=True)
class ScheduleOptions:
    """
    What to look at.

    Args:
        name: The ReplicaSchedulingPreference.
        namespace: Its namespace; empty for the context's.
        what_if: What is imagined instead of what is.
        kubefed_namespace: Where the host keeps KubeFed's own objects.
    """

    name: str
    namespace: str = ""
    what_if: WhatIf = field(default_factory=WhatIf)
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE


def schedule_document(obj: Object, what_if: WhatIf) -> Iterator[Event]:
    """
    Yield the forecast for a preference that is in no cluster; nothing runs but what is imagined.

    Raises:
        InputError: It cannot be followed, or names no cluster where none are imagined.
    """
    preference = parse_preference(obj)
    clusters = named_in(preference) if what_if.clusters is None else ()
    yield Forecast(foresee(preference, what_if, clusters=clusters, loads={}))


def schedule(fleet: Fleet, options: ScheduleOptions, *, pace: Pace = USUAL_PACE) -> Iterator[Event]:
    """
    Yield the forecast for a preference in the host, with what runs in the members now.

    Raises:
        InputError: A sync could not follow it, or something is imagined of an unknown cluster.
        ClusterError: The host or a member did not answer what was asked.
    """
    host, what_if = fleet.host, options.what_if
    namespace = options.namespace or host.endpoint.namespace or "default"
    key = Key(namespace, options.name)
    yield Step(f"reading the federation from host cluster {host.name}")
    federation = read_federation(host, kubefed_namespace=options.kubefed_namespace)
    preference = parse_preference(host.get(REPLICA_SCHEDULING_PREFERENCES, key))
    type_config = find_type(host, preference, synced_types(federation)[0])
    if not federation.config.schedules:
        yield Warned("the feature gate SchedulerPreferences is off: a sync does not follow it")
    yield Step(f"probing {counted(len(federation.registrations), 'member cluster')}")
    probed = probe_members(fleet, federation, pace=pace)
    for name, found in probed.items():
        if not found.is_ready:
            yield Warned(f"cluster {name} is not ready: {found.probe.message}")
    federated = _find_federated(host, type_config, key)
    if federated is None:
        yield Warned(f"there is no {preference.target_subject}: a sync does not follow it")
    clusters = _choose(host, federation, probed, preference, federated)
    wanted = clusters if what_if.clusters is None else set(what_if.clusters)
    asked = [name for name in wanted - set(what_if.down) if name in probed]
    loads = _ask_loads({name: probed[name] for name in asked}, type_config, key)
    yield from warn_of_undecided(preference, loads)
    down = [name for name in what_if.down if name in probed]
    yield Forecast(foresee(preference, what_if, clusters={*clusters, *down}, loads=loads))


def _find_federated(host: Cluster, type_config: TypeConfig, key: Key) -> FederatedObject | None:
    try:
        return parse_federated(host.get(type_config.federated, key), type_config)
    except NotFoundError:
        return None


def _choose(
    host: Cluster,
    federation: Federation,
    probed: Mapping[str, Probed],
    preference: SchedulingPreference,
    federated: FederatedObject | None,
) -> frozenset[str]:
    """The ready clusters that a sync would consider."""
    labels = {
        name: federation.registrations[name].labels
        for name, found in probed.items()
        if found.is_ready and draining_of(federation.registrations[name].labels) is None
    }
    if federated is None or not preference.intersects:
        return frozenset(labels)
    types = [found for found in federation.types if found.name == NAMESPACES]
    own = Key(preference.key.namespace, preference.key.namespace)
    namespace = _find_federated(host, types[0], own) if types else None
    return choose_candidates(preference, federated, namespace=namespace, clusters=labels)


def _ask_loads(members: Mapping[str, Probed], type_config: TypeConfig, key: Key) -> dict[str, Load]:
    """How the workload fares in the members that have it."""
    now = now_text()
    answers = run_side_by_side(
        {
            name: partial(_ask_load, found.cluster, type_config, key, now)
            for name, found in members.items()
            if found.is_ready and found.cluster is not None
        }
    )
    return {name: load for name, load in answers.items() if load is not None}


def _ask_load(cluster: Cluster, type_config: TypeConfig, key: Key, now: str) -> Load | None:
    try:
        workload = cluster.get(type_config.target, key)
    except NotFoundError:
        return None
    return ask_load(cluster, workload, type_config, now=now) if is_managed(workload) else None
