"""
What is wrong with KubeFed's own objects that stood in a host before its CRDs checked them.

Here: the checks of FederatedTypeConfig, KubeFedCluster and KubeFedConfig, read from the very
schemas that `definitions` hands to the API server. Not here: what changes between two versions of
an object (a scope that was changed), and what only a request can show (a CA that is none).

Laws:
1. An object is judged as the API server would hand it back: what is left out and has a default is
   no finding.
2. A CEL rule that no pattern stands beside has its twin in `TWINS`.

Upstream: pkg/apis/core/v1beta1/validation/validation.go @ v0.10.0, the rules of KubeFed's webhook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.configuring import parse_duration
from kubefedctl.core.constraints import (
    ALL_STANDS_ALONE,
    CEL,
    DURATION,
    LEASE_OUTLASTS_RENEWAL,
    RENEWAL_OUTLASTS_RETRY,
    SCOPE_STAYS,
    TYPE_CONFIG_NAME,
    make_text,
)
from kubefedctl.core.definitions import (
    KUBEFED_CLUSTER_SCHEMA,
    KUBEFED_CONFIG_SCHEMA,
    TYPE_CONFIG_SCHEMA,
)
from kubefedctl.errors import InputError
from kubefedctl.model.objects import name_of, text_at
from kubefedctl.model.refs import Object

_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool}
_FIELD_OF_WHOLE = "metadata.name"
"""The field that a rule over a whole object is about: such a rule sees no other metadata."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """
    One thing wrong with an object.

    Args:
        field: Path of the field, such as `spec.featureGates[1].name`.
        message: What is wrong with it.
    """

    field: str
    message: str


def check_type_config(obj: Object) -> tuple[Finding, ...]:
    """
    Return what is wrong with a FederatedTypeConfig, sorted by field.

    >>> [finding.field for finding in check_type_config({"spec": {"propagation": "On"}})]
    ['spec.federatedType', 'spec.propagation', 'spec.targetType']
    """
    return _check(obj, TYPE_CONFIG_SCHEMA)


def check_cluster(obj: Object) -> tuple[Finding, ...]:
    """Return what is wrong with a KubeFedCluster, sorted by field."""
    return _check(obj, KUBEFED_CLUSTER_SCHEMA)


def check_config(obj: Object) -> tuple[Finding, ...]:
    """Return what is wrong with a KubeFedConfig, sorted by field."""
    return _check(obj, KUBEFED_CONFIG_SCHEMA)


def _check(obj: Object, schema: Object) -> tuple[Finding, ...]:
    return tuple(sorted(set(_judge(obj, schema, ""))))


def _judge(value: Any, schema: Object, path: str) -> Iterator[Finding]:
    kind = schema.get("type")
    if not _is_of_type(value, kind):
        yield Finding(path, f"must be of type {kind}")
    elif kind == "object":
        yield from _judge_map(value, schema, path)
    elif kind == "array":
        yield from _judge_list(value, schema, path)
    elif kind == "string":
        yield from _judge_text(value, schema, path)
    elif value < schema.get("minimum", value):
        yield Finding(path, f"must be {schema['minimum']} at least")


def _is_of_type(value: Any, kind: str | None) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _TYPES[kind]) if kind else True


def _judge_map(value: Object, schema: Object, path: str) -> Iterator[Finding]:
    properties = schema.get("properties", {})
    filled = {name: item for name, item in value.items() if item is not None}
    for name, child in properties.items():
        if "default" in child:
            filled.setdefault(name, child["default"])
    found = [
        Finding(_join(path, name), "is missing")
        for name in schema.get("required", ())
        if name not in filled
    ]
    for name, child in properties.items():
        if name in filled:
            found.extend(_judge(filled[name], child, _join(path, name)))
    yield from found
    if not found:
        yield from _judge_rules(filled, schema, path or _FIELD_OF_WHOLE)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _judge_list(value: list[Any], schema: Object, path: str) -> Iterator[Finding]:
    longest = schema.get("maxItems", len(value))
    if len(value) > longest:
        yield Finding(path, f"must have {longest} items at most")
        return
    for index, item in enumerate(value):
        yield from _judge(item, schema["items"], f"{path}[{index}]")
    keys = schema.get("x-kubernetes-list-map-keys", ())
    names = [tuple(text_at(item, key) for key in keys) for item in value] if keys else []
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Finding(f"{path}[{index}]", f"stands there twice: {', '.join(name)}")
    yield from _judge_rules(value, schema, path)


def _judge_text(value: str, schema: Object, path: str) -> Iterator[Finding]:
    words = schema.get("enum")
    if words and value not in words:
        yield Finding(path, f"must be one of {', '.join(words)}")
    longest = schema.get("maxLength", len(value))
    if len(value) > longest:
        yield Finding(path, f"must have {longest} characters at most")
    elif "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield Finding(path, schema[CEL][0]["message"])
    else:
        yield from _judge_rules(value, schema, path)


def _judge_rules(value: Any, schema: Object, path: str) -> Iterator[Finding]:
    for rule in schema.get(CEL, ()):
        twin = TWINS.get(rule["rule"])
        if twin is not None and not twin(value):
            yield Finding(path, rule["message"])


# --- the twins of the CEL rules ------------------------------------------------------------------


def _is_named_after_target(obj: Object) -> bool:
    plural = text_at(obj, "spec", "targetType", "pluralName")
    group = text_at(obj, "spec", "targetType", "group")
    return name_of(obj) == (f"{plural}.{group}" if group else plural)


def _measure(text: str) -> int:
    """Nanoseconds, as Go counts them."""
    return round(parse_duration(text.removeprefix("+")) * 1e9)


def _is_above_zero(text: str) -> bool:
    try:
        return _measure(text) > 0
    except InputError:
        return False


def _does_lease_outlast_renewal(elect: Object) -> bool:
    return _measure(elect["leaseDuration"]) > _measure(elect["renewDeadline"])


def _does_renewal_outlast_retry(elect: Object) -> bool:
    return 5 * _measure(elect["renewDeadline"]) > 6 * _measure(elect["retryPeriod"])


def _does_all_stand_alone(validations: list[str]) -> bool:
    return len(validations) <= 1 or "*" not in validations


TWINS: Mapping[str, Callable[[Any], bool]] = {
    TYPE_CONFIG_NAME.expression: _is_named_after_target,
    LEASE_OUTLASTS_RENEWAL.expression: _does_lease_outlast_renewal,
    RENEWAL_OUTLASTS_RETRY.expression: _does_renewal_outlast_retry,
    ALL_STANDS_ALONE.expression: _does_all_stand_alone,
    SCOPE_STAYS.expression: lambda scope: True,
    make_text(DURATION)[CEL][0]["rule"]: _is_above_zero,
}
