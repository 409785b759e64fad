"""
Free loopback ports that stay ours until they are given back.

A port that was free a moment ago can be taken by anyone, so a port is held by a lock
file, across processes, for as long as a server may be stopped and started on it.

Laws:
1. Ports lie below the range from which the system picks the source ports of outgoing
   connections: else a client could sit on a server's port while that is restarted.
2. The lock is an advisory lock on an open file; it goes with the process that holds it.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

_RANGE = range(20000, 30000)


class NoPortError(Exception):
    """No free loopback port is left."""


class Port:
    """A reserved port number. Give it back with `release`."""

    def __init__(self, number: int, lock: int) -> None:
        self.number = number
        self._lock: int | None = lock

    def release(self) -> None:
        """Give the port back. Doing it twice does no harm."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def reserve_port() -> Port:
    """
    Return a port of 127.0.0.1 that nobody listens on and no other test run reserved.

    Raises:
        NoPortError: All of them are taken.
    """
    folder = Path(tempfile.gettempdir()) / f"kubefedctl-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    offset = random.randrange(len(_RANGE))
    for step in range(len(_RANGE)):
        number = _RANGE[(offset + step) % len(_RANGE)]
        lock = os.open(folder / str(number), os.O_RDWR | os.O_CREAT, 0o600)
        if _try_lock(lock) and _is_free(number):
            return Port(number, lock)
        os.close(lock)
    raise NoPortError(f"no free port between {_RANGE.start} and {_RANGE.stop - 1}")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(number: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers in Go set it too: what waits for its last packets is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True
