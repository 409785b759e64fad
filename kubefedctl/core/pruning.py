"""
What left the files and still stands in members: which of it may be deleted, and which may not.

No host remembers what files asked for earlier, so nothing is deleted unless that is asked for. What
is a member of the ApplySet and not asked for in its cluster has left, be it that its federated
object is gone from the files or that placement leads elsewhere.

Here: that decision, the guard before it, and what the set consists of afterwards. Not here: ids and
parents (`applysets`), and how deletions are carried out.

Laws:
1. Only what carries both labels, KubeFed's and this set's, has left; everything else is somebody
   else's. So is what another object owns, and the Endpoints of a Service: controllers copy labels
   (those of a Service to both its EndpointSlices and Endpoints), and it goes with its owner.
2. Files that were not understood, a list that failed and objects that the run does not look at say
   nothing: no deletion follows from them.
3. A namespace stays while the files have something in it that belongs there, or as it is every
   cluster's own or holds the set's parent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kubefedctl.core.applysets import (
    Contents,
    GroupKind,
    contents_of,
    is_member,
    kind_of_resource,
)
from kubefedctl.core.guarding import DeletionLimit
from kubefedctl.core.removing import plan_delete, plan_unlabelling
from kubefedctl.core.waves import removing_wave
from kubefedctl.errors import RefusedError
from kubefedctl.model.actions import Action, ActionVerb, ObjectPlan, Plan
from kubefedctl.model.events import counted
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import (
    PART_OF_LABEL,
    SYSTEM_NAMESPACES,
    is_deleting,
    list_at,
    map_at,
)
from kubefedctl.model.readings import ClusterReading, Desired, Observed
from kubefedctl.model.refs import Key, Object, Subject
from kubefedctl.model.statuses import AggregateReason
from kubefedctl.model.typeconfigs import TypeConfig

_ENDPOINTS = "endpoints"
_SERVICES = "services"


@dataclass(frozen=True, slots=True)
class Set:
    """
    The ApplySet of a run, as the decision needs it.

    Args:
        id: Its id.
        place: Where its parent is.
        types: The types that its members may be of, in each cluster, by the type config's name.
    """

    id: str
    place: Key
    types: Mapping[str, Mapping[str, TypeConfig]]


@dataclass(frozen=True, slots=True)
class Leftover:
    """
    A member object of the set that nothing in the files asks for any more.

    Args:
        cluster: Where it is.
        type_config: Its type.
        key: The object.
        observed: As it stands.
    """

    cluster: str
    type_config: TypeConfig
    key: Key
    observed: Object

    @property
    def subject(self) -> Subject:
        """The object as messages name it."""
        return self.type_config.target.subject(self.key)


def find_leftovers(
    plan: Plan, desired: Desired, observed: Observed, *, applyset: Set
) -> list[Leftover]:
    """
    Return what left the files, sorted by cluster, type and key.

    Args:
        plan: What is asked for.
        desired: What the files say.
        observed: What was read from the members.
        applyset: The set.
    """
    claims = _Claims(plan, desired)
    return [
        found
        for name, reading in sorted(observed.items())
        if reading.is_ready and name not in desired.unseen
        for found in _members_in(reading, applyset)
        if desired.narrowing.lists_all_of(found.type_config)
        and desired.narrowing.includes_target(found.type_config, found.key)
        and not claims.ask_for(found)
    ]


def plan_pruning(leftovers: Iterable[Leftover], desired: Desired, *, applyset: Set) -> list[Action]:
    """
    Return the actions that delete what left, in the order in which it was found.

    Namespaces that have to stay lose the labels instead.
    """
    return [_plan_leaving(found, desired, applyset) for found in leftovers]


def check_pruning(
    leftovers: Sequence[Leftover],
    going: Sequence[Leftover],
    desired: Desired,
    observed: Observed,
    *,
    applyset: Set,
    limit: DeletionLimit | None,
) -> None:
    """
    Hold that a run does not delete everything only because it was given the wrong files.

    Args:
        leftovers: What left the files.
        going: What of it would be deleted.
        desired: What the files say.
        observed: What was read from the members.
        applyset: The set.
        limit: What `--max-deletes` allows; whoever gives one has consented.

    Raises:
        RefusedError: The files ask for nothing, or for nothing of what the set has in any member.
    """
    leaving = len(going)
    if limit is not None or not leaving:
        return
    hint = (
        "check the path that was given with -f; if all of it shall go, say how much that may be:"
        f" --max-deletes {leaving}"
    )
    if not any(desired.federated.values()):
        raise RefusedError(
            f"there is no federated object in the files, and --prune would delete"
            f" {counted(leaving, 'object')}",
            hint=hint,
        )
    members = sum(1 for reading in observed.values() for _ in _members_in(reading, applyset))
    # NB: what stays only because its cluster was not read completely speaks for no files
    if len(leftovers) == members and desired.narrowing.is_of_all_objects:
        raise RefusedError(
            f"nothing that the ApplySet {applyset.place} has in any member is in the files, and"
            f" --prune would delete all of it: {counted(leaving, 'object')}",
            hint=hint,
        )


def contents_wanted(plan: Plan, *, cluster: str) -> Contents:
    """Return what the objects that the files place in a cluster make of its set."""
    return contents_of(
        (found.federated.type_config.target, found.federated.target_key)
        for found in plan.objects
        if cluster in found.placed
    )


def contents_observed(
    reading: ClusterReading,
    applyset: Set,
    *,
    gone: Collection[tuple[GroupKind, Key]] = (),
) -> Contents:
    """
    Return what the members of the set that were read in a cluster make of it.

    Args:
        reading: What was read.
        applyset: The set.
        gone: Those that are gone since.
    """
    members = ((found.type_config.target, found.key) for found in _members_in(reading, applyset))
    return contents_of((r, key) for r, key in members if (kind_of_resource(r), key) not in gone)


def contents_left(said: Contents, held: Contents, *, read: Collection[GroupKind]) -> Contents:
    """
    Return what a parent is to say at the end of a run.

    Args:
        said: What it said, with all that the run was about to add.
        held: What the set consists of as far as the run looked.
        read: The types that it looked at. Others stay, and with them all namespaces.
    """
    unread = said.kinds - set(read)
    return held | Contents(unread, said.namespaces if unread else frozenset())


def _members_in(reading: ClusterReading, applyset: Set) -> Iterator[Leftover]:
    for name, type_config in sorted(applyset.types.get(reading.name, {}).items()):
        for key, obj in sorted(reading.objects.get(name, {}).items()):
            if is_member(obj, applyset.id) and not _is_owned(reading, type_config, key, obj):
                yield Leftover(reading.name, type_config, key, obj)


def _is_owned(reading: ClusterReading, type_config: TypeConfig, key: Key, obj: Object) -> bool:
    """Whether a controller made it of something else, and copied the labels of that."""
    if list_at(obj, "metadata", "ownerReferences"):
        return True
    if type_config.target.qualified_name != _ENDPOINTS:
        return False
    # NB: Endpoints name no owner; those of a Service without a selector are made by somebody else
    services = reading.objects.get(_SERVICES)
    return services is None or bool(map_at(services.get(key, {}), "spec", "selector"))


class _Claims:
    """What the files ask for, and what they may ask for as far as this run knows."""

    def __init__(self, plan: Plan, desired: Desired) -> None:
        self._plans: dict[tuple[str, Key], ObjectPlan] = {
            _address(found.federated): found for found in plan.objects
        }
        federated = [obj for of_type in desired.federated.values() for obj in of_type.values()]
        self._known = {_address(found) for found in federated}
        self._needed = {found.key.namespace for found in federated} - desired.namespaces.keys()

    def ask_for(self, found: Leftover) -> bool:
        """Return whether *found* is to be where it is, or may be."""
        address = (found.type_config.name, found.key)
        plan = self._plans.get(address)
        if plan is not None and plan.reason is AggregateReason.SUCCESS:
            return found.cluster in plan.placed
        is_needed = found.type_config.is_namespace_type and found.key.name in self._needed
        return address in self._known or is_needed


def _address(federated: FederatedObject) -> tuple[str, Key]:
    return federated.type_config.name, federated.target_key


def _plan_leaving(found: Leftover, desired: Desired, applyset: Set) -> Action:
    type_config, key = found.type_config, found.key
    staying = {*SYSTEM_NAMESPACES, desired.config.kubefed_namespace, applyset.place.namespace}
    if type_config.is_namespace_type and key.name in staying:
        action = plan_unlabelling(
            type_config, cluster=found.cluster, key=key, observed=found.observed
        )
        metadata = (action.body or {})["metadata"]
        labels = {**metadata["labels"], PART_OF_LABEL: None}
        return replace(action, body={"metadata": {**metadata, "labels": labels}})
    if is_deleting(found.observed):
        return Action(
            verb=ActionVerb.AWAIT_REMOVAL,
            wave=removing_wave(type_config),
            cluster=found.cluster,
            resource=type_config.target,
            key=key,
            observed=found.observed,
        )
    return plan_delete(type_config, cluster=found.cluster, key=key, observed=found.observed)
