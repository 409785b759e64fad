"""
The PATCH verb: the four patch types on top of `patching` and `fields`.

Upstream: apiserver/pkg/endpoints/handlers/patch.go.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kubefedctl.sandbox import decoding, fields, patching, writing
from kubefedctl.sandbox.objects import Object, clone, meta
from kubefedctl.sandbox.options import WriteOptions
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import (
    ApiError,
    apply_conflict,
    bad_request,
    cause,
    invalid,
    invalid_value,
    make_status,
    not_found,
    unsupported_media_type,
)

if TYPE_CHECKING:
    from kubefedctl.sandbox.registry import Registry


_DECODING_FAULT = re.compile(r"(json: cannot unmarshal|strict decoding error:).*")


class PatchType(StrEnum):
    """The patch types, by content type."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch of one type; the body is parsed JSON."""

    type: PatchType
    body: Any


def patch_object(
    registry: Registry, resource: Resource, name: str, patch: Patch, *, namespace: str,
    subresource: str, options: WriteOptions,
) -> tuple[Object, bool]:  # fmt: skip
    """Change an object by a patch and return it, and whether it is new."""
    old = registry.find(resource, namespace, name)
    if patch.type is PatchType.APPLY:
        return _apply(
            registry, resource, name, patch.body, namespace=namespace, subresource=subresource,
            options=options, old=old,
        )  # fmt: skip
    if old is None:
        raise not_found(resource, name)
    patched = patch_value(registry, resource, old, patch)
    new = _decode_patched(registry, resource, patched, options=options)
    writing.check_address(resource, new, namespace=namespace, name=name)
    uid = meta(new).get("uid")
    if uid and uid != meta(old).get("uid"):
        causes = [invalid_value("metadata.uid", uid, message="field is immutable")]
        raise invalid(resource, name, causes=causes)
    if meta(new).get("resourceVersion"):
        writing.check_version(resource, new, old)
    return registry.replace(resource, old, new, subresource=subresource, options=options), False


def _decode_patched(
    registry: Registry, resource: Resource, patched: Object, *, options: WriteOptions
) -> Object:
    """Decode a patched object; what can't be decoded is then a fault of the patch."""
    try:
        return decoding.decode(registry.schemas, resource, patched, options=options)
    except ApiError as error:
        fault = _DECODING_FAULT.search(str(error.status.get("message", "")))
        if error.code != 400 or fault is None:
            raise
        value = json.dumps(patched, separators=(",", ":"), ensure_ascii=False)
        message = f"Invalid value: {json.dumps(value, ensure_ascii=False)}: {fault[0]}"
        causes = [cause("FieldValueInvalid", "patch", message=message)]
        raise ApiError(
            make_status(
                422,
                "Invalid",
                message=f' "" is invalid: patch: {message}',
                details={"causes": causes},
            )
        ) from error


def patch_value(registry: Registry, resource: Resource, old: Object, patch: Patch) -> Object:
    """
    Return what a JSON, merge or strategic merge patch makes of an object.

    Raises:
        ApiError: The patch does not fit, or the type is not for this resource.
    """
    try:
        if patch.type is PatchType.JSON:
            return patching.json_patch(clone(old), patch.body)
        if patch.type is PatchType.MERGE:
            return patching.merge_patch(old, patch.body)
        if resource.custom:
            raise unsupported_media_type(
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json-patch+json, application/merge-patch+json, "
                "application/apply-patch+yaml"
            )
        return patching.strategic_merge_patch(old, patch.body, registry.schema(resource))
    except patching.PatchError as error:
        raise make_patch_error(error) from error


def make_patch_error(error: patching.PatchError) -> ApiError:
    """Return the answer to a patch that can't be applied."""
    reasons = {400: "BadRequest", 413: "RequestEntityTooLarge", 422: "Invalid"}
    message = error.message
    if error.status == 422:
        text = "the server rejected our request due to an error in our request"
        return ApiError(make_status(422, "Invalid", message=text, details={}))
    reason = reasons.get(error.status, "")
    return ApiError(make_status(error.status, reason, message=message))


def _apply(
    registry: Registry, resource: Resource, name: str, body: Any, *, namespace: str,
    subresource: str, options: WriteOptions, old: Object | None,
) -> tuple[Object, bool]:  # fmt: skip
    """Server-side apply; it creates what is not there."""
    if not isinstance(body, dict) or not body.get("apiVersion") or not body.get("kind"):
        raise bad_request(
            "error decoding YAML: apiVersion and kind must be given in an apply patch"
        )
    # NB: not pruned: a field that the schema does not know must fail the merge.
    applied = decoding.check_kind(resource, body)
    writing.check_address(resource, applied, namespace=namespace, name=name)
    if meta(applied).get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    if old is None:
        if subresource:
            raise not_found(resource, name)
        if meta(applied).get("resourceVersion") or meta(applied).get("uid"):
            raise not_found(resource, name)
    elif meta(applied).get("resourceVersion"):
        writing.check_version(resource, applied, old)
    merged = _merge(registry, resource, old, applied, subresource=subresource, options=options)
    if old is None:
        created = registry.create_decoded(
            resource, merged, namespace=namespace, options=options, applied=True
        )
        return created, True
    changed = registry.replace(
        resource, old, merged, subresource=subresource, options=options, applied=True
    )
    return changed, False


def _merge(
    registry: Registry, resource: Resource, old: Object | None, applied: Object, *,
    subresource: str, options: WriteOptions,
) -> Object:  # fmt: skip
    try:
        return fields.server_side_apply(
            old,
            applied,
            manager=options.manager,
            force=options.force,
            schema=registry.schema(resource),
            api_version=resource.api_version,
            subresource=subresource,
            now=registry.now(),
            has_status=resource.has_status,
        )
    except fields.ApplyConflict as error:
        raise apply_conflict(error.message, error.causes) from error
    except fields.ApplyError as error:
        reason = {400: "BadRequest", 422: "Invalid"}.get(error.status, "")
        raise ApiError(make_status(error.status, reason, message=error.message)) from error
