"""
What remains of a plan when just that is done which was reviewed and has not moved.

Here: that. Not here: what has moved (`reviewing`).

Laws:
1. What was not reviewed is left alone: clusters in which an action is left out are unseen to the
   recording of its object, so no status and no version object says anything new about them.
2. The host is written no more than the members: no finalizer, and no numbers of a preference, for
   an object that was not reviewed as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from kubefedctl.core.marking import mark_federated
from kubefedctl.core.reviewing import (
    ObjectId,
    Place,
    Situation,
    id_of,
    object_id_of,
    place_of,
)
from kubefedctl.model.actions import Action, DeletionPlan, ObjectPlan, Plan
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.reviews import PlannedObject, Prospect, Review, ReviewedPlan


def restrict_plan(reviewed: ReviewedPlan, review: Review, now: Situation) -> Plan:
    """
    Return the plan of *now* with just what was reviewed and has not moved.

    Each action is fenced: it is refused where the member's object moves before it is written.
    """
    kept = {place_of(found.action): found for found in review.kept}
    known = {object_id_of(found): found for found in reviewed.objects}
    objects = [
        restricted
        for plan in now.plan.objects
        if (restricted := _restrict_object(plan, known, kept, now)) is not None
    ]
    deletions = [
        _restrict_deletion(plan, kept)
        for plan in now.plan.deletions
        if _is_deletion_of(known.get(id_of(plan.federated)), plan.federated)
    ]
    orphans = [_fence(kept[place_of(a)]) for a in now.plan.orphans if place_of(a) in kept]
    return replace(
        now.plan,
        objects=tuple(objects),
        deletions=tuple(deletions),
        orphans=tuple(orphans),
        misnamed=(),
    )


def _restrict_object(
    plan: ObjectPlan,
    known: Mapping[ObjectId, PlannedObject],
    kept: Mapping[Place, Prospect],
    now: Situation,
) -> ObjectPlan | None:
    """The plan of one object with what may be done; None where nothing of it may be written."""
    actions = [_fence(kept[place_of(a)]) for a in plan.actions if place_of(a) in kept]
    left = _left_clusters(plan.actions, kept)
    if left and not actions:
        return None
    is_written = plan.needs_finalizer or id_of(plan.federated) in now.rescheduled
    if is_written and not _is_reviewed(known.get(id_of(plan.federated)), plan.federated):
        return None
    return replace(plan, actions=tuple(actions), unseen=plan.unseen | left)


def _is_reviewed(planned: PlannedObject | None, federated: FederatedObject) -> bool:
    """Whether *federated* itself is as it was reviewed."""
    if planned is None or planned.federated is None:
        return False
    mark = mark_federated(federated)
    return (planned.federated.uid, planned.federated.digest) == (mark.uid, mark.digest)


def _restrict_deletion(plan: DeletionPlan, kept: Mapping[Place, Prospect]) -> DeletionPlan:
    actions = [_fence(kept[place_of(a)]) for a in plan.actions if place_of(a) in kept]
    left = _left_clusters(plan.actions, kept)
    return replace(plan, actions=tuple(actions), unseen=plan.unseen | left)


def _is_deletion_of(planned: PlannedObject | None, federated: FederatedObject) -> bool:
    """Whether the deletion of just this federated object was reviewed."""
    if planned is None or planned.federated is None:
        return False
    return planned.federated.is_deleting and planned.federated.uid == federated.uid


def _left_clusters(actions: Iterable[Action], kept: Collection[Place]) -> frozenset[str]:
    return frozenset(action.cluster for action in actions if place_of(action) not in kept)


def _fence(prospect: Prospect) -> Action:
    """The action as it may be carried out: what it finds there must be what was seen."""
    seen = prospect.standing if prospect.standing is not None else prospect.action.observed
    return replace(prospect.action, observed=seen, is_fenced=True)
