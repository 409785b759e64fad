"""
The Plan: what is to be done in which cluster, as frozen, ordered, printable data.

Here: actions on member objects, the plan of one federated object, the plan of a whole run. Not
here: how it comes about (`core.planning`) and how it is carried out (`ops.execution`).

Laws:
1. A plan holds no client, no closure and no clock; printing it shows exactly what will be sent.
2. Everything in it is sorted: the same input gives the same plan, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import MANAGED_LABEL, PART_OF_LABEL
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.refs import Key, Object, Resource, Subject
from kubefedctl.model.statuses import AggregateReason


class ActionVerb(StrEnum):
    """What an action does to a member object."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNLABEL = "unlabel"
    AWAIT_REMOVAL = "await removal of"


class Strategy(StrEnum):
    """How an object that stands in a member is brought up to date."""

    APPLY = "apply"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Strategies:
    """
    Which strategy each type has.

    Args:
        usual: The one of every type that is not named.
        by_type: Those of other types, by the type config's name.
    """

    usual: Strategy = Strategy.APPLY
    by_type: Mapping[str, Strategy] = field(default_factory=dict)

    def of(self, type_config: str) -> Strategy:
        """Return the strategy of a type, by the name of its type config."""
        return self.by_type.get(type_config, self.usual)


class Wave(IntEnum):
    """When an action may start: a cluster's waves run one after the other, in this order."""

    NAMESPACES = 0
    DEFINITIONS = 1
    CLUSTER_SCOPED = 2
    NAMESPACED = 3
    DELETE_NAMESPACED = 4
    DELETE_CLUSTER_SCOPED = 5
    DELETE_NAMESPACES = 6
    ORPHANS = 7


@dataclass(frozen=True, slots=True)
class WritePolicy:
    """
    How member objects are written, as the user chose.

    Args:
        strategies: How each type is brought up to date.
        recreates: Whether objects with a field that cannot be changed are deleted and made anew.
        part_of: The ApplySet that they become members of; empty for none.
    """

    strategies: Strategies = Strategies()
    recreates: bool = False
    part_of: str = ""


USUAL_WRITING = WritePolicy()
"""How member objects are written unless the user says otherwise."""


@dataclass(frozen=True, slots=True)
class MemberIntent:
    """
    What a member object is to be, before the member has its say: enough to compute it again.

    Args:
        draft: Template with the metadata that KubeFed forces.
        operations: The overrides of this cluster, in order.
        retain_replicas: `spec.retainReplicas` as it stands.
        may_adopt: Whether an object that stands there unlabelled may be taken over.
        strategy: How an object that stands there is brought up to date.
        recreates: Whether it may be deleted and made anew where a field cannot be changed.
        part_of: The ApplySet that it becomes a member of; empty for none.
    """

    draft: Object
    operations: tuple[Any, ...]
    retain_replicas: Any = None
    may_adopt: bool = True
    strategy: Strategy = Strategy.REPLACE
    recreates: bool = False
    part_of: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """The labels that it gets whatever template and overrides say."""
        ours = {MANAGED_LABEL: "true"}
        return {**ours, PART_OF_LABEL: self.part_of} if self.part_of else ours


@dataclass(frozen=True, slots=True)
class Action:
    """
    One write to one member cluster.

    Args:
        verb: What to do.
        wave: When.
        cluster: Where.
        resource: The address of the object's type.
        key: The object.
        body: What to send: the whole object for create and update, DeleteOptions for delete.
        intent: For create and update: how to compute the body anew when the member's object is
            not what the plan was made from.
        observed: The member's object that the plan was made from; None where there was none.
        is_fenced: Whether it is refused where the member's object is another one by then, instead
            of being computed anew.
    """

    verb: ActionVerb
    wave: Wave
    cluster: str
    resource: Resource
    key: Key
    body: Object | None = field(default=None, repr=False)
    intent: MemberIntent | None = field(default=None, repr=False)
    observed: Object | None = field(default=None, repr=False)
    is_fenced: bool = False

    @property
    def subject(self) -> Subject:
        """The object as messages name it."""
        return self.resource.subject(self.key)


@dataclass(frozen=True, slots=True)
class Settled:
    """
    What was decided for a cluster without anything to do there.

    Args:
        outcome: The entry of the federated status.
        detail: The cause in words; empty when all is well.
        observed: The member's object, where it was read.
    """

    outcome: ClusterOutcome
    detail: str = ""
    observed: Object | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """
    The plan of one federated object that is not being deleted.

    Args:
        federated: The object.
        reason: Why it cannot be propagated at all; SUCCESS where it can.
        detail: The cause of *reason* in words.
        needs_finalizer: Whether KubeFed's finalizer must be set before any member is written.
        actions: Sorted by cluster.
        settled: Clusters with nothing to do, by name.
        template_hash: Hash of the template, as version objects record it.
        overrides_hash: Hash of the overrides.
        version_object: The recorded version object; None where there is none.
        placed: Clusters that the object is to be in.
        unseen: Registered clusters that the run does not look at: what is recorded of them stays.
        excluded: Clusters that the object selects and the placement of its namespace does not.
        warnings: Things worth knowing that stop nothing.
    """

    federated: FederatedObject
    reason: AggregateReason = AggregateReason.SUCCESS
    detail: str = ""
    needs_finalizer: bool = False
    actions: tuple[Action, ...] = ()
    settled: Mapping[str, Settled] = field(default_factory=dict)
    template_hash: str = ""
    overrides_hash: str = ""
    version_object: Object | None = field(default=None, repr=False)
    placed: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    excluded: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """
    The plan of one federated object that is being deleted.

    Args:
        federated: The object.
        actions: What to delete, unlabel or wait for in the members.
        settled: Clusters that matter to it and cannot be asked now, with the cause; while there are
            any, the finalizer stays.
        unseen: Registered clusters that the run does not look at; they keep the finalizer, too.
        problem: Why nothing may be done at all, such as unreadable delete options.
    """

    federated: FederatedObject
    actions: tuple[Action, ...] = ()
    settled: Mapping[str, Settled] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    problem: str = ""

    @property
    def may_finish(self) -> bool:
        """Whether it is finished once its actions are done."""
        return not (self.problem or self.settled or self.unseen)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The plan of a whole run.

    Args:
        objects: One for each federated object to propagate, sorted by type and key.
        deletions: One for each federated object to be finalized.
        orphans: What is to become of objects whose federated object is gone: labels are taken off
            where there is a host; where files are synced, what may go is deleted.
        warnings: Things worth knowing that belong to no single object and stop nothing.
        failures: Types that cannot be synced, with the cause.
        misnamed: FederatedNamespaces that are ignored, since they are not named like the namespace
            that they are in.
    """

    objects: tuple[ObjectPlan, ...] = ()
    deletions: tuple[DeletionPlan, ...] = ()
    orphans: tuple[Action, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    misnamed: tuple[FederatedObject, ...] = ()

    @property
    def actions(self) -> tuple[Action, ...]:
        """Every action on a member, of whatever origin."""
        found = [action for plan in self.objects for action in plan.actions]
        found += [action for plan in self.deletions for action in plan.actions]
        return (*found, *self.orphans)
