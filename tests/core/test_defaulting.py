"""Tests of what API servers set again where it is left out, and of quantities."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.defaulting import settle
from kubefedctl.core.quantities import parse_quantity
from kubefedctl.model.refs import Object

POD: Object = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
CONTAINER: Object = {
    "name": "a",
    "image": "a:1",
    "imagePullPolicy": "IfNotPresent",
    "resources": {},
    "terminationMessagePolicy": "File",
}


def thing(kind: str, api_version: str, **content: Any) -> Object:
    """Return an object."""
    return {"apiVersion": api_version, "kind": kind, **content}


def deployment(pod: Object, **spec: Any) -> Object:
    """Return a Deployment."""
    return thing("Deployment", "apps/v1", spec={**spec, "template": {"spec": pod}})


def test_settle_keeps_what_a_server_sets_again() -> None:
    """A Deployment as it is written becomes the one that stands there."""
    strategy = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    there = deployment({**POD, "containers": [CONTAINER]}, replicas=1, strategy=strategy)
    written = deployment({"containers": [{"name": "a", "image": "a:1"}]})
    before = copy.deepcopy((written, there))
    assert there == settle(written, there)
    assert before == (written, there)


@pytest.mark.parametrize(
    ("written", "there"),
    [
        pytest.param({"image": "a"}, {"image": "a", "imagePullPolicy": "Never"}, id="other-policy"),
        pytest.param({"image": "a"}, {"imagePullPolicy": "IfNotPresent"}, id="policy-of-a-tag"),
        pytest.param({"strategy": {"type": "Recreate"}}, {"replicas": 3}, id="other-value"),
        pytest.param({}, {"restartPolicy": "Always"}, id="not-of-a-pod"),
        pytest.param({}, {"timeoutSeconds": 1}, id="not-of-a-probe"),
        pytest.param({}, {"labels": {"protocol": "TCP"}}, id="a-label-of-that-name"),
        pytest.param({}, {"replicas": True}, id="true-is-not-one"),
    ],
)
def test_settle_keeps_nothing_that_a_server_would_not_set(written: Object, there: Object) -> None:
    """It would hide a change."""
    made = thing("Deployment", "apps/v1", spec=written)
    assert made == settle(made, thing("Deployment", "apps/v1", spec=there))


def test_settle_of_a_custom_type_keeps_nothing() -> None:
    """Its defaults are in its schema, which is not known here."""
    made = thing("Thing", "example.com/v1", spec={})
    assert made == settle(made, thing("Thing", "example.com/v1", spec={"replicas": 1}))


def test_settle_of_a_service_keeps_what_was_allocated() -> None:
    """Families and the port that a port leads to."""
    written = thing("Service", "v1", spec={"ports": [{"port": 80}]})
    ports = [{"port": 80, "targetPort": 80, "protocol": "TCP"}]
    spec = {"ports": ports, "ipFamilies": ["IPv4"], "type": "ClusterIP"}
    assert spec == settle(written, thing("Service", "v1", spec=spec))["spec"]


def test_settle_of_a_namespace_keeps_its_name_and_finalizer() -> None:
    """No write takes them away."""
    metadata = {"labels": {"kubernetes.io/metadata.name": "shop", "theirs": "1"}}
    there = thing("Namespace", "v1", metadata=metadata, spec={"finalizers": ["kubernetes"]})
    made = settle(thing("Namespace", "v1", metadata={"labels": {}}), there)
    assert {"kubernetes.io/metadata.name": "shop"} == made["metadata"]["labels"]
    assert {"finalizers": ["kubernetes"]} == made["spec"]


def test_settle_of_a_secret_stores_strings_as_data() -> None:
    """As the API server does."""
    written = thing("Secret", "v1", data={"a": "MQ=="}, stringData={"b": "2"})
    assert {"a": "MQ==", "b": "Mg=="} == settle(written, None)["data"]


def test_settle_leaves_quantities_as_the_server_writes_them() -> None:
    """The same amount is no change; another one is."""
    there = thing("Pod", "v1", spec={"resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}})
    written = thing("Pod", "v1", spec={"resources": {"limits": {"cpu": 0.5, "memory": "2Gi"}}})
    limits = settle(written, there)["spec"]["resources"]["limits"]
    assert {"cpu": "500m", "memory": "2Gi"} == limits


@pytest.mark.parametrize(
    ("one", "other"),
    [("0.5", "500m"), ("1024Mi", "1Gi"), ("1e3", "1k"), (2, "2"), (".5", "500m"), ("1000u", "1m")],
)
def test_parse_quantity_of_the_same_amount_is_the_same(one: Any, other: Any) -> None:
    """However it is written."""
    assert parse_quantity(one) is not None
    assert parse_quantity(other) == parse_quantity(one)


@pytest.mark.parametrize("text", ["", "x", "1x", "1..2", True, None, ".", "9" * 99])
def test_parse_quantity_of_anything_else_is_none(text: Any) -> None:
    """A cluster may answer anything."""
    assert parse_quantity(text) is None
