"""
The wheel: what a person who installs the project gets, and nothing else.

It is built from a copy of what the build reads, so that the checkout stays as it is. What the build
itself requires, setuptools, comes from the package index that pip is set up with.
"""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kubefedctl import __version__
from tests.completions import ROOT
from tests.controlplanes.fixtures import is_ci

_SOURCES = ("pyproject.toml", "README.md", "LICENSE")
_NO_INDEX = ("No matching distribution found", "Could not find a version", "ConnectionError")
# Read when the tests are collected: each test gets a home of its own, where no pip is set up.
_ENVIRONMENT = dict(os.environ)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once for this module."""
    source = tmp_path_factory.mktemp("source")
    for name in _SOURCES:
        shutil.copy(ROOT / name, source / name)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "kubefedctl", source / "kubefedctl", ignore=unwanted)
    (source / "tests").mkdir()
    (source / "tests" / "__init__.py").touch()
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps"]
    command = [*build, "--wheel-dir", str(folder), str(source)]
    ran = subprocess.run(
        command, env=_ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False
    )
    is_offline = any(mark in ran.stderr + ran.stdout for mark in _NO_INDEX)
    if ran.returncode and is_offline and not is_ci(os.environ):
        pytest.skip("a wheel cannot be built: pip finds no setuptools")
    assert 0 == ran.returncode, ran.stderr
    (made,) = folder.glob("*.whl")
    return made


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _metadata(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(f"kubefedctl-{__version__}.dist-info/{name}").decode()


def test_wheel_has_every_module_and_data_file(wheel: Path) -> None:
    """All that is in the package is installed, the sandbox's data and the type marker included."""
    wanted = {
        str(path.relative_to(ROOT))
        for pattern in ("*.py", "*.css", "*.js", "data/*.json", "py.typed")
        for path in (ROOT / "kubefedctl").rglob(pattern)
    }
    assert {"kubefedctl/py.typed", "kubefedctl/sandbox/data/schemas.json"} <= wanted
    assert set() == wanted - _names(wheel)


def test_wheel_has_nothing_but_the_package(wheel: Path) -> None:
    """No tests, documents or caches are installed into somebody's environment."""
    tops = {name.partition("/")[0] for name in _names(wheel)}
    assert {"kubefedctl", f"kubefedctl-{__version__}.dist-info"} == tops


def test_wheel_installs_the_command_and_the_plugin(wheel: Path) -> None:
    """`kubefedctl`, and the name under which kubectl finds it, are the command line's main."""
    parser = configparser.ConfigParser()
    parser.read_string(_metadata(wheel, "entry_points.txt"))
    names = ("kubefedctl", "kubectl-kubefed")
    assert dict.fromkeys(names, "kubefedctl.cli.app:main") == dict(parser["console_scripts"])


def test_wheel_names_its_licence_and_python(wheel: Path) -> None:
    """Whoever looks at the wheel knows what may be done with it and what it runs on."""
    lines = _metadata(wheel, "METADATA").splitlines()
    wanted = {"License-Expression: Apache-2.0", "License-File: LICENSE", "Requires-Python: >=3.11"}
    assert set() == wanted - set(lines)


def test_wheel_unpacked_runs(wheel: Path, tmp_path: Path) -> None:
    """What is in the wheel is enough to run the program."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "kubefedctl", "version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (0, f"kubefedctl version: {__version__}\n") == (ran.returncode, ran.stdout)
