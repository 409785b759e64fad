"""
The parents of an ApplySet in the members: reading them, letting them grow and shrink.

Not here: what they say and whose they are (`core.applysets`).

Laws:
1. A parent that was changed meanwhile is read again: what another run added stays in it.
2. One that says what it should is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from kubefedctl import __version__
from kubefedctl.cluster.port import Cluster
from kubefedctl.core.applysets import PARENT, Contents, make_parent, read_parent, revise_parent
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    InputError,
    NotFoundError,
    RefusedError,
)
from kubefedctl.model.refs import Key
from kubefedctl.ops.fanout import run_side_by_side
from kubefedctl.ops.writing import find

_CONFLICT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Parents:
    """
    What the parents in the members say.

    Args:
        contents: What each says; nothing where there is none. By cluster.
        failures: Why one could not be read, by cluster.
    """

    contents: Mapping[str, Contents]
    failures: Mapping[str, str]


def read_parents(clusters: Mapping[str, Cluster], place: Key) -> Parents:
    """
    Read the parent of a set in all members side by side.

    Raises:
        RefusedError: One is no ApplySet, or another tool's.
        InputError: One says something that cannot be read.
    """
    answers = run_side_by_side(
        {name: partial(_try_read, cluster, place) for name, cluster in clusters.items()}
    )
    return Parents(
        {name: found for name, found in answers.items() if isinstance(found, Contents)},
        {name: found.message for name, found in answers.items() if isinstance(found, ClusterError)},
    )


def write_parents(
    clusters: Mapping[str, Cluster],
    place: Key,
    wanted: Mapping[str, Contents],
    *,
    seen: Mapping[str, Contents] | None = None,
) -> dict[str, str]:
    """
    Let each parent say what is wanted of it, and return why one could not be written, by cluster.

    Args:
        clusters: The members.
        place: Where the parent is.
        wanted: What each is to say, by cluster.
        seen: What each said when this run looked. Given, a parent becomes *wanted*, and keeps what
            somebody else added since; else it only grows.
    """
    answers = run_side_by_side(
        {
            name: partial(
                _try_write, clusters[name], place, contents, None if seen is None else seen[name]
            )
            for name, contents in wanted.items()
        }
    )
    return {name: answer for name, answer in answers.items() if answer}


def _try_read(cluster: Cluster, place: Key) -> Contents | ClusterError:
    try:
        found = find(cluster, PARENT, place)
    except ClusterError as error:
        return error
    return Contents() if found is None else read_parent(found, place, cluster=cluster.name)


def _try_write(cluster: Cluster, place: Key, wanted: Contents, seen: Contents | None) -> str:
    def grow(said: Contents) -> Contents:
        if seen is None:
            return said | wanted
        since = Contents(said.kinds - seen.kinds, said.namespaces - seen.namespaces)
        return wanted | since

    try:
        _write(cluster, place, grow)
    except NotFoundError as error:
        return f"{error.message}; --applyset names another namespace"
    except (ClusterError, InputError, RefusedError) as error:
        # NB: what somebody made of it since it was read ends no run that has begun to write
        return error.message
    return ""


def _write(cluster: Cluster, place: Key, change: Callable[[Contents], Contents]) -> None:
    for attempt in range(_CONFLICT_ATTEMPTS):
        found = find(cluster, PARENT, place)
        try:
            if found is None:
                body = make_parent(place, change(Contents()), version=__version__)
                cluster.create(PARENT, body)
            else:
                said = read_parent(found, place, cluster=cluster.name)
                patch = revise_parent(found, place, change(said), version=__version__)
                if patch is not None:
                    cluster.patch(PARENT, place, body=patch)
            return
        except (AlreadyExistsError, ConflictError):
            if attempt == _CONFLICT_ATTEMPTS - 1:
                raise
