"""Tests of the command `schedule`: what it prints, from a file and from clusters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.runs import MEMBER, CommandLine, Sandbox

SPEC = {
    "targetKind": "FederatedDeployment",
    "totalReplicas": 9,
    "clusters": {
        "A": {"weight": 1, "minReplicas": 4, "maxReplicas": 6},
        "B": {"weight": 2, "minReplicas": 4, "maxReplicas": 8},
    },
}
TABLE = """\
CLUSTER   WEIGHT   MIN   MAX   CURRENT   PLANNED   OVERFLOW   WHY
A         1        4     6     -         4         0          minimum 4
B         2        4     8     -         5         0          minimum 4, share 1, rounded up
9 of 9 replicas of FederatedDeployment/shop/web over 2 clusters
"""
CAPPED = """\
CLUSTER   WEIGHT   MIN   MAX   CURRENT   PLANNED   OVERFLOW   WHY
A         1        4     6     2         3         2          minimum 3 of 4, capped by its capacity of 3
C         -        -     -     -         0         0          no preference names it
3 of 5 replicas of FederatedDeployment/shop/web over 2 clusters, and 2 asked for on top
"""  # noqa: E501


def write(path: Path, *, api: str = "scheduling.kubefed.io/v1alpha1") -> str:
    """Write a preference to a file and return its name."""
    obj = {
        "apiVersion": api,
        "kind": "ReplicaSchedulingPreference",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": SPEC,
    }
    file = path / "rsp.yaml"
    file.write_text(yaml.safe_dump(obj))
    return str(file)


def test_schedule_of_a_file_is_a_table(cli: CommandLine, tmp_path: Path) -> None:
    """No cluster is asked; the clusters are those that the preference names."""
    ran = cli("schedule", "-f", write(tmp_path))
    assert (TABLE, "") == (ran.out, ran.err)


def test_schedule_imagines_what_options_say(cli: CommandLine, tmp_path: Path) -> None:
    """Clusters, what is down, runs, has room, and how many are wanted."""
    imagined = ("--clusters", "A,B,C", "--down", "B", "--current", "A=2", "--capacity", "A=3")
    ran = cli("schedule", "-f", write(tmp_path), *imagined, "--total", "5")
    assert CAPPED == ran.out


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_schedule_for_scripts_has_plan_and_overflow(
    cli: CommandLine, tmp_path: Path, form: str
) -> None:
    """Both stand beside what was asked."""
    ran = cli("schedule", "-f", write(tmp_path), "-o", form, "--current", "A=2")
    found = json.loads(ran.out) if form == "json" else yaml.safe_load(ran.out)
    assert ({"A": 4, "B": 5}, {}) == (found["plan"], found["overflow"])
    assert ("shop/web", 9, False) == (
        found["preference"],
        found["totalReplicas"],
        found["rebalance"],
    )
    assert {
        "weight": 1,
        "minReplicas": 4,
        "maxReplicas": 6,
        "current": 2,
        "planned": 4,
        "overflow": 0,
        "why": "minimum 4",
    } == found["clusters"]["A"]


def test_schedule_options_may_stand_before_the_command(cli: CommandLine, tmp_path: Path) -> None:
    """As kubectl finds its commands."""
    file = write(tmp_path)
    assert "5 of 5 " in cli("--total", "5", "-f", file, "schedule").out


def test_schedule_reads_files_of_the_first_releases(cli: CommandLine, tmp_path: Path) -> None:
    """With the one warning that enable and federate give, too."""
    ran = cli("schedule", "-f", write(tmp_path, api="scheduling.kubefed.k8s.io/v1alpha1"))
    assert TABLE == ran.out
    assert ran.err.startswith("warning: ")


def test_schedule_without_name_and_file_is_a_usage_error(cli: CommandLine) -> None:
    """There is nothing to look at."""
    ran = cli("schedule", code=2)
    assert "give NAME, or a file with -f" in ran.err


def test_schedule_of_an_unknown_cluster_names_the_known(cli: CommandLine, tmp_path: Path) -> None:
    """The error says which there are, and the hint how to have others."""
    error, hint = cli.fails("schedule", "-f", write(tmp_path), "--down", "Z", code=3)
    assert "--down names Z, not among the clusters A, B" == error
    assert "name all clusters with --clusters" == hint


def test_schedule_of_a_preference_in_the_host(joined: Sandbox, cli: CommandLine) -> None:
    """What sync then writes; nothing is written by it."""
    joined.put("deployments", "Deployment", "web", apiVersion="apps/v1", spec=_spec(1))
    cli("federate", "namespace", "shop")
    cli("federate", "deployment", "web", "-n", "shop")
    spec = {"targetKind": "FederatedDeployment", "totalReplicas": 3}
    joined.put(
        "replicaschedulingpreferences",
        "ReplicaSchedulingPreference",
        "web",
        apiVersion="scheduling.kubefed.io/v1alpha1",
        spec=spec,
    )
    joined.forget_requests()
    found = json.loads(cli("schedule", "web", "-n", "shop", "-o", "json").out)
    assert {MEMBER: 3} == found["plan"]
    assert [] == joined.writes
    ran = cli("sync")
    assert "updated FederatedDeployment/shop/web in cluster cluster1: scheduled cluster0=3" in (
        ran.lines
    )
    assert "unchanged" not in ran.out
    after = json.loads(cli("schedule", "web", "-n", "shop", "-o", "json").out)
    assert 3 == after["clusters"][MEMBER]["current"]


def _spec(replicas: int) -> dict[str, object]:
    pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [_CONTAINER]}}
    return {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": pod,
    }


_CONTAINER = {"name": "web", "image": "example.com/web:1"}
