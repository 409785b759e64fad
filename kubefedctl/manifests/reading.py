"""
From YAML or JSON text to values and objects.

Laws:
1. Text is untrusted. Whatever is wrong with it is a `ManifestError` that says `source:line` and
   quotes no value: a manifest may hold a Secret.
2. Aliases cannot multiply a document without bound, and nesting is limited to what the rest of
   the program can walk.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubefedctl.errors import ManifestError
from kubefedctl.manifests.words import TAG, resolve_plain
from kubefedctl.model.refs import Object

LONGEST_TEXT = 64 * 1024 * 1024
"""Characters that one manifest text may have."""

DEEPEST_NESTING = 200
LARGEST_ALIASED = 4 * 1024 * 1024
"""Nodes and characters that all aliases of one text may add to it."""

_NOT_BLANK = re.compile(r"\S")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class _Document:
    line: int
    value: Any


@dataclass(slots=True)
class _Frame:
    """A list or map that is being read."""

    value: Any
    line: int
    anchor: str | None
    key: Any = None
    has_key: bool = False
    is_merge: bool = False
    merged: set[str] = field(default_factory=set)


def load_documents(text: str, *, source: str) -> list[Any]:
    """
    Return the documents of *text*, which may be anything YAML or JSON can say; empty ones are None.

    Args:
        text: YAML with any number of documents, or JSON objects one after the other.
        source: What messages call it: a file name, or `stdin`.

    Raises:
        ManifestError: It is not YAML, names a key twice, uses a tag other than the standard ones,
            holds a number that JSON does not know, or is too large, too deep or full of aliases.

    Upstream: sigs.k8s.io/yaml v1.4, goyaml.v2/resolve.go: same values. A key that is there twice
    and a fraction as a key are errors here.
    """
    return [document.value for document in _read_documents(text, source)]


def load_objects(text: str, *, source: str, expand_lists: bool = True) -> list[Object]:
    """
    Return the Kubernetes objects of *text*; empty documents are skipped.

    Args:
        text: As for `load_documents`.
        source: As for `load_documents`.
        expand_lists: Whether the items of a `List` take its place.

    Raises:
        ManifestError: As for `load_documents`, or a document is no object, lacks `apiVersion` or
            `kind`, or has a name or namespace that is no text.
    """
    objects: list[Object] = []
    for document in _read_documents(text, source):
        if document.value is None:
            continue
        where = f"{source}:{document.line}"
        obj = _check_object(document.value, where)
        objects += _expand_list(obj, where) if expand_lists else [obj]
    return objects


def _check_object(value: Any, where: str) -> Object:
    if not isinstance(value, dict):
        raise ManifestError(
            f"{where}: the document is a {_type_name(value)}, not a Kubernetes object",
            hint="give an object with apiVersion, kind and metadata",
        )
    for required in ("apiVersion", "kind"):
        if not isinstance(value.get(required), str) or not value[required]:
            raise ManifestError(
                f"{where}: the object has no {required}",
                hint="every document needs apiVersion and kind",
            )
    metadata = value.get("metadata")
    for part in ("name", "namespace"):
        given = metadata.get(part) if isinstance(metadata, dict) else None
        if given is not None and not isinstance(given, str):
            # NB: YAML takes a bare n or y for a boolean, and a name of digits for a number
            raise ManifestError(
                f"{where}: metadata.{part} is a {_type_name(given)}, not a text",
                hint="put it in quotes",
            )
    return value


def _expand_list(obj: Object, where: str) -> Iterator[Object]:
    items = obj.get("items")
    if not obj["kind"].endswith("List") or not isinstance(items, list):
        yield obj
        return
    item_kind = obj["kind"].removesuffix("List")
    for index, item in enumerate(items):
        if isinstance(item, dict) and item_kind:
            item = {"apiVersion": obj["apiVersion"], "kind": item_kind, **item}
        yield from _expand_list(_check_object(item, f"{where}: items[{index}]"), where)


def _type_name(value: Any) -> str:
    names = {list: "list", dict: "map", str: "text", bool: "boolean", int: "number"}
    return names.get(type(value), "number")


def _read_documents(text: str, source: str) -> list[_Document]:
    if len(text) > LONGEST_TEXT:
        raise ManifestError(
            f"{source}: larger than {LONGEST_TEXT // 1024 // 1024} MiB",
            hint="split it into several files",
        )
    found = _read_json(text) if text.lstrip().startswith("{") else None
    return _read_yaml(text, source) if found is None else found


def _read_json(text: str) -> list[_Document] | None:
    """
    The JSON objects of *text*, or None where reading it as YAML is to say what is wrong.

    NB: JSON cannot be left to the YAML parser, which knows no surrogate pairs in `\\u` escapes.
    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_refuse_duplicates,
        parse_constant=_refuse_word,
        parse_float=_parse_fraction,
    )
    documents = []
    position, line = 0, 1
    try:
        while start := _NOT_BLANK.search(text, position):
            line += text.count("\n", position, start.start())
            value, end = decoder.raw_decode(text, start.start())
            _check_json(value, DEEPEST_NESTING)
            documents.append(_Document(line, value))
            line += text.count("\n", start.start(), end)
            position = end
    except (ValueError, RecursionError):
        return None
    return documents


def _parse_fraction(text: str) -> float | int:
    fraction = float(text)
    if not math.isfinite(fraction):
        raise ValueError("out of range")
    return int(fraction) if fraction.is_integer() and abs(fraction) < 1e21 else fraction


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse_word(word: str) -> None:
    raise ValueError(word)


