"""
The semantics of the API for one cluster, without HTTP: create, get, update, patch, delete, list.

What belongs here: the order of steps of each verb, the same for all kinds. What does not: the
rules of a kind (`kinds`), what follows from a write (`controllers`), the wire (`server`).

Laws:
1. Each public method is one transaction under the lock of the store.
2. After the outermost transaction the controllers run until nothing is left to react to; then
   watchers are told.
3. With `dry_run` nothing is written and nothing follows.

Upstream: apiserver/pkg/registry/generic/registry/store.go, apiserver/pkg/registry/rest.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from kubefedctl.sandbox import decoding, deletion, listing, patches, writing
from kubefedctl.sandbox.kinds.context import Context, Judge
from kubefedctl.sandbox.kinds.rules import NO_RULES, RULES, Rules
from kubefedctl.sandbox.objects import Object, make_suffix, make_timestamp, meta, name_of
from kubefedctl.sandbox.options import SYSTEM, DeleteOptions, ListOptions, WriteOptions
from kubefedctl.sandbox.resources import Key, Resource, ResourceTable
from kubefedctl.sandbox.schemas import Schema, SchemaSet
from kubefedctl.sandbox.statuses import already_exists, not_found, unknown_resource
from kubefedctl.sandbox.store import Event, Objects, Store

DEFINITIONS: Key = ("apiextensions.k8s.io", "customresourcedefinitions")
_SETTLE_LIMIT = 200_000


class Controller(Protocol):
    """Something that reacts to writes with writes."""

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        ...


class Registry:
    """All objects of one cluster, and the rules for changing them."""

    def __init__(
        self,
        *,
        store: Store,
        judge: Judge,
        controllers: Sequence[Controller] = (),
        clock: Callable[[], str] = make_timestamp,
    ) -> None:
        self.store = store
        self.judge = judge
        self.table = ResourceTable()
        self.schemas = SchemaSet.load()
        self.controllers = list(controllers)
        self.now = clock
        self._depth = 0

    # Transactions

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several steps one; controllers run at the end of the outermost."""
        with self.store.lock:
            self._depth += 1
            before = self.store.revision
            try:
                yield
                if self._depth == 1:
                    self._settle()
            finally:
                self._depth -= 1
                if self._depth == 0 and self.store.revision != before:
                    self.store.notify()

    def _settle(self) -> None:
        handled = 0
        while events := self.store.take_pending():
            for event in events:
                for controller in self.controllers:
                    controller.react(event, self)
            handled += len(events)
            if handled > _SETTLE_LIMIT:
                raise RuntimeError("the controllers of the sandbox do not come to rest")

    # Looking up

    def resource(self, group: str, version: str, plural: str) -> Resource:
        """
        Return a served resource.

        Raises:
            ApiError: 404, there is none.
        """
        resource = self.table.lookup(group, version, plural)
        if resource is None:
            raise unknown_resource()
        return resource

    def resource_of(self, key: Key) -> Resource:
        """Return the resource of a storage key in the first version it is served in."""
        resource = self.table.by_key(key)
        if resource is None:
            raise unknown_resource()
        return resource

    def schema(self, resource: Resource) -> Schema | None:
        """Return the schema of a resource's kind, or None."""
        return decoding.schema_of(self.schemas, resource)

    def rules(self, resource: Resource) -> Rules:
        """Return the rules of a resource's kind."""
        return RULES.get(resource.key, NO_RULES)

    def definition(self, resource: Resource) -> Object | None:
        """Return the CustomResourceDefinition of a custom resource, or None."""
        return self.store.get(DEFINITIONS, "", resource.qualified) if resource.custom else None

    def present(self, resource: Resource, obj: Object) -> Object:
        """Return a stored object in the version of *resource*."""
        if obj.get("apiVersion") == resource.api_version:
            return obj
        return {**obj, "apiVersion": resource.api_version}

    def context(
        self, resource: Resource, options: WriteOptions, *, subresource: str = ""
    ) -> Context:
        """Return what the functions of a kind may ask."""
        return Context(self.store, options.caller, self.judge, resource, self.now, subresource)

    # Reading

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """Return an object, or None."""
        obj = self.store.get(resource.key, namespace, name)
        return None if obj is None else self.present(resource, obj)

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """
        Return an object; it must not be changed.

        Raises:
            ApiError: 404, there is none.
        """
        obj = self.find(resource, namespace, name)
        if obj is None:
            raise not_found(resource, name)
        return obj

    def list(
        self, resource: Resource, namespace: str | None, options: ListOptions | None = None
    ) -> listing.Page:
        """Return a page of objects, of one namespace or (None) of all."""
        with self.store.lock:
            return listing.list_page(self, resource, namespace, options=options or ListOptions())

    # Writing

    def create(
        self, resource: Resource, body: Any, *, namespace: str = "",
        options: WriteOptions | None = None,
    ) -> Object:  # fmt: skip
        """
        Keep a new object and return it as it was before any controller saw it.

        Raises:
            ApiError: 400, 403, 404 (no such namespace), 409 or 422.
        """
        options = options or WriteOptions()
        with self.transaction():
            obj = decoding.decode(self.schemas, resource, body, options=options)
            return self.create_decoded(resource, obj, namespace=namespace, options=options)

    def create_decoded(
        self, resource: Resource, obj: Object, *, namespace: str, options: WriteOptions,
        applied: bool = False,
    ) -> Object:  # fmt: skip
        """Keep a new object whose fields are known to be those of its kind."""
        with self.transaction():
            writing.place(resource, obj, namespace=namespace)
            metadata = obj["metadata"]
            if not metadata.get("name") and metadata.get("generateName"):
                metadata["name"] = self._generate_name(resource, namespace, metadata)
            obj = writing.prepare_new(self, resource, obj, options=options, applied=applied)
            name = name_of(obj)
            if self.store.get(resource.key, namespace, name) is not None:
                raise already_exists(resource, name)
            return obj if options.dry_run else self.store.put(resource.key, obj)

    def _generate_name(self, resource: Resource, namespace: str, metadata: Object) -> str:
        base = str(metadata["generateName"])[:58]
        for _ in range(20):
            name = base + make_suffix()
            if self.store.get(resource.key, namespace, name) is None:
                break
        return name

    def update(
        self, resource: Resource, name: str, body: Any, *, namespace: str = "",
        subresource: str = "", options: WriteOptions | None = None,
    ) -> tuple[Object, bool]:  # fmt: skip
        """
        Replace an object and return it, and whether it is new.

        Raises:
            ApiError: 400, 403, 404, 409 (somebody was faster) or 422.
        """
        options = options or WriteOptions()
        with self.transaction():
            new = decoding.decode(self.schemas, resource, body, options=options)
            writing.check_address(resource, new, namespace=namespace, name=name)
            old = self.find(resource, namespace, name)
            if old is None:
                version = meta(new).get("resourceVersion")
                if not resource.create_on_update or subresource or version:
                    raise not_found(resource, name)
                new["metadata"]["name"] = name
                return self.create_decoded(
                    resource, new, namespace=namespace, options=options
                ), True
            writing.check_version(resource, new, old)
            changed = self.replace(resource, old, new, subresource=subresource, options=options)
            return changed, False

    def patch(
        self, resource: Resource, name: str, patch: patches.Patch, *, namespace: str = "",
        subresource: str = "", options: WriteOptions | None = None,
    ) -> tuple[Object, bool]:  # fmt: skip
        """
        Change an object by one of the four patch types and return it, and whether it is new.

        Raises:
            ApiError: 400, 403, 404, 409, 415 or 422.
        """
        with self.transaction():
            return patches.patch_object(
                self, resource, name, patch, namespace=namespace, subresource=subresource,
                options=options or WriteOptions(),
            )  # fmt: skip

    def replace(
        self, resource: Resource, old: Object, new: Object, *, subresource: str,
        options: WriteOptions, applied: bool = False,
    ) -> Object:  # fmt: skip
        """Put *new* in the place of *old* (both in this resource's version) and return it."""
        with self.transaction():
            new = writing.prepare_changed(
                self, resource, old, new, subresource=subresource, options=options, applied=applied
            )
            if writing.is_same(old, new):
                return old
            if deletion.is_finished(resource, new):
                if not options.dry_run:
                    self.store.remove(resource.key, meta(old).get("namespace", ""), name_of(old))
                return new
            return new if options.dry_run else self.store.put(resource.key, new)

    def delete(
        self, resource: Resource, name: str, *, namespace: str = "",
        options: DeleteOptions | None = None,
    ) -> tuple[Object, bool]:  # fmt: skip
        """
        Delete an object and return its last state, and whether it is gone already.

        Raises:
            ApiError: 403, 404 or 409 (a precondition).
        """
        with self.transaction():
            return deletion.delete_object(
                self, resource, name, namespace=namespace, options=options or DeleteOptions()
            )

    def delete_collection(
        self, resource: Resource, namespace: str | None, *, selection: ListOptions,
        options: DeleteOptions | None = None,
    ) -> Objects:  # fmt: skip
        """Delete all objects that are selected and return them."""
        options = options or DeleteOptions()
        with self.transaction():
            page = self.list(resource, namespace, selection)
            for obj in page.items:
                place = meta(obj).get("namespace", "")
                deletion.delete_object(
                    self, resource, name_of(obj), namespace=place, options=options
                )
            return page.items

    # For controllers

    def write(self, key: Key, obj: Object) -> Object:
        """Keep an object as it is, as the system: no defaults, no rules, no field ownership."""
        with self.transaction():
            return self.store.put(key, obj)

    def write_status(self, key: Key, obj: Object, status: Object) -> Object:
        """Keep an object with another status, unless that is what it has."""
        if obj.get("status") == status:
            return obj
        return self.write(key, {**obj, "status": status})

    def ensure(self, resource: Resource, obj: Object, *, namespace: str = "") -> Object:
        """Create an object as the system unless one of that name is there."""
        found = self.find(resource, namespace, name_of(obj))
        if found is not None:
            return found
        options = WriteOptions(caller=SYSTEM, manager="kube-controller-manager")
        return self.create(resource, obj, namespace=namespace, options=options)

    def make_uid(self) -> str:
        """Return a fresh uid."""
        return str(uuid.uuid4())
