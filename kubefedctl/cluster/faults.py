"""
The one table that turns foreign failures into our errors.

Here: HTTP statuses with their `Status` bodies, exceptions of urllib3, ssl, the operating system
and of the official kubernetes client. Not here: whether to try again (`retrying`), sending
(`transport`).

Laws:
1. Nothing foreign leaves `cluster`; whatever is not in the table becomes a `ServerError` (an
   answer) or an `UnreachableError` (none).
2. A body is quoted only if it is a `Status`. Where the object may hold secrets, only the reason
   and the names of the fields at fault are.
3. The official client's exceptions are recognised by the names of their classes, so that a failure
   before the first connection does not wait for its import.
"""

from __future__ import annotations

import http
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from urllib3 import exceptions as urllib3_errors

from kubefedctl.cluster.access import Origin
from kubefedctl.cluster.retrying import Failure
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InputError,
    InvalidError,
    KubeconfigError,
    KubefedctlError,
    NotFoundError,
    ServerError,
    ThrottledError,
    UnauthorizedError,
    UnreachableError,
)
from kubefedctl.model.objects import list_at, text_at

_ERRORS_BY_STATUS: dict[int, type[ClusterError]] = {
    400: InvalidError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: InvalidError,
    406: InvalidError,
    407: UnreachableError,
    408: ServerError,
    409: ConflictError,
    410: NotFoundError,
    413: InvalidError,
    415: InvalidError,
    422: InvalidError,
    425: ServerError,
    429: ThrottledError,
}
"""Other 4xx are InvalidError; everything else that is no success is ServerError."""

_SET_PHRASES = (
    "field is immutable",
    "failed to create typed patch object",
    "duplicate entries for key",
)
"""What says no more of a secret than that; it decides how an object is written."""

_UNKNOWN_CA_CODES = frozenset({18, 19, 20, 21, 24, 26, 79})
_VALIDITY_CODES = frozenset({9, 10})
_NAME_CODES = frozenset({62, 63, 64})

_SERVER_PLACES = {
    Origin.KUBECONFIG: "`server` of this cluster in the kubeconfig",
    Origin.REGISTRATION: "spec.apiEndpoint and spec.proxyURL of its KubeFedCluster",
    Origin.IN_CLUSTER: "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT",
}
_CA_PLACES = {
    Origin.KUBECONFIG: "`certificate-authority-data` of this cluster in the kubeconfig",
    Origin.REGISTRATION: "spec.caBundle of its KubeFedCluster",
    Origin.IN_CLUSTER: "ca.crt of the service account",
}
_NAME_PLACES = {
    Origin.KUBECONFIG: "a name that the certificate holds, or set `tls-server-name`",
    Origin.REGISTRATION: "a name that the certificate holds in spec.apiEndpoint, "
    "or disable SubjectName in spec.disabledTLSValidations",
    Origin.IN_CLUSTER: "a name that the certificate holds",
}
_CREDENTIAL_HINTS = {
    Origin.KUBECONFIG: "the credentials may have expired: log in again, "
    "or check the user of this context in the kubeconfig",
    Origin.REGISTRATION: "the token in the cluster's Secret is no longer valid: "
    "unjoin and join the cluster again",
    Origin.IN_CLUSTER: "check the service account of this pod",
}


@dataclass(frozen=True, slots=True)
class About:
    """
    What a request was about, for messages and hints.

    Args:
        act: The verb as messages say it, such as `update` or `update status of`.
        subject: The object, or what was listed.
        cluster: Name of the cluster.
        origin: Where the access to the cluster was read.
        verb: The API's verb, for `kubectl auth can-i`.
        resource: `plural.group` and `/subresource`; empty for other paths.
        namespace: Namespace of the request; empty for none.
        is_secret: Whether the object may hold secrets, so that the API's words are not quoted.
        is_listing: Whether 410 means to start the list or watch again.
    """

    act: str
    subject: str
    cluster: str
    origin: Origin = Origin.KUBECONFIG
    verb: str = ""
    resource: str = ""
    namespace: str = ""
    is_secret: bool = False
    is_listing: bool = False


def fault_of_status(status: int, body: bytes, *, about: About) -> ClusterError:
    """Return the error for an HTTP *status* that is no success, with what its body says."""
    answer = parse_status(body)
    reason = text_at(answer, "reason")
    kind = _class_of_status(status, reason, about)
    return kind(
        act=about.act,
        subject=about.subject,
        cluster=about.cluster,
        status=status,
        reason=reason or _phrase_of(status),
        message=_quote(answer, about),
        hint=_hint_of(kind, status, about, is_api=bool(answer)),
    )


def fault_of_event(obj: Any, *, about: About) -> ClusterError:
    """Return the error for the object of an ERROR event of a watch."""
    code = obj.get("code") if isinstance(obj, Mapping) else None
    status = code if isinstance(code, int) and 100 <= code <= 599 else 500
    return fault_of_status(status, json.dumps(obj).encode(), about=about)


