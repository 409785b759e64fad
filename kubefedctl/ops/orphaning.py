"""
orphaning-deletion: whether deleting a federated object leaves its objects in the members behind.

Upstream: pkg/kubefedctl/orphaning @ v0.10.0, same results. Unlike there, a dry run writes nothing
and an object that changed in between is read again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kubefedctl.cluster.port import Fleet
from kubefedctl.core.lookup import find_type
from kubefedctl.core.orphaning import (
    is_federated_type,
    is_orphaning,
    with_orphaning,
    without_orphaning,
)
from kubefedctl.core.suggesting import explain_where
from kubefedctl.errors import NotFoundError
from kubefedctl.model.events import Documents, Event, Line, Result, Step, Verdict
from kubefedctl.model.refs import Key, Resource
from kubefedctl.ops.revising import revise


@dataclass(frozen=True, slots=True)
class OrphaningOptions:
    """
    Which federated object.

    Args:
        type_key: Its federated type as the person typed it.
        name: Its name.
        namespace: Its namespace; empty for the context's.
        is_dry_run: Tell, write nothing.
        prints_objects: Yield the object instead of writing it.
    """

    type_key: str
    name: str
    namespace: str = ""
    is_dry_run: bool = False
    prints_objects: bool = False


def set_orphaning(fleet: Fleet, options: OrphaningOptions, *, wanted: bool) -> Iterator[Event]:
    """
    Yield what happens while orphaning is enabled or disabled; nothing is a result, as it was.

    Raises:
        InputError: No such type, or several.
        NotFoundError: There is no such object.
    """
    resource, key = _address(fleet, options)
    yield from _doubts(resource)
    try:
        verdict, found = revise(
            fleet.host,
            resource,
            key,
            change=with_orphaning if wanted else without_orphaning,
            dry_run=options.is_dry_run or options.prints_objects,
        )
    except NotFoundError as error:
        error.hint = error.hint or _where_to_look(resource)
        raise
    if options.prints_objects:
        yield Documents((found,))
        return
    subject = resource.subject(key)
    if options.is_dry_run and verdict is Verdict.UPDATED:
        yield Result(verdict, subject, fleet.host.name, is_dry_run=True)
        return
    word = "enabled" if wanted else "disabled"
    already = " already" if verdict is Verdict.UNCHANGED else ""
    yield Step(f"orphaning deletion of {subject.within(fleet.host.name)} is {word}{already}")


def show_orphaning(fleet: Fleet, options: OrphaningOptions) -> Iterator[Event]:
    """
    Yield `Enabled` or `Disabled`.

    Raises:
        InputError: No such type, or several.
        NotFoundError: There is no such object.
    """
    resource, key = _address(fleet, options)
    yield from _doubts(resource)
    try:
        found = fleet.host.get(resource, key)
    except NotFoundError as error:
        error.hint = error.hint or _where_to_look(resource)
        raise
    yield Line("Enabled" if is_orphaning(found) else "Disabled", is_answer=True)


def _address(fleet: Fleet, options: OrphaningOptions) -> tuple[Resource, Key]:
    host = fleet.host
    resource = find_type(host.discover(), options.type_key).resource
    namespace = options.namespace or host.endpoint.namespace or "default"
    return resource, Key(namespace if resource.namespaced else "", options.name)


def _where_to_look(resource: Resource) -> str:
    if not is_federated_type(resource):
        return f"give the federated type: federated{resource.kind.lower()}"
    return explain_where(resource)


def _doubts(resource: Resource) -> Iterator[Event]:
    """NB: the original warns on standard output."""
    if not is_federated_type(resource):
        name = f"{resource.qualified_name}/{resource.version}"
        yield Line(f"Warning: {name} might not be a federated resource", is_answer=True)
