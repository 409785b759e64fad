"""
check: what is wrong with a federation, before or after it was installed.

Here: reading what a sync reads, and more, without writing. Not here: what is wrong
(`core.diagnosing`).

Laws:
1. Nothing is written, and no lock is taken.
2. What can be wrong is a finding; an error is only what keeps from looking at all.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace

from kubefedctl.cluster.port import Cluster, Fleet
from kubefedctl.core.diagnosing import diagnose
from kubefedctl.core.narrowing import Request
from kubefedctl.core.planning import plan_sync
from kubefedctl.core.remedies import Shell
from kubefedctl.errors import ControlPlaneError, ForbiddenError, NotFoundError
from kubefedctl.model.events import (
    Diagnosed,
    Event,
    Result,
    Step,
    Verdict,
    Warned,
    counted,
)
from kubefedctl.model.examinations import Examination, Federated
from kubefedctl.model.locks import LockTerms
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.schedules import Rescheduling
from kubefedctl.model.typeconfigs import Discovery
from kubefedctl.model.wellknown import KUBEFED_CONFIGS
from kubefedctl.ops.clock import USUAL_PACE, Pace, now_text
from kubefedctl.ops.configuring import read_lock_terms
from kubefedctl.ops.examining import examine_host, examine_members
from kubefedctl.ops.narrowing import check_found, narrow_federation
from kubefedctl.ops.probing import probe_members
from kubefedctl.ops.reading import Federation, read_desired, read_federation, synced_types
from kubefedctl.ops.rescheduling import ReschedulingOptions, reschedule
from kubefedctl.ops.surveying import read_members


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """
    What to look at.

    Args:
        shell: How this run was told of its clusters; its commands say the same.
        request: What to look at; everything if it asks for nothing.
    """

    shell: Shell = field(default_factory=Shell)
    request: Request = field(default_factory=Request)

    @property
    def kubefed_namespace(self) -> str:
        """Where the host keeps KubeFed's own objects."""
        return self.shell.kubefed_namespace


def check(
    fleet: Fleet, options: CheckOptions, *, pace: Pace = USUAL_PACE
) -> Generator[Event, None, None]:
    """
    Yield what is wrong.

    Raises:
        InputError: What was asked for is not there.
        ClusterError: The host did not answer.
    """
    host = fleet.host
    yield Step(f"looking at host cluster {host.name}")
    discovery = host.discover()
    try:
        if not _has_control_plane(host, options.kubefed_namespace):
            yield Diagnosed(diagnose(_examine_bare(host, discovery, options), options.shell))
            return
        terms = read_lock_terms(host, kubefed_namespace=options.kubefed_namespace)
        federation = read_federation(host, kubefed_namespace=options.kubefed_namespace)
    except (ControlPlaneError, ForbiddenError) as error:
        examination = _examine_bare(host, discovery, options, unusable=error.message)
        yield Diagnosed(diagnose(examination, options.shell))
        return
    federation = narrow_federation(host, federation, options.request)
    examination = yield from _examine(fleet, discovery, federation, terms, pace=pace)
    yield Diagnosed(diagnose(examination, options.shell))


def _has_control_plane(host: Cluster, namespace: str) -> bool:
    try:
        host.list(KUBEFED_CONFIGS, namespace=namespace, metadata_only=True)
    except NotFoundError:
        return False
    return True


def _examine_bare(
    host: Cluster, discovery: Discovery, options: CheckOptions, *, unusable: str = ""
) -> Examination:
    config = FederationConfig(kubefed_namespace=options.kubefed_namespace) if unusable else None
    facts = examine_host(host, discovery, config=config, types=(), terms=LockTerms())
    return Examination(now_text(), options.kubefed_namespace, facts, unusable=unusable)


def _examine(
    fleet: Fleet, discovery: Discovery, federation: Federation, terms: LockTerms, *, pace: Pace
) -> Generator[Event, None, Examination]:
    """Read all there is, and plan as a sync does."""
    host, config = fleet.host, federation.config
    types, _ = synced_types(federation)
    facts = examine_host(host, discovery, config=config, types=types, terms=terms)
    yield from _tell_members(federation)
    once = replace(federation, config=replace(config, probe_attempts=1))
    probed = probe_members(fleet, once, pace=pace)
    members = examine_members(probed, config=config, types=types)
    desired = read_desired(host, federation)
    check_found(host, desired)
    observed = read_members(desired, probed)
    clusters = {name: p.cluster for name, p in probed.items() if p.cluster is not None}
    options = ReschedulingOptions(Rescheduling.AUTO, now_text(), is_dry_run=True)
    rescheduled = reschedule(host, desired, observed, clusters=clusters, options=options)
    desired = rescheduled.desired
    return Examination(
        now_text(),
        config.kubefed_namespace,
        facts,
        members=members,
        federated=Federated(
            registrations=federation.registrations,
            types=federation.types,
            irregular=federation.findings,
            desired=desired,
            observed=observed,
            plan=plan_sync(desired, observed),
            doubts=tuple(_find_doubts(rescheduled.events)),
        ),
    )


def _find_doubts(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    """What is to be told of preferences: subject and sentence."""
    for event in events:
        if isinstance(event, Warned):
            subject, _, text = event.text.partition(": ")
            yield subject, text
        elif isinstance(event, Result) and event.verdict is Verdict.FAILED:
            yield str(event.subject), f"is not followed: {event.detail}"


def _tell_members(federation: Federation) -> Iterator[Event]:
    yield Step(f"looking at {counted(len(federation.looked_at), 'member cluster')}")
