"""
Sends one request to one cluster: headers, credentials, time limits, tries, errors.

Here: all that requests have in common. Not here: what the API's verbs look like (`live`), what a
failure means (`faults`), when to try again (`retrying`).

Laws:
1. Only our errors leave.
2. The trace callback gets cluster, method, path, status and milliseconds, never headers. One that
   has a method `show_bodies` gets bodies too, and whether they may hold secrets; it masks them.
"""

from __future__ import annotations

import base64
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import quote

from urllib3 import BaseHTTPResponse, HTTPHeaderDict
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from kubefedctl import __version__
from kubefedctl.cluster.access import Access, Credential, Timeouts
from kubefedctl.cluster.faults import About, classify, fault_of_exception, fault_of_status
from kubefedctl.cluster.pools import Pool, make_pool, parse_server
from kubefedctl.cluster.retrying import (
    ONE_TRY,
    Attempt,
    RetryPolicy,
    parse_retry_after,
    repeat,
    tries_after_failure,
    tries_after_status,
)
from kubefedctl.errors import KubefedctlError

_T = TypeVar("_T")

Trace: TypeAlias = Callable[[str, str, str, int, float], None]
"""Called after each try with cluster, method, path, status (0: no answer) and milliseconds."""


class ShowBodies(Protocol):
    """Called after each answer with the cluster and both bodies; it must show no secret."""

    def __call__(
        self, cluster: str, sent: bytes | None, answered: bytes, *, is_secret: bool
    ) -> None:
        """Show the bodies."""


JSON = "application/json"
CONNECTIONS = 16
_CHUNK = 1 << 16
_LONGEST_ERROR = 1 << 20
_WATCH_SLACK = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request.

    Args:
        method: HTTP method.
        path: Path with query, names quoted.
        about: What it is about, for messages.
        body: Bytes to send.
        content_type: Media type of *body*.
        accept: Media types to ask for.
        repeatable: Whether doing it twice is the same as doing it once.
        timeout: Seconds for everything; None for the usual limits. Given, there is one try.
        tries_again: Whether to try again at all.
    """

    method: str
    path: str
    about: About
    body: bytes | None = field(default=None, repr=False)
    content_type: str = JSON
    accept: str = JSON
    repeatable: bool = False
    timeout: float | None = None
    tries_again: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer."""

    status: int
    content_type: str
    retry_after: float | None
    body: bytes = field(repr=False)


class AnswerTooSlow(TimeoutError):
    """The answer was still coming when its time was over."""


