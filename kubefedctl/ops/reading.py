"""
Reading for a sync: what the host asks for, what the members have.

Here: the lists and what their failures mean. Not here: any decision about what was read.

Laws:
1. Only lists, in pages; no object is asked for one by one.
2. A host list that fails leaves its type out; a member list that fails leaves that type out in
   that member. Neither passes for an empty one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from kubefedctl.cluster.port import Cluster, Listing
from kubefedctl.core.checking import Finding, check_cluster, check_type_config
from kubefedctl.core.configuring import parse_federation_config
from kubefedctl.core.desiring import choose_types, index_namespaces
from kubefedctl.core.versions import version_resource
from kubefedctl.errors import (
    ClusterError,
)
from kubefedctl.model.clusters import MemberAccess, Registration
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.narrowing import DeletionScope, Narrowing
from kubefedctl.model.objects import (
    MANAGED_SELECTOR,
    by_key,
    key_of,
    uid_of,
)
from kubefedctl.model.readings import ClusterReading, Desired, FederationConfig
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import NAMESPACES as NAMESPACES_TYPE
from kubefedctl.model.typeconfigs import TypeConfig, parse_type_config
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    NAMESPACES,
    TYPE_CONFIGS,
)
from kubefedctl.ops.configuring import explain_no_config, find_config
from kubefedctl.ops.fanout import run_all, run_side_by_side
from kubefedctl.ops.registrations import read_registrations


@dataclass(frozen=True, slots=True)
class Federation:
    """
    The standing data of a federation: configuration, members, types.

    Args:
        config: The KubeFedConfig.
        registrations: Every usable KubeFedCluster, by name.
        malformed: KubeFedClusters that cannot be used, with the cause in words, by name.
        accesses: Registrations with their tokens, where the Secret has one.
        types: Every FederatedTypeConfig, sorted by name.
        findings: What is odd about these objects but stops nothing, a sentence each.
        narrowing: What of all this the run looks at.
    """

    config: FederationConfig
    registrations: Mapping[str, Registration]
    malformed: Mapping[str, str]
    accesses: Mapping[str, MemberAccess]
    types: tuple[TypeConfig, ...]
    findings: tuple[str, ...] = ()
    narrowing: Narrowing = field(default_factory=Narrowing)

    @property
    def looked_at(self) -> list[str]:
        """Names of the members that the run looks at, sorted."""
        return sorted(filter(self.narrowing.includes_cluster, self.registrations))

    @property
    def namespace(self) -> str:
        """The one namespace of federated objects to read; empty for all of them."""
        return self.config.target_namespace or self.narrowing.namespace


def read_federation(host: Cluster, *, kubefed_namespace: str) -> Federation:
    """
    Return configuration, members and types as the host has them.

    Raises:
        ControlPlaneError: The host has no KubeFed API, a KubeFedConfig that KubeFed would refuse,
            or an unusable FederatedTypeConfig.
        ClusterError: The host did not answer completely.
    """
    found_config = find_config(host, kubefed_namespace=kubefed_namespace)
    config = parse_federation_config(found_config or {}, kubefed_namespace=kubefed_namespace)
    listed = run_side_by_side(
        {
            "clusters": lambda: host.list(KUBEFED_CLUSTERS, namespace=kubefed_namespace).items,
            "types": lambda: host.list(TYPE_CONFIGS, namespace=kubefed_namespace).items,
        }
    )
    known = read_registrations(host, listed["clusters"], namespace=kubefed_namespace)
    types = sorted((parse_type_config(found) for found in listed["types"]), key=_by_name)
    no_config = explain_no_config(host, kubefed_namespace)
    findings = (
        *(() if found_config else (f"{no_config}; its defaults are used, with scope Cluster",)),
        *_judge(KUBEFED_CLUSTERS, listed["clusters"], check_cluster),
        *_judge(TYPE_CONFIGS, listed["types"], check_type_config),
    )
    return Federation(
        config, known.registrations, known.malformed, known.accesses, tuple(types), findings
    )


def _judge(
    resource: Resource, objects: Iterable[Object], check: Callable[[Object], tuple[Finding, ...]]
) -> Iterator[str]:
    """Yield what the API server would say of *objects* that stood there before it checked them."""
    for obj in objects:
        for finding in check(obj):
            subject = resource.subject(key_of(obj))
            yield (
                f"{subject}: {finding.field} {finding.message}; the API server would refuse it"
                " today"
            )


def synced_types(federation: Federation) -> tuple[tuple[TypeConfig, ...], dict[str, str]]:
    """Return the types that a sync looks at, and those that it cannot with the cause."""
    return choose_types(federation.types, config=federation.config, narrowing=federation.narrowing)


def read_desired(
    host: Cluster,
    federation: Federation,
    *,
    deletion_scope: DeletionScope = DeletionScope.KNOWN,
) -> Desired:
    """
    Return what the host asks for: federated objects, version objects, namespaces.

    Args:
        host: The host cluster.
        federation: What was read before; its narrowing says what is needed.
        deletion_scope: Which clusters the deletion of a federated object waits for.

    Raises:
        ClusterError: The host did not answer a list that everything depends on.
    """
    types, failures = synced_types(federation)
    readable = [found for found in types if found.name not in failures]
    namespace_type = next((t for t in federation.types if t.name == NAMESPACES_TYPE), None)
    lists = {found.name: found for found in readable}
    if namespace_type is not None and _needs_namespaces(federation, readable):
        lists[NAMESPACES_TYPE] = namespace_type
    names = sorted(lists)
    answers = run_all([partial(_try_list, host, lists[name], federation) for name in names])
    listed = dict(zip(names, answers, strict=True))
    federated: dict[str, dict[Key, FederatedObject]] = {}
    for found in readable:
        answer = listed[found.name]
        if isinstance(answer, ClusterError):
            failures[found.name] = answer.message
        else:
            federated[found.name] = {key_of(obj): parse_federated(obj, found) for obj in answer}
    namespaces = _namespaces_of(listed.get(NAMESPACES_TYPE, ()), namespace_type)
    rest = _read_rest(host, federation, federated)
    return Desired(
        config=federation.config,
        registrations=federation.registrations,
        types=types,
        federated=federated,
        namespaces=namespaces,
        versions={key: found for key, found in rest.items() if key != NAMESPACES},
        host_namespace_uids={
            key.name: uid_of(obj) for key, obj in rest.get(NAMESPACES, {}).items()
        },
        failures=failures,
        narrowing=federation.narrowing,
        deletion_scope=deletion_scope,
    )


def read_member(cluster: Cluster, desired: Desired) -> ClusterReading:
    """Return the managed objects of every synced type in one ready member."""
    types = [found for found in desired.types if found.name not in desired.failures]
    answers = run_all(
        [partial(_try_list_managed, cluster, found, desired) for found in types],
        width=4,
    )
    objects: dict[str, dict[Key, Object]] = {}
    failures: dict[str, str] = {}
    for type_config, answer in zip(types, answers, strict=True):
        if isinstance(answer, ClusterError):
            failures[type_config.name] = answer.message
        else:
            found = by_key(answer)
            if desired.narrowing.shard is not None:
                # NB: shares of the managed objects are those of this part, too
                found = {k: o for k, o in found.items() if desired.narrowing.includes_place(k)}
            objects[type_config.name] = found
    return ClusterReading(cluster.name, True, objects=objects, failures=failures)


def _by_name(type_config: TypeConfig) -> str:
    return type_config.name


def _namespaces_of(
    answer: tuple[Object, ...] | ClusterError, type_config: TypeConfig | None
) -> dict[str, FederatedObject]:
    """FederatedNamespaces that are named as the namespace they are in; the only ones that count."""
    if isinstance(answer, ClusterError):
        raise answer
    if type_config is None:
        return {}
    return index_namespaces(parse_federated(found, type_config) for found in answer)


def _read_rest(
    host: Cluster, federation: Federation, federated: Mapping[str, Mapping[Key, FederatedObject]]
) -> dict[Resource, dict[Key, Object]]:
    """Version objects and the host's namespaces, as far as the types ask for them."""
    if not any(federated.values()):
        return {}
    types = [found for found in federation.types if found.name in federated]
    wanted = sorted({version_resource(found) for found in types})
    asked: list[Callable[[], Listing]] = [
        partial(host.list, found, namespace=federation.namespace if found.namespaced else "")
        for found in wanted
    ]
    if NAMESPACES_TYPE in federated:
        wanted.append(NAMESPACES)
        only = _field_selector(federation.namespace)
        asked.append(partial(host.list, NAMESPACES, field_selector=only, metadata_only=True))
    return {k: by_key(a.items) for k, a in zip(wanted, run_all(asked), strict=True)}


