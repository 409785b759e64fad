"""What the functions of a kind may ask of their cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kubefedctl.sandbox.objects import Object
from kubefedctl.sandbox.options import Caller
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.store import Store


class Judge(Protocol):
    """Who decides what a caller holds; implemented by `rbac.Authorizer`."""

    def missing_rules(self, caller: Caller, rules: list[Object], *, namespace: str) -> list[Object]:
        """Return those of *rules* that the caller does not hold."""
        ...

    def may(
        self, caller: Caller, verb: str, *, resource: Resource, namespace: str, name: str
    ) -> bool:
        """Return whether the caller may use a verb on an object."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """The cluster as one write sees it."""

    store: Store
    caller: Caller
    judge: Judge
    resource: Resource
    now: Callable[[], str]
    subresource: str = ""
