"""Makers of the type configs and federated objects that the tests of `core` look at."""

from __future__ import annotations

from typing import Any

from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import TypeConfig

CONFIG_MAP = Resource("", "v1", "configmaps", "ConfigMap", True)
CLUSTER_ROLE = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False)
DEPLOYMENT = Resource("apps", "v1", "deployments", "Deployment", True)
NAMESPACE = Resource("", "v1", "namespaces", "Namespace", False)
IN_NAMESPACE = Key("n", "x")


def make_type_config(target: Resource = CONFIG_MAP) -> TypeConfig:
    """Return the type config that `enable` makes for *target*."""
    federated = Resource(
        "types.kubefed.io",
        "v1beta1",
        f"federated{target.plural}",
        f"Federated{target.kind}",
        target.namespaced or target.kind == "Namespace",
    )
    return TypeConfig(
        name=target.qualified_name,
        target=target,
        federated=federated,
        is_propagated=True,
        collects_status=False,
        generation=1,
        source={},
    )


def make_federated(
    spec: Any = None,
    *,
    target: Resource = CONFIG_MAP,
    key: Key = IN_NAMESPACE,
    status: Object | None = None,
    generation: int = 1,
) -> FederatedObject:
    """Return a federated object with the uid `u-1`; without *spec* and *status* if not given."""
    type_config = make_type_config(target)
    source: Object = {
        "apiVersion": type_config.federated.api_version,
        "kind": type_config.federated.kind,
        "metadata": {"name": key.name, "uid": "u-1", "generation": generation},
    }
    if key.namespace:
        source["metadata"]["namespace"] = key.namespace
    if spec is not None:
        source["spec"] = spec
    if status is not None:
        source["status"] = status
    return FederatedObject(type_config, key, source)
