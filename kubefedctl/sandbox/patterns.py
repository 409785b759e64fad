"""
Go's regular expressions (RE2 syntax) for Python's `re`.

Belongs here: translating the `pattern` of a schema. A pattern that can't be expressed
matches everything, because a sandbox that accepts a value too many is more useful than
one that refuses a good object. Python's engine backtracks where RE2 does not, so a
pattern made to be slow is slow here.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN = re.compile(
    r"""
    (?P<quoted>\\Q.*?(?:\\E|$))
  | (?P<hexadecimal>\\x\{[0-9A-Fa-f]+\})
  | (?P<end>\\z)
  | (?P<escape>\\.)
  | (?P<flags>\(\?[imsU]+\))
  | (?P<named>\(\?<(?=[A-Za-z_]))
  | (?P<posix>\[:\^?[a-z]+:\])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """
    Return *pattern* compiled for `search`, or None if Python can't express it.

    >>> bool(compile_pattern("^[[:alpha:]]+$").search("abc"))
    True
    >>> bool(compile_pattern("^a$").search("a\\n"))
    False
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(_translate(pattern), re.ASCII)
    except (re.error, OverflowError, ValueError, RecursionError):
        return None


def matches(pattern: str, value: str) -> bool:
    """Return whether *value* contains a match; a pattern beyond Python matches everything."""
    compiled = compile_pattern(pattern)
    return compiled is None or compiled.search(value) is not None


def _translate(pattern: str) -> str:
    parts: list[str] = []
    open_flags = [0]  # the flag groups to close at the end of each open group
    multiline = False
    in_class = False
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token.group()
        if kind == "flags" and not in_class:
            multiline = multiline or "m" in text
            parts.append(f"(?{text[2:-1].replace('U', '')}:" if text != "(?U)" else "(?:")
            open_flags[-1] += 1
        elif kind == "other" and not in_class:
            in_class = text == "["
            parts.append(_plain(text, open_flags, multiline=multiline))
        elif kind == "other":
            in_class = not (text == "]" and not _is_class_start(parts))
            parts.append(f"\\{text}" if text in "[&~|" else text)
        else:
            parts.append(_special(str(kind), text, in_class=in_class))
    return "".join(parts) + ")" * open_flags[0]


def _plain(text: str, open_flags: list[int], *, multiline: bool) -> str:
    if text == "(":
        open_flags.append(0)
    if text == ")" and len(open_flags) > 1:
        return ")" * (open_flags.pop() + 1)
    return r"\Z" if text == "$" and not multiline else text


def _is_class_start(parts: list[str]) -> bool:
    return parts[-1] == "[" or parts[-2:] == ["[", "^"]


def _special(kind: str, text: str, *, in_class: bool) -> str:
    if kind == "quoted":
        return re.escape(text.removeprefix(r"\Q").removesuffix(r"\E"))
    if kind == "hexadecimal":
        return f"\\U{int(text[3:-1], 16):08x}"
    if kind == "end":
        return r"\Z"
    if kind == "named" and not in_class:
        return "(?P<"
    if kind == "posix" and in_class:
        name = text[2:-2]
        if name.startswith("^") or name not in _POSIX:
            raise re.error(f"no such character class: {text}")
        return _POSIX[name]
    if kind == "posix":
        return re.sub(r"([\[&~|])", r"\\\1", text[1:]).join(("[", ""))
    return text
