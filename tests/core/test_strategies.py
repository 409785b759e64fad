"""Tests of saying how types are written: words for all, for one, and nonsense."""

from __future__ import annotations

import pytest

from kubefedctl.core.strategies import parse_strategies
from kubefedctl.errors import InputError
from kubefedctl.model.actions import Strategies, Strategy


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param([], Strategies(), id="nothing"),
        pytest.param(["replace"], Strategies(Strategy.REPLACE), id="all"),
        pytest.param(
            ["deploy.apps=replace"],
            Strategies(Strategy.APPLY, {"deploy.apps": Strategy.REPLACE}),
            id="one-type",
        ),
        pytest.param(
            ["replace", "cm=apply", "replace"],
            Strategies(Strategy.REPLACE, {"cm": Strategy.APPLY}),
            id="all-but-one",
        ),
    ],
)
def test_parse_strategies(texts: list[str], expected: Strategies) -> None:
    """What names no type is for all that are not named."""
    assert expected == parse_strategies(texts)


@pytest.mark.parametrize(
    "texts",
    [["merge"], ["deploy="], ["=replace"], [""], ["apply", "replace"], ["a=apply", "a=replace"]],
    ids=["word", "no-strategy", "no-type", "empty", "two-for-all", "two-for-one"],
)
def test_parse_strategies_nonsense_is_refused(texts: list[str]) -> None:
    """A mistyped strategy must not mean the usual one."""
    with pytest.raises(InputError):
        parse_strategies(texts)
