"""
What the placement of a namespace keeps out of members, in words.

A federated object is only where its namespace is; nothing in its status shows that a cluster that
it selects was dropped for that reason.

Upstream: pkg/controller/util/placement.go, ComputeNamespacedPlacement @ v0.10.0 says nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.model.actions import ObjectPlan
from kubefedctl.model.federated import FederatedObject


def explain_exclusions(plans: Iterable[ObjectPlan]) -> list[str]:
    """Return one sentence for each namespace that shuts its objects out of clusters, sorted."""
    shut_out: dict[str, list[ObjectPlan]] = {}
    for plan in plans:
        if plan.excluded:
            shut_out.setdefault(plan.federated.key.namespace, []).append(plan)
    return [_explain(namespace, found) for namespace, found in sorted(shut_out.items())]


def explain_exclusion(plan: ObjectPlan) -> str:
    """Return the sentence for one object, or nothing where its namespace keeps it out of none."""
    if not plan.excluded:
        return ""
    return (
        f"{plan.federated.subject} selects {', '.join(plan.excluded)}, which its FederatedNamespace"
        " does not"
    )


def explain_missing_namespace(federated: FederatedObject) -> str:
    """Return the sentence for an object that belongs nowhere, since its namespace does not."""
    return f"namespace {federated.key.namespace} has no FederatedNamespace"


def _explain(namespace: str, plans: list[ObjectPlan]) -> str:
    clusters = ", ".join(sorted({name for plan in plans for name in plan.excluded}))
    objects = "1 object selects" if len(plans) == 1 else f"{len(plans)} objects select"
    return (
        f"FederatedNamespace/{namespace}/{namespace} keeps its objects out of {clusters}, which"
        f" {objects}"
    )
