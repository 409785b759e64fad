"""Tests of a whole sync that collects what the members say of their objects."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.cluster.port import Listing
from kubefedctl.core.narrowing import parse_request
from kubefedctl.core.reporting import LARGEST_OBJECT
from kubefedctl.errors import (
    ForbiddenError,
    PartialFailure,
    ServerError,
)
from kubefedctl.model.events import Event
from kubefedctl.model.objects import MANAGED_LABEL
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.wellknown import (
    FEDERATED_SERVICE_STATUSES,
)
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.core.test_servicestatuses import BALANCED, SERVICE, STATUS_TYPE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import (
    DELETING,
    ONLY_C1,
    members_of,
    propagation,
    run_sync,
)
from tests.ops.stage import (
    WEB,
    add_type_config,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    words,
)

RAW: Object = {
    "featureGates": [{"name": "RawResourceStatusCollection", "configuration": "Enabled"}]
}
FEDERATED_DEPLOYMENTS = make_type_config(DEPLOYMENT).federated


def _collecting(
    target: Resource = DEPLOYMENT, *, spec: Object | None = None, **type_spec: Any
) -> tuple[MemoryCluster, MemoryFleet]:
    """A host that collects the statuses of *target*, with an object of it, and two members."""
    host = make_host(types=[NAMESPACE], spec=RAW if spec is None else spec)
    add_type_config(host, target, **{"statusCollection": "Enabled", **type_spec})
    federate_namespace(host)
    federate(host, target=target)
    fleet = make_fleet(host)
    for name in ("c1", "c2"):
        fleet.context(name).react_to(target, lambda obj: {"status": {}, **obj})
    return host, fleet


def _status(host: MemoryCluster, resource: Resource = FEDERATED_DEPLOYMENTS) -> Object:
    status: Object = (host.find(resource, WEB) or {})["status"]
    return status


def _run_well(fleet: MemoryFleet) -> list[Event]:
    events, failure = run_sync(fleet)
    assert None is failure
    return events


def test_sync_collects_the_members_whole_status() -> None:
    """S78: at first what the create answered, later what the list shows."""
    host, fleet = _collecting()
    _run_well(fleet)
    first: list[Object] = [{"name": name, "remoteStatus": {}} for name in ("c1", "c2")]
    assert first == _status(host)["clusters"]
    seen = {"readyReplicas": 3, "conditions": [{"type": "Available", "status": "True"}]}
    fleet.context("c1").alter(DEPLOYMENT, WEB, status=seen)
    _run_well(fleet)
    second = [{"name": "c1", "remoteStatus": seen}, {"name": "c2", "remoteStatus": {}}]
    assert second == _status(host)["clusters"]
    assert "True" == _status(host)["conditions"][0]["status"]


def test_sync_collects_what_an_update_answered() -> None:
    """S78: the status that came with the update, not the one that was listed before."""
    host, fleet = _collecting()
    _run_well(fleet)
    for member in members_of(fleet):
        member.react_to(DEPLOYMENT, lambda obj: {**obj, "status": {"observedGeneration": 2}})
    found = host.find(FEDERATED_DEPLOYMENTS, WEB) or {}
    spec = {**found["spec"], "template": {"spec": {"replicas": 2}}}
    host.alter(FEDERATED_DEPLOYMENTS, WEB, spec=spec)
    _run_well(fleet)
    expected = [{"observedGeneration": 2}] * 2
    assert expected == [entry["remoteStatus"] for entry in _status(host)["clusters"]]


def test_sync_equal_remote_statuses_are_not_written() -> None:
    """S76, S77: the same statuses, also with 1.0 for 1, cost no write."""
    host, fleet = _collecting()
    for value in (1, 1.0):
        for member in members_of(fleet):
            if member.find(DEPLOYMENT, WEB):
                member.alter(DEPLOYMENT, WEB, status={"readyReplicas": value})
        _run_well(fleet)
    host.requests.clear()
    _run_well(fleet)
    assert [] == [found for found in host.writes() if "KubeFedCluster" not in found[1]]


@pytest.mark.parametrize(
    ("spec", "type_spec"),
    [
        pytest.param({}, {}, id="gate-off"),
        pytest.param(RAW, {"statusCollection": "Disabled"}, id="type-off"),
    ],
)
def test_sync_collects_nothing_unless_gate_and_type_ask_for_it(
    spec: Object, type_spec: Object
) -> None:
    """S78: both must be on."""
    host, fleet = _collecting(spec=spec, **type_spec)
    _run_well(fleet)
    assert [{"name": "c1"}, {"name": "c2"}] == _status(host)["clusters"]


def test_sync_collecting_of_a_type_without_status_says_check_clusters_once() -> None:
    """S76: as in KubeFed, Propagation is False; unlike there, it is not written again and again."""
    host = make_host(types=[NAMESPACE], spec=RAW)
    add_type_config(host, CONFIG_MAP, statusCollection="Enabled")
    federate_namespace(host)
    federate(host)
    fleet = make_fleet(host)
    _run_well(fleet)
    assert ("False", "CheckClusters", [{"name": "c1"}, {"name": "c2"}]) == propagation(host)
    host.requests.clear()
    _run_well(fleet)
    assert [] == [found for found in host.writes() if "FederatedConfigMap" in found[1]]


def test_sync_failed_update_keeps_the_status_that_was_seen() -> None:
    """S76: as in KubeFed, an error does not make the member's status unknown."""
    host, fleet = _collecting()
    _run_well(fleet)
    member = fleet.context("c1")
    member.alter(DEPLOYMENT, WEB, status={"readyReplicas": 3})
    found = host.find(FEDERATED_DEPLOYMENTS, WEB) or {}
    spec = {**found["spec"], "template": {"spec": {"replicas": 2}}}
    host.alter(FEDERATED_DEPLOYMENTS, WEB, spec=spec)
    for act in ("update", "patch"):
        member.fail_next(act, error(ServerError, 500), name="web")
    run_sync(fleet)
    expected = {"name": "c1", "status": "UpdateFailed", "remoteStatus": {"readyReplicas": 3}}
    assert expected == _status(host)["clusters"][0]