def _needs_namespaces(federation: Federation, types: Iterable[TypeConfig]) -> bool:
    """FederatedNamespaces say where namespaced objects may go, whichever types are looked at."""
    return federation.narrowing.is_whole or any(found.target.namespaced for found in types)


def _try_list(
    host: Cluster, type_config: TypeConfig, federation: Federation
) -> tuple[Object, ...] | ClusterError:
    """List federated objects; FederatedNamespaces all, as placement asks for those, too."""
    narrowing = federation.narrowing
    namespace = federation.namespace if type_config.federated.namespaced else ""
    labels = name = ""
    if not type_config.is_namespace_type:
        labels, name = narrowing.label_selector, narrowing.only_name(type_config)
    try:
        return host.list(
            type_config.federated,
            namespace=namespace,
            label_selector=labels,
            field_selector=_field_selector(name),
        ).items
    except ClusterError as error:
        return error


def _try_list_managed(
    cluster: Cluster, type_config: TypeConfig, desired: Desired
) -> tuple[Object, ...] | ClusterError:
    namespace = desired.config.target_namespace or desired.narrowing.namespace
    try:
        return cluster.list(
            type_config.target,
            namespace=namespace if type_config.target.namespaced else "",
            label_selector=MANAGED_SELECTOR,
            field_selector=_field_selector(desired.narrowing.only_name(type_config)),
        ).items
    except ClusterError as error:
        return error


def _field_selector(name: str) -> str:
    return f"metadata.name={name}" if name else ""
