"""
What a sync leaves on the host as Kubernetes events, for `kubectl describe` to show.

Here: which of them are written, and writing one so that a repeated one is counted. Not here: what
they say (`core.announcing`).

Laws:
1. An event that cannot be written fails no sync; why is told once.
2. A namespace that refuses one event is not asked for the next.

Upstream: client-go tools/record/event.go @ v0.20. Unlike there, all are written at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.announcing import (
    announce_deletion,
    announce_misnamed,
    announce_object,
    announce_probe,
    announce_unheld,
    choose,
    count_again,
    make_event,
)
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ForbiddenError,
    NotFoundError,
    UnreachableError,
)
from kubefedctl.model.actions import Plan
from kubefedctl.model.announcements import Announcement, Announcing, Deed
from kubefedctl.model.events import Event, Step, Verdict, counted
from kubefedctl.model.objects import key_of, namespace_of
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import EVENTS
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.probing import Probed
from kubefedctl.ops.reading import Federation
from kubefedctl.ops.recording import FederatedObjectId, HostFailure, identify


@dataclass(frozen=True, slots=True)
class Announcer:
    """
    Writes the events of one run.

    Args:
        host: The host cluster.
        which: Which events are wanted.
        now: The time that they name, RFC 3339.
    """

    host: Cluster
    which: Announcing
    now: str

    def announce(self, due: Iterable[Announcement]) -> Iterator[Event]:
        """Write what is *due* side by side, and tell why some could not be written."""
        wanted, left_out = choose(due, self.which)
        if left_out:
            yield Step(f"{counted(left_out, 'event')} left out to spare the host")
        refusing: set[str] = set()
        causes = run_all([partial(self._write, found, refusing) for found in wanted])
        failed = [cause for cause in causes if cause]
        if failed:
            yield Step(f"{counted(len(failed), 'event')} not written to the host: {failed[0]}")

    def _write(self, announcement: Announcement, refusing: set[str]) -> str:
        """Write one event, and return why it could not be, or nothing."""
        event = make_event(announcement, now=self.now)
        namespace = namespace_of(event)
        if not refusing.isdisjoint(("", namespace)):
            return "not tried"
        try:
            self._create_or_count(event)
        except (ForbiddenError, NotFoundError) as error:
            # NB: also the answer of a namespace that is being deleted
            refusing.add(namespace)
            return error.message
        except UnreachableError as error:
            refusing.add("")
            return error.message
        except ClusterError as error:
            return error.message
        return ""

    def _create_or_count(self, event: Object) -> None:
        try:
            self.host.create(EVENTS, event)
        except AlreadyExistsError:
            key = key_of(event)
            found = self.host.get(EVENTS, key)
            self.host.patch(EVENTS, key, body=count_again(found, now=self.now))


def find_due(
    plan: Plan,
    executed: Mapping[FederatedObjectId, Mapping[str, Executed]],
    refused: Sequence[HostFailure],
) -> Iterator[Announcement]:
    """
    Yield the events of federated objects.

    Args:
        plan: What was carried out.
        executed: What became of its actions, by federated object and cluster.
        refused: Federated objects whose finalizer could not be set, of which nothing was done.
    """
    for failure in refused:
        if failure.detail:
            yield announce_unheld(failure.federated, failure.detail)
    stopped = {identify(failure.federated) for failure in refused}
    for federated in plan.misnamed:
        yield announce_misnamed(federated)
    for found in plan.objects:
        name = identify(found.federated)
        if name not in stopped:
            yield from announce_object(found, _deeds(executed.get(name, {})))
    for deletion in plan.deletions:
        deeds = _deeds(executed.get(identify(deletion.federated), {}))
        yield from announce_deletion(deletion, deeds)


def find_due_of_members(
    federation: Federation, probed: Mapping[str, Probed]
) -> Iterator[Announcement]:
    """Yield the events of KubeFedClusters."""
    for name, found in sorted(probed.items()):
        yield from announce_probe(federation.registrations[name].source, found.probe)


def _deeds(executed: Mapping[str, Executed]) -> list[Deed]:
    return [
        Deed(name, done.action.verb, done.verdict, _cause(done))
        for name, done in sorted(executed.items())
        if done.verdict is not Verdict.SKIPPED  # NB: a stopped run did not start it
    ]


def _cause(done: Executed) -> str:
    return done.detail if done.verdict is Verdict.FAILED else ""
