"""
Clusters in a server dry run: every write is checked by its API server, and none is kept.

`DryRunCluster` stands in front of a cluster. It sends each write with `dryRun=All`, remembers the
answer, and shows it to whoever reads afterwards, so that an operation goes on as if it had written.

An API server cannot check what rests on a write that was not kept: an object in a namespace, or of
a type, that the same run would make. Such objects are remembered only, and that is told.

Laws:
1. No write leaves here without `dryRun=All`.
2. What a server refuses is an error, as in a real run.
"""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.cluster.handedover import drop_left
from kubefedctl.cluster.port import Cluster, Listing, PatchBody, PatchType, WatchEvent
from kubefedctl.errors import AlreadyExistsError, NotFoundError
from kubefedctl.model.clusters import Endpoint, Expiry, MemberAccess
from kubefedctl.model.objects import (
    annotations_of,
    key_of,
    labels_of,
    map_at,
    name_of,
    text_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.tables import Table
from kubefedctl.model.typeconfigs import Discovery
from kubefedctl.model.wellknown import CRDS, NAMESPACES, SECRETS

PLACEHOLDER_TOKEN = "not-a-token"
"""What stands in a token Secret that was not kept, instead of a token."""

_PLACEHOLDER_DATA = {"token": "bm90LWEtdG9rZW4="}
_TOKEN_SECRET = "kubernetes.io/service-account-token"
_ACCOUNT = "kubernetes.io/service-account.name"
_Address = tuple[str, Key]


class DryRunCluster:
    """
    A `Cluster` whose writes are dry runs.

    Args:
        cluster: The cluster behind it.
        record: Told of each object that a real run would have written, as it would stand then.
        tell: Takes one line for those who asked for more talk.
    """

    def __init__(
        self, cluster: Cluster, *, record: Callable[[Object], None], tell: Callable[[str], None]
    ) -> None:
        self._cluster = cluster
        self._record = record
        self._tell = tell
        self._lock = threading.Lock()
        self._changed: dict[_Address, Object | None] = {}
        self._unreal: set[_Address] = set()

    @property
    def name(self) -> str:
        """The name that messages give it."""
        return self._cluster.name

    @property
    def endpoint(self) -> Endpoint:
        """How it is reached."""
        return self._cluster.endpoint

    def expiries(self) -> tuple[Expiry, ...]:
        """Return when what it is reached with ends."""
        return self._cluster.expiries()

    def discover(self, *, fresh: bool = False) -> Discovery:
        """Return what it serves, without the types that this run would define."""
        return self._cluster.discover(fresh=fresh)

    def read(self, path: str, *, timeout: float | None = None) -> bytes:
        """Return the body of a GET of any *path*."""
        return self._cluster.read(path, timeout=timeout)

    def list(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> Listing:
        """Return all objects that match, as they would stand after the writes of this run."""
        try:
            listed = self._cluster.list(
                resource,
                namespace=namespace,
                label_selector=label_selector,
                field_selector=field_selector,
                metadata_only=metadata_only,
            )
        except NotFoundError:
            if not self._is_unreal(CRDS, Key("", resource.qualified_name)):
                raise
            listed = Listing((), "")
        changed = self._changed_of(resource)
        kept = [found for found in listed.items if key_of(found) not in changed]
        ours = [
            found
            for key, found in sorted(changed.items())
            if found is not None
            and namespace in ("", key.namespace)
            and _matches(labels_of(found), label_selector)
            and _matches(found, field_selector)
        ]
        return Listing((*kept, *ours), listed.resource_version)

    def tabulate(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Table:
        """Return the list as the server shows it, without the writes of this run."""
        return self._cluster.tabulate(
            resource,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
        )

    def get(self, resource: Resource, key: Key, *, subresource: str = "") -> Object:
        """Return one object as it would stand after the writes of this run."""
        with self._lock:
            address = _address(resource, key)
            found = self._changed.get(address)
            is_gone = address in self._changed and found is None
        if is_gone:
            raise self._missing("get", resource, key)
        return found or self._cluster.get(resource, key, subresource=subresource)

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        """Have the creation of *body* checked, and remember it."""
        del dry_run
        if resource.kind == "TokenRequest":  # NB: servers make a token in a dry run too
            status = {"token": PLACEHOLDER_TOKEN, "expirationTimestamp": "1970-01-01T00:00:00Z"}
            return {**body, "status": status}
        key = key_of(body)
        if key.name and self._knows(resource, key):
            # NB: the server knows nothing of it, or has refused it in its own words already
            raise self._conflict("create", resource, key)
        is_local = self._is_local(resource, key)
        if is_local or self._was_deleted(resource, key):
            answer = self._keep_to_ourselves(resource, body)
        else:
            answer = self._cluster.create(resource, body, dry_run=True)
        if not name_of(answer):
            return answer  # NB: a review, which no server keeps
        answer = _settled(resource, answer)
        with self._lock:
            self._unreal.add(_address(resource, key_of(answer)))
        return self._remember(resource, answer)

    def update(
        self, resource: Resource, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Have the replacement of an object checked, and remember it."""
        del dry_run
        if self._is_unreal(resource, key_of(body)) or self._is_local(resource, key_of(body)):
            answer = body
        else:
            answer = self._cluster.update(resource, body, subresource=subresource, dry_run=True)
        return self._remember(resource, answer, is_status=bool(subresource))

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
        """Have a patch checked, and remember what it makes of the object."""
        del dry_run
        before = self._changed_of(resource).get(key)
        if before is None or not self._is_unreal(resource, key):
            answer = self._cluster.patch(
                resource,
                key,
                body=body,
                patch_type=patch_type,
                subresource=subresource,
                force=force,
                dry_run=True,
            )
        if before is not None:
            # NB: the server does not know of the earlier writes of this run
            is_merge = patch_type is not PatchType.JSON and isinstance(body, dict)
            if patch_type is PatchType.APPLY and not self._is_unreal(resource, key):
                answer = self._drop_left(resource, before, answer)
            elif is_merge or self._is_unreal(resource, key):
                answer = _merge(before, body if isinstance(body, dict) else {})
        return self._remember(resource, answer, is_status=bool(subresource))

    def delete(
        self,
        resource: Resource,
        key: Key,
        *,
        options: Object | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Have a deletion checked; from then on the object is not there."""
        del dry_run
        address = _address(resource, key)
        with self._lock:
            is_gone = address in self._changed and self._changed[address] is None
            is_unreal = address in self._unreal
        if is_gone:
            raise self._missing("delete", resource, key)
        if not is_unreal:
            self._cluster.delete(resource, key, options=options, dry_run=True)
        with self._lock:
            self._changed[address] = None
            self._unreal.discard(address)
        return {"apiVersion": "v1", "kind": "Status", "status": "Success"}

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
        """Yield what others change."""
        return self._cluster.watch(
            resource,
            namespace=namespace,
            resource_version=resource_version,
            label_selector=label_selector,
            field_selector=field_selector,
            timeout=timeout,
        )

    def close(self) -> None:
        """Give back the connections."""
        self._cluster.close()

    def _drop_left(self, resource: Resource, before: Object, answer: Object) -> Object:
        """Take away what an apply would after a handover; the server fills in defaults again."""
        wanted = drop_left(before, answer)
        if wanted == answer:
            return answer
        owners = {"managedFields": map_at(answer, "metadata").get("managedFields")}
        metadata = {k: v for k, v in map_at(wanted, "metadata").items() if k not in owners}
        checked = self._cluster.update(resource, {**wanted, "metadata": metadata}, dry_run=True)
        return {**checked, "metadata": {**map_at(checked, "metadata"), **owners}}

    def _remember(self, resource: Resource, answer: Object, *, is_status: bool = False) -> Object:
        with self._lock:
            self._changed[_address(resource, key_of(answer))] = answer
        if not is_status:
            self._record(answer)
        return answer

    def _changed_of(self, resource: Resource) -> dict[Key, Object | None]:
        with self._lock:
            return {
                key: found
                for (name, key), found in self._changed.items()
                if name == resource.qualified_name
            }

    def _knows(self, resource: Resource, key: Key) -> bool:
        with self._lock:
            return self._changed.get(_address(resource, key)) is not None

    def _was_deleted(self, resource: Resource, key: Key) -> bool:
        address = _address(resource, key)
        with self._lock:
            return address in self._changed and self._changed[address] is None

    def _is_unreal(self, resource: Resource, key: Key) -> bool:
        with self._lock:
            return _address(resource, key) in self._unreal

    def _is_local(self, resource: Resource, key: Key) -> bool:
        """Whether the server cannot know the namespace or the type, which this run would make."""
        return (
            bool(key.namespace) and self._is_unreal(NAMESPACES, Key("", key.namespace))
        ) or self._is_unreal(CRDS, Key("", resource.qualified_name))

    def _keep_to_ourselves(self, resource: Resource, body: Object) -> Object:
        metadata = dict(body["metadata"])
        if not metadata.get("name"):
            metadata["name"] = f"{metadata.get('generateName', '')}dry-run"
        kept = {**body, "metadata": metadata}
        subject = resource.subject(key_of(kept)).within(self.name)
        self._tell(f"{subject} is not checked: it rests on what a dry run does not keep")
        return kept

    def _missing(self, act: str, resource: Resource, key: Key) -> NotFoundError:
        return NotFoundError(
            act=act,
            subject=str(resource.subject(key)),
            cluster=self.name,
            status=404,
            reason="NotFound",
            message="deleted in this dry run",
        )

    def _conflict(self, act: str, resource: Resource, key: Key) -> AlreadyExistsError:
        return AlreadyExistsError(
            act=act,
            subject=str(resource.subject(key)),
            cluster=self.name,
            status=409,
            reason="AlreadyExists",
            message="created in this dry run",
        )


class DryRunFleet:
    """
    The `Fleet` of a server dry run, over a live one, which closes the connections.

    Args:
        fleet: The live fleet.
        tell: Takes one line for those who asked for more talk.
    """

    def __init__(self, fleet: LiveFleet, *, tell: Callable[[str], None]) -> None:
        self._fleet = fleet
        self._tell = tell
        self._lock = threading.Lock()
        self._clusters: dict[int, DryRunCluster] = {}
        self._written: dict[tuple[str, str, Key], Object] = {}

    @property
    def host(self) -> DryRunCluster:
        """The host cluster."""
        return self._wrap(self._fleet.host)

    @property
    def host_context_name(self) -> str:
        """The context of the host cluster by its name, also where the current one is meant."""
        return self._fleet.host_context_name

    @property
    def written(self) -> builtins.list[Object]:
        """What a real run would have written, in its order; Secrets without their data."""
        with self._lock:
            return builtins.list(self._written.values())

    def open_host_apart(self) -> DryRunCluster:
        """Return the host over connections of its own, for what must not wait behind other work."""
        return self._wrap(self._fleet.open_host_apart())

    def context(self, name: str) -> DryRunCluster:
        """Return the cluster of a kubeconfig context (empty: the current one)."""
        return self._wrap(self._fleet.context(name))

    def connect(self, access: MemberAccess) -> Cluster:
        """
        Return a member by its registration and token.

        One that would be joined in this run has no token yet: it is the cluster of the context
        that leads to the same API server.
        """
        if access.token == PLACEHOLDER_TOKEN:
            with self._lock:
                known = builtins.list(self._clusters.values())
            for cluster in known:
                if cluster.endpoint.server == access.registration.api_endpoint:
                    return cluster
        return self._wrap(self._fleet.connect(access))

    def _wrap(self, cluster: Cluster) -> DryRunCluster:
        with self._lock:
            # NB: the live fleet gives the same cluster each time, and keeps it until its end
            known = self._clusters.get(id(cluster))
            if known is None:
                known = DryRunCluster(
                    cluster, record=lambda obj: self._note(cluster.name, obj), tell=self._tell
                )
                self._clusters[id(cluster)] = known
            return known

    def _note(self, cluster: str, obj: Object) -> None:
        kind = f"{obj.get('apiVersion')}/{obj.get('kind')}"
        if kind == f"{SECRETS.api_version}/{SECRETS.kind}":
            obj = {key: obj[key] for key in obj if key not in ("data", "stringData")}
        with self._lock:
            self._written[cluster, kind, key_of(obj)] = obj


def _address(resource: Resource, key: Key) -> _Address:
    return resource.qualified_name, key if resource.namespaced else Key("", key.name)


def _settled(resource: Resource, obj: Object) -> Object:
    """A new object as its controllers would leave it: CRDs are served, token Secrets are filled."""
    if resource == CRDS:
        conditions = [{"type": kind, "status": "True"} for kind in ("NamesAccepted", "Established")]
        return {**obj, "status": {**map_at(obj, "status"), "conditions": conditions}}
    if (
        resource == SECRETS
        and text_at(obj, "type") == _TOKEN_SECRET
        and _ACCOUNT in (annotations_of(obj))
    ):
        return {**obj, "data": {**_PLACEHOLDER_DATA, **map_at(obj, "data")}}
    return obj


def _matches(values: Mapping[str, Any], selector: str) -> bool:
    """Whether *values* meet a selector of equalities, the only kind that operations use."""
    parts = [part.partition("=") for part in selector.split(",") if part]
    return all(values.get(key) == value.removeprefix("=") for key, _, value in parts)


def _merge(before: Any, patch: Any) -> Any:
    """
    Apply a merge patch.

    Upstream: RFC 7386.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged
