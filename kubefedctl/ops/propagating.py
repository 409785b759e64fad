"""
Writing one object to one member: create it, adopt what stood there, or bring it up to date.

Here: which requests that takes, under either strategy, and what is done about races. Not here: what
is sent (`core.members`, `core.applying`), waves and lanes (`execution`).

Laws:
1. A write never hits an object that nobody looked at: PUT carries the resourceVersion that it was
   made from, apply the uid.
2. Apply never meets fields that were propagated by an update: their ownership is handed over first.
3. A fenced action writes what was seen, or nothing: the resourceVersion goes with it, and after a
   conflict nothing but what always moves (`core.marking`) may be another.

Upstream: pkg/controller/sync/dispatch/managed.go @ v0.10.0, which knows PUT alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from kubefedctl.cluster.port import Cluster, PatchType
from kubefedctl.core.applying import is_refusal_of_apply, keeps_replicas, make_applied
from kubefedctl.core.fieldowners import find_takeovers, hand_over, needs_handover
from kubefedctl.core.immutability import is_immutable, make_recreation
from kubefedctl.core.marking import is_as_seen
from kubefedctl.core.members import Made, make_created, make_updated, may_take_over
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    InvalidError,
    NotFoundError,
    ServerError,
)
from kubefedctl.model.actions import Action, MemberIntent, Strategy
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import is_managed, map_at, resource_version_of, uid_of
from kubefedctl.model.refs import Object, Resource, split_api_version
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.writing import find, wait_until

CONFLICT_ATTEMPTS = 5
ALREADY_THERE = "it stood there before, and the KubeFedConfig forbids adoption"
"""Why an object that stands in the way of a create is not taken over."""
NO_LONGER_OURS = "it has not the label any more, and the KubeFedConfig forbids adoption"
"""Why an object that lost its label, or was made anew without, is not written."""
MOVED = "it moved since it was compared with the plan, and was left alone"
"""Why a fenced action is not carried out."""
LOST_LABEL = "it has not the label any more, so that it is not deleted to be made anew"
"""Why an object is not made anew that somebody took the label off meanwhile."""
_NOT_CONTENT = ("managedFields", "generation", "resourceVersion")


@dataclass(frozen=True, slots=True)
class Executed:
    """
    What became of an action.

    Args:
        action: The action.
        verdict: The word for it.
        status: The entry of the federated status; OK where none is due.
        detail: The cause of a failure, or a remark.
        object: The member's object after a create or update, or the one that was not taken over.
        before: What was written over; None where nothing was.
    """

    action: Action
    verdict: Verdict
    status: PropagationStatus = PropagationStatus.OK
    detail: str = ""
    object: Object | None = field(default=None, repr=False)
    before: Object | None = field(default=None, repr=False)


def create(cluster: Cluster, action: Action, *, host_uids: frozenset[str]) -> Executed:
    """
    Create the object, or adopt one that stands there unlabelled.

    Raises:
        ClusterError: The member refuses it.
    """
    assert action.body is not None
    if action.is_fenced and action.observed is not None:
        return _adopt(cluster, action, host_uids)
    try:
        made = cluster.create(written_as(action.resource, action.body), action.body)
    except AlreadyExistsError:
        if action.is_fenced:
            return refuse_moved(action, PropagationStatus.ALREADY_EXISTS)
        return _adopt(cluster, action, host_uids)
    return Executed(action, Verdict.CREATED, object=made)


def update(cluster: Cluster, action: Action, *, patience: float = 0.0) -> Executed:
    """
    Bring the object that the plan was made from up to date.

    Args:
        cluster: The member.
        action: What to do.
        patience: Seconds to wait until an object is gone that has to be made anew.

    Raises:
        ClusterError: The member refuses it.
    """
    assert action.intent is not None
    try:
        return _bring_up_to_date(cluster, action)
    except InvalidError as error:
        if not (action.intent.recreates and is_immutable(error.cause)):
            raise
    return _replace_by_new(cluster, action, patience=patience)


def _bring_up_to_date(cluster: Cluster, action: Action) -> Executed:
    assert action.observed is not None and action.intent is not None
    if action.intent.strategy is Strategy.REPLACE:
        return _put(cluster, action, action.observed, verdict=Verdict.UPDATED)
    try:
        return _apply(cluster, action, action.observed)
    except (InvalidError, ServerError) as error:
        if not is_refusal_of_apply(error.cause):
            raise
        done = _put(cluster, action, action.observed, verdict=Verdict.UPDATED)
        return replace(done, detail=done.detail or f"replaced, as apply is refused: {error.cause}")


def _replace_by_new(cluster: Cluster, action: Action, *, patience: float) -> Executed:
    """Delete the object, for a field that no update can change, and create it once it is gone."""
    assert action.observed is not None and action.intent is not None
    uid = uid_of(action.observed)
    standing = find(cluster, action.resource, action.key)
    if action.is_fenced and (standing is None or not is_as_seen(action, standing)):
        return refuse_moved(action, PropagationStatus.UPDATE_FAILED)
    if standing is not None and not is_managed(standing):
        # NB: an update would tell why; a deletion cannot be taken back
        made = make_updated(action.intent, standing)
        failure = made.failure if made.body is None else PropagationStatus.UPDATE_FAILED
        return Executed(action, Verdict.FAILED, failure, made.detail or LOST_LABEL, standing)
    options = make_recreation(action.observed)
    if action.is_fenced and standing is not None:
        options = with_version(options, standing)
    with suppress(NotFoundError):
        cluster.delete(action.resource, action.key, options=options)

    def is_gone() -> bool | None:
        found = find(cluster, action.resource, action.key)
        return None if found is not None and uid_of(found) == uid else True

    if wait_until(is_gone, seconds=patience) is None:
        return Executed(
            action,
            Verdict.WAITING,
            PropagationStatus.WAITING_FOR_REMOVAL,
            "it is deleted to be made anew, but not gone yet; the next sync creates it",
        )
    return replace(recreate(cluster, action), verdict=Verdict.RECREATED)


def recreate(cluster: Cluster, action: Action) -> Executed:
    """
    Create the object anew, now that it is gone.

    Raises:
        ClusterError: The member refuses it.
    """
    assert action.intent is not None
    made = make_created(action.intent)
    if made.body is None:
        return _unmade(action, made)
    stored = cluster.create(written_as(action.resource, made.body), made.body)
    return Executed(action, Verdict.CREATED, object=stored)


def written_as(resource: Resource, body: Object) -> Resource:
    """Return the address under which *body* is written: a template may name another version."""
    group, version = split_api_version(str(body.get("apiVersion", "")))
    if (group, version) == (resource.group, resource.version) or not version:
        return resource
    return replace(resource, group=group, version=version)


def _adopt(cluster: Cluster, action: Action, host_uids: frozenset[str]) -> Executed:
    """An object of that name stands there, unlabelled: take it over, if that is allowed."""
    assert action.intent is not None
    try:
        found = cluster.get(action.resource, action.key)
    except ClusterError as error:
        return Executed(action, Verdict.FAILED, PropagationStatus.RETRIEVAL_FAILED, error.answer)
    if action.is_fenced and not is_as_seen(action, found):
        return refuse_moved(action, PropagationStatus.ALREADY_EXISTS)
    if not may_take_over(action.intent, found, host_namespace_uids=host_uids):
        return Executed(
            action,
            Verdict.FAILED,
            PropagationStatus.ALREADY_EXISTS,
            ALREADY_THERE,
            found,
        )
    done = _put(cluster, action, found, verdict=Verdict.ADOPTED)
    if done.verdict is Verdict.FAILED:
        return replace(done, object=found)
    if done.object is None or action.intent.strategy is Strategy.REPLACE:
        return done
    with suppress(ConflictError, NotFoundError):  # NB: the next update does it then
        stored = _hand_over(cluster, action, done.object, is_adopted=True)
        return replace(done, object=stored)
    return done


def _hand_over(
    cluster: Cluster, action: Action, standing: Object, *, is_adopted: bool = False
) -> Object:
    """Let our apply own what was propagated by an update; return the object as it stands then."""
    assert action.intent is not None
    if not needs_handover(standing):
        return standing
    owners = hand_over(
        standing,
        keeps_replicas=keeps_replicas(action.intent, standing),
        is_adopted=is_adopted,
    )
    version = {"resourceVersion": resource_version_of(standing)}
    body = {"metadata": {**version, "managedFields": owners}}
    return cluster.patch(action.resource, action.key, body=body)


def _put(cluster: Cluster, action: Action, observed: Object, *, verdict: Verdict) -> Executed:
    """Replace the object, computing it anew from what stands there after a conflict."""

    def send(made: Object, standing: Object) -> Executed:
        stored = cluster.update(written_as(action.resource, made), made)
        is_same = verdict is Verdict.UPDATED and _is_same(standing, stored)
        word = Verdict.UNCHANGED if is_same else verdict
        return Executed(action, word, object=stored, before=standing)

    return _insist(cluster, action, observed, make=make_updated, send=send)


def _apply(cluster: Cluster, action: Action, observed: Object) -> Executed:
    """Apply what is asked for, after the ownership of what was propagated has been handed over."""

    def send(made: Object, standing: Object) -> Executed:
        before = _hand_over(cluster, action, standing)
        if resource_version_of(made) or action.is_fenced:
            metadata = {**made["metadata"], "resourceVersion": resource_version_of(before)}
            made = {**made, "metadata": metadata}
        stored = cluster.patch(
            written_as(action.resource, made),
            action.key,
            body=made,
            patch_type=PatchType.APPLY,
            force=True,
        )
        if _is_same(standing, stored):
            return Executed(action, Verdict.UNCHANGED, object=stored)
        taken = "; ".join(map(str, find_takeovers(before, stored)))
        detail = f"took over {taken}" if taken else ""
        return Executed(action, Verdict.UPDATED, detail=detail, object=stored, before=standing)

    return _insist(cluster, action, observed, make=make_applied, send=send)


def _insist(
    cluster: Cluster,
    action: Action,
    observed: Object,
    *,
    make: Callable[[MemberIntent, Object], Made],
    send: Callable[[Object, Object], Executed],
) -> Executed:
    """Make and send, and do both again from what stands there after a conflict."""
    assert action.intent is not None
    for attempt in range(CONFLICT_ATTEMPTS):
        made = make(action.intent, observed)
        if made.body is None:
            return _unmade(action, made)
        try:
            return send(made.body, observed)
        except ConflictError:
            if attempt == CONFLICT_ATTEMPTS - 1:
                raise
            found = find(cluster, action.resource, action.key)
            if action.is_fenced and (found is None or not is_as_seen(action, found)):
                return refuse_moved(action, PropagationStatus.UPDATE_FAILED)
            if found is None:
                return recreate(cluster, action)
            if not _is_still_ours(action.intent, found, before=observed):
                failure = PropagationStatus.ALREADY_EXISTS
                return Executed(action, Verdict.FAILED, failure, NO_LONGER_OURS, found)
            observed = found
        except NotFoundError:
            if action.is_fenced:
                return refuse_moved(action, PropagationStatus.UPDATE_FAILED)
            return recreate(cluster, action)
    raise AssertionError("the last attempt returns or raises")


def refuse_moved(action: Action, failure: PropagationStatus) -> Executed:
    """Return that a fenced action was not carried out."""
    return Executed(action, Verdict.FAILED, failure, MOVED)


def with_version(options: Object, observed: Object) -> Object:
    """Return DeleteOptions that hit *observed* in just this version, unless they name one."""
    version = {"resourceVersion": resource_version_of(observed)}
    return {**options, "preconditions": {**version, **map_at(options, "preconditions")}}


def _is_still_ours(intent: MemberIntent, found: Object, *, before: Object) -> bool:
    """Whether *found* may be written instead of *before*: it is ours, or may become it."""
    is_adopting = not is_managed(before) and uid_of(before) == uid_of(found)
    return is_managed(found) or intent.may_adopt or is_adopting


def _is_same(before: Object, after: Object) -> bool:
    """
    Whether a write has changed nothing that a template could ask for.

    NB: the resourceVersion does not tell: in a dry run it stays whatever is changed, and it moves
    where an apply only takes note of what it owns.
    """
    return _content(before) == _content(after)


def _content(obj: Object) -> Object:
    metadata = {k: v for k, v in obj.get("metadata", {}).items() if k not in _NOT_CONTENT}
    return {name: value for name, value in obj.items() if name != "status"} | {"metadata": metadata}


def _unmade(action: Action, made: Made) -> Executed:
    return Executed(action, Verdict.FAILED, made.failure, made.detail)
