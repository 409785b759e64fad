"""
Making a federated object out of an object.

Here: what of an object becomes the template, with the edits that some kinds need so that other
clusters accept it. Not here: choosing which objects to federate.

Upstream: pkg/kubefedctl/federate/federate.go and util.go @ v0.10.0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubefedctl.core.carrying import carry_annotations, find_lost_annotations
from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.ownership import drop_owned
from kubefedctl.core.structures import copy_object
from kubefedctl.errors import ManifestError
from kubefedctl.model.objects import (
    MANAGED_LABEL,
    key_of,
    kind_of,
    labels_of,
    list_at,
    name_of,
    namespace_of,
    text_at,
)
from kubefedctl.model.refs import Object, Resource, split_api_version
from kubefedctl.model.typeconfigs import TypeConfig, parse_type_config, pluralise
from kubefedctl.model.wellknown import NAMESPACES

_OWN_FIELDS = ("apiVersion", "kind", "metadata", "status")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_HEADLESS = "None"
_EVERYWHERE: Object = {"clusterSelector": {"matchLabels": {}}}


def is_federable_name(name: str) -> bool:
    """
    Return whether a federated object can be called *name*: it must be a DNS name.

    >>> is_federable_name("web"), is_federable_name("system:node")
    (True, False)
    """
    return _SUBDOMAIN.fullmatch(name) is not None


def make_federated(
    target: Object,
    type_config: TypeConfig,
    *,
    placement: Object | None = None,
    carried_to: Sequence[str] | None = None,
) -> tuple[Object, tuple[str, ...]]:
    """
    Return the federated object for *target*, and what to warn of.

    The template is the target without its status and without all metadata but its labels: the rest
    belongs to the cluster it lives in.

    Args:
        target: An object of the target type. Not changed.
        type_config: The type config of its type.
        placement: Its `spec.placement`; without one, it is placed in every cluster.
        carried_to: Clusters whose overrides carry the target's annotations; None to drop these.

    Raises:
        ManifestError: The target has no name, or a part of it has an impossible type.

    Upstream: federate.go, FederatedResourceFromTargetResource @ v0.10.0. Unlike there, the
    label that propagation sets is left out, a headless Service stays headless, what a cluster owns
    of a Job, claim or Pod is left out, and annotations that tools write are not warned of.
    """
    subject = type_config.target.subject(key_of(target))
    if not name_of(target):
        raise ManifestError(
            f"a {kind_of(target)} has no metadata.name", hint="give every object a name"
        )
    body = drop_owned(copy_object(target))
    template = {key: value for key, value in body.items() if key not in _OWN_FIELDS}
    labels = {name: value for name, value in labels_of(body).items() if name != MANAGED_LABEL}
    if labels:
        template["metadata"] = {"labels": labels}
    _edit_template(template, kind_of(target), str(subject))
    federated: Object = {
        "apiVersion": type_config.federated.api_version,
        "kind": type_config.federated.kind,
        "metadata": _make_metadata(target, type_config),
        "spec": {
            "template": template,
            "placement": copy_object(placement or _EVERYWHERE),
        },
    }
    lost = find_lost_annotations(target)
    if lost and carried_to:
        federated["spec"]["overrides"] = carry_annotations(lost, carried_to)
        return federated, ()
    return federated, _warn_of_annotations(lost, str(subject), is_wanted=carried_to is not None)


def make_guessed_federated(
    target: Object,
    *,
    placement: Object | None = None,
    carried_to: Sequence[str] | None = None,
) -> tuple[Object, tuple[str, ...]]:
    """
    Return the federated object for a *target* of which no cluster was asked.

    Its type is taken to be federated in KubeFed's default group and version, and to be namespaced
    when the object names a namespace.

    Raises:
        ManifestError: As for `make_federated`.

    Upstream: federate.go, FederateResources over decodeUnstructuredFromFile @ v0.10.0.
    """
    group, version = split_api_version(text_at(target, "apiVersion"))
    kind = kind_of(target)
    if not version or not kind:
        raise ManifestError(
            "an object has no apiVersion or no kind", hint="every object needs apiVersion and kind"
        )
    is_namespaced = bool(namespace_of(target)) and not (kind == NAMESPACES.kind and not group)
    resource = Resource(group, version, pluralise(kind), kind, is_namespaced)
    type_config = parse_type_config(make_type_config(resource))
    return make_federated(target, type_config, placement=placement, carried_to=carried_to)


def _make_metadata(target: Object, type_config: TypeConfig) -> Object:
    name = name_of(target)
    namespace = name if type_config.is_namespace_type else namespace_of(target)
    if namespace and type_config.federated.namespaced:
        return {"name": name, "namespace": namespace}
    return {"name": name}


def _warn_of_annotations(lost: Object, subject: str, *, is_wanted: bool) -> tuple[str, ...]:
    if not lost:
        return ()
    why = "no cluster is joined" if is_wanted else "use overrides"
    return (f"annotations of {subject} are not federated ({why}): {', '.join(lost)}",)


def _edit_template(template: Object, kind: str, subject: str) -> None:
    """Take out, in place, what only makes sense in the cluster the object comes from."""
    if kind == "Namespace":
        _take_out(template, "spec", "finalizers", subject=subject)
    elif kind == "ServiceAccount":
        template.pop("secrets", None)
    elif kind == "Service":
        if text_at(template, "spec", "clusterIP") != _HEADLESS:
            _take_out(template, "spec", "clusterIP", subject=subject)
            _take_out(template, "spec", "clusterIPs", subject=subject)
        for port in list_at(template, "spec", "ports"):
            if isinstance(port, dict):
                port.pop("nodePort", None)


def _take_out(template: Object, part: str, field: str, *, subject: str) -> None:
    found = template.get(part) or {}
    if not isinstance(found, dict):
        raise ManifestError(f"{subject}: {part} is not a map", hint="give the whole object")
    found.pop(field, None)
