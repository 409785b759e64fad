"""
A plan that is carried out beside others who write, on the sandbox and on real control planes.

The API servers must refuse what a fence sends, and what controllers write must refuse nothing. What
counts as moved is tested in tests/core, what becomes of it in tests/ops.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kubefedctl.cli.reviewing import read_plan
from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.core.narrowing import parse_request
from kubefedctl.errors import PartialFailure
from kubefedctl.model.actions import Strategies, Strategy, WritePolicy
from kubefedctl.model.events import Planned, Result
from kubefedctl.ops.reviewing import Reviewing
from kubefedctl.ops.sync import SyncOptions, sync
from tests.e2e.clusters import Clusters
from tests.e2e.federated import only, target_path
from tests.e2e.ground import Ground, stand_on

KINDS = ("ConfigMap", "Deployment", "Secret", "Service")


def _set_up(ground: Ground) -> None:
    """Everything is in step, then the host asks for something else."""
    ground.federate_namespace()
    for kind in KINDS:
        ground.federate(kind)
    ground.federate("ConfigMap", "going")
    ground.fleet.run("sync", "-n", ground.namespace)
    for kind in KINDS:
        ground.change(kind, {"template": {"metadata": {"labels": {"round": "2"}}}})
    ground.host.merge(ground.path("ConfigMap", "going"), {"spec": {"placement": _only_host()}})


def _only_host() -> dict[str, object]:
    return {**only("cluster1"), "clusterSelector": None}


def _write_statuses(ground: Ground, number: int) -> None:
    """Be the controllers of a member, which write all the time."""
    path = target_path("Deployment", "x", namespace=ground.namespace)
    patch = {"status": {"observedGeneration": 1, "replicas": number}}
    ground.member(number).merge(f"{path}/status", patch)


def _carry_out(ground: Ground, file: Path, strategy: Strategy) -> list[str]:
    """Carry the plan out, and let somebody write between the comparison and the writes."""
    options = SyncOptions(
        request=parse_request([], namespace=ground.namespace),
        writing=WritePolicy(Strategies(strategy)),
        review=Reviewing(plan=read_plan(str(file))),
    )
    results = []
    fleet = LiveFleet(str(ground.fleet.kubeconfig), "cluster1")
    with fleet, pytest.raises(PartialFailure):
        for event in sync(fleet, options):
            if isinstance(event, Planned):
                _write_statuses(ground, 2)
                ground.edit(0, "ConfigMap", {"data": {"theirs": "1"}})
                ground.edit(0, "Secret", {"stringData": {"theirs": "1"}})
                ground.edit(0, "ConfigMap", {"data": {"theirs": "1"}}, "going")
            elif isinstance(event, Result):
                reason = f": {event.reason}" if event.reason else ""
                results.append(f"{event.verdict} {event.subject.kind} in {event.cluster}{reason}")
    return sorted(results)


def carry_out_beside_others(ground: Ground, strategy: Strategy) -> None:
    """What moved is left as it is, whichever request would have hit it."""
    _set_up(ground)
    file = ground.fleet.folder / f"{ground.namespace}.json"
    flags = ("-n", ground.namespace, "--strategy", strategy.value)
    ground.fleet.run("sync", "--plan-out", str(file), *flags)
    _write_statuses(ground, 0)
    told = _carry_out(ground, file, strategy)
    assert [
        "deleted ConfigMap in cluster2",
        "failed ConfigMap in cluster0: DeletionFailed",
        "failed ConfigMap in cluster0: UpdateFailed",
        "failed Secret in cluster0: UpdateFailed",
        *(f"updated ConfigMap in cluster{n}" for n in (1, 2)),
        *(f"updated Deployment in cluster{n}" for n in (0, 1, 2)),
        *(f"updated Secret in cluster{n}" for n in (1, 2)),
        *(f"updated Service in cluster{n}" for n in (0, 1, 2)),
    ] == told
    found = ground.get(0, "ConfigMap")
    assert ("1", None) == (found["data"]["theirs"], found["metadata"]["labels"].get("round"))
    assert "1" == ground.get(0, "ConfigMap", "going")["data"]["theirs"]
    ground.fleet.run("sync", *flags)
    assert "2" == ground.get(0, "ConfigMap")["metadata"]["labels"]["round"]
    assert None is ground.get(0, "ConfigMap", "going")


@pytest.mark.twin
@pytest.mark.parametrize("strategy", list(Strategy), ids=str)
def test_plan_on_the_sandbox(strategy: Strategy, sandbox_federation: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        carry_out_beside_others(ground, strategy)


@pytest.mark.parametrize("strategy", list(Strategy), ids=str)
def test_plan_on_real_control_planes(strategy: Strategy, real_federation: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    with stand_on(real_federation) as ground:
        carry_out_beside_others(ground, strategy)
