"""
The federation that files describe, as a sync would read it from a host.

Here: what counts among the objects of files, and which of them cannot be used. Not here: reading
files (`cli.files`), which types there are (`implying`), planning.

Laws:
1. An object that counts and stands in the files twice is an error: nobody could say which is meant.
2. Where a host would not look, neither does this: other KubeFed namespaces, disabled types, and in
   namespaced scope other namespaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from kubefedctl.core.clusterlists import NamedCluster, gather_clusters
from kubefedctl.core.configuring import parse_federation_config
from kubefedctl.core.desiring import choose_types, index_namespaces
from kubefedctl.core.implying import federated_kind_of, imply_types, looks_federated
from kubefedctl.errors import InputError
from kubefedctl.model.clusters import Registration
from kubefedctl.model.events import counted
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.narrowing import Narrowing
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    KUBEFED_CONFIG_NAME,
    key_of,
    kind_of,
    map_at,
    name_of,
    namespace_of,
    text_at,
)
from kubefedctl.model.readings import Desired, FederationConfig
from kubefedctl.model.refs import Key, Object, Resource, Subject, split_api_version
from kubefedctl.model.renderings import RenderError
from kubefedctl.model.typeconfigs import NAMESPACES, TypeConfig, parse_type_config
from kubefedctl.model.wellknown import (
    CORE_GROUP,
    CRDS,
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    REPLICA_SCHEDULING_PREFERENCES,
    TYPE_CONFIGS,
)
from kubefedctl.model.wellknown import NAMESPACES as HOST_NAMESPACES

T = TypeVar("T")

_MOST_NAMED = 3
INVALID, UNKNOWN_TYPE = "InvalidObject", "UnknownType"
"""Our own words for what a host's API server would not have taken."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """
    What files describe.

    Args:
        desired: What a sync would read as desired, of all clusters.
        looked_at: The clusters that are asked for, sorted.
        preferences: The ReplicaSchedulingPreferences, sorted by key.
        crds: The CRDs among the files, by name.
        errors: Objects that cannot be used.
        warnings: What is left out for other reasons.
        types: Every type that the files are about or imply, propagated or not, sorted by name.
        contexts: The context that leads to each cluster, by the cluster's name.
    """

    desired: Desired
    looked_at: tuple[str, ...]
    preferences: tuple[Object, ...] = ()
    crds: Mapping[str, Object] | None = None
    errors: tuple[RenderError, ...] = ()
    warnings: tuple[str, ...] = ()
    types: tuple[TypeConfig, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)


def assemble(
    objects: Sequence[Object],
    *,
    clusters: Sequence[str] = (),
    listed: Sequence[NamedCluster] = (),
    kubefed_namespace: str = DEFAULT_KUBEFED_NAMESPACE,
) -> Assembled:
    """
    Return the federation that *objects* describe.

    Args:
        objects: Everything in the files, under today's names.
        clusters: Where nothing else names clusters, the clusters; else those of them that are
            looked at, all if none are named. Each `NAME` or `NAME=CONTEXT`.
        listed: The clusters of a list beside the files, instead of KubeFedClusters among them.
        kubefed_namespace: The namespace of KubeFed's own objects; they may also name none.

    Raises:
        InputError: There are no clusters, one is unknown, an object stands there twice, or a
            KubeFedConfig or FederatedTypeConfig cannot be used.
    """
    own = _Own(objects, kubefed_namespace)
    config = parse_federation_config(own.find_config(), kubefed_namespace=kubefed_namespace)
    gathered = gather_clusters(own.of(KUBEFED_CLUSTERS), listed, clusters)
    types = imply_types(map(parse_type_config, own.of(TYPE_CONFIGS)), objects)
    sorted_out = _sort_out(objects, types, config)
    propagated, failures = choose_types(types, config=config, narrowing=Narrowing())
    by_type = sorted_out.by_type
    desired = Desired(
        config=config,
        # NB: how a cluster is registered does not matter here, nor whether that can be read
        registrations={n: Registration(n, c.labels, "", "") for n, c in gathered.clusters.items()},
        types=propagated,
        federated={found.name: by_type.get(found.name, {}) for found in propagated},
        namespaces=index_namespaces(by_type.get(NAMESPACES, {}).values()),
        failures=failures,
    )
    crds = [obj for obj in objects if _is_of(obj, CRDS)]
    return Assembled(
        desired,
        looked_at=gathered.looked_at,
        preferences=tuple(_preferences(objects, config)),
        crds={name_of(obj): obj for obj in crds},
        errors=tuple(sorted_out.errors),
        warnings=(*own.warnings, *_warn_of_unpropagated(desired, by_type), *sorted_out.warnings),
        types=tuple(types),
        contexts={name: found.context for name, found in gathered.clusters.items()},
    )


class _Own:
    """KubeFed's own objects among those of the files, as far as a sync would find them."""

    def __init__(self, objects: Iterable[Object], namespace: str) -> None:
        self._found: dict[Resource, dict[Key, Object]] = {}
        self.warnings: list[str] = []
        for obj in objects:
            for resource in (KUBEFED_CLUSTERS, KUBEFED_CONFIGS, TYPE_CONFIGS):
                if _is_of(obj, resource):
                    self._add(obj, resource, namespace)

    def _add(self, obj: Object, resource: Resource, namespace: str) -> None:
        subject = resource.subject(key_of(obj))
        if not name_of(obj):
            raise InputError(f"a {resource.kind} has no metadata.name", hint="give it a name")
        if namespace_of(obj) not in ("", namespace):
            self.warnings.append(
                f"{subject} is left out, since the KubeFed namespace is {namespace};"
                " --kubefed-namespace names another"
            )
            return
        if resource == KUBEFED_CONFIGS and name_of(obj) != KUBEFED_CONFIG_NAME:
            self.warnings.append(f"{subject} is left out: only {KUBEFED_CONFIG_NAME} counts")
            return
        _put(self._found.setdefault(resource, {}), Key("", name_of(obj)), obj, subject)

    def of(self, resource: Resource) -> list[Object]:
        """Return the objects of one type, sorted by name."""
        return [obj for _, obj in sorted(self._found.get(resource, {}).items())]

    def find_config(self) -> Object:
        """Return the KubeFedConfig; an empty object stands for all defaults."""
        return next(iter(self.of(KUBEFED_CONFIGS)), {})


