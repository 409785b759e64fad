"""
How propagated objects go: by placement, by deletion of the federated object, or as orphans.

Laws:
1. Only objects that carry the managed label are deleted or unlabelled.
2. The namespace that is the host's own is never deleted, only unlabelled.
3. While a cluster that may hold something of it cannot be asked, or is not looked at, a deletion is
   not finished.

Upstream: pkg/controller/sync/controller.go, ensureDeletion and
pkg/controller/sync/dispatch/unmanaged.go @ v0.10.0. Unlike there, a DELETE names the uid that was
seen, so that it never hits an object made since, orphaning removes the finalizer last, and only
clusters that are known to matter hold a deletion up (v0.10.0 asks for the placement alone).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kubefedctl.core.placement import ignored_reason, place_object
from kubefedctl.core.versions import recorded_clusters, version_key, version_resource
from kubefedctl.core.waves import removing_wave
from kubefedctl.errors import InputError
from kubefedctl.model.actions import Action, ActionVerb, DeletionPlan, Settled, Wave
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.objects import (
    DELETE_OPTION_ANNOTATION,
    MANAGED_LABEL,
    annotations_of,
    is_deleting,
    list_at,
    resource_version_of,
    text_at,
    uid_of,
)
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.readings import ClusterReading, Desired, Observed
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.model.typeconfigs import NAMESPACES, TypeConfig

_DELETE_OPTIONS: Mapping[str, type] = {
    "gracePeriodSeconds": int,
    "propagationPolicy": str,
    "preconditions": dict,
}
_PRECONDITIONS: Mapping[str, type] = {"uid": str, "resourceVersion": str}


def without_leaving_namespaces(desired: Desired, observed: Observed) -> Desired:
    """
    Return *desired* without the FederatedNamespaces that this run finalizes.

    What is in them leaves with them. Otherwise the copies in the host's own namespace, which stays,
    would have to wait for a next run, and the statuses would tell of copies that went with the
    members' namespaces.

    Upstream: pkg/controller/sync/resource.go, ComputePlacement @ v0.10.0 counts such a
    FederatedNamespace until it is gone; its contents are looked at again then.
    """
    is_listed = NAMESPACES in desired.federated and NAMESPACES not in desired.failures
    is_synced = any(found.name == NAMESPACES for found in desired.types)
    if desired.unseen or not (is_listed and is_synced):
        return desired
    staying = {
        name: found
        for name, found in desired.namespaces.items()
        if not (found.is_deleting and found.has_finalizer and desired.narrowing.includes(found))
        or ignored_reason(found, desired.config.kubefed_namespace) is not None
        or plan_deletion(found, desired, observed).problem
    }
    return replace(desired, namespaces=staying)


def plan_removal(
    federated: FederatedObject,
    observed: Object,
    *,
    cluster: str,
    desired: Desired,
    options: Object | None = None,
) -> Action:
    """
    Return the action that takes *observed* out of *cluster*.

    Args:
        federated: The federated object that no longer places it there.
        observed: The member's object.
        cluster: The member.
        desired: What was read from the host, to know the host's own namespaces.
        options: DeleteOptions that the federated object asks for.
    """
    type_config = federated.type_config
    key = federated.target_key
    if is_deleting(observed):
        return Action(
            verb=ActionVerb.AWAIT_REMOVAL,
            wave=removing_wave(type_config),
            cluster=cluster,
            resource=type_config.target,
            key=key,
            observed=observed,
        )
    if is_host_namespace(type_config, observed, desired):
        return plan_unlabelling(type_config, cluster=cluster, key=key, observed=observed)
    return plan_delete(type_config, cluster=cluster, key=key, observed=observed, options=options)


def plan_delete(
    type_config: TypeConfig,
    *,
    cluster: str,
    key: Key,
    observed: Object,
    options: Object | None = None,
) -> Action:
    """Return the action that deletes *observed* as it was seen, and nothing made since."""
    return Action(
        verb=ActionVerb.DELETE,
        wave=removing_wave(type_config),
        cluster=cluster,
        resource=type_config.target,
        key=key,
        body=_delete_options(observed, options or {}),
        observed=observed,
    )


def plan_unlabelling(
    type_config: TypeConfig, *, cluster: str, key: Key, observed: Object
) -> Action:
    """Return the action that takes the managed label off *observed* and leaves the rest alone."""
    return Action(
        verb=ActionVerb.UNLABEL,
        wave=Wave.ORPHANS,
        cluster=cluster,
        resource=type_config.target,
        key=key,
        body={
            "metadata": {
                "labels": {MANAGED_LABEL: None},
                "resourceVersion": resource_version_of(observed),
            }
        },
        observed=observed,
    )


def plan_deletion(federated: FederatedObject, desired: Desired, observed: Observed) -> DeletionPlan:
    """
    Return the plan of a federated object that the host has been told to delete.

    Whatever carries the label goes, in any cluster that the run looks at, placed there or not. A
    cluster that cannot be asked is waited for only if it is known to matter (`may_hold`).
    """
    type_config = federated.type_config
    try:
        options = parse_delete_options(federated)
    except InputError as error:
        return DeletionPlan(federated, problem=error.message)
    actions = []
    settled = {}
    mattering = may_hold(federated, desired)
    for name in sorted(desired.registrations.keys() - desired.unseen):
        reading = observed[name]
        failure = reading.failures.get(type_config.name)
        if not reading.is_ready or failure is not None:
            if name in mattering:
                settled[name] = _hold_up(reading, failure)
            continue
        found = reading.objects.get(type_config.name, {}).get(federated.target_key)
        if found is None:
            continue
        if federated.orphans_members:
            if not is_deleting(found):
                actions.append(
                    plan_unlabelling(
                        type_config, cluster=name, key=federated.target_key, observed=found
                    )
                )
        elif is_deleting(found) and is_host_namespace(type_config, found, desired):
            continue
        else:
            actions.append(
                plan_removal(federated, found, cluster=name, desired=desired, options=options)
            )
    return DeletionPlan(federated, tuple(actions), settled, desired.unseen)


def may_hold(federated: FederatedObject, desired: Desired) -> frozenset[str]:
    """
    Return the registered clusters that may hold objects of *federated* as far as the host knows.

    That are those of its placement, of its status and of its version object: placement may have
    shrunk since, or its FederatedNamespace may be gone. Where its placement cannot be computed, and
    in the deletion scope `all`, it is every cluster.

    Upstream: pkg/controller/sync/controller.go, deleteFromClusters @ v0.8.1 asks every registered
    cluster; @ v0.10.0 those of the placement, which forgets the others.
    """
    registered = frozenset(desired.registrations)
    if desired.deletion_scope is DeletionScope.ALL:
        return registered
    try:
        placed = place_object(federated, desired).clusters
    except InputError:
        return registered
    versions = desired.versions.get(version_resource(federated.type_config), {})
    reported = {text_at(entry, "name") for entry in list_at(federated.status, "clusters")}
    written = recorded_clusters(versions.get(version_key(federated)))
    return registered & (placed | reported | written)


def parse_delete_options(federated: FederatedObject) -> Object:
    """
    Return the DeleteOptions that the annotation `kubefed.io/deleteoption` asks for.

    Raises:
        InputError: The annotation is not JSON, or a field of it has an impossible type.

    Upstream: pkg/controller/util/deleteoptionsannotation.go @ v0.10.0, same fields; null means
    absent.
    """
    text = annotations_of(federated.source).get(DELETE_OPTION_ANNOTATION)
    if text is None or federated.orphans_members:
        return {}
    try:
        parsed: Any = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad_options(federated, "is not JSON") from error
    options = _pick(federated, parsed, _DELETE_OPTIONS)
    preconditions = _pick(federated, options.pop("preconditions", None), _PRECONDITIONS)
    return {**options, "preconditions": preconditions} if preconditions else options


def is_host_namespace(type_config: TypeConfig, observed: Object, desired: Desired) -> bool:
    """Return whether *observed* is the host's own namespace, seen through a member entry."""
    if not type_config.is_namespace_type:
        return False
    uid = uid_of(observed)
    return bool(uid) and uid in desired.host_namespace_uids.values()


