"""
deinit: take the KubeFed API off a host cluster; the reverse of init.

What goes: FederatedTypeConfigs, the KubeFedConfig, KubeFed's roles, bindings and service account,
the CRDs of federated types and KubeFed's own, and the namespace, in this order, so that a run cut
short anywhere is completed by the next one.

What stays: a namespace with anything in it that is not KubeFed's; CRDs and cluster roles while
another namespace of the host holds a control plane, too (scope Namespaced); roles that merely have
KubeFed's names. The members are not touched.

With `--force`, joined clusters and federated objects hold nothing up: KubeFedClusters go with their
Secrets, federated objects go without a sync. Their finalizers are taken off, because nothing is
left that would, and a CRD is not gone before its objects are. The members' objects stay, with
KubeFed's label.

Upstream: docs/userguide.md and scripts/delete-clusters.sh @ v0.10.0 do it by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.dismantling import (
    Definitions,
    check_can_remove,
    enumerate_shortly,
    is_ours,
    list_permissions,
    may_delete_namespace,
    other_namespaces,
    pick_definitions,
    resource_of_definition,
)
from kubefedctl.core.permissions import CONTROLLER_ACCOUNT
from kubefedctl.errors import InputError
from kubefedctl.model.events import Documents, Event, Result, Step, Verdict, Warned, counted
from kubefedctl.model.locks import LEADER_NAME, LEADER_RESOURCES, LEASE_NAME
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    SYNC_FINALIZER,
    key_of,
    name_of,
    namespace_of,
    text_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import (
    CRDS,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    LEASES,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
    TYPE_CONFIGS,
)
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.removing import (
    Place,
    await_definitions,
    delete_held,
    delete_quietly,
    delete_type_config,
    list_everywhere,
    list_others,
    read_shown,
    wait_for_removal,
)
from kubefedctl.ops.writing import find

_DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
_CONTROLLER_MANAGER = "kubefed-controller-manager"


@dataclass(frozen=True, slots=True)
class DeinitOptions:
    """
    How to remove the control plane.

    Args:
        kubefed_namespace: Its namespace.
        force: Also while clusters are joined or federated objects exist.
        is_dry_run: Check and tell, delete nothing.
        prints_objects: Yield the objects that would go before anything else is done; in a dry run,
            instead of telling.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    force: bool = False
    is_dry_run: bool = False
    prints_objects: bool = False


@dataclass(frozen=True, slots=True)
class _Installation:
    """
    A control plane as it was found.

    Args:
        namespace: Its namespace's name.
        type_configs: Where its FederatedTypeConfigs are.
        clusters: Its KubeFedClusters.
        configs: Where its KubeFedConfigs are.
        permissions: Its roles and bindings.
        accounts: Its service account, where there is one.
        locks: Where a sync or KubeFed's controllers said that they are at work.
        foreign: What has their name but not their labels.
        definitions: The CRDs that go.
        instances: Its federated objects.
        neighbours: Other namespaces with a control plane.
        has_namespace: The namespace is there and may go if it is empty.
    """

    namespace: str
    type_configs: tuple[Key, ...]
    clusters: tuple[Object, ...]
    configs: tuple[Key, ...]
    permissions: tuple[Place, ...]
    accounts: tuple[Place, ...]
    locks: tuple[Place, ...]
    foreign: tuple[Place, ...]
    definitions: Definitions
    instances: tuple[Place, ...] = field(repr=False)
    neighbours: tuple[str, ...]
    has_namespace: bool

    @property
    def secrets(self) -> tuple[Place, ...]:
        """The Secrets with the members' tokens."""
        names = {text_at(found, "spec", "secretRef", "name") for found in self.clusters} - {""}
        return tuple((SECRETS, Key(self.namespace, name)) for name in sorted(names))

    @property
    def crds(self) -> tuple[str, ...]:
        """The names of the CRDs that go, in order."""
        return tuple(map(name_of, (*self.definitions.federated, *self.definitions.core)))

    @property
    def places(self) -> tuple[Place, ...]:
        """Whatever goes before the CRDs, the account and the namespace, in order."""
        return (
            *((TYPE_CONFIGS, key) for key in self.type_configs),
            *self.instances,
            *self.secrets,
            *((KUBEFED_CLUSTERS, key_of(found)) for found in self.clusters),
            *((KUBEFED_CONFIGS, key) for key in self.configs),
            *self.permissions,
            *self.locks,
        )


