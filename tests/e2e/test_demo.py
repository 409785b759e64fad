"""The demo, kept up: what it made can be seen with kubectl."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplanes.fixtures import is_ci, make_environment
from tests.e2e.clusters import KUBEFEDCTL


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with a home of its own; a sandbox left up in it is stopped."""
    home = tmp_path / "home"
    home.mkdir()
    made = make_environment(os.environ, kubeconfig=tmp_path / "none", home=home)
    made.pop("KUBECONFIG")
    made["XDG_STATE_HOME"] = str(tmp_path / "state")
    yield made
    subprocess.run([str(KUBEFEDCTL), "sandbox", "down", "demo"], env=made, check=False)


def test_demo_kept_shows_its_deployment_to_kubectl(env: dict[str, str]) -> None:
    """`demo --keep` prints the export line, and kubectl finds the Deployment in cluster0."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        if is_ci(os.environ):
            pytest.fail("kubectl is not on PATH", pytrace=False)
        pytest.skip("kubectl is not on PATH")
    demo = subprocess.run(
        [str(KUBEFEDCTL), "demo", "--keep"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert 0 == demo.returncode, demo.stdout + demo.stderr
    exported = re.search(r"^export KUBECONFIG=(\S+)$", demo.stdout, re.MULTILINE)
    assert exported is not None
    assert 0o600 == Path(exported[1]).stat().st_mode & 0o777
    seen = subprocess.run(
        [kubectl, "--context", "cluster0", "get", "deploy", "-n", "federate-me"],
        env={**env, "KUBECONFIG": exported[1]},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    header, row = (line.split() for line in seen.stdout.splitlines())
    assert ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"] == header
    assert ["test-deployment1", "5/5", "5", "5"] == row[:4]
