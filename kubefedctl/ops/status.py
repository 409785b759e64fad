"""
status: how a federation stands, without writing anything.

Here: reading what a sync reads, and planning as it does. Not here: telling it (`core.surveying`).

Laws:
1. Nothing is written, and no lock is taken: read permissions suffice.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace

from kubefedctl.cluster.port import Fleet
from kubefedctl.core.narrowing import Request
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.surveying import differs, survey
from kubefedctl.errors import KubefedctlError
from kubefedctl.model.events import Event, Result, Standing, Step, Verdict, Warned, counted
from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE
from kubefedctl.model.schedules import Rescheduling
from kubefedctl.model.situations import Glance
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.narrowing import check_found, narrow_federation
from kubefedctl.ops.probing import probe_members
from kubefedctl.ops.reading import read_desired, read_federation
from kubefedctl.ops.rescheduling import ReschedulingOptions, reschedule
from kubefedctl.ops.surveying import read_members


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """
    What to look at.

    Args:
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        request: What to look at; everything if it asks for nothing.
    """

    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    request: Request = field(default_factory=Request)


def status(
    fleet: Fleet, options: StatusOptions, *, pace: Pace = USUAL_PACE
) -> Generator[Event, None, None]:
    """
    Yield how the federation stands.

    Members are asked once each; one that does not answer is told as not ready.

    Raises:
        ControlPlaneError: The host has no KubeFed API.
        InputError: What was asked for is not there.
        ClusterError: The host could not be read completely.
    """
    host = fleet.host
    yield Step(f"reading the federation from host cluster {host.name}")
    federation = read_federation(host, kubefed_namespace=options.kubefed_namespace)
    federation = narrow_federation(host, federation, options.request)
    for finding in federation.findings:
        yield Warned(finding)
    once = replace(federation, config=replace(federation.config, probe_attempts=1))
    yield Step(f"probing {counted(len(federation.looked_at), 'member cluster')}")
    probed = probe_members(fleet, once, pace=pace)
    desired = read_desired(host, federation)
    check_found(host, desired)
    observed = read_members(desired, probed)
    rescheduled = reschedule(
        host,
        desired,
        observed,
        clusters={n: p.cluster for n, p in probed.items() if p.cluster is not None},
        options=ReschedulingOptions(Rescheduling.AUTO, now_text(), is_dry_run=True),
    )
    for event in rescheduled.events:
        if isinstance(event, Warned):
            yield event
        elif isinstance(event, Result) and event.verdict is Verdict.FAILED:
            yield Warned(f"{event.subject.within(event.cluster)} is not followed: {event.detail}")
    plan = plan_sync(rescheduled.desired, observed)
    for warning in (*plan.warnings, *plan.failures):
        yield Warned(warning)
    yield Standing(
        survey(
            plan,
            rescheduled.desired,
            observed,
            types=federation.types,
            probes={name: found.probe for name, found in probed.items()},
        )
    )


def watch_status(
    fleet: Fleet, options: StatusOptions, *, pace: Pace = USUAL_PACE, halt: Halt | None = None
) -> Generator[Event, None, None]:
    """
    Yield a glance at the federation again and again, until the halt is asked or nobody listens.

    Everything is read anew each time, as a change anywhere may change what a sync would do; members
    that do not answer are told as not ready. Where the host does not answer, or what was asked for
    is not there for a while, the last situation stands, with the cause.

    Raises:
        KubefedctlError: The first look went amiss, as `status` would end.
    """
    halt = halt or Halt()
    last: Glance | None = None
    while not halt.is_asked:
        began = time.monotonic()
        warnings: list[str] = []
        try:
            for event in status(fleet, options, pace=pace):
                if isinstance(event, Warned):
                    warnings.append(event.text)
                elif isinstance(event, Standing):
                    found = Glance(now_text(), event.situation, tuple(warnings))
                    last = replace(found, has_changed=differs(last, found))
                else:
                    yield event
        except KubefedctlError as error:
            if last is None:
                raise
            is_news = error.message != last.trouble
            last = replace(last, trouble=error.message, has_changed=is_news)
        if last is not None:
            yield last
        halt.wait(max(pace.glance, time.monotonic() - began))
