"""
disable: stop the propagation of an API type, and take away what enable made for it.

The order is the original's: propagation is switched off, the controller of the type is verified to
be stopped, then the CRD goes where that is asked for, the type config last.

**Without a controller.** KubeFed's controller-manager answers a switched-off type by writing
`propagationController: NotRunning` into the type config's status, and takes its own finalizer off a
type config that is being deleted. The original waits for both and so always fails where no
controller runs. Here, a status that never said `Running` has no controller behind it: this command
writes the answer itself, and takes the finalizer off. A status that says `Running` is waited for,
as the original does, because a controller that still propagates must not lose its type config.

**Cascade.** The original never deletes federated objects. `--cascade` does, before anything else is
changed, for one reason: a federated object that carries KubeFed's finalizer has objects in members,
and only a sync of an *enabled* type takes them away and the finalizer off. So
1. where propagation is off already and such objects exist, the command refuses before it writes;
2. it asks (or is told `--yes`), deletes the federated objects, and leaves the type enabled;
3. where a controller says that it runs, it is given time to finish them; where objects are left,
   the command ends there and says that a sync is needed. Run again after it, nothing is left to
   ask for, and the type goes.
A finalizer is never taken off a federated object here: that would orphan the members' objects.

Upstream: pkg/kubefedctl/disable.go @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.disabling import (
    check_can_delete_crd,
    is_running,
    is_stopped,
    make_stopped_status,
    without_propagation,
)
from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.lookup import find_type
from kubefedctl.errors import WaitTimeout
from kubefedctl.model.events import Documents, Event, Line, Result, Verdict, Warned, counted
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE, is_deleting, key_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import NAMESPACES, parse_type_config
from kubefedctl.model.wellknown import CRDS, FEDERATED_GROUP, TYPE_CONFIGS
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.removing import (
    Place,
    await_definitions,
    delete_all,
    delete_quietly,
    delete_type_config,
    list_instances,
    read_shown,
)
from kubefedctl.ops.revising import revise
from kubefedctl.ops.writing import find, wait_until


@dataclass(frozen=True, slots=True)
class DisableOptions:
    """
    How to disable types.

    Args:
        kubefed_namespace: Where the host keeps type configs.
        deletes_crd: Also delete the CRD of the federated type.
        cascades: Delete the federated objects first.
        federated_group: API group of the federated type, where there is no type config to say it.
        target_version: API version of the target, where there is no type config to say it.
        is_dry_run: Check and tell, write nothing.
        prints_objects: Yield the objects that would go before anything else is done; in a dry run,
            instead of telling.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    deletes_crd: bool = False
    cascades: bool = False
    federated_group: str = FEDERATED_GROUP
    target_version: str = ""
    is_dry_run: bool = False
    prints_objects: bool = False


@dataclass(frozen=True, slots=True)
class _Type:
    """
    A type to be disabled as the host has it.

    Args:
        key: Where its type config is, or would be.
        config: The type config; None where there is none.
        federated: The federated type; None where its CRD stays.
        instances: The objects of the federated type; none where its CRD stays.
    """

    key: Key
    config: Object | None
    federated: Resource | None = None
    instances: tuple[Object, ...] = field(default=(), repr=False)

    @property
    def quoted(self) -> str:
        """The type config as the original names it."""
        return f'"{self.key}"'


def disable(
    fleet: Fleet,
    type_keys: Sequence[str],
    options: DisableOptions,
    *,
    confirm: Callable[[str], None],
    pace: Pace = USUAL_PACE,
) -> Iterator[Event]:
    """
    Yield what happens while types are disabled.

    Args:
        fleet: The host.
        type_keys: Names of types. One with a dot is taken for the type config's name as it is, so
            that a type whose target is gone can be disabled.
        options: How.
        confirm: Asked before federated objects are deleted; it raises where the answer is no.
        pace: How long to wait.

    Raises:
        InputError: No such type, or several.
        RefusedError: Federated objects are in the way.
        WaitTimeout: A controller does not stop, or a sync must finish deletions.
        ClusterError: The host refused a request.
    """
    host = fleet.host
    types = []
    for name in dict.fromkeys(_config_name(host, key) for key in type_keys):
        key = Key(options.kubefed_namespace, name)
        config = find(host, TYPE_CONFIGS, key)
        if config is None:
            yield Line(f'FederatedTypeConfig "{key}" does not exist')
        types.append(_look(host, key, config, options))
    for found in types:
        _check(host, found, options)
    if options.prints_objects:
        yield Documents(tuple(obj for found in types for obj in _going(host, found)))
        if options.is_dry_run:
            return
    if options.is_dry_run:
        for found in types:
            yield from _tell(host, found)
        return
    yield from _cascade(host, types, confirm, pace)
    for found in types:
        yield from _disable(host, found, options, pace)


def _going(host: Cluster, found: _Type) -> tuple[Object, ...]:
    """What goes with a type, in its order."""
    places: list[Place] = [(TYPE_CONFIGS, found.key)] if found.config is not None else []
    if found.federated is not None:
        crd = (CRDS, Key("", found.federated.qualified_name))
        instances = [(found.federated, key_of(obj)) for obj in found.instances]
        places = [*instances, crd, *places]
    return read_shown(host, places)


def _config_name(host: Cluster, type_key: str) -> str:
    if "." in type_key:
        return type_key.strip()
    return find_type(host.discover(), type_key).resource.qualified_name


def _look(host: Cluster, key: Key, config: Object | None, options: DisableOptions) -> _Type:
    tells_only = options.is_dry_run and not options.prints_objects
    if not options.deletes_crd or (config is None and tells_only):
        return _Type(key, config)
    if config is None:
        found = find_type(host.discover(), key.name, version=options.target_version)
        made = make_type_config(found, federated_group=options.federated_group)
        federated = parse_type_config(made).federated
    else:
        federated = parse_type_config(config).federated
    return _Type(key, config, federated, list_instances(host, federated))


