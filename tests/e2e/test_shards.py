"""
Shards side by side, as processes of their own, on the sandbox and on real control planes.

The races of their locks are tested in tests/ops; here, that API servers take part as thought.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from kubefedctl.cluster.fleet import LiveFleet
from kubefedctl.model.locks import LockTerms
from kubefedctl.model.shards import Shard
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.locking import SyncLock, make_holder
from tests.e2e.clusters import KNS, Clusters
from tests.e2e.ground import ALL_WELL, Ground, Scenario, stand_on
from tests.e2e.test_locking import started

LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{KNS}/leases"
LEADER = f"/api/v1/namespaces/{KNS}/configmaps/kubefed-controller-manager"
TOTAL = 3


@contextmanager
def _holding(fleet: Clusters, shard: Shard | None) -> Iterator[SyncLock]:
    """Be a run that has its lock, in this process."""
    live = LiveFleet(str(fleet.kubeconfig), "cluster1")
    with live:
        lock = SyncLock(
            live.host, KNS, terms=LockTerms(), halt=Halt(), holder=make_holder(), shard=shard
        )
        for _ in lock.take(wait=0.0):
            pass
        lock.keep()
        try:
            yield lock
        finally:
            lock.release()


def _holder(fleet: Clusters, name: str = "kubefedctl-sync") -> str:
    return str(fleet.host.get(f"{LEASES}/{name}")["spec"].get("holderIdentity", ""))


def shards_run_at_once_and_do_it_all(ground: Ground) -> None:
    """All of them succeed, whoever is first; a whole sync then finds nothing to do."""
    ground.federate_namespace()
    for number in range(4):
        ground.federate("ConfigMap", f"x-{number}")
    ground.federate("ClusterRole", ground.namespace)
    with ExitStack() as stack:
        children = [
            stack.enter_context(started(ground.fleet, "--shard", f"{number}/{TOTAL}"))
            for number in range(1, TOTAL + 1)
        ]
        ends = [child.communicate(timeout=120) for child in children]
    assert [0] * TOTAL == [child.returncode for child in children], ends
    for number in range(4):
        assert ALL_WELL == ground.told("ConfigMap", f"x-{number}")
    assert [0, 1, 2] == ground.holders("ClusterRole", ground.namespace)
    # NB: the last one gave back what they shared, so nobody waits
    assert "0 changes made" in ground.fleet.run("sync", "--lock", "fail").lines[-1]


def shards_exclude_whom_they_must(ground: Ground) -> None:
    """Another shard alone may run beside one; the records say so to KubeFed, too."""
    fleet = ground.fleet
    with _holding(fleet, Shard(1, 2)) as lock:
        assert "kubefedctl-sync_shards-of-2" == _holder(fleet)
        record = fleet.host.get(LEADER)["metadata"]["annotations"]
        assert (
            '"holderIdentity":"kubefedctl-sync_shards-of-2"'
            in (record["control-plane.alpha.kubernetes.io/leader"])
        )
        fleet.run("sync", "--shard", "2/2", "--lock", "fail")
        for other in (["--shard", "1/2"], ["--shard", "2/3"], []):
            ran = fleet.run("sync", *other, "--lock", "fail", code=6)
            assert "is taken: " in ran.stderr
        assert lock.renew()
        lock.check()
    assert ["", ""] == [_holder(fleet), _holder(fleet, "kubefedctl-sync-1-of-2")]
    with _holding(fleet, None):
        ran = fleet.run("sync", "--shard", "1/2", "--lock", "fail", code=6)
        assert "the lock is taken: the sync kubefedctl-sync_" in ran.stderr
    fleet.run("sync", "--shard", "1/2", "--lock", "fail")


SCENARIOS = [shards_run_at_once_and_do_it_all, shards_exclude_whom_they_must]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_shards_on_the_sandbox(scenario: Scenario, sandbox_federation: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        scenario(ground)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_shards_on_real_control_planes(scenario: Scenario, real_federation: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    with stand_on(real_federation) as ground:
        scenario(ground)
