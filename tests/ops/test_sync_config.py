"""Tests of a whole sync under KubeFedConfigs of all kinds, and of changed tokens."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.errors import (
    ControlPlaneError,
    KubefedctlError,
)
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    SECRETS,
    TYPE_CONFIGS,
)
from tests.fakes import MemoryCluster
from tests.ops.shop import (
    make_shop,
    members_of,
    run_sync,
)
from tests.ops.stage import (
    KNS,
    federate_namespace,
    make_fleet,
    make_host,
    not_found,
    register,
    words,
)

CONFIG_KEY = Key(KNS, "kubefed")


def _gates(**gates: str) -> Object:
    named = [{"name": name, "configuration": word} for name, word in gates.items()]
    return {"featureGates": named}


def test_sync_push_reconciler_disabled_probes_and_propagates_nothing() -> None:
    """Members' health is recorded; types and federated objects are not even read."""
    host = make_host(spec=_gates(PushReconciler="Disabled"))
    federate_namespace(host)
    fleet = make_fleet(host)
    events, failure = run_sync(fleet)
    assert None is failure
    assert [
        "warning: the feature gate PushReconciler is Disabled in the KubeFedConfig: members were"
        " probed, nothing is propagated"
    ] == words(events)
    assert [f"KubeFedCluster/{KNS}/{name}" for name in ("c1", "c2")] == sorted(
        subject for _, subject in host.writes()
    )
    assert [[], []] == [member.writes() for member in members_of(fleet)]


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param(_gates(FederatedIngress="Enabled"), "spec.featureGates[0].name", id="gate"),
        pytest.param(
            {"clusterHealthCheck": {"failureThreshold": 0}},
            "spec.clusterHealthCheck.failureThreshold",
            id="out-of-range",
        ),
        pytest.param({"leaderElect": {"leaseDuration": "5s"}}, "spec.leaderElect", id="relation"),
        pytest.param({"scope": None}, "spec.scope", id="no-scope"),
    ],
)
def test_sync_config_that_kubefed_would_refuse_is_refused(spec: Object, field: str) -> None:
    """S85: the field is named, and nobody is asked or written."""
    host = make_host(spec=spec)
    fleet = make_fleet(host)
    _, failure = run_sync(fleet)
    assert isinstance(failure, ControlPlaneError)
    assert f"KubeFedConfig kubefed: {field} " in failure.message
    assert ([], []) == (host.writes(), fleet.context("c1").requests)


def test_sync_config_in_parts_has_the_defaults() -> None:
    """S85: what is left out is as KubeFed would have it."""
    host, fleet = make_shop()
    host.alter(KUBEFED_CONFIGS, CONFIG_KEY, spec={"scope": "Cluster"})
    assert None is run_sync(fleet)[1]


def test_sync_config_missing_has_the_defaults_and_is_warned_of() -> None:
    """S85: KubeFed would make one; a sync goes on without."""
    host, fleet = make_shop()
    host.remove(KUBEFED_CONFIGS, CONFIG_KEY)
    events, failure = run_sync(fleet)
    assert None is failure
    assert (
        f"warning: no KubeFedConfig kubefed in namespace {KNS} of host cluster host; its defaults"
        " are used, with scope Cluster"
    ) == words(events)[0]
    assert None is host.find(KUBEFED_CONFIGS, CONFIG_KEY)


def _empty(host: MemoryCluster) -> None:
    for resource in (KUBEFED_CLUSTERS, TYPE_CONFIGS):
        for found in host.objects(resource):
            host.remove(resource, Key(KNS, found["metadata"]["name"]))


def _unserve(host: MemoryCluster) -> None:
    host.fail_next("list", not_found(), name="kubefedconfigs")


@pytest.mark.parametrize(
    ("meddle", "expected"),
    [
        pytest.param(_empty, f"no KubeFedConfig kubefed in namespace {KNS}", id="wrong-namespace"),
        pytest.param(_unserve, "does not serve KubeFed's API", id="no-crd"),
    ],
)
def test_sync_config_missing_where_nothing_is_kubefeds_is_refused(
    meddle: Any, expected: str
) -> None:
    """S85: a namespace without anything, or a host without the API, is a mistake."""
    host, fleet = make_shop()
    host.remove(KUBEFED_CONFIGS, CONFIG_KEY)
    meddle(host)
    _, failure = run_sync(fleet)
    assert isinstance(failure, ControlPlaneError)
    assert expected in failure.message
    assert "kubefedctl init" in failure.hint


# --- tokens --------------------------------------------------------------------------------------


def test_sync_uses_the_token_that_the_secret_has_now() -> None:
    """S86: a token that was changed between two runs is used by the second."""
    host = make_host(members=[])
    register(host, "c1", token="old")
    fleet = make_fleet(host, "c1")
    failures: list[KubefedctlError | None] = [run_sync(fleet)[1]]
    host.alter(SECRETS, Key(KNS, "c1-token"), data={"token": "bmV3"})
    failures.append(run_sync(fleet)[1])
    assert [None, None] == failures
    assert ["old", "new"] == [access.token for access in fleet.accesses]
