"""
Reading for a sync of files: what the members have, what their ApplySets say, and the plan.

Here: contexts, probes, lists, and the plan that comes of them. Not here: what files describe
(`core.assembling`) and writing (`filesync`).

Laws:
1. Only types that the files or the ApplySet are about are listed: a pipeline needs no other rights.
2. A type that cannot be listed in a member, or that its ApplySet names and nobody can find, lets
   nothing be deleted there.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.applysets import (
    DEFAULT_PLACE,
    PARENT,
    Contents,
    GroupKind,
    kind_of_resource,
    make_id,
)
from kubefedctl.core.assembling import Assembled
from kubefedctl.core.clusterlists import check_servers
from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.guarding import DeletionLimit
from kubefedctl.core.narrowing import Request, find_missing, make_narrowing
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.pruning import (
    Leftover,
    Set,
    contents_left,
    contents_observed,
    contents_wanted,
    find_leftovers,
    plan_pruning,
)
from kubefedctl.core.waving import ClusterWave, WaveRule, divide_clusters
from kubefedctl.errors import ClusterError, InputError
from kubefedctl.model.actions import USUAL_WRITING, Plan, WritePolicy
from kubefedctl.model.events import Event, Step, Warned, counted
from kubefedctl.model.narrowing import Narrowing
from kubefedctl.model.progress import Goal
from kubefedctl.model.readings import ClusterReading, Desired
from kubefedctl.model.refs import Key, Resource
from kubefedctl.model.typeconfigs import TypeConfig, parse_type_config
from kubefedctl.ops.applysets import Parents, read_parents
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.filescheduling import spread_files
from kubefedctl.ops.narrowing import find_named_type, resolve_strategies
from kubefedctl.ops.probing import Probed, probe_opened
from kubefedctl.ops.reading import read_member
from kubefedctl.ops.totals import Totals

_NAMED = 3


@dataclass(frozen=True, slots=True)
class FileSyncOptions:
    """
    How to sync files.

    Args:
        place: Where the parent of the ApplySet is in each member.
        prunes: Delete what left the files.
        timeout: Seconds that the run may wait for members.
        is_dry_run: Plan and tell, write nothing.
        writing: How member objects are written.
        request: What to look at; everything if it asks for nothing.
        limit: How many objects may be deleted; None for any number, but never for all.
        compares: Tell what changes, field by field.
        goal: What objects in members are to become before the run ends; None for not waiting.
        waves: Which clusters are written together; nothing for all at once.
    """

    place: Key = DEFAULT_PLACE
    prunes: bool = False
    timeout: float = 300.0
    is_dry_run: bool = False
    writing: WritePolicy = USUAL_WRITING
    request: Request = field(default_factory=Request)
    limit: DeletionLimit | None = None
    compares: bool = False
    goal: Goal | None = None
    waves: tuple[WaveRule, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRun:
    """
    A run over files, read and planned.

    Args:
        desired: What the files say, as far as the run looks at it.
        probed: What each member that is looked at answered, by name.
        observed: What was read from it.
        applyset: The set, with the types that were looked at in each member.
        read: The types of objects that were looked for in each member that was read.
        said: What the parent says in each of these.
        plan: What is to be done, with the deletions if these are asked for.
        leftovers: What left the files.
        going: What of it is deleted.
        waves: The members in the order in which they are written.
    """

    desired: Desired
    probed: Mapping[str, Probed]
    observed: Mapping[str, ClusterReading]
    applyset: Set
    read: Mapping[str, frozenset[GroupKind]]
    said: Mapping[str, Contents]
    plan: Plan
    leftovers: tuple[Leftover, ...]
    going: tuple[Leftover, ...]
    waves: tuple[ClusterWave, ...]

    @property
    def clusters(self) -> dict[str, Cluster]:
        """The members that can be asked, by name."""
        return {name: found.cluster for name, found in self.probed.items() if found.cluster}

    def wanted(self, name: str) -> Contents:
        """Return what the set consists of in a member while this run writes."""
        held = contents_observed(self.observed[name], self.applyset)
        return held | contents_wanted(self.plan, cluster=name)

    def left(self, name: str, gone: Collection[tuple[str, Resource, Key]]) -> Contents:
        """Return what the parent in a member is to say after *gone* went."""
        of_member = {(kind_of_resource(r), key) for cluster, r, key in gone if cluster == name}
        held = contents_observed(self.observed[name], self.applyset, gone=of_member)
        is_whole = self.desired.narrowing.is_of_all_objects
        read = self.read[name] if is_whole else frozenset()
        said = self.said[name] | self.wanted(name)
        return contents_left(said, held | contents_wanted(self.plan, cluster=name), read=read)

    def due(
        self, contents: Mapping[str, Contents], said: Mapping[str, Contents] | None = None
    ) -> dict[str, Contents]:
        """Return those of *contents* that a parent does not say yet, by cluster."""
        own = Contents(namespaces=frozenset({self.applyset.place.namespace}))
        before = self.said if said is None else said
        return {n: found for n, found in contents.items() if found | own != before[n] | own}


def read_files(
    fleet: Fleet, files: Assembled, options: FileSyncOptions, *, totals: Totals, pace: Pace
) -> Generator[Event, None, FileRun]:
    """
    Read the members and plan what brings them to what the files say.

    Raises:
        InputError: A context cannot be used, or what was asked for is not there.
        RefusedError: The ApplySet is another tool's.
    """
    yield from map(Warned, files.warnings)
    yield from (totals.warn_of_failure(str(error)) for error in files.errors)
    _check_place(files, options.place)
    desired = _narrow_clusters(files, options.request)
    if not desired.config.propagates:
        raise InputError(
            "the KubeFedConfig among the files disables the feature gate PushReconciler, so that"
            " nothing is propagated",
            hint="enable it, or leave the KubeFedConfig out",
        )
    names = sorted(desired.registrations.keys() - desired.unseen)
    waves = _divide(desired, names, options.waves)
    totals.waves = {name: wave.name for wave in waves for name in wave.clusters}
    clusters = {name: fleet.context(files.contexts[name]) for name in names}
    check_servers({name: found.endpoint for name, found in clusters.items()})
    yield Step(f"probing {counted(len(names), 'member cluster')}")
    probed = run_side_by_side(
        {n: partial(probe_opened, c, desired.config, pace=pace) for n, c in clusters.items()}
    )
    ready = {name: clusters[name] for name, found in probed.items() if found.is_ready}
    for name in sorted(clusters.keys() - ready.keys()):
        yield Warned(f"cluster {name} is not ready: {probed[name].probe.message}")
    desired, writing = _narrow_types(files, desired, options, next(iter(ready.values()), None))
    parents = read_parents(ready, options.place)
    yield Step("reading what the members have")
    found = run_side_by_side(
        {
            name: partial(_read_member, ready[name], name, files, desired, contents)
            for name, contents in parents.contents.items()
        }
    )
    observed = {n: _find_reading(n, probed[n], found, parents) for n in names}
    for name, cause in sorted(parents.failures.items()):
        yield totals.warn_of_failure(f"cluster {name} is left as it is: {cause}")
    applyset = Set(make_id(options.place), options.place, {n: f.types for n, f in found.items()})
    spread = spread_files(files, desired, observed, clusters=ready)
    yield from totals.pass_on(spread.events)
    plan = plan_sync(spread.desired, observed, writing=replace(writing, part_of=applyset.id))
    leftovers = tuple(find_leftovers(plan, desired, observed, applyset=applyset))
    going = yield from _choose_going(leftovers, files, observed, options, totals)
    return FileRun(
        desired=desired,
        probed=probed,
        observed=observed,
        applyset=applyset,
        read={name: found.kinds for name, found in found.items()},
        said=parents.contents,
        plan=replace(plan, orphans=tuple(plan_pruning(going, desired, applyset=applyset))),
        leftovers=leftovers,
        going=tuple(going),
        waves=waves,
    )


def _check_place(files: Assembled, place: Key) -> None:
    """Hold that the parent of the set is no object of the set itself."""
    for type_config in files.desired.types:
        of_type = files.desired.federated.get(type_config.name, {}).values()
        is_same = kind_of_resource(type_config.target) == kind_of_resource(PARENT)
        if is_same and any(found.target_key == place for found in of_type):
            raise InputError(
                f"the files have {PARENT.subject(place)}, which is where the ApplySet is recorded",
                hint="choose another name with --applyset",
            )


def _divide(
    desired: Desired, names: Sequence[str], rules: Sequence[WaveRule]
) -> tuple[ClusterWave, ...]:
    labels = {name: desired.registrations[name].labels for name in names}
    return divide_clusters(tuple(rules), labels, known=frozenset(desired.registrations))


def _narrow_clusters(files: Assembled, request: Request) -> Desired:
    """What the files say, with the clusters that are looked at."""
    desired = files.desired
    unknown = sorted(set(request.clusters) - desired.registrations.keys())
    if unknown:
        raise InputError(
            f"the files have no cluster {', '.join(unknown)}",
            hint=f"there are: {', '.join(desired.registrations)}",
        )
    named = set(files.looked_at) & set(request.clusters or files.looked_at)
    if not named:
        raise InputError("--cluster and --clusters name different clusters", hint="leave one out")
    clusters = frozenset(named) if named != desired.registrations.keys() else frozenset()
    return replace(desired, narrowing=Narrowing(clusters=clusters))


def _narrow_types(
    files: Assembled, desired: Desired, options: FileSyncOptions, asked: Cluster | None
) -> tuple[Desired, WritePolicy]:
    """The same with the types and objects that are looked at, and how each type is written."""
    request = options.request
    chosen = [find_named_type(asked, files.types, word) for word, _ in request.types]
    narrowing = make_narrowing(
        replace(request, clusters=()),
        chosen,
        clusters=desired.registrations,
        target_namespace=desired.config.target_namespace,
    )
    narrowing = replace(narrowing, clusters=desired.narrowing.clusters)
    types = tuple(found for found in desired.types if narrowing.includes_type(found))
    narrowed = replace(desired, narrowing=narrowing, types=types, has_host=False)
    missing = find_missing(narrowed)
    if missing:
        raise InputError(
            f"the files have no {', no '.join(missing)}", hint="check the names and the namespace"
        )
    strategies = resolve_strategies(asked, files.types, options.writing.strategies)
    return narrowed, replace(options.writing, strategies=strategies)


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of one member, and which types that was about."""

    reading: ClusterReading
    types: Mapping[str, TypeConfig]
    kinds: frozenset[GroupKind]


