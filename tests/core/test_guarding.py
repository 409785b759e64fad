"""Tests of the limit on what one run takes away."""

from __future__ import annotations

import pytest

from kubefedctl.core.guarding import DeletionLimit, check_deletions, parse_limit
from kubefedctl.core.planning import plan_sync
from kubefedctl.errors import InputError, RefusedError
from kubefedctl.model.actions import Plan
from kubefedctl.model.readings import Observed
from kubefedctl.model.refs import Key
from tests.core.federations import (
    TERMINATING,
    desire,
    federate,
    federated_namespace,
    member_object,
    observe,
    reading,
)

_NAMES = [f"o{number}" for number in range(6)]


def _make(gone: int = 3) -> tuple[Plan, Observed]:
    """Six objects in c1, of which *gone* are placed nowhere; one orphan and one going in c2."""
    nowhere = {"placement": {"clusters": []}}
    objects = [federate(nowhere, key=Key("shop", name)) for name in _NAMES[:gone]]
    objects += [federate(key=Key("shop", name)) for name in _NAMES[gone:]]
    objects += [federated_namespace("shop"), federate(nowhere, key=Key("shop", "going"))]
    going = member_object(Key("shop", "going"), metadata=TERMINATING)
    observed = observe(
        c1=[member_object(Key("shop", name)) for name in _NAMES],
        c2=reading("c2", going, member_object(Key("shop", "lost"))),
    )
    return plan_sync(desire(objects), observed), observed


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", DeletionLimit(0)), ("12", DeletionLimit(12)), (" 5% ", DeletionLimit(5, True))],
)
def test_parse_limit_is_a_number_or_a_share(text: str, expected: DeletionLimit) -> None:
    """Both are written as one would say them."""
    assert expected == parse_limit(text)
    assert text.strip() == str(expected)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "%", "101%", "5 %", "five", "9" * 30])
def test_parse_limit_that_is_none_is_refused(text: str) -> None:
    """A limit that was not understood must not mean none."""
    with pytest.raises(InputError, match="not a number of deletions"):
        parse_limit(text)


@pytest.mark.parametrize("limit", ["4", "50%", "100%", "100"])
def test_check_deletions_within_the_limit_says_nothing(limit: str) -> None:
    """Three deletions and a label; what an earlier run deleted is not counted again."""
    check_deletions(*_make(), parse_limit(limit))


def test_check_deletions_without_a_limit_says_nothing() -> None:
    """Nobody asked."""
    check_deletions(*_make(), None)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        pytest.param(
            "3",
            "4 objects would be deleted or unlabelled, and --max-deletes 3 allows 3:"
            " 3 in cluster c1, 1 in cluster c2; ",
            id="number",
        ),
        pytest.param(
            "49%",
            "4 objects of 8 would be deleted or unlabelled, and --max-deletes 49% allows 3:"
            " 3 in cluster c1, 1 in cluster c2; ",
            id="share",
        ),
    ],
)
def test_check_deletions_beyond_the_limit_refuses(limit: str, expected: str) -> None:
    """The message counts for each cluster and names the first objects."""
    with pytest.raises(RefusedError) as caught:
        check_deletions(*_make(), parse_limit(limit))
    named = [f"ConfigMap/shop/o{number} in cluster c1" for number in range(3)]
    named.append("ConfigMap/shop/lost in cluster c2")
    assert expected + ", ".join(named) == caught.value.message
    assert "--dry-run" in caught.value.hint


def test_check_deletions_names_no_more_than_five() -> None:
    """A thousand names hide the counts."""
    with pytest.raises(RefusedError, match="o4 in cluster c1 and 2 more"):
        check_deletions(*_make(6), DeletionLimit(0))


def test_check_deletions_share_of_nothing_allows_nothing() -> None:
    """Without managed objects there is nothing to take away, and no division."""
    check_deletions(Plan(), {}, DeletionLimit(10, True))
