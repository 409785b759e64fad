"""
diff: what a sync would change in the members, field by field, without writing anything.

Here: reading what a sync reads, planning as it does, and comparing. Not here: comparing itself
(`comparing`).

Laws:
1. Nothing is written, and no lock is taken: read permissions suffice.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace

from kubefedctl.cluster.port import Fleet
from kubefedctl.core.narrowing import Request
from kubefedctl.core.planning import plan_sync
from kubefedctl.errors import PartialFailure
from kubefedctl.model.actions import USUAL_WRITING, WritePolicy
from kubefedctl.model.changes import Comparison
from kubefedctl.model.events import Compared, Event, Result, Step, Verdict, Warned, counted
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.model.schedules import Rescheduling
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.narrowing import check_found, narrow_federation, resolve_strategies
from kubefedctl.ops.probing import probe_members
from kubefedctl.ops.reading import Federation, read_desired, read_federation
from kubefedctl.ops.rescheduling import ReschedulingOptions, reschedule
from kubefedctl.ops.surveying import read_members
from kubefedctl.ops.totals import Totals


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """
    What to compare.

    Args:
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        request: What to look at; everything if it asks for nothing.
        writing: How a sync would write member objects.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    request: Request = field(default_factory=Request)
    writing: WritePolicy = USUAL_WRITING


def diff(
    fleet: Fleet, options: DiffOptions, *, pace: Pace = USUAL_PACE
) -> Generator[Event, None, None]:
    """
    Yield what a sync would change; last a `Compared`.

    Members are asked once each whether they are ready.

    Raises:
        ControlPlaneError: The host has no KubeFed API.
        InputError: What was asked for is not there.
        ClusterError: The host could not be read completely.
        PartialFailure: Something could not be compared; it was told before, and so was the rest.
    """
    host = fleet.host
    yield Step(f"reading the federation from host cluster {host.name}")
    federation = read_federation(host, kubefed_namespace=options.kubefed_namespace)
    federation = narrow_federation(host, federation, options.request)
    for finding in federation.findings:
        yield Warned(finding)
    if not federation.config.propagates:
        yield Warned(
            "the feature gate PushReconciler is Disabled in the KubeFedConfig: a sync propagates"
            " nothing"
        )
        yield Compared(Comparison())
        return
    totals = Totals(host.name, 0.0, is_dry_run=True, compares=True)
    yield from _compare(fleet, federation, options, totals=totals, pace=pace)
    if totals.failures:
        raise PartialFailure(
            f"{counted(totals.failures, 'failure')}; everything else was compared",
            hint="the lines above name clusters, objects and causes, with --v=1 the objects of"
            " clusters that are not ready, too",
        )


def _compare(
    fleet: Fleet, federation: Federation, options: DiffOptions, *, totals: Totals, pace: Pace
) -> Generator[Event, None, None]:
    host = fleet.host
    yield Step(f"probing {counted(len(federation.looked_at), 'member cluster')}")
    once = replace(federation, config=replace(federation.config, probe_attempts=1))
    probed = probe_members(fleet, once, pace=pace)
    for name, found in probed.items():
        if not found.is_ready:
            yield Warned(f"cluster {name} is not ready: {found.probe.message}")
    desired = read_desired(host, federation)
    check_found(host, desired)
    observed = read_members(desired, probed)
    clusters = {name: found.cluster for name, found in probed.items() if found.cluster is not None}
    rescheduled = reschedule(
        host,
        desired,
        observed,
        clusters=clusters,
        options=ReschedulingOptions(Rescheduling.AUTO, now_text(), is_dry_run=True),
    )
    for event in totals.pass_on(rescheduled.events):
        if isinstance(event, Warned) or _is_failure(event):
            yield event
    strategies = resolve_strategies(fleet.host, federation.types, options.writing.strategies)
    plan = plan_sync(
        rescheduled.desired, observed, writing=replace(options.writing, strategies=strategies)
    )
    yield from totals.tell_plan(plan)
    uids = frozenset(rescheduled.desired.host_namespace_uids.values())
    for done in foresee(plan, clusters, host_namespace_uids=uids):
        told = totals.tell(done)
        if _is_failure(told):
            yield told
    yield from totals.compare(plan)


def _is_failure(event: Event) -> bool:
    return isinstance(event, Result) and event.verdict is Verdict.FAILED
