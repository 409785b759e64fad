"""
What of a plan that was reviewed may still be carried out.

Here: from a plan to what is written down of it, and the comparison of that with a plan made anew.
Not here: by what things are known again (`marking`), what remains of the plan (`restricting`), and
the document (`planfiles`).

Laws:
1. What is carried out is in both: the plan that was reviewed and the one that is made now. A file
   that somebody wrote himself can have nothing done that a plain sync would not do.
2. A reviewed action that is neither carried out nor done already has moved, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from kubefedctl.core.marking import mark_action, mark_federated, mark_standing
from kubefedctl.model.actions import Action, ActionVerb, DeletionPlan, ObjectPlan, Plan
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.refs import Key
from kubefedctl.model.reviews import (
    Deed,
    FederatedMark,
    Identities,
    LeftAlone,
    PlannedAction,
    PlannedObject,
    Prospect,
    Review,
    ReviewedPlan,
    Standing,
    Told,
)
from kubefedctl.model.statuses import PropagationStatus

Place: TypeAlias = tuple[str, str, Key]
"""Where an action writes: cluster, type and key."""
ObjectId: TypeAlias = tuple[str, Key]
"""The type of a member's object, and its key."""
_DEEDS = {
    ActionVerb.CREATE: Deed.CREATE,
    ActionVerb.UPDATE: Deed.UPDATE,
    ActionVerb.DELETE: Deed.DELETE,
    ActionVerb.UNLABEL: Deed.UNLABEL,
    ActionVerb.AWAIT_REMOVAL: Deed.AWAIT_REMOVAL,
}
_UNTOLD = "cannot be told to be the same: its namespace kube-system was read only once"
_TAKING_AWAY = frozenset({Deed.DELETE, Deed.UNLABEL, Deed.AWAIT_REMOVAL})


@dataclass(frozen=True, slots=True)
class Situation:
    """
    A plan as things stand, with all that it was made from.

    Args:
        plan: The plan.
        desired: What was read from the host, as preferences leave it.
        observed: What was read from the members.
        prospects: What each of the plan's actions comes to.
        identities: Which API servers answered.
        rescheduled: Federated objects that preferences change, by type and key of their copies.
        host_name: The host cluster, for messages.
    """

    plan: Plan
    desired: Desired
    observed: Observed
    prospects: tuple[Prospect, ...]
    identities: Identities
    rescheduled: frozenset[ObjectId] = frozenset()
    host_name: str = ""


def write_down(now: Situation, *, made_at: str) -> ReviewedPlan:
    """
    Return what is to be written down of a plan so that it can be carried out later.

    What cannot be carried out as things stand is no part of it, and told among what is left alone.

    Args:
        now: The plan.
        made_at: The time, RFC 3339.
    """
    places = {place_of(found.action): found for found in now.prospects if not found.failure}
    planned = [
        PlannedObject(
            resource=federated.type_config.target,
            key=federated.target_key,
            federated=mark,
            actions=tuple(_write_down_all(plan.actions, places)),
        )
        for plan, federated, mark in _marked(now)
    ]
    kept = [found for found in planned if found.actions or _matters_alone(found.federated)]
    for action in now.plan.orphans:
        actions = tuple(_write_down_all((action,), places))
        if actions:
            kept.append(PlannedObject(action.resource, action.key, None, actions))
    return ReviewedPlan(
        identities=now.identities,
        objects=tuple(_join(kept)),
        left_alone=tuple(_left_alone(now)),
        host_name=now.host_name,
        made_at=made_at,
    )


def compare_plans(reviewed: ReviewedPlan, now: Situation) -> Review:
    """
    Return what of *reviewed* is as it was, what moved, and what is done.

    Args:
        reviewed: What was written down.
        now: The plan made anew with the same options.
    """
    comparison = _Comparison(reviewed, now)
    kept: list[Prospect] = []
    moved: list[Told] = []
    settled: list[Told] = []
    for planned in reviewed.objects:
        if not planned.actions and (cause := comparison.judge_object(planned)):
            moved.append(Told(planned.subject, now.host_name, cause))
        for action in planned.actions:
            told = Told(planned.subject, action.cluster, "")
            prospect = comparison.prospect_of(planned, action)
            cause, is_done = comparison.judge(planned, action)
            if is_done:
                settled.append(replace(told, text=cause))
            elif cause:
                moved.append(replace(told, text=cause))
            if prospect is not None and not (cause and not is_done):
                kept.append(prospect)
    return Review(tuple(kept), tuple(moved), tuple(settled), tuple(comparison.unplanned()))


