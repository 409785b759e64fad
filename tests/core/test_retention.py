"""Tests of retention: which fields of a member object survive an update."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.retention import retain_fields
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Object


def _retain(desired: Object, observed: Object, retain_replicas: Any = None) -> Object:
    kept = retain_fields(desired, observed, retain_replicas=retain_replicas)
    del kept["metadata"]
    return kept


def _service(**spec: Any) -> Object:
    return {"kind": "Service", "spec": spec}


def _port(number: int = 80, **fields: Any) -> Object:
    return {"port": number, **fields}


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        pytest.param(
            {"name": "x", "labels": {"a": "b"}},
            {
                "resourceVersion": "7",
                "uid": "u",
                "labels": {"c": "d"},
                "annotations": {"e": "f"},
                "finalizers": ["g/h"],
            },
            {
                "name": "x",
                "labels": {"a": "b"},
                "resourceVersion": "7",
                "annotations": {"e": "f"},
                "finalizers": ["g/h"],
            },
            id="S59-live-annotations-and-finalizers",
        ),
        pytest.param(
            {"name": "x", "annotations": {"a": "b"}, "resourceVersion": "1"},
            {"resourceVersion": "7", "annotations": {}},
            {"name": "x", "resourceVersion": "7"},
            id="absent-live-means-absent",
        ),
    ],
)
def test_retain_fields_of_metadata(desired: Object, observed: Object, expected: Object) -> None:
    """Annotations, finalizers and resource version are the member's; labels are the template's."""
    kept = retain_fields({"metadata": desired}, {"metadata": observed}, retain_replicas=None)
    assert expected == kept["metadata"]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param({}, {}, id="S55-S56-absent"),
        pytest.param({"healthCheckNodePort": 0}, {}, id="S55-zero"),
        pytest.param(
            {"healthCheckNodePort": 1000}, {"healthCheckNodePort": 1000}, id="S55-health-port"
        ),
        pytest.param({"clusterIP": ""}, {}, id="S56-empty"),
        pytest.param({"clusterIP": "1.2.3.4"}, {"clusterIP": "1.2.3.4"}, id="S56-address"),
        pytest.param({"clusterIP": "None"}, {"clusterIP": "None"}, id="S56-headless"),
        pytest.param({"clusterIPs": []}, {}, id="S56-no-addresses"),
        pytest.param(
            {"clusterIP": "1.2.3.4", "clusterIPs": ["1.2.3.4", "5.6.7.8"]},
            {"clusterIP": "1.2.3.4", "clusterIPs": ["1.2.3.4", "5.6.7.8"]},
            id="S56-both",
        ),
        pytest.param({"type": "NodePort", "clusterIP": None}, {}, id="others-are-not-kept"),
    ],
)
def test_retain_fields_of_service_keeps_what_was_allocated(live: Object, expected: Object) -> None:
    """What the API server has allocated to a Service stays."""
    assert _service(**expected) == _retain(_service(), _service(**live))


@pytest.mark.parametrize(
    ("desired", "live", "expected"),
    [
        pytest.param(
            _port(name="http", protocol="TCP"),
            _port(name="http", protocol="TCP", nodePort=30080),
            _port(name="http", protocol="TCP", nodePort=30080),
            id="S57-same-port",
        ),
        pytest.param(_port(81), _port(nodePort=30080), _port(81), id="S57-other-number"),
        pytest.param(
            _port(),
            _port(protocol="TCP", nodePort=30080),
            _port(nodePort=30080),
            id="S57-no-protocol",
        ),
        pytest.param(
            _port(name=""), _port(nodePort=30080), _port(name="", nodePort=30080), id="empty-name"
        ),
        pytest.param(
            _port(protocol="UDP"),
            _port(protocol="TCP", nodePort=1),
            _port(protocol="UDP"),
            id="udp",
        ),
        pytest.param(
            _port(name="a"), _port(name="b", nodePort=1), _port(name="a"), id="other-name"
        ),
        pytest.param(
            _port(nodePort=30000), _port(nodePort=30080), _port(nodePort=30080), id="live-wins"
        ),
        pytest.param(_port(nodePort=30000), _port(), _port(nodePort=30000), id="none-allocated"),
    ],
)
def test_retain_fields_of_service_keeps_node_ports(
    desired: Object, live: Object, expected: Object
) -> None:
    """A port that is the same in the member keeps its node port."""
    kept = _retain(_service(ports=[desired]), _service(ports=[live]))
    assert _service(ports=[expected]) == kept


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        pytest.param(
            _service(ports=[_port()]), _service(), _service(ports=[_port()]), id="live-has-none"
        ),
        pytest.param(
            {"kind": "Service"},
            _service(ports=[_port()]),
            _service(ports=[]),
            id="template-has-none",
        ),
        pytest.param({"kind": "Service"}, {"kind": "Service"}, {"kind": "Service"}, id="neither"),
    ],
)
def test_retain_fields_of_service_without_ports(
    desired: Object, observed: Object, expected: Object
) -> None:
    """Ports are only looked at where the member has some."""
    assert expected == _retain(desired, observed)


@pytest.mark.parametrize(
    ("desired", "observed", "expected"),
    [
        pytest.param({}, {"secrets": [{"name": "t"}]}, {"secrets": [{"name": "t"}]}, id="S58-live"),
        pytest.param(
            {"secrets": []}, {"secrets": [{"name": "t"}]}, {"secrets": [{"name": "t"}]}, id="empty"
        ),
        pytest.param(
            {"secrets": [{"name": "a"}]},
            {"secrets": [{"name": "t"}], "imagePullSecrets": [{"name": "p"}]},
            {"secrets": [{"name": "a"}]},
            id="S58-template",
        ),
        pytest.param({}, {}, {}, id="none"),
    ],
)
def test_retain_fields_of_service_account_keeps_secrets(
    desired: Object, observed: Object, expected: Object
) -> None:
    """Generated Secrets stay unless the template lists its own."""
    kind = {"kind": "ServiceAccount"}
    assert {**kind, **expected} == _retain({**kind, **desired}, {**kind, **observed})


@pytest.mark.parametrize(
    ("retain_replicas", "live", "expected"),
    [
        pytest.param(None, {"replicas": 2}, {"replicas": 1}, id="S52-absent"),
        pytest.param(False, {"replicas": 2}, {"replicas": 1}, id="S52-false"),
        pytest.param(True, {"replicas": 2}, {"replicas": 2}, id="S53-true"),
        pytest.param(True, {"replicas": 0}, {"replicas": 0}, id="zero"),
        pytest.param(True, {}, {"replicas": 1}, id="live-has-none"),
    ],
)
def test_retain_fields_of_workload_keeps_replicas_if_asked(
    retain_replicas: Any, live: Object, expected: Object
) -> None:
    """Replicas are the member's only where the federated object says so."""
    desired = {"kind": "Deployment", "spec": {"replicas": 1}}
    kept = _retain(desired, {"spec": live}, retain_replicas)
    assert {"kind": "Deployment", "spec": expected} == kept


