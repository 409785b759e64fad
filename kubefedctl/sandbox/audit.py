"""
What was asked of a cluster: one record for each request, for tests that assert "no writes".

What belongs here: recording and counting. What does not: judging.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_REVIEWS = ("authorization.k8s.io", "authentication.k8s.io")


@dataclass(frozen=True, slots=True)
class Record:
    """One answered request."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    user: str
    code: int
    path: str
    agent: str = ""
    dry_run: bool = False

    @property
    def is_write(self) -> bool:
        """Whether it could have changed anything."""
        return self.verb in WRITES and not self.dry_run and self.group not in _REVIEWS


class Audit:
    """The last requests to a cluster, oldest first. Thread-safe."""

    def __init__(self, limit: int = 100_000) -> None:
        self._records: deque[Record] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def add(self, record: Record) -> None:
        """Keep a record."""
        with self._lock:
            self._records.append(record)

    def clear(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._records.clear()

    @property
    def records(self) -> list[Record]:
        """All records."""
        with self._lock:
            return list(self._records)

    @property
    def writes(self) -> list[Record]:
        """The records of requests that could have changed something."""
        return [record for record in self.records if record.is_write]

    def count(
        self, verb: str | None = None, resource: str | None = None, *, code: int | None = None
    ) -> int:
        """Return how many requests had this verb, resource and status (None: any)."""
        return sum(
            1
            for record in self.records
            if verb in (None, record.verb)
            and resource in (None, record.resource)
            and code in (None, record.code)
        )
