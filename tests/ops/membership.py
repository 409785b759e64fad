"""A host and a member that can be joined to it."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from kubefedctl.core.joining import JoinNames
from kubefedctl.errors import (
    KubefedctlError,
)
from kubefedctl.model.events import Event
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    SECRETS,
)
from kubefedctl.ops.join import JoinOptions, join
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import AT_ONCE, KNS, issue_token, make_host, told

NAMES = JoinNames("c1", "host")
ACCOUNT = f"{KNS}/c1-host"
ROLE = "kubefed-controller-manager:c1-host"
CLUSTER_KEY = Key(KNS, "c1")
OPTIONS = JoinOptions("c1", host_cluster_context="host")
AGAIN = replace(OPTIONS, error_on_existing=False)
JWT = base64.b64encode(b"jwt").decode()


def run_join(
    fleet: MemoryFleet, options: JoinOptions = OPTIONS
) -> tuple[list[Event], KubefedctlError | None]:
    return told(join(fleet, options, pace=AT_ONCE))


def make_pair(**config: Any) -> tuple[MemoryFleet, MemoryCluster, MemoryCluster]:
    host, member = make_host(members=(), spec=config), MemoryCluster("c1")
    member.react_to(SECRETS, issue_token)
    return MemoryFleet(host, {"c1": member}), host, member


def registration_of(host: MemoryCluster) -> Object:
    found = host.find(KUBEFED_CLUSTERS, CLUSTER_KEY)
    assert found is not None
    return found


def secret_of(host: MemoryCluster) -> Object:
    name = registration_of(host)["spec"]["secretRef"]["name"]
    found = host.find(SECRETS, Key(KNS, name))
    assert found is not None
    return found
