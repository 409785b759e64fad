"""
The fixture that runs a case on the sandbox and on a real API server, and the pair of both.

Where the programs of a control plane are missing, the cases on the real server are skipped (with
`CI=true` they fail), and those on the sandbox still run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from kubefedctl.sandbox.fleet import SandboxFleet
from tests.contract.targets import Target, open_target
from tests.controlplanes.fixtures import make_environment
from tests.controlplanes.pool import Pool

_REAL = pytest.param(
    "real", marks=[pytest.mark.real(clusters=1), pytest.mark.xdist_group("real")], id="real"
)
TARGETS = ["sandbox", _REAL]
"""The parameters of a fixture that is one of both targets."""


def pytest_itemcollected(item: pytest.Function) -> None:
    """
    Let the cases on the real server ask for the control planes before anything else.

    NB: `target` asks for them too late: by then the test has a home of its own, in which there
    are no programs.
    """
    callspec = getattr(item, "callspec", None)
    if callspec is not None and callspec.params.get("target") == "real":
        item.fixturenames = ["control_plane_pool", *item.fixturenames]


_NAMES = ("cluster0",)


@dataclass(frozen=True, slots=True)
class Pair:
    """Both targets, for cases that demand the same answers from both."""

    sandbox: Target
    real: Target


@contextmanager
def _opened_sandbox(folder: Path) -> Iterator[Target]:
    """
    Open an embedded API server.

    Its workload controller rests: the real control planes have none, and the contract is about
    API servers.
    """
    with SandboxFleet(["cluster0"], directory=folder / "sandbox") as fleet:
        fleet.clusters["cluster0"].workloads.enabled = False
        target = open_target("sandbox", fleet.kubeconfig, environ=os.environ, folder=folder)
        try:
            yield target
        finally:
            target.close()


@contextmanager
def _opened_real(pool: Pool, folder: Path) -> Iterator[Target]:
    pool.reset(_NAMES)
    home = folder / "home"
    home.mkdir()
    kubeconfig = pool.kubeconfig(_NAMES)
    environ = make_environment(os.environ, kubeconfig=kubeconfig, home=home)
    target = open_target("real", kubeconfig, environ=environ, folder=folder)
    try:
        yield target
    finally:
        target.close()


@contextmanager
def opened_target(request: pytest.FixtureRequest, folder: Path) -> Iterator[Target]:
    """Open the target that the parameter of a fixture names."""
    if request.param == "sandbox":
        with _opened_sandbox(folder) as opened:
            yield opened
        return
    with _opened_real(request.getfixturevalue("control_plane_pool"), folder) as opened:
        yield opened


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    """One API server: embedded in the first run of a case, real in the second."""
    with opened_target(request, tmp_path) as opened:
        yield opened


@pytest.fixture
def shop(target: Target) -> Target:
    """A target with the namespace `shop`."""
    target.make_namespace()
    return target


@pytest.fixture
def pair(control_plane_pool: Pool, tmp_path: Path) -> Iterator[Pair]:
    """An embedded API server and a real one."""
    sandbox_folder, real_folder = tmp_path / "embedded", tmp_path / "genuine"
    sandbox_folder.mkdir()
    real_folder.mkdir()
    with (
        _opened_sandbox(sandbox_folder) as sandbox,
        _opened_real(control_plane_pool, real_folder) as real,
    ):
        yield Pair(sandbox, real)
