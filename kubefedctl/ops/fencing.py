"""
Clusters that take no write any more once the lock is lost.

A fence stands in front of every cluster of a run, so that no step can forget it. Reads pass.

Laws:
1. Every writing method of `cluster.port.Cluster` asks the guard first, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubefedctl.cluster.port import Cluster, Fleet, Listing, PatchBody, PatchType, WatchEvent
from kubefedctl.model.clusters import Endpoint, Expiry, MemberAccess
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.tables import Table
from kubefedctl.model.typeconfigs import Discovery


class FencedCluster:
    """
    A `Cluster` whose writes a guard may refuse.

    Args:
        cluster: The cluster behind it.
        guard: Raises where nothing may be written.
    """

    def __init__(self, cluster: Cluster, guard: Callable[[], None]) -> None:
        self._cluster = cluster
        self._guard = guard

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
        """Return what it serves."""
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
        """Return all objects that match."""
        return self._cluster.list(
            resource,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
            metadata_only=metadata_only,
        )

    def tabulate(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Table:
        """Return the same list as the server shows it to people."""
        return self._cluster.tabulate(
            resource,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
        )

    def get(self, resource: Resource, key: Key, *, subresource: str = "") -> Object:
        """Return one object."""
        return self._cluster.get(resource, key, subresource=subresource)

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        """Create *body*, if the guard lets it pass."""
        self._guard()
        return self._cluster.create(resource, body, dry_run=dry_run)

    def update(
        self, resource: Resource, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Replace an object, if the guard lets it pass."""
        self._guard()
        return self._cluster.update(resource, body, subresource=subresource, dry_run=dry_run)

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
        """Patch one object, if the guard lets it pass."""
        self._guard()
        return self._cluster.patch(
            resource,
            key,
            body=body,
            patch_type=patch_type,
            subresource=subresource,
            force=force,
            dry_run=dry_run,
        )

    def delete(
        self,
        resource: Resource,
        key: Key,
        *,
        options: Object | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete one object, if the guard lets it pass."""
        self._guard()
        return self._cluster.delete(resource, key, options=options, dry_run=dry_run)

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
        """Yield what changes."""
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


class FencedFleet:
    """
    A fleet of which every cluster has the same guard.

    Args:
        fleet: The fleet behind it.
        guard: Raises where nothing may be written.
    """

    def __init__(self, fleet: Fleet, guard: Callable[[], None]) -> None:
        self._fleet = fleet
        self._guard = guard

    @property
    def host(self) -> Cluster:
        """The host cluster."""
        return FencedCluster(self._fleet.host, self._guard)

    def open_host_apart(self) -> Cluster:
        """Return the host over connections of its own, for what must not wait behind other work."""
        return FencedCluster(self._fleet.open_host_apart(), self._guard)

    def context(self, name: str) -> Cluster:
        """Return the cluster of a kubeconfig context."""
        return FencedCluster(self._fleet.context(name), self._guard)

    def connect(self, access: MemberAccess) -> Cluster:
        """Return a member by its registration and token."""
        return FencedCluster(self._fleet.connect(access), self._guard)