def _read_member(
    cluster: Cluster, name: str, files: Assembled, desired: Desired, said: Contents
) -> _Found:
    """List what the files and the set are about, in one member."""
    known = {kind_of_resource(found.target): found for found in files.types}
    types = {t.name: t for t in desired.types if desired.federated.get(t.name)}
    propagated = {found.name for found in desired.types}
    types |= {
        known[kind].name: known[kind]
        for kind in said.kinds & known.keys()
        if known[kind].name in propagated
    }
    strange = {kind for kind in said.kinds - known.keys() if desired.narrowing.names == {}}
    vanished, failures = set(), {}
    if strange:
        served, problem = _discover(cluster)
        for kind in sorted(strange):
            if kind in served:
                types[served[kind].name] = served[kind]
            elif problem:
                failures[str(kind)] = problem
            else:
                vanished.add(kind)
    order = tuple(types[key] for key in sorted(types))
    reading = read_member(cluster, replace(desired, types=order, failures={}))
    reading = replace(reading, name=name, failures={**failures, **reading.failures})
    looked_at = {key: found for key, found in types.items() if key in reading.objects}
    kinds = {kind_of_resource(found.target) for found in looked_at.values()}
    return _Found(reading, looked_at, frozenset(kinds | vanished))


def _discover(cluster: Cluster) -> tuple[dict[GroupKind, TypeConfig], str]:
    """The types that a member serves, and why these may not be all."""
    try:
        discovery = cluster.discover()
    except ClusterError as error:
        return {}, error.message
    served = {
        kind_of_resource(found.resource): parse_type_config(make_type_config(found.resource))
        for found in discovery.resources
        if found.preferred and {"list", "delete"} <= found.verbs
    }
    return served, "; ".join(discovery.failures)


