"""
What is wrong with the host: its control plane, locks, permissions, credentials.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.elapsing import DAY, seconds_between, spell_seconds
from kubefedctl.core.installing import make_default_crds, update_object
from kubefedctl.core.remedies import Shell
from kubefedctl.model.clusters import Expiry
from kubefedctl.model.examinations import Examination, HostFacts
from kubefedctl.model.findings import Finding
from kubefedctl.model.locks import LEADER_NAME, LEASE_NAME, LockRecord
from kubefedctl.model.objects import KUBEFED_CONFIG_NAME, name_of
from kubefedctl.model.refs import Key
from kubefedctl.model.rules import (
    CONTROL_PLANE_IRREGULAR,
    CONTROL_PLANE_OUTDATED,
    CONTROL_PLANE_UNUSABLE,
    CONTROLLER_MANAGER_RUNS,
    CREDENTIAL_ENDED,
    CREDENTIAL_ENDS_SOON,
    DISCOVERY_INCOMPLETE,
    HOST_FORBIDS,
    HOST_OLD,
    LOCK_LEFT_BEHIND,
    NO_CLUSTERS,
    NO_CONTROL_PLANE,
    NOT_CHECKED,
    WEBHOOK_DEAD,
)
from kubefedctl.model.wellknown import CRDS, KUBEFED_CONFIGS, LEASES, TYPE_CONFIGS

_OLDEST_WITH_RULES = (1, 25)
_LOCK_IS_OLD = 600.0
_TOKEN_SOON = 7 * DAY
_CERTIFICATE_SOON = 30 * DAY


def diagnose_host(examination: Examination, shell: Shell) -> Iterator[Finding]:
    """Yield what is wrong with the host."""
    host = examination.host
    subject = f"cluster {host.name}"
    yield from _diagnose_control_plane(examination, shell)
    if host.forbidden:
        text = f"you may not {'; '.join(host.forbidden)}"
        fix = shell.ask_host("auth", "can-i", "--list", "-n", examination.kubefed_namespace)
        yield Finding(HOST_FORBIDS, subject, text, fix)
    if (version := parse_version(host.version)) and version < _OLDEST_WITH_RULES:
        yield Finding(
            HOST_OLD, subject, f"its version is {host.version}", shell.ask_host("version")
        )
    yield from _diagnose_locks(examination, shell)
    for resource, name in host.webhooks:
        fix = shell.ask_host("delete", resource.qualified_name, name)
        text = "is registered, and no Pod of KubeFed's admission webhook is ready"
        yield Finding(WEBHOOK_DEAD, str(resource.subject(Key("", name))), text, fix)
    yield from find_endings(
        host.expiries,
        now=examination.now,
        subject=subject,
        server=host.server,
        fix=shell.ask_host("config", "view", "--minify"),
    )
    yield from find_unserved(
        host.discovery.failures, subject=subject, fix=shell.ask_host("get", "apiservices")
    )
    for text in host.unread:
        fix = shell.ask_host("auth", "can-i", "--list", "-n", examination.kubefed_namespace)
        yield Finding(NOT_CHECKED, subject, text, fix)


def parse_version(text: str) -> tuple[int, int] | None:
    """
    Return major and minor of a `gitVersion`; None for what is none.

    >>> parse_version("v1.33.0-eks-1"), parse_version("")
    ((1, 33), None)
    """
    parts = text.removeprefix("v").split(".")
    if len(parts) < 2 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return None
    return int(parts[0]), int(parts[1])


def find_endings(
    expiries: Iterable[Expiry], *, now: str, subject: str, server: str, fix: str, cluster: str = ""
) -> Iterator[Finding]:
    """
    Yield what has ended of that which a cluster is reached with, or ends soon.

    Args:
        expiries: What ends and when.
        now: The time.
        subject: The cluster as messages name it.
        server: URL of its API server.
        fix: What renews all but the server's own certificate.
        cluster: The member's name; empty for the host.
    """
    for found in expiries:
        left = seconds_between(now, found.ends)
        if left is None:
            continue
        if found.what == "server certificate":
            fix = _show_certificate(server)
        if left <= 0:
            text = f"the {found.what} has ended {spell_seconds(left)} ago, at {found.ends}"
            yield Finding(CREDENTIAL_ENDED, subject, text, fix, cluster)
        elif left < (_TOKEN_SOON if found.what == "token" else _CERTIFICATE_SOON):
            text = f"the {found.what} ends in {spell_seconds(left)}, at {found.ends}"
            yield Finding(CREDENTIAL_ENDS_SOON, subject, text, fix, cluster)


def find_unserved(
    failures: Iterable[str], *, subject: str, fix: str, cluster: str = ""
) -> Iterator[Finding]:
    """Yield the parts of an API that do not answer."""
    for failure in failures:
        yield Finding(DISCOVERY_INCOMPLETE, subject, f"does not serve {failure}", fix, cluster)


def _diagnose_control_plane(examination: Examination, shell: Shell) -> Iterator[Finding]:
    host, federated = examination.host, examination.federated
    subject = f"cluster {host.name}"
    if federated is None and not examination.unusable:
        text = f"does not serve KubeFed's API {KUBEFED_CONFIGS.api_version}"
        yield Finding(NO_CONTROL_PLANE, subject, text, shell.run("init"))
        return
    if examination.unusable:
        fix = _mend_control_plane(examination.unusable, examination.kubefed_namespace, shell)
        yield Finding(CONTROL_PLANE_UNUSABLE, subject, examination.unusable, fix)
    yield from _diagnose_definitions(host, shell)
    if federated is None:
        return
    config = Key(examination.kubefed_namespace, KUBEFED_CONFIG_NAME)
    for sentence in federated.irregular:
        about, _, text = sentence.partition(": ")
        if not text:
            about, text = str(KUBEFED_CONFIGS.subject(config)), sentence
            yield Finding(CONTROL_PLANE_IRREGULAR, about, text, shell.run("init"))
            continue
        kind, *_, name = about.split("/")
        fix = shell.ask_host("edit", kind.lower(), name, "-n", examination.kubefed_namespace)
        yield Finding(CONTROL_PLANE_IRREGULAR, about, text, fix)
    if not federated.registrations:
        fix = shell.run("join", "CLUSTER_NAME")
        yield Finding(NO_CLUSTERS, subject, "no member cluster is joined", fix)


def _diagnose_definitions(host: HostFacts, shell: Shell) -> Iterator[Finding]:
    """What `init` would bring up to date among the CRDs that it knows."""
    if host.crds is None:
        return
    core = {name_of(wanted) for wanted in make_core_crds()}
    for wanted in (*make_core_crds(), *make_default_crds()):
        existing = host.crds.get(name_of(wanted))
        subject = str(CRDS.subject(Key("", name_of(wanted))))
        if existing is None:
            if name_of(wanted) in core:
                yield Finding(CONTROL_PLANE_OUTDATED, subject, "is missing", shell.run("init"))
        elif update_object(existing, wanted) is not None:
            text = "is not as this version of kubefedctl makes it"
            yield Finding(CONTROL_PLANE_OUTDATED, subject, text, shell.run("init"))


def _diagnose_locks(examination: Examination, shell: Shell) -> Iterator[Finding]:
    host, namespace = examination.host, examination.kubefed_namespace
    deployment = f"Deployment/{namespace}/{LEADER_NAME}"
    if host.manager:
        text = f"{host.manager} replicas of KubeFed's controller-manager are asked for"
        fix = shell.ask_host("scale", "deployment", LEADER_NAME, "-n", namespace, "--replicas", "0")
        yield Finding(CONTROLLER_MANAGER_RUNS, deployment, text, fix)
    elif _is_held(host.leader, examination.now) and not host.leader.is_of_a_sync:
        text = f"{host.leader.holder} has renewed KubeFed's lock at {host.leader.renewed}"
        fix = shell.ask_host("get", "pods", "-A", "-l", "kubefed-control-plane=controller-manager")
        yield Finding(CONTROLLER_MANAGER_RUNS, deployment, text, fix)
    if host.lease.holder and not _is_held(host.lease, examination.now):
        age = seconds_between(host.lease.renewed, examination.now)
        ago = f"{spell_seconds(age)} ago" if age is not None else "at a time that is none"
        text = f"{host.lease.holder} holds the lock and has renewed it {ago}"
        subject = str(LEASES.subject(Key(namespace, LEASE_NAME)))
        fix = shell.ask_host("delete", LEASES.qualified_name, LEASE_NAME, "-n", namespace)
        yield Finding(LOCK_LEFT_BEHIND, subject, text, fix)


def _is_held(record: LockRecord, now: str) -> bool:
    """Whether somebody renews a lock, as far as clocks can tell."""
    age = seconds_between(record.renewed, now)
    return bool(record.holder) and age is not None and age < _LOCK_IS_OLD


def _show_certificate(server: str) -> str:
    """The command that shows a server's certificate; only its own administrators renew it."""
    parts = urlsplit(server if "://" in server else f"https://{server}")
    address = parts.netloc if ":" in parts.netloc.rpartition("]")[2] else f"{parts.netloc}:443"
    connect = shlex.join(["openssl", "s_client", "-connect", address])
    return f"{connect} </dev/null | openssl x509 -noout -subject -dates"


def _mend_control_plane(problem: str, namespace: str, shell: Shell) -> str:
    """The command for a control plane that cannot be used, by the object that is the cause."""
    kind, _, rest = problem.partition(" ")
    name = rest.partition(":")[0]
    if kind == KUBEFED_CONFIGS.kind:
        return shell.edit(KUBEFED_CONFIGS, Key(namespace, name))
    if kind == TYPE_CONFIGS.kind:
        return shell.run("enable", name)
    if kind == "cannot":
        return shell.ask_host("auth", "can-i", "--list", "-n", namespace)
    return shell.run("init")
