"""
Carrying out the actions of a plan in the members, cluster by cluster, wave by wave.

Here: lanes and waves, what a failure means in KubeFed's words, deleting, taking labels off, and
waiting until what was deleted is gone. Not here: any choice of what to do (`core.planning`),
creates and updates (`propagating`), and what is written to the host (`recording`).

Laws:
1. A failing action is an answer, not an exception.
2. A write never hits an object that nobody looked at: a label removal carries the resourceVersion
   it was made from, DELETE the uid.

Upstream: pkg/controller/sync/dispatch/managed.go and unmanaged.go @ v0.10.0.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import assert_never

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.marking import is_as_seen
from kubefedctl.errors import ClusterError, ConflictError, NotFoundError, UnreachableError
from kubefedctl.model.actions import Action, ActionVerb, Wave
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import (
    MANAGED_SELECTOR,
    is_managed,
    list_at,
    resource_version_of,
    text_at,
    uid_of,
)
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.model.wellknown import CRDS
from kubefedctl.ops.clock import USUAL_PACE, Pace
from kubefedctl.ops.fanout import Silence, Task, run_lanes
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.propagating import (
    CONFLICT_ATTEMPTS,
    create,
    refuse_moved,
    update,
    with_version,
)
from kubefedctl.ops.propagating import Executed as Executed
from kubefedctl.ops.writing import find, wait_until

_SILENCES_BEFORE_GIVING_UP = 3


_FAILURES: Mapping[ActionVerb, PropagationStatus] = {
    ActionVerb.CREATE: PropagationStatus.CREATION_FAILED,
    ActionVerb.UPDATE: PropagationStatus.UPDATE_FAILED,
    ActionVerb.DELETE: PropagationStatus.DELETION_FAILED,
    ActionVerb.UNLABEL: PropagationStatus.LABEL_REMOVAL_FAILED,
    ActionVerb.AWAIT_REMOVAL: PropagationStatus.RETRIEVAL_FAILED,
}
_UNFINISHED: Mapping[ActionVerb, PropagationStatus] = {
    ActionVerb.CREATE: PropagationStatus.CREATION_TIMED_OUT,
    ActionVerb.UPDATE: PropagationStatus.UPDATE_TIMED_OUT,
    ActionVerb.DELETE: PropagationStatus.DELETION_TIMED_OUT,
    ActionVerb.UNLABEL: PropagationStatus.LABEL_REMOVAL_TIMED_OUT,
    ActionVerb.AWAIT_REMOVAL: PropagationStatus.WAITING_FOR_REMOVAL,
}


def execute(
    actions: Sequence[Action],
    clusters: Mapping[str, Cluster],
    *,
    host_namespace_uids: frozenset[str],
    deadline: float,
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Iterator[Executed]:
    """
    Carry out *actions* and yield what became of each, as `execute_aloud` does, without silences.
    """
    for found in execute_aloud(
        actions,
        clusters,
        host_namespace_uids=host_namespace_uids,
        deadline=deadline,
        pace=pace,
        halt=halt,
    ):
        if not isinstance(found, Silence):
            yield found


def execute_aloud(
    actions: Sequence[Action],
    clusters: Mapping[str, Cluster],
    *,
    host_namespace_uids: frozenset[str],
    deadline: float,
    pace: Pace = USUAL_PACE,
    halt: Halt | None = None,
) -> Iterator[Executed | Silence]:
    """
    Carry out *actions* and yield what became of each, as it becomes known.

    Args:
        actions: Of any cluster and wave.
        clusters: Connections to the members that the actions name.
        host_namespace_uids: Uids of the host's namespaces, which are adopted in any case.
        deadline: Until when to wait for deleted objects to be gone, on the monotonic clock.
        pace: How often to look for them.
        halt: When it is asked, nothing more is started; what is under way may end.

    Yields:
        One answer for each action; objects still going at the deadline are `waiting`, and after a
        halt what was not done is `skipped`. A `Silence` where nothing became known for as long as
        *pace* says.
    """
    halt = halt or Halt()
    by_cluster: dict[str, list[Action]] = {}
    for action in actions:
        by_cluster.setdefault(action.cluster, []).append(action)
    lanes = {
        name: _Lane(clusters[name], host_namespace_uids, deadline, pace, halt).waves(found)
        for name, found in by_cluster.items()
    }
    answered: set[int] = set()
    for answer in run_lanes(lanes, halt=halt, beat=pace.beat):
        if isinstance(answer, Executed):
            answered.add(id(answer.action))
        if answer is not None:
            yield answer
    if halt.is_asked:
        left = (action for action in actions if id(action) not in answered)
        yield from (_unfinished(action, "no answer until the run was stopped") for action in left)


class _Lane:
    """The work of one member; one instance for each run, used by the lane's threads alone."""

    def __init__(
        self,
        cluster: Cluster,
        host_uids: frozenset[str],
        deadline: float,
        pace: Pace,
        halt: Halt,
    ) -> None:
        self._cluster = cluster
        self._host_uids = host_uids
        self._deadline = deadline
        self._pace = pace
        self._halt = halt
        self._lock = threading.Lock()
        self._silences = 0
        self._going: list[Action] = []

    def waves(self, actions: Sequence[Action]) -> Iterator[Sequence[Task[Executed | None]]]:
        """Yield the tasks of each wave, then those that tell what became of deleted objects."""
        ordered = sorted(actions, key=lambda action: (action.wave, action.resource, action.key))
        for _, wave in groupby(ordered, key=lambda action: action.wave):
            started = list(wave)
            yield [partial(self._carry_out, action) for action in started]
            self._await_definitions(started)
        yield from self._await_removals()

    def _carry_out(self, action: Action) -> Executed | None:
        """Answer what became of *action*, or nothing yet where its object is still going."""
        if self._halt.is_asked:
            return _unfinished(action, "not started: the run was stopped")
        if self._silences >= _SILENCES_BEFORE_GIVING_UP:
            return _failed(action, "the cluster stopped answering; not tried")
        try:
            done = self._request(action)
        except UnreachableError as error:
            with self._lock:
                self._silences += 1
            return _failed(action, error.answer)
        except ClusterError as error:
            done = _failed(action, error.answer + _next_step(action, error))
        self._silences = 0
        return done

    def _request(self, action: Action) -> Executed | None:
        match action.verb:
            case ActionVerb.CREATE:
                return create(self._cluster, action, host_uids=self._host_uids)
            case ActionVerb.UPDATE:
                patience = min(self._pace.removal, max(0.0, self._deadline - time.monotonic()))
                return update(self._cluster, action, patience=patience)
            case ActionVerb.DELETE:
                return self._delete(action)
            case ActionVerb.UNLABEL:
                return self._unlabel(action)
            case ActionVerb.AWAIT_REMOVAL:
                self._wait_for(action)
                return None
            case _:
                assert_never(action.verb)

    def _await_definitions(self, actions: Sequence[Action]) -> None:
        """Wait until CRDs are served; objects of theirs may come in the waves that follow."""
        defining = [a for a in actions if a.resource.qualified_name == CRDS.qualified_name]
        for action in defining if actions[0].wave is Wave.DEFINITIONS else ():
            limit = min(self._pace.definitions, max(0.0, self._deadline - time.monotonic()))
            if self._silences < _SILENCES_BEFORE_GIVING_UP:
                wait_until(partial(self._is_established, action), seconds=limit)

    def _is_established(self, action: Action) -> bool | None:
        if self._halt.is_asked:
            return True  # NB: nothing is started any more that could need it
        try:
            found = self._cluster.get(action.resource, action.key)
        except ClusterError:
            return True  # NB: what is wrong with it was told already
        conditions = list_at(found, "status", "conditions")
        says = {text_at(each, "type"): text_at(each, "status") for each in conditions}
        return True if says.get("Established") == "True" else None

    def _wait_for(self, action: Action) -> None:
        with self._lock:
            self._going.append(action)

    def _delete(self, action: Action) -> Executed | None:
        try:
            if action.is_fenced:
                answer = self._delete_as_seen(action)
            else:
                answer = self._cluster.delete(action.resource, action.key, options=action.body)
        except NotFoundError:
            return Executed(action, Verdict.DELETED)
        if answer is None:
            return refuse_moved(action, PropagationStatus.DELETION_FAILED)
        if answer.get("kind") == "Status":
            return Executed(action, Verdict.DELETED)
        self._wait_for(action)
        return None

    def _delete_as_seen(self, action: Action) -> Object | None:
        """Delete the object in the version that was seen; None where it is another one by now."""
        assert action.observed is not None
        found = action.observed
        for attempt in range(CONFLICT_ATTEMPTS):
            options = with_version(action.body or {}, found)
            try:
                return self._cluster.delete(action.resource, action.key, options=options)
            except ConflictError:
                if attempt == CONFLICT_ATTEMPTS - 1:
                    raise
                found = self._cluster.get(action.resource, action.key)
                if not is_as_seen(action, found):
                    return None
        raise AssertionError("the last attempt returns or raises")

    def _unlabel(self, action: Action) -> Executed:
        body = action.body
        for attempt in range(CONFLICT_ATTEMPTS):
            assert isinstance(body, dict)
            try:
                self._cluster.patch(action.resource, action.key, body=body)
            except NotFoundError:
                break
            except ConflictError:
                if attempt == CONFLICT_ATTEMPTS - 1:
                    raise
                found = find(self._cluster, action.resource, action.key)
                if found is None or not is_managed(found):
                    break
                if action.is_fenced and not is_as_seen(action, found):
                    return refuse_moved(action, PropagationStatus.LABEL_REMOVAL_FAILED)
                version = {"resourceVersion": resource_version_of(found)}
                body = {"metadata": {**body["metadata"], **version}}
                continue
            break
        return Executed(action, Verdict.UNLABELLED)

    def _await_removals(self) -> Iterator[Sequence[Task[Executed | None]]]:
        """Ask, ever less often, for what was deleted, until it is gone or the deadline is here."""
        pause = self._pace.first_look
        going = list(self._going)
        while going:
            left = self._deadline - time.monotonic()
            still = self._still_there(going)
            gone = [action for action in going if action not in still]
            if gone:
                yield [partial(_removed, action) for action in gone]
            going = still
            if not going or left <= 0 or self._silences >= _SILENCES_BEFORE_GIVING_UP:
                break
            if self._halt.wait(min(pause, max(left, 0.0))):
                break
            pause = min(pause * 2, self._pace.longest_look)
        if going:
            yield [partial(_still_going, action) for action in going]

    def _still_there(self, actions: Sequence[Action]) -> list[Action]:
        """Which of *actions* still have their object; one list for each type that is waited for."""
        uids: dict[Resource, set[str]] = {}
        for resource in sorted({action.resource for action in actions}):
            try:
                listed = self._cluster.list(
                    resource,
                    namespace=_common_namespace(actions, resource),
                    label_selector=MANAGED_SELECTOR,
                    metadata_only=True,
                ).items
            except ClusterError:
                self._silences += 1
                uids[resource] = {uid_of(a.observed or {}) for a in actions}
            else:
                self._silences = 0
                uids[resource] = {uid_of(found) for found in listed}
        return [a for a in actions if uid_of(a.observed or {}) in uids[a.resource]]


