"""
The form of an answer: JSON, a table, or metadata only, as the Accept header wants it.

Upstream: apiserver/pkg/endpoints/handlers/negotiation, .../handlers/response.go.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kubefedctl.sandbox.listing import Page
from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import not_acceptable
from kubefedctl.sandbox.tables import TableForm, make_partial, make_table

_JSON_TYPES = ("application/json", "application/*", "*/*")


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is wanted: `kind` is empty for the object itself."""

    kind: str = ""
    group: str = ""
    version: str = ""


def encode(value: Any) -> bytes:
    """Return a value as compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@lru_cache(maxsize=256)
def negotiate(accept: str) -> Form:
    """
    Return the first form in an Accept header that can be served.

    Raises:
        ApiError: 406, there is none.

    >>> negotiate("application/vnd.kubernetes.protobuf, application/json").kind
    ''
    >>> negotiate("application/json;as=Table;v=v1;g=meta.k8s.io,application/json").kind
    'Table'
    """
    if not accept.strip():
        return Form()
    for part in accept.split(","):
        media, *parameters = (item.strip() for item in part.split(";"))
        if media.lower() not in _JSON_TYPES:
            continue
        given = dict(item.partition("=")[::2] for item in parameters)
        kind = given.get("as", "")
        if not kind:
            return Form()
        group, version = given.get("g", ""), given.get("v", "")
        if _is_known(kind, group, version):
            return Form(kind, group, version)
    raise not_acceptable()


def _is_known(kind: str, group: str, version: str) -> bool:
    if kind == "APIGroupDiscoveryList":
        return group == "apidiscovery.k8s.io" and version in ("v2", "v2beta1")
    kinds = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
    return kind in kinds and group == "meta.k8s.io" and version in ("v1", "v1beta1")


class Shaper:
    """Brings the objects of one resource into the form that one request wants."""

    def __init__(self, registry: Registry, resource: Resource, *, form: Form, include: str) -> None:
        self._registry = registry
        self._resource = resource
        self._form = form
        self._table = TableForm(form.version or "v1", include or "Metadata")
        self._definition = registry.definition(resource)
        self._headed = True

    def one(self, obj: Object) -> bytes:
        """Return one object; anything that is no object of the resource stays as it is."""
        if obj.get("kind") != self._resource.kind:
            return encode(obj)
        if self._form.kind == "Table":
            version = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return encode(self._rows([obj], version))
        if self._form.kind.startswith("PartialObjectMetadata"):
            return encode(make_partial(obj, version=self._form.version))
        return self._registry.store.encode(self._resource.key, obj)

    def next(self, obj: Object) -> bytes:
        """Return one object of a watch: only its first table has column definitions."""
        text = self.one(obj)
        self._headed = False
        return text

    def many(self, page: Page) -> bytes:
        """Return a list."""
        metadata: Object = {"resourceVersion": str(page.revision)}
        if page.token:
            metadata["continue"] = page.token
        if page.remaining is not None:
            metadata["remainingItemCount"] = page.remaining
        if self._form.kind == "Table":
            return encode(self._rows(page.items, metadata))
        if self._form.kind.startswith("PartialObjectMetadata"):
            version = self._form.version
            return encode(
                {
                    "kind": "PartialObjectMetadataList",
                    "apiVersion": f"meta.k8s.io/{version}",
                    "metadata": metadata,
                    "items": [make_partial(obj, version=version) for obj in page.items],
                }
            )
        return self._plain(page.items, metadata)

    def _rows(self, objects: Sequence[Object], metadata: Object) -> Object:
        return make_table(
            self._resource,
            objects,
            definition=self._definition,
            form=self._table,
            metadata=metadata,
            headed=self._headed,
        )

    def _plain(self, objects: Sequence[Object], metadata: Object) -> bytes:
        """Join texts that are known already; items of built-in kinds have no kind in lists."""
        resource, store = self._resource, self._registry.store
        head = {
            "kind": resource.listing_kind,
            "apiVersion": resource.api_version,
            "metadata": metadata,
        }
        texts = [store.encode(resource.key, obj) for obj in objects]
        if not resource.custom:
            kind = {"apiVersion": resource.api_version, "kind": resource.kind}
            prefix = encode(kind)[:-1] + b","
            texts = [
                b"{" + text[len(prefix) :] if text.startswith(prefix) else text for text in texts
            ]
        return encode(head)[:-1] + b',"items":[' + b",".join(texts) + b"]}"
