"""
Two runs at once, and runs that are stopped: real processes, the lock in the host of a sandbox.

A sync is held in its middle by a member that leaves the creation of a namespace without an answer.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kubefedctl.sandbox.requests import RequestInfo
from tests.compat.originals import eventually
from tests.e2e.clusters import KNS, KUBEFEDCTL, Clusters
from tests.e2e.test_main_job import CORE, SHOP, TYPES, holders
from tests.e2e.test_trouble import error_of, sandbox_of

CONFIG = f"{CORE}/v1beta1/namespaces/{KNS}/kubefedconfigs/kubefed"
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{KNS}/leases/kubefedctl-sync"
FEDERATED_CONFIG_MAP = f"{TYPES}/namespaces/shop/federatedconfigmaps/cm"
MEMBERS = ("cluster0", "cluster1")
TERMS = {"leaseDuration": "5s", "renewDeadline": "4s", "retryPeriod": "1s"}
LOCK = ("kubefedctl-sync", "kubefed-controller-manager")


@pytest.fixture
def shop(sandbox_clusters: Clusters) -> Clusters:
    """Two members; a namespace with a ConfigMap is federated and not synced yet."""
    fleet = sandbox_clusters
    fleet.set_up(*MEMBERS)
    fleet.host.merge(CONFIG, {"spec": {"leaderElect": TERMS}})
    fleet.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    fleet.host.create(f"{SHOP}/configmaps", {"metadata": {"name": "cm"}, "data": {"k": "v"}})
    fleet.run("federate", "ns", "shop")
    fleet.run("federate", "configmap", "cm", "-n", "shop")
    return fleet


def _creates_namespace(info: RequestInfo) -> bool:
    return info.verb == "create" and info.plural == "namespaces"


@contextmanager
def syncing(fleet: Clusters) -> Iterator[subprocess.Popen[str]]:
    """Give a sync that has done all it can: cluster0 does not answer."""
    sandbox_of(fleet).clusters["cluster0"].faults.hang(_creates_namespace)
    with started(fleet) as child:
        eventually(lambda: is_labelled(fleet))
        yield child


def is_labelled(fleet: Clusters) -> bool:
    """Return whether the ConfigMap in the host, a member too, was adopted."""
    return bool(fleet.host.get(f"{SHOP}/configmaps/cm")["metadata"].get("labels"))


@contextmanager
def started(fleet: Clusters, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [str(KUBEFEDCTL), "sync", "--host-cluster-context", "cluster1", *arguments],
        env=dict(fleet.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def answer(fleet: Clusters) -> None:
    """Let cluster0 answer again."""
    sandbox_of(fleet).clusters["cluster0"].faults.clear()


def holder(fleet: Clusters) -> str:
    """Return who holds the Lease."""
    return str(fleet.host.get(LEASE)["spec"]["holderIdentity"])


def writes(fleet: Clusters) -> list[str]:
    """Return every write so far but for those of the lock."""
    clusters = sandbox_of(fleet).clusters.values()
    found = [record for cluster in clusters for record in cluster.audit.writes]
    return sorted(f"{record.verb} {record.path}" for record in found if record.name not in LOCK)


def status_of(fleet: Clusters, path: str = FEDERATED_CONFIG_MAP) -> dict[str, Any]:
    """Return the status of each cluster's entry of a federated object."""
    entries = fleet.host.get(path)["status"]["clusters"]
    return {entry["name"]: entry.get("status", "") for entry in entries}


def test_second_sync_is_refused_and_writes_nothing(shop: Clusters) -> None:
    """With `--lock fail` it ends with 6; the first one goes on and ends well."""
    with syncing(shop) as first:
        before = writes(shop)
        ran = shop.run("sync", "--lock", "fail", code=6)
        assert "error: the lock is taken: the sync kubefedctl-sync_" in error_of(ran.stderr)
        assert "hint: wait for it with --lock wait=5m" in ran.stderr
        assert before == writes(shop)
        answer(shop)
        first.communicate(timeout=60)
        assert 0 == first.returncode
    assert list(MEMBERS) == holders(shop, f"{SHOP}/configmaps/cm")


