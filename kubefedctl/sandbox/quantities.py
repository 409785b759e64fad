"""
Resource quantities in the form an API server stores them in.

Belongs here: `1000m` is `1`, and `1024Mi` is `1Gi`. Not here: arithmetic.

Upstream: apimachinery pkg/api/resource/{quantity,suffix,amount}.go.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal
from typing import Any

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([EPTGM]i|Ki)|([numkMGTPE])|[eE]([+-]?\d+))?")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIXES = {power: suffix for suffix, power in _DECIMAL.items()}


def canonical_quantity(value: Any) -> Any:
    """
    Return *value* in its canonical form; what is no quantity comes back as it is.

    >>> [canonical_quantity(text) for text in ("1000m", "0.5", "1024Mi", "1.5Gi", 2, "0Gi")]
    ['1', '500m', '1Gi', '1536Mi', '2', '0']
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    match = _FORM.fullmatch(str(value))
    if match is None:
        return value
    number, binary, decimal, exponent = match.groups()
    amount = Decimal(number)
    if binary:
        return _binary(amount * 1024 ** _BINARY.index(binary))
    power = int(exponent) if exponent else _DECIMAL[decimal or ""]
    if abs(power) > 100:
        return value
    return _decimal(amount.scaleb(power), is_exponent=exponent is not None)


def _binary(amount: Decimal) -> str:
    if abs(amount) < 1024 or amount != amount.to_integral_value():
        return _decimal(amount, is_exponent=False)
    whole, power = int(amount), 0
    while whole % 1024 == 0 and power < len(_BINARY) - 1:
        whole, power = whole // 1024, power + 1
    return f"{whole}{_BINARY[power]}"


def _decimal(amount: Decimal, *, is_exponent: bool) -> str:
    nano = int((amount * 10**9).to_integral_value(rounding=ROUND_UP))
    if nano == 0:
        return "0"
    power = -9
    while nano % 1000 == 0 and (is_exponent or power < 18):
        nano, power = nano // 1000, power + 3
    if is_exponent:
        return f"{nano}e{power}" if power else str(nano)
    return f"{nano}{_SUFFIXES[power]}"
