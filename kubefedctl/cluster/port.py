"""
The door to Kubernetes: all that the rest of the program sees of a cluster.

Laws:
1. A `Cluster` decides nothing about federation; it carries out one request, or fails with one of
   our errors, never with a foreign one.
2. `list` answers completely or raises. There is no partial list.
3. Methods may be called from several threads at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from kubefedctl.model.clusters import Endpoint, Expiry, MemberAccess
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.tables import Table
from kubefedctl.model.typeconfigs import Discovery

PatchBody: TypeAlias = Object | list[Object]
"""A merge patch or an applied object, or the operations of a JSON patch."""


class PatchType(StrEnum):
    """The media type of a patch."""

    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Listing:
    """
    A complete list.

    Args:
        items: The objects in the server's order, each with `apiVersion` and `kind`.
        resource_version: Where a watch can go on.
    """

    items: tuple[Object, ...]
    resource_version: str


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """
    One event of a watch.

    Args:
        type: ADDED, MODIFIED, DELETED or BOOKMARK. An ERROR is raised, not returned.
        object: The object it is about.
    """

    type: str
    object: Object


class Cluster(Protocol):
    """
    One API server. Requests have a time limit each and are tried again where that is safe.

    Every method raises `ClusterError` subclasses: `UnreachableError`, `UnauthorizedError`,
    `ForbiddenError`, `NotFoundError`, `ConflictError`, `AlreadyExistsError`, `InvalidError`,
    `ThrottledError`, `ServerError`.
    """

    @property
    def name(self) -> str:
        """The name that messages give it."""

    @property
    def endpoint(self) -> Endpoint:
        """How it is reached."""

    def expiries(self) -> tuple[Expiry, ...]:
        """
        Return when the certificates and the token end that it is reached with, as far as known.

        Tokens that somebody renews by himself (exec plugins, token files) are left out. What
        cannot be found out is left out, too: this raises nothing.
        """

    def discover(self, *, fresh: bool = False) -> Discovery:
        """Return what it serves; asked once and kept, until *fresh* asks anew."""

    def read(self, path: str, *, timeout: float | None = None) -> bytes:
        """
        Return the body of a GET of any *path*, such as `/healthz`, `/version`, `/openapi/v3`.

        Args:
            path: Path with its query, starting with `/`.
            timeout: Seconds; None for the usual limit. Given, the request is not tried again.
        """

    def list(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> Listing:
        """Return all objects that match, read in pages; an expired page starts the list anew."""

    def tabulate(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Table:
        """Return the same list as the server shows it to people."""

    def get(self, resource: Resource, key: Key, *, subresource: str = "") -> Object:
        """Return one object."""

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        """Create *body* in the namespace it names and return it as stored."""

    def update(
        self, resource: Resource, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Replace the object that *body* names; its resourceVersion, where present, must match."""

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
        """Patch one object and return it; *force* takes over fields and goes with APPLY alone."""

    def delete(
        self,
        resource: Resource,
        key: Key,
        *,
        options: Object | None = None,
        dry_run: bool = False,
    ) -> Object:
        """
        Delete one object and return the API's answer: a `Status` where it is gone at once.

        *options* is a DeleteOptions body (preconditions, propagation). Any other answer is the
        object as it stands; whether it is gone must then be asked.
        """

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
        """Yield what changes from *resource_version* on, for at most *timeout* seconds."""

    def close(self) -> None:
        """Give back the connections."""


class Fleet(Protocol):
    """The host cluster and the way to its members; `cli.wiring` builds the live one."""

    @property
    def host(self) -> Cluster:
        """The host cluster."""

    def open_host_apart(self) -> Cluster:
        """Return the host over connections of its own, for what must not wait behind other work."""

    def context(self, name: str) -> Cluster:
        """Return the cluster of a kubeconfig context, or raise KubeconfigError."""

    def connect(self, access: MemberAccess) -> Cluster:
        """Return a member by its registration and token; raises InputError for unusable ones."""
