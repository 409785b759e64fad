"""
Documents of KubeFed's first releases, read as what succeeded them.

Laws:
1. Only names of API groups and versions change, and only where the old ones are served no more.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.model.objects import map_at, text_at
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import (
    CORE_GROUP,
    CORE_VERSION,
    FEDERATED_GROUP,
    FEDERATED_VERSION,
    SCHEDULING_GROUP,
)

_SUCCESSORS = {
    "core.kubefed.k8s.io": CORE_GROUP,
    "scheduling.kubefed.k8s.io": SCHEDULING_GROUP,
    "types.kubefed.k8s.io": FEDERATED_GROUP,
}
_OLD_VERSION = "v1alpha1"
_RENEWED_KINDS = frozenset(
    {"EnableTypeDirective", "FederatedTypeConfig", "KubeFedCluster", "KubeFedConfig"}
)
"""Kinds of the core group that are served as v1beta1 alone."""


def read_as_successors(documents: Iterable[Object]) -> tuple[list[Object], tuple[str, ...]]:
    """
    Return *documents* under today's groups and versions, and the old names that were replaced.

    Args:
        documents: Maps from a file, of any kind. They are not changed.
    """
    replaced: set[str] = set()
    renewed = [
        _renew_directive(_renew_object(document, replaced), replaced) for document in documents
    ]
    return renewed, tuple(sorted(replaced))


def _renew_object(document: Object, replaced: set[str]) -> Object:
    old = text_at(document, "apiVersion")
    group, slash, version = old.partition("/")
    if not slash:
        return document
    new = "/".join(_renew(group, version, kind=text_at(document, "kind")))
    if new == old:
        return document
    replaced.add(old)
    return {**document, "apiVersion": new}


def _renew_directive(document: Object, replaced: set[str]) -> Object:
    """An EnableTypeDirective, which may lack its kind, names the group of the federated type."""
    spec = map_at(document, "spec")
    group, version = text_at(spec, "federatedGroup"), text_at(spec, "federatedVersion")
    is_directive = document.get("kind", "EnableTypeDirective") == "EnableTypeDirective"
    if not is_directive or group not in _SUCCESSORS:
        return document
    replaced.add(f"{group}/{version}" if version else group)
    new_group, new_version = _renew(group, version, kind="")
    names = {"federatedGroup": new_group}
    if version:
        names["federatedVersion"] = new_version
    return {**document, "spec": {**spec, **names}}


def _renew(group: str, version: str, *, kind: str) -> tuple[str, str]:
    """
    Return the group and version that *kind* has today.

    NB: types.kubefed.io/v1alpha1 stays, for a type may be enabled under any version.
    """
    today = _SUCCESSORS.get(group, group)
    if version != _OLD_VERSION:
        return today, version
    if group != today and today == FEDERATED_GROUP:
        return today, FEDERATED_VERSION
    if today == CORE_GROUP and kind in _RENEWED_KINDS:
        return today, CORE_VERSION
    return today, version
