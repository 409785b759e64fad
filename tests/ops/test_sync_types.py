"""Tests of what a whole sync writes to the host's FederatedTypeConfigs."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.narrowing import Request
from kubefedctl.errors import (
    ForbiddenError,
    PartialFailure,
)
from kubefedctl.model.objects import MANAGED_LABEL, TYPE_CONFIG_FINALIZER, finalizers_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import (
    TYPE_CONFIGS,
)
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster
from tests.ops.shop import (
    DELETING,
    change,
    make_shop,
    make_synced_shop,
    members_of,
    run_sync,
)
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    add_type_config,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    not_found,
    told,
    words,
)

CONFIG_MAPS = Key(KNS, "configmaps")
STOPPED: Object = {"propagationController": "NotRunning", "statusController": "NotRunning"}


def _type(host: MemoryCluster, name: str = "configmaps") -> Object:
    return host.find(TYPE_CONFIGS, Key(KNS, name)) or {}


def _alter_type(host: MemoryCluster, name: str = "configmaps", **metadata: Any) -> None:
    found = _type(host, name)
    host.alter(TYPE_CONFIGS, Key(KNS, name), metadata={**found["metadata"], **metadata})


def _type_writes(host: MemoryCluster) -> list[tuple[str, str]]:
    return [found for found in host.writes() if "FederatedTypeConfig" in found[1]]


def test_sync_holds_types_and_tells_their_generation() -> None:
    """S83: an enabled type has the finalizer, its own generation, and no running controller."""
    host, fleet = make_shop()
    host.alter(TYPE_CONFIGS, CONFIG_MAPS, spec={**_type(host)["spec"], "propagation": "Enabled"})
    _alter_type(host, finalizers=["example.com/other"])
    _, failure = run_sync(fleet)
    found = _type(host)
    assert None is failure
    assert ["example.com/other", TYPE_CONFIG_FINALIZER] == finalizers_of(found)
    assert {**STOPPED, "observedGeneration": found["metadata"]["generation"]} == found["status"]


def test_sync_again_writes_no_type() -> None:
    """Nothing is written where nothing differs."""
    host, fleet = make_synced_shop()
    assert None is run_sync(fleet)[1]
    assert [] == _type_writes(host)


def test_sync_dry_run_writes_no_type() -> None:
    """A dry run leaves the host alone."""
    host, fleet = make_shop()
    run_sync(fleet, is_dry_run=True)
    assert [] == host.writes()


def test_sync_disabled_type_says_not_running_and_touches_nothing_else() -> None:
    """S70: neither members nor federated statuses change, and nothing holds the type config."""
    host, fleet = make_shop()
    add_type_config(host, DEPLOYMENT, propagation="Disabled")
    federate(host, target=DEPLOYMENT)
    before = host.find(make_type_config(DEPLOYMENT).federated, WEB)
    run_sync(fleet)
    found = _type(host, "deployments.apps")
    assert ([], "NotRunning") == (finalizers_of(found), found["status"]["propagationController"])
    assert before == host.find(make_type_config(DEPLOYMENT).federated, WEB)
    assert [[], []] == [member.objects(DEPLOYMENT) for member in members_of(fleet)]


def test_sync_namespaced_type_without_namespaces_keeps_its_status() -> None:
    """What could not be synced is not observed; the finalizer is there all the same."""
    host = make_host(types=[CONFIG_MAP])
    _, failure = run_sync(make_fleet(host))
    assert isinstance(failure, PartialFailure)
    assert [TYPE_CONFIG_FINALIZER] == finalizers_of(_type(host))
    assert "status" not in _type(host)


def test_sync_cluster_scoped_type_in_namespaced_scope_is_not_held() -> None:
    """Its status says that nothing runs, as KubeFed's does."""
    host = make_host(types=[NAMESPACE, CLUSTER_ROLE], spec={"scope": "Namespaced"})
    assert None is run_sync(make_fleet(host))[1]
    for name in ("namespaces", "clusterroles.rbac.authorization.k8s.io"):
        assert [] == finalizers_of(_type(host, name))
        assert {**STOPPED, "observedGeneration": 1} == _type(host, name)["status"]


