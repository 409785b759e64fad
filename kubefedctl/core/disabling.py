"""
What disabling a type means: its type config without propagation, and when its CRD may go.

Not here: the order of the writes and the waiting (`ops.disable`).

Laws:
1. A federated object that a sync must finalize is deleted only while a sync will do it.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubefedctl.errors import RefusedError
from kubefedctl.model.events import counted
from kubefedctl.model.objects import (
    SYNC_FINALIZER,
    finalizers_of,
    generation_of,
    map_at,
    text_at,
)
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CRDS

_DISABLED = "Disabled"
_RUNNING = "Running"
_STOPPED = "NotRunning"


def without_propagation(type_config: Object) -> Object | None:
    """Return the type config with its propagation disabled; None where it is not enabled."""
    if not is_propagated(type_config):
        return None
    return {**type_config, "spec": {**map_at(type_config, "spec"), "propagation": _DISABLED}}


def is_propagated(type_config: Object) -> bool:
    """Return whether `spec.propagation` is Enabled."""
    return text_at(type_config, "spec", "propagation") == "Enabled"


def is_running(type_config: Object) -> bool:
    """Return whether a controller has said that it propagates this type."""
    return text_at(type_config, "status", "propagationController") == _RUNNING


def is_stopped(type_config: Object) -> bool:
    """Return whether the status says that no controller propagates this type."""
    return text_at(type_config, "status", "propagationController") == _STOPPED


def make_stopped_status(type_config: Object) -> Object:
    """Return the merge patch of a type config's status that says so."""
    generation = generation_of(type_config)
    return {"status": {"observedGeneration": generation, "propagationController": _STOPPED}}


def needs_sync(federated: Object) -> bool:
    """Return whether the deletion of a federated object waits for a sync."""
    return SYNC_FINALIZER in finalizers_of(federated)


def check_can_delete_crd(
    federated: Resource,
    instances: Sequence[Object],
    *,
    type_config: Object | None,
    name: str,
    cluster: str,
    cascades: bool,
) -> None:
    """
    Return when the CRD of a federated type can be deleted, after its instances or without any.

    Args:
        federated: The federated type.
        instances: Its objects in all namespaces.
        type_config: Its FederatedTypeConfig; None where there is none.
        name: The name of that, for messages.
        cluster: The host's name.
        cascades: Whether the instances are to be deleted, too.

    Raises:
        RefusedError: There are instances and they are to stay, or no sync would finalize them.

    Upstream: pkg/kubefedctl/disable.go, checkFederatedTypeCustomResourcesExist @ v0.10.0, which
    always refuses.
    """
    subject = CRDS.subject(Key("", federated.qualified_name))
    if instances and not cascades:
        raise RefusedError(
            f"cannot delete {subject} in cluster {cluster}:"
            f" {counted(len(instances), 'object')} of it there",
            hint="let them go with --cascade, or leave out --delete-crd",
        )
    held = [found for found in instances if needs_sync(found)]
    if held and (type_config is None or not is_propagated(type_config)):
        state = "has no type config" if type_config is None else "is disabled"
        raise RefusedError(
            f"cannot delete {subject} in cluster {cluster}: {name} {state}, so no sync would take"
            f" {counted(len(held), 'object')} of it out of the members",
            hint=f"kubefedctl enable {name}, then run the command again",
        )
