"""
What is known of the types of Kubernetes itself, and cannot be seen in an object.
"""

from __future__ import annotations

from kubefedctl.model.refs import Resource

_RBAC = "rbac.authorization.k8s.io"
BUILT_IN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        _RBAC,
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
"""Groups of Kubernetes itself: what their kinds without rules have to say is no condition Ready."""

_SILENT = frozenset(
    {
        ("", "ConfigMap"),
        ("", "Endpoints"),
        ("", "LimitRange"),
        ("", "PodTemplate"),
        ("", "Secret"),
        ("", "ServiceAccount"),
        ("coordination.k8s.io", "Lease"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("node.k8s.io", "RuntimeClass"),
        (_RBAC, "ClusterRole"),
        (_RBAC, "ClusterRoleBinding"),
        (_RBAC, "Role"),
        (_RBAC, "RoleBinding"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "StorageClass"),
    }
)
"""Kinds that have no status: nothing but their being there can be waited for."""


def tells_nothing(resource: Resource) -> bool:
    """
    Return whether objects of a type are ready as soon as they are there, as ConfigMaps are.

    >>> from kubefedctl.model.wellknown import NAMESPACES, SECRETS
    >>> tells_nothing(SECRETS), tells_nothing(NAMESPACES)
    (True, False)
    """
    return (resource.group, resource.kind) in _SILENT
