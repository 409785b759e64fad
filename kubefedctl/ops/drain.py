"""
drain and undrain: have all workloads leave a member cluster, and let them come back.

Here: the order of it. Not here: what the label means (`core.draining`), moving an object that runs
in the one cluster alone (`migrate`).

Laws:
1. Nothing leaves before the others have it: the label says `leaving` until all is ready there, and
   only then `left`. Others that do not answer, or are to run none, have nothing.
2. A drain that was stopped anywhere is gone on with by the same command, or taken back by undrain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Set
from dataclasses import dataclass, field, replace

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.dependencies import is_workload
from kubefedctl.core.draining import DRAIN_LABEL, Draining, draining_of, mark
from kubefedctl.core.migrating import Route
from kubefedctl.core.narrowing import Request
from kubefedctl.core.placement import Placement, place
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.rescheduling import held_replicas
from kubefedctl.errors import InputError, RefusedError
from kubefedctl.model.events import Event, Result, Step, Summary, Warned, counted
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import labels_of
from kubefedctl.model.progress import Goal
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS
from kubefedctl.ops.awaiting import Awaited, Patience, await_objects, demand_nothing_left
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.migrate import MigrateOptions, migrate
from kubefedctl.ops.probing import Probed, probe_members
from kubefedctl.ops.reading import Federation, read_desired, read_federation
from kubefedctl.ops.rescheduling import ReschedulingOptions, reschedule
from kubefedctl.ops.revising import revise
from kubefedctl.ops.surveying import read_members
from kubefedctl.ops.sync import SyncOptions, sync


@dataclass(frozen=True, slots=True)
class DrainOptions:
    """
    What to drain.

    Args:
        cluster: The member that workloads are to leave.
        to: Where workloads go that run there alone; empty to leave them there.
        force: Go on where some have to stay.
        timeout: Seconds to wait until all is ready in the other clusters.
        is_dry_run: Tell what would happen, write nothing.
        sync: How members are brought in step on the way.
    """

    cluster: str
    to: str = ""
    force: bool = False
    timeout: float = 600.0
    is_dry_run: bool = False
    sync: SyncOptions = field(default_factory=SyncOptions)

    @property
    def command(self) -> str:
        """The command that goes on with this drain."""
        flags = (["--to", self.to] if self.to else []) + (["--force"] if self.force else [])
        return " ".join(["kubefedctl", "drain", self.cluster, *flags])


def drain(
    fleet: Fleet,
    options: DrainOptions,
    *,
    confirm: Callable[[str], None],
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Generator[Event, None, None]:
    """
    Yield what happens while workloads leave a cluster.

    Args:
        fleet: The clusters.
        options: What to drain.
        confirm: Asks the person after the preview; raises on a no.
        pace: How long to wait for what clusters do by themselves.
        halt: Stops it between two steps, and the waiting.

    Raises:
        InputError: No such cluster.
        RefusedError: Workloads run there alone, and nothing says where they are to go; or no other
            cluster that answers is to run them.
        WaitTimeout: The others are not ready in time; nothing has left the cluster.
        PartialFailure: A sync on the way failed; the lines before tell where.
        ClusterError: The host refused a request.
    """
    run = _Drain(fleet, options, pace, halt or Halt())
    yield Step(f"reading the federation from host cluster {fleet.host.name}")
    situation = run.look()
    after = yield from run.preview(situation)
    run.refuse_stranded(situation, after)
    alone = situation.alone
    if alone and not (options.to or options.force):
        names = ", ".join(str(found.subject) for found in alone)
        raise RefusedError(
            f"{counted(len(alone), 'workload')} would be nowhere without cluster"
            f" {options.cluster}: {names}",
            hint="move them with --to CLUSTER, or leave them there with --force",
        )
    if options.is_dry_run:
        return
    confirm(f"Have {counted(len(situation.running), 'workload')} leave cluster {options.cluster}?")
    yield from run.set_label(Draining.LEAVING)
    yield from run.sync_workloads(situation)
    for found in alone if options.to else ():
        yield from run.move(found)
    yield from run.await_others(situation)
    yield from run.set_label(Draining.LEFT)
    yield from run.sync_workloads(situation)
    yield Step(f"kubefedctl undrain {options.cluster} takes the cluster back", level=0)


def undrain(
    fleet: Fleet,
    options: DrainOptions,
    *,
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Generator[Event, None, None]:
    """
    Yield what happens while a cluster is taken back and workloads return to where they are placed.

    Raises:
        InputError: No such cluster.
        PartialFailure: The sync failed; the lines before tell where.
        ClusterError: The host refused a request.
    """
    run = _Drain(fleet, options, pace, halt or Halt())
    situation = run.look()
    yield from run.set_label(None)
    if not options.is_dry_run:
        yield from run.sync_workloads(situation)


@dataclass(frozen=True, slots=True)
class _Situation:
    """
    What runs where, before anything is changed.

    Args:
        federation: The standing data of the federation.
        desired: What the host asks for.
        observed: What the members have.
        probed: The members after their probe.
        running: Workloads that are placed in the cluster, and where they are placed.
    """

    federation: Federation
    desired: Desired
    observed: Observed
    probed: dict[str, Probed]
    running: tuple[tuple[FederatedObject, Placement], ...]

    @property
    def alone(self) -> list[FederatedObject]:
        """Workloads that are placed in the cluster and nowhere else."""
        return [found for found, placed in self.running if len(placed.clusters) == 1]

    @property
    def clusters(self) -> dict[str, Cluster]:
        """The members that can be asked, by name."""
        return {
            name: found.cluster
            for name, found in self.probed.items()
            if found.is_ready and found.cluster is not None
        }


@dataclass(frozen=True, slots=True)
class _Drain:
    """One drain under way."""

    fleet: Fleet
    options: DrainOptions
    pace: Pace
    halt: Halt

    def look(self) -> _Situation:
        """Return how things stand."""
        host, cluster = self.fleet.host, self.options.cluster
        federation = read_federation(host, kubefed_namespace=self.options.sync.kubefed_namespace)
        known = ", ".join(sorted(federation.registrations)) or "none"
        for name in (cluster, self.options.to or cluster):
            if name not in federation.registrations:
                raise InputError(f"no cluster {name} is joined", hint=f"joined: {known}")
        probed = probe_members(self.fleet, federation, pace=self.pace)
        desired = read_desired(host, federation)
        observed = read_members(desired, probed)
        running = _find_running(desired, cluster)
        return _Situation(federation, desired, observed, probed, tuple(running))

    def preview(self, situation: _Situation) -> Generator[Event, None, Desired]:
        """Tell what a sync would do if the cluster were left; return what would be asked for."""
        desired = _as_left(situation.desired, self.options.cluster)
        options = ReschedulingOptions(self.options.sync.rescheduling, now_text(), is_dry_run=True)
        rescheduled = reschedule(
            self.fleet.host,
            desired,
            situation.observed,
            clusters=situation.clusters,
            options=options,
        )
        yield from rescheduled.events
        plan = plan_sync(rescheduled.desired, situation.observed, writing=self.options.sync.writing)
        workloads = {found.target_subject for found, _ in situation.running}
        uids = frozenset(desired.host_namespace_uids.values())
        for done in foresee(plan, situation.clusters, host_namespace_uids=uids):
            if done.action.subject in workloads:
                yield Result(
                    done.verdict,
                    done.action.subject,
                    done.action.cluster,
                    reason=done.status.value,
                    detail=done.detail,
                    is_dry_run=True,
                )
        for found in situation.alone:
            where = f"moves to cluster {self.options.to}" if self.options.to else "stays there"
            yield Warned(
                f"{found.subject} is placed in cluster {self.options.cluster} alone: it {where}"
            )
        return rescheduled.desired

    def refuse_stranded(self, situation: _Situation, after: Desired) -> None:
        """Hold that what leaves would run in another cluster; what is placed in none is *alone*."""
        stranded = [
            f"{found.subject} ({', '.join(sorted(others))})"
            for found, placed in situation.running
            if (others := placed.clusters - {self.options.cluster})
            and _loses_all(found, after, self.options.cluster, others & situation.clusters.keys())
        ]
        if stranded:
            raise RefusedError(
                f"{counted(len(stranded), 'workload')} would run nowhere without cluster"
                f" {self.options.cluster}, as the others are not ready or are to have no replicas:"
                f" {', '.join(stranded)}",
                hint="drain it when they are ready, or place the workloads in other clusters first",
            )

    def set_label(self, draining: Draining | None) -> Iterator[Event]:
        """Mark the KubeFedCluster; one that is left already is not marked as leaving again."""
        key = Key(self.options.sync.kubefed_namespace, self.options.cluster)
        result, _ = revise(
            self.fleet.host,
            KUBEFED_CLUSTERS,
            key,
            change=lambda found: None if _is_behind(found, draining) else mark(found, draining),
            dry_run=self.options.is_dry_run,
        )
        detail = f"{DRAIN_LABEL}={draining}" if draining else f"without {DRAIN_LABEL}"
        yield Result(
            result,
            KUBEFED_CLUSTERS.subject(key),
            self.fleet.host.name,
            detail=detail,
            is_dry_run=self.options.is_dry_run,
        )

    def sync_workloads(self, situation: _Situation) -> Iterator[Event]:
        """Bring all types that have workloads in step."""
        names = sorted(
            found.name
            for found in situation.desired.types
            if is_workload(found.target.kind, group=found.target.group)
        )
        if not names:
            return
        request = Request(tuple((name, "") for name in names))
        options = replace(self.options.sync, request=request)
        for event in sync(self.fleet, options, pace=self.pace, halt=self.halt):
            if not isinstance(event, Summary):
                yield event

    def move(self, federated: FederatedObject) -> Iterator[Event]:
        """Move a workload that runs in the cluster alone."""
        options = MigrateOptions(
            Route(self.options.cluster, self.options.to),
            federated.type_config.name,
            federated.key.name,
            federated.key.namespace,
            timeout=self.options.timeout,
            sync=self.options.sync,
        )
        return migrate(self.fleet, options, pace=self.pace, halt=self.halt)

    def await_others(self, situation: _Situation) -> Iterator[Event]:
        """Wait until what leaves is ready in every other cluster that it is placed in."""
        ready = situation.clusters
        awaited = [
            Awaited(name, found.type_config.target, found.target_key)
            for found, placed in situation.running
            for name in sorted(placed.clusters - {self.options.cluster})
            if name in ready
        ]
        left = yield from await_objects(
            awaited,
            ready,
            patience=Patience(
                Goal.CURRENT, time.monotonic() + self.options.timeout, ends_at_failure=True
            ),
            pace=self.pace,
            halt=self.halt,
        )
        if self.halt.reason is not None:
            raise self.halt.reason
        name = self.options.cluster
        demand_nothing_left(
            left,
            source=name,
            seconds=self.options.timeout,
            hint=f"to go on: {self.options.command}; to go back: kubefedctl undrain {name}",
        )


def _find_running(desired: Desired, cluster: str) -> Iterator[tuple[FederatedObject, Placement]]:
    """Yield the workloads that are placed in *cluster* whatever its label says."""
    labels = {
        name: {k: v for k, v in found.labels.items() if k != DRAIN_LABEL or name != cluster}
        for name, found in desired.registrations.items()
    }
    for type_config in desired.types:
        target = type_config.target
        if not is_workload(target.kind, group=target.group):
            continue
        for _, found in sorted(desired.federated.get(type_config.name, {}).items()):
            namespace = desired.namespaces.get(found.key.namespace)
            try:
                placed = place(
                    found, namespace=namespace, clusters=labels, scope=desired.config.scope
                )
            except InputError:
                continue  # NB: every sync tells of it, and moves nothing because of it
            if cluster in placed.clusters and not found.is_deleting:
                yield found, placed


def _loses_all(found: FederatedObject, after: Desired, cluster: str, ready: Set[str]) -> bool:
    """Whether a workload that has replicas in *cluster* is to have none in any *ready* one."""
    planned = after.federated[found.type_config.name][found.key]
    try:
        is_idle = held_replicas(found, [cluster]).get(cluster) == 0
        counts = held_replicas(planned, ready)
    except InputError:
        return not ready  # NB: every sync tells of overrides that cannot be read
    return not is_idle and all(counts.get(name) == 0 for name in ready)


def _as_left(desired: Desired, cluster: str) -> Desired:
    """What the host would ask for if *cluster* were left."""
    found = desired.registrations[cluster]
    labelled = replace(found, labels={**found.labels, DRAIN_LABEL: Draining.LEFT.value})
    return replace(desired, registrations={**desired.registrations, cluster: labelled})


def _is_behind(found: Object, draining: Draining | None) -> bool:
    """Whether the cluster is left already, and would be marked as leaving."""
    is_left = draining_of(labels_of(found)) is Draining.LEFT
    return is_left and draining is Draining.LEAVING
