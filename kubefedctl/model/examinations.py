"""
What `check` has looked at, before anything is made of it.

Laws:
1. What could not be read is None or has its cause in words; it never passes for empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubefedctl.model.actions import Plan
from kubefedctl.model.clusters import Expiry, Registration
from kubefedctl.model.locks import LockRecord
from kubefedctl.model.outcomes import Probe
from kubefedctl.model.readings import Desired, Observed
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.typeconfigs import Discovery, TypeConfig


@dataclass(frozen=True, slots=True)
class HostFacts:
    """
    What is known of the host.

    Args:
        name: What messages call it.
        server: URL of its API server, as the kubeconfig spells it.
        discovery: What it serves.
        version: Its Kubernetes version; empty where unknown.
        expiries: When what it is reached with ends.
        crds: Its CustomResourceDefinitions by name; None where they could not be read.
        forbidden: What the caller may not do of what a sync does, in words.
        lease: The lock between syncs.
        leader: KubeFed's own lock.
        manager: How many replicas of KubeFed's controller-manager are asked for.
        webhooks: KubeFed's webhooks that are registered while none of their Pods is ready, as type
            and name.
        terminating: Namespaces in deletion.
        unread: What could not be read, a sentence each.
    """

    name: str
    server: str
    discovery: Discovery
    version: str = ""
    expiries: tuple[Expiry, ...] = ()
    crds: Mapping[str, Object] | None = None
    forbidden: tuple[str, ...] = ()
    lease: LockRecord = field(default_factory=LockRecord)
    leader: LockRecord = field(default_factory=LockRecord)
    manager: int = 0
    webhooks: tuple[tuple[Resource, str], ...] = ()
    terminating: tuple[Object, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """
    What is known of a member.

    Args:
        probe: What it answered just now.
        discovery: What it serves; None where that is not known.
        expiries: When what it is reached with ends.
        forbidden: What its account may not do of what a sync does, in words.
        unread: What could not be read, a sentence each.
    """

    probe: Probe
    discovery: Discovery | None = None
    expiries: tuple[Expiry, ...] = ()
    forbidden: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Federated:
    """
    What the federation asks for, and what a sync would do about it.

    Args:
        registrations: Every KubeFedCluster, by name.
        types: Every FederatedTypeConfig.
        irregular: What the API server would refuse today, a sentence each.
        desired: What the host asks for.
        observed: What the members have.
        plan: What a sync would do.
        doubts: What is to be told of preferences, as subject and sentence.
    """

    registrations: Mapping[str, Registration]
    types: tuple[TypeConfig, ...]
    irregular: tuple[str, ...]
    desired: Desired
    observed: Observed
    plan: Plan
    doubts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """
    All that was looked at.

    Args:
        now: When, RFC 3339.
        kubefed_namespace: Where the host keeps KubeFed's own objects.
        host: The host.
        members: The members that were looked at, by name.
        federated: The federation; None where the host has none that can be read.
        unusable: Why not; empty where the host has nothing of KubeFed.
    """

    now: str
    kubefed_namespace: str
    host: HostFacts
    members: Mapping[str, MemberFacts] = field(default_factory=dict)
    federated: Federated | None = None
    unusable: str = ""
