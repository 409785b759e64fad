"""Fixtures for every test: real control planes, and the promise that nobody's files are touched."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.controlplanes.fixtures"]

_UNWANTED = ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "NO_COLOR")

# NB: a shared machine stalls for seconds now and then, which says nothing about an example; and a
# finding of CI must be there again when it is looked for, so examples are the same each time
settings.register_profile(
    "steady",
    deadline=None,
    database=None,
    derandomize=os.environ.get("CI", "").lower() in {"true", "1"},
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a home of its own, and none of the caller's cluster settings."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    for name in _UNWANTED:
        monkeypatch.delenv(name, raising=False)
