"""
Bodies in protobuf: what kubectl from 1.32 on sends when it creates built-in kinds.

What belongs here: decoding to the JSON object that the same Go value would have been. What does
not: encoding; answers are always JSON, which every client takes.

Upstream: apimachinery/pkg/runtime/serializer/protobuf; the messages come from the generated.proto
files of k8s.io/api (see tests/sandbox/regenerate_messages.py).
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from kubefedctl.sandbox.objects import Object, split_api_version
from kubefedctl.sandbox.statuses import bad_request

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\x00"
_META = "k8s.io.apimachinery.pkg.apis.meta.v1"
_UNKNOWN = "k8s.io.apimachinery.pkg.runtime.Unknown"
_RAW = ("FieldsV1", "RawExtension")
_DEPTH = 60
Fields = dict[str, list[str]]


class _BrokenError(ValueError):
    """The bytes are no message."""


@cache
def _messages() -> dict[str, Fields]:
    data = resources.files("kubefedctl.sandbox").joinpath("data/messages.json")
    found: dict[str, Fields] = json.loads(data.read_text(encoding="utf-8"))
    return found


def decode_object(content: bytes) -> Object:
    """
    Return the object in a body.

    Raises:
        ApiError: 400, the body is broken or of a kind without a message.
    """
    if not content.startswith(_MAGIC):
        raise bad_request("the body is not encoded as Kubernetes protobuf")
    try:
        envelope = _decode(_UNKNOWN, content[len(_MAGIC) :], 0)
        version, kind = envelope.get("apiVersion", ""), envelope.get("kind", "")
        message = _find(version, kind)
        obj = _decode(message, base64.b64decode(envelope.get("raw", "")), 0)
    except (_BrokenError, ValueError, IndexError, struct.error) as error:
        raise bad_request(f"unable to decode the protobuf body: {error}") from None
    return {"apiVersion": version, "kind": kind, **obj}


def _find(version: str, kind: str) -> str:
    group, short = split_api_version(version)
    part = {"": "core", "rbac.authorization.k8s.io": "rbac"}.get(group, group.partition(".")[0])
    names = (f"k8s.io.api.{part}.{short}.{kind}", f"{_META}.{kind}")
    for name in names:
        if name in _messages():
            return name
    raise _BrokenError(f"no message is known for {kind} of {version}")


def _read_varint(content: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise _BrokenError("a number is too long")


def _parts(content: bytes) -> Iterator[tuple[str, int | bytes]]:
    """Yield field numbers and raw values."""
    position = 0
    while position < len(content):
        tag, position = _read_varint(content, position)
        wire = tag & 7
        if wire == 0:
            value, position = _read_varint(content, position)
            yield str(tag >> 3), value
            continue
        if wire == 2:
            size, position = _read_varint(content, position)
        else:
            size = {1: 8, 5: 4}.get(wire, -1)
        end = position + size
        if size < 0 or end > len(content):
            raise _BrokenError("a field is cut off")
        yield str(tag >> 3), content[position:end]
        position = end


def _decode(message: str, content: bytes, depth: int) -> Object:
    if depth > _DEPTH:
        raise _BrokenError("messages are nested too deep")
    fields = _messages()[message]
    obj: Object = {}
    for number, raw in _parts(content):
        known = fields.get(number)
        if known is None:
            continue
        name, kind, mode, trait = known
        if mode == "map":
            key, value = _entry(kind, raw, depth)
            obj.setdefault(name, {})[key] = value
            continue
        value = _value(kind, raw, depth)
        if mode == "repeated":
            obj.setdefault(name, []).append(value)
        elif trait == "inline" and isinstance(value, dict):
            obj |= value
        elif trait == "keep" or value not in ("", 0, False, None, {}):
            obj[name] = value
    return obj


def _entry(kind: str, raw: int | bytes, depth: int) -> tuple[str, Any]:
    key, value = "", _value(kind, b"", depth) if "." in kind or kind in ("string", "bytes") else 0
    for number, part in _parts(_bytes(raw)):
        if number == "1":
            key = _bytes(part).decode()
        elif number == "2":
            value = _value(kind, part, depth)
    return key, value


def _bytes(raw: int | bytes) -> bytes:
    if isinstance(raw, int):
        raise _BrokenError("a number stands where bytes belong")
    return raw


def _value(kind: str, raw: int | bytes, depth: int) -> Any:
    if kind == "string":
        return _bytes(raw).decode()
    if kind == "bytes":
        return base64.b64encode(_bytes(raw)).decode()
    if kind == "double":
        return struct.unpack("<d", _bytes(raw))[0]
    if "." not in kind:
        if not isinstance(raw, int):
            raise _BrokenError("bytes stand where a number belongs")
        if kind == "bool":
            return bool(raw)
        return raw - (1 << 64) if raw >= 1 << 63 else raw
    return _special(kind, _bytes(raw), depth)


def _special(kind: str, raw: bytes, depth: int) -> Any:
    """Decode a message; some are no objects in JSON."""
    short = kind.rpartition(".")[2]
    if short in _RAW:
        inner = _decode(kind, raw, depth + 1)
        text = next(iter(inner.values()), "")
        return json.loads(base64.b64decode(text)) if text else None
    content = _decode(kind, raw, depth + 1)
    if short == "IntOrString":
        return content.get("strVal", "") if content.get("type") else content.get("intVal", 0)
    if short == "Quantity":
        return content.get("string", "0")
    if short in ("Time", "MicroTime"):
        return _time(content, micro=short == "MicroTime")
    if short in ("Verbs", "ExtraValue"):
        return content.get("items", [])
    return content


def _time(content: Object, *, micro: bool) -> str | None:
    if not content.get("seconds"):
        return None
    moment = datetime.fromtimestamp(content["seconds"], UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{content.get('nanos', 0) // 1000:06d}Z" if micro else f"{text}Z"
