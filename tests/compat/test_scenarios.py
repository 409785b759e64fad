"""Each acceptance scenario is held by tests that exist: the 80 of the commands, the 103 of sync."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.compat.scenarios import SCENARIOS, Scenario
from tests.compat.scenarios_sync import SYNC_SCENARIOS

TESTS = Path(__file__).parents[1]
COMPATIBILITY = TESTS.parent / "docs" / "compatibility.md"
ALL = [pytest.param(found, id=found.label) for found in SCENARIOS]
ALL += [pytest.param(found, id=f"S{found.number:02}") for found in SYNC_SCENARIOS]


@functools.cache
def _tests_of(file: str) -> frozenset[str]:
    """Return the functions of a file that pytest runs: its tests, and those of its SCENARIOS."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    listed = {
        name.id
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "SCENARIOS"
        for name in ast.walk(node)
        if isinstance(name, ast.Name)
    }
    tests = {name for name in functions if name.startswith("test_")}
    return frozenset(tests | (functions & listed))


@pytest.mark.parametrize(
    ("last", "scenarios"),
    [
        pytest.param(80, SCENARIOS, id="commands"),
        pytest.param(103, SYNC_SCENARIOS, id="sync"),
    ],
)
def test_scenarios_are_numbered_without_a_gap(last: int, scenarios: tuple[Scenario, ...]) -> None:
    """None is left out, none is invented, none is there twice."""
    assert list(range(1, last + 1)) == [scenario.number for scenario in scenarios]


@pytest.mark.parametrize("scenario", ALL)
def test_scenario_is_held_by_tests_that_exist(scenario: Scenario) -> None:
    """Every named test is run from the named file."""
    assert scenario.tests
    missing = [
        test for test in scenario.tests if (parts := test.split("::"))[1] not in _tests_of(parts[0])
    ]
    assert [] == missing


@pytest.mark.parametrize("scenario", ALL)
def test_scenario_that_departs_is_told_in_the_documentation(scenario: Scenario) -> None:
    """The section that it points to has a line on what is unlike the original."""
    if not scenario.departs:
        return
    text = COMPATIBILITY.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE))
    assert "Unlike " in sections[scenario.departs]


def test_scenario_tests_are_all_named() -> None:
    """A test that was written for a scenario can be found from its number."""
    named = {test for scenario in (*SCENARIOS, *SYNC_SCENARIOS) for test in scenario.tests}
    patterns = {"compat": "test_scenarios_*.py", "e2e": "test_sync_*.py"}
    written = {
        f"{folder}/{file.name}::{test}"
        for folder, pattern in patterns.items()
        for file in (TESTS / folder).glob(pattern)
        for test in _tests_of(f"{folder}/{file.name}")
        if not test.endswith(("_on_the_sandbox", "_on_real_control_planes"))
    }
    assert set() == written - named
