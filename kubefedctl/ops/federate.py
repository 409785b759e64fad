"""
federate: make federated objects from what stands in the host, or in a file.

Upstream: pkg/kubefedctl/federate/federate.go @ v0.10.0, same objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.enabling import Directive, make_type_config
from kubefedctl.core.federating import make_federated, make_guessed_federated
from kubefedctl.core.lookup import find_type, names_of
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ControlPlaneError,
    InputError,
    NotFoundError,
    RefusedError,
)
from kubefedctl.model.events import Documents, Event, Result, Step, Verdict, Warned
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, key_of, name_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import ApiResource, TypeConfig, parse_type_config
from kubefedctl.model.wellknown import CORE_GROUP, FEDERATED_GROUP, TYPE_CONFIGS
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.enable import EnableOptions, make_enabled_type, write_enabled_type
from kubefedctl.ops.writing import create_patiently, find

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_NEVER_FEDERATED = frozenset({"endpoints", "events"})


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


def federate_documents(objects: Sequence[Object]) -> Iterator[Event]:
    """Yield the federated forms of *objects*, read from a file; no cluster is asked."""
    made = []
    for obj in objects:
        federated, warnings = make_guessed_federated(obj)
        yield from (Warned(warning) for warning in warnings)
        made.append(federated)
    yield Documents(tuple(made))


def federate(fleet: Fleet, options: FederateOptions, *, pace: Pace = USUAL_PACE) -> Iterator[Event]:
    """
    Yield what happens while an object, and perhaps a namespace's contents, are federated.

    Raises:
        InputError: No such type, or contents of something that is no namespace.
        ControlPlaneError: The type is not enabled.
        RefusedError: It is federated already.
        NotFoundError: The object is not in the host.
    """
    host = fleet.host
    found = find_type(host.discover(), options.type_key)
    if options.contents and found.resource.kind != "Namespace":
        raise InputError(
            f"--contents goes with a namespace, not with a {found.resource.kind}",
            hint=f"kubefedctl federate namespace {options.name} --contents",
        )
    chosen = _chosen_type(host, found, options)
    namespace = options.namespace or host.endpoint.namespace or "default"
    key = Key(namespace if found.resource.namespaced else "", options.name)
    pairs = [(chosen, host.get(chosen.type_config.target, key))]
    if options.contents:
        for resource in _content_types(host, options):
            listed = _list_contents(host, resource, options.name)
            if listed:
                content = _chosen_type(host, resource, options)
                pairs += [(content, obj) for obj in listed]
    made = []
    for type_, obj in pairs:
        if not _SUBDOMAIN.fullmatch(name_of(obj)):
            yield Warned(
                f"{type_.type_config.target.subject(key_of(obj))} is skipped: its name"
                " is no DNS name"
            )
            continue
        federated, warnings = make_federated(obj, type_.type_config)
        yield from (Warned(warning) for warning in warnings)
        made.append((type_, federated))
    if options.prints_yaml:
        yield Documents(tuple(federated for _, federated in made))
        return
    yield from _write(host, made, options, pace)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A type to federate into, and what must be enabled first, if anything."""

    type_config: TypeConfig
    directive: Directive | None = None


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


def _write(
    host: Cluster, made: Sequence[tuple[_Chosen, Object]], options: FederateOptions, pace: Pace
) -> Iterator[Event]:
    enabled = set()
    for type_, federated in made:
        if type_.directive is not None and type_.type_config.name not in enabled:
            enabled.add(type_.type_config.name)
            how = EnableOptions(options.kubefed_namespace, options.is_dry_run)
            enabled_type = make_enabled_type(host, type_.directive)
            yield from write_enabled_type(host, enabled_type, how, pace=pace)
        resource = type_.type_config.federated
        subject = resource.subject(key_of(federated))
        yield Step(f"federating {subject}")
        if not options.is_dry_run:
            is_new = type_.directive is not None
            _create(host, resource, federated, patience=pace.patience if is_new else 0.0)
        yield Result(Verdict.CREATED, subject, host.name, is_dry_run=options.is_dry_run)


def _create(host: Cluster, resource: Resource, federated: Object, *, patience: float) -> None:
    """Create; a type that was enabled just now may not be served at once."""
    try:
        create_patiently(host, resource, federated, seconds=patience)
    except AlreadyExistsError as error:
        subject = resource.subject(key_of(federated))
        raise RefusedError(
            f"{subject.within(host.name)} exists already; it was not changed",
            hint=f"kubectl edit {resource.qualified_name} {name_of(federated)}",
        ) from error
