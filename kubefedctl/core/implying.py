"""
Which federated types files are about, where no host says it.

Here: the FederatedTypeConfigs among the files, and what is implied without one: KubeFed's default
types, and for other kinds what `enable` would make, guessed from the template.

Laws:
1. What the files say wins over what is implied.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.installing import DEFAULT_TYPES
from kubefedctl.model.objects import kind_of, namespace_of, text_at, value_at
from kubefedctl.model.refs import Object, Resource, split_api_version
from kubefedctl.model.typeconfigs import TypeConfig, parse_type_config, pluralise
from kubefedctl.model.wellknown import FEDERATED_GROUP

_PREFIX = "Federated"


def imply_types(declared: Iterable[TypeConfig], objects: Iterable[Object]) -> list[TypeConfig]:
    """
    Return the types that *objects* may be of, sorted by name.

    Args:
        declared: The type configs among the files.
        objects: Everything in the files. An object of KubeFed's federated group whose kind nobody
            declares gets a type from the apiVersion in its template; without one it has no type.
    """
    types = {found.name: found for found in declared}
    taken = {federated_kind_of(found.federated) for found in types.values()}
    guessed = (target for obj in objects if (target := _guess_target(obj)) is not None)
    for target in (*(resource for resource, _ in DEFAULT_TYPES), *guessed):
        implied = parse_type_config(make_type_config(target))
        kind = federated_kind_of(implied.federated)
        if implied.name not in types and kind not in taken:
            types[implied.name] = implied
            taken.add(kind)
    return sorted(types.values(), key=lambda found: found.name)


def federated_kind_of(resource: Resource) -> tuple[str, str]:
    """Return group and kind, by which objects find their type whatever their version."""
    return resource.group, resource.kind


def is_of_federated_group(obj: Object) -> bool:
    """Return whether *obj* looks like a federated object, whether or not its type is known."""
    group, _ = split_api_version(text_at(obj, "apiVersion"))
    kind = kind_of(obj)
    return group == FEDERATED_GROUP and kind.startswith(_PREFIX) and kind != _PREFIX


def looks_federated(obj: Object) -> bool:
    """
    Return whether somebody may have meant *obj* to be federated, in whatever group.

    What stands for it in members must not look as if nobody asked for it any more, only because
    the type config of another group is missing or the group has a typing error.
    """
    has_template, has_placement = (
        isinstance(value_at(obj, "spec", part), dict) for part in ("template", "placement")
    )
    is_named = kind_of(obj).startswith(_PREFIX)
    is_shaped = (has_template or has_placement) if is_named else (has_template and has_placement)
    return is_of_federated_group(obj) or is_shaped


def _guess_target(obj: Object) -> Resource | None:
    """
    The type of the member objects, from the template.

    NB: a template whose own kind is another one says nothing about this type.
    """
    kind = kind_of(obj).removeprefix(_PREFIX)
    group, version = split_api_version(text_at(obj, "spec", "template", "apiVersion"))
    named = text_at(obj, "spec", "template", "kind") or kind
    if not is_of_federated_group(obj) or not version or named != kind:
        return None
    return Resource(group, version, pluralise(kind), kind, bool(namespace_of(obj)))