def _hold_up(reading: ClusterReading, failure: str | None) -> Settled:
    if failure is None:
        return Settled(ClusterOutcome(PropagationStatus.CLUSTER_NOT_READY), reading.note)
    return Settled(ClusterOutcome(PropagationStatus.CACHED_RETRIEVAL_FAILED), failure)


def _delete_options(observed: Object, options: Object) -> Object:
    seen = {"uid": uid_of(observed)} if uid_of(observed) else {}
    preconditions = {**seen, **options.get("preconditions", {})}
    body = {**options, "apiVersion": "v1", "kind": "DeleteOptions"}
    return {**body, "preconditions": preconditions} if preconditions else body


def _pick(federated: FederatedObject, value: Any, fields: Mapping[str, type]) -> Object:
    """Return those *fields* that the map *value* has, each of its type; null is absent."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad_options(federated, "is not a JSON object of DeleteOptions")
    picked = {name: value[name] for name in fields if value.get(name) is not None}
    for name, found in picked.items():
        if not isinstance(found, fields[name]) or isinstance(found, bool):
            raise _bad_options(federated, f"has an impossible {name}")
    return picked


def _bad_options(federated: FederatedObject, problem: str) -> InputError:
    return InputError(
        f"{federated.subject}: annotation {DELETE_OPTION_ANNOTATION} {problem}",
        hint='write it like {"propagationPolicy": "Foreground"}',
    )
