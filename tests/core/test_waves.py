"""Tests of the waves in which actions run."""

from __future__ import annotations

import pytest

from kubefedctl.core.waves import removing_wave, writing_wave
from kubefedctl.model.actions import Wave
from kubefedctl.model.refs import Resource
from kubefedctl.model.wellknown import CRDS
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config

_OTHER_CRD = Resource("example.io", "v1", "customresourcedefinitions", "X", False)


@pytest.mark.parametrize(
    ("target", "writing", "removing"),
    [
        pytest.param(NAMESPACE, Wave.NAMESPACES, Wave.DELETE_NAMESPACES, id="namespaces"),
        pytest.param(CRDS, Wave.DEFINITIONS, Wave.DELETE_CLUSTER_SCOPED, id="definitions"),
        pytest.param(_OTHER_CRD, Wave.CLUSTER_SCOPED, Wave.DELETE_CLUSTER_SCOPED, id="namesake"),
        pytest.param(
            CLUSTER_ROLE, Wave.CLUSTER_SCOPED, Wave.DELETE_CLUSTER_SCOPED, id="cluster-scoped"
        ),
        pytest.param(CONFIG_MAP, Wave.NAMESPACED, Wave.DELETE_NAMESPACED, id="namespaced"),
        pytest.param(DEPLOYMENT, Wave.NAMESPACED, Wave.DELETE_NAMESPACED, id="another-group"),
    ],
)
def test_wave_by_scope_and_type(target: Resource, writing: Wave, removing: Wave) -> None:
    """Namespaces and definitions come first and go last."""
    type_config = make_type_config(target)
    assert (writing, removing) == (writing_wave(type_config), removing_wave(type_config))
