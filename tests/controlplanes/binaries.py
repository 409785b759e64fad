"""
Find the programs of a control plane.

Here belongs only the look-up. `build` makes the programs and says where they go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.controlplanes.build import list_missing, locate_cache, read_version


class MissingBinaries(Exception):
    """The programs of a control plane are not on this machine. The message is one line."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """The three programs, all from one folder: versions are never mixed."""

    folder: Path

    @property
    def etcd(self) -> Path:
        """The store."""
        return self.folder / "etcd"

    @property
    def kube_apiserver(self) -> Path:
        """The API server."""
        return self.folder / "kube-apiserver"

    @property
    def kube_controller_manager(self) -> Path:
        """The controllers: token Secrets, namespaces, garbage collection."""
        return self.folder / "kube-controller-manager"


def find_binaries(environ: Mapping[str, str]) -> Binaries:
    """
    Return the programs from `KUBEBUILDER_ASSETS`, else from the cache of `make envtest`.

    A `KUBEBUILDER_ASSETS` folder as setup-envtest fills it has no kube-controller-manager;
    it is passed over as a whole, so that one cluster never runs two versions.

    Raises:
        MissingBinaries: Neither folder has all of them; says what to do.
    """
    assets = environ.get("KUBEBUILDER_ASSETS")
    if assets and not list_missing(Path(assets)):
        return Binaries(Path(assets).absolute())
    cache = locate_cache(environ, version=read_version())
    if not list_missing(cache):
        return Binaries(cache)
    places = [Path(assets)] if assets else []
    lacks = "; ".join(
        f"{folder} lacks {', '.join(program.name for program in list_missing(folder))}"
        for folder in [*places, cache]
    )
    raise MissingBinaries(f"no control plane programs ({lacks}): run `make envtest`")