def test_sync_type_being_deleted_goes_and_the_members_keep_what_they_have() -> None:
    """S84: the finalizer comes off; a change of a federated object is not propagated any more."""
    host, fleet = make_synced_shop()
    change(host, spec={"template": {"data": {"new": "yes"}}})
    _alter_type(host, **DELETING)
    events, failure = run_sync(fleet)
    assert None is failure
    assert [f"deleted FederatedTypeConfig/{KNS}/configmaps in host"] == words(events)
    assert {} == _type(host)
    for member in members_of(fleet):
        assert [] == member.writes()
        copy = member.find(CONFIG_MAP, WEB)
        assert copy is not None
        assert ("true", None) == (copy["metadata"]["labels"][MANAGED_LABEL], copy.get("data"))


def test_sync_namespaces_being_deleted_goes_last_and_is_warned_of() -> None:
    """S84: while it is there, the namespaced types are still synced."""
    host, fleet = make_synced_shop()
    change(host, spec={"template": {"data": {"new": "yes"}}})
    _alter_type(host, "namespaces", **DELETING)
    events, failure = run_sync(fleet)
    assert None is failure
    assert [
        f"deleted FederatedTypeConfig/{KNS}/namespaces in host",
        "warning: without the type config namespaces no namespaced type is propagated from the"
        " next sync on",
    ] == words(events)[-2:]
    assert "updated ConfigMap/shop/web in c1" in words(events)
    assert isinstance(run_sync(fleet)[1], PartialFailure)


def test_sync_namespaces_being_deleted_alone_needs_no_warning() -> None:
    """Where no namespaced type is left, nothing is missed."""
    host = make_host(types=[NAMESPACE])
    _alter_type(host, "namespaces", finalizers=[TYPE_CONFIG_FINALIZER], **DELETING)
    events, failure = run_sync(make_fleet(host))
    assert None is failure
    assert [f"deleted FederatedTypeConfig/{KNS}/namespaces in host"] == words(events)


@pytest.mark.parametrize("metadata", [{}, {**DELETING, "finalizers": [TYPE_CONFIG_FINALIZER]}])
def test_sync_type_that_cannot_be_written_is_a_failure_and_stops_nothing(metadata: Object) -> None:
    """The finalizer is told of; the members are synced."""
    host = make_host(types=[NAMESPACE, CONFIG_MAP])
    federate_namespace(host)
    _alter_type(host, **metadata)
    fleet = make_fleet(host)
    host.fail_next("patch", error(ForbiddenError, 403), name="configmaps")
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    cause = "cannot ask it in cluster c1: 403 Forbidden"
    assert f"failed FederatedTypeConfig/{KNS}/configmaps in host: {cause}" in words(events)
    assert "created Namespace/shop in c1" in words(events)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(ForbiddenError, 1), (None, 0)],
    ids=["refused", "gone"],
)
def test_sync_type_status_that_cannot_be_written(
    kind: type[ForbiddenError] | None, expected: int
) -> None:
    """A refusal is told; a type config deleted meanwhile has nobody to tell."""
    host, fleet = make_synced_shop()
    host.alter(TYPE_CONFIGS, CONFIG_MAPS, status={})
    problem = error(kind, 403) if kind else not_found()
    host.fail_next("patch", problem, name="configmaps")
    events, failure = run_sync(fleet)
    told = [line for line in words(events) if line.startswith("failed FederatedTypeConfig")]
    assert expected == len(told)
    assert bool(expected) is isinstance(failure, PartialFailure)


def test_sync_of_a_part_holds_what_it_looks_at_and_leaves_the_statuses() -> None:
    """S83: a generation counts as observed once it is everywhere; nothing is let go either."""
    host, fleet = make_shop()
    add_type_config(host, DEPLOYMENT)
    add_type_config(host, CLUSTER_ROLE)
    name = "clusterroles.rbac.authorization.k8s.io"
    _alter_type(host, name, finalizers=[TYPE_CONFIG_FINALIZER], **DELETING)
    request = Request(types=(("configmaps", ""),))
    _, failure = told(sync(fleet, SyncOptions(KNS, 0.0, request=request), pace=AT_ONCE))
    assert None is failure
    assert [TYPE_CONFIG_FINALIZER] == finalizers_of(_type(host))
    assert [] == finalizers_of(_type(host, "deployments.apps"))
    assert [] == [found for found in host.objects(TYPE_CONFIGS) if "status" in found]
    assert [TYPE_CONFIG_FINALIZER] == finalizers_of(_type(host, name))
