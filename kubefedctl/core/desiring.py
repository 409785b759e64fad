"""
What counts of that which was read as desired, from a host or from files.

Here: which types are propagated, and which FederatedNamespaces say where their contents may go. Not
here: reading, and what a placement means (`placement`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.narrowing import Narrowing
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.typeconfigs import NAMESPACES, TypeConfig


def choose_types(
    types: Sequence[TypeConfig], *, config: FederationConfig, narrowing: Narrowing
) -> tuple[tuple[TypeConfig, ...], dict[str, str]]:
    """
    Return the types that a sync looks at, and those that it cannot with the cause.

    Types that are disabled or being deleted, and those that the run does not look at, are neither.
    In namespaced scope cluster-scoped targets are not synced; without a type config for namespaces,
    namespaced ones cannot be.

    Upstream: pkg/controller/federatedtypeconfig/controller.go @ v0.10.0.
    """
    alive = [found for found in types if not found.is_deleting]
    enabled = [found for found in alive if found.is_propagated and narrowing.includes_type(found)]
    if config.target_namespace:
        enabled = [found for found in enabled if found.target.namespaced]
    if any(found.name == NAMESPACES for found in types):
        return tuple(enabled), {}
    cause = (
        "there is no FederatedTypeConfig namespaces, which every namespaced type depends on;"
        " run `kubefedctl enable namespaces`"
    )
    failures = {found.name: cause for found in enabled if found.target.namespaced}
    return tuple(enabled), failures


def index_namespaces(federated: Iterable[FederatedObject]) -> dict[str, FederatedObject]:
    """Return the FederatedNamespaces that are named as the namespace they are in: those count."""
    return {found.key.name: found for found in federated if found.key.namespace == found.key.name}
