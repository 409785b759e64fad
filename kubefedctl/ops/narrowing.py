"""
From what was asked for to what a run looks at, with the host's answers to what words mean.

Not here: any rule about it (`core.narrowing`).

Laws:
1. The host's discovery is asked only for a word that no FederatedTypeConfig explains.
2. What was asked for and is not there is an error, before any member is written: it is mostly a
   typing error, and "nothing to do" would hide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.narrowing import (
    Request,
    explain_unknown_type,
    find_by_discovery,
    find_missing,
    find_type_config,
    make_narrowing,
)
from kubefedctl.errors import InputError
from kubefedctl.model.actions import Strategies
from kubefedctl.model.readings import Desired
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import NAMESPACES
from kubefedctl.ops.reading import Federation


def narrow_federation(host: Cluster, federation: Federation, request: Request) -> Federation:
    """
    Return *federation* with the narrowing that *request* asks for.

    Raises:
        InputError: A type or cluster is not there, or they do not go together.
        ClusterError: The host did not answer what it serves.
    """
    chosen = [find_named_type(host, federation.types, word) for word, _ in request.types]
    narrowing = make_narrowing(
        request,
        chosen,
        clusters=federation.registrations,
        target_namespace=federation.config.target_namespace,
    )
    return replace(federation, narrowing=narrowing)


def find_named_type(asked: Cluster | None, types: Sequence[TypeConfig], word: str) -> TypeConfig:
    """
    Return which of *types* is meant by *word*, in all the ways in which kubectl takes it.

    Args:
        asked: The cluster that knows short names; None where no cluster answers.
        types: All federated types.
        word: What a person calls one.

    Raises:
        InputError: None, or several.
        ClusterError: The cluster did not answer what it serves.
    """
    found = find_type_config(word, types)
    if found is None and asked is not None:
        found = find_by_discovery(word, types, asked.discover())
    if found is None:
        raise explain_unknown_type(word, types)
    return found


def resolve_strategies(
    asked: Cluster | None, types: Sequence[TypeConfig], strategies: Strategies
) -> Strategies:
    """
    Return *strategies* by the names of the type configs that their words mean.

    Raises:
        InputError: A word names no federated type, or several.
        ClusterError: The host did not answer what it serves.
    """
    by_type = {
        find_named_type(asked, types, word).name: strategy
        for word, strategy in strategies.by_type.items()
    }
    return Strategies(strategies.usual, by_type)


def check_found(host: Cluster, desired: Desired) -> None:
    """
    Hold that the host has the objects and the namespace that were asked for.

    Raises:
        InputError: It has not.
        ClusterError: The host did not answer.
    """
    namespace = desired.narrowing.namespace
    if namespace and not any(desired.federated.values()):
        _check_namespace(host, desired, namespace)
    missing = find_missing(desired)
    if missing:
        place = f"namespace {namespace} of host cluster" if namespace else "host cluster"
        raise InputError(
            f"{place} {host.name} has no {', no '.join(missing)} to sync",
            hint="kubectl get lists the federated objects; what is left of those that are gone is"
            " found by a sync of the whole type",
        )


def _check_namespace(host: Cluster, desired: Desired, namespace: str) -> None:
    """NB: in namespaced scope the control plane's own namespace is there, and not to be listed."""
    if desired.config.target_namespace or desired.failures:
        return
    if not host.list(NAMESPACES, field_selector=f"metadata.name={namespace}").items:
        federated = ", ".join(sorted(desired.namespaces)) or "none"
        raise InputError(
            f"host cluster {host.name} has no namespace {namespace}",
            hint=f"kubectl get federatednamespaces -A lists those that are federated: {federated}"
            if desired.namespaces
            else "kubectl get federatednamespaces -A lists those that are federated",
        )
