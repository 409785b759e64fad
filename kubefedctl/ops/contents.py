"""
What goes with a namespace that a plan deletes: objects in it that nobody federated.

A namespace may have stood in the member before it was adopted, and is deleted with all that is in
it. Asking takes a list of every type that the member serves, so only a dry run asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.errors import ClusterError, InputError
from kubefedctl.model.actions import Action, ActionVerb, Plan
from kubefedctl.model.events import Event, Warned, counted
from kubefedctl.model.objects import annotations_of, is_managed, key_of, list_at
from kubefedctl.model.refs import Object
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.removing import list_contents

_NAMED = 3
_AT_ONCE = 8
_OF_ACCOUNT = "kubernetes.io/service-account.name"


def tell_contents(plan: Plan, clusters: Mapping[str, Cluster]) -> Iterator[Event]:
    """
    Yield a warning for each namespace to be deleted that holds what nobody federated.

    What belongs to another object there, such as the Pods of a Deployment, and what Kubernetes puts
    into every namespace, does not count.

    Args:
        plan: What is to be done.
        clusters: Connections to the members that its actions name.
    """
    going = [
        action
        for action in plan.actions
        if action.verb is ActionVerb.DELETE and action.resource.kind == "Namespace"
    ]
    tasks = [partial(_explain, clusters[action.cluster], action) for action in going]
    yield from (Warned(text) for text in run_all(tasks, width=_AT_ONCE) if text)


def _explain(cluster: Cluster, action: Action) -> str:
    lead = f"{action.subject.within(action.cluster)} is deleted with all that is in it"
    try:
        found = [
            str(resource.subject(key_of(obj)))
            for resource, obj in list_contents(cluster, action.key.name)
            if _is_on_its_own(obj)
        ]
    except (ClusterError, InputError) as error:
        return f"{lead}; what else is in it could not be read: {error.message}"
    if not found:
        return ""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    named = ", ".join(found[:_NAMED])
    return f"{lead}, also {counted(len(found), 'object')} that nobody federated: {named}{more}"


def _is_on_its_own(obj: Object) -> bool:
    """Whether it is neither propagated, nor another object's, nor what Kubernetes makes itself."""
    if is_managed(obj) or list_at(obj, "metadata", "ownerReferences"):
        return False
    return _OF_ACCOUNT not in annotations_of(obj)