class Transport:
    """
    Requests to one cluster over kept connections; may be used from several threads.

    Args:
        access: The cluster.
        timeouts: Limits of a request.
        policy: Bounds of trying again.
        trace: Told of each try.
        clock: Monotonic seconds.
        sleep: Waits between tries.
    """

    def __init__(
        self,
        access: Access,
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - frozen
        trace: Trace | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.access = access
        self._timeouts = timeouts
        self._policy = policy
        self._trace = trace
        self._show_bodies: ShowBodies | None = getattr(trace, "show_bodies", None)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._pools: dict[bool, tuple[Credential, Pool]] = {}
        self._headers = _make_headers(access)
        self._limits = Timeout(connect=timeouts.connect, read=timeouts.read)

    def send(self, request: Request) -> Answer:
        """
        Return the answer to *request*; it is a success (2xx).

        A 401 is answered once with a renewed credential, if there is one.
        """
        credential = self.access.credentials.current()
        outcome = self._send_with_tries(request, credential)
        if _is_unauthorized(outcome) and self.access.credentials.renew(credential):
            outcome = self._send_with_tries(request, self.access.credentials.current())
        if isinstance(outcome, KubefedctlError):
            raise outcome
        if not 200 <= outcome.status <= 299:
            raise fault_of_status(outcome.status, outcome.body, about=request.about)
        return outcome

    def stream(self, request: Request, *, seconds: float) -> Iterator[bytes]:
        """Yield the pieces of an answer that may take *seconds*, as they come."""
        credential = self.access.credentials.current()
        response = self._open_stream(request, credential, seconds=seconds)
        if response.status == 401 and self.access.credentials.renew(credential):
            response.close()
            credential = self.access.credentials.current()
            response = self._open_stream(request, credential, seconds=seconds)
        try:
            if not 200 <= response.status <= 299:
                body = self._read(response, until=self._clock() + self._timeouts.read)
                raise fault_of_status(response.status, body, about=request.about)
            while piece := response.read1(_CHUNK):
                yield piece
        except (HTTPError, OSError, ValueError) as error:
            raise fault_of_exception(error, about=request.about) from error
        finally:
            response.close()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pools = [pool for _, pool in self._pools.values()]
            self._pools.clear()
        for pool in pools:
            pool.close()

    def _open_stream(
        self, request: Request, credential: Credential, *, seconds: float
    ) -> BaseHTTPResponse:
        def attempt() -> Attempt[BaseHTTPResponse | KubefedctlError]:
            limits = Timeout(connect=self._timeouts.connect, read=seconds + _WATCH_SLACK)
            started = self._clock()
            try:
                response = self._request(request, credential, timeout=limits, is_stream=True)
            except (HTTPError, OSError, ValueError) as error:
                self._tell(request, 0, started)
                return self._attempt_after(error, request)
            self._tell(request, response.status, started)
            after = parse_retry_after(response.headers.get("Retry-After"))
            tries = tries_after_status(
                response.status, repeatable=True, retry_after=after, policy=self._policy
            )
            return Attempt(response, tries=tries, retry_after=after)

        outcome = self._repeat(attempt, self._policy)
        if isinstance(outcome, KubefedctlError):
            raise outcome
        return outcome

    def _send_with_tries(
        self, request: Request, credential: Credential
    ) -> Answer | KubefedctlError:
        tries_again = request.tries_again and request.timeout is None
        policy = self._policy if tries_again else ONE_TRY
        return self._repeat(lambda: self._try(request, credential), policy)

    def _repeat(self, attempt: Callable[[], Attempt[_T]], policy: RetryPolicy) -> _T:
        return repeat(
            attempt, policy=policy, clock=self._clock, sleep=self._sleep, chance=random.random
        )

    def _try(self, request: Request, credential: Credential) -> Attempt[Answer | KubefedctlError]:
        started = self._clock()
        limit = self._timeouts.answer if request.timeout is None else request.timeout
        try:
            response = self._request(request, credential, timeout=_limits_of(request))
            body = self._read(response, until=started + limit)
        except (HTTPError, OSError, ValueError) as error:
            self._tell(request, 0, started)
            return self._attempt_after(error, request)
        self._tell(request, response.status, started)
        if self._show_bodies is not None:
            about = request.about
            self._show_bodies(self.access.name, request.body, body, is_secret=about.is_secret)
        after = parse_retry_after(response.headers.get("Retry-After"))
        tries = tries_after_status(
            response.status,
            repeatable=request.repeatable,
            retry_after=after,
            policy=self._policy,
        )
        content_type = response.headers.get("Content-Type", "")
        return Attempt(Answer(response.status, content_type, after, body), tries, after)

    def _attempt_after(self, error: Exception, request: Request) -> Attempt[_T | KubefedctlError]:
        fault = fault_of_exception(error, about=request.about)
        fault.__cause__ = error
        tries = tries_after_failure(
            classify(error), repeatable=request.repeatable, policy=self._policy
        )
        return Attempt(fault, tries=tries)

    def _request(
        self,
        request: Request,
        credential: Credential,
        *,
        timeout: Timeout | None,
        is_stream: bool = False,
    ) -> BaseHTTPResponse:
        pool = self._pool(credential, is_stream=is_stream)
        headers = self._headers.copy()
        headers["Accept"] = request.accept
        if is_stream:
            headers["Accept-Encoding"] = "identity"
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        authorization = _authorize(credential)
        if authorization:
            headers["Authorization"] = authorization
        if pool.proxy_headers:
            headers.update(pool.proxy_headers)
        return pool.connections.urlopen(
            request.method,
            pool.prefix + request.path,
            body=request.body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            timeout=self._limits if timeout is None else timeout,
        )

    def _read(self, response: BaseHTTPResponse, *, until: float) -> bytes:
        """The whole body, or its beginning if it is an error's; the connection is given back."""
        pieces: list[bytes] = []
        length = 0
        bound = _LONGEST_ERROR if response.status >= 300 else None
        try:
            while piece := response.read1(_CHUNK):
                pieces.append(piece)
                length += len(piece)
                if bound is not None and length > bound:
                    response.close()
                    break
                if self._clock() > until:
                    raise AnswerTooSlow("the answer took too long")
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return b"".join(pieces)

    def _pool(self, credential: Credential, *, is_stream: bool) -> Pool:
        with self._lock:
            known = self._pools.get(is_stream)
            # NB: the pool of an older certificate is left to requests that still use it;
            # urllib3 closes its connections when the last of them lets go
            if known is not None and (
                known[0] is credential or known[0].certificate == credential.certificate
            ):
                return known[1]
            pool = make_pool(
                self.access,
                certificate=credential.certificate,
                timeouts=self._timeouts,
                size=CONNECTIONS,
                waits=not is_stream,
            )
            self._pools[is_stream] = (credential, pool)
            return pool

    def _tell(self, request: Request, status: int, started: float) -> None:
        if self._trace is not None:
            milliseconds = (self._clock() - started) * 1000.0
            self._trace(self.access.name, request.method, request.path, status, milliseconds)


def _limits_of(request: Request) -> Timeout | None:
    return None if request.timeout is None else Timeout(total=request.timeout)


def _is_unauthorized(outcome: Answer | KubefedctlError) -> bool:
    return isinstance(outcome, Answer) and outcome.status == 401


def _authorize(credential: Credential) -> str:
    if credential.token:
        return f"Bearer {credential.token}"
    if credential.username:
        pair = f"{credential.username}:{credential.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"
    return ""


def _make_headers(access: Access) -> HTTPHeaderDict | dict[str, str]:
    """What is the same on every request; a plain dict where no name occurs twice."""
    headers = {"User-Agent": f"kubefedctl/{__version__}"}
    # NB: on the same machine compressing costs more than it saves
    compresses = access.asks_compression and not parse_server(access).is_loopback
    headers["Accept-Encoding"] = "gzip" if compresses else "identity"
    who = access.impersonation
    if who.user:
        headers["Impersonate-User"] = who.user
    if who.uid:
        headers["Impersonate-Uid"] = who.uid
    if not who.groups and not who.extra:
        return headers
    several = HTTPHeaderDict(headers)
    for group in who.groups:
        several.add("Impersonate-Group", group)
    for key, value in who.extra:
        several.add(f"Impersonate-Extra-{quote(key.lower(), safe='')}", value)
    return several
