"""Tests of the command `get`: what it prints in each form, and how it ends."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox
from tests.cluster.stub import free_port

CANARY = "Y2FuYXJ5LW9mLWEtc2VjcmV0"
_SPEC = {
    "replicas": 2,
    "selector": {"matchLabels": {"app": "web"}},
    "template": {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "web:1"}]},
    },
}


@pytest.fixture
def both(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """Host and member are joined, and both run a Deployment that nobody federated."""
    cli("join", HOST)
    joined.member.create("namespaces", {"metadata": {"name": "shop"}})
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": _SPEC}
    for cluster in (joined.host, joined.member):
        metadata = {"name": "web", "namespace": "shop"}
        cluster.create("deployments", {**body, "metadata": metadata}, namespace="shop")
    joined.forget_requests()
    return joined


def _without_ages(text: str) -> str:
    return re.sub(r"\d+s\b", "1s", text)


def test_get_prints_one_table_of_all_clusters(both: Sandbox, cli: CommandLine) -> None:
    """With what only wide tables have, and nothing is written."""
    assert (
        "NAME   CLUSTER    READY   UP-TO-DATE   AVAILABLE   AGE\n"
        "web    cluster0   2/2     2            2           1s\n"
        "web    cluster1   2/2     2            2           1s\n"
    ) == _without_ages(cli("get", "deploy", "-n", "shop").out)
    wide = cli("get", "deploy", "-n", "shop", "-o", "wide", "--cluster", MEMBER).lines[0]
    assert wide.endswith("AGE   CONTAINERS   IMAGES   SELECTOR")
    assert [] == both.writes


def test_get_of_all_namespaces_names_them(both: Sandbox, cli: CommandLine) -> None:
    """Before the name; several types are several tables."""
    lines = cli("get", "deploy,ns", "-A").lines
    assert ["NAMESPACE", "NAME", "CLUSTER", "READY"] == lines[0].split()[:4]
    assert ["shop", "deployment.apps/web", MEMBER] == lines[1].split()[:3]
    assert "" == lines[3]
    assert ["NAME", "CLUSTER", "STATUS", "AGE"] == lines[4].split()


def test_get_as_names_is_a_subject_each(both: Sandbox, cli: CommandLine) -> None:
    """As `sync -o name` writes them."""
    expected = [f"Deployment/shop/web in cluster {name}" for name in (MEMBER, HOST)]
    assert expected == cli("get", "deploy/web", "-n", "shop", "-o", "name").lines


def test_get_as_json_is_as_rendered_manifests_are(both: Sandbox, cli: CommandLine) -> None:
    """The objects of each cluster, without the managers of their fields."""
    found = json.loads(cli("get", "deploy", "-n", "shop", "-o", "json").out)
    assert ({MEMBER, HOST}, []) == (set(found["clusters"]), found["errors"])
    (web,) = found["clusters"][MEMBER]
    assert ("Deployment", "web") == (web["kind"], web["metadata"]["name"])
    assert "managedFields" not in web["metadata"]


def test_get_as_yaml_can_be_applied(both: Sandbox, cli: CommandLine) -> None:
    """Documents, with a comment before those of each cluster."""
    text = cli("get", "deploy", "-n", "shop", "-o", "yaml").out
    assert [f"# cluster {name}" for name in (MEMBER, HOST)] == re.findall("^# .*", text, re.M)
    assert ["web", "web"] == [doc["metadata"]["name"] for doc in yaml.safe_load_all(text) if doc]


@pytest.mark.parametrize("form", ["table", "wide", "json", "yaml", "name"])
def test_get_of_a_secret_shows_no_value(both: Sandbox, cli: CommandLine, form: str) -> None:
    """And says how they are seen where one would expect them."""
    both.put("secrets", "Secret", "s", data={"token": CANARY})
    ran = cli("get", "secrets", "-n", "shop", "-o", form, "-v", "8")
    assert "s" in ran.out
    assert CANARY not in ran.out + ran.err
    assert (form in ("json", "yaml")) == ("values of Secrets are left out" in ran.err)


def test_get_from_a_cluster_that_is_down_shows_the_others(both: Sandbox, cli: CommandLine) -> None:
    """Told on stderr by name, with exit code 5."""
    nowhere = {"spec": {"apiEndpoint": f"https://127.0.0.1:{free_port()}"}}
    both.host.patch("kubefedclusters", MEMBER, nowhere, namespace=KNS)
    ran = cli("get", "deploy", "-n", "shop", code=5)
    assert [HOST] == [line.split()[1] for line in ran.lines[1:]]
    assert ran.err.startswith(f"warning: cluster {MEMBER}: ")


def test_get_of_nothing_says_so(both: Sandbox, cli: CommandLine) -> None:
    """As kubectl does: on stderr, and it is no failure."""
    ran = cli("get", "jobs", "-n", "shop")
    assert ("", "No resources found in shop namespace.\n") == (ran.out, ran.err)


def test_get_of_a_name_that_is_nowhere_ends_with_4(both: Sandbox, cli: CommandLine) -> None:
    """Every cluster said no."""
    message, hint = cli.fails("get", "deploy", "web", code=4)
    expected = f"cannot get Deployment/default/web in cluster {MEMBER}, {HOST}: 404 NotFound"
    assert expected == message
    assert "-A looks into all namespaces" == hint


def test_get_in_a_namespace_and_in_all_is_a_usage_error(cli: CommandLine) -> None:
    """One of both was not meant."""
    assert "do not go together" in cli("get", "pods", "-n", "shop", "-A", code=2).err
