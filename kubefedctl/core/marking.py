"""
Marks of objects and intents: by them a plan that was written down knows again what it was made of.

Here: digests, and what they leave out. Not here: what it means that two differ (`reviewing`).

Laws:
1. What others change all the time (status, owners of fields, replicas that the member keeps) is in
   no mark: a plan for a live cluster would never hold.
2. No mark is made from the value of a Secret: it could be found by trying. What stands for it is a
   uid with a version or a generation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from kubefedctl.core.applying import keeps_replicas
from kubefedctl.core.concealing import holds_secrets
from kubefedctl.core.overrides import Operation
from kubefedctl.model.actions import Action, MemberIntent
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.objects import map_at, resource_version_of, uid_of, value_at
from kubefedctl.model.refs import Object
from kubefedctl.model.reviews import FederatedMark, Standing

_ALWAYS_MOVING = frozenset({"managedFields", "resourceVersion", "generation", "selfLink"})


def mark_federated(federated: FederatedObject, *, is_rescheduled: bool = False) -> FederatedMark:
    """
    Return by what *federated* is known again; its status and labels play no part.

    Args:
        federated: The object, as a preference leaves it.
        is_rescheduled: Whether a preference changes it.
    """
    holds = holds_secrets(federated.type_config.target.kind)
    facts: Any = value_at(federated.source, "spec")
    if holds:
        facts = {"generation": federated.generation or resource_version_of(federated.source)}
    orphans = federated.orphans_members
    return FederatedMark(
        key=federated.key,
        uid=federated.uid,
        digest=digest({"spec": facts, "orphans": orphans}),
        is_deleting=federated.is_deleting,
        is_rescheduled=is_rescheduled,
    )


def mark_standing(obj: Object, action: Action) -> Standing:
    """
    Return by what the member's object *obj* is known again.

    Args:
        obj: The object.
        action: What is to be done to it.
    """
    holds = holds_secrets(action.resource.kind)
    text = "" if holds else digest(without_moving(obj, action.intent))
    return Standing(uid_of(obj), resource_version_of(obj), text)


def mark_action(action: Action) -> str:
    """Return the digest of what *action* writes, whatever it is written over."""
    if action.intent is not None:
        return digest(_facts_of(action.intent, holds=holds_secrets(action.resource.kind)))
    if not action.body:
        return digest(None)
    # NB: what a deletion or an unlabelling names of the object is in the mark of that object
    metadata = {k: v for k, v in map_at(action.body, "metadata").items() if k != "resourceVersion"}
    kept = {k: v for k, v in action.body.items() if k not in ("metadata", "preconditions")}
    wanted = {k: v for k, v in map_at(action.body, "preconditions").items() if k != "uid"}
    return digest([kept, metadata, wanted])


def is_as_seen(action: Action, found: Object) -> bool:
    """Return whether *found* is what *action* was planned for, but for what always moves."""
    seen = action.observed
    if seen is None or uid_of(seen) != uid_of(found):
        return False
    return without_moving(seen, action.intent) == without_moving(found, action.intent)


def without_moving(obj: Object, intent: MemberIntent | None) -> Object:
    """
    Return *obj* without what others change all the time and no write loses.

    Args:
        obj: A member's object.
        intent: How it is written, if it is; where it keeps its replicas, their number is left out.

    >>> without_moving({"metadata": {"name": "a", "generation": 2}, "status": {}}, None)
    {'metadata': {'name': 'a'}}
    """
    metadata = {k: v for k, v in map_at(obj, "metadata").items() if k not in _ALWAYS_MOVING}
    kept = {k: v for k, v in obj.items() if k != "status"}
    if intent is not None and keeps_replicas(intent, obj):
        kept["spec"] = {k: v for k, v in obj["spec"].items() if k != "replicas"}
    return {**kept, "metadata": metadata}


def digest(value: Any) -> str:
    """
    Return the digest of anything that is JSON, whatever the order of its keys.

    >>> digest({"a": 1})[:15], digest({"a": 1}) == digest({"a": 2})
    ('sha256:015abd7f', False)
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_as_plain)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _facts_of(intent: MemberIntent, *, holds: bool) -> Mapping[str, Any]:
    """What an intent writes; of what holds secrets, the mark of the federated object tells."""
    return {
        "draft": None if holds else intent.draft,
        "operations": None if holds else intent.operations,
        "retainReplicas": intent.retain_replicas,
        "adopts": intent.may_adopt,
        "strategy": intent.strategy.value,
        "recreates": intent.recreates,
    }


def _as_plain(value: Any) -> Any:
    """NB: what is no JSON, such as a date from a file, was refused before it came to a plan."""
    return [value.op, value.path, value.value] if isinstance(value, Operation) else str(value)
