"""
What of a federation one run looks at: all of it, or what was asked for.

Here: the narrowing as data, and the questions that reading, planning and recording ask of it. Not
here: how a person's words become one (`core.narrowing`).

Laws:
1. What a run does not look at, it does not judge: no label is taken off there, no entry of a status
   or of a version object is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import labels_of
from kubefedctl.model.refs import Key
from kubefedctl.model.shards import Shard
from kubefedctl.model.typeconfigs import NAMESPACES, TypeConfig

_SIGNS = {"In": "=", "NotIn": "!="}
_WORDS = {"In": "in", "NotIn": "notin"}


class DeletionScope(StrEnum):
    """Which clusters the deletion of a federated object waits for."""

    KNOWN = "known"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Requirement:
    """
    One condition on labels.

    Args:
        key: The label's key.
        operator: `In`, `NotIn`, `Exists` or `DoesNotExist`.
        values: What `In` and `NotIn` compare with.
    """

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether *labels* satisfy it; NotIn is satisfied by a missing key too."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels

    def __str__(self) -> str:
        """Return it as a list's label selector has it."""
        if self.operator not in _SIGNS:
            return self.key if self.operator == "Exists" else f"!{self.key}"
        values = sorted(self.values)
        if len(values) == 1:
            return f"{self.key}{_SIGNS[self.operator]}{values[0]}"
        return f"{self.key} {_WORDS[self.operator]} ({','.join(values)})"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """
    What of a federation one run looks at; everything, if nothing is given.

    Args:
        names: Names of federated objects, by the type config's name; no names for a type mean all
            of it. Empty for every type.
        namespace: The one namespace of federated objects; empty for all of them.
        clusters: Names of member clusters; empty for all of them.
        requirements: What the labels of federated objects must satisfy.
        shard: The part that this process looks at, of what the rest leaves; None for all of it.
    """

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    namespace: str = ""
    clusters: frozenset[str] = frozenset()
    requirements: tuple[Requirement, ...] = ()
    shard: Shard | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all is looked at, be it in several parts."""
        return replace(self, shard=None) == Narrowing()

    @property
    def includes_standing_data(self) -> bool:
        """Whether the run looks after what belongs to no object; of several parts one does."""
        return self.shard is None or self.shard.is_first

    @property
    def label_selector(self) -> str:
        """The requirements as a list of federated objects takes them."""
        return ",".join(map(str, self.requirements))

    @property
    def is_of_all_objects(self) -> bool:
        """Whether the run looks at every federated object, be it in some clusters alone."""
        return not (self.names or self.namespace or self.requirements)

    def includes_cluster(self, name: str) -> bool:
        """Return whether the run looks at the member cluster *name*."""
        return not self.clusters or name in self.clusters

    def includes_type(self, type_config: TypeConfig) -> bool:
        """Return whether the run looks at any federated object of a type."""
        if self.namespace and not type_config.federated.namespaced:
            return False
        return not self.names or type_config.name in self.names

    def includes(self, federated: FederatedObject) -> bool:
        """Return whether the run looks at *federated*."""
        names = self.names.get(federated.type_config.name)
        labels = {k: v for k, v in labels_of(federated.source).items() if isinstance(v, str)}
        return (
            self.includes_type(federated.type_config)
            and self.includes_place(federated.key)
            and self.namespace in ("", federated.key.namespace)
            and (not names or federated.key.name in names)
            and all(found.matches(labels) for found in self.requirements)
        )

    def includes_place(self, key: Key) -> bool:
        """Return whether an object is in the part that this process looks at."""
        return self.shard is None or self.shard.holds(key)

    def lists_all_of(self, type_config: TypeConfig) -> bool:
        """
        Return whether the run sees every federated object that could claim a member object.

        Only then does a member object without one say anything.
        """
        is_picked = self.requirements or self.names.get(type_config.name)
        return self.includes_type(type_config) and not is_picked

    def includes_target(self, type_config: TypeConfig, key: Key) -> bool:
        """Return whether the federated object of the member object *key* is where it is looked."""
        namespace = key.name if type_config.name == NAMESPACES else key.namespace
        return self.namespace in ("", namespace) and self.includes_place(key)

    def only_name(self, type_config: TypeConfig) -> str:
        """Return the one name that objects of a type can have in members; empty for several."""
        names = self.names.get(type_config.name, frozenset())
        if type_config.name == NAMESPACES and self.namespace:
            return self.namespace
        return next(iter(names)) if len(names) == 1 else ""
