"""The retry policy: pure tables, and the loop with a clock of its own."""

from __future__ import annotations

import pytest

from kubefedctl.cluster.retrying import (
    ONE_TRY,
    Attempt,
    Failure,
    RetryPolicy,
    delay_before,
    parse_retry_after,
    repeat,
    tries_after_failure,
    tries_after_status,
)

POLICY = RetryPolicy()

STATUSES = [
    # status, repeatable, retry_after, tries
    (200, True, None, 1),
    (401, True, None, 1),
    (404, True, 1.0, 1),
    (409, True, None, 1),
    (429, True, None, 4),
    (429, False, 1.0, 4),
    (500, True, None, 1),
    (500, True, 1.0, 4),
    (500, False, 1.0, 1),
    (501, True, None, 1),
    (502, True, None, 4),
    (503, True, None, 4),
    (503, False, 1.0, 1),
    (504, True, None, 4),
    (504, False, None, 1),
]

FAILURES = [
    (Failure.CONNECT, True, 4),
    (Failure.CONNECT, False, 4),
    (Failure.CONNECT_TIMEOUT, False, 2),
    (Failure.RESET, True, 4),
    (Failure.RESET, False, 1),
    (Failure.READ_TIMEOUT, True, 1),
    (Failure.TLS, True, 1),
    (Failure.NAME, True, 1),
    (Failure.PROXY, True, 1),
    (Failure.OTHER, True, 1),
]


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def read(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("status", "repeatable", "retry_after", "expected"),
    STATUSES,
    ids=[f"{row[0]}-{'repeatable' if row[1] else 'once'}-{row[2]}" for row in STATUSES],
)
def test_tries_after_status_follow_the_table(
    status: int, repeatable: bool, retry_after: float | None, expected: int
) -> None:
    """A status is worth another try where nothing was done, or doing it twice is harmless."""
    assert expected == tries_after_status(
        status, repeatable=repeatable, retry_after=retry_after, policy=POLICY
    )


@pytest.mark.parametrize(
    ("failure", "repeatable", "expected"),
    FAILURES,
    ids=[f"{row[0].name}-{'repeatable' if row[1] else 'once'}" for row in FAILURES],
)
def test_tries_after_failure_follow_the_table(
    failure: Failure, repeatable: bool, expected: int
) -> None:
    """A request that may have been carried out is not sent again unless it is repeatable."""
    assert expected == tries_after_failure(failure, repeatable=repeatable, policy=POLICY)


@pytest.mark.parametrize(
    ("attempt", "retry_after", "chance", "expected"),
    [
        (2, None, 1.0, 0.1),
        (2, None, 0.0, 0.05),
        (4, None, 1.0, 0.4),
        (2, 1.0, 0.0, 1.05),
        (2, 3600.0, 1.0, 10.0),
        (30, None, 1.0, 10.0),
    ],
    ids=["first", "jitter", "doubled", "retry-after", "capped", "far"],
)
def test_delay_doubles_and_is_capped(
    attempt: int, retry_after: float | None, chance: float, expected: float
) -> None:
    """Delays double, follow Retry-After and stay within the longest one."""
    delay = delay_before(attempt, retry_after=retry_after, chance=chance, policy=POLICY)
    assert expected == pytest.approx(delay)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("", None), ("0", 0.0), (" 7 ", 7.0), ("-1", None), ("soon", None)],
    ids=["absent", "empty", "zero", "spaces", "negative", "word"],
)
def test_retry_after_is_read_only_as_seconds(value: str | None, expected: float | None) -> None:
    """Whatever is not a number of seconds counts as absent."""
    assert expected == parse_retry_after(value)


def run(attempts: list[Attempt[str]], policy: RetryPolicy, clock: Clock) -> str:
    """Return the outcome of *attempts*, made one after the other."""
    remaining = iter(attempts)
    return repeat(
        lambda: next(remaining),
        policy=policy,
        clock=clock.read,
        sleep=clock.sleep,
        chance=lambda: 1.0,
    )


def test_repeat_stops_at_the_first_final_outcome() -> None:
    """Once an outcome is final nothing is sent again."""
    clock = Clock()
    assert "b" == run([Attempt("a", tries=4), Attempt("b"), Attempt("c")], POLICY, clock)
    assert [0.1] == clock.slept


def test_repeat_gives_up_after_the_tries() -> None:
    """After four tries the last outcome is the result."""
    clock = Clock()
    attempts = [Attempt(name, tries=4) for name in "abcde"]
    assert "d" == run(attempts, POLICY, clock)
    assert [0.1, 0.2, 0.4] == clock.slept


def test_repeat_with_one_try_never_sleeps() -> None:
    """A policy of one try takes the first outcome."""
    clock = Clock()
    assert "a" == run([Attempt("a", tries=4)], ONE_TRY, clock)
    assert [] == clock.slept


def test_repeat_starts_no_try_after_the_total() -> None:
    """A delay that would pass the total is not waited for."""
    clock = Clock()
    attempts = [Attempt(name, tries=9, retry_after=9.0) for name in "abcdefghi"]
    policy = RetryPolicy(tries=9, total=25.0)
    assert "c" == run(attempts, policy, clock)
    assert clock.now < 25.0
