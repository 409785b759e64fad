"""Tests of the fence: it refuses writes, and hands on everything else unchanged."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from kubefedctl.cluster.port import Cluster
from kubefedctl.errors import RefusedError
from kubefedctl.ops.fencing import FencedCluster, FencedFleet
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.actions import make_draft
from tests.ops.stage import WEB

WRITES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "create": ((CONFIG_MAP, make_draft()), {"dry_run": True}),
    "update": ((CONFIG_MAP, make_draft()), {"subresource": "status", "dry_run": True}),
    "patch": ((CONFIG_MAP, WEB), {"body": {}, "subresource": "status", "force": True}),
    "delete": ((CONFIG_MAP, WEB), {"options": {}, "dry_run": True}),
}
READS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "expiries": ((), {}),
    "discover": ((), {"fresh": True}),
    "read": (("/healthz",), {"timeout": 1.0}),
    "list": ((CONFIG_MAP,), {"namespace": "a", "label_selector": "b", "metadata_only": True}),
    "tabulate": ((CONFIG_MAP,), {"namespace": "a", "label_selector": "b", "field_selector": "c"}),
    "get": ((CONFIG_MAP, WEB), {"subresource": "status"}),
    "watch": ((CONFIG_MAP,), {"namespace": "a", "resource_version": "1", "timeout": 1.0}),
    "close": ((), {}),
}


class Recorder:
    """Notes what it was asked."""

    name, endpoint = "c1", "https://c1.example"

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def note(*args: Any, **named: Any) -> str:
            self.asked.append((method, args, named))
            return f"answer to {method}"

        return note


def _refuse() -> None:
    raise RefusedError("the lock was lost")


def _allow() -> None:
    """Let it pass."""


def test_port_has_no_other_methods() -> None:
    """A method that is added there must be sorted here into those that write or read."""
    methods = {n for n, f in vars(Cluster).items() if inspect.isfunction(f) and n[0] != "_"}
    assert methods == {*WRITES, *READS}


@pytest.mark.parametrize("method", WRITES)
def test_closed_fence_lets_no_write_pass(method: str) -> None:
    """Not even one that only checks."""
    args, named = WRITES[method]
    behind = Recorder()
    fenced: Any = FencedCluster(behind, _refuse)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="the lock was lost"):
        getattr(fenced, method)(*args, **named)
    assert [] == behind.asked


@pytest.mark.parametrize(
    ("method", "guard"),
    [*[(found, _refuse) for found in READS], *[(found, _allow) for found in WRITES]],
)
def test_fence_hands_on_what_may_pass(method: str, guard: Any) -> None:
    """Every argument arrives, and the answer comes back."""
    args, named = {**READS, **WRITES}[method]
    behind = Recorder()
    fenced: Any = FencedCluster(behind, guard)  # type: ignore[arg-type]
    answer = getattr(fenced, method)(*args, **named)
    ((asked, given, passed),) = behind.asked
    assert (method, args) == (asked, given)
    assert named == {name: passed[name] for name in named}
    assert (None if method == "close" else f"answer to {method}") == answer


def test_fence_has_the_name_and_place_of_its_cluster() -> None:
    """Messages name the cluster as ever."""
    cluster = MemoryCluster("c1")
    fenced = FencedCluster(cluster, _refuse)
    assert (cluster.name, cluster.endpoint) == (fenced.name, fenced.endpoint)


def test_fenced_fleet_has_a_fence_before_every_cluster() -> None:
    """Host, contexts and members."""
    fleet = FencedFleet(MemoryFleet(MemoryCluster("host"), {"c1": MemoryCluster()}), _refuse)
    access: Any = type("Access", (), {"registration": type("R", (), {"name": "c1"})})
    for cluster in (fleet.host, fleet.context("c1"), fleet.connect(access)):
        with pytest.raises(RefusedError):
            cluster.create(CONFIG_MAP, make_draft())
