"""
ReplicaSchedulingPreferences of files: spread over the members as they are, in memory alone.

A host remembers how replicas were spread last; files do not. So an object whose preference cannot
be followed in this run is left as it stands in every member: its template's number of replicas was
never meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.assembling import Assembled
from kubefedctl.core.rescheduling import (
    choose_scheduled_type,
    has_replicas,
    rewrite_spec,
    with_spec,
)
from kubefedctl.errors import ClusterError, InputError
from kubefedctl.model.events import Event, Result, Step, Verdict, Warned
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.objects import key_of, text_at
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.refs import Object
from kubefedctl.model.schedules import SchedulingPreference, parse_preference
from kubefedctl.model.wellknown import REPLICA_SCHEDULING_PREFERENCES
from kubefedctl.ops.clock import now_text
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.rescheduling import Rescheduled
from kubefedctl.ops.spreading import Spreader


@dataclass(frozen=True, slots=True)
class _Followed:
    """The outcome of one preference: the objects that it is about, the one as spread, the talk."""

    about: tuple[FederatedObject, ...] = ()
    spread: FederatedObject | None = None
    events: tuple[Event, ...] = ()


def spread_files(
    files: Assembled, desired: Desired, observed: Observed, *, clusters: Mapping[str, Cluster]
) -> Rescheduled:
    """
    Return what the files ask for once their preferences are followed.

    Args:
        files: What the files describe.
        desired: What is looked at of it.
        observed: What was read from each member.
        clusters: The members that can be asked for Pods, by name.

    Returns:
        What is asked for, without the objects whose preference could not be followed.
    """
    if not files.preferences:
        return Rescheduled(desired)
    if not desired.config.schedules:
        text = "the feature gate SchedulerPreferences is off: no preference is followed"
        return Rescheduled(desired, (Warned(text),))
    spreader = Spreader(desired, observed, clusters, holds=False, now=now_text())
    tasks = [partial(_follow, obj, files, desired, spreader) for obj in files.preferences]
    followed = run_all(tasks)
    federated = {name: dict(found) for name, found in desired.federated.items()}
    for found in followed:
        for obj in found.about:
            federated[obj.type_config.name].pop(obj.key, None)
        if found.spread is not None:
            federated[found.spread.type_config.name][found.spread.key] = found.spread
    events = tuple(event for found in followed for event in found.events)
    return Rescheduled(replace(desired, federated=federated), events)


def _follow(obj: Object, files: Assembled, desired: Desired, spreader: Spreader) -> _Followed:
    subject = REPLICA_SCHEDULING_PREFERENCES.subject(key_of(obj))
    try:
        preference = parse_preference(obj)
        type_config = choose_scheduled_type(
            preference.target_kind, files.desired.types, crds=files.crds or {}
        )
        federated = desired.federated.get(type_config.name, {}).get(preference.key)
        if federated is None:
            text = f"{subject}: there is no {preference.target_subject}"
            return _Followed(events=(Warned(text),))
        if not desired.narrowing.includes(federated):
            return _Followed()
        if desired.unseen:
            text = f"{subject} is not followed, as the run does not look at all clusters;"
            text += f" {federated.target_subject} stays as it is"
            return _Followed((federated,), events=(Warned(text),))
        return _spread(preference, federated, spreader)
    except (InputError, ClusterError) as error:
        failure = Result(Verdict.FAILED, subject, "", detail=error.message)
        return _Followed(tuple(_find_meant(obj, desired)), events=(failure,))


def _find_meant(obj: Object, desired: Desired) -> Iterator[FederatedObject]:
    """What a preference is about, also one that cannot be read: all that it could mean."""
    kind = text_at(obj, "spec", "targetKind")
    key = key_of(obj)
    for of_type in desired.federated.values():
        found = of_type.get(key)
        if found is not None and has_replicas(found.type_config.target) is not False:
            known = {other.federated.kind for other in desired.types}
            if kind not in known or found.type_config.federated.kind == kind:
                yield found


def _spread(
    preference: SchedulingPreference, federated: FederatedObject, spreader: Spreader
) -> _Followed:
    found = spreader.spread(preference, federated)
    changes = rewrite_spec(federated, found.replicas) if found.replicas else {}
    changed = parse_federated(with_spec(federated, changes), federated.type_config)
    step = Step(f"{preference.subject}: {found.text}")
    return _Followed((federated,), changed, (*found.events, step))
