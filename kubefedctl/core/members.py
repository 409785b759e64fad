"""
The object to send to a member: draft, then what the member keeps, then overrides, then the label.

Here: the order of these steps, and which of KubeFed's statuses a failing step means. Not here: the
steps themselves (`templates`, `retention`, `overrides`).

Upstream: pkg/controller/sync/dispatch/managed.go @ v0.10.0, same order: overrides are applied
after retention, so they win over it.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubefedctl.core.retention import retain_fields
from kubefedctl.core.templates import finish_draft
from kubefedctl.errors import InputError
from kubefedctl.model.actions import MemberIntent
from kubefedctl.model.objects import MANAGED_LABEL, PART_OF_LABEL, labels_of, uid_of
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import PropagationStatus


@dataclass(frozen=True, slots=True)
class Made:
    """
    A member object, or why there is none.

    Args:
        body: What to send; None on failure.
        failure: KubeFed's word for the failure; OK with a body.
        detail: The cause in words.
    """

    body: Object | None
    failure: PropagationStatus = PropagationStatus.OK
    detail: str = ""


def make_created(intent: MemberIntent) -> Made:
    """Return what to create where nothing stands yet."""
    return _finish(intent.draft, intent)


def make_updated(intent: MemberIntent, observed: Object) -> Made:
    """
    Return what to put in the place of *observed*, with the fields that belong to the member.

    An object labelled `kubefed.io/managed: "false"` is somebody's clear wish to be left alone. One
    that is a member of another ApplySet is that one's: two sets would take it from each other.
    """
    if labels_of(observed).get(MANAGED_LABEL) == "false":
        return Made(
            None,
            PropagationStatus.MANAGED_LABEL_FALSE,
            f'it is labelled {MANAGED_LABEL}: "false" in the member',
        )
    other = labels_of(observed).get(PART_OF_LABEL)
    if intent.part_of and other not in (None, intent.part_of):
        return Made(
            None,
            PropagationStatus.ALREADY_EXISTS,
            f"it belongs to another ApplySet: it is labelled {PART_OF_LABEL}: {other}",
        )
    try:
        retained = retain_fields(intent.draft, observed, retain_replicas=intent.retain_replicas)
    except InputError as error:
        return Made(None, PropagationStatus.FIELD_RETENTION_FAILED, error.message)
    return _finish(retained, intent)


def _finish(draft: Object, intent: MemberIntent) -> Made:
    try:
        return Made(finish_draft(draft, intent.operations, labels=intent.labels))
    except InputError as error:
        return Made(None, PropagationStatus.APPLY_OVERRIDES_FAILED, error.message)


def may_take_over(
    intent: MemberIntent, observed: Object, *, host_namespace_uids: frozenset[str]
) -> bool:
    """
    Return whether an unlabelled object that stands in the way of a create may be adopted.

    The host's own namespace is adopted even where adoption is disabled: it could not be federated
    otherwise.

    Upstream: pkg/controller/sync/dispatch/managed.go, Create @ v0.10.0.
    """
    return intent.may_adopt or uid_of(observed) in host_namespace_uids
