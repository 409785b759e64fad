"""
Which clusters files are for: their names, labels, and the contexts that lead to them.

Here: the three ways to say it (KubeFedClusters among the files, a list of clusters, names on the
command line) and what comes of them together. Not here: reading files, and contexts themselves.

Laws:
1. Names and labels come from one place: KubeFedClusters or a list, never both.
2. A context is the cluster's own name unless somebody says otherwise; the command line wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubefedctl.errors import InputError
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.objects import annotations_of, labels_of, name_of
from kubefedctl.model.refs import Object

CONTEXT_ANNOTATION = "kubefedctl.io/context"
"""On a KubeFedCluster among files: the context that leads to it."""
_FIELDS = frozenset({"name", "context", "labels"})
_SHAPE = "write it like {clusters: [{name: eu-1, context: admin@eu-1, labels: {region: eu}}]}"


@dataclass(frozen=True, slots=True)
class NamedCluster:
    """
    A cluster that files are for.

    Args:
        name: Its name in placements and overrides.
        context: The context of a kubeconfig that leads to it.
        labels: What cluster selectors match.
    """

    name: str
    context: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """
    All clusters that files are for.

    Args:
        clusters: By name, sorted.
        looked_at: Names of those that are asked for, sorted; all unless some were named.
    """

    clusters: Mapping[str, NamedCluster]
    looked_at: tuple[str, ...]


def gather_clusters(
    registered: Sequence[Object], listed: Sequence[NamedCluster], words: Sequence[str]
) -> Gathered:
    """
    Return the clusters that files are for.

    Args:
        registered: The KubeFedClusters among the files.
        listed: The clusters of a list beside them.
        words: What `--clusters` names, each `NAME` or `NAME=CONTEXT`: the clusters themselves
            where there is neither of the others, else those of them that are looked at.

    Raises:
        InputError: There are none, or they contradict each other.
    """
    if registered and listed:
        raise InputError(
            f"clusters are named twice: KubeFedCluster {name_of(registered[0])} is among the files,"
            " and there is a list of clusters",
            hint=f"keep one; a KubeFedCluster names its context in annotation {CONTEXT_ANNOTATION}",
        )
    named = [_parse_word(word) for word in words]
    known = [*listed, *map(_read_registered, registered)] or named
    if not known:
        raise InputError(
            "there is no KubeFedCluster among the files",
            hint="name the clusters with --clusters, or add their KubeFedClusters",
        )
    clusters = {found.name: found for found in sorted(known, key=lambda found: found.name)}
    unknown = sorted({found.name for found in named} - clusters.keys())
    if unknown:
        of_what = "the clusters of the list" if listed else "the KubeFedClusters"
        raise InputError(
            f"--clusters names {', '.join(unknown)}, not among {of_what} {', '.join(clusters)}",
            hint="name clusters that the files have",
        )
    for found in named:
        before = clusters[found.name]
        context = found.context if found.context != found.name else before.context
        clusters[found.name] = NamedCluster(found.name, context, before.labels)
    _check_contexts(clusters.values())
    return Gathered(clusters, tuple(sorted({found.name for found in named} or clusters)))


def _check_contexts(clusters: Iterable[NamedCluster]) -> None:
    """Hold that no two clusters are one: each would undo what is written for the other."""
    by_context: dict[str, str] = {}
    for found in clusters:
        other = by_context.setdefault(found.context, found.name)
        if other != found.name:
            raise InputError(
                f"context {found.context} is that of two clusters, {other} and {found.name}",
                hint="name another context for one of them",
            )


def check_servers(endpoints: Mapping[str, Endpoint]) -> None:
    """
    Hold that no two clusters are one, though contexts of two names lead there.

    Args:
        endpoints: Where the context of each cluster leads, by the cluster's name.

    Raises:
        InputError: Two lead to one API server: what is placed in the one alone would have left the
            other, and be deleted.
    """
    by_place: dict[tuple[str, str, str], str] = {}
    for name, found in sorted(endpoints.items()):
        # NB: by another proxy, or under another name, the same URL may be another server
        place = (found.server.rstrip("/"), found.proxy_url, found.tls_server_name)
        other = by_place.setdefault(place, name)
        if other != name:
            raise InputError(
                f"the contexts of {other} and {name} lead to one API server: {place[0]}",
                hint="name the context of another cluster for one of them",
            )


def is_cluster_list(documents: Iterable[Any]) -> bool:
    """
    Return whether the documents of a file are a list of clusters, and not objects.

    >>> is_cluster_list([{"clusters": []}]), is_cluster_list([{"kind": "KubeFedCluster"}])
    (True, False)
    """
    found = [document for document in documents if document is not None]
    return len(found) == 1 and isinstance(found[0], dict) and found[0].keys() == {"clusters"}


def parse_cluster_list(documents: Sequence[Any], *, source: str) -> tuple[NamedCluster, ...]:
    """
    Return the clusters of a list.

    Args:
        documents: What the file holds: one map with `clusters`, a list of maps with `name`, and
            where that is not the context's name `context`, and `labels`.
        source: The file, for messages.

    Raises:
        InputError: It is no such list.
    """
    if not is_cluster_list(documents):
        raise InputError(f"{source} is no list of clusters", hint=_SHAPE)
    entries = next(found for found in documents if found is not None)["clusters"]
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{source}: clusters is not a list with a cluster in it", hint=_SHAPE)
    clusters: dict[str, NamedCluster] = {}
    for at, entry in enumerate(entries, start=1):
        found = _parse_entry(entry, f"{source}: cluster {at}")
        if found.name in clusters:
            raise InputError(f"{source} names cluster {found.name} twice", hint="keep one of them")
        clusters[found.name] = found
    return tuple(clusters.values())


def _parse_entry(entry: Any, where: str) -> NamedCluster:
    if not isinstance(entry, dict) or not entry.keys() <= _FIELDS:
        raise InputError(f"{where} has something else than name, context, labels", hint=_SHAPE)
    name, context, labels = (entry.get(field) for field in ("name", "context", "labels"))
    if not isinstance(name, str) or not name or not isinstance(context, str | None):
        raise InputError(f"{where} has no text as name and context", hint=_SHAPE)
    labels = {} if labels is None else labels
    if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
        raise InputError(f"{where}: the labels of {name} are no map of text", hint="quote values")
    return NamedCluster(name, context or name, labels)


def _parse_word(word: str) -> NamedCluster:
    name, _, context = word.partition("=")
    if not name or word.endswith("="):
        raise InputError(f"{word!r} names no cluster", hint="write it like eu-1 or eu-1=my-context")
    return NamedCluster(name, context or name)


def _read_registered(obj: Object) -> NamedCluster:
    name = name_of(obj)
    context = annotations_of(obj).get(CONTEXT_ANNOTATION)
    labels = {k: v for k, v in labels_of(obj).items() if isinstance(v, str)}
    return NamedCluster(name, context if isinstance(context, str) and context else name, labels)
