"""Tests of what a FederatedTypeConfig says of its controllers, and of KubeFed's finalizer on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.core.controllers import (
    needs_type_finalizer,
    next_type_status,
    released_types,
)
from kubefedctl.model.objects import TYPE_CONFIG_FINALIZER
from kubefedctl.model.readings import FederationConfig
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.statuses import Scope
from kubefedctl.model.typeconfigs import TypeConfig
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config

WHOLE = FederationConfig()
ONE = FederationConfig(Scope.NAMESPACED)
DELETING: Object = {"deletionTimestamp": "2020-01-01T00:00:00Z"}
HELD: Object = {"finalizers": ["example.com/other", TYPE_CONFIG_FINALIZER]}
STOPPED: Object = {
    "observedGeneration": 1,
    "propagationController": "NotRunning",
    "statusController": "NotRunning",
}


def _type(target: Resource = CONFIG_MAP, *, status: Any = None, **metadata: Any) -> TypeConfig:
    return replace(make_type_config(target), source={"metadata": metadata, "status": status})


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(None, id="first-sync"),
        pytest.param({**STOPPED, "observedGeneration": 0}, id="S83-older-generation"),
        pytest.param({**STOPPED, "propagationController": "Running"}, id="after-a-controller"),
        pytest.param({**STOPPED, "statusController": "Running"}, id="after-a-status-controller"),
        pytest.param({"observedGeneration": 1, "propagationController": "NotRunning"}, id="part"),
        pytest.param("odd", id="no-status"),
    ],
)
def test_next_type_status_names_the_generation_and_no_controller(recorded: Any) -> None:
    """S83: the generation is the one that was synced; nothing runs when a sync has ended."""
    assert STOPPED == next_type_status(_type(status=recorded))


def test_next_type_status_that_says_so_already_is_none() -> None:
    """A second sync writes nothing."""
    assert next_type_status(_type(status=dict(STOPPED))) is None


@pytest.mark.parametrize(
    ("type_config", "config", "expected"),
    [
        pytest.param(_type(), WHOLE, True, id="S83-enabled"),
        pytest.param(_type(**HELD), WHOLE, False, id="there-already"),
        pytest.param(_type(**DELETING), WHOLE, False, id="being-deleted"),
        pytest.param(replace(_type(), is_propagated=False), WHOLE, False, id="S70-disabled"),
        pytest.param(_type(CLUSTER_ROLE), WHOLE, True, id="cluster-scoped"),
        pytest.param(_type(CLUSTER_ROLE), ONE, False, id="cluster-scoped-in-namespaced-scope"),
        pytest.param(_type(NAMESPACE), ONE, False, id="namespaces-in-namespaced-scope"),
        pytest.param(_type(), ONE, True, id="namespaced-in-namespaced-scope"),
    ],
)
def test_needs_type_finalizer(
    type_config: TypeConfig, config: FederationConfig, expected: bool
) -> None:
    """Types that are synced are held."""
    assert expected is needs_type_finalizer(type_config, config)


def test_released_types_has_namespaces_last() -> None:
    """S84: what is being deleted and held; others' finalizers and living types do not count."""
    types = [
        _type(NAMESPACE, **DELETING, **HELD),
        _type(DEPLOYMENT, **DELETING, **HELD),
        _type(CONFIG_MAP, **DELETING, **HELD),
        _type(CLUSTER_ROLE, **HELD),
        _type(CONFIG_MAP, **DELETING, finalizers=["example.com/other"]),
    ]
    names = [found.name for found in released_types(types)]
    assert ["configmaps", "deployments.apps", "namespaces"] == names