def _find_reading(
    name: str, probed: Probed, found: Mapping[str, _Found], parents: Parents
) -> ClusterReading:
    if name in found:
        return found[name].reading
    return ClusterReading(name, False, note=parents.failures.get(name, probed.probe.message))


def _choose_going(
    leftovers: Sequence[Leftover],
    files: Assembled,
    observed: Mapping[str, ClusterReading],
    options: FileSyncOptions,
    totals: Totals,
) -> Generator[Event, None, list[Leftover]]:
    """Tell what left the files, and return what of it may be deleted."""
    partly = {name for name, reading in observed.items() if reading.failures}
    for name in sorted(partly):
        for type_name, cause in sorted(observed[name].failures.items()):
            text = f"cluster {name} was not read completely, so nothing is deleted there:"
            yield from _tell_unread(f"{text} {type_name}: {cause}", options, totals)
    going: list[Leftover] = []
    by_cluster: dict[str, list[Leftover]] = {}
    for found in leftovers:
        by_cluster.setdefault(found.cluster, []).append(found)
    for name, of_cluster in by_cluster.items():
        why = "; --prune deletes that" if not options.prunes else ""
        if options.prunes and files.errors:
            why = "; nothing is deleted while something in the files is not understood"
        if not why and name not in partly:
            going += of_cluster
            continue
        named = ", ".join(str(found.subject) for found in of_cluster[:_NAMED])
        more = f" and {len(of_cluster) - _NAMED} more" if len(of_cluster) > _NAMED else ""
        yield Warned(
            f"cluster {name} keeps {counted(len(of_cluster), 'object')} that left the files:"
            f" {named}{more}{why}"
        )
    return going


def _tell_unread(text: str, options: FileSyncOptions, totals: Totals) -> Iterator[Event]:
    if options.prunes:
        yield totals.warn_of_failure(text)
