"""Tests of who shares the replicas of a preference: those that answer and are not being left."""

from __future__ import annotations

import pytest

from kubefedctl.core.draining import DRAIN_LABEL
from kubefedctl.core.spreading import Sharers, choose_sharers, spread_replicas
from kubefedctl.model.refs import Object
from kubefedctl.model.schedules import SchedulingPreference, parse_preference
from tests.core.makers import DEPLOYMENT, make_federated

LEAVING, LEFT = {DRAIN_LABEL: "leaving"}, {DRAIN_LABEL: "left"}


def prefer(total: int = 6) -> SchedulingPreference:
    """Return a preference without one for any cluster."""
    spec = {"targetKind": "FederatedDeployment", "totalReplicas": total}
    return parse_preference({"metadata": {"namespace": "n", "name": "x"}, "spec": spec})


def scheduled(**replicas: int) -> Object:
    """Return the spec of a federated object that has been scheduled so."""
    return {
        "placement": {"clusters": [{"name": name} for name in replicas]},
        "overrides": [
            {"clusterName": name, "clusterOverrides": [{"path": "/spec/replicas", "value": count}]}
            for name, count in replicas.items()
        ],
    }


@pytest.mark.parametrize(
    ("labels", "silent", "holds", "expected"),
    [
        ({"a": {}, "b": {}}, (), False, {"a": 3, "b": 3}),
        ({"a": {}, "b": {}}, ("b",), False, {"a": 6}),
        ({"a": {}, "b": {}}, ("b",), True, {"a": 2, "b": 4}),
        ({"a": {}, "b": LEAVING}, (), False, {"a": 6, "b": 4}),
        ({"a": {}, "b": LEFT}, (), False, {"a": 6}),
        ({"a": {}, "b": LEAVING}, ("b",), True, {"a": 2, "b": 4}),
        ({"b": LEAVING}, (), False, {}),
        ({"b": {}}, ("b",), True, {}),
    ],
    ids=["all", "silent", "held", "leaving", "left", "held and leaving", "only leaving", "no one"],
)
def test_spread_replicas_over_those_that_share(
    labels: dict[str, dict[str, str]],
    silent: tuple[str, ...],
    holds: bool,
    expected: dict[str, int],
) -> None:
    """What is held is taken off the total; what runs where it is being left comes on top."""
    federated = make_federated(scheduled(a=2, b=4), target=DEPLOYMENT)
    sharers = choose_sharers(
        prefer(), federated, namespace=None, clusters=labels, silent=silent, holds=holds
    )
    assert expected == spread_replicas(prefer(), sharers, {})


def test_sharers_describe_who_holds_and_who_is_left() -> None:
    """In the words that a sync tells."""
    sharers = Sharers(("a",), {"b": 4}, {"c": 1})
    replicas = {"a": 2, "b": 4, "c": 1}
    assert "scheduled a=2, b=4 (held), c=1 (leaving)" == sharers.describe(replicas)
    assert "no cluster to schedule to" == sharers.describe({})
