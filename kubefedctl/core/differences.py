"""
What differs between two objects, field by field.

Here: finding the differences and putting each in one readable line. Not here: which of two objects
is right.

Laws:
1. A field that is null and one that is missing are the same.
2. A value of a Secret never appears in a line: a keyed fingerprint stands for it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
_PLAIN = re.compile(r"[A-Za-z_][-A-Za-z0-9_]*")
_OF_SECRETS = frozenset({"data", "stringData"})
_LONGEST = 80
_FINGERPRINT_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One field that differs.

    Args:
        path: Keys of maps and indexes of lists, from the top.
        old: What stands there; None for nothing.
        new: What is to stand there; None for nothing.
    """

    path: Path
    old: Any
    new: Any

    @property
    def pointer(self) -> str:
        """
        The path as a JSON pointer.

        >>> Difference(("a/b", 0), 1, 2).pointer
        '/a~1b/0'
        """
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in self.path)
        return "".join(f"/{step}" for step in steps)


def find_differences(old: Any, new: Any) -> tuple[Difference, ...]:
    """
    Return the fields in which *old* and *new* differ, maps in the order of their keys.

    Lists are compared item by item, in their order. A map that is in only one of the two is told
    field by field.

    >>> find_differences({"a": {"b": 1}}, {"a": {"b": 2}})
    (Difference(path=('a', 'b'), old=1, new=2),)
    """
    return tuple(_walk((), old, new))


def describe_difference(difference: Difference, *, kind: str, key: bytes) -> str:
    """
    Return one line for *difference*: the field's path, the old value and the new one.

    Args:
        difference: Its path starts at the top of an object or template of *kind*.
        kind: Of a Secret, values in `data` and `stringData` are not shown.
        key: Key of the fingerprints; random and made anew for each run, so that nobody can find a
            value by trying.

    >>> describe_difference(Difference(("data", "a.b"), "1", None), kind="ConfigMap", key=b"")
    'data["a.b"]: "1" -> (none)'
    """
    is_hidden = kind == "Secret" and (not difference.path or difference.path[0] in _OF_SECRETS)
    old, new = (
        _show(value, key=key if is_hidden else None) for value in (difference.old, difference.new)
    )
    return f"{_dotted(difference.path)}: {old} -> {new}"


def fingerprint(value: Any, *, key: bytes) -> str:
    """
    Return what stands for a value that is not shown: the same for the same value and key.

    Args:
        value: What must not be shown.
        key: Random and made anew for each run.
    """
    text = json.dumps(value, sort_keys=True, default=str)
    digest = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"(hidden, fingerprint {digest[:_FINGERPRINT_LENGTH]})"


def _walk(path: Path, old: Any, new: Any) -> Iterator[Difference]:
    if _is_same(old, new):
        return
    if _are(Mapping, old, new):
        before, after = old or {}, new or {}
        for name in sorted({*before, *after}, key=str):
            yield from _walk((*path, name), before.get(name), after.get(name))
        if not before and not after and (old is None or new is None):
            yield Difference(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            yield from _walk((*path, at), _item(old, at), _item(new, at))
    else:
        yield Difference(path, old, new)


def _are(wanted: type, old: Any, new: Any) -> bool:
    """Whether both are of a type, or one is and the other is missing."""
    return all(value is None or isinstance(value, wanted) for value in (old, new))


def _is_same(old: Any, new: Any) -> bool:
    """NB: to Python, True is 1; to an API server it is not."""
    if isinstance(old, dict | list) or isinstance(old, bool) is not isinstance(new, bool):
        return False
    return bool(old == new)


def _item(items: list[Any], at: int) -> Any:
    return items[at] if at < len(items) else None


def _dotted(path: Path) -> str:
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(str(step)):
            text += f".{step}" if text else str(step)
        else:
            text += f"[{json.dumps(str(step))}]"
    return text or "."


def _show(value: Any, *, key: bytes | None) -> str:
    if value is None:
        return "(none)"
    if key is not None:
        return fingerprint(value, key=key)
    text = json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
