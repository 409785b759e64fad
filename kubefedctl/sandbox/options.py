"""
What a request says besides its object: who asks, and how it is to be done.

What belongs here: frozen data. What does not: reading it from HTTP (`requests`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: dict[str, list[str]] = field(default_factory=dict)


SYSTEM = Caller("system:apiserver", (MASTERS,))
ANONYMOUS = Caller("system:anonymous", ("system:unauthenticated",))


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How to write: `manager` owns the fields, `warnings` collects what the caller should know."""

    caller: Caller = SYSTEM
    manager: str = "sandbox"
    dry_run: bool = False
    force: bool = False
    field_validation: str = "Ignore"
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete; an empty `propagation` means that of the resource, in background."""

    caller: Caller = SYSTEM
    dry_run: bool = False
    propagation: str = ""
    uid: str = ""
    resource_version: str = ""
    grace: int | None = None


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What to list: selectors as text, `limit` 0 for all."""

    labels: str = ""
    fields: str = ""
    limit: int = 0
    token: str = ""
    resource_version: str = ""
    match: str = ""
