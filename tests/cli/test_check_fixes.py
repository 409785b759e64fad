"""Tests of the commands that `check` prints: pasted into a shell as they stand, they mend."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.cli.runs import KNS, MEMBER, CommandLine, Sandbox
from tests.completions import KUBEFEDCTL
from tests.controlplanes.fixtures import is_ci

MENDED = {"KF103", "KF106", "KF208", "KF501", "KF505", "KF515"}
"""What a command of the findings below mends by itself; KF504 wants a decision."""


def _break(sandbox: Sandbox) -> None:
    """Let a federation have a fault of each kind."""
    host = sandbox.host
    types = {"apiVersion": "types.kubefed.io/v1beta1", "kind": "FederatedConfigMap"}
    nobody = {"clusterSelector": {"matchLabels": {"zone": "nowhere"}}}
    host.create("namespaces", {"metadata": {"name": "other"}})
    for name, namespace, placement in (
        ("never", "shop", {}),
        ("lost", "other", {"clusterSelector": {}}),
        ("undecided", "shop", nobody),
    ):
        body: dict[str, Any] = {**types, "metadata": {"name": name, "namespace": namespace}}
        body["spec"] = {"template": {}, "placement": placement}
        host.create("federatedconfigmaps", body, namespace=namespace)
    version = {
        "apiVersion": "core.kubefed.io/v1alpha1",
        "kind": "PropagatedVersion",
        "metadata": {"name": "configmap-gone", "namespace": "shop"},
    }
    host.create("propagatedversions", version, namespace="shop")
    pod = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    }
    manager = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "kubefed-controller-manager", "namespace": KNS},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": pod},
    }
    host.create("deployments", manager, namespace=KNS)
    label = {"metadata": {"labels": {"kubefedctl.io/drain": "left"}}}
    host.patch("kubefedclusters", MEMBER, label, namespace=KNS)
    host.delete("customresourcedefinitions", "federatedservicestatuses.core.kubefed.io")


def test_fixes_mend_what_was_found(joined: Sandbox, cli: CommandLine) -> None:
    """By a shell, with kubectl and the program on PATH; what wants a decision stays."""
    if shutil.which("kubectl") is None:
        if is_ci(os.environ):
            pytest.fail("the fixes need kubectl, which is not on PATH", pytrace=False)
        pytest.skip("the fixes need kubectl, which is not on PATH")
    cli("federate", "namespace", "shop")
    _break(joined)
    found = json.loads(cli("check", "-o", "json", code=1).out)["findings"]
    assert {"KF504", *MENDED} == {each["id"] for each in found}
    path = f"{KUBEFEDCTL.parent}{os.pathsep}{os.environ['PATH']}"
    for each in found:
        subprocess.run(
            ["sh", "-ec", each["fix"]],
            env={**os.environ, "PATH": path},
            check=True,
            capture_output=True,
            timeout=60,
        )
    left = json.loads(cli("check", "-o", "json").out)["findings"]
    assert ["KF504"] == [each["id"] for each in left]
