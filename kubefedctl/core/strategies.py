"""
How each type is written, from what a person says: `replace`, `deployments=replace`.

Not here: which type a word means (`ops.narrowing`), and what the strategies do (`core.applying`,
`core.members`).
"""

from __future__ import annotations

from collections.abc import Sequence

from kubefedctl.errors import InputError
from kubefedctl.model.actions import Strategies, Strategy


def parse_strategies(texts: Sequence[str]) -> Strategies:
    """
    Return the strategies that *texts* name, by the words for types as they were given.

    Raises:
        InputError: A text names no strategy, or two of them are about the same.

    >>> parse_strategies(["replace"]).usual, parse_strategies(["jobs=replace"]).usual
    (<Strategy.REPLACE: 'replace'>, <Strategy.APPLY: 'apply'>)
    """
    found: dict[str, Strategy] = {}
    for text in texts:
        word, _, name = text.strip().rpartition("=")
        known = {strategy.value: strategy for strategy in Strategy}
        if name not in known or text.strip().startswith("="):
            raise InputError(
                f"{text!r} is no strategy",
                hint=f"give {' or '.join(known)}, or one for a type such as jobs=replace",
            )
        if found.setdefault(word, known[name]) is not known[name]:
            about = f"type {word}" if word else "types that are not named"
            raise InputError(f"two strategies are given for {about}")
    return Strategies(found.pop("", Strategy.APPLY), found)
