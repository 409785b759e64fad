"""
Labels as people write them on a command line: `key=value,key=value`.

Laws:
1. A label that an API server would refuse is refused here.
"""

from __future__ import annotations

import re

from kubefedctl.errors import InputError

_LONGEST_NAME = 63
_LONGEST_PREFIX = 253
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


_FORM = "use letters, digits, '-', '_' and '.', with a letter or digit at both ends"


def parse_labels(text: str) -> dict[str, str]:
    """
    Return the labels of `key=value,key=value`; an empty text has none.

    Raises:
        InputError: A part has no `=`, a key or value cannot be one, or a key comes twice.

    Upstream: apimachinery pkg/util/validation/validation.go, IsQualifiedName and
    IsValidLabelValue @ v0.22.2.

    >>> parse_labels("region=eu,example.com/tier=")
    {'region': 'eu', 'example.com/tier': ''}
    """
    labels: dict[str, str] = {}
    for part in text.split(",") if text else ():
        key, equals, value = part.strip().partition("=")
        if not equals:
            raise InputError(
                f"{part!r} is no label: it has no '='", hint="give labels as key=value,key=value"
            )
        if not _is_key(key):
            raise InputError(f"{key!r} cannot be the key of a label", hint=_FORM)
        if value and not (len(value) <= _LONGEST_NAME and _NAME.fullmatch(value)):
            raise InputError(f"{value!r} cannot be the value of label {key!r}", hint=_FORM)
        if labels.get(key, value) != value:
            raise InputError(
                f"label {key!r} is given two values: {labels[key]!r} and {value!r}",
                hint="keep one of the two",
            )
        labels[key] = value
    return labels


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix)):
        return False
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None
