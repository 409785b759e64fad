"""Wait for what becomes true by itself, with a deadline; for tests."""

from __future__ import annotations

import time
from collections.abc import Callable

_PAUSE = 0.02


def await_true(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    """
    Return as soon as *condition* holds.

    Raises:
        AssertionError: It did not in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {seconds:g} s")
        time.sleep(_PAUSE)
