"""
Moving federated objects from one member cluster to another: what changes in which order.

A move is two changes of placement with a wait between them. First the target is added for the
objects, for the namespace they are in and for what they name; only when they are ready there, the
source is taken away from the objects themselves.

Here: which objects move and which come along, and their new specs. Not here: writing them, syncing
and waiting (`ops.migrate`).

Laws:
1. Nothing leaves the source before it is in the target. Both changes can be made again: an object
   that has the target already, or has left the source, is not changed.
2. What comes along stays in the source, where others may need it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.dependencies import find_dependencies
from kubefedctl.core.placement import selected_names
from kubefedctl.errors import InputError
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import labels_of, list_at, map_at, value_at
from kubefedctl.model.readings import Desired
from kubefedctl.model.refs import Key, Object, Subject

_NAMESPACES = "namespaces"


@dataclass(frozen=True, slots=True)
class Route:
    """From which member cluster to which."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Lack:
    """
    Something that moving objects name and that is not federated.

    Args:
        subject: The object as it would be called in a member.
        needed_by: The federated object whose template names it.
    """

    subject: Subject
    needed_by: Subject


@dataclass(frozen=True, slots=True)
class Move:
    """
    What a move comes to.

    Args:
        movers: Objects that leave the source, sorted; the FederatedNamespace among them last.
        companions: Objects that must be in the target, too, and stay where they are.
        lacks: What movers name and is not federated; it must be in the target already.
        notes: Sentences worth reading before it starts.
    """

    movers: tuple[FederatedObject, ...]
    companions: tuple[FederatedObject, ...] = ()
    lacks: tuple[Lack, ...] = ()
    notes: tuple[str, ...] = ()


def plan_move(movers: Iterable[FederatedObject], desired: Desired, route: Route) -> Move:
    """
    Return what it takes to move *movers*.

    Args:
        movers: The federated objects to move.
        desired: What the host asks for: all types, or at least those that movers may name.
        route: From where to where.

    Raises:
        InputError: A cluster is not joined, an object is in neither, or its placement cannot be
            computed.
    """
    _check_route(route, desired)
    moving = sorted(movers, key=_order)
    for mover in moving:
        _check_placed(mover, route, desired)
    lacks: list[Lack] = []
    companions: dict[tuple[str, Key], FederatedObject] = {}
    for mover in moving:
        _find_companions(mover, desired, companions, lacks)
    leaving = {_identity(found) for found in moving}
    beside = [companions[found] for found in sorted(companions) if found not in leaving]
    return Move(
        tuple(moving),
        tuple(sorted(beside, key=_order)),
        tuple(lacks),
        tuple(_explain(moving, route, desired)),
    )


def find_movers(desired: Desired, namespace: str, source: str) -> list[FederatedObject]:
    """Return the federated objects of a namespace that are placed in *source*, itself included."""
    labels = _labels(desired)
    return [
        found
        for by_key in desired.federated.values()
        for key, found in sorted(by_key.items())
        if key.namespace == namespace
        and not found.is_deleting
        and source in selected_names(found.placement, labels)
    ]


def find_left(desired: Desired, namespace: str, route: Route) -> list[FederatedObject]:
    """
    Return the federated objects of a namespace that a stopped move left half done.

    They are placed in the target and no longer in the source, where their status still has them.
    """
    return [
        found
        for found in find_movers(desired, namespace, route.target)
        if route.source not in selected_names(found.placement, _labels(desired))
        and any(
            value_at(entry, "name") == route.source for entry in list_at(found.status, "clusters")
        )
    ]


def widen(federated: FederatedObject, route: Route, desired: Desired) -> Object | None:
    """
    Return the spec with the target added, or None where it is there already.

    Overrides of the source hold in the target, too, unless it has its own: the object is to be
    there as it was here.

    Raises:
        InputError: The placement cannot be computed.
    """
    selected = selected_names(federated.placement, _labels(desired))
    if route.target in selected:
        return None
    spec = _spec(federated)
    spec["placement"] = _named(selected | {route.target})
    overrides = list_at(spec, "overrides")
    given = {value_at(entry, "clusterName"): entry for entry in overrides}
    if route.source in given and route.target not in given:
        carried = {**copy.deepcopy(given[route.source]), "clusterName": route.target}
        spec["overrides"] = [*overrides, carried]
    return spec


def narrow(federated: FederatedObject, route: Route, desired: Desired) -> Object | None:
    """
    Return the spec with the source taken away, or None where it is not placed there.

    Raises:
        InputError: The placement cannot be computed, or the object is not placed in the target, so
            that it would be nowhere.
    """
    selected = selected_names(federated.placement, _labels(desired))
    if route.source not in selected:
        return None
    if route.target not in selected:
        raise InputError(
            f"{federated.subject} is not placed in cluster {route.target} any more",
            hint="somebody changed its placement meanwhile; run the command again",
        )
    spec = _spec(federated)
    spec["placement"] = _named(selected - {route.source})
    return spec


