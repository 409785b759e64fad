"""
get: the objects of all member clusters at once, without writing anything.

Here: what is asked for, and telling the answers. Not here: asking the members (`gathering`), and
how their answers are put together (`core.gathering`).

Laws:
1. Nothing is written. Of the host, the KubeFedClusters with their Secrets and its discovery are
   read; types need not be federated.
2. A cluster that cannot be asked, or not completely, is told by name; the others are shown.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.gathering import Wanted, gather_tables, present_object
from kubefedctl.core.narrowing import Request, make_narrowing
from kubefedctl.errors import (
    ControlPlaneError,
    InputError,
    NotFoundError,
    PartialFailure,
)
from kubefedctl.model.events import Event, Line, Rendered, Step, Tabulated, Warned, counted
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, MANAGED_SELECTOR, key_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.renderings import RenderError, Rendering
from kubefedctl.model.tables import Table
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS
from kubefedctl.ops.configuring import find_config
from kubefedctl.ops.gathering import Answer, Asking, View, ask_members, find_in_host
from kubefedctl.ops.registrations import Registered, read_registrations

_PATIENCE = 5.0
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class GetOptions:
    """
    What to show.

    Args:
        wanted: Types, each with the names of objects or all of it.
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        namespace: Namespace of the objects; empty for the context's, else `default`.
        is_everywhere: Look into all namespaces.
        request: Clusters and labels.
        is_managed: Only what carries KubeFed's label.
        view: What is wanted of the objects.
        is_wide: Whether a table has the columns that need more room.
    """

    wanted: tuple[Wanted, ...]
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    namespace: str = ""
    is_everywhere: bool = False
    request: Request = field(default_factory=Request)
    is_managed: bool = False
    view: View = View.TABLE
    is_wide: bool = False


def get(fleet: Fleet, options: GetOptions) -> Generator[Event, None, None]:
    """
    Yield what the members have.

    Raises:
        ControlPlaneError: The host has no KubeFed API.
        InputError: No cluster is joined, a cluster is not joined, or no cluster serves a type.
        NotFoundError: No cluster has an object that was asked for by name.
        ClusterError: The host did not answer.
        PartialFailure: Some clusters did not answer; the others were told.
    """
    host = fleet.host
    asking = _make_asking(host, options)
    members = _read_members(host, options)
    yield Step(f"asking {counted(len(members.registrations), 'cluster')}")
    answers = ask_members(fleet, members, asking)
    _check_served(answers, asking)
    yield from _tell(answers, options, asking.namespace)
    failures = [failure for found in answers.values() for failure in found.failures]
    yield from (Warned(failure.message, is_failure=True) for failure in failures)
    if failures:
        failed = sum(1 for found in answers.values() if found.failures)
        raise PartialFailure(
            f"{failed} of {counted(len(answers), 'cluster')} could not be asked for everything",
            hint="the warnings name clusters and causes; --cluster leaves clusters out",
        )
    _check_names(answers, options, asking.namespace)


def _make_asking(host: Cluster, options: GetOptions) -> Asking:
    """What every member is asked, in the namespace that kubectl would look into."""
    namespace = options.namespace or host.endpoint.namespace or "default"
    selectors = [*map(str, options.request.requirements)]
    selectors += [MANAGED_SELECTOR] if options.is_managed else []
    return Asking(
        options.wanted,
        options.view,
        namespace="" if options.is_everywhere else namespace,
        label_selector=",".join(selectors),
        known={found.word: find_in_host(host, found.word) for found in options.wanted},
    )


def _read_members(host: Cluster, options: GetOptions) -> Registered:
    """The members that are looked at."""
    namespace = options.kubefed_namespace
    try:
        listed = host.list(KUBEFED_CLUSTERS, namespace=namespace).items
    except NotFoundError as error:
        raise ControlPlaneError(
            f"host cluster {host.name} does not serve KubeFed's API {KUBEFED_CLUSTERS.api_version}",
            hint="run `kubefedctl init` against the host, or check --host-cluster-context",
        ) from error
    if not listed:
        find_config(host, kubefed_namespace=namespace)
        raise InputError(
            f"no cluster is joined to host cluster {host.name}", hint="kubefedctl join CLUSTER_NAME"
        )
    found = read_registrations(host, listed, namespace=namespace)
    narrowing = make_narrowing(
        options.request, [], clusters=found.registrations, target_namespace=""
    )
    kept = filter(narrowing.includes_cluster, found.registrations)
    registrations = {name: found.registrations[name] for name in kept}
    return Registered(registrations, found.malformed, found.accesses)


def _check_served(answers: Mapping[str, Answer], asking: Asking) -> None:
    """Hold that some cluster serves each type, unless one could not be asked."""
    for wanted in asking.wanted:
        known = asking.known[wanted.word]
        failures = [
            failure
            for found in answers.values()
            for failure in found.failures
            if failure.word in (wanted.word, "")
        ]
        if len(failures) == len(answers) and all(found.is_unserved for found in failures):
            raise InputError(
                f"no member cluster serves a type named {wanted.word!r}",
                hint=known.hint if isinstance(known, InputError) else "",
            )


def _tell(answers: Mapping[str, Answer], options: GetOptions, namespace: str) -> Iterator[Event]:
    keys = _keys_of(answers)
    is_whole = not any(found.failures for found in answers.values())
    if not keys and is_whole and not any(found.names for found in options.wanted):
        where = f" in {namespace} namespace" if namespace and _is_namespaced(answers) else ""
        yield Step(f"No resources found{where}.", level=0)
    if options.view is View.TABLE:
        yield _tabulate(answers, options)
    elif options.view is View.OBJECTS:
        yield from _show_objects(answers)
    else:
        yield from (Line(found, is_answer=True) for found in _list_names(answers))


def _tabulate(answers: Mapping[str, Answer], options: GetOptions) -> Tabulated:
    tables: dict[tuple[str, Resource], Table] = {}
    for word in options.wanted:
        for cluster, answer in answers.items():
            for wanted, resource, table in answer.tables:
                if wanted != word:
                    continue
                before = tables.get((cluster, resource))
                rows = (*(before.rows if before else ()), *table.rows)
                tables[cluster, resource] = Table(table.columns, rows)
    return Tabulated(gather_tables(tables), options.is_wide, options.is_everywhere)


def _show_objects(answers: Mapping[str, Answer]) -> Iterator[Event]:
    clusters: dict[str, tuple[Object, ...]] = {}
    is_concealed = False
    for name, answer in answers.items():
        read = [(resource, obj) for _, resource, items in answer.objects for obj in items]
        shown = {(resource, key_of(obj)): present_object(obj) for resource, obj in read}
        is_concealed = is_concealed or any("secret" in found.kind.lower() for found, _ in read)
        if answer.objects:
            clusters[name] = tuple(shown.values())
    errors = [
        RenderError(
            failure.word or failure.cluster, failure.reason, failure.message, failure.cluster
        )
        for answer in answers.values()
        for failure in answer.failures
    ]
    yield Rendered(Rendering(clusters, tuple(errors)))
    if is_concealed:
        yield Warned(
            "values of Secrets are left out: do not apply this; kubectl --context CONTEXT get"
            " secrets -o yaml shows them"
        )


def _list_names(answers: Mapping[str, Answer]) -> list[str]:
    found = {
        (resource.qualified_name, key_of(obj), name): resource.subject(key_of(obj)).within(name)
        for name, answer in answers.items()
        for _, resource, items in answer.objects
        for obj in items
    }
    return [found[place] for place in sorted(found)]


def _keys_of(answers: Mapping[str, Answer]) -> set[tuple[str, Key]]:
    """All that was found, as word and key."""
    found: set[tuple[str, Key]] = set()
    for answer in answers.values():
        for wanted, _, table in answer.tables:
            found.update((wanted.word, row.key) for row in table.rows)
        for wanted, _, items in answer.objects:
            found.update((wanted.word, key_of(obj)) for obj in items)
    return found


def _is_namespaced(answers: Mapping[str, Answer]) -> bool:
    return any(
        resource.namespaced
        for answer in answers.values()
        for _, resource, _ in (*answer.tables, *answer.objects)
    )


def _check_names(answers: Mapping[str, Answer], options: GetOptions, namespace: str) -> None:
    """Hold that each object that was asked for by name is somewhere."""
    found = {(word, key.name) for word, key in _keys_of(answers)}
    for wanted in options.wanted:
        for name in wanted.names:
            if (wanted.word, name) not in found:
                raise _missing(answers, wanted, Key(namespace, name))


def _missing(answers: Mapping[str, Answer], wanted: Wanted, key: Key) -> NotFoundError:
    resource = next(
        resource
        for answer in answers.values()
        for asked, resource, _ in (*answer.tables, *answer.objects)
        if asked == wanted
    )
    names = sorted(answers)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return NotFoundError(
        act="get",
        subject=str(resource.subject(key)),
        cluster=f"{', '.join(names[:_MOST_NAMED])}{more}",
        status=404,
        reason="NotFound",
        hint="-A looks into all namespaces" if key.namespace and resource.namespaced else "",
    )
