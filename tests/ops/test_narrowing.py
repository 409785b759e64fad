"""Tests of what words for types mean, where the host may be asked."""

from __future__ import annotations

import pytest

from kubefedctl.errors import InputError
from kubefedctl.model.actions import Strategies, Strategy
from kubefedctl.ops.narrowing import resolve_strategies
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, make_type_config
from tests.fakes import MemoryCluster
from tests.ops.stage import served

TYPES = [make_type_config(CONFIG_MAP), make_type_config(DEPLOYMENT)]


def _resolve(word: str) -> Strategies:
    host = MemoryCluster("host")
    host.discovery = served(CONFIG_MAP, DEPLOYMENT)  # type: ignore[attr-defined]
    return resolve_strategies(host, TYPES, Strategies(Strategy.APPLY, {word: Strategy.REPLACE}))


@pytest.mark.parametrize(
    "word", ["Deployment", "deployments", "deployments.apps", "FederatedDeployment", "deploy"]
)
def test_resolve_strategies_types_have_many_words(word: str) -> None:
    """Any word for the type that other commands take, short names included."""
    resolved = _resolve(word)
    assert (Strategy.REPLACE, Strategy.APPLY) == (
        resolved.of("deployments.apps"),
        resolved.of("configmaps"),
    )


def test_resolve_strategies_unknown_type_is_refused() -> None:
    """The hint lists those that are enabled."""
    with pytest.raises(InputError, match="names no federated type") as caught:
        _resolve("nope")
    assert "configmaps, deployments.apps" in caught.value.hint
