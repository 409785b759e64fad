"""
A cluster over the network: the port's verbs as requests of the Kubernetes API.

Objects are the plain dicts that JSON gives; requests go over the official client's pool (`pools`),
not through its models, which would drop the fields that they do not know.

Laws:
1. No name reaches a URL unquoted, and none that is empty, `.` or `..`: the request would be about
   something else.
2. Every write names `kubefedctl` as its field manager.
"""

from __future__ import annotations

import builtins
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote, urlencode

from kubefedctl.cluster.access import Access, Timeouts
from kubefedctl.cluster.bodies import decode_answer, encode_body, with_type
from kubefedctl.cluster.discovery import read_discovery
from kubefedctl.cluster.expiring import read_expiries
from kubefedctl.cluster.faults import About, fault_of_answer
from kubefedctl.cluster.port import Listing, PatchBody, PatchType, WatchEvent
from kubefedctl.cluster.retrying import RetryPolicy
from kubefedctl.cluster.tables import ACCEPT_TABLE, join_tables, parse_table
from kubefedctl.cluster.transport import JSON, Request, Trace, Transport
from kubefedctl.cluster.watching import read_events
from kubefedctl.errors import ExpiredError, InputError, ServerError
from kubefedctl.model.clusters import Endpoint, Expiry
from kubefedctl.model.objects import FIELD_MANAGER, key_of, resource_version_of, text_at
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.tables import Table
from kubefedctl.model.typeconfigs import Discovery

T = TypeVar("T")
PAGE = 500
_LIST_STARTS = 3
_METADATA_ONLY = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,{JSON}"


