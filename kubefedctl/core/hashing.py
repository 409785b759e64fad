"""
Fingerprints of templates and overrides, the same ones that KubeFed's controller computes.

A version object says for which template and overrides its entries hold. With equal fingerprints a
federation can go back and forth between the controller and this tool without an update of every
member object. So the JSON must be, to the byte, what Go's encoder writes.

Laws:
1. Equal values have equal fingerprints, whatever the order of their keys.
2. Everything that JSON can hold has a fingerprint; what does not fit its place is told by the
   modules that read it (`templates`, `overrides`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

from kubefedctl.errors import InputError

_INT64 = range(-(2**63), 2**63)
_TOUCHED_UP = re.compile("[<>&\u2028\u2029\ud800-\udfff]|\\\\.")
"""What Go writes differently in strings, and the escapes that must not be mistaken for it."""


def hash_template(template: Any) -> str:
    """
    Return the fingerprint of a template; the empty string where there is none.

    Args:
        template: `spec.template` as it stands; None where absent.

    Raises:
        InputError: The template holds something that JSON cannot.

    Upstream: pkg/controller/sync/resource.go, GetTemplateHash @ v0.10.0.

    >>> hash_template({})
    '8a80554c91d9fca8acb82f023de02f11'
    """
    return "" if template is None else _digest(template)


def hash_overrides(spec: Any) -> str:
    """
    Return the fingerprint of the overrides of all clusters, in their order.

    Args:
        spec: `spec` of the federated object as it stands; None where absent.

    Raises:
        InputError: The overrides hold something that JSON cannot.

    Upstream: pkg/controller/sync/resource.go, GetOverrideHash @ v0.10.0.

    >>> hash_overrides({})
    '2979b7538b527abe06492021841caf47'
    """
    if not isinstance(spec, Mapping):
        return ""
    overrides = spec.get("overrides")
    if isinstance(overrides, list):
        overrides = [_as_entry(entry) for entry in overrides]
    return _digest({"overrides": overrides})


def encode_go_json(value: Any) -> str:
    """
    Return *value* as Go's `encoding/json` writes it, with sorted keys and without spaces.

    Raises:
        InputError: The value is not one that JSON can hold.

    Upstream: Go's encoding/json as of Go 1.17, which KubeFed v0.10.0 was built with.

    >>> encode_go_json({"b": [1, 1.0, 1e21], "a": "<é>"})
    '{"a":"\\\\u003cé\\\\u003e","b":[1,1,1e+21]}'
    """
    return _TOUCHED_UP.sub(_touch_up, _encode(value))


class _Ordered(dict[str, Any]):
    """A Go struct: its fields are written in their own order."""


def _digest(value: Any) -> str:
    text = encode_go_json(value) + "\n"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _as_entry(entry: Any) -> Any:
    """Return an entry of `spec.overrides` with the fields that KubeFed reads, in their order."""
    if not isinstance(entry, Mapping):
        return _as_floats(entry)
    fields = _Ordered(clusterName=entry.get("clusterName", ""))
    operations = entry.get("clusterOverrides")
    if operations:
        is_list = isinstance(operations, list)
        fields["clusterOverrides"] = (
            [_as_operation(raw) for raw in operations] if is_list else operations
        )
    return fields


def _as_operation(raw: Any) -> Any:
    if not isinstance(raw, Mapping):
        return _as_floats(raw)
    fields = _Ordered()
    if raw.get("op"):
        fields["op"] = raw["op"]
    fields["path"] = raw.get("path", "")
    if raw.get("value") is not None:
        fields["value"] = _as_floats(raw["value"])
    return fields


def _as_floats(value: Any) -> Any:
    """Return *value* with every number as the float that Go's decoder makes of it."""
    if isinstance(value, Mapping):
        return {key: _as_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_floats(item) for item in value]
    return _float_of(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _encode(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return encode_basestring(value)
        case int():
            return str(int(value)) if value in _INT64 else _encode_float(_float_of(value))
        case float():
            return _encode_float(value)
        case list():
            return f"[{','.join(map(_encode, value))}]"
        case Mapping():
            return _encode_map(value)
        case _:
            raise InputError(f"a value of type {type(value).__name__} cannot be written as JSON")


def _encode_map(fields: Mapping[Any, Any]) -> str:
    if not all(isinstance(key, str) for key in fields):
        raise InputError("a map with keys that are not text cannot be written as JSON")
    keys = fields if isinstance(fields, _Ordered) else sorted(fields)
    return f"{{{','.join(f'{encode_basestring(key)}:{_encode(fields[key])}' for key in keys)}}}"


def _encode_float(value: float) -> str:
    """Return the shortest digits that mean *value*; with an exponent only where Go writes one."""
    if not isfinite(value):
        raise InputError(f"the number {value} cannot be written as JSON")
    shortest = Decimal(repr(value))
    if value != 0 and not 1e-6 <= abs(value) < 1e21:
        sign, digits, _ = shortest.normalize().as_tuple()
        fraction = "".join(map(str, digits[1:]))
        mantissa = f"{digits[0]}.{fraction}" if fraction else f"{digits[0]}"
        return f"{'-' * sign}{mantissa}e{shortest.adjusted():+d}"
    text = format(shortest, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _float_of(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise InputError("a number is too large to be written as JSON") from error


def _touch_up(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == "\\":
        return {"\\b": "\\u0008", "\\f": "\\u000c"}.get(found, found)
    # NB: Go reads half of a surrogate pair as the replacement character.
    return "\ufffd" if "\ud800" <= found <= "\udfff" else f"\\u{ord(found):04x}"