def deinit(
    fleet: Fleet,
    options: DeinitOptions,
    *,
    confirm: Callable[[str], None],
    pace: Pace = USUAL_PACE,
) -> Iterator[Event]:
    """
    Yield what became of each object of the control plane.

    Args:
        fleet: The host.
        options: What to remove.
        confirm: Asked before the first deletion; it raises where the answer is no.
        pace: How long to wait for CRDs and the namespace to be gone.

    Raises:
        RefusedError: Clusters are joined, federated objects exist, or KubeFed's own
            controller-manager is installed, and force is not given.
        InputError: The host could not tell of all it serves, and force is not given.
        ClusterError: The host refused a request.
    """
    host = fleet.host
    found = _read(host, options)
    if not options.force:
        check_can_remove(
            found.clusters,
            found.instances,
            host=host.name,
            has_controller=_has_controller(host, options),
        )
    keeps = _why_kept(host, found, options) if found.has_namespace else ""
    goes = found.has_namespace and not keeps
    yield from _remarks(host, found)
    if not (found.places or found.crds or found.accounts or goes):
        if keeps:
            yield Warned(keeps)
        yield Step(f"nothing of KubeFed's is left in host cluster {host.name}", level=0)
        return
    if options.prints_objects:
        yield Documents(_read_objects(host, found, goes=goes))
        if options.is_dry_run:
            return
    if not options.is_dry_run:
        confirm(_question(host, found, goes=goes))
    for resource, key in found.places:
        yield from _remove(host, resource, key, options)
    yield from _remove_definitions(host, found, options, pace)
    yield from _remove_namespace(host, found, options, pace)


# --- reading -------------------------------------------------------------------------------------


def _read(host: Cluster, options: DeinitOptions) -> _Installation:
    namespace = options.kubefed_namespace
    type_configs = list_everywhere(host, TYPE_CONFIGS, metadata_only=False)
    clusters = list_everywhere(host, KUBEFED_CLUSTERS, metadata_only=False)
    configs = list_everywhere(host, KUBEFED_CONFIGS)
    neighbours = other_namespaces((*type_configs, *clusters, *configs), namespace=namespace)
    definitions = pick_definitions(host.list(CRDS).items, type_configs)
    within = namespace if neighbours else ""
    instances = [
        (resource, key_of(obj))
        for resource in map(resource_of_definition, definitions.federated)
        if resource.namespaced or not neighbours
        for obj in list_everywhere(host, resource, namespace=within)
    ]
    permissions, foreign = _read_permissions(host, namespace, has_neighbours=bool(neighbours))
    own_configs = tuple(key_of(found) for found in configs if namespace_of(found) == namespace)
    account = (SERVICE_ACCOUNTS, Key(namespace, CONTROLLER_ACCOUNT))
    accounts = tuple(place for place in permissions if place == account)
    may_go = may_delete_namespace(namespace, has_control_plane=bool(own_configs or accounts))
    return _Installation(
        namespace=namespace,
        type_configs=tuple(key_of(f) for f in type_configs if namespace_of(f) == namespace),
        clusters=tuple(found for found in clusters if namespace_of(found) == namespace),
        configs=own_configs,
        permissions=tuple(place for place in permissions if place != account),
        accounts=accounts,
        locks=_read_locks(host, namespace),
        foreign=foreign,
        definitions=Definitions((), ()) if neighbours else definitions,
        instances=tuple(instances),
        neighbours=neighbours,
        has_namespace=may_go and find(host, NAMESPACES, Key("", namespace)) is not None,
    )


