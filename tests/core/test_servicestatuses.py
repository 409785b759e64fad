"""Tests of FederatedServiceStatus: what every member says of one Service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.core.servicestatuses import (
    gather_service_statuses,
    next_service_status,
    service_status_type,
)
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import FEDERATED_SERVICE_STATUSES
from tests.core.federations import not_ready, reading
from tests.core.makers import DEPLOYMENT, IN_NAMESPACE, make_federated, make_type_config

SERVICE = Resource("", "v1", "services", "Service", True)
STATUS_TYPE: Object = {
    "group": "core.kubefed.io",
    "version": "v1alpha1",
    "kind": "FederatedServiceStatus",
    "pluralName": "federatedservicestatuses",
    "scope": "Namespaced",
}
BALANCED: Object = {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}


def _type(
    target: Resource = SERVICE, *, collects: bool = True, status_type: Any = STATUS_TYPE
) -> TypeConfig:
    source = {"spec": {"statusType": status_type}}
    return replace(make_type_config(target), collects_status=collects, source=source)


@pytest.mark.parametrize(
    ("type_config", "config", "expected"),
    [
        pytest.param(_type(), FederationConfig(), FEDERATED_SERVICE_STATUSES, id="S79-asked-for"),
        pytest.param(_type(), FederationConfig(collects_raw_status=True), None, id="gate-on"),
        pytest.param(_type(collects=False), FederationConfig(), None, id="collection-off"),
        pytest.param(_type(status_type=None), FederationConfig(), None, id="no-status-type"),
        pytest.param(_type(DEPLOYMENT), FederationConfig(), None, id="another-type"),
    ],
)
def test_service_status_type(
    type_config: TypeConfig, config: FederationConfig, expected: Resource | None
) -> None:
    """S79: of Services alone, and only while the newer way is off."""
    assert expected == service_status_type(type_config, config)


def test_status_type_has_kubefeds_defaults() -> None:
    """Group and version are those of the federated type, the plural is guessed."""
    found = _type(status_type={"kind": "ServiceStatus", "scope": "Namespaced"}).status_type
    expected = Resource(
        "types.kubefed.io", "v1beta1", "servicestatuses", "ServiceStatus", namespaced=True
    )
    assert expected == found


def test_gather_service_statuses_has_every_ready_cluster_sorted() -> None:
    """S79: also one without the Service; one that is not ready, or unknown, has no entry."""
    readings = {name: reading(name) for name in ("c3", "c1", "c4")} | {"c2": not_ready("c2")}
    seen = {"c3": None, "c1": BALANCED, "c2": BALANCED}
    assert [
        {"clusterName": "c1", "status": BALANCED},
        {"clusterName": "c3", "status": {}},
    ] == gather_service_statuses(None, seen=seen, readings=readings)


def test_gather_service_statuses_keeps_the_entry_of_a_cluster_that_was_not_read() -> None:
    """A list that failed is no empty one."""
    entry = {"clusterName": "c1", "status": BALANCED}
    recorded = {"clusterStatus": [entry, {"clusterName": "gone", "status": {}}]}
    assert [entry] == gather_service_statuses(recorded, seen={}, readings={"c1": reading("c1")})


def test_gather_service_statuses_keeps_the_entries_of_unseen_clusters() -> None:
    """A run over some clusters forgets nothing of the others."""
    entry = {"clusterName": "c2", "status": BALANCED}
    recorded = {"clusterStatus": [entry]}
    unseen = frozenset({"c2", "c3"})
    readings = {"c1": reading("c1")}
    assert [{"clusterName": "c1", "status": {}}, entry] == gather_service_statuses(
        recorded, seen={"c1": None}, readings=readings, unseen=unseen
    )


def _next(recorded: Object | None, entries: list[Object]) -> Object | None:
    federated = make_federated({}, target=SERVICE)
    return next_service_status(
        federated, recorded, entries=entries, status_type=FEDERATED_SERVICE_STATUSES
    )


ENTRIES: list[Object] = [{"clusterName": "c1", "status": BALANCED}]
OWNER = {
    "apiVersion": "types.kubefed.io/v1beta1",
    "kind": "FederatedService",
    "name": IN_NAMESPACE.name,
    "uid": "u-1",
}
MADE: Object = {
    "apiVersion": "core.kubefed.io/v1alpha1",
    "kind": "FederatedServiceStatus",
    "metadata": {
        "namespace": IN_NAMESPACE.namespace,
        "name": IN_NAMESPACE.name,
        "ownerReferences": [OWNER],
    },
}


@pytest.mark.parametrize(
    ("recorded", "entries", "expected"),
    [
        pytest.param(None, ENTRIES, {**MADE, "clusterStatus": ENTRIES}, id="S79-new"),
        pytest.param(None, [], MADE, id="no-ready-cluster"),
        pytest.param({"metadata": {}, "clusterStatus": ENTRIES}, ENTRIES, None, id="same"),
        pytest.param({"metadata": {}}, [], None, id="still-none"),
        pytest.param(
            {"metadata": {"resourceVersion": "5"}, "clusterStatus": ENTRIES},
            [],
            {"metadata": {"resourceVersion": "5"}, "clusterStatus": []},
            id="other",
        ),
    ],
)
def test_next_service_status(
    recorded: Object | None, entries: list[Object], expected: Object | None
) -> None:
    """It is made with its owner, replaced where it differs, and otherwise left alone."""
    assert expected == _next(recorded, entries)
