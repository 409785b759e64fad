"""
What `init -o yaml` prints, applied by kubectl, beside what `init` makes.

Every scenario is a function of the fleet, and two tests call it, so that the report shows both.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from kubefedctl.manifests import load_objects
from tests.compat.originals import strip
from tests.controlplanes.waiting import await_true
from tests.e2e.clusters import Api, Clusters
from tests.e2e.test_main_job import DEPLOYMENTS, federate_shop, holders

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def _kubectl(fleet: Clusters, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["kubectl", "--context", "cluster1", *arguments],
        env=dict(fleet.env),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _path(api: Api, obj: Any) -> str:
    """Where an object is, as the cluster's discovery has it."""
    version = obj["apiVersion"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    plural = next(
        found["name"]
        for found in api.get(root)["resources"]
        if found["kind"] == obj["kind"] and "/" not in found["name"]
    )
    namespace = obj["metadata"].get("namespace")
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{inside}/{plural}/{obj['metadata']['name']}"


def _stored(api: Api, objects: list[Any]) -> dict[str, Any]:
    """The objects by their path, without what servers and kubectl write."""
    found: dict[str, Any] = {}
    for path in (_path(api, obj) for obj in objects):
        stored = api.get(path)
        stored["metadata"].get("annotations", {}).pop(LAST_APPLIED, None)
        found[path] = strip(stored)
    return found


def _versions(api: Api, objects: list[Any]) -> dict[str, str]:
    paths = [_path(api, obj) for obj in objects]
    return {path: api.get(path)["metadata"]["resourceVersion"] for path in paths}


def applied_output_of_init_is_what_init_makes(fleet: Clusters) -> None:
    """The first apply ends at objects of new CRDs, the next completes it, the third rests."""
    printed = fleet.run("init", "-o", "yaml").stdout
    objects = list(load_objects(printed, source="init"))
    first = _kubectl(fleet, "apply", "-f", "-", stdin=printed)
    assert (1, True) == (first.returncode, "ensure CRDs are installed first" in first.stderr)
    waited = _kubectl(fleet, "wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    assert 0 == waited.returncode, waited.stderr
    await_true(
        lambda: _kubectl(fleet, "apply", "-f", "-", stdin=printed).returncode == 0, seconds=60
    )
    before = _versions(fleet.host, objects)
    again = _kubectl(fleet, "apply", "-f", "-", stdin=printed)
    assert (0, len(objects)) == (again.returncode, len(again.stdout.splitlines()))
    assert before == _versions(fleet.host, objects)
    fleet.run("init", "--host-cluster-context", "cluster2")
    made = _stored(fleet.api("cluster2"), objects)
    assert made == _stored(fleet.host, objects)
    assert [] == fleet.run("init").lines
    assert before == _versions(fleet.host, objects)
    fleet.run("join", "cluster0")
    federate_shop(fleet)
    assert ["cluster0", "cluster1"] == holders(fleet, f"{DEPLOYMENTS}/web")


@pytest.mark.twin
def test_applied_output_of_init_on_the_sandbox(sandbox_clusters: Clusters) -> None:
    """Embedded API servers."""
    applied_output_of_init_is_what_init_makes(sandbox_clusters)


def test_applied_output_of_init_on_real_control_planes(real_fleet: Clusters) -> None:
    """Real API servers."""
    applied_output_of_init_is_what_init_makes(real_fleet)
