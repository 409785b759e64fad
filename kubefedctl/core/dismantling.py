"""
What of a host is KubeFed's, so that it goes with the control plane, and when that must not go.

Here: judgements on objects that were read. Not here: the order of deletions (`ops.deinit`).

Laws:
1. What merely has a name of ours stays: a role must have KubeFed's labels, a CRD must be one of
   KubeFed's own, or of a federated type in KubeFed's group, or one that a type config names.
2. What another control plane on the same host uses stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubefedctl.core.definitions import make_core_crds
from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.installing import DEFAULT_TYPES, federated_name
from kubefedctl.core.permissions import make_permissions
from kubefedctl.errors import RefusedError
from kubefedctl.model.events import counted
from kubefedctl.model.objects import (
    DEFAULT_KUBEFED_NAMESPACE,
    SYSTEM_NAMESPACES,
    key_of,
    labels_of,
    list_at,
    map_at,
    name_of,
    namespace_of,
    text_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.wellknown import FEDERATED_GROUP

_LONGEST_ENUMERATION = 5


@dataclass(frozen=True, slots=True)
class Definitions:
    """
    The CRDs of a host that are KubeFed's.

    Args:
        federated: Those of federated types, sorted by name.
        core: KubeFed's own, sorted by name.
    """

    federated: tuple[Object, ...]
    core: tuple[Object, ...]


def pick_definitions(crds: Iterable[Object], type_configs: Iterable[Object]) -> Definitions:
    """
    Return those of *crds* that are KubeFed's.

    Args:
        crds: All CRDs of the host.
        type_configs: All FederatedTypeConfigs of the host; they name federated types of any group.
    """
    found = {name_of(crd): crd for crd in crds}
    core = sorted({name_of(crd) for crd in make_core_crds()} & set(found))
    made = [make_type_config(resource) for resource, _ in DEFAULT_TYPES]
    named = {".".join(federated_name(config)) for config in (*made, *type_configs)}
    federated = [name for name, crd in found.items() if _is_federated(crd, named)]
    return Definitions(
        tuple(found[name] for name in sorted(set(federated) - set(core))),
        tuple(found[name] for name in core),
    )


def resource_of_definition(crd: Object) -> Resource:
    """Return the address of the objects of a CRD, in a version that it serves."""
    versions = [found for found in list_at(crd, "spec", "versions") if map_at(found)]
    served = [found for found in versions if found.get("served")]
    stored = [found for found in served if found.get("storage")]
    chosen = (stored or served or versions or [{}])[0]
    return Resource(
        group=text_at(crd, "spec", "group"),
        version=text_at(chosen, "name"),
        plural=text_at(crd, "spec", "names", "plural"),
        kind=text_at(crd, "spec", "names", "kind"),
        namespaced=text_at(crd, "spec", "scope") == "Namespaced",
    )


def list_permissions(namespace: str) -> tuple[tuple[Resource, Object], ...]:
    """Return the account, roles and bindings of either scope, in the order in which they can go."""
    made = {
        (resource, key_of(body)): body
        for scope in (Scope.CLUSTER, Scope.NAMESPACED)
        for resource, body in make_permissions(namespace=namespace, scope=scope)
    }
    pairs = [(resource, body) for (resource, _), body in made.items()]
    return tuple(sorted(pairs, key=_removal_rank))


def is_ours(existing: Object, made: Object) -> bool:
    """Return whether an object of this name has the labels that KubeFed gives it."""
    return dict(labels_of(made)).items() <= dict(labels_of(existing)).items()


def other_namespaces(objects: Iterable[Object], *, namespace: str) -> tuple[str, ...]:
    """Return the other namespaces in which the host has KubeFed's own *objects*."""
    return tuple(sorted({namespace_of(found) for found in objects} - {namespace, ""}))


def may_delete_namespace(name: str, *, has_control_plane: bool) -> bool:
    """
    Return whether a namespace may go at all, once nothing is in it.

    >>> may_delete_namespace("default", has_control_plane=True)
    False
    """
    if name in SYSTEM_NAMESPACES:
        return False
    return has_control_plane or name == DEFAULT_KUBEFED_NAMESPACE


def check_can_remove(
    clusters: Sequence[Object],
    instances: Sequence[tuple[Resource, Key]],
    *,
    host: str,
    has_controller: bool,
) -> None:
    """
    Return when nothing depends on the control plane any more.

    Args:
        clusters: The KubeFedClusters.
        instances: The federated objects.
        host: The host's name.
        has_controller: Whether KubeFed's controller-manager is installed.

    Raises:
        RefusedError: Something does; the hint says what to do first.
    """
    refused = f"cannot remove KubeFed from host cluster {host}"
    if clusters:
        names = sorted(name_of(found) for found in clusters)
        raise RefusedError(
            f"{refused}: {counted(len(names), 'joined cluster')}: {enumerate_shortly(names)}",
            hint=f"kubefedctl unjoin {names[0]}, or use --force",
        )
    if instances:
        subjects = [str(resource.subject(key)) for resource, key in instances]
        raise RefusedError(
            f"{refused}: {counted(len(subjects), 'federated object')}:"
            f" {enumerate_shortly(subjects)}",
            hint="delete them and run kubefedctl sync; or use --force, which leaves the members'"
            " objects as they are",
        )
    if has_controller:
        raise RefusedError(
            f"{refused}: KubeFed's controller-manager is installed",
            hint="uninstall its Helm release first, or use --force",
        )


def enumerate_shortly(words: Sequence[str]) -> str:
    """
    Return the first few of *words* and how many more there are.

    >>> enumerate_shortly(["a", "b"]), enumerate_shortly(list("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    shown = ", ".join(words[:_LONGEST_ENUMERATION])
    more = len(words) - _LONGEST_ENUMERATION
    return f"{shown} and {more} more" if more > 0 else shown


def _is_federated(crd: Object, named: set[str]) -> bool:
    is_of_group = text_at(crd, "spec", "group") == FEDERATED_GROUP
    has_kind = text_at(crd, "spec", "names", "kind").startswith("Federated")
    return has_kind and (is_of_group or name_of(crd) in named)


def _removal_rank(pair: tuple[Resource, Object]) -> tuple[bool, str, str]:
    """Bindings before what they bind."""
    resource, body = pair
    return not resource.kind.endswith("Binding"), resource.kind, name_of(body)
