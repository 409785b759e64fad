"""
What `get` and `check` make of API servers, on the sandbox and on real control planes.
"""

from __future__ import annotations

import json

import pytest

from tests.e2e.clusters import Clusters
from tests.e2e.ground import Ground, Scenario, stand_on


def get_shows_custom_objects_with_their_columns(ground: Ground) -> None:
    """In each member, with KubeFed's label or without."""
    ground.federate_namespace()
    ground.federate("Widget", "w")
    run = ground.fleet.run
    run("sync", "-n", ground.namespace)
    table = run("get", "widgets", "-n", ground.namespace, "--managed").lines
    assert ["NAME", "CLUSTER"] == table[0].split()[:2]
    expected = [("w", f"cluster{number}") for number in range(3)]
    assert expected == [tuple(line.split()[:2]) for line in table[1:]]
    wide = run("get", "namespaces,widgets.example.com", "-A", "-o", "wide").lines
    assert [f"namespace/{ground.namespace}"] * 3 == [
        line.split()[0] for line in wide if line.startswith(f"namespace/{ground.namespace} ")
    ]
    whole = json.loads(run("get", "widgets", "w", "-n", ground.namespace, "-o", "json").stdout)
    assert [1, 1, 1] == [len(found) for found in whole["clusters"].values()]


def check_finds_what_was_broken_and_nothing_else(ground: Ground) -> None:
    """Whatever defaults a server sets on what `init` made of KubeFed's definitions."""
    run = ground.fleet.run
    found = json.loads(run("check", "-o", "json").stdout)["findings"]
    # NB: the certificates of the real control planes are good for a week, and that is told
    assert [] == [each for each in found if each["id"] != "KF302"]
    ground.federate_namespace()
    overrides = [{"clusterName": "cluster0", "clusterOverrides": [{"path": "/a/b", "value": 1}]}]
    ground.federate("ConfigMap", "x", overrides=overrides)
    found = json.loads(run("check", "-n", ground.namespace, "-o", "json", code=1).stdout)
    subject = f"FederatedConfigMap/{ground.namespace}/x for cluster cluster0"
    told = [(each["id"], each["subject"]) for each in found["findings"]]
    assert [("KF507", subject)] == [each for each in told if each[0] != "KF302"]


SCENARIOS = [
    get_shows_custom_objects_with_their_columns,
    check_finds_what_was_broken_and_nothing_else,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_looking_at_the_sandbox(scenario: Scenario, sandbox_federation: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        scenario(ground)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_looking_at_real_control_planes(scenario: Scenario, real_federation: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    with stand_on(real_federation) as ground:
        scenario(ground)
