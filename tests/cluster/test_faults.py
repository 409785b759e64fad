"""The table of faults: complete, and quoting nothing that may be secret."""

from __future__ import annotations

import inspect
import json
import socket
import ssl
from typing import Any

import kubernetes.client.exceptions
import kubernetes.config
import pytest
import urllib3.exceptions as urllib3_errors

from kubefedctl.cluster.access import Origin
from kubefedctl.cluster.faults import (
    About,
    classify,
    fault_of_event,
    fault_of_exception,
    fault_of_status,
)
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

ABOUT = About(
    act="update",
    subject="Deployment/shop/web",
    cluster="eu-1",
    verb="update",
    resource="deployments.apps/status",
    namespace="shop",
)
LISTING = About(act="list", subject="pods", cluster="eu-1", verb="list", is_listing=True)
SECRET = About(act="create", subject="Secret/shop/key", cluster="eu-1", is_secret=True)

NAMED: dict[int, type[ClusterError]] = {
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


def status(code: int, reason: str = "", message: str = "", **details: Any) -> bytes:
    """Return a Status as the API sends it."""
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return json.dumps({**body, "details": details}).encode()


@pytest.mark.parametrize("code", range(400, 600))
def test_every_status_has_an_error(code: int) -> None:
    """Each status of 400 to 599 becomes the error of its class."""
    otherwise = InvalidError if code < 500 else ServerError
    error = fault_of_status(code, b"", about=ABOUT)
    assert (NAMED.get(code, otherwise), code) == (type(error), error.status)


def public_exceptions(module: Any) -> list[type[BaseException]]:
    """Return the public exception classes of *module*."""
    return [
        kind
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, BaseException) and not name.startswith("_")
    ]


@pytest.mark.parametrize(
    "kind",
    public_exceptions(kubernetes.client.exceptions) + public_exceptions(kubernetes.config),
    ids=lambda kind: kind.__name__,
)
def test_every_exception_of_the_official_client_has_an_error(kind: type[BaseException]) -> None:
    """Nothing of the official client's is left to the last row of the table."""
    expected = {
        "BadRequestException": InvalidError,
        "NotFoundException": NotFoundError,
        "UnauthorizedException": UnauthorizedError,
        "ForbiddenException": ForbiddenError,
        "ConflictException": ConflictError,
        "UnprocessableEntityException": InvalidError,
        "ServiceException": ServerError,
        "ApiException": ServerError,
        "ConfigException": KubeconfigError,
    }.get(kind.__name__, InputError)
    takes_text = (AttributeError, LookupError, TypeError, ValueError)
    error = kind("x") if issubclass(kind, takes_text) else kind()
    assert expected is type(fault_of_exception(error, about=ABOUT))


def test_exception_of_the_official_client_keeps_its_status_and_body() -> None:
    """An ApiException is read as the answer that it holds."""
    error = kubernetes.client.exceptions.ApiException(status=409)
    error.body = status(409, "AlreadyExists", "it is there").decode()
    found = fault_of_exception(error, about=ABOUT)
    assert AlreadyExistsError is type(found)
    assert found.message.endswith("409 AlreadyExists: it is there")


def public_urllib3_exceptions() -> list[type[BaseException]]:
    """Return urllib3's exceptions that are errors."""
    return [
        kind
        for kind in public_exceptions(urllib3_errors)
        if not issubclass(kind, Warning) and kind.__module__ == "urllib3.exceptions"
    ]


