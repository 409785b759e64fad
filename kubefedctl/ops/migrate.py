"""
migrate: move federated objects from one member cluster to another, and lose nothing on the way.

Here: the order of a move. Not here: what changes (`core.migrating`), bringing members in step
(`sync`), and readiness (`core.readiness`).

Laws:
1. The source is touched only when all that moves is ready in the target.
2. A move that was stopped anywhere can be gone on with, by the same command, or taken back, by the
   command with both clusters changed round.
3. A namespace leaves the source only where nothing of others is in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.migrating import (
    Lack,
    Move,
    Route,
    find_left,
    find_movers,
    narrow,
    plan_move,
    widen,
)
from kubefedctl.core.narrowing import Request
from kubefedctl.errors import ClusterError, InputError, NotFoundError, RefusedError
from kubefedctl.model.events import Event, Result, Step, Summary, Verdict, Warned
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.objects import key_of
from kubefedctl.model.progress import Goal
from kubefedctl.model.readings import Desired
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.schedules import parse_preference
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import (
    CONFIG_MAPS,
    REPLICA_SCHEDULING_PREFERENCES,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from kubefedctl.ops.awaiting import Awaited, Patience, await_objects, demand_nothing_left
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.narrowing import find_named_type
from kubefedctl.ops.probing import Probed, probe_member
from kubefedctl.ops.reading import Federation, read_desired, read_federation
from kubefedctl.ops.removing import list_others
from kubefedctl.ops.revising import revise
from kubefedctl.ops.sync import SyncOptions, sync
from kubefedctl.ops.writing import find

_CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True)
_NAMED = {found.kind: found for found in (CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, _CLAIMS)}


@dataclass(frozen=True, slots=True)
class MigrateOptions:
    """
    What to move.

    Args:
        route: From which member to which.
        type_word: The type, as people name it; empty for all of the namespace.
        name: The object; empty for all of the namespace.
        namespace: Its namespace in the host; for cluster-scoped types it does not count.
        timeout: Seconds to wait until what moves is ready in the target.
        waits: Whether to wait and go on; else the move stops when the target has been added.
        is_dry_run: Plan and tell, write nothing.
        sync: How members are brought in step on the way.
    """

    route: Route
    type_word: str
    name: str
    namespace: str
    timeout: float = 600.0
    waits: bool = True
    is_dry_run: bool = False
    sync: SyncOptions = field(default_factory=SyncOptions)

    @property
    def kubefed_namespace(self) -> str:
        """Where the host keeps KubeFed's own objects."""
        return self.sync.kubefed_namespace

    @property
    def what(self) -> str:
        """The objects as the command line names them."""
        if not self.name:
            return f"--all -n {self.namespace}"
        return f"{self.type_word} {self.name} -n {self.namespace}"

    def command(self, *, is_back: bool = False) -> str:
        """Return the command that goes on with this move, or takes it back."""
        route = Route(self.route.target, self.route.source) if is_back else self.route
        return f"kubefedctl migrate {self.what} --from {route.source} --to {route.target}"


def migrate(
    fleet: Fleet, options: MigrateOptions, *, pace: Pace = USUAL_PACE, halt: Halt | None = None
) -> Generator[Event, None, None]:
    """
    Yield what happens while objects move.

    Raises:
        InputError: An object, type or cluster that is not there, or a placement that cannot be
            read.
        RefusedError: The target is not ready, lacks what the objects name, or a
            ReplicaSchedulingPreference places one of them.
        WaitTimeout: What moves is not ready in the target in time; nothing has left the source.
        PartialFailure: A sync on the way failed; the lines before tell where.
        ClusterError: The host or the target refused a request.
    """
    halt = halt or Halt()
    host = fleet.host
    yield Step(f"reading the federation from host cluster {host.name}")
    federation = read_federation(host, kubefed_namespace=options.kubefed_namespace)
    desired = read_desired(host, federation)
    move = plan_move(_choose(host, desired, options), desired, options.route)
    run = _Move(fleet, options, federation, desired, move, pace, halt)
    target = run.check()
    for note in move.notes:
        yield Warned(note)
    if options.is_dry_run:
        yield from run.foresee()
        return
    yield from run.add_target()
    if not options.waits:
        yield Step(f"to go on when all is ready there: {options.command()}", level=0)
        return
    yield from run.await_target(target)
    yield from run.leave_source()