class _Comparison:
    """What the rules need to know of both plans, by place."""

    def __init__(self, reviewed: ReviewedPlan, now: Situation) -> None:
        self._reviewed = reviewed
        self._now = now
        self._prospects = {place_of(found.action): found for found in now.prospects}
        self._marks = {id_of(f): (plan, mark) for plan, f, mark in _marked(now)}
        self._types = {found.target.qualified_name: found.name for found in now.desired.types}

    def prospect_of(self, planned: PlannedObject, action: PlannedAction) -> Prospect | None:
        """Return what would be done now in the place of a reviewed action."""
        return self._prospects.get((action.cluster, *object_id_of(planned)))

    def judge(self, planned: PlannedObject, action: PlannedAction) -> tuple[str, bool]:
        """Return what happened to a reviewed action, or nothing; and whether it is done already."""
        if cause := self._judge_cluster(planned, action.cluster):
            return cause, False
        if planned.federated is not None and self._is_finished(planned):
            return "it is gone, and so is its federated object", True
        if cause := self.judge_object(planned):
            return cause, False
        prospect = self.prospect_of(planned, action)
        if prospect is None:
            return self._judge_nothing_to_do(planned, action)
        return _judge_prospect(action, prospect)

    def judge_object(self, planned: PlannedObject) -> str:
        """Return what happened to the federated object, or nothing."""
        seen = planned.federated
        _, mark = self._marks.get(object_id_of(planned), (None, None))
        if seen is None:
            return "" if mark is None else "a federated object of its name is there now"
        if mark is None:
            is_gone = seen.is_deleting and self._is_finished(planned)
            return "" if is_gone else "its federated object is gone or not looked at any more"
        if mark.uid != seen.uid:
            return "its federated object was made anew"
        if mark.is_deleting != seen.is_deleting:
            return "its federated object is being deleted"
        return "" if mark.digest == seen.digest else "its federated object was changed"

    def unplanned(self) -> Iterator[Told]:
        """Yield what would be done now and was not reviewed."""
        known = {
            (action.cluster, *object_id_of(planned))
            for planned in self._reviewed.objects
            for action in planned.actions
        }
        for place, prospect in self._prospects.items():
            if place not in known and not prospect.failure:
                action = prospect.action
                yield Told(action.subject, action.cluster, "not in the plan")
        objects = {object_id_of(planned) for planned in self._reviewed.objects}
        for plan in self._now.plan.deletions:
            if id_of(plan.federated) not in objects and not plan.actions:
                yield Told(plan.federated.subject, self._now.host_name, "not in the plan")

    def _judge_cluster(self, planned: PlannedObject, cluster: str) -> str:
        identities, now = self._reviewed.identities, self._now
        reading = now.observed.get(cluster)
        if cluster not in now.desired.registrations or reading is None:
            return "the cluster is not joined any more"
        if not reading.is_ready:
            return f"the cluster is not ready now{f': {reading.note}' if reading.note else ''}"
        seen, found = identities.members.get(cluster, ""), now.identities.members.get(cluster, "")
        if seen != found:
            is_another = seen and found
            return f"the cluster {'of that name is another one' if is_another else _UNTOLD}"
        type_name = self._types.get(planned.resource.qualified_name, "")
        failures = {**now.desired.failures, **reading.failures}
        return f"its type was not read: {failures[type_name]}" if type_name in failures else ""

    def _is_finished(self, planned: PlannedObject) -> bool:
        """Whether a deletion that was reviewed is done: federated object and copies are gone."""
        assert planned.federated is not None
        name = self._types.get(planned.resource.qualified_name, "")
        is_there = any(
            planned.key in reading.objects.get(name, {}) for reading in self._now.observed.values()
        )
        is_known = object_id_of(planned) in self._marks
        return planned.federated.is_deleting and not is_known and not is_there

    def _judge_nothing_to_do(
        self, planned: PlannedObject, action: PlannedAction
    ) -> tuple[str, bool]:
        if action.deed in _TAKING_AWAY:
            return "it is gone already, or has not the label any more", True
        plan, _ = self._marks.get(object_id_of(planned), (None, None))
        settled = plan.settled.get(action.cluster) if isinstance(plan, ObjectPlan) else None
        if settled is None:
            return "it is not placed there any more", False
        if settled.outcome.status is PropagationStatus.OK:
            return "it is as planned already", True
        return f"{settled.outcome.status.value}: {settled.detail}", False


