"""A plan of a shop, written down and read again, to be carried out later."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from kubefedctl.cluster.port import Fleet
from kubefedctl.core.planfiles import make_document, read_document
from kubefedctl.errors import KubefedctlError
from kubefedctl.model.events import Drafted, Event
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.reviews import PlanTerms, ReviewedPlan
from kubefedctl.model.wellknown import NAMESPACES
from kubefedctl.ops.reviewing import Reviewing
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import members_of, run_sync
from tests.ops.stage import KNS

LASTING = Key("", "kube-system")


def name_clusters(fleet: MemoryFleet) -> None:
    """Give host and members the namespace by which they are known again."""
    for cluster in (fleet.host, *members_of(fleet)):
        cluster.add(NAMESPACES, {"metadata": {"name": LASTING.name}})


def draft_document(fleet: Fleet, **more: Any) -> Object:
    """Return the document of what a sync would do, as a file holds it."""
    events, _ = run_sync(fleet, is_dry_run=True, review=Reviewing(drafts=True), **more)
    (drafted,) = [event for event in events if isinstance(event, Drafted)]
    plan = replace(drafted.draft.plan, terms=PlanTerms(KNS))
    document = make_document(plan, version="1", changes=[])
    read: Object = json.loads(json.dumps(document))
    return read


def draft(fleet: Fleet, **more: Any) -> ReviewedPlan:
    """Return the plan of what a sync would do, as it is read from a file."""
    return read_document(draft_document(fleet, **more), version="1", source="plan.json")


def carry_out(
    fleet: Fleet, plan: ReviewedPlan, *, is_partial: bool = False, **more: Any
) -> tuple[list[Event], KubefedctlError | None]:
    """Sync with a reviewed plan."""
    return run_sync(fleet, review=Reviewing(plan=plan, is_partial=is_partial), **more)


def writes_of(*clusters: MemoryCluster) -> list[tuple[str, str]]:
    """Return what was written to clusters, but for the health of members and events."""
    return [
        found
        for cluster in clusters
        for found in cluster.writes()
        if not found[1].startswith(("KubeFedCluster/", "Event/"))
    ]
