"""
Amounts as Kubernetes writes them: `500m`, `1Gi`, `2e3`.

Here: whether two texts are the same amount, since API servers write them in their own way.

Upstream: k8s.io/apimachinery pkg/api/resource/quantity.go.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_AMOUNT = re.compile(r"([+-]?[0-9.]{1,30})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def parse_quantity(value: Any) -> Decimal | None:
    """
    Return the number that *value* stands for; None for no quantity.

    >>> parse_quantity("500m") == parse_quantity(0.5), parse_quantity("much")
    (True, None)
    """
    found = None if isinstance(value, bool) else _AMOUNT.fullmatch(str(value))
    if found is None or not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", found[1]):
        return None
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * Decimal(2) ** _BINARY[suffix]
    if suffix in _DECIMAL:
        return number.scaleb(_DECIMAL[suffix])
    return number.scaleb(int(suffix[1:])) if suffix else number
