"""
Reading the KubeFedConfig, and what it means that there is none or that it cannot be right.

Not here: what its fields mean (`core.configuring`) and may hold (`core.checking`).

Upstream: cmd/controller-manager/app/controller-manager.go, setOptionsByKubeFedConfig @ v0.10.0.
"""

from __future__ import annotations

from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.checking import check_config
from kubefedctl.core.configuring import parse_federation_config, parse_lock_terms
from kubefedctl.errors import ControlPlaneError, NotFoundError
from kubefedctl.model.locks import LockTerms
from kubefedctl.model.objects import KUBEFED_CONFIG_NAME
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, KUBEFED_CONFIGS, TYPE_CONFIGS
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.writing import find


def read_config(host: Cluster, *, kubefed_namespace: str) -> FederationConfig:
    """
    Return the KubeFedConfig of the host.

    Raises:
        ControlPlaneError: The host has no KubeFed API, or no KubeFedConfig of the fixed name.
    """
    found = find(host, KUBEFED_CONFIGS, Key(kubefed_namespace, KUBEFED_CONFIG_NAME))
    if found is None:
        raise ControlPlaneError(explain_no_config(host, kubefed_namespace), hint=_NO_CONFIG)
    return parse_federation_config(found, kubefed_namespace=kubefed_namespace)


def read_lock_terms(host: Cluster, *, kubefed_namespace: str) -> LockTerms:
    """
    Return how the host wants the lock to be held.

    Raises:
        ControlPlaneError: As of `find_config`.
    """
    return parse_lock_terms(find_config(host, kubefed_namespace=kubefed_namespace) or {})


def find_config(host: Cluster, *, kubefed_namespace: str) -> Object | None:
    """
    Return the KubeFedConfig that a sync goes by, or None where its defaults count.

    There need not be one, as KubeFed makes one where there is none, so long as there is anything
    else of KubeFed's in its namespace; else the namespace is taken for the wrong one.

    Raises:
        ControlPlaneError: The host has no KubeFed API, nothing in that namespace, or a
            KubeFedConfig with which KubeFed's controllers would not start; its fields are named.
    """
    found = find(host, KUBEFED_CONFIGS, Key(kubefed_namespace, KUBEFED_CONFIG_NAME))
    if found is None:
        _check_control_plane(host, kubefed_namespace)
        return None
    causes = "; ".join(f"{finding.field} {finding.message}" for finding in check_config(found))
    if causes:
        raise ControlPlaneError(
            f"KubeFedConfig {KUBEFED_CONFIG_NAME}: {causes}",
            hint=f"kubectl edit kubefedconfig {KUBEFED_CONFIG_NAME} -n {kubefed_namespace};"
            " `kubefedctl init` takes out the feature gates of older versions",
        )
    return found


def explain_no_config(host: Cluster, kubefed_namespace: str) -> str:
    """Return that there is no KubeFedConfig, in words."""
    return (
        f"no KubeFedConfig {KUBEFED_CONFIG_NAME} in namespace {kubefed_namespace}"
        f" of host cluster {host.name}"
    )


_NO_CONFIG = (
    "run `kubefedctl init` against the host, or check --host-cluster-context and"
    " --kubefed-namespace"
)


def _check_control_plane(host: Cluster, namespace: str) -> None:
    """Hold that there is a control plane without a KubeFedConfig."""
    resources = (KUBEFED_CONFIGS, KUBEFED_CLUSTERS, TYPE_CONFIGS)
    try:
        listed = run_all(
            [
                partial(host.list, resource, namespace=namespace, metadata_only=True)
                for resource in resources
            ]
        )
    except NotFoundError as error:
        raise ControlPlaneError(
            f"host cluster {host.name} does not serve KubeFed's API {KUBEFED_CONFIGS.api_version}",
            hint="run `kubefedctl init` against the host, or check --host-cluster-context",
        ) from error
    if not any(found.items for found in listed):
        raise ControlPlaneError(explain_no_config(host, namespace), hint=_NO_CONFIG)
