"""
A sync that waits, with the installed program: on sandboxes whose nodes have room or not, and on
real control planes, where nobody looks after Deployments.
"""

from __future__ import annotations

import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import jsonschema

from kubefedctl.model.refs import Object
from tests.cli.test_reporting import SCHEMA
from tests.controlplanes.waiting import await_true
from tests.e2e.clusters import KUBEFEDCTL, Clusters
from tests.e2e.test_main_job import DEPLOYMENTS, FEDERATED_DEPLOYMENT, federate_shop
from tests.e2e.test_trouble import sandbox_of

NO_ROOM = {"metadata": {"name": "n1"}, "status": {"allocatable": {"pods": "0"}}}
ROOM = {"metadata": {"name": "n2"}, "status": {"allocatable": {"pods": "9"}}}


def test_sandbox_wait_ends_when_pods_run_and_else_names_what_is_late(
    sandbox_clusters: Clusters,
) -> None:
    """Without a node for its Pods a Deployment is late in one cluster; with one it is ready."""
    fleet = sandbox_clusters
    fleet.set_up("cluster0", "cluster2")
    full = sandbox_of(fleet).clusters["cluster2"]
    full.create("nodes", NO_ROOM)
    federate_shop(fleet)
    ran = fleet.run("sync", "--wait", "--timeout", "3s", "-o", "json", code=7)
    report = json.loads(ran.stdout)
    jsonschema.validate(report, SCHEMA)
    states = {found["cluster"]: found["state"] for found in report["waited"]}
    assert {"cluster2": "InProgress"} == states
    assert "error: 1 object not ready after 3s" in ran.stderr
    assert "waiting Deployment/shop/web in cluster cluster2: not ready: 0 of " in ran.stderr
    full.create("nodes", ROOM)
    assert fleet.run("sync", "--wait", "--timeout", "60s").lines[-1].endswith("0 changes made")


def test_real_wait_sees_what_a_controller_writes_meanwhile(real_fleet: Clusters) -> None:
    """Nobody looks after the Deployment: exit code 7; then the test does, while a sync waits."""
    fleet = real_fleet
    fleet.set_up("cluster0")
    federate_shop(fleet)
    late = fleet.run("sync", "--wait=current", "--timeout", "1s", code=7)
    assert "waiting Deployment/shop/web in cluster cluster0: not ready: 0 of " in late.stdout
    fleet.host.merge(FEDERATED_DEPLOYMENT, {"spec": {"template": {"spec": {"replicas": 2}}}})
    member, web = fleet.api("cluster0"), f"{DEPLOYMENTS}/web"
    with ThreadPoolExecutor() as beside:
        waiting = beside.submit(fleet.run, "sync", "--wait", "--timeout", "60s", "-o", "json")
        await_true(lambda: member.get(web)["spec"]["replicas"] == 2, seconds=60)
        generation = member.get(web)["metadata"]["generation"]
        member.merge(f"{web}/status", {"status": _ready_status(generation, replicas=2)})
        report = json.loads(waiting.result().stdout)
    states = {found["cluster"]: found["state"] for found in report["waited"]}
    assert {"cluster0": "Current"} == states


def _ready_status(generation: int, *, replicas: int) -> Object:
    rolled_out = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    counts = ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    return {
        **dict.fromkeys(counts, replicas),
        "observedGeneration": generation,
        "conditions": [rolled_out, {"type": "Available", "status": "True"}],
    }


def test_sandbox_status_is_watched_until_ctrl_c(sandbox_clusters: Clusters) -> None:
    """A line for each change, and exit code 130."""
    fleet = sandbox_clusters
    fleet.set_up("cluster0")
    federate_shop(fleet)
    command = ["status", "--watch", "-o", "json", "--host-cluster-context", "cluster1"]
    with subprocess.Popen(
        [str(KUBEFEDCTL), *command], env=dict(fleet.env), stdout=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["settled"]
        fleet.api("cluster0").delete(f"{DEPLOYMENTS}/web")
        assert not json.loads(watching.stdout.readline())["settled"]
        watching.send_signal(signal.SIGINT)
        assert 130 == watching.wait(timeout=60)
