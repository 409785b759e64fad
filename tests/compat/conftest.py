"""The clusters of other folders: the sandbox for scenarios, real planes for the originals."""

from __future__ import annotations

from tests.cli.conftest import bare, cli, joined, ready
from tests.e2e.conftest import real_fleet

__all__ = ["bare", "cli", "joined", "ready", "real_fleet"]
