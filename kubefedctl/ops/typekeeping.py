"""
What a sync writes to the host's FederatedTypeConfigs: finalizers before, statuses after.

Laws:
1. The finalizer of a type is there before its first member is written; that of a type config that
   is being deleted goes last, and that of `namespaces` after all others.
2. The status of a type that could not be synced is left as it is, and so are all of them in a run
   that looks at a part of the federation: a generation counts as observed once it is everywhere.

Upstream: pkg/controller/federatedtypeconfig/controller.go, reconcile @ v0.10.0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.controllers import (
    needs_type_finalizer,
    next_type_status,
    released_types,
)
from kubefedctl.errors import ClusterError, NotFoundError
from kubefedctl.model.events import Result, Verdict, Warned
from kubefedctl.model.objects import TYPE_CONFIG_FINALIZER, key_of
from kubefedctl.model.refs import Subject
from kubefedctl.model.typeconfigs import NAMESPACES, TypeConfig
from kubefedctl.model.wellknown import TYPE_CONFIGS
from kubefedctl.ops.fanout import run_all
from kubefedctl.ops.reading import Federation
from kubefedctl.ops.revising import set_finalizer, write_status


def hold_types(host: Cluster, federation: Federation) -> list[Result]:
    """Set KubeFed's finalizer on the types that the run looks at; return what failed."""
    looked_at = filter(federation.narrowing.includes_type, federation.types)
    wanted = [found for found in looked_at if needs_type_finalizer(found, federation.config)]
    answers = run_all([partial(_try_set_finalizer, host, found, wanted=True) for found in wanted])
    return [answer for answer in answers if answer is not None]


def keep_types(
    host: Cluster, federation: Federation, *, failed: Collection[str]
) -> Iterator[Result | Warned]:
    """
    Write the statuses of types, let go of those that are being deleted, and tell of these.

    Args:
        host: The host.
        federation: The types as they were read.
        failed: Names of the types that could not be synced.
    """
    if not (federation.narrowing.is_whole and federation.narrowing.includes_standing_data):
        return
    known = [f for f in federation.types if not f.is_deleting and f.name not in failed]
    answers = run_all([partial(_try_write_status, host, found) for found in known])
    yield from (answer for answer in answers if answer is not None)
    for found in released_types(federation.types):
        problem = _try_set_finalizer(host, found, wanted=False)
        yield problem or Result(Verdict.DELETED, _subject(found), host.name)
        if problem is None and found.is_namespace_type and _has_namespaced(federation):
            yield Warned(
                f"without the type config {NAMESPACES} no namespaced type is propagated from the"
                " next sync on"
            )


def _has_namespaced(federation: Federation) -> bool:
    return any(
        found.is_propagated and found.target.namespaced and not found.is_deleting
        for found in federation.types
    )


def _subject(type_config: TypeConfig) -> Subject:
    return TYPE_CONFIGS.subject(key_of(type_config.source))


def _try_set_finalizer(host: Cluster, type_config: TypeConfig, *, wanted: bool) -> Result | None:
    source = type_config.source
    try:
        set_finalizer(host, TYPE_CONFIGS, source, finalizer=TYPE_CONFIG_FINALIZER, wanted=wanted)
    except ClusterError as error:
        return Result(Verdict.FAILED, _subject(type_config), host.name, detail=error.message)
    return None


def _try_write_status(host: Cluster, type_config: TypeConfig) -> Result | None:
    status = next_type_status(type_config)
    if status is None:
        return None
    try:
        write_status(host, TYPE_CONFIGS, key_of(type_config.source), status)
    except NotFoundError:
        return None  # NB: deleted while it was synced
    except ClusterError as error:
        return Result(Verdict.FAILED, _subject(type_config), host.name, detail=error.message)
    return None
