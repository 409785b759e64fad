"""The fixture that runs a test on the sandbox and on real control planes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubefedctl.sandbox.fleet import SandboxFleet
from tests.controlplanes.fixtures import RealClusters, make_environment
from tests.controlplanes.pool import Pool
from tests.e2e.clusters import Clusters
from tests.e2e.ground import raise_federation

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


@pytest.fixture(scope="module")
def sandbox_federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """Three joined embedded API servers, for all scenarios of a module."""
    folder = tmp_path_factory.mktemp("sandbox-federation")
    with SandboxFleet(NAMES, directory=folder / "sandbox") as fleet:
        env = make_environment(os.environ, kubeconfig=fleet.kubeconfig, home=folder)
        found = Clusters(NAMES, fleet.kubeconfig, env, folder, sandbox=fleet)
        yield raise_federation(found)


@pytest.fixture(scope="session")
def raised() -> dict[int, Clusters]:
    """The federation that stands on real control planes, by the number of resets before it."""
    return {}


@pytest.fixture(scope="module")
def real_federation(
    control_plane_pool: Pool,
    tmp_path_factory: pytest.TempPathFactory,
    raised: dict[int, Clusters],
) -> Clusters:
    """Three joined control planes, for all scenarios of all modules that come in a row."""
    if control_plane_pool.resets not in raised:
        folder = tmp_path_factory.mktemp("real-federation")
        control_plane_pool.reset(NAMES)
        kubeconfig = control_plane_pool.kubeconfig(NAMES)
        env = make_environment(os.environ, kubeconfig=kubeconfig, home=folder)
        fleet = raise_federation(Clusters(NAMES, kubeconfig, env, folder))
        raised[control_plane_pool.resets] = fleet
    return raised[control_plane_pool.resets]


@pytest.fixture(scope="module")
def spoiled_federation(raised: dict[int, Clusters]) -> Iterator[None]:
    """For a module that leaves more behind than `stand_on` takes away: nobody goes on with it."""
    yield
    raised.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what shares the real federation in a row, so that it is raised once: that takes long."""
    items.sort(key=lambda item: "real_federation" in getattr(item, "fixturenames", ()))