def _check_json(value: Any, levels: int) -> None:
    if levels < 0:
        raise ValueError("too deep")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for key, item in value.items():
            key.encode()
            _check_json(item, levels - 1)
    elif isinstance(value, list):
        for item in value:
            _check_json(item, levels - 1)


def _read_yaml(text: str, source: str) -> list[_Document]:
    reader = _YamlReader(source)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ManifestError(
            f"{source}{line}: not YAML: {error.problem or error.context}",
            hint="check the indentation and the quotes around this line",
        ) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise ManifestError(
            f"{source}: not YAML: it holds characters that YAML does not allow",
            hint="save it as text in UTF-8",
        ) from error
    return reader.documents


class _YamlReader:
    """
    Builds values from the parser's events.

    NB: not PyYAML's composer, which recurses in C and falls over deep nesting, nor its
    constructors, which resolve plain words differently from Go.
    """

    def __init__(self, source: str) -> None:
        self.documents: list[_Document] = []
        self._source = source
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Any] = {}
        self._aliased = 0

    def take(self, event: Any) -> None:
        """Take the next event."""
        if isinstance(event, yaml.ScalarEvent):
            self._take_scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close(event)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._resolve_alias(event), event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _fail(self, event: Any, problem: str, *, hint: str = "") -> ManifestError:
        line = event.start_mark.line + 1
        return ManifestError(f"{self._source}:{line}: {problem}", hint=hint)

    def _take_scalar(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        expects_key = frame is not None and isinstance(frame.value, dict) and not frame.has_key
        if frame and expects_key and event.value == "<<" and event.implicit[0]:
            frame.has_key = frame.is_merge = True
            return
        value = self._construct(event)
        if event.anchor:
            self._anchors[event.anchor] = value
        self._add(value, event)

    def _construct(self, event: Any) -> Any:
        tag = event.tag or ""
        if tag == "!" or tag == TAG + "str":
            return event.value
        if not tag and not event.implicit[0]:
            event.value.encode()  # NB: PyYAML's own parser lets half a surrogate pair through
            return event.value
        value = resolve_plain(event.value)
        if tag and not _fits_tag(value, tag.removeprefix(TAG)):
            raise self._fail(event, "a tag that does not fit its value or is not a standard one")
        if isinstance(value, float) and not math.isfinite(value):
            raise self._fail(event, "infinity and NaN cannot be sent to a cluster", hint="quote it")
        return value

    def _open(self, event: Any) -> None:
        is_map = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", TAG + ("map" if is_map else "seq")):
            raise self._fail(event, "a tag that does not fit its value or is not a standard one")
        if len(self._stack) >= DEEPEST_NESTING:
            raise self._fail(event, f"nested deeper than {DEEPEST_NESTING} levels")
        frame = self._stack[-1] if self._stack else None
        if frame and isinstance(frame.value, dict) and not frame.has_key:
            raise self._fail(event, "a list or map cannot be a key")
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        line = event.start_mark.line + 1
        self._stack.append(_Frame({} if is_map else [], line, event.anchor))

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        if frame.anchor:
            self._anchors[frame.anchor] = frame.value
        self._add(frame.value, event, line=frame.line)

    def _add(self, value: Any, event: Any, *, line: int = 0) -> None:
        if not self._stack:
            self.documents.append(_Document(line or event.start_mark.line + 1, value))
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif not frame.has_key:
            frame.key, frame.has_key = self._make_key(frame, value, event), True
        elif frame.is_merge:
            self._merge(frame, value, event)
            frame.has_key = frame.is_merge = False
        else:
            frame.value[frame.key] = value
            frame.merged.discard(frame.key)
            frame.has_key = False

    def _make_key(self, frame: _Frame, value: Any, event: Any) -> str:
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int) and abs(value) < 2**63:
            value = str(value)
        if not isinstance(value, str):
            raise self._fail(event, "a key that is not text", hint="quote it")
        if value in frame.value and value not in frame.merged:
            raise self._fail(event, "a key that is already there", hint="remove one of the two")
        return value

    def _merge(self, frame: _Frame, value: Any, event: Any) -> None:
        """NB: as in Go, a merge wins over keys before it and yields to keys after it."""
        sources = value if isinstance(value, list) else [value]
        for source in reversed(sources):
            if not isinstance(source, dict):
                raise self._fail(event, "only maps can be merged with <<")
            frame.merged |= source.keys() - frame.value.keys()
            frame.value.update(source)

    def _resolve_alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._fail(event, "an alias of something that is not there or not complete")
        value = self._anchors[event.anchor]
        self._aliased += _size(value, LARGEST_ALIASED - self._aliased)
        if self._aliased > LARGEST_ALIASED:
            raise self._fail(event, "aliases that multiply the document beyond measure")
        depth = len(self._stack) + _depth(value)
        if depth > DEEPEST_NESTING:
            raise self._fail(event, f"nested deeper than {DEEPEST_NESTING} levels")
        return _copy(value)


def _fits_tag(value: Any, tag: str) -> bool:
    if tag == "float":
        return isinstance(value, float | int) and not isinstance(value, bool)
    expected = {"int": int, "bool": bool, "null": type(None)}.get(tag)
    return expected is not None and type(value) is expected


def _size(value: Any, limit: int) -> int:
    """Nodes and characters of *value*; stops counting soon after *limit*."""
    total, waiting = 0, [value]
    while waiting and total <= limit:
        item = waiting.pop()
        total += 1
        if isinstance(item, str):
            total += len(item)
        elif isinstance(item, dict):
            total += sum(map(len, item))
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return total


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
