"""The layer table of docs/architecture.md, held by reading every import of the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "kubefedctl"

OURS: dict[str, set[str]] = {
    "errors": set(),
    "model": {"errors", "model"},
    "core": {"errors", "model", "core"},
    "manifests": {"errors", "model", "manifests"},
    "cluster": {"errors", "model", "manifests", "cluster"},
    "ops": {"errors", "model", "core", "manifests", "cluster.port", "ops"},
    "render": {"errors", "model", "manifests", "render"},
    "sandbox": {"sandbox"},
    "cli": {"errors", "model", "core", "manifests", "cluster", "ops", "render", "sandbox", "cli"},
}
THIRD_PARTY: dict[str, set[str]] = {
    "errors": set(),
    "model": set(),
    "core": {"jsonpatch", "jsonpointer"},
    "manifests": {"yaml"},
    "cluster": {"kubernetes", "urllib3", "cryptography"},
    "ops": set(),
    "render": {"rich"},
    "sandbox": {"aiohttp", "jsonpatch", "jsonpointer", "cryptography"},
    "cli": {"typer", "rich"},
}
IMPURE = {"os", "time", "socket", "random", "threading", "logging", "subprocess", "asyncio", "ssl"}
PURE_LAYERS = ("errors", "model", "core")
_EXEMPT = {"kubefedctl", "kubefedctl.__main__"}


def modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return the dotted name of the module at *path*."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> str:
    """Return the layer that a module of ours belongs to."""
    return module.split(".")[1] if "." in module else ""


def imports_of(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything that the module at *path* imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def standard_library() -> frozenset[str]:
    """Return the top-level names of the standard library."""
    import sys

    return sys.stdlib_module_names


CHECKED = [path for path in modules() if name_of(path) not in _EXEMPT]


@pytest.mark.parametrize("path", CHECKED, ids=name_of)
def test_imports_of_ours_stay_within_the_layer_table(path: Path) -> None:
    """A module imports only the layers that its own may use."""
    allowed = OURS[layer_of(name_of(path))]
    ours = {found for found in imports_of(path) if found.split(".")[0] == "kubefedctl"}
    wrong = {
        found
        for found in ours - {"kubefedctl"}
        if layer_of(found) not in allowed and ".".join(found.split(".")[1:3]) not in allowed
    }
    assert set() == wrong


@pytest.mark.parametrize("path", CHECKED, ids=name_of)
def test_third_party_imports_stay_within_the_layer_table(path: Path) -> None:
    """A module imports only the libraries that its layer may use."""
    tops = {found.split(".")[0] for found in imports_of(path)}
    foreign = tops - standard_library() - {"kubefedctl"}
    assert foreign <= THIRD_PARTY[layer_of(name_of(path))]


@pytest.mark.parametrize(
    "path", [p for p in CHECKED if layer_of(name_of(p)) in PURE_LAYERS], ids=name_of
)
def test_pure_layers_import_nothing_that_acts(path: Path) -> None:
    """errors, model and core know no clock, network, thread, process or log."""
    assert set() == {found.split(".")[0] for found in imports_of(path)} & IMPURE


def test_layer_table_in_the_docs_is_the_one_held_here() -> None:
    """docs/architecture.md shows each layer with what it may import."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    for layer, ours in OURS.items():
        row = f"| `{layer}` | {', '.join(sorted(ours - {layer})) or '-'} |"
        foreign = f" {', '.join(sorted(THIRD_PARTY[layer])) or '-'} |"
        assert row + foreign in text, row + foreign


def test_only_fanout_starts_threads() -> None:
    """One place in ops holds the threads; the sandbox and the live client have their own."""
    starters = {"Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor"}
    users = {
        name_of(path)
        for path in modules()
        if layer_of(name_of(path)) == "ops" and starters & set(names_in(path))
    }
    assert {"kubefedctl.ops.fanout"} == users


def names_in(path: Path) -> Iterator[str]:
    """Yield every name and attribute that the module at *path* uses or imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def test_no_module_has_a_name_that_says_nothing() -> None:
    """No util, helper, common, misc, base or manager."""
    vague = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager"}
    assert set() == {path.stem for path in modules()} & vague


def test_no_test_patches_modules_of_ours() -> None:
    """Tests fake the wire, the environment and the clock, never a function of ours."""
    offenders = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__)
        and any(mark in path.read_text() for mark in ('patch("kubefedctl', "patch('kubefedctl"))
    ]
    assert [] == offenders
