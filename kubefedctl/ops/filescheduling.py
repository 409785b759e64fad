"""
ReplicaSchedulingPreferences of files: spread over the members as they are, in memory alone.

A host remembers how replicas were spread last; files do not. So an object whose preference cannot
be followed in this run is left as it stands in every member: its template's number of replicas was
never meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.assembling import Assembled
from kubefedctl.core.rescheduling import choose_scheduled_type, rewrite_spec, with_spec
from kubefedctl.errors import ClusterError, InputError
from kubefedctl.model.events import Event, Result, Step, Verdict, Warned
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.objects import key_of
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
    """The outcome of one preference: the object that it is about, the same as spread, the talk."""

    federated: FederatedObject | None = None
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
        if found.federated is not None:
            of_type = federated[found.federated.type_config.name]
            del of_type[found.federated.key]
            if found.spread is not None:
                of_type[found.federated.key] = found.spread
    events = tuple(event for found in followed for event in found.events)
    return Rescheduled(replace(desired, federated=federated), events)


def _follow(obj: Object, files: Assembled, desired: Desired, spreader: Spreader) -> _Followed:
    subject = REPLICA_SCHEDULING_PREFERENCES.subject(key_of(obj))
    federated: FederatedObject | None = None
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
            raise InputError(
                "not followed, as the run does not look at all clusters; its object stays as it is"
            )
        return _spread(preference, federated, spreader)
    except (InputError, ClusterError) as error:
        failure = Result(Verdict.FAILED, subject, "", detail=error.message)
        return _Followed(federated, events=(failure,))


def _spread(
    preference: SchedulingPreference, federated: FederatedObject, spreader: Spreader
) -> _Followed:
    found = spreader.spread(preference, federated)
    changes = rewrite_spec(federated, found.replicas) if found.replicas else {}
    changed = parse_federated(with_spec(federated, changes), federated.type_config)
    step = Step(f"{preference.subject}: {found.text}")
    return _Followed(federated, changed, (*found.events, step))
