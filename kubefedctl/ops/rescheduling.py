"""
ReplicaSchedulingPreferences in a sync: read, planned, and written into the federated objects.

Here: one pass over all preferences, before anything else is planned, so that what follows sees the
new placement and overrides. Not here: the arithmetic (`core.scheduling`), and the command that only
asks what would be (`schedule`).

Laws:
1. Without preferences this costs one list on the host.
2. A run over some members alone moves no replicas: it does not know how the others fare.

Upstream: pkg/schedulingtypes/replicascheduler.go and plugin.go @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.rescheduling import (
    choose_type,
    has_replicas,
    offers_replicas,
    rewrite_spec,
    with_spec,
)
from kubefedctl.errors import ClusterError, ConflictError, InputError, NotFoundError
from kubefedctl.model.events import Event, Result, Step, Verdict, Warned
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.objects import key_of, resource_version_of
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.refs import Key, Object, Subject
from kubefedctl.model.schedules import (
    Rescheduling,
    SchedulingPreference,
    parse_preference,
)
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import CRDS, REPLICA_SCHEDULING_PREFERENCES
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.spreading import Spreader

_CONFLICT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ReschedulingOptions:
    """
    How to follow preferences.

    Args:
        mode: `hold` keeps the share of clusters that do not answer, `off` follows none.
        now: The time, RFC 3339.
        is_dry_run: Plan and tell, write nothing.
    """

    mode: Rescheduling
    now: str
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """
    The outcome of following all preferences.

    Args:
        desired: What the host asks for now.
        events: What is to be told.
    """

    desired: Desired
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class _Followed:
    """The outcome of one preference: the federated object where it changed, and what to tell."""

    federated: FederatedObject | None = None
    events: tuple[Event, ...] = ()


def reschedule(
    host: Cluster,
    desired: Desired,
    observed: Observed,
    *,
    clusters: Mapping[str, Cluster],
    options: ReschedulingOptions,
) -> Rescheduled:
    """
    Write what the preferences come to into their federated objects.

    Args:
        host: The host cluster.
        desired: What was read from the host.
        observed: What was read from each registered member.
        clusters: The members that can be asked for Pods, by name.
        options: How to go about it.

    Returns:
        What the host asks for afterwards; in a dry run what it would ask for.
    """
    if options.mode is Rescheduling.OFF or not desired.config.schedules:
        return Rescheduled(desired)
    if not _may_follow(desired):
        return Rescheduled(desired)
    namespace = desired.config.target_namespace or desired.narrowing.namespace
    try:
        found = host.list(REPLICA_SCHEDULING_PREFERENCES, namespace=namespace).items
    except NotFoundError:
        return Rescheduled(desired)
    except ClusterError as error:
        subject = Subject(REPLICA_SCHEDULING_PREFERENCES.kind, "", "")
        return Rescheduled(
            desired, (Result(Verdict.FAILED, subject, host.name, detail=error.message),)
        )
    holds = options.mode is Rescheduling.HOLD
    spreader = Spreader(desired, observed, clusters, holds, options.now)
    run = _Run(host, desired, spreader, options)
    mine = [obj for obj in found if desired.narrowing.includes_place(key_of(obj))]
    followed = run_all([partial(run.follow, obj) for obj in sorted(mine, key=key_of)])
    changed = [answer.federated for answer in followed if answer.federated is not None]
    events = tuple(event for answer in followed for event in answer.events)
    return Rescheduled(_with_changed(desired, changed), events)


def find_type(
    host: Cluster, preference: SchedulingPreference, types: Iterable[TypeConfig]
) -> TypeConfig:
    """
    Return the federated type that a preference is about.

    Raises:
        InputError: No enabled type has that kind, or its objects have no replicas.
        ClusterError: The host did not say what the type consists of.
    """
    kind = preference.target_kind
    found = choose_type(kind, types)
    if found is None:
        raise InputError(
            f"targetKind {kind} is not the kind of a federated type that is enabled",
            hint="name a kind such as FederatedDeployment, or enable the type",
        )
    known = has_replicas(found.target)
    if known is None:
        crd = host.get(CRDS, Key("", found.federated.qualified_name))
        known = offers_replicas(crd, found.federated.version)
    if not known:
        raise InputError(f"targetKind {kind} is of objects without replicas")
    return found


@dataclass(frozen=True, slots=True)
class _Run:
    """One pass over all preferences: what each of them needs."""

    host: Cluster
    desired: Desired
    spreader: Spreader
    options: ReschedulingOptions

    def follow(self, obj: Object) -> _Followed:
        """Follow one preference as far as it goes."""
        subject = REPLICA_SCHEDULING_PREFERENCES.subject(key_of(obj))
        try:
            preference = parse_preference(obj)
            federated = self._find_target(preference)
            if isinstance(federated, str):
                return _Followed(events=(Warned(f"{subject}: {federated}"),))
            if federated is None or federated.is_deleting:
                return _Followed()
            return self._write(preference, federated)
        except (InputError, ClusterError) as error:
            failure = Result(Verdict.FAILED, subject, self.host.name, detail=error.message)
            return _Followed(events=(failure,))

    def _find_target(self, preference: SchedulingPreference) -> FederatedObject | str | None:
        """The federated object, why there is none, or None where the run does not look at it."""
        is_narrowed = not self.desired.narrowing.is_whole
        try:
            type_config = find_type(self.host, preference, self.desired.types)
        except InputError as error:
            return None if is_narrowed else error.message
        if type_config.name in self.desired.failures:
            return None  # NB: that is told once, with the type
        found = self.desired.federated.get(type_config.name, {}).get(preference.key)
        if is_narrowed and (found is None or not self.desired.narrowing.includes(found)):
            return None
        return found or f"there is no {preference.target_subject}"

    def _write(self, preference: SchedulingPreference, federated: FederatedObject) -> _Followed:
        """Bring the federated object to the plan; after a conflict plan for what is there then."""
        for attempt in range(_CONFLICT_ATTEMPTS):
            planned = self.spreader.spread(preference, federated)
            changes = rewrite_spec(federated, planned.replicas) if planned.replicas else {}
            if not changes:
                step = Step(f"{preference.subject}: {planned.text}")
                return _Followed(federated, (*planned.events, step))
            try:
                written = self._store(federated, changes)
            except NotFoundError:
                return _Followed()
            except ConflictError:
                if attempt == _CONFLICT_ATTEMPTS - 1:
                    raise
                answer = self.host.get(federated.type_config.federated, federated.key)
                federated = parse_federated(answer, federated.type_config)
                if federated.is_deleting:
                    break
                continue
            told = Result(
                Verdict.UPDATED,
                federated.subject,
                self.host.name,
                detail=planned.text,
                is_dry_run=self.options.is_dry_run,
            )
            return _Followed(written, (*planned.events, told))
        return _Followed(federated)

    def _store(self, federated: FederatedObject, changes: Object) -> FederatedObject:
        """Write *changes* of the spec and return the object after them; only that in a dry run."""
        type_config = federated.type_config
        if self.options.is_dry_run:
            return parse_federated(with_spec(federated, changes), type_config)
        version = {"resourceVersion": resource_version_of(federated.source)}
        answer = self.host.patch(
            type_config.federated, federated.key, body={"metadata": version, "spec": changes}
        )
        return parse_federated(answer, type_config)


def _may_follow(desired: Desired) -> bool:
    """
    Return whether a run sees enough to move replicas, and objects that have some.

    A run over some clusters alone does not know how the others fare.
    """
    if desired.narrowing.is_whole:
        return True
    has_some = any(
        found.target.namespaced and has_replicas(found.target) is not False
        for found in desired.types
    )
    return has_some and not desired.unseen


def _with_changed(desired: Desired, changed: Iterable[FederatedObject]) -> Desired:
    federated = {name: dict(found) for name, found in desired.federated.items()}
    for found in changed:
        federated[found.type_config.name][found.key] = found
    return replace(desired, federated=federated)