@dataclass(slots=True)
class _SortedOut:
    """Federated objects by type, and what is wrong with the others."""

    by_type: dict[str, dict[Key, FederatedObject]]
    errors: list[RenderError]
    warnings: list[str]


def _sort_out(
    objects: Iterable[Object], types: Iterable[TypeConfig], config: FederationConfig
) -> _SortedOut:
    by_kind: dict[tuple[str, str], list[TypeConfig]] = {}
    for type_config in types:
        by_kind.setdefault(federated_kind_of(type_config.federated), []).append(type_config)
    found = _SortedOut({}, [], [])
    others: list[str] = []
    for obj in objects:
        group, _ = split_api_version(text_at(obj, "apiVersion"))
        # NB: nothing keeps a host from propagating one federated type as two targets
        of_kind = by_kind.get((group, kind_of(obj)), [])
        subject = Subject(kind_of(obj), namespace_of(obj), name_of(obj))
        problem = _find_problem(obj, of_kind[0]) if of_kind else ""
        if problem:
            found.errors.append(RenderError(str(subject), INVALID, problem))
        elif of_kind and config.target_namespace in ("", namespace_of(obj)):
            for federated in (
                parse_federated(_as_created(obj), type_config) for type_config in of_kind
            ):
                of_type = found.by_type.setdefault(federated.type_config.name, {})
                _put(of_type, federated.key, federated, subject)
        elif not of_kind and looks_federated(obj) and not _is_of_host(obj):
            found.errors.append(_unknown_type(subject))
        elif not _is_of_host(obj):
            others.append(str(subject))
    if others:
        found.warnings.append(_warn_of_others(others))
    return found


def _as_created(obj: Object) -> Object:
    """*obj* as a host would store it: a deletion cannot be created."""
    metadata = {k: v for k, v in map_at(obj, "metadata").items() if k != "deletionTimestamp"}
    return {**obj, "metadata": metadata}


def _find_problem(obj: Object, type_config: TypeConfig) -> str:
    if not name_of(obj):
        return "metadata.name is missing"
    if type_config.federated.namespaced and not namespace_of(obj):
        return "metadata.namespace is missing, and there is no context to take it from"
    if not type_config.federated.namespaced and namespace_of(obj):
        return f"{type_config.federated.kind} is cluster-scoped, but metadata.namespace is set"
    return ""


def _unknown_type(subject: Subject) -> RenderError:
    return RenderError(
        str(subject),
        UNKNOWN_TYPE,
        "no FederatedTypeConfig among the files says what it is, and neither do apiVersion and kind"
        " of its template",
    )


def _put(found: dict[Key, T], key: Key, value: T, subject: Subject) -> None:
    if key in found:
        raise InputError(f"{subject} stands in the files twice", hint="keep one of them")
    found[key] = value


def _is_of(obj: Object, resource: Resource) -> bool:
    group, _ = split_api_version(text_at(obj, "apiVersion"))
    return (group, kind_of(obj)) == (resource.group, resource.kind)


def _is_of_host(obj: Object) -> bool:
    """Whether an object belongs beside federated ones in a host, so that nobody wonders."""
    group, _ = split_api_version(text_at(obj, "apiVersion"))
    has_part = group == CORE_GROUP or _is_of(obj, CRDS) or _is_of(obj, HOST_NAMESPACES)
    return has_part or _is_of(obj, REPLICA_SCHEDULING_PREFERENCES)


def _preferences(objects: Iterable[Object], config: FederationConfig) -> list[Object]:
    found: dict[Key, Object] = {}
    for obj in objects:
        is_looked_at = config.target_namespace in ("", namespace_of(obj))
        if _is_of(obj, REPLICA_SCHEDULING_PREFERENCES) and is_looked_at:
            _put(found, key_of(obj), obj, REPLICA_SCHEDULING_PREFERENCES.subject(key_of(obj)))
    return [obj for _, obj in sorted(found.items())]


def _warn_of_unpropagated(
    desired: Desired, by_type: Mapping[str, Mapping[Key, FederatedObject]]
) -> list[str]:
    propagated = {found.name for found in desired.types}
    return [
        f"{counted(len(found), 'object')} of {name} left out: the type is not propagated"
        for name, found in sorted(by_type.items())
        if name not in propagated
    ]


def _warn_of_others(others: Sequence[str]) -> str:
    names = ", ".join(others[:_MOST_NAMED])
    if len(others) > _MOST_NAMED:
        names += f" and {len(others) - _MOST_NAMED} more"
    return f"left out, since no sync would propagate them: {names}"
