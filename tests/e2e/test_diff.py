"""
What `diff` shows, on the sandbox and on real control planes: what a sync then changes, no more.

What API servers set by themselves, of each type and under both strategies, is no change.
"""

from __future__ import annotations

import pytest

from tests.e2e.clusters import Clusters
from tests.e2e.federated import CUSTOM_TARGETS, TARGETS
from tests.e2e.ground import Ground, Scenario, stand_on

KINDS = [kind for kind in (*TARGETS, *CUSTOM_TARGETS) if kind != "Namespace"]
NOT_REPLACED = frozenset({"Job"})
"""A whole update of a Job drops what its API server generated, and is refused."""


def _changed(ground: Ground, *flags: str, code: int = 1) -> list[str]:
    """Return the lines of fields; the answers of the API servers must come to the same."""
    ran = ground.fleet.run("diff", "-n", ground.namespace, *flags, code=code)
    fields = [line for line in ran.lines if line.startswith("    ")]
    run = ("sync", "--dry-run=server", "--diff", "-n", ground.namespace)
    checked = ground.fleet.run(*run, *flags, code=code).lines
    assert fields == [line for line in checked if line.startswith("    ")]
    return fields


def _expect_labels_alone(ground: Ground, strategy: str, kinds: list[str]) -> None:
    """Two rounds: what was created, and what was updated once."""
    ground.federate_namespace()
    for kind in kinds:
        ground.federate(kind, ground.namespace)
    flags = ("--strategy", strategy)
    ground.fleet.run("sync", "-n", ground.namespace, *flags)
    assert [] == _changed(ground, *flags, code=0)
    for value in ("1", "2"):
        for kind in kinds:
            metadata = {"metadata": {"labels": {"round": value}}}
            ground.change(kind, {"template": metadata}, ground.namespace)
        shown = _changed(ground, *flags)
        before = f'"{int(value) - 1}" -> ' if value != "1" else ""
        sign = "~" if before else "+"
        assert {f'    {sign} metadata.labels.round: {before}"{value}"'} == set(shown), shown
        assert len(kinds) == len(shown)
        ground.fleet.run("sync", "-n", ground.namespace, *flags)
        assert [] == _changed(ground, *flags, code=0)


def apply_shows_labels_alone(ground: Ground) -> None:
    """Of every type."""
    _expect_labels_alone(ground, "apply", [k for k in KINDS if "Cluster" not in k])


def replace_shows_labels_alone(ground: Ground) -> None:
    """Of every type that can be replaced."""
    kinds = [k for k in KINDS if "Cluster" not in k and k not in NOT_REPLACED]
    _expect_labels_alone(ground, "replace", kinds)


SCENARIOS = [apply_shows_labels_alone, replace_shows_labels_alone]


@pytest.mark.twin
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_diff_on_the_sandbox(scenario: Scenario, sandbox_federation: Clusters) -> None:
    """The scenario holds on embedded API servers."""
    with stand_on(sandbox_federation) as ground:
        scenario(ground)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda found: found.__name__)
def test_diff_on_real_control_planes(scenario: Scenario, real_federation: Clusters) -> None:
    """The scenario holds on etcd, kube-apiserver and kube-controller-manager."""
    with stand_on(real_federation) as ground:
        scenario(ground)