def fault_of_answer(problem: str, *, status: int, about: About) -> ServerError:
    """Return the error for a successful answer that is not what the API gives."""
    return ServerError(
        act=about.act,
        subject=about.subject,
        cluster=about.cluster,
        status=status,
        message=problem,
        hint=f"check that an API server answers there: {_SERVER_PLACES[about.origin]}",
    )


def fault_of_exception(error: BaseException, *, about: About) -> KubefedctlError:
    """Return the error for an exception that came instead of an answer."""
    if isinstance(error, KubefedctlError):
        return error
    foreign = _foreign_names(error)
    if "kubernetes.client.exceptions.ApiException" in foreign:
        return _fault_of_api_exception(error, about)
    if "kubernetes.config.config_exception.ConfigException" in foreign:
        return KubeconfigError(
            f"cluster {about.cluster}: the kubeconfig or its credentials cannot be used",
            hint="try the same context with kubectl",
        )
    if "kubernetes.client.exceptions.OpenApiException" in foreign:
        return InputError(f"cannot {about.act} {about.subject}: the request cannot be written")
    if isinstance(error, (urllib3_errors.LocationValueError, UnicodeError)):
        return InputError(
            f"cluster {about.cluster}: the server's URL cannot be used",
            hint=f"check {_SERVER_PLACES[about.origin]}",
        )
    words, hint = _describe(error, about)
    return UnreachableError(
        act=about.act,
        subject=about.subject,
        cluster=about.cluster,
        message=words,
        hint=hint,
    )


def classify(error: BaseException) -> Failure:
    """Return why there was no answer; the first cause in the chain that tells decides."""
    # NB: a peer that hangs up without TLS's goodbye is wrapped as an error of TLS, yet it is what
    # a reset is on a plain connection, and as worth another try
    if any(isinstance(cause, _HUNG_UP) for cause in _chain(error)):
        return Failure.RESET
    for cause in _chain(error):
        for kinds, failure in _FAILURES:
            if isinstance(cause, kinds):
                return failure
    return Failure.OTHER


_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_FAILURES: tuple[tuple[tuple[type[BaseException], ...], Failure], ...] = (
    ((ssl.SSLError, urllib3_errors.SSLError, ssl.CertificateError), Failure.TLS),
    ((urllib3_errors.NameResolutionError, socket.gaierror), Failure.NAME),
    ((urllib3_errors.ConnectTimeoutError,), Failure.CONNECT_TIMEOUT),
    ((urllib3_errors.NewConnectionError, ConnectionRefusedError), Failure.CONNECT),
    ((urllib3_errors.ReadTimeoutError,), Failure.READ_TIMEOUT),
    (
        (
            urllib3_errors.ProtocolError,
            urllib3_errors.IncompleteRead,
            http.client.HTTPException,
            ConnectionError,
        ),
        Failure.RESET,
    ),
    ((TimeoutError,), Failure.READ_TIMEOUT),
    ((urllib3_errors.ProxyError,), Failure.PROXY),
)


def parse_status(body: bytes) -> Mapping[str, Any]:
    """Return *body* as a Kubernetes Status, or an empty map if it is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) and answer.get("kind") == "Status" else {}


# --- statuses ----------------------------------------------------------------------------------


def _class_of_status(status: int, reason: str, about: About) -> type[ClusterError]:
    if status == 409 and reason == "AlreadyExists":
        return AlreadyExistsError
    if about.is_listing and (status == 410 or reason == "Expired"):
        return ExpiredError
    found = _ERRORS_BY_STATUS.get(status)
    if found is None:
        found = InvalidError if 400 <= status <= 499 else ServerError
    return found


def _phrase_of(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _quote(answer: Mapping[str, Any], about: About) -> str:
    """The API's message; for objects that may hold secrets only fields at fault and set phrases."""
    message = text_at(answer, "message")
    if not about.is_secret:
        return message
    causes = list_at(answer, "details", "causes")
    fields = sorted({text_at(cause, "field") for cause in causes} - {""})
    parts = [f"at fault: {', '.join(fields)}"] if fields else []
    return ": ".join([*parts, *(phrase for phrase in _SET_PHRASES if phrase in message)])


def _hint_of(kind: type[ClusterError], status: int, about: About, *, is_api: bool) -> str:
    if kind is UnauthorizedError:
        return _CREDENTIAL_HINTS[about.origin]
    if kind is ForbiddenError:
        return _hint_of_permission(about)
    if kind is ExpiredError:
        return "run the command again"
    if kind is ThrottledError:
        return "the API server is busy; run the command again later"
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "give the proxy's user and password in its URL"
    if 300 <= status < 400:
        return f"redirects are not followed: set the final URL in {_SERVER_PLACES[about.origin]}"
    if kind is ServerError and not is_api:
        return f"check that an API server answers there: {_SERVER_PLACES[about.origin]}"
    if kind is ServerError:
        return "look at the health of the API server, then run the command again"
    if kind is ConflictError:
        return "run the command again: it reads before it writes"
    return ""