def test_sync_object_that_is_not_taken_over_has_its_status_told() -> None:
    """S76: as in KubeFed, what stood in the way was seen."""
    host, fleet = _collecting()
    stranger = managed(metadata={"labels": {MANAGED_LABEL: "false"}}, status={"readyReplicas": 9})
    fleet.context("c1").add(DEPLOYMENT, stranger)
    run_sync(fleet)
    expected = {"name": "c1", "status": "ManagedLabelFalse", "remoteStatus": {"readyReplicas": 9}}
    assert expected == _status(host)["clusters"][0]


def test_sync_statuses_too_large_to_store_are_left_out_with_a_warning() -> None:
    """Propagation is told all the same, and a second run has nothing to write."""
    host, fleet = _collecting()
    _run_well(fleet)
    for member in members_of(fleet):
        member.alter(DEPLOYMENT, WEB, status={"message": "x" * (LARGEST_OBJECT // 2)})
    expected = (
        "warning: FederatedDeployment/shop/web: what the members say of it is more than the host"
        " can store; its status has no remoteStatus"
    )
    assert [expected] == words(_run_well(fleet))
    assert [{"name": "c1"}, {"name": "c2"}] == _status(host)["clusters"]
    assert "True" == _status(host)["conditions"][0]["status"]
    host.requests.clear()
    assert [expected] == words(_run_well(fleet))
    assert [] == [found for found in host.writes() if "FederatedDeployment" in found[1]]


# --- FederatedServiceStatus ----------------------------------------------------------------------


def _serving(**type_spec: Any) -> tuple[MemoryCluster, MemoryFleet]:
    given = {"statusType": STATUS_TYPE, **type_spec}
    return _collecting(SERVICE, spec={}, **given)


def _balance(member: MemoryCluster) -> None:
    member.react_to(SERVICE, lambda obj: {**obj, "status": BALANCED})
    member.alter(SERVICE, WEB)


def _service_status(host: MemoryCluster) -> Object:
    return host.find(FEDERATED_SERVICE_STATUSES, WEB) or {}


def _service_status_requests(host: MemoryCluster) -> list[tuple[str, str]]:
    return [found for found in host.requests if "ederatedservicestatus" in found[1].lower()]


def test_sync_writes_what_every_ready_member_says_of_a_service() -> None:
    """S79: sorted, owned by the FederatedService, brought up to date, and then left alone."""
    host, fleet = _serving()
    _run_well(fleet)
    found = _service_status(host)
    assert [{"clusterName": "c1", "status": {}}, {"clusterName": "c2", "status": {}}] == found[
        "clusterStatus"
    ]
    owners = [(o["kind"], o["name"]) for o in found["metadata"]["ownerReferences"]]
    assert [("FederatedService", "web")] == owners
    _balance(fleet.context("c2"))
    _run_well(fleet)
    assert {"clusterName": "c2", "status": BALANCED} == _service_status(host)["clusterStatus"][1]
    host.requests.clear()
    _run_well(fleet)
    assert [("list", "federatedservicestatuses")] == _service_status_requests(host)


def test_sync_service_status_has_members_that_do_not_hold_the_service() -> None:
    """S79: selected or not; what a run has just deleted is gone from it."""
    host, fleet = _serving()
    _run_well(fleet)
    _balance(fleet.context("c2"))
    _run_well(fleet)
    federated = make_type_config(SERVICE).federated
    found = host.find(federated, WEB) or {}
    host.alter(federated, WEB, spec={**found["spec"], **ONLY_C1})
    _run_well(fleet)
    assert {"clusterName": "c2", "status": {}} == _service_status(host)["clusterStatus"][1]


def test_sync_service_status_of_a_member_that_could_not_list_stays() -> None:
    """S79: a list that failed is no empty one."""
    host, fleet = _serving()
    _run_well(fleet)
    _balance(fleet.context("c2"))
    _run_well(fleet)
    fleet.context("c2").fail_next("list", error(ForbiddenError, 403), name="services")
    run_sync(fleet)
    assert {"clusterName": "c2", "status": BALANCED} == _service_status(host)["clusterStatus"][1]


def test_sync_service_being_deleted_has_its_status_left_alone() -> None:
    """S79: the garbage collector removes it."""
    host, fleet = _serving()
    _run_well(fleet)
    before = _service_status(host)
    federated = make_type_config(SERVICE).federated
    found = host.find(federated, WEB) or {}
    host.alter(federated, WEB, metadata={**found["metadata"], **DELETING})
    _run_well(fleet)
    assert before == _service_status(host)


@pytest.mark.parametrize(
    "type_spec",
    [{"statusCollection": "Disabled"}, {"statusType": None}],
    ids=["collection-off", "no-status-type"],
)
def test_sync_service_status_not_asked_for_is_not_read(type_spec: Object) -> None:
    """With the defaults it costs no request."""
    host, fleet = _serving(**type_spec)
    _run_well(fleet)
    assert [] == _service_status_requests(host)


@pytest.mark.parametrize(("act", "name"), [("list", "federatedservicestatuses"), ("create", "web")])
def test_sync_service_status_that_fails_is_told(act: str, name: str) -> None:
    """It belongs to the FederatedService, and keeps nothing else from being written."""
    host, fleet = _serving()
    if act == "create":
        host.fail_next("create", error(ForbiddenError, 403), name="service-web")
    host.fail_next(act, error(ForbiddenError, 403), name=name)
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    expected = (
        "failed FederatedService/shop/web in host: cannot ask it in cluster c1: 403 Forbidden"
    )
    assert expected in words(events)


class _OfOneNamespace(MemoryCluster):
    """A host whose caller may list the statuses of Services in `shop` alone."""

    def list(self, resource: Resource, *, namespace: str = "", **more: Any) -> Listing:
        """Refuse to list them in all namespaces."""
        if resource == FEDERATED_SERVICE_STATUSES and namespace != "shop":
            raise error(ForbiddenError, 403)
        return super().list(resource, namespace=namespace, **more)


def test_sync_of_a_namespace_lists_its_service_statuses_alone() -> None:
    """Nobody needs more permissions than what is looked at takes."""
    host = make_host(types=[NAMESPACE], spec={}, host=_OfOneNamespace("host"))
    add_type_config(host, SERVICE, statusCollection="Enabled", statusType=STATUS_TYPE)
    federate_namespace(host)
    federate(host, target=SERVICE)
    fleet = make_fleet(host)
    assert isinstance(run_sync(fleet)[1], PartialFailure)
    assert None is run_sync(fleet, request=parse_request([], namespace="shop"))[1]
