"""
What is wrong with members: their registration, whether they answer, what their account may do.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubefedctl.core.credentials import TOKEN_EXPIRES_ANNOTATION
from kubefedctl.core.diagnosing_host import find_endings, find_unserved, parse_version
from kubefedctl.core.diagnosing_types import explain_stuck
from kubefedctl.core.draining import draining_of
from kubefedctl.core.elapsing import seconds_between
from kubefedctl.core.endpoints import explain_loopback
from kubefedctl.core.remedies import Shell
from kubefedctl.model.clusters import Registration, is_ready
from kubefedctl.model.examinations import Examination, Federated, MemberFacts
from kubefedctl.model.findings import Finding, Rule
from kubefedctl.model.objects import annotations_of, list_at, text_at
from kubefedctl.model.outcomes import ProbeKind
from kubefedctl.model.refs import Key
from kubefedctl.model.rules import (
    CLUSTER_DRAINING,
    CLUSTER_JOINED_TWICE,
    CLUSTER_STATUS_STALE,
    CLUSTER_UNHEALTHY,
    CLUSTER_UNREACHABLE,
    CLUSTER_UNUSABLE,
    DELETION_STUCK,
    LOOPBACK_ENDPOINT,
    MEMBER_FORBIDS,
    MEMBER_OLD,
    NOT_CHECKED,
    TLS_UNCHECKED,
    VERSION_SKEW,
)
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS

_OLDEST_WITH_APPLY = (1, 22)
_MOST_SKEW = 3
_SILENT: dict[ProbeKind, tuple[Rule, str]] = {
    ProbeKind.MALFORMED: (CLUSTER_UNUSABLE, "cannot be used"),
    ProbeKind.UNREACHABLE: (CLUSTER_UNREACHABLE, "does not answer"),
    ProbeKind.NOT_OK: (CLUSTER_UNHEALTHY, "is not healthy"),
}


def diagnose_members(
    examination: Examination, federated: Federated, shell: Shell
) -> Iterator[Finding]:
    """Yield what is wrong with the members that were looked at."""
    for name, facts in sorted(examination.members.items()):
        registration = federated.registrations[name]
        yield from _diagnose_probe(registration, facts, shell)
        yield from _diagnose_registration(examination, registration, shell)
        yield from _diagnose_versions(examination, registration, facts, shell)
        yield from _diagnose_account(examination, registration, facts, shell)
    yield from _find_twins(examination, federated, shell)


def _diagnose_probe(
    registration: Registration, facts: MemberFacts, shell: Shell
) -> Iterator[Finding]:
    name, source = registration.name, registration.source
    conditions = list_at(source, "status", "conditions")
    since = text_at(conditions[0], "lastTransitionTime") if conditions else ""
    recorded = f"; recorded as not ready since {since}" if since and not is_ready(source) else ""
    subject = f"cluster {name}"
    if facts.probe.kind in _SILENT:
        rule, words = _SILENT[facts.probe.kind]
        cause = f": {facts.probe.message}" if facts.probe.message else ""
        if rule is CLUSTER_UNREACHABLE:
            words = f"{words} at {registration.api_endpoint}"
        fix = shell.ask_member(source, "get", "--raw", "/healthz")
        if rule is CLUSTER_UNUSABLE:
            fix = shell.join_again(source)
        yield Finding(rule, subject, f"{words}{cause}{recorded}", fix, name)
    elif recorded:
        fix = shell.run("sync", "--cluster", name)
        yield Finding(CLUSTER_STATUS_STALE, subject, f"answers well{recorded}", fix, name)


def _diagnose_registration(
    examination: Examination, registration: Registration, shell: Shell
) -> Iterator[Finding]:
    name, source = registration.name, registration.source
    subject = f"cluster {name}"
    endpoint, host = registration.api_endpoint, examination.host.server
    if explain_loopback(endpoint, host, cluster=name):
        text = f"its API endpoint {endpoint} is a loopback address"
        fix = shell.join_again(source, api_endpoint="https://HOST:6443")
        yield Finding(LOOPBACK_ENDPOINT, subject, text, fix, name)
    disabled = registration.disabled_tls_validations
    if disabled:
        text = f"spec.disabledTLSValidations is {', '.join(disabled)}"
        fix = shell.ask_host("edit", "kubefedcluster", name, "-n", examination.kubefed_namespace)
        yield Finding(TLS_UNCHECKED, subject, text, fix, name)
    stuck = explain_stuck(source, now=examination.now)
    if stuck:
        record = str(KUBEFED_CLUSTERS.subject(Key(examination.kubefed_namespace, name)))
        yield Finding(DELETION_STUCK, record, stuck, shell.run("unjoin", name), name)
    draining = draining_of(registration.labels)
    if draining is not None:
        text = f"is being drained ({draining.value})"
        yield Finding(CLUSTER_DRAINING, subject, text, shell.run("undrain", name), name)


def _diagnose_versions(
    examination: Examination, registration: Registration, facts: MemberFacts, shell: Shell
) -> Iterator[Finding]:
    name, subject = registration.name, f"cluster {registration.name}"
    fix = shell.ask_member(registration.source, "version")
    own, host = (
        parse_version(facts.probe.kubernetes_version),
        parse_version(examination.host.version),
    )
    if own is None:
        return
    if own < _OLDEST_WITH_APPLY:
        text = f"its version is {facts.probe.kubernetes_version}"
        fix = shell.run("sync", "--cluster", name, "--strategy", "replace")
        yield Finding(MEMBER_OLD, subject, text, fix, name)
    if host is not None and own[0] == host[0] and abs(own[1] - host[1]) > _MOST_SKEW:
        versions = f"{facts.probe.kubernetes_version}, the host's {examination.host.version}"
        text = f"its version is {versions}"
        yield Finding(VERSION_SKEW, subject, text, fix, name)


def _diagnose_account(
    examination: Examination, registration: Registration, facts: MemberFacts, shell: Shell
) -> Iterator[Finding]:
    name, source = registration.name, registration.source
    subject = f"cluster {name}"
    if facts.forbidden:
        text = f"its account may not {'; '.join(facts.forbidden)}"
        yield Finding(MEMBER_FORBIDS, subject, text, shell.join_again(source), name)
    yield from find_endings(
        facts.expiries,
        now=examination.now,
        subject=subject,
        server=registration.api_endpoint,
        fix=_renew_token(registration, examination.now, shell),
        cluster=name,
    )
    if facts.discovery is not None:
        fix = shell.ask_member(source, "get", "apiservices")
        yield from find_unserved(facts.discovery.failures, subject=subject, fix=fix, cluster=name)
    for text in facts.unread:
        fix = shell.ask_member(source, "auth", "can-i", "--list")
        yield Finding(NOT_CHECKED, subject, text, fix, name)


def _renew_token(registration: Registration, now: str, shell: Shell) -> str:
    """A sync renews a token that was recorded to end, for as long as it has not."""
    source = registration.source
    ends = str(annotations_of(source).get(TOKEN_EXPIRES_ANNOTATION, ""))
    left = seconds_between(now, ends)
    if left is not None and left > 0:
        return shell.run("sync", "--cluster", registration.name)
    return shell.join_again(source)


def _find_twins(examination: Examination, federated: Federated, shell: Shell) -> Iterator[Finding]:
    by_endpoint: dict[str, list[str]] = {}
    for name, registration in sorted(federated.registrations.items()):
        by_endpoint.setdefault(registration.api_endpoint.rstrip("/"), []).append(name)
    for endpoint, (first, *others) in by_endpoint.items():
        for name in others if endpoint else ():
            if {first, name} & examination.members.keys():
                text = f"has the API endpoint of cluster {first}, {endpoint}"
                fix = shell.run("unjoin", name)
                yield Finding(CLUSTER_JOINED_TWICE, f"cluster {name}", text, fix, name)
