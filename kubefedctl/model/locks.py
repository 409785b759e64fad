"""
The lock of a sync: what stands in it, how long it lasts, and the objects in the host that hold it.

Here: data. Not here: who may take it and what is written then (`core.locking`).
"""

from __future__ import annotations

from dataclasses import dataclass

from kubefedctl.model.refs import Resource
from kubefedctl.model.wellknown import CONFIG_MAPS, ENDPOINTS

LEADER_NAME = "kubefed-controller-manager"
"""The object in which KubeFed's controller-manager records that it leads."""

LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"
"""The annotation of that object which holds the record."""

LEASE_NAME = "kubefedctl-sync"
"""The Lease that syncs hold between them."""

HOLDER_PREFIX = "kubefedctl-sync_"
"""How the identity of a sync begins; the controller-manager's begins with its host's name."""

LEADER_RESOURCES = {"configmaps": CONFIG_MAPS, "endpoints": ENDPOINTS}
"""Where the leader record may be kept, by the words of a KubeFedConfig."""


@dataclass(frozen=True, slots=True)
class LockTerms:
    """
    How long a lock lasts, as the KubeFedConfig says, and where the leader record is.

    Args:
        duration: Seconds after which a record that nobody renews counts as nobody's.
        deadline: Seconds without a renewal after which its holder gives up.
        period: Seconds between two renewals.
        leader: The type of the object that holds KubeFed's leader record.
    """

    duration: float = 15.0
    deadline: float = 10.0
    period: float = 5.0
    leader: Resource = CONFIG_MAPS


@dataclass(frozen=True, slots=True)
class LockRecord:
    """
    Who holds a lock.

    Args:
        holder: Its identity; empty for nobody.
        seconds: For how long the record counts after it was written.
        acquired: When the holder took it, RFC 3339; told to people and compared with nothing.
        renewed: When it was renewed last, likewise.
        transitions: How often it went from one holder to another.
    """

    holder: str = ""
    seconds: int = 0
    acquired: str = ""
    renewed: str = ""
    transitions: int = 0

    @property
    def is_of_a_sync(self) -> bool:
        """Whether its holder is a sync of ours."""
        return self.holder.startswith(HOLDER_PREFIX)
