"""
One part of a federation that is synced in several parts, by as many processes.

Here: which objects belong to a part. Not here: how a person says which part (`core.sharding`), and
that no two processes do the same one (`ops.locking`).

Laws:
1. Each object is in exactly one part, whichever process asks, on whatever machine and day.
2. A namespace is in one part as a whole: its FederatedNamespace, what is in it, and the copies of
   both in members, so that their order is kept and orphans are told from what was not looked at.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from kubefedctl.model.refs import Key

_BYTES = 8


@dataclass(frozen=True, slots=True)
class Shard:
    """
    One of several parts.

    Args:
        number: Which one, from 1.
        total: How many there are.
    """

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    @property
    def is_first(self) -> bool:
        """Whether it also does what belongs to no object: members' health, tokens, types."""
        return self.number == 1

    def holds(self, key: Key) -> bool:
        """
        Return whether an object belongs to this part.

        Args:
            key: Of a federated object or of its copy in a member; only where it is in no namespace
                does its name count.

        >>> [str(Shard(n, 3)) for n in (1, 2, 3) if Shard(n, 3).holds(Key("shop", "web"))]
        ['2/3']
        """
        place = (key.namespace or key.name).encode("utf-8", "surrogatepass")
        found = int.from_bytes(hashlib.sha256(place).digest()[:_BYTES], "big")
        return found % self.total == self.number - 1
