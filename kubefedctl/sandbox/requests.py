"""
From an HTTP request to what it means: path, verb, options. Pure functions over strings.

Upstream: apiserver/pkg/endpoints/request/requestinfo.go, apimachinery/pkg/apis/meta/v1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.sandbox import protobuf
from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.options import Caller, DeleteOptions, ListOptions, WriteOptions
from kubefedctl.sandbox.rbac import Attributes
from kubefedctl.sandbox.selectors import exact_name
from kubefedctl.sandbox.statuses import (
    bad_request,
    cause,
    invalid_options,
    unsupported_media_type,
)

BODY_LIMIT = 3 * 1024 * 1024
_NAMESPACE_PARTS = ("status", "finalize")
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_VALIDATIONS = ("", "Ignore", "Warn", "Strict")
Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What is asked for; `plural` is empty for what is no resource."""

    path: str
    verb: str
    group: str = ""
    version: str = ""
    plural: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def attributes(self) -> Attributes:
        """The request as the authorizer sees it."""
        if not self.plural:
            return Attributes(self.verb, path=self.path)
        return Attributes(
            self.verb, self.group, self.plural, self.subresource, self.namespace, self.name
        )


def read_info(method: str, path: str, query: Query) -> RequestInfo:
    """
    Return what a request asks for.

    >>> info = read_info("GET", "/apis/apps/v1/namespaces/a/deployments/b/scale", {})
    >>> info.verb, info.group, info.plural, info.namespace, info.name, info.subresource
    ('get', 'apps', 'deployments', 'a', 'b', 'scale')
    """
    parts = [part for part in path.split("/") if part]
    head = 2 if parts[:1] == ["api"] else 3 if parts[:1] == ["apis"] else 0
    if not head or len(parts) <= head:
        return RequestInfo(path, method.lower())
    group, version = ("", parts[1]) if head == 2 else (parts[1], parts[2])
    rest, watched = parts[head:], False
    if rest[0] == "watch" and len(rest) > 1:
        rest, watched = rest[1:], True
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _NAMESPACE_PARTS:
            rest = rest[2:]
    plural, name = rest[0], rest[1] if len(rest) > 1 else ""
    subresource = "/".join(rest[2:])
    if plural == "namespaces":
        namespace = name
    if not name and "fieldSelector" in query and method in ("GET", "DELETE"):
        name = _named(query["fieldSelector"])
    verb = _verb(method, query, named=len(rest) > 1, watched=watched)
    return RequestInfo(path, verb, group, version, plural, subresource, namespace, name)


def _named(selector: str) -> str:
    try:
        return exact_name(selector) or ""
    except Exception:
        return ""


def _verb(method: str, query: Query, *, named: bool, watched: bool) -> str:
    if method in ("GET", "HEAD"):
        if watched or is_true(query.get("watch", "")):
            return "watch"
        return "get" if named else "list"
    verb = _VERBS.get(method, method.lower())
    return "deletecollection" if verb == "delete" and not named else verb


def is_true(text: str) -> bool:
    """Return whether a query parameter means true."""
    return text not in ("", "0", "false")


def read_body(content: bytes, content_type: str) -> Any:
    """
    Return the value in a body of JSON or protobuf.

    Raises:
        ApiError: 415 for another format, 400 for what is broken.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == protobuf.CONTENT_TYPE:
        return protobuf.decode_object(content)
    if kind not in ("", "application/json"):
        raise unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: "
            f"application/json, {protobuf.CONTENT_TYPE}"
        )
    return parse_json(content)


def parse_json(content: bytes) -> Any:
    """
    Return a JSON value.

    Raises:
        ApiError: 400, it is broken, too deep or has numbers that JSON does not know.
    """
    try:
        value = json.loads(content, parse_constant=_refuse_constant)
        if b"\\ud" in content.lower():
            value = json.loads(_whole_characters(value))
    except (ValueError, RecursionError) as error:
        text = str(error) if isinstance(error, ValueError) else "too deep"
        raise bad_request(f"couldn't get version/kind; json parse error: {text}") from None
    return value


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _whole_characters(value: Any) -> str:
    """Return JSON in which halves of surrogate pairs are replaced, as Go's reader does."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def read_write_options(
    query: Query, caller: Caller, *, agent: str, default: str, kind: str
) -> WriteOptions:
    """
    Return the options of a write.

    Raises:
        ApiError: 400, an option has a value that there is not.
    """
    check_dry_run(query.get("dryRun", ""), kind=kind)
    validation = query.get("fieldValidation", "") or default
    if validation not in _VALIDATIONS:
        raise bad_request(
            f'fieldValidation: Unsupported value: "{validation}": supported values: "", "Ignore", '
            '"Strict", "Warn"'
        )
    manager = query.get("fieldManager", "")
    if len(manager) > 128:
        raise bad_request("fieldManager: Too long: may not be more than 128 bytes")
    return WriteOptions(
        caller=caller,
        manager=manager or agent.partition("/")[0][:128] or "unknown",
        dry_run=bool(query.get("dryRun")),
        force=is_true(query.get("force", "")),
        field_validation=validation,
    )


def check_dry_run(value: str, *, kind: str) -> None:
    """Refuse another dryRun than All."""
    if value not in ("", "All"):
        text = f'Unsupported value: ["{value}"]: supported values: "All"'
        causes = [cause("FieldValueNotSupported", "dryRun", message=text)]
        raise invalid_options(kind, causes=causes)


def read_delete_options(query: Query, body: Object, caller: Caller) -> DeleteOptions:
    """Return the options of a deletion, from the query and the body."""
    dry_run = body.get("dryRun") or ([query["dryRun"]] if query.get("dryRun") else [])
    for value in dry_run:
        check_dry_run(value, kind="DeleteOptions")
    preconditions = body.get("preconditions") or {}
    propagation = body.get("propagationPolicy") or query.get("propagationPolicy") or ""
    orphan = body.get("orphanDependents")
    if orphan is None and "orphanDependents" in query:
        orphan = is_true(query["orphanDependents"])
    if not propagation and orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    return DeleteOptions(
        caller=caller,
        dry_run=bool(dry_run),
        propagation=propagation,
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        grace=body.get("gracePeriodSeconds"),
    )


def read_list_options(query: Query) -> ListOptions:
    """
    Return the options of a list or watch.

    Raises:
        ApiError: 400, limit is no number.
    """
    limit = query.get("limit", "") or "0"
    if not limit.lstrip("-").isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{limit}": invalid syntax')
    return ListOptions(
        labels=query.get("labelSelector", ""),
        fields=query.get("fieldSelector", ""),
        limit=max(0, int(limit)),
        token=query.get("continue", ""),
        resource_version=query.get("resourceVersion", ""),
        match=query.get("resourceVersionMatch", ""),
    )
