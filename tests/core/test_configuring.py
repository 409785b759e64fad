"""Tests of the KubeFedConfig's view and of Go durations."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.configuring import parse_duration, parse_federation_config
from kubefedctl.errors import ControlPlaneError, InputError
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import Scope


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0.0),
        ("0s", 0.0),
        ("3s", 3.0),
        ("1.5s", 1.5),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("1h30m", 5400.0),
        ("1m30s", 90.0),
        ("500ms", 0.5),
        ("250us", 0.00025),
        ("250\u00b5s", 0.00025),
        ("250\u03bcs", 0.00025),
        ("1ns", 1e-9),
    ],
)
def test_parse_duration_gives_seconds(text: str, expected: float) -> None:
    """Every unit of Go's durations is understood."""
    assert pytest.approx(expected) == parse_duration(text)


@pytest.mark.parametrize(
    "text",
    ["", "3", "s", "-3s", "3 s", "3s ", "3d", "1h30", "three", "1e3s", "\u0663s", "9" * 400 + "h"],
)
def test_parse_duration_other_text_is_refused(text: str) -> None:
    """What Go would refuse is refused, and so is what is negative."""
    with pytest.raises(InputError):
        parse_duration(text)


@pytest.mark.parametrize("obj", [{}, {"spec": {}}, {"spec": {"syncController": None}}])
def test_parse_federation_config_gaps_have_kubefeds_defaults(obj: Object) -> None:
    """S85: what is left out is as KubeFed would have it."""
    assert FederationConfig() == parse_federation_config(
        obj, kubefed_namespace="kube-federation-system"
    )


def test_parse_federation_config_takes_what_is_there() -> None:
    """Every field that sync uses is read."""
    spec = {
        "scope": "Namespaced",
        "syncController": {"adoptResources": "Disabled"},
        "clusterHealthCheck": {"timeout": "1m", "failureThreshold": 5},
        "featureGates": [
            {"name": "PushReconciler", "configuration": "Disabled"},
            {"name": "RawResourceStatusCollection", "configuration": "Enabled"},
        ],
    }
    config = parse_federation_config({"spec": spec}, kubefed_namespace="fed")
    expected = FederationConfig(
        Scope.NAMESPACED, False, 60.0, 5, "fed", propagates=False, collects_raw_status=True
    )
    assert expected == config
    assert "fed" == config.target_namespace


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("scope", "cluster"),
        ("scope", 1),
        ("syncController.adoptResources", True),
        ("clusterHealthCheck.timeout", "0s"),
        ("clusterHealthCheck.timeout", 3),
        ("clusterHealthCheck.timeout", "soon"),
        ("clusterHealthCheck.failureThreshold", 0),
        ("clusterHealthCheck.failureThreshold", True),
        ("clusterHealthCheck.failureThreshold", "3"),
    ],
)
def test_parse_federation_config_impossible_value_names_its_field(path: str, value: Any) -> None:
    """The message says which field is wrong."""
    spec: Any = value
    for step in reversed(path.split(".")):
        spec = {step: spec}
    with pytest.raises(ControlPlaneError, match=rf"spec\.{path} is "):
        parse_federation_config({"spec": spec}, kubefed_namespace="fed")
