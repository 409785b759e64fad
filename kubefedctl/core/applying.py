"""
What to apply to a member's object: what template and overrides ask for, and nothing else.

A full update has to send back what belongs to the member (`retention`), and takes away what it
does not send. Server-side apply leaves alone what it does not name, so what is retained must not be
in it at all, or this program would own it. Overrides, though, may depend on it: they are applied to
the object with all that is retained, of which every value is a mark; what is still a mark
afterwards is the member's and is left out.

Here: that. Not here: when apply is used (`planning`), who owns what (`fieldowners`).

Laws:
1. An override that fits a full update of the object fits here, and the other way round.
2. A value that the template gives and the member keeps (an allocated address, a retained number of
   replicas) is sent as the member has it.
"""

from __future__ import annotations

from typing import Any

from kubefedctl.core.members import Made, make_updated
from kubefedctl.core.overrides import apply_overrides
from kubefedctl.core.retention import retain_fields
from kubefedctl.model.actions import MemberIntent
from kubefedctl.model.objects import (
    labels_of,
    map_at,
    resource_version_of,
    uid_of,
)
from kubefedctl.model.refs import Object, split_api_version

_SERVERS_OWN = ("managedFields", "creationTimestamp", "generation", "selfLink", "resourceVersion")
_REFUSALS = ("typed patch object", "duplicate entries for key")


def make_applied(intent: MemberIntent, observed: Object) -> Made:
    """
    Return what to apply to *observed* so that it is as *intent* asks.

    The body names the uid of *observed*: an object that was made anew since is another one. With
    retained replicas it names the resourceVersion, too, since the number is only good for this one.
    """
    updated = make_updated(intent, observed)
    if updated.body is None:
        return updated
    marked = _mark_retained(intent.draft, observed, retain_replicas=intent.retain_replicas)
    body = _without_marks(apply_overrides(marked, intent.operations))
    metadata = {k: v for k, v in body.get("metadata", {}).items() if k not in _SERVERS_OWN}
    for field in ("annotations", "finalizers"):
        if not metadata.get(field):
            metadata.pop(field, None)
    metadata["labels"] = {**labels_of(body), **intent.labels}
    if uid_of(observed):
        metadata["uid"] = uid_of(observed)
    if keeps_replicas(intent, observed):
        metadata["resourceVersion"] = resource_version_of(observed)
    applied = {**body, "metadata": metadata}
    return Made(_without_nulls(applied) if is_built_in(applied) else applied)


def keeps_replicas(intent: MemberIntent, observed: Object) -> bool:
    """Return whether `spec.replicas` of *observed* belongs to the member."""
    return intent.retain_replicas is True and "replicas" in map_at(observed, "spec")


def is_refusal_of_apply(message: str) -> bool:
    """
    Return whether an API server says that an object cannot be applied though it can be replaced.

    Lists that apply treats as maps must have each key once, and every field must be in the schema.

    Upstream: apimachinery pkg/util/managedfields/internal/structuredmerge.go; v1.34 answers with
    500 or 400 and these words.
    """
    return any(words in message for words in _REFUSALS)


def is_built_in(obj: Object) -> bool:
    """Return whether API servers know the type; a custom one may tell null from absent."""
    group = split_api_version(str(obj.get("apiVersion", "")))[0]
    return "." not in group or group.endswith(".k8s.io")


class _Mark:
    """Stands for a value that the member keeps."""

    def __repr__(self) -> str:
        return "<the member's>"

    def __deepcopy__(self, memo: object) -> _Mark:
        return self


_MARK = _Mark()


def _mark_retained(draft: Object, observed: Object, *, retain_replicas: Any) -> Object:
    """The draft with what a full update would retain: marks, and values where the draft has one."""
    retained = retain_fields(draft, observed, retain_replicas=retain_replicas)
    marked = _mark_new(draft, retained)
    assert isinstance(marked, dict)
    if retain_replicas is True and "replicas" in map_at(retained, "spec"):
        marked["spec"]["replicas"] = retained["spec"]["replicas"]
    return marked


def _mark_new(draft: Any, retained: Any) -> Any:
    """*retained*, with marks for all that *draft* does not have."""
    if isinstance(draft, dict) and isinstance(retained, dict):
        return {
            name: _mark_new(draft[name], value) if name in draft else _mark_all(value)
            for name, value in retained.items()
        }
    if isinstance(draft, list) and isinstance(retained, list) and len(draft) == len(retained):
        return [_mark_new(one, other) for one, other in zip(draft, retained, strict=True)]
    return retained


def _mark_all(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _mark_all(found) for name, found in value.items()}
    if isinstance(value, list):
        return [_mark_all(found) for found in value]
    return _MARK


def _without_marks(value: Any) -> Any:
    """*value* without marks and without the maps and lists that held nothing else."""
    if isinstance(value, dict):
        return {n: _without_marks(v) for n, v in value.items() if not _is_all_marks(v)}
    if isinstance(value, list):
        return [_without_marks(found) for found in value if not _is_all_marks(found)]
    return value


def _is_all_marks(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(_is_all_marks(found) for found in value.values())
    if isinstance(value, list):
        return bool(value) and all(_is_all_marks(found) for found in value)
    return value is _MARK


def _without_nulls(value: Any) -> Any:
    """
    *value* without fields that are null.

    NB: a built-in type reads them as absent, but apply would own the field.
    """
    if isinstance(value, dict):
        return {name: _without_nulls(v) for name, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(found) for found in value]
    return value
