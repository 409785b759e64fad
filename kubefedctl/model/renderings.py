"""
Manifests for each cluster, as they come from files alone.

Laws:
1. An object is there for all clusters that it belongs in, or for none and among the errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubefedctl.model.refs import Object


@dataclass(frozen=True, slots=True)
class RenderError:
    """
    Why an object is in no cluster's manifests.

    Args:
        object: The object as messages name it.
        reason: KubeFed's word for it, such as `ApplyOverridesFailed`, or one of ours.
        message: The cause in words.
        cluster: The cluster that it is about; empty where it is about all of them.
    """

    object: str
    reason: str
    message: str
    cluster: str = ""

    def __str__(self) -> str:
        where = f" in cluster {self.cluster}" if self.cluster else ""
        return f"{self.object}{where}: {self.reason}: {self.message}"


@dataclass(frozen=True, slots=True)
class Rendering:
    """
    What a first sync would create in empty members.

    Args:
        clusters: The objects of each cluster in the order of the sync's waves, by its name.
        errors: What was left out.
        warnings: Things worth knowing that leave nothing out.
        steps: What was decided on the way, for those who asked for more talk.
    """

    clusters: Mapping[str, tuple[Object, ...]]
    errors: tuple[RenderError, ...] = ()
    warnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = field(default=())
