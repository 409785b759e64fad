"""
The leader lock between the original controller-manager and a sync: never both at once.

Skipped where `KUBEFED_ASSETS` names no folder with the original programs.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.compat.originals import Original, eventually, find_originals
from tests.e2e.clusters import KNS, KUBEFEDCTL, Clusters

FOLDER = find_originals(os.environ)
if FOLDER is None:
    pytest.skip(
        "KUBEFED_ASSETS names no folder with the original programs", allow_module_level=True
    )
pytestmark = pytest.mark.real(clusters=2)
RECORD = f"/api/v1/namespaces/{KNS}/configmaps/kubefed-controller-manager"
NOTE = "control-plane.alpha.kubernetes.io/leader"
SHOP = "/api/v1/namespaces/shop"
FIELDS = ["holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime", "leaderTransitions"]


@pytest.fixture
def fleet(real_fleet: Clusters) -> Clusters:
    """cluster1, the host and a member, and a namespace that is not federated yet."""
    real_fleet.set_up("cluster1")
    real_fleet.host.create("/api/v1/namespaces", {"metadata": {"name": "shop"}})
    return real_fleet


@pytest.fixture
def original(fleet: Clusters) -> Original:
    """The original programs on the same fleet."""
    assert FOLDER is not None  # or the module was skipped
    return Original(FOLDER, fleet)


def record(fleet: Clusters) -> dict[str, Any]:
    """Return the leader record; empty where there is none."""
    found = fleet.host.get(RECORD)
    note = (found or {"metadata": {}})["metadata"].get("annotations", {}).get(NOTE)
    return json.loads(note) if note else {}


def leader(fleet: Clusters) -> str:
    """Return who leads; empty for nobody."""
    return str(record(fleet).get("holderIdentity", ""))


def test_sync_is_refused_while_a_controller_manager_leads(
    fleet: Clusters, original: Original
) -> None:
    """And gets the lock when that one has ended and its record has stood for fifteen seconds."""
    with original.controllers():
        name = eventually(lambda: leader(fleet))
        ran = fleet.run("sync", "--lock", "fail", code=6)
        assert f"error: the lock is taken: KubeFed's controller-manager {name} holds" in ran.stderr
        assert f"-n {KNS} --replicas=0`" in ran.stderr
        assert name == leader(fleet)
    theirs = record(fleet)
    assert name == theirs["holderIdentity"]
    ran = fleet.run("sync")
    assert f"waiting up to 60s for the lock: KubeFed's controller-manager {name}" in ran.stderr
    ours = record(fleet)
    assert ("", theirs["leaderTransitions"] + 1) == (
        ours["holderIdentity"],
        ours["leaderTransitions"],
    )
    assert FIELDS == list(theirs) == list(ours)


def test_controller_manager_does_not_lead_while_a_sync_holds_the_lock(
    fleet: Clusters, original: Original
) -> None:
    """It waits, longer than a lease lasts, and leads as soon as the sync has ended."""
    held = {"metadata": {"name": "held", "finalizers": ["example.com/held"]}}
    fleet.host.create(f"{SHOP}/configmaps", held)
    fleet.run("federate", "ns", "shop")
    fleet.run("federate", "configmap", "held", "-n", "shop")
    fleet.run("sync")
    path = "/apis/types.kubefed.io/v1beta1/namespaces/shop/federatedconfigmaps/held"
    fleet.host.delete(path)
    command = [str(KUBEFEDCTL), "sync", "--host-cluster-context", "cluster1", "--timeout", "25s"]
    # NB: the finalizer lets it wait for the removal until its time is over
    with subprocess.Popen(command, env=dict(fleet.env), stderr=subprocess.DEVNULL) as child:
        ours = eventually(lambda: leader(fleet))
        assert ours.startswith("kubefedctl-sync_")
        with original.controllers():
            seen = set()
            while child.poll() is None:
                seen.add(leader(fleet))
            assert 7 == child.returncode
            assert ours in seen
            after = eventually(lambda: leader(fleet))
            assert not after.startswith("kubefedctl-sync_")
            assert seen <= {ours, "", after}