def _check_route(route: Route, desired: Desired) -> None:
    known = ", ".join(sorted(desired.registrations)) or "none"
    for name in (route.source, route.target):
        if name not in desired.registrations:
            raise InputError(f"no cluster {name} is joined", hint=f"joined: {known}")
    if route.source == route.target:
        raise InputError("the cluster to move from and the one to move to are the same")


def _check_placed(mover: FederatedObject, route: Route, desired: Desired) -> None:
    selected = selected_names(mover.placement, _labels(desired))
    if not selected & {route.source, route.target}:
        raise InputError(
            f"{mover.subject} is not placed in cluster {route.source}",
            hint=f"it is placed in: {', '.join(sorted(selected)) or 'no cluster'}",
        )
    if mover.is_deleting:
        raise InputError(
            f"{mover.subject} is being deleted", hint="kubefedctl sync finishes its deletion"
        )


def _find_companions(
    mover: FederatedObject,
    desired: Desired,
    companions: dict[tuple[str, Key], FederatedObject],
    lacks: list[Lack],
) -> None:
    """Add to *companions* what must be where *mover* goes, and to *lacks* what is not federated."""
    if not mover.type_config.target.namespaced:
        return
    namespace = desired.namespaces.get(mover.key.namespace)
    if namespace is not None:
        companions.setdefault(_identity(namespace), namespace)
    waiting = [mover]
    while waiting:
        namer = waiting.pop(0)
        for wanted in find_dependencies(_as_target(namer)):
            key = Key(mover.key.namespace, wanted.name)
            found = _find_federated(desired, wanted.kind, key)
            if found is None:
                lack = Lack(Subject(wanted.kind, key.namespace, key.name), namer.subject)
                known = {each.subject for each in lacks}
                if not wanted.is_optional and lack.subject not in known:
                    lacks.append(lack)
            elif _identity(found) not in companions:
                companions[_identity(found)] = found
                waiting.append(found)
    for service in _services_of(mover, desired):
        companions.setdefault(_identity(service), service)


def _services_of(mover: FederatedObject, desired: Desired) -> Iterator[FederatedObject]:
    """The federated Services whose selector finds the pods of *mover*."""
    labels = labels_of(dict(map_at(mover.template, "spec", "template")))
    for key, service in sorted(desired.federated.get("services", {}).items()):
        selector = map_at(service.template, "spec", "selector")
        is_same = key.namespace == mover.key.namespace
        if is_same and selector and selector.items() <= labels.items():
            yield service


def _find_federated(desired: Desired, kind: str, key: Key) -> FederatedObject | None:
    for by_key in desired.federated.values():
        found = by_key.get(key)
        target = None if found is None else found.type_config.target
        if found is not None and target is not None and (target.group, target.kind) == ("", kind):
            return found
    return None


def _explain(movers: Iterable[FederatedObject], route: Route, desired: Desired) -> Iterator[str]:
    for mover in movers:
        placement: Any = mover.placement
        is_selected = isinstance(placement, Mapping) and placement.get("clusters") is None
        selected = selected_names(placement, _labels(desired))
        if is_selected and route.source in selected:
            yield (
                f"{mover.subject} was placed by a selector and names its clusters from now on;"
                " clusters that are joined later do not get it"
            )
        if route.source in selected and _has_volumes(mover):
            yield (
                f"{mover.subject} keeps data in volumes, which is not copied: in cluster"
                f" {route.target} it starts with new ones, those in cluster {route.source} stay"
            )
        if {route.source, route.target} <= selected:
            yield (
                f"{mover.subject} is in cluster {route.target} already, and keeps there what it has"
            )


def _has_volumes(federated: FederatedObject) -> bool:
    """Whether the pods of an object have volumes that outlive them."""
    obj = _as_target(federated)
    claims = any(found.kind == "PersistentVolumeClaim" for found in find_dependencies(obj))
    return claims or bool(list_at(obj, "spec", "volumeClaimTemplates"))


def _as_target(federated: FederatedObject) -> Object:
    target = federated.type_config.target
    template = federated.template if isinstance(federated.template, dict) else {}
    return {"apiVersion": target.api_version, "kind": target.kind, **template}


def _order(federated: FederatedObject) -> tuple[bool, str, Key]:
    """The namespace last: what is in it goes before."""
    name = federated.type_config.name
    return name == _NAMESPACES, name, federated.key


def _identity(federated: FederatedObject) -> tuple[str, Key]:
    return federated.type_config.name, federated.key


def _labels(desired: Desired) -> dict[str, Mapping[str, str]]:
    return {name: found.labels for name, found in desired.registrations.items()}


def _named(clusters: Iterable[str]) -> Object:
    return {"clusters": [{"name": name} for name in sorted(clusters)]}


def _spec(federated: FederatedObject) -> Object:
    return copy.deepcopy(dict(map_at(federated.source, "spec")))
