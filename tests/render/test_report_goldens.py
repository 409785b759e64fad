"""Each form of a report is, to the letter, what the golden files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubefedctl.model.reports import ReportKind
from kubefedctl.render.reports import FORMS
from tests.render.made_reports import GOLDEN, golden_files, hostile, stopped, usual, vast


@pytest.mark.parametrize(("path", "text"), golden_files().items(), ids=lambda one: Path(one).name)
def test_report_is_as_the_golden_file(path: Path, text: str) -> None:
    """`python -m tests.render.made_reports` writes them anew."""
    assert path.read_text() == text


def test_golden_files_are_of_forms_that_there_are() -> None:
    """None is left over."""
    assert sorted(golden_files()) == sorted(GOLDEN.iterdir())


def test_forms_are_made_for_each_kind() -> None:
    """One table has them all."""
    assert list(ReportKind) == list(FORMS)


@pytest.mark.parametrize("kind", FORMS)
def test_report_of_a_hostile_run_is_harmless_in_terminals(kind: ReportKind) -> None:
    """People look at files with cat."""
    text = FORMS[kind](hostile())
    assert [] == sorted({c for c in text if not c.isprintable() and c != "\n"})
    text.encode()


@pytest.mark.parametrize("kind", FORMS)
def test_report_is_made_of_any_run(kind: ReportKind) -> None:
    """Also where nothing was read, and of nothing at all."""
    made = [FORMS[kind](found) for found in (stopped(), usual(), vast(0, 0))]
    assert len(made[0]) < len(made[1])
