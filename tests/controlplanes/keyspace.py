"""
The keys of an etcd under one prefix: remember them, compare, put them back.

Keys and values are opaque here. It speaks etcd's JSON gateway, so that no gRPC library is
needed; keys and values travel as base64 text and are kept that way.

Laws:
1. A key is unchanged when its modification revision is the remembered one; values are
   not read again to find out.
2. Putting back goes on in etcd's history. Revisions only grow, so whoever watches sees
   ordinary events and need not be restarted.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from tests.controlplanes.wire import Endpoint

OPERATIONS_LIMIT = 512
"""How many operations one transaction has; etcd must be started to accept as many."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A remembered key: its value, and the revision at which it had that value."""

    value: str
    revision: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes the keys differ from the remembered ones."""

    added: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed)

    def __str__(self) -> str:
        return ", ".join(sorted(self.added + self.changed)[:10])


class Keyspace:
    """The keys under *prefix*, without those that change by themselves."""

    def __init__(
        self, endpoint: Endpoint, *, prefix: str, ignored: tuple[str, ...], fickle: tuple[str, ...]
    ) -> None:
        """
        Look at the keys under *prefix*.

        Args:
            endpoint: Where etcd is asked.
            prefix: Starts every key that counts.
            ignored: Prefixes (after *prefix*) of keys that don't count at all.
            fickle: Prefixes of keys that may change, but must neither appear nor go.
        """
        self._endpoint = endpoint
        self._prefix = prefix
        self._ignored = tuple(prefix + start for start in ignored)
        self._fickle = tuple(prefix + start for start in fickle)
        self._entries: dict[str, Entry] = {}

    def remember(self) -> None:
        """Take the keys as they are now for the ones to come back to."""
        self._entries = {
            _decode(kv["key"]): Entry(kv.get("value", ""), int(kv["mod_revision"]))
            for kv in self._read(keys_only=False)
        }

    def compare(self) -> Difference:
        """Return what differs from the remembered keys now."""
        found = {_decode(kv["key"]): int(kv["mod_revision"]) for kv in self._read(keys_only=True)}
        changed = (
            key
            for key, entry in self._entries.items()
            if key not in found
            or (found[key] != entry.revision and not key.startswith(self._fickle))
        )
        return Difference(
            added=tuple(key for key in found if key not in self._entries), changed=tuple(changed)
        )

    def put_back(self, difference: Difference) -> None:
        """Delete what was added, and write what was changed or deleted as it was."""
        deletes = [{"requestDeleteRange": {"key": _encode(key)}} for key in difference.added]
        self._commit(deletes)
        puts = [
            {"requestPut": {"key": _encode(key), "value": self._entries[key].value}}
            for key in difference.changed
        ]
        revision = self._commit(puts)
        for key in difference.changed:
            self._entries[key] = Entry(self._entries[key].value, revision)

    def _commit(self, operations: list[dict[str, Any]]) -> int:
        """Run the operations; the puts of a keyspace fit into one transaction."""
        revision = 0
        for start in range(0, len(operations), OPERATIONS_LIMIT):
            batch = operations[start : start + OPERATIONS_LIMIT]
            answer = self._endpoint.ask("POST", "/v3/kv/txn", body={"success": batch})
            revision = int(answer["header"]["revision"])
        return revision

    def _read(self, *, keys_only: bool) -> list[dict[str, Any]]:
        end = self._prefix[:-1] + chr(ord(self._prefix[-1]) + 1)
        question = {"key": _encode(self._prefix), "range_end": _encode(end), "keys_only": keys_only}
        answer = self._endpoint.ask("POST", "/v3/kv/range", body=question)
        found: list[dict[str, Any]] = answer.get("kvs", [])
        return [kv for kv in found if not _decode(kv["key"]).startswith(self._ignored)]


def _encode(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


def _decode(key: str) -> str:
    return base64.b64decode(key).decode()
