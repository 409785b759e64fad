"""
Schedules as a table for people and as a document for scripts.
"""

from __future__ import annotations

from kubefedctl.model.events import counted
from kubefedctl.model.refs import Object
from kubefedctl.model.schedules import ClusterPreference, Schedule, Share
from kubefedctl.render.tables import format_table

_HEADER = ("CLUSTER", "WEIGHT", "MIN", "MAX", "CURRENT", "PLANNED", "OVERFLOW", "WHY")


def schedule_lines(schedule: Schedule) -> list[str]:
    """Return one line for each cluster under a header, and one sentence on the whole."""
    preference, planned = schedule.preference, sum(schedule.plan.values())
    whole = counted(preference.total, "replica")
    where = counted(len(schedule.shares), "cluster")
    sentence = f"{planned} of {whole} of {preference.target_subject} over {where}"
    over = sum(schedule.overflow.values())
    if over:
        sentence += f", and {over} asked for on top"
    rows = [_HEADER, *(_row(share) for share in schedule.shares)]
    return [*format_table(rows), sentence] if schedule.shares else [sentence]


def schedule_as_object(schedule: Schedule) -> Object:
    """Return what was asked and what came of it, with the field names of the API."""
    preference = schedule.preference
    return {
        "preference": str(preference.key),
        "targetKind": preference.target_kind,
        "totalReplicas": preference.total,
        "rebalance": preference.rebalances,
        "intersectWithClusterSelector": preference.intersects,
        "clusters": {share.cluster: _cluster_as_object(share) for share in schedule.shares},
        "plan": schedule.plan,
        "overflow": schedule.overflow,
    }


def _row(share: Share) -> tuple[str, ...]:
    preference, load = share.preference, share.load
    return (
        share.cluster,
        *(_bounds(preference) if preference is not None else ("-", "-", "-")),
        "-" if load is None else str(load.current),
        str(share.planned),
        str(share.overflow),
        share.why,
    )


def _bounds(preference: ClusterPreference) -> tuple[str, str, str]:
    maximum = "-" if preference.maximum is None else str(preference.maximum)
    return str(preference.weight), str(preference.minimum), maximum


def _cluster_as_object(share: Share) -> Object:
    found: Object = {"planned": share.planned, "overflow": share.overflow, "why": share.why}
    if share.preference is not None:
        found |= {"weight": share.preference.weight, "minReplicas": share.preference.minimum}
        if share.preference.maximum is not None:
            found["maxReplicas"] = share.preference.maximum
    if share.load is not None:
        found["current"] = share.load.current
        if share.load.capacity is not None:
            found["capacity"] = share.load.capacity
    return found
