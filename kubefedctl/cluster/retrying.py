"""
When a request is sent again, and after how long: a policy of pure functions and one loop.

Here: the decision and the waiting. Not here: sending (`transport`), and telling what an
exception means (`faults`).

Laws:
1. A request that may have been carried out is sent again only when doing it twice is the same
   as doing it once ("repeatable").
2. Tries, each delay and their total are bounded.
3. TLS errors, unknown names and silent peers are not tried again: waiting does not mend them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")

_TOO_MANY_REQUESTS = 429
_INTERNAL_ERROR = 500
_GATEWAY_TROUBLE = frozenset({502, 503, 504})
_TRIES_AFTER_CONNECT_TIMEOUT = 2


class Failure(StrEnum):
    """Why there was no answer."""

    CONNECT = "the connection could not be made"
    CONNECT_TIMEOUT = "the connection could not be made in time"
    RESET = "the connection broke"
    READ_TIMEOUT = "no answer in time"
    TLS = "TLS failed"
    NAME = "the name is unknown"
    PROXY = "the proxy refused"
    OTHER = "the request failed"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    Bounds of trying again; times in seconds.

    Args:
        tries: Most tries, the first included.
        first_delay: Delay before the second try; doubled for each further one.
        longest_delay: Longest single delay; it also caps a Retry-After.
        total: No try starts later than this after the first one started.
    """

    tries: int = 4
    first_delay: float = 0.1
    longest_delay: float = 10.0
    total: float = 30.0


ONE_TRY = RetryPolicy(tries=1)


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """
    What came of one try.

    Args:
        outcome: The answer, or the error.
        tries: How many tries in all this outcome is worth; 1 for a final one.
        retry_after: Seconds that the server asks to wait, if it does.
    """

    outcome: T
    tries: int = 1
    retry_after: float | None = None


def tries_after_status(
    status: int, *, repeatable: bool, retry_after: float | None, policy: RetryPolicy
) -> int:
    """
    Return how many tries an answer with *status* is worth; 1 means it is final.

    429 says that nothing was done, so every request may come again. After 500, 502, 503 and
    504 the request may have been carried out; 500 counts only where the server itself asks to
    come back.

    Upstream: k8s.io/client-go/rest/with_retry.go, which tries 429 and 5xx again only with
    Retry-After; the gateway codes are added for load balancers, which do not send it.
    """
    if status == _TOO_MANY_REQUESTS:
        return policy.tries
    if not repeatable:
        return 1
    if status in _GATEWAY_TROUBLE or (status == _INTERNAL_ERROR and retry_after is not None):
        return policy.tries
    return 1


def tries_after_failure(failure: Failure, *, repeatable: bool, policy: RetryPolicy) -> int:
    """Return how many tries a request without an answer is worth; 1 means it is final."""
    match failure:
        case Failure.CONNECT:
            return policy.tries
        case Failure.CONNECT_TIMEOUT:
            return min(policy.tries, _TRIES_AFTER_CONNECT_TIMEOUT)
        case Failure.RESET:
            return policy.tries if repeatable else 1
        case _:
            return 1


def delay_before(
    attempt: int, *, retry_after: float | None, chance: float, policy: RetryPolicy
) -> float:
    """
    Return how long to wait before try number *attempt*, counted from 1.

    The server's Retry-After is the least; without it the delay doubles. *chance*, from 0 to 1,
    spreads the clients: half of each delay is left to it.

    >>> [delay_before(n, retry_after=None, chance=1.0, policy=RetryPolicy()) for n in (2, 3, 4)]
    [0.1, 0.2, 0.4]
    """
    doubled = policy.first_delay * 2.0 ** max(0, attempt - 2)
    delay = doubled * (0.5 + chance / 2)
    if retry_after is not None:
        delay += max(0.0, retry_after)
    return min(delay, policy.longest_delay)


def parse_retry_after(value: str | None) -> float | None:
    """
    Return the seconds of a Retry-After header; None where it is absent or a date.

    >>> parse_retry_after("2"), parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT")
    (2.0, None)
    """
    text = (value or "").strip()
    return float(text[:9]) if text.isascii() and text.isdigit() else None


def repeat(
    attempt: Callable[[], Attempt[T]],
    *,
    policy: RetryPolicy,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    chance: Callable[[], float],
) -> T:
    """Call *attempt* until its outcome is final or the policy's bounds are reached."""
    started = clock()
    done = 1
    while True:
        latest = attempt()
        if done >= min(latest.tries, policy.tries):
            return latest.outcome
        delay = delay_before(
            done + 1, retry_after=latest.retry_after, chance=chance(), policy=policy
        )
        if clock() - started + delay > policy.total:
            return latest.outcome
        sleep(delay)
        done += 1