def _check(host: Cluster, found: _Type, options: DisableOptions) -> None:
    if found.federated is not None:
        check_can_delete_crd(
            found.federated,
            found.instances,
            type_config=found.config,
            name=found.key.name,
            cluster=host.name,
            cascades=options.cascades,
        )


def _tell(host: Cluster, found: _Type) -> Iterator[Event]:
    """Say what would be deleted."""
    places = []
    if found.federated is not None:
        places += [(found.federated, key_of(obj)) for obj in found.instances]
        places += [(CRDS, Key("", found.federated.qualified_name))]
    if found.config is not None:
        places += [(TYPE_CONFIGS, found.key)]
    for resource, key in places:
        yield Result(Verdict.DELETED, resource.subject(key), host.name, is_dry_run=True)


# --- federated objects ---------------------------------------------------------------------------


def _cascade(
    host: Cluster, types: Sequence[_Type], confirm: Callable[[str], None], pace: Pace
) -> Iterator[Event]:
    """Delete the federated objects; where any are left, this is as far as it goes."""
    new = {found.key: [o for o in found.instances if not is_deleting(o)] for found in types}
    if number := sum(map(len, new.values())):
        confirm(
            f"delete {counted(number, 'federated object')} of"
            f" {', '.join(found.key.name for found in types if new[found.key])} in cluster"
            f" {host.name}, and with a sync their objects in every member?"
        )
    left = 0
    for found in types:
        if found.federated is not None and found.instances:
            delete_all(host, found.federated, new[found.key])
            remaining = _remaining(host, found, pace)
            for obj in found.instances:
                is_left = key_of(obj) in remaining
                yield Result(
                    Verdict.WAITING if is_left else Verdict.DELETED,
                    found.federated.subject(key_of(obj)),
                    host.name,
                    detail="a sync takes it out of the members" if is_left else "",
                )
            left += len(remaining)
    if left:
        raise WaitTimeout(
            f"{counted(left, 'federated object')} in cluster {host.name} must be taken out of the"
            " members by a sync; nothing else was changed",
            hint="kubefedctl sync, then run the command again",
        )


def _remaining(host: Cluster, found: _Type, pace: Pace) -> frozenset[Key]:
    """Which objects are still there; a controller that runs is given time to finish them."""
    federated = found.federated
    assert federated is not None

    def look() -> frozenset[Key]:
        return frozenset(key_of(obj) for obj in list_instances(host, federated))

    has_controller = found.config is not None and is_running(found.config)
    seconds = pace.removal if has_controller else 0.0
    wait_until(lambda: not look() or None, seconds=seconds, pause=pace.longest_look)
    return look()


# --- the type ------------------------------------------------------------------------------------


def _disable(host: Cluster, found: _Type, options: DisableOptions, pace: Pace) -> Iterator[Event]:
    if found.config is not None:
        verdict, _ = revise(host, TYPE_CONFIGS, found.key, change=without_propagation)
        if verdict is Verdict.UPDATED:
            yield Line(f"Disabled propagation for FederatedTypeConfig {found.quoted}")
        yield Line(
            f"Verifying propagation controller is stopped for FederatedTypeConfig {found.quoted}"
        )
        _stop(host, found, pace)
        yield Line(f"Propagation controller for FederatedTypeConfig {found.quoted} is stopped")
    if found.federated is not None:
        yield from _delete_crd(host, found, found.federated, pace)
    if found.config is not None:
        holders = delete_type_config(host, found.key)
        yield Line(f"federatedtypeconfig {found.quoted} deleted")
        if holders:
            yield Warned(
                f"{TYPE_CONFIGS.subject(found.key).within(host.name)} is held by the finalizers"
                f" {', '.join(holders)}"
            )
        if found.key.name == NAMESPACES:
            yield Warned("without the type config namespaces no namespaced type is propagated")


def _stop(host: Cluster, found: _Type, pace: Pace) -> None:
    """Return when no controller propagates the type; say so in its status where none ever did."""

    def ask() -> bool | None:
        config = find(host, TYPE_CONFIGS, found.key)
        if config is None or is_stopped(config):
            return True
        if is_running(config):
            return None
        body = make_stopped_status(config)
        host.patch(TYPE_CONFIGS, found.key, body=body, subresource="status")
        return True

    if wait_until(ask, seconds=pace.controller) is None:
        patch = '{"status":{"propagationController":"NotRunning"}}'
        raise WaitTimeout(
            f"{TYPE_CONFIGS.subject(found.key).within(host.name)} still says, after"
            f" {pace.controller:g}s, that a KubeFed controller propagates it; its propagation is"
            " Disabled now",
            hint="run the command again when the controller-manager has stopped it; where none"
            f" runs any more, first: kubectl patch federatedtypeconfig {found.key.name} -n"
            f" {found.key.namespace} --subresource=status --type=merge -p '{patch}'",
        )


def _delete_crd(host: Cluster, found: _Type, federated: Resource, pace: Pace) -> Iterator[Event]:
    name = federated.qualified_name
    instances = list_instances(host, federated)
    check_can_delete_crd(
        federated,
        instances,
        type_config=found.config,
        name=found.key.name,
        cluster=host.name,
        cascades=False,
    )
    if not delete_quietly(host, CRDS, Key("", name)):
        yield Line(f'customresourcedefinition "{name}" does not exist')
        return
    yield Line(f'customresourcedefinition "{name}" deleted')
    yield from await_definitions(host, [name], pace)
