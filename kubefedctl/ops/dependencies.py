"""
Reading what goes with a federated object: what its source names, and the clusters it may go to.
"""

from __future__ import annotations

from collections.abc import Generator

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.carrying import names_of_joined, names_of_placed
from kubefedctl.core.dependencies import find_dependencies
from kubefedctl.core.federating import is_federable_name
from kubefedctl.core.lookup import find_type
from kubefedctl.core.ownership import controller_of, why_never_federated
from kubefedctl.errors import InputError, NotFoundError
from kubefedctl.model.events import Event, Warned
from kubefedctl.model.objects import key_of, kind_of, name_of, namespace_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.typeconfigs import ApiResource
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS
from kubefedctl.ops.writing import find


def read_dependencies(
    host: Cluster, workload: Object
) -> Generator[Event, None, list[tuple[ApiResource, Object]]]:
    """
    Return what *workload* names and the host has, with its types; yield warnings of the rest.

    A service account's image pull secrets come with it.

    Raises:
        ClusterError: The host did not answer; what it does not tell of is not taken for missing.
    """
    read: list[tuple[ApiResource, Object]] = []
    namer = f"{kind_of(workload)}/{name_of(workload)}"
    waiting = [(namer, found) for found in find_dependencies(workload)]
    seen = set()
    while waiting:
        namer, wanted = waiting.pop(0)
        if (wanted.kind, wanted.name) in seen:
            continue
        seen.add((wanted.kind, wanted.name))
        type_ = find_type(host.discover(), wanted.kind)
        key = Key(namespace_of(workload), wanted.name)
        subject = type_.resource.subject(key)
        obj = find(host, type_.resource, key) if is_federable_name(wanted.name) else None
        if obj is None:
            if not wanted.is_optional:
                yield Warned(f"{subject}, which {namer} needs, is not in host cluster {host.name}")
        elif reason := why_never_federated(obj):
            yield Warned(f"{subject}, which {namer} needs, is left out: {reason}")
        else:
            if owner := controller_of(obj):
                yield Warned(f"{subject} is controlled by {owner}; it is federated all the same")
            read.append((type_, obj))
            named = f"{kind_of(obj)}/{key_of(obj).name}"
            waiting += [(named, found) for found in find_dependencies(obj)]
    return read


def read_cluster_names(
    host: Cluster, placement: Object | None, *, kubefed_namespace: str
) -> list[str]:
    """
    Return the clusters that *placement* names, or all that are joined where it names none.

    Raises:
        InputError: The host knows no KubeFedClusters.
    """
    if named := names_of_placed(placement):
        return named
    try:
        return names_of_joined(host.list(KUBEFED_CLUSTERS, namespace=kubefed_namespace).items)
    except NotFoundError as error:
        raise InputError(
            f"host cluster {host.name} has no KubeFedClusters, so overrides have no clusters",
            hint="name the clusters with --clusters, or set up KubeFed with kubefedctl init",
        ) from error
