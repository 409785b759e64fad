"""
The doubles that tests own: a cluster in memory that keeps versions as an API server does.

It knows no schemas, no defaults and no garbage collection; tests that need those use the sandbox.

Laws:
1. What goes in and what comes out are copies.
2. Every write is recorded in `requests`, refused or not.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kubefedctl.cluster.port import Listing, PatchBody, PatchType, WatchEvent
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    KubeconfigError,
    KubefedctlError,
    NotFoundError,
)
from kubefedctl.model.clusters import Endpoint, Expiry, MemberAccess
from kubefedctl.model.objects import (
    finalizers_of,
    is_deleting,
    key_of,
    labels_of,
    resource_version_of,
    value_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.tables import Column, Row, Table
from kubefedctl.model.typeconfigs import Discovery

_KINDS_WITHOUT_GENERATION = frozenset({"ConfigMap", "Secret", "Namespace", "Service", "Event"})
_READS = frozenset({"get", "list", "read", "watch"})
_Place = tuple[str, str, Key]


class MemoryCluster:
    """
    One cluster, as `cluster.port.Cluster` wants it.

    Args:
        name: The name that messages give it.
        server: URL of its endpoint.
        reads: Bodies that `read` answers, by path.
    """

    def __init__(
        self, name: str = "c1", *, server: str = "", reads: Mapping[str, bytes] | None = None
    ) -> None:
        self._name = name
        self._endpoint = Endpoint(server or f"https://{name}.example")
        self._reads = {"/healthz": b"ok", "/version": b'{"gitVersion": "v1.33.0"}', **(reads or {})}
        self._objects: dict[_Place, Object] = {}
        self._failures: list[tuple[str, str, Exception]] = []
        self._interventions: list[tuple[str, str, Callable[[MemoryCluster], object]]] = []
        self._reactions: list[tuple[Resource, Callable[[Object], Object]]] = []
        self._version = 0
        self._applied: dict[_Place, Object] = {}
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._history: list[tuple[int, str, _Place, Object]] = []
        self.requests: list[tuple[str, str]] = []
        self.is_closed = False
        self.may: Callable[[Object], bool] = lambda spec: True
        self.before_writes: Callable[[str], object] = lambda act: None
        self.review_failure: ClusterError | None = None
        self.reviews: list[Object] = []
        self.ends: tuple[Expiry, ...] = ()

    @property
    def name(self) -> str:
        """The name that messages give it."""
        return self._name

    @property
    def endpoint(self) -> Endpoint:
        """How it is reached."""
        return self._endpoint

    def add(self, resource: Resource, body: Object) -> Object:
        """Put *body* there without recording a request, and return it as stored."""
        with self._lock:
            return self._store(resource, body, old=None)

    def alter(self, resource: Resource, key: Key, **fields: Any) -> Object:
        """Let somebody else set top-level *fields* of an object, without recording a request."""
        with self._lock:
            old = self._objects[_place(resource, key)]
            return self._store(resource, {**old, **fields}, old=old)

    def fail_next(self, act: str, error: Exception, *, name: str = "", times: int = 1) -> None:
        """
        Let the next requests of this *act* raise *error*.

        With *name*, only those to the object, the listed plural or the path of that name.
        """
        self._failures += [(act, name, error)] * times

    def before_next(
        self, act: str, meddle: Callable[[MemoryCluster], object], *, name: str = ""
    ) -> None:
        """Let somebody else act right before the next request of this *act*."""
        self._interventions.append((act, name, meddle))

    def react_to(self, resource: Resource, controller: Callable[[Object], Object]) -> None:
        """Let a *controller* have its say about every object of a type that is stored."""
        self._reactions.append((resource, controller))

    def objects(self, resource: Resource) -> list[Object]:
        """Return what it holds of one type, sorted by key."""
        return list(self.list(resource).items)

    def writes(self) -> list[tuple[str, str]]:
        """Return the writes so far, as act and subject."""
        return [found for found in self.requests if found[0] not in _READS]

    def find(self, resource: Resource, key: Key) -> Object | None:
        """Return what stands there, without recording a request."""
        with self._lock:
            return copy.deepcopy(self._objects.get(_place(resource, key)))

    def remove(self, resource: Resource, key: Key) -> None:
        """Let an object be gone, whatever holds it, without recording a request."""
        with self._lock:
            gone = self._objects.pop(_place(resource, key), None)
            if gone is not None:
                self._note("DELETED", _place(resource, key), gone)

    def expiries(self) -> tuple[Expiry, ...]:
        """Return what the test gave this cluster in `ends`."""
        return self.ends

    def discover(self, *, fresh: bool = False) -> Discovery:
        """Return that it serves nothing; set `discovery` where a test needs more."""
        return getattr(self, "discovery", Discovery(()))

    def read(self, path: str, *, timeout: float | None = None) -> bytes:
        """Return the body that was given for *path*."""
        self._begin("read", path, path)
        if path not in self._reads:
            raise self._error(NotFoundError, "read", path, 404, "NotFound")
        return self._reads[path]

    def list(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> Listing:
        """Return all objects that match; selectors know equality only."""
        with self._lock:
            self._begin("list", resource.plural, resource.plural)
            found = [
                copy.deepcopy(obj)
                for (group, plural, key), obj in sorted(self._objects.items(), key=lambda i: i[0])
                if (group, plural) == (resource.group, resource.plural)
                and namespace in ("", key.namespace)
                and _has_labels(obj, label_selector)
                and _has_fields(obj, field_selector)
            ]
            if metadata_only:
                found = [{k: o[k] for k in ("apiVersion", "kind", "metadata")} for o in found]
            return Listing(tuple(found), str(self._version))

    def tabulate(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Table:
        """Return the same list with the columns that the test gave this cluster in `columns`."""
        found = self.list(
            resource,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
        ).items
        columns = getattr(self, "columns", (Column("Name"), Column("Uid", is_wide=True)))
        rows = tuple(
            Row(key_of(obj), tuple(value_at(obj, "metadata", c.name.lower()) for c in columns))
            for obj in found
        )
        return Table(tuple(columns), rows)

    def get(self, resource: Resource, key: Key, *, subresource: str = "") -> Object:
        """Return one object."""
        with self._lock:
            self._begin("get", str(resource.subject(key)), key.name)
            return copy.deepcopy(self._find(resource, key, act="get"))

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        """Create *body*; a resourceVersion in it is refused as an API server does."""
        if resource.kind == "SelfSubjectAccessReview":
            return self._review(body)
        body = _named(body, suffix=str(self._version + 1))
        key = key_of(body)
        subject = str(resource.subject(key))
        with self._lock:
            self._begin("create", subject, key.name)
            if _place(resource, key) in self._objects:
                raise self._error(AlreadyExistsError, "create", subject, 409, "AlreadyExists")
            if resource_version_of(body):
                raise self._error(ConflictError, "create", subject, 500, "resourceVersion set")
            return copy.deepcopy(body) if dry_run else self._store(resource, body, old=None)

    def update(
        self, resource: Resource, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Replace an object, or with the subresource `status` its status alone."""
        key = key_of(body)
        subject = str(resource.subject(key))
        with self._lock:
            self._begin("update", subject, key.name)
            old = self._find(resource, key, act="update")
            if resource_version_of(body) not in ("", resource_version_of(old)):
                raise self._error(ConflictError, "update", subject, 409, "Conflict")
            new = {**old, "status": body.get("status")} if subresource == "status" else body
            return copy.deepcopy(body) if dry_run else self._store(resource, new, old=old)

    def patch(
        self,
        resource: Resource,
        key: Key,
        *,
        body: PatchBody,
        patch_type: PatchType = PatchType.MERGE,
        subresource: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> Object:
        """Patch one object: a merge patch, or JSON patches that add to or replace top fields."""
        subject = str(resource.subject(key))
        with self._lock:
            self._begin("patch", subject, key.name)
            if patch_type is PatchType.APPLY and isinstance(body, dict):
                return self._apply(resource, key, body, dry_run=dry_run)
            old = self._find(resource, key, act="patch")
            if isinstance(body, list):
                new = {**old, **{op["path"].lstrip("/"): op["value"] for op in body}}
            else:
                if resource_version_of(body) not in ("", resource_version_of(old)):
                    raise self._error(ConflictError, "patch", subject, 409, "Conflict")
                new = _merge(old, body)
            return new if dry_run else self._store(resource, new, old=old)

    def delete(
        self,
        resource: Resource,
        key: Key,
        *,
        options: Object | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete one object; with finalizers it stays, with a deletion timestamp."""
        subject = str(resource.subject(key))
        with self._lock:
            self._begin("delete", subject, key.name)
            old = self._find(resource, key, act="delete")
            for field in ("uid", "resourceVersion"):
                wanted = value_at(options, "preconditions", field)
                if wanted not in (None, value_at(old, "metadata", field)):
                    raise self._error(ConflictError, "delete", subject, 409, "Conflict")
            if dry_run:
                return {"kind": "Status", "status": "Success"}
            if not finalizers_of(old):
                self._note(
                    "DELETED", _place(resource, key), self._objects.pop(_place(resource, key))
                )
                return {"kind": "Status", "status": "Success"}
            stamp = {"deletionTimestamp": "2020-01-01T00:00:00Z"}
            new = {**old, "metadata": {**old["metadata"], **stamp}}
            return self._store(resource, new, old=old)

    def watch(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        timeout: float = 60.0,
    ) -> Iterator[WatchEvent]:
        """Tell of what changes after *resource_version*, until the time is over."""
        self._begin("watch", resource.plural, resource.plural)
        until, seen = time.monotonic() + timeout, int(resource_version or 0)
        while True:
            with self._changed:
                new = [found for found in self._history if found[0] > seen]
                left = until - time.monotonic()
                if not new and left > 0:
                    self._changed.wait(left)
                    continue
            if not new:
                return
            seen = new[-1][0]
            for _, act, (group, plural, key), obj in new:
                is_meant = (group, plural) == (resource.group, resource.plural)
                if (
                    is_meant
                    and namespace in ("", key.namespace)
                    and _has_labels(obj, label_selector)
                ):
                    yield WatchEvent(act, copy.deepcopy(obj))

    def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True

    def _review(self, body: Object) -> Object:
        """Answer whether the caller may do something; a question is no write."""
        with self._lock:
            if self.review_failure is not None:
                raise self.review_failure
            self.reviews.append(body["spec"])
            return {**body, "status": {"allowed": self.may(body["spec"])}}

    def _apply(self, resource: Resource, key: Key, body: Object, *, dry_run: bool) -> Object:
        """Apply as one manager that owns what it applied last; lists are replaced."""
        place = _place(resource, key)
        old = self._objects.get(place)
        subject = str(resource.subject(key))
        for field in ("uid", "resourceVersion"):
            wanted = value_at(body, "metadata", field)
            if wanted not in (None, value_at(old, "metadata", field)):
                raise self._error(ConflictError, "patch", subject, 409, "Conflict")
        left = _without(old or {}, self._applied.get(place, {}), body)
        new = _merge(left, body)
        if dry_run:
            return new
        self._applied[place] = copy.deepcopy(body)
        return copy.deepcopy(self._store(resource, new, old=old))

    def _begin(self, act: str, subject: str, name: str) -> None:
        with self._lock:
            self.requests.append((act, subject))
            if act not in _READS:
                self.before_writes(act)
            for position, (wanted, only, meddle) in enumerate(self._interventions):
                if wanted == act and only in ("", name):
                    del self._interventions[position]
                    meddle(self)
                    break
            for position, (wanted, only, error) in enumerate(self._failures):
                if wanted == act and only in ("", name):
                    del self._failures[position]
                    raise error

    def _find(self, resource: Resource, key: Key, *, act: str) -> Object:
        try:
            return self._objects[_place(resource, key)]
        except KeyError:
            subject = str(resource.subject(key))
            raise self._error(NotFoundError, act, subject, 404, "NotFound") from None

    def _store(self, resource: Resource, body: Object, *, old: Object | None) -> Object:
        """Keep *body* with the metadata that belongs to the server; nothing new changes nothing."""
        new = copy.deepcopy(body)
        metadata = new.setdefault("metadata", {})
        new.setdefault("apiVersion", resource.api_version)
        new.setdefault("kind", resource.kind)
        for wanted, controller in self._reactions:
            if wanted == resource:
                new = controller(new)
                metadata = new["metadata"]
        made = {"uid": f"{self._name}-{self._version + 1}"}
        before: Object = old["metadata"] if old is not None else made
        metadata["uid"] = before["uid"]
        for owned in ("resourceVersion", "generation"):
            metadata.pop(owned, None)
            if owned in before:
                metadata[owned] = before[owned]
        if old is not None and new == old:
            return new
        if resource.kind not in _KINDS_WITHOUT_GENERATION and (
            old is None or _content(new) != _content(old)
        ):
            metadata["generation"] = before.get("generation", 0) + 1
        self._version += 1
        metadata["resourceVersion"] = str(self._version)
        place = _place(resource, key_of(new))
        if is_deleting(new) and not finalizers_of(new):
            del self._objects[place]
            self._note("DELETED", place, new)
        else:
            self._objects[place] = copy.deepcopy(new)
            self._note("ADDED" if old is None else "MODIFIED", place, new)
        return new

    def _note(self, act: str, place: _Place, obj: Object) -> None:
        """Keep what changed for those who watch; a deletion is a version of its own."""
        self._version += act == "DELETED"
        with self._changed:
            self._history.append((self._version, act, place, copy.deepcopy(obj)))
            self._changed.notify_all()

    def _error(
        self, error: type[ClusterError], act: str, subject: str, status: int, reason: str
    ) -> ClusterError:
        return error(act=act, subject=subject, cluster=self._name, status=status, reason=reason)


class MemoryFleet:
    """
    A host and its members, as `cluster.port.Fleet` wants them.

    Args:
        host: The host cluster.
        members: Clusters by the name of their registration, which is also their context.
    """

    def __init__(self, host: MemoryCluster, members: Mapping[str, MemoryCluster]) -> None:
        self._host = host
        self._members = dict(members)
        self._refusals: dict[str, KubefedctlError] = {}
        self.accesses: list[MemberAccess] = []

    @property
    def host(self) -> MemoryCluster:
        """The host cluster."""
        return self._host

    def open_host_apart(self) -> MemoryCluster:
        """Return the host cluster."""
        return self._host

    def context(self, name: str) -> MemoryCluster:
        """Return the cluster of a context."""
        if name in self._members:
            return self._members[name]
        if name == self._host.name:
            return self._host
        raise KubeconfigError(f"no context {name}")

    def refuse(self, name: str, error: KubefedctlError) -> None:
        """Let connecting to the registered member *name* raise *error*."""
        self._refusals[name] = error

    def connect(self, access: MemberAccess) -> MemoryCluster:
        """Return the member of a registration, and remember with what it was asked for."""
        self.accesses.append(access)
        if access.registration.name in self._refusals:
            raise self._refusals[access.registration.name]
        return self.context(access.registration.name)


def _place(resource: Resource, key: Key) -> _Place:
    return resource.group, resource.plural, key


def _content(obj: Object) -> str:
    kept = {k: v for k, v in obj.items() if k not in ("metadata", "status")}
    return json.dumps([kept, value_at(obj, "metadata", "deletionTimestamp")], sort_keys=True)


def _has_labels(obj: Object, selector: str) -> bool:
    wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
    return wanted.items() <= dict(labels_of(obj)).items()


def _has_fields(obj: Object, selector: str) -> bool:
    wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
    return all(value_at(obj, *path.split(".")) == value for path, value in wanted.items())


def _named(body: Object, *, suffix: str) -> Object:
    """*body* with the name that an API server makes of `generateName`."""
    metadata = body.get("metadata", {})
    if metadata.get("name") or not metadata.get("generateName"):
        return body
    return {**body, "metadata": {**metadata, "name": metadata["generateName"] + suffix}}


def _without(old: Any, applied: Any, body: Any) -> Any:
    """*old* without the fields of *applied* that *body* no longer has."""
    if not (isinstance(old, dict) and isinstance(applied, dict) and isinstance(body, dict)):
        return old
    return {
        name: _without(value, applied.get(name), body.get(name))
        for name, value in old.items()
        if name in body or name not in applied or name in ("uid", "resourceVersion")
    }


def _merge(old: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), value)
    return copy.deepcopy(merged)
