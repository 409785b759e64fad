"""
Label and field selectors, from their text to a predicate over objects.

Upstream: apimachinery/pkg/labels/selector.go, apimachinery/pkg/fields/selector.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kubefedctl.sandbox.objects import Object, meta
from kubefedctl.sandbox.statuses import bad_request

Predicate = Callable[[Object], bool]

_SET = re.compile(r"^(\S+)\s+(in|notin)\s*\(([^()]*)\)$")
_PAIR = re.compile(r"^([^=!<>\s]+)\s*(==|=|!=)\s*([^=!<>\s]*)$")
_KEY = re.compile(r"^(!?)\s*([^=!<>\s(),]+)$")
_COMPARE = re.compile(r"^(\S+?)\s*([<>])\s*(-?\d+)$")
_LABEL = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")

_COMMON_FIELDS = {"metadata.name": "metadata.name", "metadata.namespace": "metadata.namespace"}

# Upstream: pkg/apis/core/v1/conversion.go (AddFieldLabelConversionsFor*) and its siblings.
_EVENT_FIELDS = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_KIND_FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "events"): _EVENT_FIELDS,
    ("", "secrets"): ("type",),
    ("", "namespaces"): ("status.phase",),
    ("", "nodes"): ("spec.unschedulable",),
    ("", "services"): ("spec.clusterIP", "spec.type"),
    ("", "replicationcontrollers"): ("status.replicas",),
    ("apps", "replicasets"): ("status.replicas",),
    ("batch", "jobs"): ("status.successful",),
    ("", "pods"): (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term of a label selector."""

    key: str
    operator: str
    values: frozenset[str] = field(default_factory=frozenset)

    def matches(self, labels: dict[str, str]) -> bool:
        """Return whether the labels satisfy this term."""
        value = labels.get(self.key)
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        if self.operator in ("in", "="):
            return value is not None and value in self.values
        if self.operator in ("notin", "!="):
            return value is None or value not in self.values
        return self._compares(value)

    def _compares(self, value: str | None) -> bool:
        try:
            left, right = int(value or ""), int(next(iter(self.values)))
        except ValueError:
            return False
        return left > right if self.operator == ">" else left < right


def _split_terms(text: str) -> list[str]:
    """Split at the commas outside of parentheses."""
    terms, depth, start = [], 0, 0
    for index, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            terms.append(text[start:index])
            start = index + 1
    terms.append(text[start:])
    return [term.strip() for term in terms]


def _parse_term(term: str) -> Requirement | None:
    if match := _SET.match(term):
        values = frozenset(item.strip() for item in match[3].split(","))
        return Requirement(match[1], match[2], values)
    if match := _PAIR.match(term):
        operator = "!=" if match[2] == "!=" else "="
        return Requirement(match[1], operator, frozenset([match[3]]))
    if match := _COMPARE.match(term):
        return Requirement(match[1], match[2], frozenset([match[3]]))
    if match := _KEY.match(term):
        return Requirement(match[2], "!" if match[1] else "exists")
    return None


def _is_sound(requirement: Requirement) -> bool:
    name = requirement.key.rpartition("/")[2]
    return bool(name and _LABEL.match(name)) and all(
        len(value) <= 63 and _LABEL.match(value) for value in requirement.values
    )


def parse_labels(text: str) -> tuple[Requirement, ...]:
    """
    Return the terms of a label selector.

    Raises:
        ApiError: 400, the selector can't be parsed.

    >>> [term.operator for term in parse_labels("a=b,c!=d,e in (f,g),!h,i")]
    ['=', '!=', 'in', '!', 'exists']
    """
    if not text.strip():
        return ()
    requirements = []
    for term in _split_terms(text):
        requirement = _parse_term(term)
        if requirement is None or not _is_sound(requirement):
            raise bad_request(
                f"unable to parse requirement: found {term!r}, expected: a label selector"
                if term
                else "found '', expected: identifier after ','"
            )
        requirements.append(requirement)
    return tuple(requirements)


def match_labels(text: str) -> Predicate | None:
    """Return a predicate for a label selector, or None if it selects everything."""
    requirements = parse_labels(text)
    if not requirements:
        return None

    def matches(obj: Object) -> bool:
        labels = meta(obj).get("labels") or {}
        return all(item.matches(labels) for item in requirements)

    return matches


def match_selector(selector: Object | None, labels: dict[str, str]) -> bool:
    """
    Return whether labels satisfy a LabelSelector object (matchLabels and matchExpressions).

    An empty selector matches everything, an absent one nothing.
    """
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
    return all(
        Requirement(
            item.get("key", ""),
            operators.get(item.get("operator", ""), "in"),
            frozenset(item.get("values") or ()),
        ).matches(labels)
        for item in selector.get("matchExpressions") or ()
    )


def field_value(obj: Object, path: str) -> str:
    """Return the value of a field as selectors compare it: a string, empty when absent."""
    if path == "source":
        path = "source.component"
    if path == "status.successful":
        path = "status.succeeded"
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return {"spec.unschedulable": "false", "spec.hostNetwork": "false"}.get(path, "")
    return str(value)


def parse_fields(text: str) -> list[tuple[str, str, str]]:
    """
    Return path, operator and value of each term of a field selector.

    Raises:
        ApiError: 400, the selector can't be parsed.

    >>> parse_fields("metadata.name=a,status.phase!=Running")
    [('metadata.name', '=', 'a'), ('status.phase', '!=', 'Running')]
    """
    terms = []
    for term in filter(None, (part.strip() for part in text.split(","))):
        match = re.match(r"^([^=!]+?)\s*(==|!=|=)\s*(.*)$", term)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        terms.append((match[1], "!=" if match[2] == "!=" else "=", match[3]))
    return terms


def match_fields(
    text: str, *, key: tuple[str, str], selectable: tuple[str, ...] = ()
) -> Predicate | None:
    """
    Return a predicate for a field selector, or None if it selects everything.

    Args:
        text: The selector, e.g. `metadata.name=a`.
        key: Group and plural of the resource; it says which fields can be selected by.
        selectable: More fields, as a CustomResourceDefinition lists them.

    Raises:
        ApiError: 400, the selector can't be parsed or the field can't be selected by.
    """
    terms = parse_fields(text)
    if not terms:
        return None
    allowed = {*_COMMON_FIELDS, *_KIND_FIELDS.get(key, ()), *selectable}
    for path, _, _ in terms:
        if path in allowed:
            continue
        if key in _KIND_FIELDS:
            raise bad_request(f"field label not supported: {path}")
        known = '"metadata.name", "metadata.namespace"'
        raise bad_request(f'"{path}" is not a known field selector: only {known}')

    def matches(obj: Object) -> bool:
        return all(
            (field_value(obj, path) == value) == (operator == "=")
            for path, operator, value in terms
        )

    return matches


def exact_name(text: str) -> str | None:
    """Return the name if a field selector asks for exactly one, else None."""
    for path, operator, value in parse_fields(text):
        if path == "metadata.name" and operator == "=":
            return value
    return None


def both(first: Predicate | None, second: Predicate | None) -> Predicate | None:
    """Return the conjunction of two predicates, where None stands for everything."""
    if first is None or second is None:
        return first or second
    return lambda obj: first(obj) and second(obj)
