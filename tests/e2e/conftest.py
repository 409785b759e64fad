"""The fixture that runs a test on the sandbox and on real control planes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubefedctl.sandbox.fleet import SandboxFleet
from tests.controlplanes.fixtures import RealClusters, make_environment
from tests.e2e.clusters import Clusters

NAMES = ("cluster0", "cluster1", "cluster2")


@pytest.fixture
def sandbox_clusters(tmp_path: Path) -> Iterator[Clusters]:
    """Three embedded API servers in this process."""
    home = tmp_path / "sandbox-home"
    home.mkdir()
    with SandboxFleet(NAMES, directory=tmp_path / "sandbox") as fleet:
        env = make_environment(os.environ, kubeconfig=fleet.kubeconfig, home=home)
        yield Clusters(NAMES, fleet.kubeconfig, env, tmp_path, sandbox=fleet)


@pytest.fixture
def real_fleet(real_clusters: RealClusters, tmp_path: Path) -> Clusters:
    """Three real control planes."""
    return Clusters(real_clusters.names, real_clusters.kubeconfig, real_clusters.env, tmp_path)
