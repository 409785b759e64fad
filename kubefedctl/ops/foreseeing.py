"""
What the actions of a plan would come to, without writing anything anywhere.

Whether a create meets an object that stands there is not in the plan: only labelled objects were
listed. It is asked here, with reads alone.

Laws:
1. Nothing is written, and a read that fails changes no answer but in its remark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.defaulting import settle
from kubefedctl.core.members import make_updated, may_take_over
from kubefedctl.errors import ClusterError, NotFoundError
from kubefedctl.model.actions import Action, ActionVerb, Plan
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import by_key
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.fanout import run_all, run_side_by_side
from kubefedctl.ops.propagating import ALREADY_THERE, Executed
from kubefedctl.ops.writing import find

_VERDICTS = {
    ActionVerb.CREATE: Verdict.CREATED,
    ActionVerb.UPDATE: Verdict.UPDATED,
    ActionVerb.DELETE: Verdict.DELETED,
    ActionVerb.UNLABEL: Verdict.UNLABELLED,
    ActionVerb.AWAIT_REMOVAL: Verdict.WAITING,
}
_MOST_ASKED_ONE_BY_ONE = 8


def foresee(
    plan: Plan, clusters: Mapping[str, Cluster], *, host_namespace_uids: frozenset[str]
) -> Iterator[Executed]:
    """
    Yield what each action of *plan* would come to.

    Args:
        plan: What would be carried out.
        clusters: Connections to the members, for reading.
        host_namespace_uids: Uids of the host's namespaces, which are adopted in any case.
    """
    by_cluster: dict[str, list[Action]] = {}
    for action in plan.actions:
        if action.verb is ActionVerb.CREATE:
            by_cluster.setdefault(action.cluster, []).append(action)
    standing = run_side_by_side(
        {
            name: partial(_find_standing, clusters[name], actions)
            for name, actions in by_cluster.items()
        }
    )
    for action in plan.actions:
        if action.verb is ActionVerb.CREATE:
            found = standing[action.cluster].get((action.resource, action.key))
            yield _foresee_create(action, found, host_namespace_uids)
        else:
            yield Executed(action, _VERDICTS[action.verb])


def _foresee_create(
    action: Action, found: Object | ClusterError | None, host_uids: frozenset[str]
) -> Executed:
    if found is None:
        return Executed(action, Verdict.CREATED)
    if isinstance(found, ClusterError):
        detail = f"unless it stands there already, which could not be read: {found.answer}"
        return Executed(action, Verdict.CREATED, detail=detail)
    assert action.intent is not None
    if not may_take_over(action.intent, found, host_namespace_uids=host_uids):
        failure = PropagationStatus.ALREADY_EXISTS
        return Executed(action, Verdict.FAILED, failure, ALREADY_THERE)
    made = make_updated(action.intent, found)
    if made.body is None:
        return Executed(action, Verdict.FAILED, made.failure, made.detail)
    return Executed(action, Verdict.ADOPTED, object=settle(made.body, found), before=found)


_Standing = dict[tuple[Resource, Key], Object | ClusterError | None]


def _find_standing(cluster: Cluster, actions: Sequence[Action]) -> _Standing:
    """What stands in the way of creates in one member, by type and key."""
    by_type: dict[Resource, list[Key]] = {}
    for action in actions:
        by_type.setdefault(action.resource, []).append(action.key)
    found: _Standing = {}
    for resource, keys in sorted(by_type.items()):
        if len(keys) <= _MOST_ASKED_ONE_BY_ONE:
            answers = run_all([partial(_try_find, cluster, resource, key) for key in keys])
            found |= {(resource, key): a for key, a in zip(keys, answers, strict=True)}
        else:
            found |= _list_standing(cluster, resource, keys)
    return found


def _list_standing(cluster: Cluster, resource: Resource, keys: Sequence[Key]) -> _Standing:
    namespaces = {key.namespace for key in keys}
    namespace = namespaces.pop() if len(namespaces) == 1 else ""
    try:
        listed = by_key(cluster.list(resource, namespace=namespace).items)
    except NotFoundError:
        return {}
    except ClusterError as error:
        return {(resource, key): error for key in keys}
    return {(resource, key): listed.get(key) for key in keys}


def _try_find(cluster: Cluster, resource: Resource, key: Key) -> Object | ClusterError | None:
    try:
        return find(cluster, resource, key)
    except ClusterError as error:
        return error
