"""Files to be synced to members in memory: no host, and one that fails every request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubefedctl.core.applysets import DEFAULT_PLACE, PARENT, make_id
from kubefedctl.core.assembling import Assembled, assemble
from kubefedctl.core.enabling import make_type_config as make_type_config_object
from kubefedctl.errors import KubefedctlError
from kubefedctl.model.events import Event
from kubefedctl.model.objects import MANAGED_LABEL, PART_OF_LABEL
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.ops.filereading import FileSyncOptions
from kubefedctl.ops.filesync import sync_files
from kubefedctl.ops.halting import Halt
from tests.core.makers import CONFIG_MAP, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import AT_ONCE, EVERYWHERE, WEB, place, served, told

ID = make_id(DEFAULT_PLACE)
LABELS = {MANAGED_LABEL: "true", PART_OF_LABEL: ID}


class NoHost(MemoryCluster):
    """A host that must not be asked for anything."""

    def _begin(self, act: str, subject: str, name: str) -> None:
        raise AssertionError(f"the host was asked: {act} {subject}")


def make_members(*names: str) -> MemoryFleet:
    """Return empty members, `c1` and `c2` if none are named, that serve the usual types."""
    members = {name: MemoryCluster(name) for name in names or ("c1", "c2")}
    for member in members.values():
        member.discovery = served(NAMESPACE, CONFIG_MAP)  # type: ignore[attr-defined]
    return MemoryFleet(NoHost("host"), members)


def federated(
    key: Key = WEB, *, target: Resource = CONFIG_MAP, spec: Object | None = None, **fields: Any
) -> Object:
    """Return a federated object as it stands in a file, placed everywhere."""
    resource = make_type_config(target).federated
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {**place(key), **fields},
        "spec": {"template": {}, "placement": EVERYWHERE, **(spec or {})},
    }


def federated_namespace(name: str = "shop", spec: Object | None = None) -> Object:
    """Return the FederatedNamespace of a file."""
    return federated(Key(name, name), target=NAMESPACE, spec=spec)


SHOP = (federated_namespace(), federated())
"""A namespace and a ConfigMap in it."""


def make_files(*objects: Object, clusters: Sequence[str] = ("c1", "c2")) -> Assembled:
    """Return what files with these objects describe."""
    return assemble(objects, clusters=clusters)


def run_files(
    fleet: MemoryFleet,
    *objects: Object,
    clusters: Sequence[str] = ("c1", "c2"),
    halt: Halt | None = None,
    **options: Any,
) -> tuple[list[Event], KubefedctlError | None]:
    """Sync files and return all events and what the run ended with."""
    given = FileSyncOptions(timeout=0.0, **options)
    files = make_files(*objects, clusters=clusters)
    return told(sync_files(fleet, files, given, pace=AT_ONCE, halt=halt))


def writes(fleet: MemoryFleet, *names: str) -> list[str]:
    """Return what was written in the members since, and forget it."""
    found = []
    for name in names or ("c1", "c2"):
        member = fleet.context(name)
        found += [f"{act} {subject} {name}" for act, subject in member.writes()]
        member.requests.clear()
    return found


def parent(member: MemoryCluster, key: Key = DEFAULT_PLACE) -> tuple[str, str] | None:
    """Return the types and namespaces of the set in a member; None where there is no parent."""
    found = member.find(PARENT, key)
    if found is None:
        return None
    annotations = found["metadata"]["annotations"]
    prefix = "applyset.kubernetes.io/"
    return (
        annotations[f"{prefix}contains-group-kinds"],
        annotations[f"{prefix}additional-namespaces"],
    )


def declare(target: Resource, **spec: Any) -> Object:
    """Return the FederatedTypeConfig of a file."""
    made = make_type_config_object(target)
    made["spec"].update(spec)
    return made
