"""
The objects of a file, a folder or standard input.

Laws:
1. A folder is read in one order on every machine, and no link in it is followed to another folder.
   One that leads to manifests elsewhere is refused: they would look as if they were not wanted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kubefedctl.cli.files import STANDARD_INPUT, read_documents, read_objects
from kubefedctl.core.clusterlists import NamedCluster, is_cluster_list, parse_cluster_list
from kubefedctl.errors import InputError
from kubefedctl.manifests import load_objects
from kubefedctl.model.refs import Object

CLUSTER_LIST = "clusters.yaml"
"""The list of clusters at the top of a folder, where it is one."""
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SUFFIXES = (".yaml", ".yml", ".json")
_LONGEST_SAID = 2000


def read_fleet(
    filename: str, *, besides: Path | None = None, clusters_file: str = ""
) -> tuple[list[Object], tuple[NamedCluster, ...]]:
    """
    Return the objects of *filename*, and the clusters of the list that goes with them.

    Args:
        filename: What was given with -f.
        besides: A folder that is left out.
        clusters_file: A file with a list of clusters; empty for `clusters.yaml` at the top of the
            folder, where that is one. A file of that name may hold KubeFedClusters, too.

    Raises:
        InputError: Something cannot be read or built, or is no list of clusters.
        ManifestError: A file does not hold objects.
    """
    path = Path(clusters_file or os.path.join(filename, CLUSTER_LIST))
    listed: tuple[NamedCluster, ...] = ()
    if clusters_file or (filename != STANDARD_INPUT and path.is_file()):
        documents = read_documents(str(path))
        if clusters_file or is_cluster_list(documents):
            listed = parse_cluster_list(documents, source=str(path))
    return read_source(filename, besides=besides, without=path if listed else None), listed


def read_source(
    filename: str, *, besides: Path | None = None, without: Path | None = None
) -> list[Object]:
    """
    Return the objects of *filename*: a file, a folder with all below it, or `-`.

    A folder with a kustomization is built by `kustomize` or `kubectl`.

    Args:
        filename: What was given with -f.
        besides: A folder that is left out, such as the one that is written into.
        without: A file that is left out, since it holds no objects.

    Raises:
        InputError: Something cannot be read or built.
        ManifestError: A file does not hold objects.
    """
    if filename == STANDARD_INPUT or not os.path.isdir(filename):
        return read_objects(filename)
    folder = Path(filename)
    if any((folder / name).is_file() for name in KUSTOMIZATIONS):
        return load_objects(_build(folder), source=f"kustomization in {filename}")
    left_out = None if without is None else os.path.realpath(without)
    files = sorted(path for path in _walk(folder, besides) if os.path.realpath(path) != left_out)
    if not files:
        raise InputError(
            f"there is no {', '.join(_SUFFIXES)} file in {filename}",
            hint="check the path that was given with -f",
        )
    return [obj for file in files for obj in read_objects(str(file))]


def _walk(folder: Path, besides: Path | None) -> Iterator[Path]:
    """Every manifest below *folder*; what begins with a dot is no manifest."""
    left_out = None if besides is None else os.path.realpath(besides)

    def refuse(error: OSError) -> None:
        raise InputError(
            f"cannot read {error.filename}: {(error.strerror or type(error).__name__).lower()}",
            hint="check who may read the folder that was given with -f",
        ) from error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(place, name)) != left_out
        ]
        for name in folders:
            _refuse_link(Path(place, name), folder)
        for name in names:
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield Path(place, name)


def _refuse_link(place: Path, folder: Path) -> None:
    """Hold that *place* is no link to manifests that are not read, since they are elsewhere."""
    if not place.is_symlink() or place.resolve().is_relative_to(folder.resolve()):
        return
    if any(name.endswith(_SUFFIXES) for _, _, names in os.walk(place) for name in names):
        raise InputError(
            f"{place} is a link to a folder with manifests elsewhere, and links are not followed",
            hint="copy the folder, or leave it out: give the link a name that begins with a dot",
        )


def _build(folder: Path) -> str:
    program = shutil.which("kustomize")
    command = [program, "build", str(folder)] if program else []
    if not command and (program := shutil.which("kubectl")):
        command = [program, "kustomize", str(folder)]
    if not command:
        raise InputError(
            f"{folder} has a kustomization, and neither kustomize nor kubectl is on PATH",
            hint=f"install one of them, or pipe: kustomize build {folder} | kubefedctl ... -f -",
        )
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        text = done.stdout.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot build {folder} with {command[0]}: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-_LONGEST_SAID:]
        raise InputError(
            f"{' '.join(command)} failed: {' '.join(said.split())}",
            hint="mend the kustomization",
        )
    return text
