"""Actions on member objects, and what becomes of them when they are carried out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kubefedctl.core.members import make_created
from kubefedctl.model.actions import Action, ActionVerb, MemberIntent, Wave
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import MANAGED_LABEL, uid_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.execution import Executed, execute
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryCluster
from tests.ops.stage import AT_ONCE, WEB, place

SUBJECT = "ConfigMap/shop/web"
HELD: Object = {"finalizers": ["example.com/held"]}


def make_draft(key: Key = WEB, resource: Resource = CONFIG_MAP, value: str = "new") -> Object:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {**place(key), "labels": {MANAGED_LABEL: "true"}},
        "data": {"key": value},
    }


def write(
    verb: ActionVerb,
    *,
    cluster: str = "c1",
    key: Key = WEB,
    resource: Resource = CONFIG_MAP,
    wave: Wave = Wave.NAMESPACED,
    observed: Object | None = None,
    operations: tuple[Any, ...] = (),
    may_adopt: bool = True,
) -> Action:
    intent = MemberIntent(make_draft(key, resource), operations, may_adopt=may_adopt)
    body = make_created(replace(intent, operations=())).body
    return Action(verb, wave, cluster, resource, key, body, intent, observed)


def remove(observed: Object, verb: ActionVerb = ActionVerb.DELETE, *, key: Key = WEB) -> Action:
    body: Object | None = {"preconditions": {"uid": uid_of(observed)}}
    if verb is ActionVerb.UNLABEL:
        version = observed["metadata"]["resourceVersion"]
        body = {"metadata": {"labels": {MANAGED_LABEL: None}, "resourceVersion": version}}
    if verb is ActionVerb.AWAIT_REMOVAL:
        body = None
    wave = Wave.ORPHANS if verb is ActionVerb.UNLABEL else Wave.DELETE_NAMESPACED
    return Action(verb, wave, "c1", CONFIG_MAP, key, body, observed=observed)


def carry_out(
    actions: Sequence[Action] | Action,
    *clusters: MemoryCluster,
    seconds: float = 0.0,
    uids: frozenset[str] = frozenset(),
) -> list[Executed]:
    connections: Mapping[str, MemoryCluster] = {found.name: found for found in clusters}
    return list(
        execute(
            [actions] if isinstance(actions, Action) else actions,
            connections,
            host_namespace_uids=uids,
            deadline=time.monotonic() + seconds,
            pace=AT_ONCE,
        )
    )


def said(done: Executed) -> tuple[Verdict, PropagationStatus, str]:
    return done.verdict, done.status, done.detail


def vanish(cluster: MemoryCluster) -> None:
    cluster.remove(CONFIG_MAP, WEB)