@pytest.mark.parametrize("kind", public_urllib3_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_urllib3_has_an_error(kind: type[BaseException]) -> None:
    """Whatever urllib3 raises, one of our errors comes of it."""
    error = kind.__new__(kind)
    assert isinstance(fault_of_exception(error, about=ABOUT), KubefedctlError)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), Failure.CONNECT),
        (urllib3_errors.ConnectTimeoutError(), Failure.CONNECT_TIMEOUT),
        (socket.gaierror(-2, "unknown"), Failure.NAME),
        (ssl.SSLError(1, "wrong"), Failure.TLS),
        (urllib3_errors.SSLError(ssl.SSLCertVerificationError(1, "x")), Failure.TLS),
        (ssl.SSLEOFError(8, "unexpected eof while reading"), Failure.RESET),
        (urllib3_errors.SSLError(ssl.SSLEOFError(8, "unexpected eof")), Failure.RESET),
        (urllib3_errors.SSLError(ssl.SSLZeroReturnError(6, "closed")), Failure.RESET),
        (urllib3_errors.ProtocolError("x", ConnectionResetError(104, "reset")), Failure.RESET),
        (
            urllib3_errors.ProxyError("x", OSError("Tunnel connection failed: 407 No")),
            Failure.PROXY,
        ),
        (
            urllib3_errors.ProxyError("x", ConnectionRefusedError(111, "refused")),
            Failure.CONNECT,
        ),
        (TimeoutError(), Failure.READ_TIMEOUT),
        (BrokenPipeError(32, "Broken pipe"), Failure.RESET),
        (OSError(5, "Input/output error"), Failure.OTHER),
    ],
    ids=[
        "refused",
        "connect-timeout",
        "name",
        "tls",
        "tls-wrapped",
        "hung-up",
        "hung-up-wrapped",
        "closed-wrapped",
        "reset",
        "proxy-refuses",
        "proxy-down",
        "timeout",
        "pipe",
        "other",
    ],
)
def test_failures_are_told_apart(error: Exception, expected: Failure) -> None:
    """What broke decides whether it is tried again."""
    assert expected == classify(error)


@pytest.mark.parametrize(
    ("code", "reason", "about", "expected"),
    [
        (409, "AlreadyExists", ABOUT, AlreadyExistsError),
        (409, "Conflict", ABOUT, ConflictError),
        (410, "Expired", LISTING, ExpiredError),
        (410, "Gone", LISTING, ExpiredError),
        (410, "Gone", ABOUT, NotFoundError),
    ],
    ids=["exists", "conflict", "list-expired", "list-gone", "object-gone"],
)
def test_reason_and_request_refine_the_class(
    code: int, reason: str, about: About, expected: type[ClusterError]
) -> None:
    """409 and 410 have two meanings each."""
    assert expected is type(fault_of_status(code, status(code, reason), about=about))


def test_message_names_act_object_cluster_and_cause() -> None:
    """The API's words follow ours."""
    error = fault_of_status(409, status(409, "Conflict", "object was modified"), about=ABOUT)
    expected = (
        "cannot update Deployment/shop/web in cluster eu-1: 409 Conflict: object was modified"
    )
    assert expected == error.message


def test_body_that_is_no_status_is_not_quoted() -> None:
    """A login page or a proxy's answer stays out of the message."""
    error = fault_of_status(502, b"<html>token=abc</html>", about=ABOUT)
    assert "cannot update Deployment/shop/web in cluster eu-1: 502 Bad Gateway" == error.message


def test_message_about_a_secret_names_fields_only() -> None:
    """The API quotes values in its messages; a Secret's are left out."""
    body = status(422, "Invalid", "data: hunter2", causes=[{"field": "data[x]", "message": "h"}])
    error = fault_of_status(422, body, about=SECRET)
    expected = "cannot create Secret/shop/key in cluster eu-1: 422 Invalid: at fault: data[x]"
    assert expected == error.message


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (
            Origin.KUBECONFIG,
            "ask for the permission; to check it: kubectl auth can-i update deployments.apps "
            "--subresource=status -n shop --context eu-1",
        ),
        (
            Origin.REGISTRATION,
            "the service account that the cluster was joined with may not do this: "
            "join it again, or grant it what is missing",
        ),
    ],
    ids=["kubeconfig", "member"],
)
def test_hint_of_403_says_how_to_check(origin: Origin, expected: str) -> None:
    """A kubeconfig's user can ask kubectl; a member's service account is joined again."""
    about = About("update", "x", "eu-1", origin, "update", "deployments.apps/status", "shop")
    assert expected == fault_of_status(403, b"", about=about).hint


def test_error_event_without_a_code_is_a_server_error() -> None:
    """An ERROR event that is no Status is still an error."""
    assert ServerError is type(fault_of_event({"x": 1}, about=LISTING))


def test_error_of_ours_passes_unchanged() -> None:
    """What is ours already is not wrapped."""
    error = KubeconfigError("x")
    assert error is fault_of_exception(error, about=ABOUT)


def test_secret_of_a_set_phrase_nothing_but_the_phrase_is_quoted() -> None:
    """It decides how an object is written; the value beside it is not told."""
    message = 'Secret "key" is invalid: data: Forbidden: c2VjcmV0: field is immutable when set'
    causes = [{"field": "data", "message": "c2VjcmV0"}]
    body = status(422, "Invalid", message, causes=causes)
    expected = "at fault: data: field is immutable"
    assert expected == fault_of_status(422, body, about=SECRET).cause
