"""
Manifests in a folder: written where they differ, whole or not at all, and what is left of earlier.

Laws:
1. Nothing is written or removed outside the folder, also where links in it lead elsewhere.
2. Only files that an earlier rendering wrote are ever removed, and only on demand.
3. Nobody ever sees half a file.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kubefedctl.cli.filing import write_whole
from kubefedctl.core.layout import SUFFIX, looks_rendered
from kubefedctl.errors import InputError, ManifestError
from kubefedctl.manifests import load_objects

_PRIVATE, _USUAL = 0o600, 0o666


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What became of the files of a folder, as places below it.

    Args:
        written: Those that are new or changed.
        unchanged: Those that are as they were.
    """

    written: tuple[str, ...]
    unchanged: tuple[str, ...]


def keep_files(folder: Path, texts: Mapping[str, str], *, private: frozenset[str]) -> Kept:
    """
    Write *texts* below *folder*, those that differ from what is there.

    Args:
        folder: Where; made if it is not there.
        texts: What, by place; as `core.layout` gives them.
        private: Places that only the owner may read.

    Raises:
        InputError: A folder or file cannot be written, or a link leads out of the folder.
    """
    written: list[str] = []
    unchanged: list[str] = []
    with _telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for place, text in texts.items():
            _make_folders(folder, place)
            is_new = _write(folder / place, text.encode(), is_private=place in private)
            (written if is_new else unchanged).append(place)
    return Kept(tuple(written), tuple(unchanged))


def find_stale(folder: Path, clusters: Iterable[str], *, known: Iterable[str]) -> list[str]:
    """
    Return the files of earlier renderings that are not among *known*, sorted.

    Args:
        folder: Where manifests are.
        clusters: Names of the folders in it that are looked at.
        known: Places that are right.
    """
    right = set(known)
    found = []
    with _telling(folder):
        for cluster in clusters:
            for place in _list_files(folder / cluster):
                whole = f"{cluster}/{place}"
                if whole not in right and _is_ours(folder / cluster, place):
                    found.append(whole)
    return sorted(found)


def find_other_clusters(folder: Path, clusters: Iterable[str]) -> list[str]:
    """Return the folders in *folder*, but those of *clusters*, that hold earlier renderings."""
    with _telling(folder):
        if not folder.is_dir():
            return []
        names = sorted({found.name for found in folder.iterdir()} - set(clusters))
    return [name for name in names if find_stale(folder, [name], known=())]


def remove_files(folder: Path, places: Iterable[str]) -> None:
    """
    Remove files that `find_stale` found, and the folders that are empty then.

    Raises:
        InputError: One cannot be removed.
    """
    with _telling(folder):
        for place in places:
            (folder / place).unlink(missing_ok=True)
            for parent in list(Path(place).parents)[:-1]:
                with contextlib.suppress(OSError):
                    (folder / parent).rmdir()


@contextlib.contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an error of ours."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise InputError(
            f"cannot write {where}: {(error.strerror or type(error).__name__).lower()}",
            hint="name a folder that may be written with --output-dir",
        ) from error


def _make_folders(folder: Path, place: str) -> None:
    """Make the folders of *place*, none of which may be a link."""
    for parent in list(Path(place).parents)[-2::-1]:
        made = folder / parent
        with contextlib.suppress(FileExistsError):
            made.mkdir()
        if not stat.S_ISDIR(made.lstat().st_mode):
            raise InputError(
                f"{made} is no folder but a link or a file, so nothing is written through it",
                hint="remove it, or name another folder with --output-dir",
            )


def _write(path: Path, data: bytes, *, is_private: bool) -> bool:
    """Put *data* there in one step; return whether that changed anything."""
    if _is_plain(path) and path.read_bytes() == data:
        if is_private:
            os.chmod(path, _PRIVATE)
        return False
    write_whole(path, data, mode=_PRIVATE if is_private else _USUAL)
    return True


def _list_files(cluster: Path) -> list[str]:
    """Places below a cluster's folder that can be manifests: plain files two levels down."""
    if cluster.is_symlink() or not cluster.is_dir():
        return []
    inner = [found for found in sorted(cluster.iterdir()) if not found.is_symlink()]
    return [
        f"{namespace.name}/{file.name}"
        for namespace in inner
        if namespace.is_dir()
        for file in sorted(namespace.iterdir())
        if file.name.endswith(SUFFIX) and _is_plain(file)
    ]


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _is_ours(cluster: Path, place: str) -> bool:
    try:
        text = (cluster / place).read_bytes().decode()
        objects = load_objects(text, source=place, expand_lists=False)
    except (OSError, UnicodeDecodeError, ManifestError):
        return False
    return len(objects) == 1 and looks_rendered(place, objects[0])
