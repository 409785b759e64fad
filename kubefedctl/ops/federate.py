"""
federate: make federated objects from what stands in the host, or in a file.

Upstream: pkg/kubefedctl/federate/federate.go @ v0.10.0, same objects.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.carrying import find_lost_annotations, names_of_placed, renew_carried
from kubefedctl.core.dependencies import is_workload
from kubefedctl.core.differences import Difference, describe_difference, find_differences
from kubefedctl.core.enabling import Directive, make_type_config
from kubefedctl.core.federating import (
    is_federable_name,
    make_federated,
    make_guessed_federated,
)
from kubefedctl.core.lookup import find_type, names_of
from kubefedctl.core.ownership import controller_of, why_never_federated
from kubefedctl.core.suggesting import explain_where
from kubefedctl.errors import (
    ClusterError,
    ControlPlaneError,
    InputError,
    KubefedctlError,
    NotFoundError,
    PartialFailure,
    RefusedError,
    UnauthorizedError,
    UnreachableError,
)
from kubefedctl.model.events import Documents, Event, Line, Result, Step, Verdict, Warned, counted
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    is_deleting,
    key_of,
    kind_of,
    map_at,
    name_of,
    value_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import ApiResource, TypeConfig, parse_type_config
from kubefedctl.model.wellknown import CORE_GROUP, FEDERATED_GROUP, TYPE_CONFIGS
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.dependencies import read_cluster_names, read_dependencies
from kubefedctl.ops.enable import EnableOptions, make_enabled_type, write_enabled_type
from kubefedctl.ops.writing import find, put

_NEVER_FEDERATED = frozenset({"endpoints", "events", "leases"})


@dataclass(frozen=True, slots=True)
class FederateOptions:
    """
    How to federate.

    Args:
        type_key: The type as the person typed it.
        name: Name of the object.
        namespace: Its namespace; empty for the context's.
        contents: Also federate what is in the namespace.
        enables_type: Enable a type that is not enabled yet.
        skipped_types: Types and groups to leave out of the contents.
        kubefed_namespace: Where the host keeps type configs.
        is_dry_run: Tell, write nothing.
        prints_yaml: Yield the objects instead of writing them.
        updates: Renew the template of what is federated already.
        placement: The `spec.placement` of what is made; None for every cluster.
        with_dependencies: Also federate what a workload names in its namespace.
        carries_annotations: Carry annotations in overrides, one for each cluster.
    """

    type_key: str
    name: str
    namespace: str = ""
    contents: bool = False
    enables_type: bool = False
    skipped_types: tuple[str, ...] = ()
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    is_dry_run: bool = False
    prints_yaml: bool = False
    updates: bool = False
    placement: Object | None = None
    with_dependencies: bool = False
    carries_annotations: bool = False

    @property
    def goes_through_all(self) -> bool:
        """Whether one object that cannot be federated leaves the others to be federated."""
        return self.contents or self.with_dependencies


def federate_documents(
    objects: Sequence[Object],
    *,
    placement: Object | None = None,
    carries_annotations: bool = False,
) -> Iterator[Event]:
    """
    Yield the federated forms of *objects*, read from a file; no cluster is asked.

    Annotations are carried to the clusters that *placement* names.
    """
    made = []
    carried_to = names_of_placed(placement) if carries_annotations else None
    for obj in objects:
        if reason := why_never_federated(obj):
            yield Warned(f"{kind_of(obj)}/{name_of(obj)} is left out: {reason}")
            continue
        federated, warnings = make_guessed_federated(
            obj, placement=placement, carried_to=carried_to
        )
        yield from (Warned(warning) for warning in warnings)
        made.append(federated)
    yield Documents(tuple(made))


def federate(fleet: Fleet, options: FederateOptions, *, pace: Pace = USUAL_PACE) -> Iterator[Event]:
    """
    Yield what happens while an object, and perhaps a namespace's contents, are federated.

    Raises:
        InputError: No such type, contents of something that is no namespace, or an object that
            makes no sense in another cluster.
        ControlPlaneError: The type is not enabled.
        RefusedError: It is federated already, from another template.
        PartialFailure: The host refused some of the contents.
        NotFoundError: The object is not in the host.
    """
    host = fleet.host
    found = find_type(host.discover(), options.type_key)
    _check_kind(found.resource, options)
    chosen = _chosen_type(host, found, options)
    namespace = options.namespace or host.endpoint.namespace or "default"
    key = Key(namespace if found.resource.namespaced else "", options.name)
    named = _get_named(host, chosen.type_config.target, key)
    yield from _look_at_named(named, found.resource)
    pairs = [(chosen, named)]
    if options.contents:
        yield Step(f"reading what is in namespace {options.name} of host cluster {host.name}")
        pairs += yield from _read_contents(host, options)
    if options.with_dependencies:
        for type_, obj in (yield from read_dependencies(host, named)):
            content = replace(_chosen_type(host, type_, options), is_dependency=True)
            pairs.insert(-1, (content, obj))  # NB: what needs them comes last
    made = yield from _make_all(host, pairs, options)
    if options.prints_yaml:
        yield Documents(tuple(federated for _, federated in made))
        return
    yield from _write(host, made, options, pace)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A type to federate into, and what must be enabled first, if anything."""

    type_config: TypeConfig
    directive: Directive | None = None
    is_dependency: bool = False


