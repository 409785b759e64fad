"""
ClusterRoles made of others: `aggregationRule` fills in the rules.

Upstream: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go.
"""

from __future__ import annotations

from kubefedctl.sandbox.objects import Object, meta, name_of
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.selectors import match_selector
from kubefedctl.sandbox.store import Event

CLUSTER_ROLES = ("rbac.authorization.k8s.io", "clusterroles")


class RoleController:
    """Keeps the rules of aggregated ClusterRoles up to date."""

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        if event.key != CLUSTER_ROLES:
            return
        roles = registry.store.list(CLUSTER_ROLES)
        for role in roles:
            selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors")
            if not selectors:
                continue
            rules = _union(role, roles, selectors)
            if rules != (role.get("rules") or []):
                registry.write(CLUSTER_ROLES, {**role, "rules": rules})


def _union(role: Object, roles: list[Object], selectors: list[Object]) -> list[Object]:
    rules: list[Object] = []
    for selector in selectors:
        for other in roles:
            if name_of(other) == name_of(role):
                continue
            if match_selector(selector, meta(other).get("labels") or {}):
                rules += [rule for rule in other.get("rules") or () if rule not in rules]
    return rules
