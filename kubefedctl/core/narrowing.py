"""
From what a person asks a sync to look at to what it looks at.

Here: words for types, objects, clusters and labels, and why they cannot be meant. Not here: what a
narrowing leaves alone (`model.narrowing`, and each decision in `planning`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from kubefedctl.core.lookup import names_of
from kubefedctl.core.placing import place_by_selector
from kubefedctl.core.selectors import parse_selector
from kubefedctl.errors import InputError
from kubefedctl.model.narrowing import Narrowing, Requirement
from kubefedctl.model.readings import Desired
from kubefedctl.model.refs import Resource
from kubefedctl.model.shards import Shard
from kubefedctl.model.typeconfigs import Discovery, TypeConfig


@dataclass(frozen=True, slots=True)
class Request:
    """
    What a person asked a run to look at; nothing means everything.

    Args:
        types: Words for types, each with the name of an object or an empty one.
        namespace: Namespace of federated objects.
        clusters: Names of member clusters.
        requirements: What labels must satisfy.
        shard: Which part of all that; None for the whole.
    """

    types: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    clusters: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    shard: Shard | None = None


def parse_request(
    words: Sequence[str], *, namespace: str = "", clusters: Sequence[str] = (), selector: str = ""
) -> Request:
    """
    Return what the arguments of a command ask for, as far as no cluster is needed to tell.

    Args:
        words: Each `TYPE` or `TYPE/NAME`.
        namespace: A namespace, or empty.
        clusters: Names of clusters; one text may hold several, separated by commas.
        selector: Labels in the language of kubectl.

    Raises:
        InputError: A word, a cluster's name or the selector cannot be read.

    >>> parse_request(["deploy/web"], clusters=["c1,c2"]).types
    (('deploy', 'web'),)
    """
    names = tuple(name.strip() for item in clusters for name in item.split(","))
    if not all(names):
        raise InputError("the name of a cluster is empty", hint="write it like --cluster eu-1")
    requirements: tuple[Requirement, ...] = ()
    if selector.strip():
        requirements = parse_selector(place_by_selector(selector)["clusterSelector"])
    return Request(tuple(map(_split, words)), namespace, names, requirements)


def find_type_config(word: str, types: Iterable[TypeConfig]) -> TypeConfig | None:
    """
    Return the type config that *word* names without the help of discovery, or None.

    A word is a plural, a kind or `plural.group`, of the target or of the federated type, in any
    case. Where several match and one is in the core group, that one is meant.

    Raises:
        InputError: Several match, and none of them is in the core group.
    """
    wanted = word.lower()
    return _pick(word, [found for found in types if wanted in _words_of(found)])


def find_by_discovery(
    word: str, types: Iterable[TypeConfig], discovery: Discovery
) -> TypeConfig | None:
    """
    Return the type config that *word* names with the short names of *discovery*, or None.

    Raises:
        InputError: Several match, and none of them is in the core group.
    """
    wanted = word.lower()
    meant = {_address(found.resource) for found in discovery.resources if wanted in names_of(found)}
    return _pick(
        word,
        [found for found in types if meant & {_address(found.target), _address(found.federated)}],
    )


def make_narrowing(
    request: Request,
    chosen: Sequence[TypeConfig],
    *,
    clusters: Collection[str],
    target_namespace: str,
) -> Narrowing:
    """
    Return what a run looks at.

    Args:
        request: What was asked for.
        chosen: The type config of each of the request's words, in their order.
        clusters: Names of all registered clusters.
        target_namespace: The one namespace of a namespaced control plane, or empty.

    Raises:
        InputError: A cluster is not registered, a type is disabled, or type, namespace and scope
            of the control plane do not go together; the hint lists what there is.
    """
    for unknown in sorted(set(request.clusters) - set(clusters)):
        raise InputError(f"no cluster {unknown} is joined", hint=_list("joined", clusters))
    if target_namespace and request.namespace not in ("", target_namespace):
        raise InputError(
            f"this control plane federates namespace {target_namespace} alone, not"
            f" {request.namespace}",
            hint=f"give -n {target_namespace}, or leave it out",
        )
    names: dict[str, frozenset[str]] = {}
    whole = {found.name for (_, name), found in zip(request.types, chosen, strict=True) if not name}
    for (_, name), found in zip(request.types, chosen, strict=True):
        _check_type(found, request.namespace, target_namespace)
        given = names.get(found.name, frozenset())
        names[found.name] = frozenset() if found.name in whole else given | {name}
    return Narrowing(
        names,
        request.namespace,
        frozenset(request.clusters),
        request.requirements,
        request.shard,
    )


def explain_unknown_type(word: str, types: Iterable[TypeConfig]) -> InputError:
    """Return the error for a *word* that names no federated type."""
    enabled = [found.name for found in types if found.is_propagated]
    return InputError(f"{word!r} names no federated type", hint=_list("enabled", enabled))


def find_missing(desired: Desired) -> list[str]:
    """Return the objects that were asked for by name and that the host does not have."""
    # NB: what is there in another part is not missing
    narrowing = replace(desired.narrowing, shard=None)
    missing = []
    for type_config in sorted(desired.types, key=lambda found: found.name):
        listed = desired.federated.get(type_config.name)
        if listed is None:
            continue  # NB: not read, which says nothing
        found = {key.name for key, obj in listed.items() if narrowing.includes(obj)}
        names = narrowing.names.get(type_config.name, frozenset())
        missing += [f"{type_config.federated.kind} {name}" for name in sorted(names - found)]
    return missing


def _split(word: str) -> tuple[str, str]:
    type_word, slash, name = word.strip().partition("/")
    if not type_word or (slash and not name) or "/" in name:
        raise InputError(
            f"{word!r} is neither a type nor TYPE/NAME",
            hint="write it like deployments or deployments/web, the namespace with -n",
        )
    return type_word, name


def _words_of(type_config: TypeConfig) -> set[str]:
    words = {type_config.name}
    for resource in (type_config.target, type_config.federated):
        words |= {resource.plural, resource.kind.lower(), f"{resource.plural}.{resource.group}"}
    return words


def _pick(word: str, matches: Sequence[TypeConfig]) -> TypeConfig | None:
    core = [found for found in matches if not found.target.group]
    picked = core or list(matches)
    if len(picked) > 1:
        names = sorted(found.name for found in picked)
        raise InputError(
            f"{word!r} names several types: {', '.join(names)}",
            hint=f"name one with its group, such as {names[0]}",
        )
    return picked[0] if picked else None


def _address(resource: Resource) -> tuple[str, str]:
    return resource.group, resource.plural


def _check_type(found: TypeConfig, namespace: str, target_namespace: str) -> None:
    if not found.is_propagated:
        raise InputError(
            f"type {found.name} is not propagated: its FederatedTypeConfig says Disabled",
            hint=f"kubefedctl enable {found.name}",
        )
    if target_namespace and not found.target.namespaced:
        raise InputError(
            f"type {found.name} is cluster-scoped, and this control plane federates namespace"
            f" {target_namespace} alone",
            hint="name a namespaced type",
        )
    if namespace and not found.federated.namespaced:
        raise InputError(
            f"type {found.name} is cluster-scoped, so its objects are in no namespace",
            hint=f"leave out -n {namespace}, or name a namespaced type",
        )


def _list(word: str, names: Iterable[str]) -> str:
    return f"{word}: {', '.join(sorted(names)) or 'none'}"
