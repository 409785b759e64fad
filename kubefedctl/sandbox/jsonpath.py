"""
The part of JSONPath that printer columns use.

Upstream: client-go/util/jsonpath; ranges, unions and regular expressions are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_STEP = re.compile(
    r"\.\.(?P<deep>[A-Za-z_][\w-]*|\*)"
    r"|\.(?P<field>(?:[\w\-/]|\\.)+|\*)"
    r"|\[\?\((?P<filter>.+?)\)\]"
    r"|\[(?P<quote>['\"])(?P<quoted>.+?)(?P=quote)\]"
    r"|\[(?P<index>-?\d+|\*|-?\d*:-?\d*)\]"
)
_FILTER = re.compile(
    r"^\s*@(?P<path>[^=!<>\s]*)\s*(?:(?P<op>==|!=|<=|>=|<|>)\s*(?P<value>.+?))?\s*$"
)

Step = tuple[str, str]


@lru_cache(maxsize=1024)
def _parse(path: str) -> tuple[Step, ...] | None:
    text = path.strip().removeprefix("{").removesuffix("}").strip()
    text = text.removeprefix("$")
    if text and text[0] not in ".[":
        text = "." + text
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            return None if text[position:] != "." else tuple(steps)
        kind = match.lastgroup if match.lastgroup not in ("quote", None) else "quoted"
        value = match[str(kind)]
        if kind == "field":
            value = re.sub(r"\\(.)", r"\1", value)
        steps.append((str(kind), value))
        position = match.end()
    return tuple(steps)


def find(value: Any, path: str) -> list[Any]:
    """
    Return everything a path leads to; nothing for a path that can't be read.

    >>> conditions = {"c": [{"type": "Ready", "status": "True"}, {"type": "Old"}]}
    >>> find(conditions, ".c[?(@.type=='Ready')].status")
    ['True']
    >>> find({"a.b": {"c": [1, 2]}}, r".a\\.b.c[*]")
    [1, 2]
    """
    steps = _parse(path)
    if steps is None:
        return []
    values = [value]
    for kind, argument in steps:
        values = [found for item in values for found in _take(item, kind, argument)]
    return values


def _take(value: Any, kind: str, argument: str) -> Iterator[Any]:
    if kind in ("field", "quoted"):
        yield from _fields(value, argument)
    elif kind == "deep":
        yield from _descend(value, argument)
    elif kind == "index" and isinstance(value, list):
        yield from _items(value, argument)
    elif kind == "filter" and isinstance(value, list):
        yield from (item for item in value if _passes(item, argument))


def _fields(value: Any, name: str) -> Iterator[Any]:
    if name == "*" and isinstance(value, dict | list):
        yield from value.values() if isinstance(value, dict) else value
    elif isinstance(value, dict) and name in value:
        yield value[name]


def _descend(value: Any, name: str) -> Iterator[Any]:
    yield from _fields(value, name)
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for child in children:
            yield from _descend(child, name)


def _items(value: list[Any], argument: str) -> Iterator[Any]:
    if argument == "*":
        yield from value
    elif ":" in argument:
        start, _, stop = argument.partition(":")
        yield from value[int(start) if start else None : int(stop) if stop else None]
    elif -len(value) <= int(argument) < len(value):
        yield value[int(argument)]


def _passes(item: Any, expression: str) -> bool:
    match = _FILTER.match(expression)
    if match is None:
        return False
    found = find(item, match["path"]) if match["path"] else [item]
    if match["op"] is None:
        return bool(found)
    if not found:
        return False
    return _compare(found[0], match["op"], _literal(match["value"]))


def _literal(text: str) -> Any:
    if text[:1] in "'\"" and text[-1:] == text[:1]:
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


def _compare(left: Any, operator: str, right: Any) -> bool:
    if operator in ("==", "!="):
        return bool(left == right) == (operator == "==")
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        return False
    return {
        "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
    }[operator]  # fmt: skip