class LiveCluster:
    """
    The `Cluster` of one API server.

    Args:
        access: Where it is and how to present oneself.
        timeouts: Limits of a request.
        policy: Bounds of trying again.
        trace: Told of each try of a request: cluster, method, path, status, milliseconds.
        clock: Monotonic seconds.
        sleep: Waits between tries.

    Raises:
        InputError: The server's URL cannot be used.
    """

    def __init__(
        self,
        access: Access,
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        trace: Trace | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._access = access
        self._timeouts = timeouts
        self._clock = clock
        self._transport = Transport(
            access, timeouts=timeouts, policy=policy, trace=trace, clock=clock, sleep=sleep
        )
        self._discovery: Discovery | None = None
        self._discovery_lock = threading.Lock()

    @property
    def name(self) -> str:
        """The name that messages give it."""
        return self._access.name

    @property
    def endpoint(self) -> Endpoint:
        """How it is reached."""
        return self._access.endpoint

    def expiries(self) -> tuple[Expiry, ...]:
        """Return when the certificates and the token end that it is reached with."""
        return read_expiries(self._access, timeout=self._timeouts.connect)

    def discover(self, *, fresh: bool = False) -> Discovery:
        """Return what it serves; asked once and kept, until *fresh* asks anew."""
        with self._discovery_lock:
            if self._discovery is None or fresh:
                self._discovery = read_discovery(self._transport)
            return self._discovery

    def read(self, path: str, *, timeout: float | None = None) -> bytes:
        """Return the body of a GET of any *path*; with *timeout* it is not tried again."""
        about = About(
            act="read", subject=path, cluster=self.name, origin=self._access.origin, verb="get"
        )
        request = Request("GET", path, about, accept="*/*", repeatable=True, timeout=timeout)
        return self._transport.send(request).body

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
        asked = self._ask_list(resource, namespace, label_selector, field_selector)
        accept = _METADATA_ONLY if metadata_only else JSON
        return _read_whole(lambda: self._list_pages(resource, asked, accept=accept))

    def tabulate(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Table:
        """Return the same list as the server shows it to people."""
        asked = self._ask_list(resource, namespace, label_selector, field_selector)
        if resource.namespaced and not namespace:
            return _read_whole(lambda: self._table_pages(asked))
        # NB: nine tenths of the answer are the objects' metadata, which says nothing new here
        short = replace(asked, query={**asked.query, "includeObject": "None"})
        try:
            return _read_whole(lambda: self._table_pages(short, namespace))
        except ServerError as error:
            if error.status >= 500:
                raise
            return _read_whole(lambda: self._table_pages(asked))

    def get(self, resource: Resource, key: Key, *, subresource: str = "") -> Object:
        """Return one object."""
        about = self._about("get", resource, key=key, subresource=subresource)
        path = _path(resource, namespace=key.namespace, name=key.name, subresource=subresource)
        answer = self._transport.send(Request("GET", path, about, repeatable=True))
        found = decode_answer(answer, about)
        if not text_at(found, "metadata", "name"):
            raise fault_of_answer("the answer is no object", status=answer.status, about=about)
        return found

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        """Create *body* in the namespace it names and return it as stored."""
        key = key_of(body)
        about = self._about("create", resource, key=key)
        path = _path(resource, namespace=key.namespace) + _write_query(dry_run=dry_run)
        content = encode_body(body, about)
        return self._answer_of(Request("POST", path, about, body=content, repeatable=dry_run))

    def update(
        self, resource: Resource, body: Object, *, subresource: str = "", dry_run: bool = False
    ) -> Object:
        """Replace the object that *body* names; its resourceVersion, where present, must match."""
        key = key_of(body)
        about = self._about("update", resource, key=key, subresource=subresource)
        path = _path(resource, namespace=key.namespace, name=key.name, subresource=subresource)
        return self._answer_of(
            Request(
                "PUT",
                path + _write_query(dry_run=dry_run),
                about,
                body=encode_body(body, about),
                repeatable=dry_run or bool(resource_version_of(body)),
            )
        )

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
        about = self._about("patch", resource, key=key, subresource=subresource)
        path = _path(resource, namespace=key.namespace, name=key.name, subresource=subresource)
        is_apply = patch_type is PatchType.APPLY
        return self._answer_of(
            Request(
                "PATCH",
                path + _write_query(dry_run=dry_run, force=force and is_apply),
                about,
                body=encode_body(body, about),
                content_type=patch_type.value,
                repeatable=dry_run or is_apply,
            )
        )

    def delete(
        self,
        resource: Resource,
        key: Key,
        *,
        options: Object | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete one object and return the answer, a `Status` where it is gone at once."""
        about = self._about("delete", resource, key=key)
        body: Object = {"apiVersion": "v1", "kind": "DeleteOptions", **(options or {})}
        if dry_run:
            # NB: with a body the server does not look at the query
            body["dryRun"] = ["All"]
        has_body = options is not None or dry_run
        return self._answer_of(
            Request(
                "DELETE",
                _path(resource, namespace=key.namespace, name=key.name),
                about,
                body=encode_body(body, about) if has_body else None,
                repeatable=dry_run or bool(text_at(body, "preconditions", "uid")),
            )
        )

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
        """
        Yield what changes from *resource_version* on, for at most *timeout* seconds.

        The end of the time is a clean end. A watch that breaks earlier raises
        `UnreachableError`, one whose resource version is too old `ExpiredError`.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, math.ceil(timeout))),
            "resourceVersion": resource_version,
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
        }
        about = self._about("watch", resource, namespace=namespace)
        path = _path(resource, namespace=namespace) + _query(query)
        request = Request("GET", path, about, repeatable=True)
        pieces = self._transport.stream(request, seconds=timeout)
        until = self._clock() + timeout
        return read_events(
            pieces, about=about, resource=resource, is_over=lambda: self._clock() >= until
        )

    def close(self) -> None:
        """Give back the connections."""
        self._transport.close()

    def _ask_list(
        self, resource: Resource, namespace: str, label_selector: str, field_selector: str
    ) -> _Asked:
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        return _Asked(
            _path(resource, namespace=namespace),
            {"limit": str(PAGE), **selectors},
            self._about("list", resource, namespace=namespace),
        )

    def _list_pages(self, resource: Resource, asked: _Asked, *, accept: str) -> Listing:
        items: builtins.list[Object] = []
        version = ""
        for page, status in self._pages(asked, accept=accept):
            # NB: Go writes an empty list as null; a page that says nothing is no empty list
            found = [] if page.get("items", "") is None else page.get("items")
            if not isinstance(found, builtins.list):
                raise fault_of_answer("a list without items", status=status, about=asked.about)
            if not all(text_at(item, "metadata", "name") for item in found):
                raise fault_of_answer("a list of no objects", status=status, about=asked.about)
            items += [with_type(item, resource) for item in found]
            version = resource_version_of(page)
        return Listing(tuple(items), version)

    def _table_pages(self, asked: _Asked, namespace: str | None = None) -> Table:
        tables: builtins.list[Table] = []
        for page, status in self._pages(asked, accept=ACCEPT_TABLE):
            table = parse_table(page, namespace=namespace)
            if table is None:
                raise fault_of_answer("a list of no objects", status=status, about=asked.about)
            tables.append(table)
        return join_tables(tables)

    def _pages(self, asked: _Asked, *, accept: str) -> Iterator[tuple[Object, int]]:
        """Yield each page of a list with the status of its answer."""
        token = ""
        while True:
            path = asked.path + _query({**asked.query, "continue": token})
            request = Request("GET", path, asked.about, accept=accept, repeatable=True)
            answer = self._transport.send(request)
            page = decode_answer(answer, asked.about)
            yield page, answer.status
            following = text_at(page, "metadata", "continue")
            if not following:
                return
            if following == token:
                raise fault_of_answer("a list without end", status=answer.status, about=asked.about)
            token = following

    def _answer_of(self, request: Request) -> Object:
        return decode_answer(self._transport.send(request), request.about)

    def _about(
        self,
        verb: str,
        resource: Resource,
        *,
        key: Key | None = None,
        namespace: str = "",
        subresource: str = "",
    ) -> About:
        if key is not None:
            subject = str(resource.subject(key))
        elif namespace:
            subject = f"{resource.qualified_name} in namespace {namespace}"
        else:
            subject = resource.qualified_name
        return About(
            act=f"{verb} {subresource} of" if subresource else verb,
            subject=subject,
            cluster=self.name,
            origin=self._access.origin,
            verb=verb,
            resource="/".join(part for part in (resource.qualified_name, subresource) if part),
            namespace=(key.namespace if key else namespace) if resource.namespaced else "",
            is_secret=any(word in resource.kind.lower() for word in ("secret", "token")),
            is_listing=verb in ("list", "watch"),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A list that is asked for."""

    path: str
    query: dict[str, str]
    about: About


def _read_whole(read: Callable[[], T]) -> T:
    """Read a list in pages, and from its start again where a page has expired."""
    for _ in range(_LIST_STARTS - 1):
        try:
            return read()
        except ExpiredError:
            continue
    return read()


def _path(
    resource: Resource, *, namespace: str = "", name: str | None = None, subresource: str = ""
) -> str:
    """The quoted path; *name* None means the collection, and an empty one is refused."""
    if name is not None and name in ("", ".", ".."):
        raise InputError(
            f"{resource.kind} {name!r} cannot be asked for: this is not a name",
            hint="give the object a metadata.name",
        )
    if namespace in (".", ".."):
        raise InputError(f"namespace {namespace!r} cannot be asked for: this is not a name")
    return resource.path(
        namespace=quote(namespace, safe=""),
        name=quote(name or "", safe=""),
        subresource=quote(subresource, safe="/"),
    )


def _query(parameters: dict[str, str]) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return f"?{urlencode(given, quote_via=quote)}" if given else ""


def _write_query(*, dry_run: bool, force: bool = False) -> str:
    return _query(
        {
            "fieldManager": FIELD_MANAGER,
            "dryRun": "All" if dry_run else "",
            "force": "true" if force else "",
        }
    )
