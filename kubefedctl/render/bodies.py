"""
Bodies of requests and answers as one line each, without what must stay secret.

Laws:
1. What cannot be read as JSON is told by its length, never shown.
2. Of anything that is a Secret, or whose kind has the word in it, nothing is shown: what a person
   puts into an override may come up in any field, and in what the API says about it.
"""

from __future__ import annotations

import json
from typing import Any

MASK = "***"
_FIRST_CUT = 1024
_SECOND_CUT = 10 * 1024
_SECOND_LEVEL = 9
_WHOLE_LEVEL = 10
_NAMING = frozenset(
    {
        "kind",
        "apiVersion",
        "apiGroup",
        "name",
        "namespace",
        "group",
        "version",
        "plural",
        "pluralName",
        "scope",
        "uid",
        "listKind",
        "singular",
        "singularName",
        "shortNames",
        "categories",
        "controller",
        "blockOwnerDeletion",
        "namespaced",
        "verbs",
        "storageVersionHash",
    }
)
"""Fields that name a type or refer to an object, as in type configs and in discovery."""

_ALWAYS = frozenset(
    {
        "token",
        "bearerToken",
        "password",
        "client-key-data",
        "client-certificate-data",
        "kubeconfig",
    }
)
"""Fields whose text is masked in every object: those of TokenRequest, TokenReview and the like."""


def describe_body(body: bytes | None, *, is_secret: bool, verbosity: int) -> str:
    """
    Return *body* as one line of JSON; empty where there is none.

    Args:
        body: The bytes of a request or an answer.
        is_secret: The request is about a kind that may hold secrets.
        verbosity: At 8 a line ends after 1024 characters, at 9 after 10240, from 10 on it is whole.

    Upstream: k8s.io/client-go/rest/request.go, truncateBody, same lengths.
    """
    if not body:
        return ""
    if is_secret:
        return f"{len(body)} bytes about a secret"
    try:
        text = json.dumps(_masked(json.loads(body)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"{len(body)} bytes"
    cut = _cut_at(verbosity)
    if cut is None or len(text) <= cut:
        return text
    return f"{text[:cut]} [{len(text) - cut} more characters]"


def _cut_at(verbosity: int) -> int | None:
    if verbosity >= _WHOLE_LEVEL:
        return None
    return _SECOND_CUT if verbosity >= _SECOND_LEVEL else _FIRST_CUT


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("kind")
    if isinstance(kind, str) and "secret" in kind.lower() and not set(value) <= _NAMING:
        return MASK
    return {
        key: MASK if key in _ALWAYS and found and isinstance(found, str) else _masked(found)
        for key, found in value.items()
    }
