"""
What a sync would change, field by field, with the same changes of several clusters told once.

Here: the answer of `diff` as data. Not here: how it comes about (`core.comparing`, `core.folding`)
or is printed.

Laws:
1. A value of a Secret is not in it: a keyed fingerprint stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubefedctl.model.refs import Subject


@dataclass(frozen=True, slots=True)
class FieldChange:
    """
    One field that would be another.

    Args:
        field: Its path as people read it: `spec.containers[name="web"].image`.
        old: What stands there; None for nothing.
        new: What would stand there; None for nothing.
        is_hidden: Whether *old* and *new* are fingerprints.
    """

    field: str
    old: Any
    new: Any
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class MemberChange:
    """
    What would become of one object in one cluster.

    Args:
        subject: The object.
        cluster: The cluster.
        deed: What a sync would do: create, update, adopt, recreate, delete, unlabel, or await its
            removal.
        fields: What differs; of what is deleted nothing, it goes as a whole.
        detail: A remark; empty for none.
    """

    subject: Subject
    cluster: str
    deed: str
    fields: tuple[FieldChange, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SharedChange:
    """
    What would happen to one object in the same way in several clusters.

    Args:
        deed: What a sync would do.
        clusters: Where, sorted.
        fields: What differs in just these clusters.
        detail: A remark; empty for none.
    """

    deed: str
    clusters: tuple[str, ...]
    fields: tuple[FieldChange, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ObjectChanges:
    """
    What would become of one object.

    Args:
        subject: The object.
        clusters: Every cluster that was asked about it, sorted, also those where nothing differs.
        changes: What would happen, what most clusters share first.
    """

    subject: Subject
    clusters: tuple[str, ...]
    changes: tuple[SharedChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What a sync would change.

    Args:
        objects: The objects that differ, sorted.
        looked_at: How many federated objects were looked at.
    """

    objects: tuple[ObjectChanges, ...] = ()
    looked_at: int = 0

    @property
    def differs(self) -> bool:
        """Whether a sync would change anything."""
        return bool(self.objects)