def _read_permissions(
    host: Cluster, namespace: str, *, has_neighbours: bool
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Roles, bindings and account that go, and those that only have such a name."""
    made = [
        (resource, body)
        for resource, body in list_permissions(namespace)
        if resource.namespaced or not has_neighbours
    ]
    existing = run_all([partial(find, host, resource, key_of(body)) for resource, body in made])
    ours: list[Place] = []
    foreign: list[Place] = []
    for (resource, body), found in zip(made, existing, strict=True):
        if found is not None:
            (ours if is_ours(found, body) else foreign).append((resource, key_of(body)))
    return tuple(ours), tuple(foreign)


def _read_objects(host: Cluster, found: _Installation, *, goes: bool) -> tuple[Object, ...]:
    """All that goes, in its order, without what Secrets hold."""
    places = [
        *found.places,
        *((CRDS, Key("", name)) for name in found.crds),
        *found.accounts,
        *([(NAMESPACES, Key("", found.namespace))] if goes else []),
    ]
    return read_shown(host, places)


def _read_locks(host: Cluster, namespace: str) -> tuple[Place, ...]:
    leader = Key(namespace, LEADER_NAME)
    places = [*((found, leader) for found in LEADER_RESOURCES.values())]
    places.append((LEASES, Key(namespace, LEASE_NAME)))
    found = run_all([partial(find, host, resource, key) for resource, key in places])
    return tuple(place for place, obj in zip(places, found, strict=True) if obj is not None)


def _has_controller(host: Cluster, options: DeinitOptions) -> bool:
    key = Key(options.kubefed_namespace, _CONTROLLER_MANAGER)
    return find(host, _DEPLOYMENTS, key) is not None


def _why_kept(host: Cluster, found: _Installation, options: DeinitOptions) -> str:
    """Why the namespace stays, in words; empty where it goes."""
    subject = NAMESPACES.subject(Key("", found.namespace)).within(host.name)
    try:
        ours = frozenset({*found.places, *found.accounts})
        others = list_others(host, found.namespace, ours=ours, types=frozenset(found.crds))
    except InputError as error:
        if not options.force:
            raise
        return f"{subject} is kept: {error.message}"
    return f"{subject} is kept: it holds {enumerate_shortly(others)}" if others else ""


# --- telling -------------------------------------------------------------------------------------


def _remarks(host: Cluster, found: _Installation) -> Iterator[Event]:
    if found.neighbours:
        yield Warned(
            "CRDs and cluster roles are kept: there is a KubeFed control plane in namespace"
            f" {enumerate_shortly(found.neighbours)}, too"
        )
    for resource, key in found.foreign:
        yield Warned(
            f"{resource.subject(key).within(host.name)} is kept: it has not KubeFed's labels"
        )
    for cluster in found.clusters:
        yield Warned(
            f"cluster {name_of(cluster)} keeps the service account and roles that join made there"
        )
    if found.instances:
        yield Warned(
            f"what {counted(len(found.instances), 'federated object')} brought into members stays"
            " there, labelled kubefed.io/managed"
        )


def _question(host: Cluster, found: _Installation, *, goes: bool) -> str:
    parts = [
        counted(len(found.type_configs), "type config"),
        counted(len(found.crds), "CRD"),
        f"{len(found.permissions)} roles and bindings",
    ]
    if found.clusters:
        parts.append(counted(len(found.clusters), "joined cluster"))
    if found.instances:
        parts.append(counted(len(found.instances), "federated object"))
    if goes:
        parts.append(f"namespace {found.namespace}")
    return f"delete {', '.join(parts)} in host cluster {host.name}?"


# --- deleting ------------------------------------------------------------------------------------


def _remove(host: Cluster, resource: Resource, key: Key, options: DeinitOptions) -> Iterator[Event]:
    subject = resource.subject(key)
    if options.is_dry_run:
        yield Result(Verdict.DELETED, subject, host.name, is_dry_run=True)
    elif resource == TYPE_CONFIGS:
        holders = delete_type_config(host, key)
        yield Result(
            Verdict.WAITING if holders else Verdict.DELETED,
            subject,
            host.name,
            detail=f"the finalizers {', '.join(holders)} hold it" if holders else "",
        )
    elif delete_held(host, resource, key, SYNC_FINALIZER):
        yield Result(Verdict.DELETED, subject, host.name)


def _remove_definitions(
    host: Cluster, found: _Installation, options: DeinitOptions, pace: Pace
) -> Iterator[Event]:
    if not options.is_dry_run:
        run_all([partial(delete_quietly, host, CRDS, Key("", name)) for name in found.crds])
    for name in found.crds:
        subject = CRDS.subject(Key("", name))
        yield Result(Verdict.DELETED, subject, host.name, is_dry_run=options.is_dry_run)
    if not options.is_dry_run:
        yield from await_definitions(host, found.crds, pace)


def _remove_namespace(
    host: Cluster, found: _Installation, options: DeinitOptions, pace: Pace
) -> Iterator[Event]:
    """
    Delete the namespace, looking once more at what it holds right before.

    NB: the service account is how a later run knows that the namespace is KubeFed's, so it goes
    with the namespace, and by itself only where that stays.
    """
    key = Key("", found.namespace)
    reason = _why_kept(host, found, options) if found.has_namespace else ""
    if reason or not found.has_namespace:
        for resource, account in found.accounts:
            yield from _remove(host, resource, account, options)
        if reason:
            yield Warned(reason)
        return
    yield from _remove(host, NAMESPACES, key, options)
    if options.is_dry_run:
        return
    yield Step(f"waiting until namespace {found.namespace} is gone")
    if wait_for_removal(host, NAMESPACES, [key], seconds=pace.removal):
        yield Warned(
            f"{NAMESPACES.subject(key).within(host.name)} is not gone after {pace.removal:g}s"
        )
