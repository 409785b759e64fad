"""
Watches: a stream of events that follows the history of one resource.

Laws:
1. A watch holds no queue: it reads the history from where it stands, so that a slow reader
   costs nothing and is told when it has fallen behind too far.
2. The events of one write are sent in the order of their revisions.

Upstream: apiserver/pkg/endpoints/handlers/watch.go, apiserver/pkg/storage/cacher.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from kubefedctl.sandbox.listing import parse_version, selection, watch_event
from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.options import ListOptions
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.requests import Query, is_true
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.responses import Shaper, encode
from kubefedctl.sandbox.statuses import make_status
from kubefedctl.sandbox.store import Event, HistoryLostError

BOOKMARK_SECONDS = 30.0
_LONGEST_SECONDS = 1800.0


class Watch:
    """One watch of one client."""

    def __init__(
        self, registry: Registry, resource: Resource, *, namespace: str | None,
        options: ListOptions, query: Query, shaper: Shaper,
    ) -> None:  # fmt: skip
        self._registry = registry
        self._resource = resource
        self._namespace = namespace
        self._predicate = selection(registry, resource, options)
        self._shaper = shaper
        self._bookmarks = is_true(query.get("allowWatchBookmarks", ""))
        self._initial = is_true(query.get("sendInitialEvents", ""))
        self._revision = parse_version(options.resource_version)
        timeout = query.get("timeoutSeconds", "")
        self._timeout = float(timeout) if timeout.isdigit() and int(timeout) else _LONGEST_SECONDS

    async def run(self, response: web.StreamResponse, stopped: asyncio.Event) -> None:
        """Send events until the time is up, the client goes or *stopped* is set."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(news.set)

        end = loop.time() + self._timeout
        stop_listening = self._registry.store.listen(wake)
        try:
            await self._send_initial(response)
            while not stopped.is_set():
                news.clear()
                if not await self._send_news(response):
                    return
                left = end - loop.time()
                if left <= 0:
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), min(left, BOOKMARK_SECONDS))
                    continue
                if self._bookmarks and not self._has_news():
                    await response.write(self._bookmark())
        finally:
            stop_listening()

    async def _send_initial(self, response: web.StreamResponse) -> None:
        """Send what is there, unless the client knows it already."""
        if self._revision and not self._initial:
            return
        with self._registry.store.lock:
            objects = self._registry.store.list(self._resource.key, self._namespace)
            self._revision = self._registry.store.revision
        chunk = bytearray()
        for obj in objects:
            if self._predicate is None or self._predicate(obj):
                chunk += self._line("ADDED", obj)
        if self._initial and self._bookmarks:
            chunk += self._bookmark({"k8s.io/initial-events-end": "true"})
        if chunk:
            await response.write(bytes(chunk))

    def _has_news(self) -> bool:
        try:
            return bool(self._registry.store.events_since(self._resource.key, self._revision))
        except HistoryLostError:
            return True

    async def _send_news(self, response: web.StreamResponse) -> bool:
        """Send the events since the last time; False ends the watch."""
        store = self._registry.store
        try:
            with store.lock:
                events = store.events_since(self._resource.key, self._revision)
                current = store.revision
        except HistoryLostError as error:
            text = f"too old resource version: {self._revision} ({error.oldest})"
            status = make_status(410, "Expired", message=text)
            await response.write(encode({"type": "ERROR", "object": status}) + b"\n")
            return False
        chunk = bytearray()
        for event in events:
            chunk += self._show(event)
        self._revision = max(self._revision, current)
        if chunk:
            await response.write(bytes(chunk))
        return True

    def _show(self, event: Event) -> bytes:
        seen = watch_event(event, namespace=self._namespace, predicate=self._predicate)
        return b"" if seen is None else self._line(*seen)

    def _line(self, change: str, obj: Object) -> bytes:
        text = self._shaper.next(self._registry.present(self._resource, obj))
        return b'{"type":"%s","object":%s}\n' % (change.encode(), text)

    def _bookmark(self, annotations: Object | None = None) -> bytes:
        metadata: Object = {"resourceVersion": str(self._revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        obj = {
            "kind": self._resource.kind,
            "apiVersion": self._resource.api_version,
            "metadata": metadata,
        }
        return self._line("BOOKMARK", obj)
