"""
Trouble on demand: a cluster that hangs, is slow, or answers with errors.

What belongs here: which requests meet which trouble. What does not: refusing connections, which
is the listener's business (`fleet`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.requests import RequestInfo
from kubefedctl.sandbox.statuses import make_status

Matching = Callable[[RequestInfo], bool]

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


def _every(info: RequestInfo) -> bool:
    return True


@dataclass(slots=True)
class Failure:
    """An error for the requests that match, `left` times (None: always)."""

    status: Object
    matching: Matching
    left: int | None
    retry_after: int | None = None


class Faults:
    """The trouble of one cluster. Thread-safe; everything starts off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: list[Failure] = []
        self.hanging: Matching | None = None
        self.latency = 0.0

    def fail(
        self,
        code: int,
        *,
        matching: Matching | None = None,
        times: int | None = None,
        reason: str | None = None,
        message: str = "injected by the sandbox",
        retry_after: int | None = None,
    ) -> None:
        """
        Answer requests with an error.

        Args:
            code: The HTTP status.
            matching: Which requests; None for all.
            times: How many of them; None until `clear`.
            reason: The reason in the Status; None for the usual one of the code.
            message: The message in the Status.
            retry_after: Seconds for a Retry-After header, if any.
        """
        word = _REASONS.get(code, "") if reason is None else reason
        status = make_status(code, word, message=message)
        with self._lock:
            self._failures.append(Failure(status, matching or _every, times, retry_after))

    def hang(self, matching: Matching | None = None) -> None:
        """Leave requests without an answer until `clear`."""
        self.hanging = matching or _every

    def clear(self) -> None:
        """End all trouble."""
        with self._lock:
            self._failures.clear()
        self.hanging = None
        self.latency = 0.0

    def take(self, info: RequestInfo) -> Failure | None:
        """Return the failure that a request meets, and count it."""
        with self._lock:
            for failure in self._failures:
                if failure.left == 0 or not failure.matching(info):
                    continue
                if failure.left is not None:
                    failure.left -= 1
                return failure
        return None

    def hangs(self, info: RequestInfo) -> bool:
        """Return whether a request gets no answer for now."""
        return self.hanging is not None and self.hanging(info)
