"""
Everything that is no resource: discovery, version, health, OpenAPI.

Upstream: apiserver/pkg/server/routes, apiserver/pkg/endpoints/discovery.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubefedctl.sandbox import discovery, openapi, swagger
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.responses import Form, encode, negotiate
from kubefedctl.sandbox.statuses import not_acceptable, unknown_resource

_HEALTH = ("/healthz", "/livez", "/readyz")
_JSON = "application/json"
_PROTOBUF = Form("protobuf")


@dataclass(frozen=True, slots=True)
class Document:
    """A finished answer."""

    body: bytes
    content_type: str = _JSON
    code: int = 200


NOT_FOUND = Document(b"404 page not found\n", "text/plain; charset=utf-8", 404)


class Documents:
    """Makes the documents of one cluster, and keeps them until what is served changes."""

    def __init__(self, registry: Registry, address: str) -> None:
        self._registry = registry
        self._address = address
        self._kept: dict[tuple[str, Form], Document] = {}
        self._revision = -1

    def get(self, path: str, *, accept: str) -> Document:
        """
        Return the answer to a GET of a path that is no resource.

        Raises:
            ApiError: 406, the Accept header wants something else.
        """
        path = path.rstrip("/") or "/"
        if path in _HEALTH or path.startswith(tuple(f"{item}/" for item in _HEALTH)):
            return Document(b"ok", "text/plain; charset=utf-8")
        if self._revision != self._registry.table.revision:
            self._kept.clear()
            self._revision = self._registry.table.revision
        form = _form(path, accept)
        known = self._kept.get((path, form))
        if known is None:
            known = self._kept[path, form] = self._make(path, form)
        return known

    def _make(self, path: str, form: Form) -> Document:
        if form.kind == "APIGroupDiscoveryList":
            document = discovery.aggregated(
                self._registry.table, core=path == "/api", version=form.version
            )
            kind = f"{_JSON};g={form.group};v={form.version};as={form.kind}"
            return Document(encode(document), kind)
        if form == _PROTOBUF:
            swagger_document = openapi.openapi_v2(self._registry.schemas, self._registry.table)
            return Document(swagger.encode_document(swagger_document), swagger.CONTENT_TYPE)
        found = self._find(path)
        if found is None and _is_version(path, self._registry):
            raise unknown_resource()
        return NOT_FOUND if found is None else Document(encode(found))

    def _find(self, path: str) -> Any:
        table, parts = self._registry.table, path.strip("/").split("/")
        if path == "/":
            return {"paths": self._paths()}
        if path == "/version":
            return discovery.VERSION
        if path == "/api":
            return discovery.api_versions(self._address)
        if path == "/apis":
            return discovery.group_list(table)
        if parts[0] == "api" and len(parts) == 2:
            return discovery.resource_list(table, "", parts[1])
        if parts[0] == "apis" and len(parts) == 2:
            return discovery.group_document(table, parts[1])
        if parts[0] == "apis" and len(parts) == 3:
            return discovery.resource_list(table, parts[1], parts[2])
        if parts[0] == "openapi":
            return self._open_api(path, parts)
        return None

    def _open_api(self, path: str, parts: list[str]) -> Any:
        schemas, table = self._registry.schemas, self._registry.table
        if path == "/openapi/v2":
            return openapi.openapi_v2(schemas, table)
        if path == "/openapi/v3":
            return openapi.openapi_v3_index(schemas, table)
        group, version = parts[-2:] if parts[2:3] == ["apis"] else ("", parts[-1])
        known = parts[1] == "v3" and len(parts) == (5 if group else 4)
        if not known or not table.has_version(group, version):
            return None
        return openapi.openapi_v3(schemas, group, version, table)

    def _paths(self) -> list[str]:
        paths = ["/api", "/api/v1", "/apis"]
        for group, versions in discovery.groups(self._registry.table).items():
            if group:
                paths.append(f"/apis/{group}")
                paths += [f"/apis/{group}/{version}" for version in versions]
        return [*paths, *_HEALTH, "/openapi/v2", "/openapi/v3", "/version"]


def _is_version(path: str, registry: Registry) -> bool:
    """Return whether a path would be that of a version of a group that is served."""
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        return len(parts) == 2
    return len(parts) == 3 and any(item.group == parts[1] for item in registry.table)


def _form(path: str, accept: str) -> Form:
    """Return the form that a document is wanted in."""
    if path in ("/api", "/apis"):
        return negotiate(accept)
    if path != "/openapi/v2" or not accept:
        return Form()
    for part in accept.split(","):
        kind = part.partition(";")[0].strip()
        if kind in swagger.ACCEPTED:
            return _PROTOBUF
        if kind in (_JSON, "*/*"):
            return Form()
    raise not_acceptable()