def _chosen_type(host: Cluster, found: ApiResource, options: FederateOptions) -> _Chosen:
    """The host's type config, or the one that would be made, where that is allowed."""
    name = found.resource.qualified_name
    key = Key(options.kubefed_namespace, name)
    try:
        config = find(host, TYPE_CONFIGS, key)
    except ClusterError:
        if not options.prints_yaml:
            raise
        config = None
    if config is not None:
        return _Chosen(parse_type_config(config))
    if options.prints_yaml:
        return _Chosen(parse_type_config(make_type_config(found)))
    if options.enables_type:
        return _Chosen(parse_type_config(make_type_config(found)), Directive(name))
    raise ControlPlaneError(
        f"type {name} is not enabled for federation in host cluster {host.name}",
        hint=f"kubefedctl enable {name}, or federate with --enable-type",
    )


def _check_kind(resource: Resource, options: FederateOptions) -> None:
    if options.contents and resource.kind != "Namespace":
        raise InputError(
            f"--contents goes with a namespace, not with a {resource.kind}",
            hint=f"kubefedctl federate namespace {options.name} --contents",
        )
    if options.with_dependencies and not is_workload(resource.kind, group=resource.group):
        raise InputError(
            f"--with-dependencies goes with a workload, not with a {resource.kind}",
            hint="name what runs pods, such as a deployment; for a namespace, use --contents",
        )


def _read_contents(
    host: Cluster, options: FederateOptions
) -> Generator[Event, None, list[tuple[_Chosen, Object]]]:
    pairs: list[tuple[_Chosen, Object]] = []
    for resource in _content_types(host, options):
        listed = []
        for obj in _list_contents(host, resource, options.name):
            if reason := _why_left_out(obj):
                yield Step(f"leaving out {resource.resource.subject(key_of(obj))}: {reason}")
            else:
                listed.append(obj)
        if listed:
            content = _chosen_type(host, resource, options)
            pairs += [(content, obj) for obj in listed]
    return pairs


def _make_all(
    host: Cluster, pairs: Sequence[tuple[_Chosen, Object]], options: FederateOptions
) -> Generator[Event, None, list[tuple[_Chosen, Object]]]:
    """Return the federated form of each, but for those whose name cannot be."""
    carried_to = None
    if options.carries_annotations and any(find_lost_annotations(obj) for _, obj in pairs):
        carried_to = read_cluster_names(
            host, options.placement, kubefed_namespace=options.kubefed_namespace
        )
    made = []
    for type_, obj in pairs:
        if not is_federable_name(name_of(obj)):
            yield Warned(
                f"{type_.type_config.target.subject(key_of(obj))} is skipped: its name"
                " is no DNS name"
            )
            continue
        federated, warnings = make_federated(
            obj, type_.type_config, placement=options.placement, carried_to=carried_to
        )
        yield from (Warned(warning) for warning in warnings)
        made.append((type_, federated))
    return made


def _content_types(host: Cluster, options: FederateOptions) -> list[ApiResource]:
    """Types whose objects in a namespace are federated with it."""
    discovery = host.discover()
    if discovery.failures:
        raise InputError(
            f"host cluster {host.name} could not tell of all it serves:"
            f" {'; '.join(discovery.failures)}",
            hint="repair the API services that do not answer",
        )
    skipped = {key.lower() for key in options.skipped_types}
    return [
        found
        for found in discovery.resources
        if found.preferred
        and found.resource.namespaced
        and "list" in found.verbs
        and "create" in found.verbs
        and found.resource.plural not in _NEVER_FEDERATED
        and not _is_own_type(found.resource)
        and not names_of(found) & skipped
        and found.resource.group not in options.skipped_types
    ]


def _is_own_type(resource: Resource) -> bool:
    return resource.group in (FEDERATED_GROUP, CORE_GROUP, "extensions")


def _list_contents(host: Cluster, found: ApiResource, namespace: str) -> list[Object]:
    try:
        return list(host.list(found.resource, namespace=namespace).items)
    except NotFoundError:
        return []


def _get_named(host: Cluster, target: Resource, key: Key) -> Object:
    try:
        return host.get(target, key)
    except NotFoundError as error:
        error.hint = error.hint or explain_where(target)
        raise


def _look_at_named(named: Object, resource: Resource) -> Iterator[Event]:
    """Refuse what somebody asked for by name and no other cluster could use."""
    subject = resource.subject(key_of(named))
    reason = why_never_federated(named)
    if not is_federable_name(name_of(named)):
        reason = "its name is no DNS name, as that of a federated object must be"
    if reason:
        raise InputError(f"{subject} cannot be federated: {reason}")
    if owner := controller_of(named):
        yield Warned(f"{subject} is controlled by {owner}; federate that instead")


