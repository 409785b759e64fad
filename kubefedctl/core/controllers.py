"""
What a FederatedTypeConfig says of the controllers of its type, and when KubeFed's finalizer holds
it.

Here: the decisions about one type config. Not here: which types are synced (`ops.reading`), and
switching a type off (`disabling`).

Laws:
1. No controller runs when a sync has ended, and the status says so: `disable` of the original waits
   for NotRunning.
2. A type config that is being deleted holds nothing up: nothing is propagated of it any more, and
   what the members have of it stays there.

Upstream: pkg/controller/federatedtypeconfig/controller.go @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Iterable

from kubefedctl.core.reporting import is_same_json
from kubefedctl.model.objects import map_at
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import ControllerStatus
from kubefedctl.model.typeconfigs import TypeConfig


def next_type_status(type_config: TypeConfig) -> Object | None:
    """Return the whole new status of a type config after a sync, or None if it is already so."""
    status: Object = {
        "observedGeneration": type_config.generation,
        "propagationController": str(ControllerStatus.NOT_RUNNING),
        "statusController": str(ControllerStatus.NOT_RUNNING),
    }
    return None if is_same_json(status, dict(map_at(type_config.source, "status"))) else status


def needs_type_finalizer(type_config: TypeConfig, config: FederationConfig) -> bool:
    """
    Return whether KubeFed's finalizer is missing from a type config.

    Upstream: ensureFinalizer there. Unlike there, a type config whose propagation is Disabled gets
    none: its deletion would wait for a sync that has nothing to do with it.
    """
    is_synced = type_config.is_propagated and (
        type_config.target.namespaced or not config.target_namespace
    )
    return is_synced and not type_config.is_deleting and not type_config.has_finalizer


def released_types(types: Iterable[TypeConfig]) -> tuple[TypeConfig, ...]:
    """
    Return the type configs that are being deleted and held by KubeFed's finalizer, in their order.

    `namespaces` comes last: while it is there, the namespaced types can still be synced.
    """
    held = [found for found in types if found.is_deleting and found.has_finalizer]
    return tuple(sorted(held, key=lambda found: (found.is_namespace_type, found.name)))
