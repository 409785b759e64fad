"""
The objects of a file, a folder or standard input.

Laws:
1. A folder is read in one order on every machine, and no link in it is followed to another folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kubefedctl.cli.files import STANDARD_INPUT, read_objects
from kubefedctl.errors import InputError
from kubefedctl.manifests import load_objects
from kubefedctl.model.refs import Object

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SUFFIXES = (".yaml", ".yml", ".json")
_LONGEST_SAID = 2000


def read_source(filename: str, *, besides: Path | None = None) -> list[Object]:
    """
    Return the objects of *filename*: a file, a folder with all below it, or `-`.

    A folder with a kustomization is built by `kustomize` or `kubectl`.

    Args:
        filename: What was given with -f.
        besides: A folder that is left out, such as the one that is written into.

    Raises:
        InputError: Something cannot be read or built.
        ManifestError: A file does not hold objects.
    """
    if filename == STANDARD_INPUT or not os.path.isdir(filename):
        return read_objects(filename)
    folder = Path(filename)
    if any((folder / name).is_file() for name in KUSTOMIZATIONS):
        return load_objects(_build(folder), source=f"kustomization in {filename}")
    files = sorted(_walk(folder, besides))
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
        for name in names:
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield Path(place, name)


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
