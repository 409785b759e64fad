"""
Taking objects off a cluster: type configs with their finalizer, CRDs until they are gone, and what
a namespace holds besides what is ours.

Not here: which objects go (`disable`, `deinit`, `unjoin`), and deletions that a plan asks for in
members (`execution`).

Laws:
1. What is gone already is no error.
2. A federated object's deletion names the uid that was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TypeAlias

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.concealing import conceal_values
from kubefedctl.core.dismantling import resource_of_definition
from kubefedctl.errors import InputError, NotFoundError
from kubefedctl.model.events import Event, Step, Warned
from kubefedctl.model.objects import (
    TYPE_CONFIG_FINALIZER,
    finalizers_of,
    is_deleting,
    key_of,
    uid_of,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CONFIG_MAPS, CRDS, SERVICE_ACCOUNTS, TYPE_CONFIGS
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.revising import remove_finalizer
from kubefedctl.ops.writing import find, wait_until

Place: TypeAlias = tuple[Resource, Key]
"""An object: its type, and where it is."""

_LONGEST_PAUSE = 0.5
_NOT_COUNTED = frozenset({"events", "leases", "endpoints", "endpointslices"})


def delete_quietly(
    cluster: Cluster, resource: Resource, key: Key, *, options: Object | None = None
) -> bool:
    """Delete an object and return whether it was there."""
    try:
        cluster.delete(resource, key, options=options)
    except NotFoundError:
        return False
    return True


def delete_seen(cluster: Cluster, resource: Resource, found: Object) -> bool:
    """
    Delete the object that was seen, and no other of its name; return whether it was there.

    Raises:
        ConflictError: Another one has its name now.
    """
    preconditions = {"preconditions": {"uid": uid_of(found)}}
    options = {"apiVersion": "v1", "kind": "DeleteOptions", **preconditions}
    return delete_quietly(cluster, resource, key_of(found), options=options)


def delete_held(cluster: Cluster, resource: Resource, key: Key, finalizer: str) -> bool:
    """Delete an object, take *finalizer* off where it holds it; return whether it was there."""
    try:
        answer = cluster.delete(resource, key)
    except NotFoundError:
        return False
    if answer.get("kind") != "Status":
        remove_finalizer(cluster, resource, key, finalizer)
    return True


def delete_type_config(host: Cluster, key: Key) -> list[str]:
    """
    Delete a FederatedTypeConfig whose propagation is stopped, and return what holds it still.

    Its finalizer is KubeFed's controller's, which takes it off once propagation has stopped. There
    may be no controller, so it is taken off here; a controller that was quicker is no matter.

    Upstream: pkg/controller/federatedtypeconfig/controller.go, removeFinalizer @ v0.10.0.
    """
    if not delete_held(host, TYPE_CONFIGS, key, TYPE_CONFIG_FINALIZER):
        return []
    left = find(host, TYPE_CONFIGS, key)
    return sorted(map(str, finalizers_of(left))) if left is not None and is_deleting(left) else []


def delete_all(cluster: Cluster, resource: Resource, objects: Sequence[Object]) -> None:
    """Delete *objects* as they were seen; those that have a finalizer are then on their way."""
    run_all([partial(delete_seen, cluster, resource, found) for found in objects])


def read_shown(cluster: Cluster, places: Sequence[Place]) -> tuple[Object, ...]:
    """Return what stands at *places*, in their order, as it may be printed."""
    answers = run_all([partial(find, cluster, resource, key) for resource, key in places])
    return tuple(conceal_values(found) for found in answers if found is not None)


def list_everywhere(
    cluster: Cluster, resource: Resource, *, namespace: str = "", metadata_only: bool = True
) -> tuple[Object, ...]:
    """Return all objects of a type, or their metadata alone; none where the type is not served."""
    try:
        return cluster.list(resource, namespace=namespace, metadata_only=metadata_only).items
    except NotFoundError:
        return ()


def list_instances(host: Cluster, federated: Resource) -> tuple[Object, ...]:
    """
    Return the metadata of all objects of a federated type; none where it has no CRD.

    NB: they are asked for in a version that the CRD serves; a type config may name one that it does
    not, and the 404 must not pass for an empty list.
    """
    definition = find(host, CRDS, Key("", federated.qualified_name))
    if definition is None:
        return ()
    return list_everywhere(host, resource_of_definition(definition))


def wait_for_removal(
    cluster: Cluster, resource: Resource, keys: Sequence[Key], *, seconds: float
) -> list[Key]:
    """Return which of *keys* are still there when all are gone or *seconds* have passed."""

    def left() -> list[Key]:
        return [key for key in keys if find(cluster, resource, key) is not None]

    wait_until(lambda: not left() or None, seconds=seconds, pause=min(_LONGEST_PAUSE, seconds))
    return left()


def await_definitions(host: Cluster, names: Sequence[str], pace: Pace) -> Iterator[Event]:
    """Wait until deleted CRDs are gone, so that the next command does not meet half of one."""
    if not names:
        return
    yield Step(f"waiting until {', '.join(names)} {'is' if len(names) == 1 else 'are'} gone")
    keys = [Key("", name) for name in names]
    left = wait_for_removal(host, CRDS, keys, seconds=pace.removal)
    if left:
        yield Warned(
            f"{', '.join(key.name for key in left)} in cluster {host.name}: deleted, but not gone"
            f" after {pace.removal:g}s; look with kubectl describe crd {left[0].name}"
        )


def list_others(
    cluster: Cluster,
    namespace: str,
    *,
    ours: AbstractSet[Place],
    types: AbstractSet[str] = frozenset(),
) -> list[str]:
    """
    Return what *namespace* holds besides *ours*, as messages name it.

    Args:
        cluster: Where.
        namespace: Its name.
        ours: Objects that do not count.
        types: Types, as `plural.group`, whose objects do not count.

    Raises:
        InputError: The cluster could not tell of all that it serves.
    """
    return [
        str(resource.subject(key_of(found)))
        for resource, found in list_contents(cluster, namespace, types=types)
        if (resource, key_of(found)) not in ours
    ]


def list_contents(
    cluster: Cluster, namespace: str, *, types: AbstractSet[str] = frozenset()
) -> list[tuple[Resource, Object]]:
    """
    Return the metadata of what *namespace* holds besides what Kubernetes puts into each.

    Events, leases and endpoints do not count, nor do *types*, each `plural.group`.

    Raises:
        InputError: The cluster could not tell of all that it serves.
    """
    known = {
        (CONFIG_MAPS, Key(namespace, "kube-root-ca.crt")),
        (SERVICE_ACCOUNTS, Key(namespace, "default")),
    }
    return [
        (resource, found)
        for resource in _listable(cluster)
        if resource.qualified_name not in types
        for found in list_everywhere(cluster, resource, namespace=namespace)
        if (resource, key_of(found)) not in known
    ]


def _listable(cluster: Cluster) -> list[Resource]:
    """Namespaced types of the cluster that can be listed and deleted."""
    discovery = cluster.discover()
    if discovery.failures:
        raise InputError(
            f"cluster {cluster.name} could not tell of all it serves:"
            f" {'; '.join(discovery.failures)}",
            hint="repair the API services that do not answer, or use --force",
        )
    return sorted(
        found.resource
        for found in discovery.resources
        if found.preferred
        and found.resource.namespaced
        and "list" in found.verbs
        and "delete" in found.verbs
        and found.resource.plural not in _NOT_COUNTED
    )
