"""
What the actions of a plan change, field by field.

Here: from what became of the actions, or would, to a comparison. Not here: finding fields
(`core.comparing`) and foretelling objects (`core.merging`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from kubefedctl.core.comparing import compare
from kubefedctl.core.folding import fold
from kubefedctl.core.merging import foretell
from kubefedctl.model.actions import Plan
from kubefedctl.model.changes import Comparison, FieldChange, MemberChange
from kubefedctl.model.events import Verdict
from kubefedctl.model.refs import Subject
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.propagating import Executed

_KEY_LENGTH = 16
_DEEDS = {
    Verdict.CREATED: "create",
    Verdict.UPDATED: "update",
    Verdict.ADOPTED: "adopt",
    Verdict.RECREATED: "recreate",
    Verdict.DELETED: "delete",
    Verdict.UNLABELLED: "unlabel",
    Verdict.WAITING: "await removal",
}
_GOING = frozenset({Verdict.DELETED, Verdict.WAITING})


@dataclass(frozen=True, slots=True)
class Contrast:
    """
    Collects what becomes of actions, and compares.

    Args:
        key: Key of the fingerprints that stand for secrets; nobody else has it.
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_LENGTH), repr=False)
    _changes: list[MemberChange] = field(default_factory=list)
    _known: dict[tuple[object, ...], FieldChange] = field(default_factory=dict)

    def add(self, done: Executed) -> None:
        """
        Compare what one action wrote over with what it wrote, or would.

        A write that changes nothing is no change, and one that fails is told elsewhere.
        """
        deed = _DEEDS.get(done.verdict)
        if deed is None:
            return
        action = done.action
        if done.verdict in _GOING:
            self._changes.append(MemberChange(action.subject, action.cluster, deed))
            return
        standing = None if done.verdict is Verdict.CREATED else action.observed
        old = done.before if done.before is not None else standing
        new = done.object if done.object is not None else foretell(action)
        fields = tuple(map(self._share, compare(old, new, key=self.key)))
        if fields or done.verdict is not Verdict.UPDATED:
            self._changes.append(
                MemberChange(action.subject, action.cluster, deed, fields, done.detail)
            )

    def _share(self, change: FieldChange) -> FieldChange:
        """
        Return an equal change that is known already, or *change*.

        NB: a first sync changes the same twenty fields a hundred thousand times.
        """
        old, new = change.old, change.new
        place = (change.field, type(old), old, type(new), new)
        try:
            return self._known.setdefault(place, change)
        except TypeError:  # NB: lists and objects as values have no place
            return change

    def end(self, plan: Plan) -> Comparison:
        """Return the comparison of all that was added, of the actions of *plan*."""
        clusters: dict[Subject, set[str]] = {}
        for found in plan.objects:
            names = {action.cluster for action in found.actions}
            names |= {
                name
                for name, settled in found.settled.items()
                if settled.outcome.status is PropagationStatus.OK
            }
            clusters[found.federated.target_subject] = names
        looked_at = len(plan.objects) + len(plan.deletions)
        return fold(self._changes, clusters=clusters, looked_at=looked_at)
