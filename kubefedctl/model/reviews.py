"""
A plan that was written down to be reviewed and carried out later, and what became of it since.

Here: the plan as data, without any object's contents, and the answer of comparing it with how
things stand. Not here: comparing (`core.reviewing`), digests (`core.marking`), the document
(`core.planfiles`).

Laws:
1. Nothing in it is the value of a Secret or made from one, but by a key that nobody keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kubefedctl.model.actions import Action
from kubefedctl.model.changes import Comparison
from kubefedctl.model.refs import Key, Object, Resource, Subject


class Deed(StrEnum):
    """What an action comes to in a member."""

    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    DELETE = "delete"
    UNLABEL = "unlabel"
    AWAIT_REMOVAL = "await removal"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    A member's object as it was seen.

    Args:
        uid: Its uid.
        version: Its resourceVersion.
        digest: Of all that a write could lose; empty for what holds secrets, where the version
            counts.
    """

    uid: str
    version: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """
    One write to one member that was reviewed.

    Args:
        cluster: Where.
        deed: What.
        digest: Of what is to be written.
        observed: The object it is written over; None where there is none.
    """

    cluster: str
    deed: Deed
    digest: str
    observed: Standing | None = None


@dataclass(frozen=True, slots=True)
class FederatedMark:
    """
    A federated object as a plan was made from it.

    Args:
        key: Its namespace and name.
        uid: Its uid.
        digest: Of its spec; of what holds secrets of its generation alone.
        is_deleting: Whether the plan is one of its deletion.
        is_rescheduled: Whether a ReplicaSchedulingPreference changes it, on the host, too.
    """

    key: Key
    uid: str
    digest: str
    is_deleting: bool = False
    is_rescheduled: bool = False


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """
    What was reviewed of one object in all members.

    Args:
        resource: The type of the members' objects.
        key: Their namespace and name.
        federated: The federated object; None for orphans, of which it is gone.
        actions: Sorted by cluster.
    """

    resource: Resource
    key: Key
    federated: FederatedMark | None
    actions: tuple[PlannedAction, ...] = ()

    @property
    def subject(self) -> Subject:
        """The members' object as messages name it."""
        return self.resource.subject(self.key)


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """
    Something that a plan could not say anything about.

    Args:
        cluster: The member; empty for all of them.
        subject: The object or type; empty for all of them.
        cause: Why, in words.
    """

    cluster: str
    subject: str
    cause: str


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """
    The options that shape a plan, as they are given on the command line.

    Args:
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        words: Types and objects that are looked at; none for all.
        namespace: The one namespace that is looked at; empty for all.
        clusters: Members that are looked at; none for all.
        selector: Labels that are looked at.
        strategies: How members are written, for all types or one.
        recreates: Whether what cannot be updated is made anew.
        deletion_scope: Which clusters a deletion waits for.
        max_deletes: How many deletions are allowed; empty for any number.
        rescheduling: What is made of ReplicaSchedulingPreferences.
        shard: Which part is looked at, such as `2/3`; empty for all of it.
    """

    kubefed_namespace: str
    words: tuple[str, ...] = ()
    namespace: str = ""
    clusters: tuple[str, ...] = ()
    selector: str = ""
    strategies: tuple[str, ...] = ()
    recreates: bool = False
    deletion_scope: str = "known"
    max_deletes: str = ""
    rescheduling: str = "auto"
    shard: str = ""


@dataclass(frozen=True, slots=True)
class Identities:
    """
    Which API servers are meant: uids of the namespace kube-system, which outlive every name.

    Args:
        host: The host's; empty where it may not be read.
        members: Those of members, by name; empty where one may not be read.
    """

    host: str = ""
    members: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReviewedPlan:
    """
    A plan that was written down.

    Args:
        identities: The clusters it is for.
        objects: What is to be done, sorted by type and key.
        left_alone: What could not be planned.
        host_name: The host's name when it was made.
        made_at: When, RFC 3339.
        terms: The options it was made with; None until it is written.
    """

    identities: Identities
    objects: tuple[PlannedObject, ...] = ()
    left_alone: tuple[LeftAlone, ...] = ()
    host_name: str = ""
    made_at: str = ""
    terms: PlanTerms | None = None

    @property
    def size(self) -> int:
        """How many actions it has."""
        return sum(len(found.actions) for found in self.objects)


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A plan to be written down.

    Args:
        plan: The plan.
        comparison: What it changes, field by field.
    """

    plan: ReviewedPlan
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Prospect:
    """
    What an action would come to.

    Args:
        action: The action.
        standing: The unlabelled object that a create would take over; None for none.
        failure: Why it cannot be carried out; empty where it can.
    """

    action: Action
    standing: Object | None = field(default=None, repr=False)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """
    Something about one object, in one cluster.

    Args:
        subject: The object.
        cluster: The cluster.
        text: What, in words.
    """

    subject: Subject
    cluster: str
    text: str


@dataclass(frozen=True, slots=True)
class Review:
    """
    What of a reviewed plan may be carried out as things stand.

    Args:
        kept: The prospects that are as they were reviewed.
        moved: What was reviewed and is not so any more.
        settled: What was reviewed and is done already.
        unplanned: What would be done now and was not reviewed.
    """

    kept: tuple[Prospect, ...] = ()
    moved: tuple[Told, ...] = ()
    settled: tuple[Told, ...] = ()
    unplanned: tuple[Told, ...] = ()