def _hint_of_permission(about: About) -> str:
    if not about.resource:
        return _CREDENTIAL_HINTS[about.origin] if about.origin is Origin.REGISTRATION else ""
    resource, _, subresource = about.resource.partition("/")
    parts = ["kubectl auth can-i", about.verb, resource]
    if subresource:
        parts.append(f"--subresource={subresource}")
    if about.namespace:
        parts.append(f"-n {about.namespace}")
    if about.origin is Origin.KUBECONFIG:
        parts.append(f"--context {about.cluster}")
    if about.origin is Origin.REGISTRATION:
        return (
            "the service account that the cluster was joined with may not do this: "
            "join it again, or grant it what is missing"
        )
    return f"ask for the permission; to check it: {' '.join(parts)}"


# --- exceptions --------------------------------------------------------------------------------


def _chain(error: BaseException) -> Iterator[BaseException]:
    """*error* and what caused it, without going in circles; the innermost comes first."""
    found: list[BaseException] = []
    pending: list[Any] = [error]
    while pending and len(found) < 20:
        latest = pending.pop(0)
        if not isinstance(latest, BaseException) or latest in found:
            continue
        found.append(latest)
        pending += [
            getattr(latest, "original_error", None),
            getattr(latest, "reason", None),
            latest.__cause__,
            *[item for item in latest.args if isinstance(item, BaseException)],
        ]
    return reversed(found)


def _foreign_names(error: BaseException) -> set[str]:
    return {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}


def _fault_of_api_exception(error: BaseException, about: About) -> ClusterError:
    status = getattr(error, "status", None)
    body = getattr(error, "body", None)
    text = body if isinstance(body, str) else ""
    known = status if isinstance(status, int) else _STATUS_BY_CLASS.get(type(error).__name__, 500)
    return fault_of_status(known, text.encode(), about=about)


_STATUS_BY_CLASS = {
    "BadRequestException": 400,
    "UnauthorizedException": 401,
    "ForbiddenException": 403,
    "NotFoundException": 404,
    "ConflictException": 409,
    "UnprocessableEntityException": 422,
}


def _describe(error: BaseException, about: About) -> tuple[str, str]:
    """What happened in words, and what to do."""
    server = _SERVER_PLACES[about.origin]
    match classify(error):
        case Failure.TLS:
            return _describe_tls(error, about)
        case Failure.NAME:
            return "the host name is unknown", f"check {server}"
        case Failure.CONNECT:
            return _words_of_os(error, "the connection was refused"), (
                f"check that the API server runs and is reachable from here: {server}"
            )
        case Failure.CONNECT_TIMEOUT:
            return "the connection could not be made in time", (
                f"check the network, firewalls and proxies on the way: {server}"
            )
        case Failure.READ_TIMEOUT:
            return "no answer in time", "look at the load of the API server, then run it again"
        case Failure.RESET:
            return "the connection broke before the answer was complete", (
                "run the command again: it reads before it writes"
            )
        case Failure.PROXY:
            return "the proxy did not let the request through", "check the proxy's URL and rights"
        case _:
            return _words_of_os(error, "the request failed"), f"check {server}"


def _words_of_os(error: BaseException, otherwise: str) -> str:
    """The operating system's own words, such as `no route to host`."""
    for cause in _chain(error):
        tunnel = str(cause)
        if isinstance(cause, OSError) and tunnel.startswith("Tunnel connection failed"):
            return "the proxy refused: " + tunnel.partition(": ")[2].lower()
        if isinstance(cause, OSError) and cause.strerror and cause.errno:
            return str(cause.strerror).lower()
    return otherwise


def _describe_tls(error: BaseException, about: About) -> tuple[str, str]:
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _describe_verification(cause, about)
    reasons = [cause.reason for cause in _chain(error) if isinstance(cause, ssl.SSLError)]
    reason = next((str(reason) for reason in reasons if reason), "")
    words = f"TLS failed: {reason.replace('_', ' ').lower()}" if reason else "TLS failed"
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return words, f"the server may speak plain http: check {_SERVER_PLACES[about.origin]}"
    if "ALERT" in reason:
        return words, "the server refuses the client certificate or the TLS version"
    return words, f"check {_SERVER_PLACES[about.origin]}"


def _describe_verification(error: ssl.SSLCertVerificationError, about: About) -> tuple[str, str]:
    code = getattr(error, "verify_code", 0)
    detail = str(getattr(error, "verify_message", "")).rstrip(".").lower()
    words = f"x509: {detail or 'the certificate is not accepted'}"
    if code in _VALIDITY_CODES:
        return words, "renew the API server's certificate, or correct this machine's clock"
    if code in _NAME_CODES or "mismatch" in str(error):
        return words, f"use {_NAME_PLACES[about.origin]}"
    if code in _UNKNOWN_CA_CODES:
        return words, f"set {_CA_PLACES[about.origin]} to the CA that signed the server"
    return words, f"check {_CA_PLACES[about.origin]}"
