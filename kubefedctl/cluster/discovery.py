"""
What a cluster serves: the aggregated form where it is there, the old one otherwise.

Laws:
1. A group-version that does not answer is a sentence in `failures`, never an error: one broken
   APIService must not hide the others.
2. Pure parsers; only `read_discovery` asks.

Upstream: k8s.io/client-go/discovery/discovery_client.go and aggregated_discovery.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from kubefedctl.cluster.faults import About, fault_of_answer
from kubefedctl.cluster.transport import JSON, Request, Transport
from kubefedctl.errors import ClusterError, NotFoundError
from kubefedctl.model.objects import list_at, text_at, value_at
from kubefedctl.model.refs import Object, Resource, split_api_version
from kubefedctl.model.typeconfigs import ApiResource, Discovery

_AGGREGATED = ",".join(
    [
        *(
            f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
            for version in ("v2", "v2beta1")
        ),
        JSON,
    ]
)
_AGGREGATED_KIND = "APIGroupDiscoveryList"
_SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True)
class GroupVersion:
    """
    What one group-version serves.

    Args:
        group: API group; empty for the core group.
        version: Version.
        rows: Its resources; None where it did not answer.
        failure: Why not.
    """

    group: str
    version: str
    rows: tuple[ApiResource, ...] | None = None
    failure: str = ""

    @property
    def api_version(self) -> str:
        """`group/version`, or the bare version in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


def read_discovery(transport: Transport) -> Discovery:
    """
    Return what the cluster behind *transport* serves.

    Raises:
        ClusterError: Neither `/api` nor `/apis` can be read.
    """
    found: list[GroupVersion] = []
    missing: list[NotFoundError] = []
    for path in ("/api", "/apis"):
        try:
            found += _read_root(transport, path)
        except NotFoundError as error:
            missing.append(error)
    if len(missing) == 2:
        raise missing[0]
    return assemble(found)


def assemble(group_versions: Iterable[GroupVersion]) -> Discovery:
    """
    Return the discovery of *group_versions*, each group's preferred version first.

    A resource is preferred in the first version of its group that serves it.
    """
    rows: dict[Resource, ApiResource] = {}
    seen: set[tuple[str, str]] = set()
    failures: list[str] = []
    for group_version in group_versions:
        if group_version.rows is None:
            failures.append(f"{group_version.api_version}: {group_version.failure}")
            continue
        for row in group_version.rows:
            name = (row.resource.group, row.resource.plural)
            is_first = name not in seen
            seen.add(name)
            rows.setdefault(row.resource, _with_preference(row, is_first))
    ordered = sorted(rows.values(), key=lambda row: row.resource)
    return Discovery(resources=tuple(ordered), failures=tuple(sorted(set(failures))))


def parse_aggregated(document: Object) -> list[GroupVersion]:
    """Return the group-versions of an APIGroupDiscoveryList; the first of a group is preferred."""
    found: list[GroupVersion] = []
    for item in list_at(document, "items"):
        group = text_at(item, "metadata", "name")
        for version in list_at(item, "versions"):
            name = text_at(version, "version")
            if text_at(version, "freshness") == "Stale":
                found.append(GroupVersion(group, name, failure="its API server does not answer"))
                continue
            rows = [
                _parse_aggregated_row(row, group, name) for row in list_at(version, "resources")
            ]
            found.append(GroupVersion(group, name, tuple(row for row in rows if row)))
    return found


def parse_groups(document: Object) -> list[tuple[str, str]]:
    """Return group and version of each group-version of an APIGroupList, preferred ones first."""
    found: list[tuple[str, str]] = []
    for group in list_at(document, "groups"):
        preferred = text_at(group, "preferredVersion", "groupVersion")
        named = [text_at(version, "groupVersion") for version in list_at(group, "versions")]
        ordered = sorted(filter(None, named), key=lambda name: name != preferred)
        found += [split_api_version(name) for name in ordered]
    return found


def parse_resource_list(document: Object, group: str, version: str) -> GroupVersion:
    """Return what an APIResourceList says, subresources left out."""
    rows = [
        ApiResource(
            resource=Resource(
                group=group,
                version=version,
                plural=text_at(row, "name"),
                kind=text_at(row, "kind"),
                namespaced=value_at(row, "namespaced") is True,
            ),
            singular=text_at(row, "singularName"),
            short_names=_texts(row, "shortNames"),
            verbs=frozenset(_texts(row, "verbs")),
        )
        for row in list_at(document, "resources")
        if text_at(row, "name") and text_at(row, "kind") and "/" not in text_at(row, "name")
    ]
    return GroupVersion(group, version, tuple(rows))


def _read_root(transport: Transport, path: str) -> list[GroupVersion]:
    document = _read(transport, path, accept=_AGGREGATED)
    if text_at(document, "kind") == _AGGREGATED_KIND:
        return parse_aggregated(document)
    if path == "/api":
        names = [("", item) for item in list_at(document, "versions") if isinstance(item, str)]
    else:
        names = parse_groups(document)
    if len(names) < 2:
        return [_read_group_version(transport, name) for name in names]
    with ThreadPoolExecutor(max_workers=min(_SIDE_BY_SIDE, len(names))) as workers:
        return list(workers.map(lambda name: _read_group_version(transport, name), names))


def _read_group_version(transport: Transport, name: tuple[str, str]) -> GroupVersion:
    group, version = name
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    try:
        document = _read(transport, path, tries_again=False)
    except ClusterError as error:
        words = " ".join(part for part in (str(error.status or ""), error.reason) if part)
        return GroupVersion(group, version, failure=words or error.cause)
    return parse_resource_list(document, group, version)


def _read(
    transport: Transport, path: str, *, accept: str = JSON, tries_again: bool = True
) -> Object:
    access = transport.access
    about = About(act="discover", subject=path, cluster=access.name, origin=access.origin)
    request = Request("GET", path, about, accept=accept, repeatable=True, tries_again=tries_again)
    answer = transport.send(request)
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise fault_of_answer(
            "the answer is not JSON", status=answer.status, about=about
        ) from error
    if not isinstance(document, dict):
        raise fault_of_answer("the answer is not an object", status=answer.status, about=about)
    return document


def _parse_aggregated_row(row: Any, group: str, version: str) -> ApiResource | None:
    plural, kind = text_at(row, "resource"), text_at(row, "responseKind", "kind")
    if not plural or not kind:
        return None
    return ApiResource(
        resource=Resource(group, version, plural, kind, text_at(row, "scope") == "Namespaced"),
        singular=text_at(row, "singularResource"),
        short_names=_texts(row, "shortNames"),
        verbs=frozenset(_texts(row, "verbs")),
    )


def _with_preference(row: ApiResource, preferred: bool) -> ApiResource:
    return ApiResource(row.resource, row.singular, row.short_names, row.verbs, preferred)


def _texts(row: Any, field: str) -> tuple[str, ...]:
    return tuple(item for item in list_at(row, field) if isinstance(item, str))
