"""
What plain words of YAML mean to Kubernetes' tools.

Laws:
1. This is the YAML of sigs.k8s.io/yaml, tested against kubectl: neither YAML 1.2 nor PyYAML's 1.1.

Upstream: sigs.k8s.io/yaml v1.4, goyaml.v2/resolve.go.
"""

from __future__ import annotations

import math
import re
from typing import Any

TAG = "tag:yaml.org,2002:"
"""What the names of YAML's standard tags begin with."""

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_INTEGER = re.compile(
    r"([-+]?)(?:(0[xX])([0-9a-fA-F]+)|(0[bB])([01]+)|(0[oO]?)([0-7]+)|(0|[1-9][0-9]*))"
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def resolve_plain(text: str) -> Any:
    """
    Return what a plain (unquoted) word of YAML means to Kubernetes' tools.

    >>> [resolve_plain(word) for word in ("y", "0o12", "08", "1e3", "1:20", "2020-01-01", "~")]
    [True, 10, 8, 1000, '1:20', '2020-01-01', None]

    Upstream: sigs.k8s.io/yaml v1.4, goyaml.v2/resolve.go, resolve.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    number = _parse_integer(plain)
    if number is not None and -(2**63) <= number < 2**64:
        return number
    if _FLOAT.fullmatch(plain):
        fraction = float(plain)
        if math.isfinite(fraction):
            is_whole = fraction.is_integer() and abs(fraction) < 1e21
            return int(fraction) if is_whole else fraction
    return text


def _parse_integer(plain: str) -> int | None:
    match = _INTEGER.fullmatch(plain) if len(plain) <= 70 else None
    if not match:
        return None
    sign, _, hexadecimal, _, binary, _, octal, decimal = match.groups()
    if hexadecimal:
        number = int(hexadecimal, 16)
    elif binary:
        number = int(binary, 2)
    else:
        number = int(octal, 8) if octal else int(decimal)
    return -number if sign == "-" else number
