"""
From what a person says about clusters to the `spec.placement` of a federated object.

Not here: which clusters a placement means (`placement`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubefedctl.core.selectors import parse_selector
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Object

_CLUSTER_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 253
_SET = re.compile(r"(\S+)\s+(in|notin)\s*\(([^()]*)\)")
_COMMA = re.compile(r",(?![^()]*\))")
_OPERATORS = {"in": "In", "notin": "NotIn"}


def place_in_clusters(names: Sequence[str]) -> Object:
    """
    Return the placement that names clusters.

    Raises:
        InputError: A name cannot be a cluster's, or there is none.

    >>> place_in_clusters(["eu-1"])
    {'clusters': [{'name': 'eu-1'}]}
    """
    unique = list(dict.fromkeys(name.strip() for name in names))
    for name in unique:
        if len(name) > _LONGEST_NAME or not _CLUSTER_NAME.fullmatch(name):
            raise InputError(
                f"{name!r} cannot be the name of a cluster",
                hint="kubectl get kubefedclusters -A lists the clusters",
            )
    if not unique:
        raise InputError("no cluster is named", hint="give names, separated by commas")
    return {"clusters": [{"name": name} for name in unique]}


def place_by_selector(text: str) -> Object:
    """
    Return the placement that picks clusters by their labels, in the language of kubectl.

    Understood are `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k` and `!k`, separated by
    commas. Empty text means every cluster.

    Raises:
        InputError: It is no such selector.

    >>> place_by_selector("zone=eu")
    {'clusterSelector': {'matchLabels': {'zone': 'eu'}}}
    """
    labels: dict[str, str] = {}
    expressions: list[Object] = []
    for part in _COMMA.split(text) if text.strip() else ():
        label, expression = _read_part(part.strip())
        for key, value in label.items():
            if labels.setdefault(key, value) != value:
                raise InputError(f"the label selector wants two values of label {key!r}")
        expressions += expression
    selector: Object = {"matchLabels": labels} if labels or not expressions else {}
    if expressions:
        selector["matchExpressions"] = expressions
    parse_selector(selector)
    return {"clusterSelector": selector}


def _read_part(part: str) -> tuple[dict[str, str], list[Object]]:
    if found := _SET.fullmatch(part):
        key, word, inside = found.groups()
        values = [value.strip() for value in inside.split(",")]
        return {}, [{"key": key, "operator": _OPERATORS[word], "values": values}]
    if "!=" in part:
        key, _, value = part.partition("!=")
        return {}, [{"key": key.strip(), "operator": "NotIn", "values": [value.strip()]}]
    if "=" in part:
        key, _, value = part.partition("=")
        return {key.strip(): value.removeprefix("=").strip()}, []
    operator = "DoesNotExist" if part.startswith("!") else "Exists"
    return {}, [{"key": part.removeprefix("!").strip(), "operator": operator}]
