"""
The string formats a CRD schema may ask for.

Belongs here: one check for each format an API server knows; the ones it does not know
mean nothing, as upstream. Rarely met ones (isbn, creditcard, ssn, bsonobjectid) are
accepted unchecked.

Upstream: apiextensions-apiserver pkg/apiserver/validation/formats.go,
kube-openapi pkg/validation/strfmt.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_HOSTNAME = re.compile(
    r"(?=.{1,255}\Z)([A-Za-z0-9](-?[A-Za-z0-9]{0,62})?"
    r"|([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})"
)
_DURATION = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)\s*[a-zµμ]+((\d+(\.\d*)?|\.\d+)[a-zµμ]+)*|[-+]?0")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?")
_COLOR = r"\s*(25[0-5]|2[0-4]\d|1?\d?\d)\s*"


def _uuid(version: str = "") -> re.Pattern[str]:
    third, fourth = "[0-9a-f]{4}", "[0-9a-f]{4}"
    if version:
        third = f"{version}[0-9a-f]{{3}}"
    if version in ("4", "5"):
        fourth = "[89ab][0-9a-f]{3}"
    return re.compile(f"[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?{third}-?{fourth}-?[0-9a-f]{{12}}", re.I)


_PATTERNS = {
    "hostname": _HOSTNAME,
    "duration": _DURATION,
    "mac": re.compile(r"([0-9a-f]{2}[:-]){5,}[0-9a-f]{2}|([0-9a-f]{4}\.){2,}[0-9a-f]{4}", re.I),
    "uuid": _uuid(),
    "uuid3": _uuid("3"),
    "uuid4": _uuid("4"),
    "uuid5": _uuid("5"),
    "hexcolor": re.compile("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "rgbcolor": re.compile(rf"rgb\({_COLOR},{_COLOR},{_COLOR}\)"),
    "email": re.compile(r"[^@\s]+@[^@\s]+|.*<[^@\s]+@[^@\s]+>"),
    "k8sshortname": re.compile(rf"(?=.{{1,63}}\Z){_LABEL}"),
    "k8slongname": re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*"),
}


def _is_uri(value: str) -> bool:
    return value.startswith("/") or bool(urlsplit(value).scheme)


def _is_base64(value: str) -> bool:
    base64.b64decode(value, validate=True)
    return bool(value)


def _is_address(value: str, version: int) -> bool:
    # NB: upstream's reader takes leading zeros in an IPv4 address, Python's does not.
    plain = re.sub(r"(?<![0-9A-Fa-f:])0+(?=\d)", "", value) if version == 4 else value
    return ipaddress.ip_address(plain).version == version


def _is_network(value: str) -> bool:
    ipaddress.ip_network(value, strict=False)
    return "/" in value


def _is_date(value: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value)) and bool(date.fromisoformat(value))


def _is_date_time(value: str) -> bool:
    if not _DATE_TIME.fullmatch(value):
        return False
    return bool(datetime.fromisoformat(value[:19].upper()))


_CHECKS: dict[str, Callable[[str], bool]] = {
    "uri": _is_uri,
    "byte": _is_base64,
    "ipv4": lambda value: _is_address(value, 4),
    "ipv6": lambda value: _is_address(value, 6),
    "cidr": _is_network,
    "date": _is_date,
    "datetime": _is_date_time,
}


def is_valid_format(name: str, value: str) -> bool:
    """
    Return whether *value* is of the format *name*; unknown formats take everything.

    >>> is_valid_format("ipv4", "10.0.0.1"), is_valid_format("date-time", "yesterday")
    (True, False)
    """
    name = name.replace("-", "")
    pattern = _PATTERNS.get(name)
    if pattern is not None:
        return pattern.fullmatch(value) is not None
    check = _CHECKS.get(name)
    try:
        return check is None or check(value)
    except (ValueError, binascii.Error):
        return False
