"""
CustomResourceDefinitions come into force: names accepted, served, and cleaned up after.

Upstream: apiextensions-apiserver/pkg/controller/{status,establish,finalizer}.
"""

from __future__ import annotations

from kubefedctl.sandbox.controllers.garbage import drop_finalizer
from kubefedctl.sandbox.deletion import CLEANUP, delete_object
from kubefedctl.sandbox.kinds.definitions import make_resources, schemas_of
from kubefedctl.sandbox.objects import (
    Object,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    spec_of,
    status_of,
)
from kubefedctl.sandbox.options import DeleteOptions
from kubefedctl.sandbox.registry import DEFINITIONS, Registry
from kubefedctl.sandbox.resources import Key
from kubefedctl.sandbox.store import Change, Event


class DefinitionController:
    """
    Serves what definitions define.

    With `enabled` false new definitions stay without Established and are not served.
    """

    def __init__(self) -> None:
        self.enabled = True

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        if event.key != DEFINITIONS:
            self._after_instance(event, registry)
            return
        if event.change is Change.DELETED:
            _withdraw(registry, event.obj)
            return
        current = registry.store.get(DEFINITIONS, "", name_of(event.obj))
        if current is None or not self.enabled:
            return
        if is_deleting(current):
            _clean_up(registry, current)
        else:
            _serve(registry, current)

    def catch_up(self, registry: Registry) -> None:
        """Look at every definition once."""
        with registry.transaction():
            for definition in registry.store.list(DEFINITIONS):
                _serve(registry, definition)

    def _after_instance(self, event: Event, registry: Registry) -> None:
        """The last instance of a definition that is being deleted lets it go."""
        if event.change is not Change.DELETED:
            return
        group, plural = event.key
        definition = registry.store.get(DEFINITIONS, "", f"{plural}.{group}")
        if definition is not None and is_deleting(definition):
            _clean_up(registry, definition)


def _key(definition: Object) -> Key:
    return spec_of(definition)["group"], spec_of(definition)["names"]["plural"]


def _serve(registry: Registry, definition: Object) -> None:
    problem = _name_conflict(registry, definition)
    conditions = _conditions(definition, problem=problem, now=registry.now())
    names = status_of(definition).get("acceptedNames") or {} if problem else dict(
        spec_of(definition)["names"]
    )  # fmt: skip
    status = {**status_of(definition), "conditions": conditions, "acceptedNames": names}
    if not problem:
        registry.table.replace_key(_key(definition), make_resources(definition))
        for version, schema in schemas_of(definition):
            spec = spec_of(definition)
            registry.schemas.add(spec["group"], version, spec["names"]["kind"], schema)
    registry.write_status(DEFINITIONS, definition, status)


def _name_conflict(registry: Registry, definition: Object) -> str:
    """Upstream: naming_controller.go (calculateNamesAndConditions), in one sentence."""
    spec, mine = spec_of(definition), _key(definition)
    for resource in registry.table:
        if resource.group != spec["group"] or resource.key == mine:
            continue
        if resource.kind == spec["names"]["kind"]:
            return f'"{resource.kind}" is already in use'
    return ""


def _conditions(definition: Object, *, problem: str, now: str) -> list[Object]:
    if problem:
        rows = [
            ("NamesAccepted", "False", "KindConflict", problem),
            ("Established", "False", "NotAccepted", "not all names are accepted"),
        ]
    else:
        rows = [
            ("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
            ("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"),
        ]
    known = {item["type"]: item for item in status_of(definition).get("conditions") or ()}
    conditions = []
    for kind, status, reason, message in rows:
        before = known.get(kind)
        since = before["lastTransitionTime"] if before and before["status"] == status else now
        conditions.append(
            {"lastTransitionTime": since, "message": message, "reason": reason, "status": status,
             "type": kind}
        )  # fmt: skip
    return conditions


def _withdraw(registry: Registry, definition: Object) -> None:
    registry.table.replace_key(_key(definition), ())
    spec = spec_of(definition)
    for version, _ in schemas_of(definition):
        registry.schemas.remove(spec["group"], version, spec["names"]["kind"])


def _clean_up(registry: Registry, definition: Object) -> None:
    """Delete the instances of a definition; the last one takes it along."""
    key = _key(definition)
    resource = registry.table.by_key(key)
    if resource is not None:
        for obj in registry.store.list(key):
            if not is_deleting(obj):
                delete_object(
                    registry, resource, name_of(obj), namespace=namespace_of(obj),
                    options=DeleteOptions(),
                )  # fmt: skip
    current = registry.store.get(DEFINITIONS, "", name_of(definition))
    if current is None or registry.store.count(key):
        return
    if CLEANUP in (meta(current).get("finalizers") or ()):
        drop_finalizer(registry, DEFINITIONS, current, CLEANUP)
