"""
What is wrong with federated types: in the host's FederatedTypeConfigs, and in what members serve.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubefedctl.core.elapsing import seconds_between, spell_seconds
from kubefedctl.core.remedies import Shell
from kubefedctl.model.examinations import Examination, Federated
from kubefedctl.model.findings import Finding
from kubefedctl.model.objects import finalizers_of, key_of, text_at
from kubefedctl.model.refs import Resource
from kubefedctl.model.rules import (
    DELETION_STUCK,
    FEDERATED_TYPE_MISSING,
    TYPE_CONFIGURED_TWICE,
    TYPE_NOT_SERVED,
    TYPE_NOT_SYNCED,
    TYPE_UNREADABLE,
)
from kubefedctl.model.typeconfigs import Discovery, TypeConfig
from kubefedctl.model.wellknown import CRDS, TYPE_CONFIGS

STUCK_AFTER = 600.0
"""Seconds in deletion after which an object counts as stuck."""


def diagnose_types(
    examination: Examination, federated: Federated, shell: Shell
) -> Iterator[Finding]:
    """Yield what is wrong with the types that were looked at."""
    for type_config in federated.types:
        yield from _diagnose_config(examination, type_config, shell)
    yield from _find_doubles(federated, shell)
    yield from _find_unsynced(federated, shell)
    for name in sorted(examination.members):
        yield from _diagnose_member(name, examination, federated, shell)


def explain_stuck(source: object, *, now: str, holder: str = "nothing that can be seen") -> str:
    """
    Return since when an object is in deletion and what holds it; empty where it is not stuck.

    Args:
        source: The object.
        now: The time.
        holder: What holds it where no finalizer does.
    """
    since = text_at(source, "metadata", "deletionTimestamp")
    age = seconds_between(since, now)
    if age is None or age < STUCK_AFTER:
        return ""
    finalizers = finalizers_of(source) if isinstance(source, dict) else []
    held = ", ".join(map(str, finalizers)) or holder
    return f"is in deletion for {spell_seconds(age)}, held by {held}"


def serves(discovery: Discovery, resource: Resource) -> bool:
    """Return whether a cluster serves *resource* in that very version."""
    return bool(served_versions(discovery, resource) & {resource.version})


def served_versions(discovery: Discovery, resource: Resource) -> frozenset[str]:
    """Return the versions in which a cluster serves a type."""
    return frozenset(
        found.resource.version
        for found in discovery.resources
        if (found.resource.group, found.resource.plural) == (resource.group, resource.plural)
    )


def _diagnose_config(
    examination: Examination, type_config: TypeConfig, shell: Shell
) -> Iterator[Finding]:
    subject = str(TYPE_CONFIGS.subject(key_of(type_config.source)))
    host = examination.host
    stuck = explain_stuck(type_config.source, now=examination.now)
    if stuck:
        yield Finding(DELETION_STUCK, subject, stuck, shell.run("sync"))
    if type_config.is_propagated and not serves(host.discovery, type_config.federated):
        federated = type_config.federated
        text = f"the host does not serve {federated.qualified_name} in version {federated.version}"
        fix = shell.run("enable", type_config.name)
        yield Finding(FEDERATED_TYPE_MISSING, subject, text, fix)


def _find_doubles(federated: Federated, shell: Shell) -> Iterator[Finding]:
    """Type configs that share a target or a federated type."""
    seen: dict[tuple[str, str], str] = {}
    for type_config in federated.types:
        subject = str(TYPE_CONFIGS.subject(key_of(type_config.source)))
        places = {
            (found.group, found.plural): found.qualified_name
            for found in (type_config.target, type_config.federated)
        }
        for place, word in places.items():
            if place in seen and seen[place] != type_config.name:
                text = f"is about {word}, as the FederatedTypeConfig {seen[place]} is"
                fix = shell.run("disable", type_config.name)
                yield Finding(TYPE_CONFIGURED_TWICE, subject, text, fix)
                break
            seen.setdefault(place, type_config.name)


def _find_unsynced(federated: Federated, shell: Shell) -> Iterator[Finding]:
    by_name = {found.name: found for found in federated.types}
    for name, cause in sorted(federated.desired.failures.items()):
        subject = str(TYPE_CONFIGS.subject(key_of(by_name[name].source)))
        has_namespaces = "namespaces" in by_name
        fix = shell.ask_host("get", by_name[name].federated.qualified_name, "-A")
        if not has_namespaces:
            fix = shell.run("enable", "namespaces")
        yield Finding(TYPE_NOT_SYNCED, subject, f"is not synced: {cause}", fix)


def _diagnose_member(
    name: str, examination: Examination, federated: Federated, shell: Shell
) -> Iterator[Finding]:
    """What a member cannot do with the types that are propagated."""
    discovery = examination.members[name].discovery
    reading = federated.observed.get(name)
    failures = reading.failures if reading is not None else {}
    member = federated.registrations[name].source
    for type_config in federated.desired.types:
        target = type_config.target
        subject = f"{target.qualified_name} in cluster {name}"
        if discovery is not None and not serves(discovery, target):
            versions = ", ".join(sorted(served_versions(discovery, target)))
            served = f"it serves {versions} alone" if versions else "it does not know the type"
            text = f"version {target.version} is not served; {served}"
            fix = _bring_type(type_config, versions, examination, shell)
            yield Finding(TYPE_NOT_SERVED, subject, text, fix, name)
        elif type_config.name in failures:
            fix = shell.ask_member(member, "get", target.qualified_name, "-A")
            yield Finding(TYPE_UNREADABLE, subject, failures[type_config.name], fix, name)


def _bring_type(
    type_config: TypeConfig, versions: str, examination: Examination, shell: Shell
) -> str:
    """How a member comes to know a type: by its CRD, federated like anything else."""
    target = type_config.target
    crds = examination.host.crds or {}
    if versions or target.qualified_name not in crds:
        return shell.run("disable", type_config.name)
    words = ("federate", CRDS.qualified_name, target.qualified_name)
    steps = (("enable", CRDS.qualified_name), words, ("sync", CRDS.qualified_name))
    return " && ".join(shell.run(*step) for step in steps)
