"""
Conversations in which the sandbox must answer as the real API server does, to the field.

The real server is right. Each case is one conversation; the first answers that differ fail it.

Left out, because the sandbox does not do it or only Go can say it: bodies in YAML, duplicate
fields in JSON, what pods, claims and limit ranges get from admission, and the words of refusals
that are marked as loose.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.contract import (
    conversations_custom,
    conversations_kinds,
    conversations_lists,
    conversations_objects,
)
from tests.contract.conftest import Pair
from tests.contract.conversations import Ask, hold
from tests.contract.targets import establish, make_crd

pytestmark = [pytest.mark.real(clusters=1)]
ALL = {
    **conversations_objects.CONVERSATIONS,
    **conversations_kinds.CONVERSATIONS,
    **conversations_lists.CONVERSATIONS,
}


@pytest.mark.parametrize("conversation", ALL.values(), ids=list(ALL))
def test_conversation_is_answered_by_the_sandbox_as_by_the_real_server(
    pair: Pair, conversation: Sequence[Ask]
) -> None:
    """Status and body of every answer are the same, but for masked values."""
    _compare(pair, conversation)


def test_custom_objects_are_answered_by_the_sandbox_as_by_the_real_server(pair: Pair) -> None:
    """So are the conversations about custom objects, one after the other."""
    for target in (pair.real, pair.sandbox):
        establish(target, make_crd())
    for name, conversation in conversations_custom.CONVERSATIONS.items():
        _compare(pair, conversation, name)


def test_discovery_of_the_sandbox_is_part_of_the_real_one(pair: Pair) -> None:
    """Whatever the sandbox serves has the real server's kind, scope, names and verbs."""
    real = set(pair.real.cluster.discover().resources)
    beside = [row for row in pair.sandbox.cluster.discover().resources if row not in real]
    assert [] == beside


def _compare(pair: Pair, conversation: Sequence[Ask], name: str = "") -> None:
    real = hold(conversation, pair.real.wire)
    sandbox = hold(conversation, pair.sandbox.wire)
    for number, (expected, actual) in enumerate(zip(real, sandbox, strict=True)):
        assert expected == actual, f"{name} answer {number}: {conversation[number]}"
