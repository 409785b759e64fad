"""
Writing one object so that a second run finds it done: create, or bring up to date, or leave alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from kubefedctl.cluster.port import Cluster
from kubefedctl.errors import ConflictError, NotFoundError
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import key_of, resource_version_of
from kubefedctl.model.refs import Key, Object, Resource

T = TypeVar("T")
_CONFLICT_ATTEMPTS = 5
_PAUSE = 0.1


def find(cluster: Cluster, resource: Resource, key: Key) -> Object | None:
    """Return the object, or None where there is none."""
    try:
        return cluster.get(resource, key)
    except NotFoundError:
        return None


def put(
    cluster: Cluster,
    resource: Resource,
    body: Object,
    *,
    change: Callable[[Object], Object | None],
    dry_run: bool = False,
    patience: float = 0.0,
) -> tuple[Verdict, Object]:
    """
    Create *body*, or change what stands there, and return what was done with the object as stored.

    Args:
        cluster: Where.
        resource: Its type.
        body: What to create.
        change: Given an object that stands there, returns what to put in its place, or None where
            nothing is to be changed. May raise to refuse.
        dry_run: Say what would be done, write nothing.
        patience: Seconds for which a 404 on create may pass, for types defined just now.
    """
    for attempt in range(_CONFLICT_ATTEMPTS):
        existing = find(cluster, resource, key_of(body))
        wanted = body if existing is None else change(existing)
        if wanted is None:
            return Verdict.UNCHANGED, body if existing is None else existing
        verdict = Verdict.CREATED if existing is None else Verdict.UPDATED
        if dry_run:
            return verdict, wanted
        try:
            if existing is None:
                return verdict, create_patiently(cluster, resource, wanted, seconds=patience)
            return verdict, cluster.update(resource, _at_version(wanted, existing))
        except (ConflictError, NotFoundError) as error:
            if existing is None and isinstance(error, NotFoundError):
                raise  # NB: its type or namespace is missing, and patience has run out
            if attempt == _CONFLICT_ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def create_patiently(
    cluster: Cluster, resource: Resource, body: Object, *, seconds: float
) -> Object:
    """
    Create *body*, and try again for *seconds* while its type is not served yet.

    NB: an API server says 404 to the first objects of a new CRD for about two seconds, even when
    the CRD is Established already.
    """
    missing: list[NotFoundError] = []

    def attempt() -> Object | None:
        try:
            return cluster.create(resource, body)
        except NotFoundError as error:
            missing.append(error)
            return None

    created = wait_until(attempt, seconds=seconds)
    if created is None:
        raise missing[-1]
    return created


def wait_until(ask: Callable[[], T | None], *, seconds: float, pause: float = _PAUSE) -> T | None:
    """Ask until there is an answer, at once and then again and again; None when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer is not None:
            return answer
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))


def _at_version(wanted: Object, existing: Object) -> Object:
    version = {"resourceVersion": resource_version_of(existing)}
    return {**wanted, "metadata": {**wanted["metadata"], **version}}
