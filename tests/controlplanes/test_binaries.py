"""Where the programs are looked for, and what is said when they are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.controlplanes.binaries import Binaries, MissingBinaries, find_binaries
from tests.controlplanes.build import PROGRAMS, locate_cache, read_version

_ALL = tuple(program.name for program in PROGRAMS)


def make_folder(folder: Path, *, names: tuple[str, ...] = _ALL, mode: int = 0o755) -> Path:
    """Return the folder with empty files of these names."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch(mode)
    return folder


def make_cache(environ: dict[str, str]) -> Path:
    """Return the cache folder, filled."""
    return make_folder(locate_cache(environ, version=read_version()))


def test_find_assets_complete_wins_over_cache(tmp_path: Path) -> None:
    """KUBEBUILDER_ASSETS comes first."""
    assets = make_folder(tmp_path / "assets")
    environ = {"HOME": str(tmp_path), "KUBEBUILDER_ASSETS": str(assets)}
    make_cache(environ)
    assert Binaries(assets) == find_binaries(environ)


def test_find_assets_without_controllers_falls_back_to_cache(tmp_path: Path) -> None:
    """A folder as setup-envtest fills it is passed over as a whole."""
    assets = make_folder(tmp_path / "assets", names=("etcd", "kube-apiserver", "kubectl"))
    environ = {"HOME": str(tmp_path), "KUBEBUILDER_ASSETS": str(assets)}
    assert Binaries(make_cache(environ)) == find_binaries(environ)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({"HOME": "/h"}, "/h/.cache/kubefedctl/envtest/1.2.3", id="home"),
        pytest.param(
            {"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/c/kubefedctl/envtest/1.2.3", id="xdg"
        ),
        pytest.param(
            {"HOME": "/h", "XDG_CACHE_HOME": ""},
            "/h/.cache/kubefedctl/envtest/1.2.3",
            id="xdg-empty",
        ),
    ],
)
def test_locate_cache_follows_environment(environ: dict[str, str], expected: str) -> None:
    """The cache is where the XDG convention puts it, by version."""
    assert expected == str(locate_cache(environ, version="1.2.3"))


def test_find_nothing_says_what_to_do_in_one_line(tmp_path: Path) -> None:
    """The reason names each folder, what it lacks, and the command that helps."""
    assets = make_folder(tmp_path / "assets", names=("etcd",))
    environ = {"HOME": str(tmp_path / "home"), "KUBEBUILDER_ASSETS": str(assets)}
    with pytest.raises(MissingBinaries) as raised:
        find_binaries(environ)
    cache = locate_cache(environ, version=read_version())
    expected = (
        f"no control plane programs ({assets} lacks kube-apiserver, kube-controller-manager;"
        f" {cache} lacks etcd, kube-apiserver, kube-controller-manager): run `make envtest`"
    )
    assert expected == str(raised.value)


def test_find_not_executable_is_missing(tmp_path: Path) -> None:
    """A file that can't be run is no program."""
    make_folder(locate_cache({"HOME": str(tmp_path)}, version=read_version()), mode=0o644)
    with pytest.raises(MissingBinaries):
        find_binaries({"HOME": str(tmp_path)})