_ACCOUNT = {"kind": "ServiceAccount"}


@pytest.mark.parametrize(
    ("desired", "observed", "retain_replicas", "cause"),
    [
        pytest.param(
            _service(),
            _service(healthCheckNodePort="1"),
            None,
            "healthCheckNodePort",
            id="S55-text",
        ),
        pytest.param(
            _service(), _service(healthCheckNodePort=True), None, "healthCheckNodePort", id="bool"
        ),
        pytest.param(_service(), _service(clusterIP=1), None, "clusterIP in spec", id="S56-number"),
        pytest.param(_service(), _service(clusterIPs="a"), None, "clusterIPs in spec", id="text"),
        pytest.param(_service(), _service(clusterIPs=[1]), None, "that is not text", id="numbers"),
        pytest.param(_service(), _service(ports={}), None, "ports in spec", id="live-ports-map"),
        pytest.param(_service(), _service(ports=[1]), None, "that is not a map", id="live-port"),
        pytest.param(
            _service(ports={}), _service(ports=[]), None, "spec of the template", id="ports-map"
        ),
        pytest.param(
            {"kind": "Service", "spec": 1},
            _service(ports=[]),
            None,
            "template is not a map",
            id="spec",
        ),
        pytest.param(_service(), {"spec": []}, None, "the member's Service", id="live-spec"),
        pytest.param(
            {**_ACCOUNT, "secrets": {}}, {}, None, "secrets in the template", id="secrets"
        ),
        pytest.param(_ACCOUNT, {"secrets": {}}, None, "the member's ServiceAccount", id="live-map"),
        pytest.param({}, {}, "true", "spec.retainReplicas is neither", id="retain-text"),
        pytest.param({}, {"spec": {"replicas": "2"}}, True, "replicas in spec", id="replicas-text"),
        pytest.param({}, {"spec": 1}, True, "the member's object", id="live-spec-number"),
    ],
)
def test_retain_fields_with_impossible_types_raises(
    desired: Object, observed: Object, retain_replicas: Any, cause: str
) -> None:
    """What KubeFed calls FieldRetentionFailed is an input error that names the field."""
    with pytest.raises(InputError, match=cause):
        retain_fields(desired, observed, retain_replicas=retain_replicas)


_PORTS = st.lists(
    st.fixed_dictionaries(
        {"port": st.integers(80, 82)},
        optional={
            "name": st.sampled_from(["a", "b"]),
            "protocol": st.sampled_from(["TCP", "UDP"]),
            "nodePort": st.integers(30000, 30002),
        },
    ),
    max_size=3,
)
_SERVICES = st.builds(
    lambda annotations, spec: {
        "kind": "Service",
        "metadata": {"resourceVersion": "7", "annotations": annotations},
        "spec": spec,
    },
    st.dictionaries(st.sampled_from(["a", "b"]), st.just("x")),
    st.fixed_dictionaries({}, optional={"clusterIP": st.just("1.2.3.4"), "ports": _PORTS}),
)


@settings(max_examples=25, deadline=None)
@given(_SERVICES, _SERVICES)
def test_retain_fields_twice_is_the_same_as_once(desired: Object, observed: Object) -> None:
    """Retention is idempotent, and changes neither of its arguments."""
    before = copy.deepcopy((desired, observed))
    expected = retain_fields(desired, observed, retain_replicas=None)
    assert expected == retain_fields(expected, observed, retain_replicas=None)
    assert before == (desired, observed)
