"""
Which Kubernetes events a sync leaves on the host: reasons, types, words, names.

Here: from a plan and what became of it to events, as data. Not here: writing them
(`ops.announcing`).

Laws:
1. An object for which nothing was done and nothing failed gets no event.
2. One event stands for all clusters in which the same came of an object for the same cause.
3. The same event has the same name in every run, so that it is counted instead of written again.

Upstream: pkg/controller/sync/dispatch/managed.go and unmanaged.go, controller.go, accessor.go and
resource.go of pkg/controller/sync, pkg/controller/kubefedcluster/controller.go @ v0.10.0: same
reasons, types and sources, same words around an operation, its object and cluster. Unlike there,
one event stands for several clusters, a failed operation has its warning alone and not the event
that it was begun, ClusterNotReady names the clusters, and what a template asks for in vain is told
when the object is written, not at every look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kubefedctl.core.templates import dropped_fields
from kubefedctl.model.actions import ActionVerb, DeletionPlan, ObjectPlan, Settled
from kubefedctl.model.announcements import Announcement, AnnouncementType, Announcing, Deed
from kubefedctl.model.events import Verdict
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import (
    kind_of,
    name_of,
    namespace_of,
    resource_version_of,
    text_at,
    uid_of,
)
from kubefedctl.model.outcomes import Probe, ProbeKind
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus

MOST_OF_A_TYPE = 100
"""How many events of each type are written unless all are asked for."""

_MOST_NAMED = 20
_LONGEST_MESSAGE = 1024
_LONGEST_NAME = 200
_DEFAULT_NAMESPACE = "default"
_CLUSTER_COMPONENT = "kubefedcluster-controller"
_ADOPTING = "it stood there before; an update is tried instead"
_MISNAMED = "the name of a FederatedNamespace must be that of the namespace it is in"

_VERBS: Mapping[ActionVerb, tuple[str, str, str]] = {
    ActionVerb.CREATE: ("CreateInCluster", "Creating", "create"),
    ActionVerb.UPDATE: ("UpdateInCluster", "Updating", "update"),
    ActionVerb.DELETE: ("DeleteInCluster", "Deleting", "delete"),
    ActionVerb.UNLABEL: (
        "RemoveManagedLabelFromInCluster",
        "Removing managed label from",
        "remove managed label from",
    ),
}
"""Reason, word for doing it and word for what failed; waiting for a removal is no operation."""

_OF_UPDATES = frozenset(
    {PropagationStatus.FIELD_RETENTION_FAILED, PropagationStatus.MANAGED_LABEL_FALSE}
)

_NOT_DONE = frozenset({Verdict.FAILED, Verdict.UNCHANGED, Verdict.SKIPPED})


def announce_object(plan: ObjectPlan, deeds: Sequence[Deed]) -> list[Announcement]:
    """
    Return the events of a federated object that is not being deleted.

    Args:
        plan: What was decided.
        deeds: What became of the plan's actions, in any order.
    """
    speaker = _Speaker(plan.federated)
    if plan.reason is AggregateReason.COMPUTE_PLACEMENT_FAILED:
        return [speaker.warn(plan.reason.value, f"Failed to compute placement: {plan.detail}")]
    found = list(_announce_settled(speaker, plan.settled))
    if any(deed.verb in (ActionVerb.CREATE, ActionVerb.UPDATE) for deed in deeds):
        found += [
            speaker.warn(dropped.reason, str(dropped)) for dropped in dropped_fields(plan.federated)
        ]
    return [*found, *_announce_deeds(speaker, deeds)]


def announce_deletion(plan: DeletionPlan, deeds: Sequence[Deed]) -> list[Announcement]:
    """Return the event of a federated object that is being deleted and has copies that linger."""
    waiting = sorted(deed.cluster for deed in deeds if deed.verdict is Verdict.WAITING)
    if not waiting or any(deed.verdict is Verdict.FAILED for deed in deeds):
        return []
    text = "Waiting for managed resources to be removed from the following clusters: "
    names = ", ".join(_shorten(waiting))
    return [_Speaker(plan.federated).tell("WaitForRemovalInCluster", text + names)]


def announce_misnamed(federated: FederatedObject) -> Announcement:
    """Return the event of a FederatedNamespace that is not named like its namespace."""
    return _Speaker(federated).warn("InvalidName", _MISNAMED)


def announce_unheld(federated: FederatedObject, cause: str) -> Announcement:
    """Return the event of a federated object whose finalizer could not be set."""
    reason = "EnsureFinalizerError"
    return _Speaker(federated).warn(reason, f"Failed to ensure finalizer: {cause}")


def announce_probe(registered: Object, probe: Probe) -> list[Announcement]:
    """Return the event of a KubeFedCluster that could not be asked for its health."""
    texts = {
        ProbeKind.MALFORMED: (
            "MalformedClusterConfig",
            "The configuration for this cluster may be malformed",
        ),
        ProbeKind.UNREACHABLE: (
            "RetrievingClusterHealthFailed",
            "Failed to retrieve health of the cluster",
        ),
    }
    if probe.kind not in texts:
        return []
    reason, text = texts[probe.kind]
    message = _cut(f"{text}: {probe.message}")
    warning = AnnouncementType.WARNING
    return [Announcement(registered, _CLUSTER_COMPONENT, warning, reason, message)]


def choose(due: Iterable[Announcement], which: Announcing) -> tuple[list[Announcement], int]:
    """
    Return which of the events that are *due* to write, and how many more there would be.

    Without an end, one dead cluster would cost the host three requests for each object placed in
    it, in every run. What says more than that a cluster is not ready goes first.
    """
    if which is Announcing.NONE:
        return [], 0
    found = [one for one in due if one.is_warning or which is not Announcing.WARNINGS]
    if which is not Announcing.AUTO:
        return found, 0
    found.sort(key=lambda one: one.reason == PropagationStatus.CLUSTER_NOT_READY.value)
    warnings = [one for one in found if one.is_warning][:MOST_OF_A_TYPE]
    others = [one for one in found if not one.is_warning][:MOST_OF_A_TYPE]
    return [*warnings, *others], len(found) - len(warnings) - len(others)


def make_event(announcement: Announcement, *, now: str) -> Object:
    """
    Return the event as an object to be created.

    Args:
        announcement: What it says.
        now: The time, RFC 3339.

    Upstream: client-go tools/record/event.go, makeEvent @ v0.20, but for the name, which there
    holds the time.
    """
    involved = announcement.involved
    namespace = namespace_of(involved)
    reference = {
        "apiVersion": text_at(involved, "apiVersion"),
        "kind": kind_of(involved),
        "namespace": namespace,
        "name": name_of(involved),
        "uid": uid_of(involved),
        "resourceVersion": resource_version_of(involved),
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "namespace": namespace or _DEFAULT_NAMESPACE,
            "name": _event_name(announcement),
        },
        "involvedObject": {key: value for key, value in reference.items() if value},
        "reason": announcement.reason,
        "message": announcement.message,
        "source": {"component": announcement.component},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "type": announcement.type.value,
    }


def count_again(event: Object, *, now: str) -> Object:
    """
    Return the merge patch that lets *event*, found on the host, tell of one more time.

    >>> count_again({"count": 2}, now="2026-01-02T03:04:05Z")
    {'count': 3, 'lastTimestamp': '2026-01-02T03:04:05Z'}
    """
    count = event.get("count")
    so_far = count if isinstance(count, int) and count > 0 else 1
    return {"count": so_far + 1, "lastTimestamp": now}


class _Speaker:
    """Who speaks of one federated object: KubeFed has a controller for each type."""

    def __init__(self, federated: FederatedObject) -> None:
        resource = federated.type_config.federated
        source = federated.source
        self._involved = {"apiVersion": resource.api_version, "kind": resource.kind, **source}
        self._component = f"{resource.kind.lower()}-controller"
        kind = federated.type_config.target.kind
        self._what = f'{kind} "{federated.target_key}" in cluster '

    def tell(self, reason: str, message: str) -> Announcement:
        """Return an event of something done."""
        return self._make(AnnouncementType.NORMAL, reason, message)

    def warn(self, reason: str, message: str) -> Announcement:
        """Return an event of something amiss."""
        return self._make(AnnouncementType.WARNING, reason, message)

    def tell_done(self, verb: ActionVerb, clusters: Iterable[str]) -> Announcement:
        """Return the event of an operation."""
        reason, doing, _ = _VERBS[verb]
        return self.tell(reason, f"{doing} {self._what}{_quote(clusters)}")

    def warn_of(self, verb: ActionVerb, clusters: Iterable[str], cause: str) -> Announcement:
        """Return the event of an operation that failed."""
        reason, _, word = _VERBS[verb]
        message = f"Failed to {word} {self._what}{_quote(clusters)}: {cause}"
        return self.warn(f"{reason}Failed", message)

    def _make(self, kind: AnnouncementType, reason: str, message: str) -> Announcement:
        return Announcement(self._involved, self._component, kind, reason, _cut(message))


def _announce_settled(speaker: _Speaker, settled: Mapping[str, Settled]) -> Iterator[Announcement]:
    """What stood in the way before anything was tried."""
    cases: dict[tuple[PropagationStatus, ActionVerb, str], list[str]] = {}
    for name, found in settled.items():
        status = found.outcome.status
        if status is PropagationStatus.OK:
            continue
        is_update = found.observed is not None or status in _OF_UPDATES
        verb = ActionVerb.UPDATE if is_update else ActionVerb.CREATE
        cause = "" if status is PropagationStatus.CLUSTER_NOT_READY else found.detail
        cases.setdefault((status, verb, cause), []).append(name)
    for (status, verb, cause), names in cases.items():
        if status is PropagationStatus.CLUSTER_NOT_READY:
            yield speaker.warn(status.value, f"Cluster not ready: {_quote(names)}")
        elif status is PropagationStatus.CACHED_RETRIEVAL_FAILED:
            text = f"Failed to retrieve cached cluster object in cluster {_quote(names)}: {cause}"
            yield speaker.warn(status.value, text)
        else:
            yield speaker.warn_of(verb, names, cause)


def _announce_deeds(speaker: _Speaker, deeds: Sequence[Deed]) -> Iterator[Announcement]:
    for verb in _VERBS:
        ours = [deed for deed in deeds if deed.verb is verb]
        done = [deed for deed in ours if deed.verdict not in _NOT_DONE]
        if done:
            yield speaker.tell_done(verb, (deed.cluster for deed in done))
        failed: dict[str, list[str]] = {}
        for deed in ours:
            if deed.verdict is Verdict.FAILED:
                failed.setdefault(deed.cause, []).append(deed.cluster)
        for cause, clusters in sorted(failed.items()):
            yield speaker.warn_of(verb, clusters, cause)
        adopted = [deed.cluster for deed in ours if deed.verdict is Verdict.ADOPTED]
        if adopted:
            yield speaker.warn_of(verb, adopted, _ADOPTING)
            yield speaker.tell_done(ActionVerb.UPDATE, adopted)


def _quote(clusters: Iterable[str]) -> str:
    """
    Return the clusters as KubeFed's messages name one, sorted, in a list that stays readable.

    >>> _quote(["c2", "c1"])
    '"c1", "c2"'
    """
    names = sorted(clusters)
    return ", ".join([*(f'"{name}"' for name in names[:_MOST_NAMED]), *_rest(names)])


def _shorten(names: Sequence[str]) -> list[str]:
    return [*names[:_MOST_NAMED], *_rest(names)]


def _rest(names: Sequence[str]) -> list[str]:
    left = len(names) - _MOST_NAMED
    return [f"and {left} more"] if left > 0 else []


def _cut(message: str) -> str:
    """Return *message* no longer than the newer API for events takes it."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return message[: _LONGEST_MESSAGE - 3] + "..."


def _event_name(announcement: Announcement) -> str:
    """The object's name and a hash of what makes two events the same one."""
    parts = (uid_of(announcement.involved), announcement.reason, announcement.message)
    digest = hashlib.sha256("\0".join(parts).encode(errors="backslashreplace")).hexdigest()[:16]
    return f"{name_of(announcement.involved)[:_LONGEST_NAME].rstrip('-.')}.{digest}"
