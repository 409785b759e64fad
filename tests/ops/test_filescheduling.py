"""Tests of ReplicaSchedulingPreferences in files: spread anew each run, or their object is left."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.narrowing import parse_request
from kubefedctl.errors import ForbiddenError, PartialFailure
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import REPLICA_SCHEDULING_PREFERENCES
from tests.core.makers import DEPLOYMENT
from tests.fakes import MemoryFleet
from tests.ops.files import federated, federated_namespace, make_members, run_files, writes
from tests.ops.stage import WEB, error, place, steps, words

SETTLED: Object = {"replicas": 0, "readyReplicas": 0, "updatedReplicas": 0}
TEMPLATE: Object = {"template": {"spec": {"replicas": 1}}}
SHOP = (federated_namespace(), federated(target=DEPLOYMENT, spec=TEMPLATE))


def prefer(total: int = 5, *, key: Key = WEB, **spec: Any) -> Object:
    """Return a preference of a file."""
    return {
        "apiVersion": REPLICA_SCHEDULING_PREFERENCES.api_version,
        "kind": REPLICA_SCHEDULING_PREFERENCES.kind,
        "metadata": place(key),
        "spec": {"targetKind": "FederatedDeployment", "totalReplicas": total, **spec},
    }


def replicas(fleet: MemoryFleet) -> list[int | None]:
    """Return how many replicas the Deployment has in each member."""
    found = [fleet.context(name).find(DEPLOYMENT, WEB) for name in ("c1", "c2")]
    return [None if obj is None else obj["spec"]["replicas"] for obj in found]


@pytest.fixture
def fleet() -> MemoryFleet:
    """Two members with five replicas between them."""
    made = make_members()
    events, failure = run_files(made, *SHOP, prefer())
    assert failure is None, words(events)
    for name in ("c1", "c2"):
        member = made.context(name)
        found = member.find(DEPLOYMENT, WEB) or {}
        running = found["spec"]["replicas"]
        counts = dict.fromkeys((*SETTLED, "availableReplicas"), running)
        status = {**counts, "observedGeneration": found["metadata"]["generation"]}
        member.alter(DEPLOYMENT, WEB, status=status)
    writes(made)
    return made


def test_preference_spreads_replicas_over_the_members(fleet: MemoryFleet) -> None:
    """As a sync of a host does; a second sync comes to the same and writes nothing."""
    assert [3, 2] == replicas(fleet)
    events, failure = run_files(fleet, *SHOP, prefer())
    assert (None, []) == (failure, writes(fleet))
    step = "ReplicaSchedulingPreference/shop/web: scheduled c1=3, c2=2"
    assert step in steps(events)


def test_preference_that_changes_moves_replicas(fleet: MemoryFleet) -> None:
    """By its clusters and total."""
    weights = {"c1": {"weight": 0}, "c2": {"weight": 1}}
    assert run_files(fleet, *SHOP, prefer(4, clusters=weights, rebalance=True))[1] is None
    assert [0, 4] == replicas(fleet)


@pytest.mark.parametrize("trouble", ["list", "preference", "kind"])
def test_object_stays_where_its_preference_cannot_be_followed(
    fleet: MemoryFleet, trouble: str
) -> None:
    """Its template's one replica was never meant, nor has it left the files."""
    given = prefer(8)
    if trouble == "list":
        fleet.context("c2").fail_next("list", error(ForbiddenError, 403), name="deployments")
    else:
        given["spec"] |= {"totalReplicas": "many"} if trouble == "preference" else {"targetKind": 7}
    events, failure = run_files(fleet, *SHOP, given, prunes=True)
    assert isinstance(failure, PartialFailure)
    assert "failed ReplicaSchedulingPreference/shop/web" in "".join(words(events))
    assert ([3, 2], []) == (replicas(fleet), writes(fleet))


def test_run_over_some_clusters_leaves_what_is_spread_over_all(fleet: MemoryFleet) -> None:
    """It does not know how the others fare, and that was asked for."""
    request = parse_request([], clusters=["c1"])
    events, failure = run_files(fleet, *SHOP, prefer(8), prunes=True, request=request)
    assert (None, [3, 2], []) == (failure, replicas(fleet), writes(fleet))
    assert [
        "warning: ReplicaSchedulingPreference/shop/web is not followed, as the run does not look at"
        " all clusters; Deployment/shop/web stays as it is"
    ] == words(events)


def test_preference_of_nothing_is_warned_of(fleet: MemoryFleet) -> None:
    """It is mostly a typing error."""
    events, failure = run_files(fleet, *SHOP, prefer(), prefer(key=Key("shop", "wbe")))
    assert failure is None
    assert [
        "warning: ReplicaSchedulingPreference/shop/wbe: there is no FederatedDeployment/shop/wbe"
    ] == words(events)


def test_preference_outside_of_what_is_looked_at_is_not_asked_for(fleet: MemoryFleet) -> None:
    """Nor does its object have to be known."""
    request = parse_request(["namespaces"])
    events, failure = run_files(fleet, *SHOP, prefer(9), request=request)
    assert (None, [], []) == (failure, words(events), writes(fleet))


def test_gate_of_the_scheduler_off_leaves_the_templates_number(fleet: MemoryFleet) -> None:
    """As in KubeFed, where nobody follows preferences then."""
    gates = [{"name": "SchedulerPreferences", "configuration": "Disabled"}]
    config = {
        "apiVersion": "core.kubefed.io/v1beta1",
        "kind": "KubeFedConfig",
        "metadata": {"name": "kubefed"},
        "spec": {"scope": "Cluster", "featureGates": gates},
    }
    events, failure = run_files(fleet, config, *SHOP, prefer())
    assert failure is None
    assert "SchedulerPreferences is off" in "".join(words(events))
    assert [1, 1] == replicas(fleet)