def _choose(host: Cluster, desired: Desired, options: MigrateOptions) -> list[FederatedObject]:
    """What is to move, by name or all of the namespace."""
    if not options.name:
        found = find_movers(desired, options.namespace, options.route.source)
        partly = find_movers(desired, options.namespace, options.route.target)
        if not found and not partly:
            raise InputError(
                f"nothing in namespace {options.namespace} is placed in cluster"
                f" {options.route.source}"
            )
        return [*found, *find_left(desired, options.namespace, options.route)]
    type_config = find_named_type(host, desired.types, options.type_word)
    key = _key(type_config, options)
    mover = desired.federated.get(type_config.name, {}).get(key)
    if mover is None:
        subject = type_config.federated.subject(key)
        raise InputError(
            f"there is no {subject}"
            if type_config.name in desired.federated
            else f"{subject} could not be read: {desired.failures.get(type_config.name, '')}",
            hint="kubefedctl federate makes one of an object in the host",
        )
    return [mover]


def _key(type_config: TypeConfig, options: MigrateOptions) -> Key:
    if type_config.is_namespace_type:
        return Key(options.name, options.name)
    return Key(options.namespace if type_config.federated.namespaced else "", options.name)


@dataclass(frozen=True, slots=True)
class _Move:
    """One move under way."""

    fleet: Fleet
    options: MigrateOptions
    federation: Federation
    desired: Desired
    move: Move
    pace: Pace
    halt: Halt

    @property
    def route(self) -> Route:
        """From where to where."""
        return self.options.route

    def check(self) -> Cluster:
        """Return the connection to the target, after a look at all that could stop the move."""
        self._refuse_scheduled()
        probed = self._probe(self.route.target)
        if not probed.is_ready or probed.cluster is None:
            raise RefusedError(
                f"cluster {self.route.target} is not ready: {probed.probe.message}",
                hint="move when it is, or to another cluster",
            )
        missing = [lack for lack in self.move.lacks if not _is_there(probed.cluster, lack)]
        if missing:
            names = ", ".join(f"{lack.subject} (for {lack.needed_by})" for lack in missing)
            raise RefusedError(
                f"cluster {self.route.target} lacks {names}, which is not federated",
                hint="federate it, or create it there; kubefedctl federate has --with-dependencies",
            )
        return probed.cluster

    def foresee(self) -> Iterator[Event]:
        """Tell what would be changed in the host, and what of the members would follow."""
        for found, change, detail in self._steps():
            if change(found, self.route, self.desired) is not None:
                yield self._changed(found, detail, is_dry_run=True)

    def add_target(self) -> Iterator[Event]:
        """Place everything in the target, too, and bring it there."""
        widened = [found for found, change, _ in self._steps() if change is widen]
        for found in widened:
            yield from self._rewrite(found, widen, f"placed in cluster {self.route.target}, too")
        yield from self._sync(widened, clusters=(self.route.target,))

    def await_target(self, target: Cluster) -> Iterator[Event]:
        """Wait until what moves is ready in the target."""
        name = self.route.target
        awaited = [
            Awaited(name, found.type_config.target, found.target_key) for found in self.move.movers
        ]
        left = yield from await_objects(
            awaited,
            {name: target},
            patience=Patience(
                Goal.CURRENT, time.monotonic() + self.options.timeout, ends_at_failure=True
            ),
            pace=self.pace,
            halt=self.halt,
        )
        if self.halt.reason is not None:
            raise self.halt.reason
        options = self.options
        demand_nothing_left(
            left,
            source=self.route.source,
            seconds=options.timeout,
            hint=f"to go on: {options.command()}; to go back: {options.command(is_back=True)}",
        )

    def leave_source(self) -> Iterator[Event]:
        """Take the source away from what has moved; its namespace goes last, where it may."""
        inside = [found for found in self.move.movers if not found.type_config.is_namespace_type]
        detail = f"no longer placed in cluster {self.route.source}"
        for found in inside:
            yield from self._rewrite(found, narrow, detail)
        if inside:
            yield from self._sync(inside, clusters=())
        for found in self.move.movers[len(inside) :]:
            others = self._others_in_source(found.key.name)
            if others:
                yield Warned(
                    f"{found.target_subject} stays in cluster {self.route.source}: it holds"
                    f" {others}"
                )
                continue
            yield from self._rewrite(found, narrow, detail)
            yield from self._sync([found], clusters=())

    def _steps(self) -> Iterator[tuple[FederatedObject, _Change, str]]:
        route = self.route
        for found in (*self.move.companions, *self.move.movers):
            yield found, widen, f"placed in cluster {route.target}, too"
        for found in self.move.movers:
            yield found, narrow_or_none, f"no longer placed in cluster {route.source}"

    def _rewrite(self, federated: FederatedObject, change: _Change, detail: str) -> Iterator[Event]:
        """Change the spec of a federated object, from what stands there."""

        def new_object(existing: Object) -> Object | None:
            standing = parse_federated(existing, federated.type_config)
            spec = change(standing, self.route, self.desired)
            return None if spec is None else {**existing, "spec": spec}

        resource = federated.type_config.federated
        verdict, _ = revise(self.fleet.host, resource, federated.key, change=new_object)
        if verdict is Verdict.UPDATED:
            yield self._changed(federated, detail)

    def _changed(
        self, federated: FederatedObject, detail: str, *, is_dry_run: bool = False
    ) -> Result:
        return Result(
            Verdict.UPDATED,
            federated.subject,
            self.fleet.host.name,
            detail=detail,
            is_dry_run=is_dry_run,
        )

    def _sync(
        self, objects: Sequence[FederatedObject], *, clusters: tuple[str, ...]
    ) -> Iterator[Event]:
        """Bring members in step, for these objects alone."""
        for namespace, words in sorted(_by_namespace(objects).items()):
            request = Request(tuple(words), namespace=namespace, clusters=clusters)
            options = replace(self.options.sync, request=request)
            for event in sync(self.fleet, options, pace=self.pace, halt=self.halt):
                if not isinstance(event, Summary):
                    yield event

    def _probe(self, name: str) -> Probed:
        if name in self.federation.malformed:
            raise RefusedError(
                f"cluster {name} cannot be reached: {self.federation.malformed[name]}",
                hint=f"kubefedctl join {name} --error-on-existing=false makes it usable again",
            )
        access = self.federation.accesses[name]
        return probe_member(self.fleet, access, self.federation.config, pace=self.pace)

    def _refuse_scheduled(self) -> None:
        """A ReplicaSchedulingPreference would undo the move with the next sync."""
        try:
            listed = self.fleet.host.list(
                REPLICA_SCHEDULING_PREFERENCES,
                namespace=self.desired.config.target_namespace,
            ).items
        except NotFoundError:
            return
        keys = {mover.key for mover in self.move.movers}
        preferences = [parse_preference(obj) for obj in listed if key_of(obj) in keys]
        placed = {(found.target_kind, found.key): found for found in preferences}
        for mover in self.move.movers:
            found = placed.get((mover.type_config.federated.kind, mover.key))
            if found is not None:
                raise RefusedError(
                    f"{mover.subject} is placed by {found.subject}, which would undo the move",
                    hint=f"kubefedctl drain {self.route.source} moves what a preference places, or"
                    " change the preference",
                )

    def _others_in_source(self, namespace: str) -> str:
        """What would be lost with the namespace in the source; also what cannot be told."""
        probed = self._probe(self.route.source)
        if not probed.is_ready or probed.cluster is None:
            return "what cannot be looked at, as the cluster is not ready"
        try:
            others = list_others(probed.cluster, namespace, ours=frozenset())
        except (ClusterError, InputError) as error:
            return f"what cannot be looked at: {error.message}"
        return ", ".join(others)


_Change = Callable[[FederatedObject, Route, Desired], Object | None]


def narrow_or_none(federated: FederatedObject, route: Route, desired: Desired) -> Object | None:
    """Return what `narrow` will, as if the target had been added already."""
    spec = widen(federated, route, desired)
    source = federated.source if spec is None else {**federated.source, "spec": spec}
    return narrow(parse_federated(source, federated.type_config), route, desired)


def _by_namespace(objects: Iterable[FederatedObject]) -> dict[str, list[tuple[str, str]]]:
    words: dict[str, list[tuple[str, str]]] = {}
    for found in objects:
        named = (found.type_config.name, found.key.name)
        words.setdefault(found.key.namespace, []).append(named)
    return words


def _is_there(cluster: Cluster, lack: Lack) -> bool:
    resource = _NAMED[lack.subject.kind]
    return find(cluster, resource, Key(lack.subject.namespace, lack.subject.name)) is not None