def _judge_prospect(action: PlannedAction, prospect: Prospect) -> tuple[str, bool]:
    if prospect.failure:
        return prospect.failure, False
    now = _write_down(prospect)
    if action.deed is Deed.DELETE and now.deed is Deed.AWAIT_REMOVAL:
        is_same = action.observed is not None and now.observed is not None
        if is_same and _uid(action.observed) == _uid(now.observed):
            return "it is being deleted already", True
    if cause := _judge_standing(action.observed, now.observed):
        return cause, False
    if action.deed is not now.deed:
        return f"a sync would {now.deed.value} it now, not {action.deed.value}", False
    if action.digest != now.digest:
        return "something else would be written now", False
    return "", False


def _judge_standing(seen: Standing | None, found: Standing | None) -> str:
    """Return what happened to the member's object, or nothing."""
    if seen is None or found is None:
        if seen is found:
            return ""
        return "an object of its name stands there now" if seen is None else "it is gone"
    if seen.uid != found.uid:
        return "it was made anew there"
    is_same = seen.digest == found.digest if seen.digest else seen.version == found.version
    return "" if is_same else "it was changed there"


def _uid(standing: Standing | None) -> str:
    return standing.uid if standing is not None else ""


def _write_down_all(
    actions: Iterable[Action], places: Mapping[Place, Prospect]
) -> Iterator[PlannedAction]:
    for action in sorted(actions, key=lambda found: found.cluster):
        if place_of(action) in places:
            yield _write_down(places[place_of(action)])


def _write_down(prospect: Prospect) -> PlannedAction:
    action = prospect.action
    deed = _DEEDS[action.verb]
    seen = action.observed
    if prospect.standing is not None:
        deed, seen = Deed.ADOPT, prospect.standing
    observed = None if seen is None else mark_standing(seen, action)
    return PlannedAction(action.cluster, deed, mark_action(action), observed)


def _marked(
    now: Situation,
) -> Iterator[tuple[ObjectPlan | DeletionPlan, FederatedObject, FederatedMark]]:
    plans: list[ObjectPlan | DeletionPlan] = [*now.plan.objects, *now.plan.deletions]
    for plan in plans:
        found = plan.federated
        is_rescheduled = id_of(found) in now.rescheduled
        yield plan, found, mark_federated(found, is_rescheduled=is_rescheduled)


def _matters_alone(mark: FederatedMark | None) -> bool:
    """Whether an object is written down though nothing is done in members: the host is written."""
    return mark is not None and (mark.is_deleting or mark.is_rescheduled)


def _join(objects: Iterable[PlannedObject]) -> list[PlannedObject]:
    """One entry for each object, sorted; orphans of several clusters come one by one."""
    joined: dict[ObjectId, PlannedObject] = {}
    for found in objects:
        known = joined.get(object_id_of(found))
        actions = found.actions if known is None else (*known.actions, *found.actions)
        actions = tuple(sorted(actions, key=lambda action: action.cluster))
        joined[object_id_of(found)] = replace(known or found, actions=actions)
    return [found for _, found in sorted(joined.items())]


def _left_alone(now: Situation) -> Iterator[LeftAlone]:
    for name, cause in sorted(now.desired.failures.items()):
        yield LeftAlone("", name, cause)
    for name, reading in sorted(now.observed.items()):
        if not reading.is_ready:
            yield LeftAlone(name, "", reading.note or "it is not ready")
        for type_name, cause in sorted(reading.failures.items()):
            yield LeftAlone(name, type_name, cause)
    for found in now.prospects:
        if found.failure:
            yield LeftAlone(found.action.cluster, str(found.action.subject), found.failure)


def place_of(action: Action) -> Place:
    """Return where an action writes."""
    return (action.cluster, action.resource.qualified_name, action.key)


def object_id_of(planned: PlannedObject) -> ObjectId:
    """Return the same as `id_of` of what was written down."""
    return (planned.resource.qualified_name, planned.key)


def id_of(federated: FederatedObject) -> ObjectId:
    """Return what a plan calls the copies of *federated*."""
    return (federated.type_config.target.qualified_name, federated.target_key)
