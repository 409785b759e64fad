"""
The verbs over HTTP: from a request for a resource to bytes and a code.

What belongs here: which method of the registry serves which verb. What does not: who may
(`server`), and what the verbs mean (`registry`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.sandbox import requests, scaling
from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.options import Caller, WriteOptions
from kubefedctl.sandbox.patches import Patch, PatchType
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.requests import RequestInfo
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.responses import Form, Shaper, encode, negotiate
from kubefedctl.sandbox.reviews import GROUPS as REVIEW_GROUPS
from kubefedctl.sandbox.reviews import Reviewer
from kubefedctl.sandbox.statuses import (
    ApiError,
    bad_request,
    cause,
    invalid_options,
    make_status,
    make_success,
    method_not_allowed,
    required,
    unknown_resource,
    unsupported_media_type,
)

_PATCH_TYPES = {item.value: item for item in PatchType}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read and authorized."""

    info: RequestInfo
    query: Mapping[str, str]
    body: bytes
    content_type: str
    accept: str
    agent: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    code: int = 200
    warnings: tuple[str, ...] = ()


class Endpoints:
    """The resources of one cluster."""

    def __init__(self, registry: Registry, reviewer: Reviewer) -> None:
        self._registry = registry
        self._reviewer = reviewer
        self._verbs = {
            "get": self._get,
            "list": self._list,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    def find(self, info: RequestInfo) -> Resource:
        """
        Return the resource that a request is about.

        Raises:
            ApiError: 404 or 405.
        """
        resource = self._registry.resource(info.group, info.version, info.plural)
        if info.namespace and not resource.namespaced and info.plural != "namespaces":
            raise unknown_resource()
        if info.subresource:
            sub = resource.subresource(info.subresource)
            if sub is None:
                raise unknown_resource()
            if info.verb not in sub.verbs:
                raise method_not_allowed()
        elif info.verb not in resource.verbs:
            raise method_not_allowed()
        if info.verb in ("update", "patch") and not info.name:
            raise method_not_allowed()
        writes_one = info.verb in ("get", "update", "patch", "delete", "create")
        if resource.namespaced and writes_one and not info.namespace:
            raise method_not_allowed() if info.verb == "create" else unknown_resource()
        return resource

    def serve(self, call: Call, resource: Resource) -> Answer:
        """Return the answer to a request that is no watch."""
        return self._verbs[call.info.verb](call, resource)

    def shaper(self, call: Call, resource: Resource) -> Shaper:
        """Return what brings objects into the form that a request wants."""
        form = negotiate(call.accept)
        include = call.query.get("includeObject", "")
        return Shaper(self._registry, resource, form=form, include=include)

    def scope(self, call: Call, resource: Resource) -> str | None:
        """Return the namespace of a list, None for all."""
        return (call.info.namespace or None) if resource.namespaced else None

    def place(self, call: Call, resource: Resource) -> str:
        """Return the namespace of an object, empty for cluster-scoped ones."""
        return call.info.namespace if resource.namespaced else ""

    def _options(self, call: Call, resource: Resource) -> WriteOptions:
        # A real server warns unless told otherwise.
        kinds = {"create": "CreateOptions", "patch": "PatchOptions"}
        return requests.read_write_options(
            call.query,
            call.caller,
            agent=call.agent,
            default="Warn",
            kind=kinds.get(call.info.verb, "UpdateOptions"),
        )

    def _answer(
        self, call: Call, resource: Resource, obj: Object, *, code: int,
        options: WriteOptions | None = None,
    ) -> Answer:  # fmt: skip
        warnings = tuple(options.warnings) if options else ()
        return Answer(self.shaper(call, resource).one(obj), code, warnings)

    def _get(self, call: Call, resource: Resource) -> Answer:
        shaper, info = self.shaper(call, resource), call.info
        obj = self._registry.get(resource, self.place(call, resource), info.name)
        if info.subresource == "scale":
            return Answer(encode(scaling.get_scale(self._registry, resource, obj)))
        return Answer(shaper.one(obj))

    def _list(self, call: Call, resource: Resource) -> Answer:
        shaper = self.shaper(call, resource)
        options = requests.read_list_options(call.query)
        page = self._registry.list(resource, self.scope(call, resource), options)
        return Answer(shaper.many(page))

    def _create(self, call: Call, resource: Resource) -> Answer:
        body = requests.read_body(call.body, call.content_type)
        namespace = self.place(call, resource)
        if resource.group in REVIEW_GROUPS:
            if not isinstance(body, dict):
                raise bad_request("a review is expected here")
            answer = self._reviewer.answer(
                resource, body, caller=call.caller, namespace=call.info.namespace
            )
            return Answer(encode(answer), 201)
        if call.info.subresource == "token":
            token = self._reviewer.make_token(
                self._registry, resource, call.info.name, body, namespace=namespace
            )
            return Answer(encode(token), 201)
        if call.info.name:
            raise method_not_allowed()
        options = self._options(call, resource)
        obj = self._registry.create(resource, body, namespace=namespace, options=options)
        return self._answer(call, resource, obj, code=201, options=options)

    def _update(self, call: Call, resource: Resource) -> Answer:
        body, info = requests.read_body(call.body, call.content_type), call.info
        options, namespace = self._options(call, resource), self.place(call, resource)
        if info.subresource == "scale":
            scale = scaling.put_scale(
                self._registry, resource, info.name, body, namespace=namespace, options=options
            )
            return Answer(encode(scale))
        obj, created = self._registry.update(
            resource, info.name, body, namespace=namespace, subresource=info.subresource,
            options=options,
        )  # fmt: skip
        return self._answer(call, resource, obj, code=201 if created else 200, options=options)

    def _patch(self, call: Call, resource: Resource) -> Answer:
        patch, info = _read_patch(call), call.info
        options, namespace = self._options(call, resource), self.place(call, resource)
        _check_patch_options(patch, call)
        if info.subresource == "scale":
            scale = scaling.patch_scale(
                self._registry, resource, info.name, patch, namespace=namespace, options=options
            )
            return Answer(encode(scale))
        obj, created = self._registry.patch(
            resource, info.name, patch, namespace=namespace, subresource=info.subresource,
            options=options,
        )  # fmt: skip
        return self._answer(call, resource, obj, code=201 if created else 200, options=options)

    def _delete(self, call: Call, resource: Resource) -> Answer:
        options = requests.read_delete_options(call.query, _read_options(call), call.caller)
        obj, gone = self._registry.delete(
            resource, call.info.name, namespace=self.place(call, resource), options=options
        )
        if gone and not resource.returns_deleted:
            return Answer(encode(make_success(resource, obj)))
        return self._answer(call, resource, obj, code=200)

    def _delete_collection(self, call: Call, resource: Resource) -> Answer:
        options = requests.read_delete_options(call.query, _read_options(call), call.caller)
        selection = requests.read_list_options(call.query)
        shaper = Shaper(self._registry, resource, form=Form(), include="")
        with self._registry.transaction():
            page = self._registry.list(resource, self.scope(call, resource), selection)
            self._registry.delete_collection(
                resource, self.scope(call, resource), selection=selection, options=options
            )
        return Answer(shaper.many(page))


def _read_options(call: Call) -> Object:
    if not call.body:
        return {}
    body = requests.read_body(call.body, call.content_type)
    if not isinstance(body, dict):
        raise bad_request("DeleteOptions are expected in the body")
    return body


def _read_patch(call: Call) -> Patch:
    kind = call.content_type.partition(";")[0].strip().lower()
    known = _PATCH_TYPES.get(kind)
    if known is None:
        text = "415: Unsupported Media Type"
        raise ApiError(make_status(415, "UnsupportedMediaType", message=text, details={}))
    try:
        body: Any = requests.parse_json(call.body)
    except ApiError as error:
        if known is PatchType.APPLY:
            raise unsupported_media_type(
                "the body of the request was in an unknown format - apply patches are accepted "
                "as JSON only"
            ) from error
        raise bad_request(f"error decoding patch: {kind}: {error}") from error
    return Patch(known, body)


def _check_patch_options(patch: Patch, call: Call) -> None:
    if patch.type is PatchType.APPLY:
        if not call.query.get("fieldManager"):
            causes = [required("fieldManager", "is required for apply patch")]
            raise invalid_options("PatchOptions", causes=causes)
    elif "force" in call.query:
        text = "Forbidden: may not be specified for non-apply patch"
        causes = [cause("FieldValueForbidden", "force", message=text)]
        raise invalid_options("PatchOptions", causes=causes)
