"""Each of the 80 acceptance scenarios is held by tests that exist."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.compat.scenarios import SCENARIOS, Scenario

TESTS = Path(__file__).parents[1]
COMPATIBILITY = TESTS.parent / "docs" / "compatibility.md"


@functools.cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_scenarios_are_one_to_eighty() -> None:
    """None is left out, none is invented, none is there twice."""
    assert list(range(1, 81)) == [scenario.number for scenario in SCENARIOS]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[found.label for found in SCENARIOS])
def test_scenario_is_held_by_tests_that_exist(scenario: Scenario) -> None:
    """Every named test is a function of the named file."""
    assert scenario.tests
    missing = [
        test for test in scenario.tests if (parts := test.split("::"))[1] not in _tests_of(parts[0])
    ]
    assert [] == missing


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[found.label for found in SCENARIOS])
def test_scenario_that_departs_is_told_in_the_documentation(scenario: Scenario) -> None:
    """The section that it points to has a line on what is unlike the original."""
    if not scenario.departs:
        return
    text = COMPATIBILITY.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE))
    assert "Unlike " in sections[scenario.departs]


def test_scenario_tests_of_this_folder_are_all_named() -> None:
    """A test that was written for a scenario can be found from its number."""
    named = {test for scenario in SCENARIOS for test in scenario.tests}
    written = {
        f"compat/{file.name}::{test}"
        for file in (TESTS / "compat").glob("test_scenarios_*.py")
        for test in _tests_of(f"compat/{file.name}")
        if test.startswith("test_")
    }
    assert set() == written - named
