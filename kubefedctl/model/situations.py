"""
How a federation stands: clusters, types, and each federated object in each cluster.

Here: the answer of `status` as data, and one look of `status --watch`. Not here: how it comes about
(`core.surveying`) or is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubefedctl.model.refs import Subject


@dataclass(frozen=True, slots=True)
class ClusterSituation:
    """
    How a member cluster stands.

    Args:
        name: Its name.
        is_ready: Whether it answered its health probe with ok just now.
        note: Why not; empty when it is ready.
        version: Its Kubernetes version, as it answered or as it was recorded.
        probed: When a sync probed it last, RFC 3339; empty for never.
        managed: How many objects in it carry KubeFed's label; None where it could not be asked.
        token_ends: When the token ends that it is reached with; empty where it does not.
        draining: How far workloads have left it; empty where they are not to.
    """

    name: str
    is_ready: bool
    note: str = ""
    version: str = ""
    probed: str = ""
    managed: int | None = None
    token_ends: str = ""
    draining: str = ""


@dataclass(frozen=True, slots=True)
class TypeSituation:
    """
    How a federated type stands.

    Args:
        name: The type config's name.
        is_propagated: Whether it is enabled.
        objects: How many federated objects it has that were looked at; None where not read.
        problem: Why it is not synced; empty when it is.
    """

    name: str
    is_propagated: bool
    objects: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """
    How one object stands in one cluster.

    Args:
        word: `ok`, what a sync would do (`create`, `update`, `delete`), or KubeFed's word for what
            is wrong.
        detail: The cause in words; empty when all is well.
        ready: Replicas that are ready; None for objects without replicas.
        replicas: Replicas that are asked for there; None for objects without replicas.
    """

    word: str
    detail: str = ""
    ready: int | None = None
    replicas: int | None = None

    @property
    def is_settled(self) -> bool:
        """Whether a sync would find nothing to do, and nothing is wrong."""
        return self.word == "ok"


@dataclass(frozen=True, slots=True)
class ObjectSituation:
    """
    How a federated object stands.

    Args:
        subject: The object as its copies are called.
        cells: How it stands, by cluster; clusters that it is not placed in have none.
        reason: KubeFed's word for why it is not propagated at all, or `Deleting`; empty otherwise.
        detail: The cause of *reason* in words.
    """

    subject: Subject
    cells: Mapping[str, Cell] = field(default_factory=dict)
    reason: str = ""
    detail: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether a sync would find nothing to do, and nothing is wrong."""
        return not self.reason and all(cell.is_settled for cell in self.cells.values())


@dataclass(frozen=True, slots=True)
class Situation:
    """
    How the whole stands, sorted by name.

    Args:
        clusters: The member clusters that were looked at.
        types: The federated types.
        objects: The federated objects.
        orphans: Labelled objects in members whose federated object is gone, as messages name them.
    """

    clusters: tuple[ClusterSituation, ...]
    types: tuple[TypeSituation, ...]
    objects: tuple[ObjectSituation, ...]
    orphans: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether a sync would find nothing to do, and nothing is wrong."""
        return (
            all(found.is_ready for found in self.clusters)
            and all(found.is_settled for found in self.objects)
            and not any(found.problem for found in self.types)
            and not self.orphans
        )


@dataclass(frozen=True, slots=True)
class Glance:
    """
    One look at a federation that is watched.

    Args:
        at: When, RFC 3339; with a *trouble*, when the situation was seen last.
        situation: How it stands, or with a *trouble* stood last.
        warnings: What a person should know.
        trouble: Why it could not be looked at just now; empty where it could.
        has_changed: Whether it differs from the glance before in more than times.
    """

    at: str
    situation: Situation
    warnings: tuple[str, ...] = ()
    trouble: str = ""
    has_changed: bool = True
