"""
What becomes, when a member leaves the federation, of what was propagated to it.

Laws:
1. Only objects that carry the managed label are deleted or unlabelled, and none that is being
   deleted already.
2. The KubeFed namespace and kube-system are not touched, nor is anything in kube-system.
3. A namespace that is the host's own, or that every cluster has, is never deleted, only unlabelled.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from enum import StrEnum

from kubefedctl.core.removing import plan_delete, plan_unlabelling
from kubefedctl.model.actions import Action, ActionVerb
from kubefedctl.model.events import counted
from kubefedctl.model.objects import (
    SYSTEM_NAMESPACES,
    is_deleting,
    is_managed,
    key_of,
    name_of,
    namespace_of,
    uid_of,
)
from kubefedctl.model.refs import Object
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import NAMESPACES

_UNTOUCHED = "kube-system"
_STANDING = SYSTEM_NAMESPACES | {"kube-node-lease"}


class Fate(StrEnum):
    """What becomes of propagated objects when their member leaves."""

    LEFT = "left"
    PURGED = "purged"
    ORPHANED = "orphaned"


def plan_leaving(
    type_config: TypeConfig,
    objects: Iterable[Object],
    *,
    fate: Fate,
    cluster: str,
    kubefed_namespace: str,
    host_namespace_uids: AbstractSet[str] = frozenset(),
) -> list[Action]:
    """
    Return the actions on the objects of one type, in the order of *objects*.

    Args:
        type_config: Their type.
        objects: What the member has of it; their metadata is enough.
        fate: PURGED or ORPHANED; for LEFT there is nothing to do.
        cluster: The member.
        kubefed_namespace: Its KubeFed namespace.
        host_namespace_uids: Uids of the host's namespaces: a member may be the host itself.
    """
    actions = []
    for found in objects:
        if fate is Fate.LEFT or not _is_ours(type_config, found, kubefed_namespace):
            continue
        is_kept = type_config.target.qualified_name == NAMESPACES.qualified_name and (
            name_of(found) in _STANDING or uid_of(found) in host_namespace_uids
        )
        plan = plan_unlabelling if is_kept or fate is Fate.ORPHANED else plan_delete
        actions.append(plan(type_config, cluster=cluster, key=key_of(found), observed=found))
    return actions


def question_of(actions: Iterable[Action], *, cluster: str, is_host: bool = False) -> str:
    """
    Return what to ask before *actions* are carried out; empty where none of them deletes.

    Args:
        actions: What is planned.
        cluster: The member.
        is_host: It is the host itself, whose own objects may have been adopted.
    """
    deleted = [action for action in actions if action.verb is ActionVerb.DELETE]
    if not deleted:
        return ""
    spaces = sorted(action.key.name for action in deleted if action.resource.kind == "Namespace")
    also = f", with all that the namespaces {', '.join(spaces)} hold" if spaces else ""
    host = " (the host itself: its own objects that a sync adopted go, too)" if is_host else ""
    return f"delete {counted(len(deleted), 'propagated object')} in cluster {cluster}{host}{also}?"


def _is_ours(type_config: TypeConfig, found: Object, kubefed_namespace: str) -> bool:
    if not is_managed(found) or is_deleting(found) or namespace_of(found) == _UNTOUCHED:
        return False
    is_namespace = type_config.target.qualified_name == NAMESPACES.qualified_name
    return not is_namespace or name_of(found) not in (_UNTOUCHED, kubefed_namespace)
