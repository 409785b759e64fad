"""
The API server's errors: Status objects with the wording, reasons and details of the real one.

What belongs here: one constructor for each way to say no. What does not: deciding to say it.

Upstream: staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go, same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubefedctl.sandbox.objects import Object

if TYPE_CHECKING:
    from kubefedctl.sandbox.resources import Resource


class ApiError(Exception):
    """A request that is answered with a Status object instead of what it asked for."""

    def __init__(self, status: Object) -> None:
        super().__init__(str(status.get("message", "")))
        self.status = status

    @property
    def code(self) -> int:
        """The HTTP status."""
        return int(self.status["code"])

    @property
    def reason(self) -> str:
        """The machine-readable word, e.g. `NotFound`."""
        return str(self.status.get("reason", ""))


def make_status(code: int, reason: str, *, message: str, details: Object | None = None) -> Object:
    """Return a Status object of a failure."""
    status: Object = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
    }
    if reason:
        status["reason"] = reason
    if details is not None:
        status["details"] = details
    status["code"] = code
    return status


def make_success(resource: Resource, obj: Object) -> Object:
    """Return the Status that a finished deletion is answered with."""
    metadata = obj.get("metadata") or {}
    details: Object = {"name": metadata.get("name", "")}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    if metadata.get("uid"):
        details["uid"] = metadata["uid"]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }


def cause(reason: str, field: str, *, message: str) -> Object:
    """Return one cause of an invalid object."""
    return {"reason": reason, "message": message, "field": field}


def invalid_value(field: str, value: object, *, message: str) -> Object:
    """Return the cause `Invalid value: ...` as Go prints the value."""
    return cause(
        "FieldValueInvalid", field, message=f"Invalid value: {show_value(value)}: {message}"
    )


def required(field: str, message: str = "") -> Object:
    """Return the cause of a field that must be given."""
    tail = f": {message}" if message else ""
    return cause("FieldValueRequired", field, message=f"Required value{tail}")


def unsupported(field: str, value: object, *, allowed: Sequence[str]) -> Object:
    """Return the cause of a value that is not in a list."""
    choices = ", ".join(f'"{item}"' for item in sorted(allowed))
    message = f"Unsupported value: {show_value(value)}: supported values: {choices}"
    return cause("FieldValueNotSupported", field, message=message)


def show_value(value: object) -> str:
    """
    Return a JSON value the way field errors show it.

    >>> show_value("a"), show_value(3), show_value(True), show_value(None)
    ('"a"', '3', 'true', 'null')
    """
    import json

    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _details(resource: Resource, name: str) -> Object:
    details: Object = {}
    if name:
        details["name"] = name
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    return details


def bad_request(message: str) -> ApiError:
    """400: the request can't be understood."""
    return ApiError(make_status(400, "BadRequest", message=message))


def unauthorized() -> ApiError:
    """401: the credentials are not known."""
    return ApiError(make_status(401, "Unauthorized", message="Unauthorized"))


def forbidden(
    resource: Resource, name: str, *, message: str, causes: Sequence[Object] = ()
) -> ApiError:
    """403 about one resource: `pods "x" is forbidden: ...`."""
    subject = f'{resource.qualified} "{name}"' if name else resource.qualified
    details = _details(resource, name)
    if causes:
        details["causes"] = list(causes)
    text = f"{subject} is forbidden: {message}"
    return ApiError(make_status(403, "Forbidden", message=text, details=details))


def not_found(resource: Resource, name: str) -> ApiError:
    """404: no such object."""
    text = f'{resource.qualified} "{name}" not found'
    return ApiError(make_status(404, "NotFound", message=text, details=_details(resource, name)))


def unknown_resource() -> ApiError:
    """404: the server has no such resource."""
    text = "the server could not find the requested resource"
    return ApiError(make_status(404, "NotFound", message=text, details={}))


def method_not_allowed() -> ApiError:
    """405: the resource does not have this verb."""
    text = "the server does not allow this method on the requested resource"
    return ApiError(make_status(405, "MethodNotAllowed", message=text, details={}))


def already_exists(resource: Resource, name: str) -> ApiError:
    """409: an object of that name is there."""
    text = f'{resource.qualified} "{name}" already exists'
    details = _details(resource, name)
    return ApiError(make_status(409, "AlreadyExists", message=text, details=details))


def conflict(resource: Resource, name: str, *, message: str = "") -> ApiError:
    """409: somebody else changed the object."""
    tail = message or (
        "the object has been modified; please apply your changes to the latest version and try "
        "again"
    )
    text = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {tail}'
    return ApiError(make_status(409, "Conflict", message=text, details=_details(resource, name)))


def apply_conflict(message: str, causes: Sequence[Object]) -> ApiError:
    """409: fields of an applied object belong to other managers."""
    return ApiError(make_status(409, "Conflict", message=message, details={"causes": list(causes)}))


def expired(message: str) -> ApiError:
    """410: the revision asked for is no longer kept."""
    return ApiError(make_status(410, "Expired", message=message))


def too_large_version(requested: int, current: int) -> ApiError:
    """504: the revision asked for has not happened yet."""
    text = f"Timeout: Too large resource version: {requested}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    details: Object = {"causes": causes, "retryAfterSeconds": 1}
    return ApiError(make_status(504, "Timeout", message=text, details=details))


def unsupported_media_type(message: str) -> ApiError:
    """415: a body in a format that is not taken."""
    return ApiError(make_status(415, "UnsupportedMediaType", message=message))


def not_acceptable() -> ApiError:
    """406: no format of the Accept header is offered."""
    text = "only the following media types are accepted: application/json"
    return ApiError(make_status(406, "NotAcceptable", message=text))


def too_large_entity(limit: int) -> ApiError:
    """413: a body longer than the limit."""
    text = f"Request entity too large: limit is {limit}"
    return ApiError(make_status(413, "RequestEntityTooLarge", message=text))


def invalid(resource: Resource, name: str, *, causes: Sequence[Object]) -> ApiError:
    """
    422: the object breaks rules; one cause each.

    Upstream: errors.NewInvalid; the list is in brackets where there is more than one.
    """
    lines = list(dict.fromkeys(f"{item['field']}: {item['message']}" for item in causes))
    summary = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: Object = {}
    if name:
        details["name"] = name
    if resource.group:
        details["group"] = resource.group
    details |= {"kind": resource.kind, "causes": list(causes)}
    text = f'{kind} "{name}" is invalid: {summary}'
    return ApiError(make_status(422, "Invalid", message=text, details=details))


def invalid_options(kind: str, *, causes: Sequence[Object]) -> ApiError:
    """422: the options of a request (`PatchOptions`, `DeleteOptions`) break rules."""
    lines = ", ".join(f"{item['field']}: {item['message']}" for item in causes)
    text = f'{kind}.meta.k8s.io "" is invalid: {lines}'
    details: Object = {"group": "meta.k8s.io", "kind": kind, "causes": list(causes)}
    return ApiError(make_status(422, "Invalid", message=text, details=details))


def internal(message: str) -> ApiError:
    """500: the sandbox itself is at fault."""
    text = f"Internal error occurred: {message}"
    details: Object = {"causes": [{"message": message}]}
    return ApiError(make_status(500, "InternalError", message=text, details=details))