def _why_left_out(obj: Object) -> str:
    owner = controller_of(obj)
    return f"it is controlled by {owner}" if owner else why_never_federated(obj)


def _write(
    host: Cluster, made: Sequence[tuple[_Chosen, Object]], options: FederateOptions, pace: Pace
) -> Iterator[Event]:
    """Write each, tell of each, and raise at the end what kept any from being written."""
    enabled = set()
    problems: list[KubefedctlError] = []
    fingerprint_key = secrets.token_bytes(16)
    for at, (type_, federated) in enumerate(made, start=1):
        if type_.directive is not None and type_.type_config.name not in enabled:
            enabled.add(type_.type_config.name)
            how = EnableOptions(options.kubefed_namespace, options.is_dry_run)
            enabled_type = make_enabled_type(host, type_.directive)
            yield from write_enabled_type(host, enabled_type, how, pace=pace)
        resource = type_.type_config.federated
        subject = resource.subject(key_of(federated))
        of_all = f" ({at} of {len(made)})" if len(made) > 1 else ""
        yield Step(f"federating {subject}{of_all}")
        write = _Write(
            type_.type_config,
            federated,
            updates=options.updates,
            keeps=type_.is_dependency and not options.updates,
        )
        patience = pace.patience if type_.directive is not None else 0.0
        try:
            verdict = write.run(host, is_dry_run=options.is_dry_run, patience=patience)
        except (UnreachableError, UnauthorizedError):
            raise  # NB: the next one would meet the same
        except (ClusterError, RefusedError) as error:
            yield from write.tell(fingerprint_key)
            if not options.goes_through_all:
                raise
            problems.append(error)
            is_refused = isinstance(error, RefusedError)
            word = Verdict.SKIPPED if is_refused else Verdict.FAILED
            yield Result(word, subject, host.name, detail=error.message)
            continue
        yield from write.tell(fingerprint_key)
        if options.placement is not None and write.is_placed_otherwise:
            yield Warned(f"{subject} exists already; its placement is kept")
        if write.keeps and write.differences:
            yield Warned(f"{subject} exists already; it is kept (--update renews it)")
        if verdict is Verdict.UNCHANGED:
            # NB: a line, since a result that says so is shown only to those who ask for more
            yield Line(f"{verdict} {subject.within(host.name)}")
        else:
            yield Result(verdict, subject, host.name, is_dry_run=options.is_dry_run)
    if problems:
        raise _sum_up(problems)


@dataclass(slots=True)
class _Write:
    """One federated object on its way to the host, and what was found there."""

    type_config: TypeConfig
    federated: Object
    updates: bool
    keeps: bool = False
    differences: tuple[Difference, ...] = ()
    is_placed_otherwise: bool = False

    def run(self, host: Cluster, *, is_dry_run: bool, patience: float) -> Verdict:
        """Create it, or bring its template up to date where that is allowed."""
        resource = self.type_config.federated
        subject = resource.subject(key_of(self.federated)).within(host.name)

        def change(existing: Object) -> Object | None:
            if is_deleting(existing):
                raise RefusedError(
                    f"{subject} is being deleted", hint="run the command again when it is gone"
                )
            wanted = self.federated["spec"]
            placed = value_at(existing, "spec", "placement")
            self.is_placed_otherwise = placed != wanted["placement"]
            renewed: Object = {"template": wanted["template"]}
            stored = value_at(existing, "spec", "template")
            self.differences = find_differences(stored, wanted["template"])
            if carried := wanted.get("overrides"):
                overrides = value_at(existing, "spec", "overrides")
                renewed["overrides"] = renew_carried(overrides, carried)
                self.differences += find_differences(
                    {"overrides": overrides}, {"overrides": renewed["overrides"]}
                )
            if not self.differences or self.keeps:
                return None
            if not self.updates:
                raise RefusedError(
                    f"{subject} exists already; it was not changed",
                    hint="federate with --update to renew its template",
                )
            spec = {**map_at(existing, "spec"), **renewed}
            return {**existing, "spec": spec}

        return put(
            host, resource, self.federated, change=change, dry_run=is_dry_run, patience=patience
        )[0]

    def tell(self, fingerprint_key: bytes) -> Iterator[Event]:
        """Yield what is changed, or would be, a line for each field."""
        kind = self.type_config.target.kind
        for found in self.differences:
            line = describe_difference(found, kind=kind, key=fingerprint_key)
            yield Step(f"  {line}", level=0)


def _sum_up(problems: Sequence[KubefedctlError]) -> KubefedctlError:
    """The error that a command ends with which went through everything."""
    if all(isinstance(problem, RefusedError) for problem in problems):
        return RefusedError(
            f"{counted(len(problems), 'federated object')} not changed: the template differs,"
            " or the object is being deleted",
            hint="federate with --update to renew templates",
        )
    return PartialFailure(f"{counted(len(problems), 'object')} could not be federated")
