"""
Changing an object that stands there: read, change, replace, and again where somebody was quicker.

Not here: objects that are created where they are missing (`writing`).
"""

from __future__ import annotations

from collections.abc import Callable

from kubefedctl.cluster.port import Cluster, PatchType
from kubefedctl.errors import ConflictError, NotFoundError
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import (
    finalizers_of,
    is_deleting,
    key_of,
    resource_version_of,
    uid_of,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.writing import find

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


def write_status(cluster: Cluster, resource: Resource, key: Key, status: Object) -> None:
    """Replace the whole status, whatever stands there, without touching anything else."""
    cluster.patch(
        resource,
        key,
        body=[{"op": "add", "path": "/status", "value": status}],
        patch_type=PatchType.JSON,
        subresource="status",
    )


def set_finalizer(
    cluster: Cluster, resource: Resource, source: Object, *, finalizer: str, wanted: bool
) -> bool:
    """
    Put *finalizer* on the object that was read as *source*, or take it off.

    Returns:
        False where there is no such object any more, or it is on its way and was to be held.

    Raises:
        ClusterError: The request was refused, or somebody else was quicker each time.
    """
    key, uid = key_of(source), uid_of(source)
    for attempt in range(_CONFLICT_ATTEMPTS):
        held = finalizers_of(source)
        if (finalizer in held) is wanted:
            return True
        others = [found for found in held if found != finalizer]
        body = {
            "metadata": {
                "finalizers": [*others, finalizer] if wanted else others,
                "resourceVersion": resource_version_of(source),
            }
        }
        try:
            cluster.patch(resource, key, body=body)
            return True
        except NotFoundError:
            return False
        except ConflictError:
            if attempt == _CONFLICT_ATTEMPTS - 1:
                raise
        found = find(cluster, resource, key)
        if found is None or uid_of(found) != uid or (wanted and is_deleting(found)):
            return False
        source = found
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