def _common_namespace(actions: Sequence[Action], resource: Resource) -> str:
    namespaces = {action.key.namespace for action in actions if action.resource == resource}
    return namespaces.pop() if len(namespaces) == 1 else ""


def _removed(action: Action) -> Executed:
    return Executed(action, Verdict.DELETED)


def _still_going(action: Action) -> Executed:
    return Executed(
        action,
        Verdict.WAITING,
        PropagationStatus.WAITING_FOR_REMOVAL,
        "it is deleted but not gone yet: a finalizer or its contents hold it",
    )


def _unfinished(action: Action, detail: str) -> Executed:
    """What a halt left: KubeFed's words for it are those of an operation that took too long."""
    return Executed(action, Verdict.SKIPPED, _UNFINISHED[action.verb], detail)


def _next_step(action: Action, error: ClusterError) -> str:
    """What to do about a namespace that the member lacks, as a narrowed sync may find it."""
    is_namespace = isinstance(error, NotFoundError) and error.cause.startswith('namespaces "')
    if not (is_namespace and action.key.namespace):
        return ""
    return f"; kubefedctl sync namespaces/{action.key.namespace} makes it"


def _failed(action: Action, detail: str) -> Executed:
    return Executed(action, Verdict.FAILED, _FAILURES[action.verb], detail)
