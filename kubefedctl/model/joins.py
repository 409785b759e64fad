"""
What a join can be asked for.

Not here: the names and objects that follow from it (`core.joining`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kubefedctl.model.objects import DEFAULT_KUBEFED_NAMESPACE


class Rbac(StrEnum):
    """What the service account may do in the member."""

    FULL = "full"
    TYPES = "types"


class Credential(StrEnum):
    """The kind of token with which the host acts in the member."""

    TOKEN = "token"
    TOKENREQUEST = "tokenrequest"


@dataclass(frozen=True, slots=True)
class JoinOptions:
    """
    What to join.

    Args:
        cluster: The member's name in the federation.
        cluster_context: Its context; empty for one of the cluster's name.
        host_cluster_name: The host's name in the member's objects; empty for its context's name.
        host_cluster_context: The host's context, for names.
        kubefed_namespace: KubeFed's namespace in both clusters.
        secret_name: Name of the Secret in the host; empty lets the API server make one.
        error_on_existing: Refuse where something of this name is there, instead of updating it.
        is_dry_run: Check and tell, write nothing.
        api_endpoint: URL under which the host reaches the member; empty for its context's.
        labels: Labels of the KubeFedCluster.
        rbac: What the account may do; None for what it may already, which at first is all.
        credential: A token that stays, or one that ends; None for what it was, at first one that
            stays.
        wait: Seconds to wait until the member is ready; None for not at all.
        prints_objects: Check, then yield the objects and write nothing.
        kubeconfig: The kubeconfig that was named, for the command in a hint.
    """

    cluster: str
    cluster_context: str = ""
    host_cluster_name: str = ""
    host_cluster_context: str = ""
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE
    secret_name: str = ""
    error_on_existing: bool = True
    is_dry_run: bool = False
    api_endpoint: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    rbac: Rbac | None = None
    credential: Credential | None = None
    wait: float | None = None
    prints_objects: bool = False
    kubeconfig: str = ""
