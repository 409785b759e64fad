"""
Lists in pages of one consistent moment, and the events of a watch.

Upstream: apiserver/pkg/storage/etcd3/store.go (GetList), apiserver/pkg/storage/continue.go.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubefedctl.sandbox.objects import Object, meta, name_of, namespace_of
from kubefedctl.sandbox.options import ListOptions
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.selectors import Predicate, both, match_fields, match_labels
from kubefedctl.sandbox.statuses import bad_request, expired, too_large_version
from kubefedctl.sandbox.store import Change, Event, HistoryLostError

if TYPE_CHECKING:
    from kubefedctl.sandbox.registry import Registry

_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can "
    "start a new list without the continue parameter, or use the continue token in this response "
    "to retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list: `token` is empty on the last page, `remaining` None if not known."""

    items: list[Object]
    revision: int
    token: str = ""
    remaining: int | None = None


def selection(registry: Registry, resource: Resource, options: ListOptions) -> Predicate | None:
    """Return the predicate of both selectors, or None if they select everything."""
    definition = registry.definition(resource)
    selectable: tuple[str, ...] = ()
    if definition:
        for version in definition["spec"]["versions"]:
            if version["name"] == resource.version:
                paths = [item["jsonPath"] for item in version.get("selectableFields") or ()]
                selectable = tuple(path.lstrip(".") for path in paths)
    by_field = match_fields(options.fields, key=resource.key, selectable=selectable)
    return both(match_labels(options.labels), by_field)


def list_page(
    registry: Registry, resource: Resource, namespace: str | None, *, options: ListOptions
) -> Page:
    """
    Return a page of objects.

    Raises:
        ApiError: 400 for a bad selector or token, 410 for a token that is too old.
    """
    predicate = selection(registry, resource, options)
    revision, after = _start(registry, options)
    try:
        objects = registry.store.list_at(resource.key, revision)
    except HistoryLostError:
        error = expired(_EXPIRED)
        error.status["metadata"] = {"continue": _make_token(registry.store.revision, after)}
        raise error from None
    if namespace is not None:
        objects = [obj for obj in objects if namespace_of(obj) == namespace]
    if after:
        objects = [obj for obj in objects if (namespace_of(obj), name_of(obj)) > after]
    if predicate is not None:
        objects = [obj for obj in objects if predicate(obj)]
    items = objects[: options.limit] if options.limit else objects
    token, remaining = "", None
    if len(items) < len(objects):
        last = items[-1]
        token = _make_token(revision, (namespace_of(last), name_of(last)))
        remaining = None if predicate else len(objects) - len(items)
    return Page([registry.present(resource, obj) for obj in items], revision, token, remaining)


def _start(registry: Registry, options: ListOptions) -> tuple[int, tuple[str, str] | None]:
    """Return the revision to list at and the place to start after."""
    current = registry.store.revision
    if options.token:
        if options.resource_version not in ("", "0"):
            raise bad_request("resourceVersion is forbidden beside a continue token")
        revision, after = _read_token(options.token)
        return (revision if revision > 0 else current), after
    wanted = parse_version(options.resource_version)
    if wanted > current:
        raise too_large_version(wanted, current)
    exact = options.match == "Exact" or (
        wanted and options.limit and options.match != "NotOlderThan"
    )
    return (wanted if exact and wanted else current), None


def parse_version(text: str) -> int:
    """
    Return a resource version as a number, 0 for none.

    Raises:
        ApiError: 400, it is no number.
    """
    if not text:
        return 0
    if not text.isdigit():
        raise bad_request(
            f'invalid resource version: resourceVersion: Invalid value: "{text}": '
            f'strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def _make_token(revision: int, after: tuple[str, str] | None) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": list(after or ("", ""))})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, tuple[str, str] | None]:
    try:
        padded = token + "=" * (-len(token) % 4)
        content = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        namespace, name = content["start"]
        return int(content["rv"]), (str(namespace), str(name))
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise bad_request("invalid continue token: continue key is not valid") from None


def watch_event(
    event: Event, *, namespace: str | None, predicate: Predicate | None
) -> tuple[Change, Object] | None:
    """
    Return what a watcher with these selectors sees of a write, None if nothing.

    An object that begins to match is ADDED to the watcher, one that ceases to is DELETED.
    """
    if namespace is not None and namespace_of(event.obj) != namespace:
        return None
    if predicate is None:
        return event.change, event.obj
    before = event.old is not None and predicate(event.old)
    after = event.change is not Change.DELETED and predicate(event.obj)
    if before and after:
        return Change.MODIFIED, event.obj
    if after:
        return Change.ADDED, event.obj
    if before and event.old is not None:
        version = meta(event.obj)["resourceVersion"]
        gone = {**event.old, "metadata": {**meta(event.old), "resourceVersion": version}}
        return Change.DELETED, gone
    return None
