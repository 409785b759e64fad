"""
Owner references: dependents go after (or before) their owners, or are let go.

Upstream: pkg/controller/garbagecollector/garbagecollector.go.
"""

from __future__ import annotations

from kubefedctl.sandbox.deletion import FOREGROUND, ORPHAN, delete_object, is_finished
from kubefedctl.sandbox.objects import (
    Object,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    with_metadata,
)
from kubefedctl.sandbox.options import DeleteOptions
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.resources import Key
from kubefedctl.sandbox.store import Change, Event

_Address = tuple[Key, str, str]


class GarbageCollector:
    """Follows owner references; it remembers who depends on which uid."""

    def __init__(self) -> None:
        self._alive: set[str] = set()
        self._dependents: dict[str, set[_Address]] = {}

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        self._remember(event)
        if event.change is Change.DELETED:
            self._after_deletion(registry, str(meta(event.obj).get("uid")))
            for owner in meta(event.obj).get("ownerReferences") or ():
                self._continue_foreground(registry, owner)
            return
        obj = registry.store.get(event.key, namespace_of(event.obj), name_of(event.obj))
        if obj is None or meta(obj).get("uid") != meta(event.obj).get("uid"):
            return
        if is_deleting(obj):
            self._process_deleting(registry, event.key, obj)
        elif meta(obj).get("ownerReferences"):
            self._check_owners(registry, event.key, obj)

    def _remember(self, event: Event) -> None:
        address = (event.key, namespace_of(event.obj), name_of(event.obj))
        before = {item.get("uid") for item in meta(event.old or {}).get("ownerReferences") or ()}
        after = {item.get("uid") for item in meta(event.obj).get("ownerReferences") or ()}
        uid = str(meta(event.obj).get("uid"))
        if event.change is Change.DELETED:
            after = set()
            self._alive.discard(uid)
        else:
            self._alive.add(uid)
        for owner in before - after:
            self._dependents.get(str(owner), set()).discard(address)
        for owner in after - before:
            self._dependents.setdefault(str(owner), set()).add(address)

    def _objects(self, registry: Registry, uid: str) -> list[tuple[Key, Object]]:
        found = []
        for key, namespace, name in sorted(self._dependents.get(uid, ())):
            obj = registry.store.get(key, namespace, name)
            if obj is not None:
                found.append((key, obj))
        return found

    def _after_deletion(self, registry: Registry, uid: str) -> None:
        for key, obj in self._objects(registry, uid):
            self._check_owners(registry, key, obj)
        self._dependents.pop(uid, None)

    def _check_owners(self, registry: Registry, key: Key, obj: Object) -> None:
        """Delete an object whose owners are all gone; drop references to those that are."""
        owners = meta(obj).get("ownerReferences") or []
        kept = [item for item in owners if item.get("uid") in self._alive]
        if len(kept) == len(owners):
            return
        if kept:
            self._write_owners(registry, key, obj, kept)
        elif not is_deleting(obj):
            self._delete(registry, key, obj, propagation="Background")

    def _process_deleting(self, registry: Registry, key: Key, obj: Object) -> None:
        finalizers, uid = meta(obj).get("finalizers") or (), str(meta(obj).get("uid"))
        if ORPHAN in finalizers:
            for child_key, child in self._objects(registry, uid):
                owners = meta(child).get("ownerReferences") or ()
                kept = [item for item in owners if item.get("uid") != uid]
                self._write_owners(registry, child_key, child, kept)
            self._drop_finalizer(registry, key, obj, ORPHAN)
        elif FOREGROUND in finalizers:
            dependents = self._objects(registry, uid)
            for child_key, child in dependents:
                if not is_deleting(child):
                    self._delete(registry, child_key, child, propagation="Foreground")
            blocking = [child for _, child in self._objects(registry, uid) if _blocks(child, uid)]
            if not blocking:
                self._drop_finalizer(registry, key, obj, FOREGROUND)

    def _continue_foreground(self, registry: Registry, owner: Object) -> None:
        """Look again at an owner that waits for its dependents."""
        uid = str(owner.get("uid"))
        if uid not in self._alive:
            return
        for key in registry.store.held():
            for obj in registry.store.list(key):
                if meta(obj).get("uid") == uid and is_deleting(obj):
                    self._process_deleting(registry, key, obj)
                    return

    def _delete(self, registry: Registry, key: Key, obj: Object, *, propagation: str) -> None:
        resource = registry.resource_of(key)
        options = DeleteOptions(propagation=propagation)
        delete_object(
            registry, resource, name_of(obj), namespace=namespace_of(obj), options=options
        )

    def _write_owners(
        self, registry: Registry, key: Key, obj: Object, owners: list[Object]
    ) -> None:
        changed = with_metadata(obj)
        changed["metadata"].pop("ownerReferences", None)
        if owners:
            changed["metadata"]["ownerReferences"] = owners
        registry.write(key, changed)

    def _drop_finalizer(self, registry: Registry, key: Key, obj: Object, word: str) -> None:
        current = registry.store.get(key, namespace_of(obj), name_of(obj))
        if current is None:
            return
        drop_finalizer(registry, key, current, word)


def drop_finalizer(registry: Registry, key: Key, obj: Object, word: str) -> None:
    """Take a finalizer off an object; it goes if nothing else holds it."""
    changed = with_metadata(obj)
    left = [item for item in meta(obj).get("finalizers") or () if item != word]
    changed["metadata"].pop("finalizers", None)
    if left:
        changed["metadata"]["finalizers"] = left
    if is_finished(registry.resource_of(key), changed):
        registry.store.remove(key, namespace_of(obj), name_of(obj))
    else:
        registry.write(key, changed)


def _blocks(child: Object, uid: str) -> bool:
    return any(
        item.get("uid") == uid and item.get("blockOwnerDeletion")
        for item in meta(child).get("ownerReferences") or ()
    )