def test_second_sync_gets_its_turn(shop: Clusters) -> None:
    """It says at once on whom it waits, and then finds nothing left to do."""
    with syncing(shop) as first, started(shop, "--lock", "wait=2m") as second:
        assert second.stderr is not None
        warning = second.stderr.readline()
        assert "warning: waiting up to 120s for the lock: the sync kubefedctl-sync_" in warning
        answer(shop)
        first.communicate(timeout=60)
        out, _ = second.communicate(timeout=60)
        assert (0, 0) == (first.returncode, second.returncode)
    assert out.endswith("2 federated objects over 2 clusters, 0 changes made\n")
    assert "" == holder(shop)


def test_sync_that_is_terminated_ends_and_records_what_is_under_way(shop: Clusters) -> None:
    """The namespace in cluster0 is made, the ConfigMap in it not started; both statuses say so."""
    with syncing(shop) as child:
        child.send_signal(signal.SIGTERM)
        assert child.stderr is not None
        assert child.stderr.readline().startswith("stopping when what is under way has ended")
        answer(shop)
        out, err = child.communicate(timeout=60)
    assert 143 == child.returncode
    assert "error: stopped by SIGTERM; what was done by then is recorded\n" in err
    assert "created Namespace/shop in cluster cluster0\n" in out
    assert ["cluster1"] == holders(shop, f"{SHOP}/configmaps/cm")
    namespaces = status_of(shop, f"{TYPES}/namespaces/shop/federatednamespaces/shop")
    assert dict.fromkeys(MEMBERS, "") == namespaces
    assert {"cluster0": "CreationTimedOut", "cluster1": ""} == status_of(shop)
    assert "" == holder(shop)
    ran = shop.run("sync", "--lock", "fail")
    assert "created ConfigMap/shop/cm in cluster cluster0" in ran.lines
    assert "2 federated objects over 2 clusters, 1 change made" == ran.lines[-1]
    assert dict.fromkeys(MEMBERS, "") == status_of(shop)


def test_sync_that_is_interrupted_twice_ends_at_once(shop: Clusters) -> None:
    """The lock is given back, nothing is told, and the next run completes it."""
    with syncing(shop) as child:
        assert child.stderr is not None
        child.send_signal(signal.SIGINT)
        child.stderr.readline()
        child.send_signal(signal.SIGINT)
        # NB: cluster0 does not answer before the process has ended
        _, err = child.communicate(timeout=60)
        assert (130, "") == (child.returncode, err)
    assert "" == holder(shop)
    answer(shop)
    shop.run("sync", "--lock", "fail")
    assert list(MEMBERS) == holders(shop, f"{SHOP}/configmaps/cm")


@pytest.mark.parametrize(
    ("number", "code", "err"),
    [
        pytest.param(signal.SIGINT, 130, "", id="ctrl-c"),
        pytest.param(signal.SIGTERM, 143, "error: stopped by SIGTERM\n", id="sigterm"),
    ],
)
def test_sync_that_is_stopped_while_it_reads_ends_at_once(
    shop: Clusters, number: signal.Signals, code: int, err: str
) -> None:
    """A member hangs in its probe: nobody waits for it, and the lock is given back."""
    sandbox_of(shop).clusters["cluster0"].faults.hang()
    with started(shop) as child:
        eventually(lambda: shop.host.get(LEASE) and holder(shop))
        child.send_signal(number)
        _, told = child.communicate(timeout=60)
    assert (code, err) == (child.returncode, told)
    assert "" == holder(shop)


def test_sync_that_was_killed_is_followed_when_its_lock_has_run_out(shop: Clusters) -> None:
    """Its record stays, so one that does not wait is refused; one that waits completes the work."""
    with syncing(shop) as child:
        child.kill()
        child.communicate(timeout=60)
    answer(shop)
    assert holder(shop).startswith("kubefedctl-sync_")
    ran = shop.run("sync", "--lock", "fail", code=6)
    assert "a run that was killed loses the lock after 5s" in ran.stderr
    ran = shop.run("sync")
    assert ran.stderr.startswith("warning: waiting up to 60s for the lock: the sync kubefedctl-")
    assert list(MEMBERS) == holders(shop, f"{SHOP}/configmaps/cm")
    assert dict.fromkeys(MEMBERS, "") == status_of(shop)
    assert "" == holder(shop)
