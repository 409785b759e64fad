"""
The Swagger 2.0 document as protobuf, the only form that kubectl before 1.29 reads.

What belongs here: encoding the parts of a document that `openapi.openapi_v2` makes. What does
not: making it. Anything that kubectl does not read (responses, security, examples) is left out.

Upstream: github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto; the numbers below are its
field numbers.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable

from kubefedctl.sandbox.objects import Object

CONTENT_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
ACCEPTED = (
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    CONTENT_TYPE,
)

_VARINT, _DOUBLE, _BYTES = 0, 1, 2
_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "options": 6, "head": 7, "patch": 8}
_SCHEMA_TEXTS = {"$ref": 1, "format": 2, "title": 3, "description": 4, "pattern": 13}
_SCHEMA_DOUBLES = {"maximum": 7, "minimum": 9}
_SCHEMA_COUNTS = {
    "maxLength": 11,
    "minLength": 12,
    "maxItems": 14,
    "minItems": 15,
    "uniqueItems": 16,
    "maxProperties": 17,
    "minProperties": 18,
}


def _varint(value: int) -> bytes:
    """
    Return a number of seven bits a byte, lowest first.

    >>> _varint(300).hex()
    'ac02'
    """
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _part(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _text(number: int, value: str) -> bytes:
    return _part(number, value.encode()) if value else b""


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(int(value)) if value else b""


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | _DOUBLE) + struct.pack("<d", value)


def _named(number: int, name: str, value: bytes) -> bytes:
    """Encode one entry of what is a map in JSON."""
    return _part(number, _text(1, name) + _part(2, value))


def _extensions(number: int, node: Object) -> bytes:
    return b"".join(
        _named(number, key, _text(2, json.dumps(node[key])))
        for key in sorted(node)
        if key.startswith("x-")
    )


def _schema(node: Object) -> bytes:
    out = bytearray()
    for key, number in _SCHEMA_TEXTS.items():
        out += _text(number, str(node.get(key) or ""))
    for key, number in _SCHEMA_DOUBLES.items():
        if key in node:
            out += _double(number, float(node[key]))
    for key, number in _SCHEMA_COUNTS.items():
        out += _number(number, int(node.get(key) or 0))
    out += b"".join(_text(19, item) for item in node.get("required") or ())
    out += b"".join(_part(20, _text(2, json.dumps(item))) for item in node.get("enum") or ())
    extra = node.get("additionalProperties")
    if isinstance(extra, dict):
        out += _part(21, _part(1, _schema(extra)))
    elif extra:
        out += _part(21, _number(2, 1))
    if isinstance(node.get("type"), str):
        out += _part(22, _text(1, node["type"]))
    if isinstance(node.get("items"), dict):
        out += _part(23, _part(1, _schema(node["items"])))
    out += b"".join(_part(24, _schema(item)) for item in node.get("allOf") or ())
    if node.get("properties"):
        out += _part(25, _schemas(1, node["properties"]))
    return bytes(out) + _extensions(31, node)


def _schemas(number: int, nodes: Object) -> bytes:
    return b"".join(_named(number, name, _schema(nodes[name])) for name in sorted(nodes))


def _parameter(node: Object) -> bytes:
    name, place = node.get("name", ""), node.get("in", "")
    if place == "body":
        body = _text(2, name) + _text(3, place) + _number(4, bool(node.get("required")))
        body += _part(5, _schema(node.get("schema") or {}))
        return _part(1, _part(1, body))
    inner = _number(1, bool(node.get("required"))) + _text(2, place) + _text(4, name)
    # The type of a path parameter has number 5: it can't be left empty as one of a query can.
    number = 4 if place == "path" else 3
    inner += _text(5 if place == "path" else 6, node.get("type", ""))
    return _part(1, _part(2, _part(number, inner)))


def _parameters(number: int, nodes: Iterable[Object]) -> bytes:
    return b"".join(_part(number, _parameter(node)) for node in nodes)


def _operation(node: Object) -> bytes:
    out = _text(5, node.get("operationId", ""))
    out += b"".join(_text(6, item) for item in node.get("produces") or ())
    out += b"".join(_text(7, item) for item in node.get("consumes") or ())
    return out + _parameters(8, node.get("parameters") or ()) + _extensions(13, node)


def _path(node: Object) -> bytes:
    out = b"".join(
        _part(number, _operation(node[method]))
        for method, number in _METHODS.items()
        if method in node
    )
    return out + _parameters(9, node.get("parameters") or ())


def encode_document(document: Object) -> bytes:
    """Return a Swagger 2.0 document as protobuf."""
    info = document.get("info") or {}
    paths = document.get("paths") or {}
    return (
        _text(1, "2.0")
        + _part(2, _text(1, info.get("title", "")) + _text(2, info.get("version", "")))
        + _part(8, b"".join(_named(2, name, _path(paths[name])) for name in sorted(paths)))
        + _part(9, _schemas(1, document.get("definitions") or {}))
    )
