"""
Label selectors as cluster placement uses them: parsing, validity.

Here: what `metav1.LabelSelector` means. Not here: which clusters an object is placed in
(`placement`).

Laws:
1. A selector that the API machinery would refuse is refused here too, in the same cases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kubefedctl.errors import InputError
from kubefedctl.model.narrowing import Requirement as Requirement

_LONGEST_NAME = 63
_LONGEST_PREFIX = 253
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")

_WITH_VALUES = frozenset({"In", "NotIn"})
_WITHOUT_VALUES = frozenset({"Exists", "DoesNotExist"})


def parse_selector(raw: Any) -> tuple[Requirement, ...]:
    """
    Return the requirements of a label selector; none, which everything satisfies, for `{}`.

    Raises:
        InputError: A wrong type, an unknown operator, an impossible key or value, or values where
            none belong.

    Upstream: apimachinery pkg/apis/meta/v1/helpers.go, LabelSelectorAsSelector @ v0.22.2.

    >>> parse_selector({"matchLabels": {"zone": "eu"}})
    (Requirement(key='zone', operator='In', values=frozenset({'eu'})),)
    """
    if not isinstance(raw, Mapping):
        raise InputError("the label selector is not a map")
    labels = _typed(raw.get("matchLabels"), Mapping, what="matchLabels of the label selector")
    expressions = _typed(raw.get("matchExpressions"), list, what="matchExpressions")
    equalities = [_parse_equality(key, value) for key, value in (labels or {}).items()]
    return (*equalities, *(_parse_expression(item) for item in expressions or []))


def matches_all(requirements: tuple[Requirement, ...], labels: Mapping[str, str]) -> bool:
    """Return whether *labels* satisfy every one of *requirements*."""
    return all(requirement.matches(labels) for requirement in requirements)


def _parse_equality(key: Any, value: Any) -> Requirement:
    if not isinstance(value, str):
        raise InputError(f"the value of label {key!r} in matchLabels is not text")
    return Requirement(_checked_key(key), "In", frozenset({_checked_value(key, value)}))


def _parse_expression(raw: Any) -> Requirement:
    if not isinstance(raw, Mapping):
        raise InputError("an entry of matchExpressions is not a map")
    key = _checked_key(raw.get("key"))
    operator = raw.get("operator")
    values = _typed(raw.get("values"), list, what=f"values for label {key!r}") or []
    if operator in _WITH_VALUES and not values:
        raise InputError(f"operator {operator} on label {key!r} needs at least one value")
    if operator in _WITHOUT_VALUES and values:
        raise InputError(f"operator {operator} on label {key!r} takes no values")
    if operator not in _WITH_VALUES | _WITHOUT_VALUES:
        raise InputError(
            f"operator {operator!r} on label {key!r} is not one of In, NotIn, Exists, DoesNotExist"
        )
    return Requirement(key, operator, frozenset(_checked_value(key, value) for value in values))


def _typed(value: Any, wanted: type, *, what: str) -> Any:
    """Return *value*, which may be missing but not of another type than *wanted*."""
    if value is not None and not isinstance(value, wanted):
        raise InputError(f"{what} is not a {'list' if wanted is list else 'map'}")
    return value


def _checked_key(key: Any) -> str:
    """
    Return *key* if it can be a label's key: `name`, or `prefix/name`.

    Upstream: apimachinery pkg/util/validation/validation.go, IsQualifiedName @ v0.22.2.
    """
    if not isinstance(key, str):
        raise InputError("a label key in the label selector is not text")
    prefix, slash, name = key.rpartition("/")
    is_name_good = len(name) <= _LONGEST_NAME and _NAME.fullmatch(name)
    is_prefix_good = len(prefix) <= _LONGEST_PREFIX and _PREFIX.fullmatch(prefix)
    if not is_name_good or (slash and not is_prefix_good):
        raise InputError(f"{key!r} in the label selector cannot be a label key")
    return key


def _checked_value(key: str, value: Any) -> str:
    """
    Return *value* if it can be a label's value; the empty string can.

    Upstream: apimachinery pkg/util/validation/validation.go, IsValidLabelValue @ v0.22.2.
    """
    is_good = isinstance(value, str) and len(value) <= _LONGEST_NAME
    if not is_good or (value and not _NAME.fullmatch(value)):
        raise InputError(f"{value!r} in the label selector cannot be a value of label {key!r}")
    return str(value)
