"""
The pytest face: fixtures `control_plane_pool` and `real_clusters`, and the marker `real`.

A test that uses one of the fixtures gets the marker `real` by itself, and the group
"real" of pytest-xdist, so that with `--dist loadgroup` all of them run on one worker and
share its pool. Where xdist does not group, each worker has a pool of its own, which is
right, but slower. `@pytest.mark.real(clusters=2)` asks for another number than three.

NB: xdist 3.8 does not group under pytest 9.2 (pytest-dev/pytest-xdist#1386).

Where the programs are missing such a test is skipped; with `CI=true` it fails.

The marker `twin` is for a test that runs on the sandbox what another one runs on real control
planes. Where the programs are, it is one for `make soak`: the real ones say the same and more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.controlplanes.binaries import MissingBinaries, find_binaries
from tests.controlplanes.plane import ControlPlane
from tests.controlplanes.pool import Pool

_CLUSTERS = 3
_FIXTURES = {"control_plane_pool", "real_clusters"}
_UNWANTED = ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBECTL_CONTEXT")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class RealClusters:
    """Pristine clusters for one test."""

    names: tuple[str, ...]
    """cluster0, cluster1, ...: the contexts of the kubeconfig; the first one is current."""
    kubeconfig: Path
    env: Mapping[str, str]
    """The environment for a subprocess: KUBECONFIG, a HOME of its own, no proxies."""
    pool: Pool

    def plane(self, name: str) -> ControlPlane:
        """Return the control plane behind a context."""
        return self.pool.plane(name)


@pytest.fixture(scope="session")
def control_plane_pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """The control planes of this test run; started when asked for, stopped at its end."""
    try:
        binaries = find_binaries(os.environ)
    except MissingBinaries as missing:
        if is_ci(os.environ):
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
    pool = Pool(tmp_path_factory.mktemp("control-planes"), binaries=binaries)
    try:
        yield pool
    finally:
        pool.stop()


@pytest.fixture
def real_clusters(
    request: pytest.FixtureRequest, control_plane_pool: Pool, tmp_path: Path
) -> RealClusters:
    """Three pristine clusters, or as many as the marker `real` of the test says."""
    marker = request.node.get_closest_marker("real")
    number = marker.kwargs.get("clusters", _CLUSTERS) if marker else _CLUSTERS
    names = tuple(f"cluster{index}" for index in range(number))
    control_plane_pool.reset(names)
    kubeconfig = control_plane_pool.kubeconfig(names)
    home = tmp_path / "home"
    home.mkdir()
    env = make_environment(os.environ, kubeconfig=kubeconfig, home=home)
    return RealClusters(names, kubeconfig, env, control_plane_pool)


def is_ci(environ: Mapping[str, str]) -> bool:
    """Tell whether missing programs are a failure."""
    return environ.get("CI", "").lower() in {"true", "1"}


def has_binaries(environ: Mapping[str, str]) -> bool:
    """Tell whether real control planes can be started."""
    try:
        find_binaries(environ)
    except MissingBinaries:
        return False
    return True


def make_environment(environ: Mapping[str, str], *, kubeconfig: Path, home: Path) -> dict[str, str]:
    """Return *environ* with this kubeconfig and home, and nothing that leads elsewhere."""
    unwanted = {*_UNWANTED, *_PROXIES, *(name.lower() for name in _PROXIES)}
    kept = {name: value for name, value in environ.items() if name not in unwanted}
    return {**kept, "KUBECONFIG": str(kubeconfig), "HOME": str(home)}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; xdist declares its own only where it is installed."""
    config.addinivalue_line("markers", "real(clusters=3): needs real control planes")
    config.addinivalue_line("markers", "xdist_group(name): tests that share a worker")


def pytest_itemcollected(item: pytest.Item) -> None:
    """
    Mark a test that uses the control planes, and one that is needed only without them.

    It is done this early because xdist reads the groups in `pytest_collection_modifyitems`, and
    pytest what `-m` leaves out.
    """
    if _FIXTURES.intersection(getattr(item, "fixturenames", ())):
        if item.get_closest_marker("real") is None:
            item.add_marker(pytest.mark.real)
        item.add_marker(pytest.mark.xdist_group("real"))
    if item.get_closest_marker("twin") and has_binaries(os.environ):
        item.add_marker(pytest.mark.soak)
