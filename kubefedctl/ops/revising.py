"""
Changing an object that stands there: read, change, replace, and again where somebody was quicker.

Not here: objects that are created where they are missing (`writing`).
"""

from __future__ import annotations

from collections.abc import Callable

from kubefedctl.cluster.port import Cluster
from kubefedctl.errors import ConflictError, NotFoundError
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import finalizers_of
from kubefedctl.model.refs import Key, Object, Resource

_CONFLICT_ATTEMPTS = 5


def revise(
    cluster: Cluster,
    resource: Resource,
    key: Key,
    *,
    change: Callable[[Object], Object | None],
    dry_run: bool = False,
) -> tuple[Verdict, Object]:
    """
    Return what was done with an object, and the object as it stands then.

    Args:
        cluster: Where.
        resource: Its type.
        key: Its namespace and name.
        change: Given the object, returns what to put in its place, with its resourceVersion, or
            None where nothing is to be changed.
        dry_run: Say what would be done, write nothing.

    Raises:
        NotFoundError: There is no such object.
        ConflictError: Somebody else was quicker each time.
    """
    for attempt in range(_CONFLICT_ATTEMPTS):
        existing = cluster.get(resource, key)
        wanted = change(existing)
        if wanted is None:
            return Verdict.UNCHANGED, existing
        if dry_run:
            return Verdict.UPDATED, wanted
        try:
            return Verdict.UPDATED, cluster.update(resource, wanted)
        except ConflictError:
            if attempt == _CONFLICT_ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def remove_finalizer(cluster: Cluster, resource: Resource, key: Key, finalizer: str) -> None:
    """Take *finalizer* off an object; what does not have it, or is gone, is left alone."""

    def change(existing: Object) -> Object | None:
        held = finalizers_of(existing)
        if finalizer not in held:
            return None
        others = [found for found in held if found != finalizer]
        return {**existing, "metadata": {**existing["metadata"], "finalizers": others}}

    try:
        revise(cluster, resource, key, change=change)
    except NotFoundError:
        return
