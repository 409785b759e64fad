"""
One API server on aiohttp: each request meets faults, is authenticated, authorized, served, audited.

What belongs here: the pipeline and the wire. What does not: any rule of the API.

Laws:
1. Every answer goes into the audit, refusals too.
2. Whatever fails inside becomes a Status object; a client never sees a traceback.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from urllib.parse import unquote

from aiohttp import web

from kubefedctl.sandbox import requests
from kubefedctl.sandbox.audit import Audit, Record
from kubefedctl.sandbox.authentication import Authenticator
from kubefedctl.sandbox.documents import NOT_FOUND, Document, Documents
from kubefedctl.sandbox.endpoints import Answer, Call, Endpoints
from kubefedctl.sandbox.faults import Faults
from kubefedctl.sandbox.options import ANONYMOUS, Caller
from kubefedctl.sandbox.rbac import Attributes, Authorizer, describe_refusal
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.requests import RequestInfo
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.responses import encode
from kubefedctl.sandbox.statuses import (
    ApiError,
    forbidden,
    internal,
    make_status,
    method_not_allowed,
    too_large_entity,
)
from kubefedctl.sandbox.watching import Watch

_LOG = logging.getLogger(__name__)
_JSON = "application/json"


class ApiServer:
    """The handler of one cluster."""

    def __init__(
        self, registry: Registry, endpoints: Endpoints, documents: Documents, *,
        authenticator: Authenticator, authorizer: Authorizer, audit: Audit, faults: Faults,
    ) -> None:  # fmt: skip
        self._registry = registry
        self._endpoints = endpoints
        self._documents = documents
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._audit = audit
        self._faults = faults
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End all watches; call it on the loop."""
        self._stopped.set()
        self._registry.store.notify()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        query = request.query
        info = requests.read_info(request.method, unquote(request.rel_url.raw_path), query)
        caller = ANONYMOUS
        try:
            failed = await self._meet_faults(info)
            if failed is not None:
                return self._finish(request, info, caller, failed)
            caller = self._identify(request)
            self._authorize(caller, info)
            if not info.plural:
                document = self._document(request, info)
                return self._finish(request, info, caller, _of_document(document))
            if not self._is_known_group(info.group):
                return self._finish(request, info, caller, _of_document(NOT_FOUND))
            return await self._serve(request, info, caller)
        except ApiError as error:
            return self._finish(request, info, caller, _of_error(error))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:
            _LOG.exception("request failed: %s %s", request.method, request.path)
            failure = internal(f"{type(error).__name__}: {error}")
            return self._finish(request, info, caller, _of_error(failure))

    def _is_known_group(self, group: str) -> bool:
        return any(resource.group == group for resource in self._registry.table)

    async def _meet_faults(self, info: RequestInfo) -> web.Response | None:
        if self._faults.latency:
            await asyncio.sleep(self._faults.latency)
        while self._faults.hangs(info) and not self._stopped.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), 0.05)
        failure = self._faults.take(info)
        if failure is None:
            return None
        response = _json(encode(failure.status), int(failure.status["code"]))
        if failure.retry_after is not None:
            response.headers["Retry-After"] = str(failure.retry_after)
        return response

    def _identify(self, request: web.BaseRequest) -> Caller:
        transport = request.transport
        certificate = transport.get_extra_info("peercert") if transport else None
        authorization = request.headers.get("Authorization", "")
        caller = self._authenticator.identify(authorization, certificate or None)
        wanted = request.headers.get("Impersonate-User")
        if not wanted:
            return caller
        groups = request.headers.getall("Impersonate-Group", [])
        self._check_impersonation(caller, wanted, groups)
        return Caller(wanted, (*groups, "system:authenticated"))

    def _check_impersonation(self, caller: Caller, user: str, groups: list[str]) -> None:
        asked = [Resource("", "v1", "users", "User"), *(
            Resource("", "v1", "groups", "Group") for _ in groups
        )]  # fmt: skip
        for resource, name in zip(asked, [user, *groups], strict=True):
            wanted = Attributes("impersonate", "", resource.plural, name=name)
            if not self._authorizer.allows(caller, wanted):
                raise forbidden(resource, name, message=describe_refusal(caller, wanted))

    def _authorize(self, caller: Caller, info: RequestInfo) -> None:
        wanted = info.attributes
        if self._authorizer.allows(caller, wanted):
            return
        if not info.plural:
            text = f"forbidden: {describe_refusal(caller, wanted)}"
            raise ApiError(make_status(403, "Forbidden", message=text, details={}))
        resource = Resource(info.group, info.version, info.plural, info.plural)
        raise forbidden(resource, info.name, message=describe_refusal(caller, wanted))

    def _document(self, request: web.BaseRequest, info: RequestInfo) -> Document:
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        return self._documents.get(info.path, accept=request.headers.get("Accept", ""))

    async def _serve(
        self, request: web.BaseRequest, info: RequestInfo, caller: Caller
    ) -> web.StreamResponse:
        resource = self._endpoints.find(info)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise too_large_entity(requests.BODY_LIMIT) from None
        call = Call(
            info,
            request.query,
            body,
            request.headers.get("Content-Type", ""),
            request.headers.get("Accept", ""),
            request.headers.get("User-Agent", ""),
            caller,
        )
        if info.verb == "watch":
            return await self._watch(request, call, resource)
        answer = self._endpoints.serve(call, resource)
        return self._finish(request, info, caller, _of_answer(answer))

    async def _watch(
        self, request: web.BaseRequest, call: Call, resource: Resource
    ) -> web.StreamResponse:
        watch = Watch(
            self._registry,
            resource,
            namespace=self._endpoints.scope(call, resource),
            options=requests.read_list_options(call.query),
            query=call.query,
            shaper=self._endpoints.shaper(call, resource),
        )
        response = web.StreamResponse(headers={"Content-Type": _JSON, "Cache-Control": "no-cache"})
        self._record(request, call.info, call.caller, 200)
        await response.prepare(request)
        with suppress(ConnectionError):
            await watch.run(response, self._stopped)
            await response.write_eof()
        return response

    def _finish(
        self, request: web.BaseRequest, info: RequestInfo, caller: Caller, response: web.Response
    ) -> web.Response:
        self._record(request, info, caller, response.status)
        return response

    def _record(
        self, request: web.BaseRequest, info: RequestInfo, caller: Caller, code: int
    ) -> None:
        self._audit.add(
            Record(
                verb=info.verb,
                group=info.group,
                resource=info.plural,
                subresource=info.subresource,
                namespace=info.namespace,
                name=info.name,
                user=caller.name,
                code=code,
                path=request.path_qs,
                agent=request.headers.get("User-Agent", ""),
                dry_run=bool(request.query.get("dryRun")),
            )
        )


def _json(body: bytes, code: int) -> web.Response:
    headers = {"Content-Type": _JSON, "Cache-Control": "no-cache, private"}
    return web.Response(body=body, status=code, headers=headers)


def _of_answer(answer: Answer) -> web.Response:
    response = _json(answer.body, answer.code)
    for text in answer.warnings:
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{quoted}"')
    return response


def _of_error(error: ApiError) -> web.Response:
    response = _json(encode(error.status), error.code)
    seconds = (error.status.get("details") or {}).get("retryAfterSeconds")
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def _of_document(document: Document) -> web.Response:
    headers = {"Content-Type": document.content_type, "Vary": "Accept"}
    return web.Response(body=document.body, status=document.code, headers=headers)
