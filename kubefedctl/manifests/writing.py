"""
From objects to YAML text that every reader reads alike.

Laws:
1. Text is quoted wherever PyYAML, Go's YAML or a YAML 1.2 reader could take it for something else.
2. Nothing is folded, and no anchors are written.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from kubefedctl.errors import ManifestError
from kubefedctl.manifests.words import TAG, resolve_plain

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_RESOLVER: Any = yaml.resolver.Resolver()
_HARMLESS_TAGS = (TAG + "str", TAG + "yaml")
"""What PyYAML takes for text, and `!`, `&`, `*`, which cannot stand bare anyway."""

_UNLIMITED_WIDTH = 2**31 - 1

_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9]*)?")
_ESCAPED = re.compile("[^\\n\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd]")
"""Control characters, tabs, foreign line breaks, the byte order mark and all beyond the BMP."""


def dump_documents(objects: Iterable[Mapping[str, Any]]) -> str:
    """
    Return *objects* as YAML, each after a line `---`, in block style with sorted keys.

    Raises:
        ManifestError: An object holds what JSON cannot, such as NaN or half a surrogate pair.

    Upstream: sigs.k8s.io/yaml v1.4, goyaml.v2/encode.go and sorter.go: same order and shape;
    quotes also what only other readers would misread.
    """
    return "".join("---\n" + _dump(obj) for obj in objects)


def _dump(obj: Mapping[str, Any]) -> str:
    try:
        node = _make_node(obj)
        text: str = yaml.serialize(node, Dumper=_Dumper, allow_unicode=True, width=_UNLIMITED_WIDTH)
    except (RecursionError, UnicodeEncodeError) as error:
        raise ManifestError("an object is too deep for YAML or holds broken text") from error
    return text


def _make_node(value: Any) -> yaml.Node:
    if isinstance(value, Mapping):
        pairs = [(_text_node(key, is_key=True), _make_node(value[key])) for key in _sorted(value)]
        return yaml.MappingNode(TAG + "map", pairs, flow_style=not pairs)
    if isinstance(value, list | tuple):
        items = [_make_node(item) for item in value]
        return yaml.SequenceNode(TAG + "seq", items, flow_style=not items)
    if isinstance(value, str):
        return _text_node(value)
    return _plain_node(value)


def _plain_node(value: Any) -> yaml.Node:
    if value is None:
        return yaml.ScalarNode(TAG + "null", "null")
    if isinstance(value, bool):
        return yaml.ScalarNode(TAG + "bool", "true" if value else "false")
    if isinstance(value, int):
        return yaml.ScalarNode(TAG + "int", str(value))
    if isinstance(value, float) and math.isfinite(value):
        return yaml.ScalarNode(*_write_fraction(value))
    raise ManifestError("an object holds a value that neither JSON nor YAML can carry")


def _write_fraction(value: float) -> tuple[str, str]:
    """NB: as in Go a whole number has no point; PyYAML reads an exponent only after one."""
    if value.is_integer() and abs(value) < 1e21:
        return TAG + "int", str(int(value))
    text = repr(value)
    return TAG + "float", text if "." in text else text.replace("e", ".0e")


def _text_node(text: str, *, is_key: bool = False) -> yaml.Node:
    style = None
    if _ESCAPED.search(text):
        style = '"'
    elif "\n" in text:
        style = '"' if is_key or text[0].isspace() else "|"
    elif _needs_quotes(text):
        style = '"'
    return yaml.ScalarNode(TAG + "str", text, style=style)


def _needs_quotes(text: str) -> bool:
    """Whether any reader would take the bare *text* for something else than text."""
    if not isinstance(resolve_plain(text), str) or text == "<<":
        return True
    if _DATE.match(text) or _SEXAGESIMAL.fullmatch(text):
        return True
    return _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) not in _HARMLESS_TAGS


def _sorted(keys: Iterable[str]) -> list[str]:
    found = sorted(keys)
    if all(map(str.isalpha, found)):
        return found
    return sorted(found, key=functools.cmp_to_key(_compare_keys))


def _compare_keys(left: str, right: str) -> int:
    """
    Order keys as Go's YAML writer: digits by value and before letters.

    Upstream: sigs.k8s.io/yaml v1.4, goyaml.v2/sorter.go, keyList.Less.
    """
    for index, (ours, theirs) in enumerate(zip(left, right, strict=False)):
        if ours == theirs:
            continue
        if ours.isalpha() or theirs.isalpha():
            if ours.isalpha() and theirs.isalpha():
                return -1 if ours < theirs else 1
            return -1 if theirs.isalpha() else 1
        our_number, their_number = _number_at(left, index), _number_at(right, index)
        if "0" in (ours, theirs) and re.search(r"[1-9][0-9]*\Z", left[:index]):
            our_number, their_number = "1" + our_number, "1" + their_number
        ranks = [(int(text or "0"), len(text)) for text in (our_number, their_number)]
        if ranks[0] != ranks[1]:
            return -1 if ranks[0] < ranks[1] else 1
        return -1 if ours < theirs else 1
    return len(left) - len(right)


def _number_at(text: str, index: int) -> str:
    end = index
    while end < len(text) and text[end].isascii() and text[end].isdigit():
        end += 1
    return text[index:end]
