"""Tests of the command `diff`, and of `sync --dry-run --diff`: what they print and how they end."""

from __future__ import annotations

import json

import pytest

from kubefedctl.sandbox.requests import RequestInfo
from tests.cli.runs import HOST, MEMBER, CommandLine, Sandbox

CANARY = "Y2FuYXJ5LW9mLWEtc2VjcmV0"
NOTHING = "2 federated objects: a sync would change nothing\n"
CHANGED = """\
ConfigMap/shop/cm
  update in cluster0
    - data.k: "v"
    + data.n: "1"

2 federated objects: a sync would change 1 object in 1 cluster
"""


def _template(sandbox: Sandbox, **data: str | None) -> None:
    spec = {"spec": {"template": {"data": data}}}
    sandbox.host.patch("federatedconfigmaps", "cm", spec, namespace="shop")


@pytest.fixture
def synced(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """A namespace and a ConfigMap that were propagated."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")
    cli("sync")
    joined.forget_requests()
    return joined


def test_diff_of_what_is_in_step_ends_with_0(synced: Sandbox, cli: CommandLine) -> None:
    """One sentence, and nothing is written."""
    ran = cli("diff")
    assert (NOTHING, "") == (ran.out, ran.err)
    assert [] == synced.writes


def test_diff_of_a_change_ends_with_1(synced: Sandbox, cli: CommandLine) -> None:
    """Also of what goes, in the first apply after a create."""
    _template(synced, k=None, n="1")
    synced.forget_requests()
    ran = cli("diff", "configmaps/cm", "-n", "shop", "--cluster", MEMBER, code=1)
    assert (CHANGED.replace("2 federated objects", "1 federated object"), "") == (ran.out, ran.err)
    assert [] == synced.writes


@pytest.mark.parametrize("how", ["client", "server"])
def test_sync_dry_run_with_diff_shows_the_same(synced: Sandbox, cli: CommandLine, how: str) -> None:
    """Between its results and its table, and ends like it."""
    _template(synced, k=None, n="1")
    assert CHANGED in cli("sync", f"--dry-run={how}", "--diff", code=1).out
    assert "data.n" not in cli("sync", f"--dry-run={how}").out
    cli("sync")
    assert NOTHING in cli("sync", f"--dry-run={how}", "--diff").out


def test_diff_shows_what_a_sync_then_does(synced: Sandbox, cli: CommandLine) -> None:
    """After the sync nothing differs any more, and the member is as it was shown."""
    _template(synced, k=None, n="1")
    cli("diff", code=1)
    cli("sync")
    cli("diff")
    found = synced.member.get("configmaps", "cm", namespace="shop")
    assert {"n": "1"} == (found or {})["data"]


@pytest.mark.parametrize("strategy", ["apply", "replace"])
def test_diff_of_a_deployment_tells_no_defaults(
    joined: Sandbox, cli: CommandLine, strategy: str
) -> None:
    """What the API server set by itself, and sets again, is no change."""
    labels = {"app": "web"}
    container = {"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": labels}, "template": pod}
    joined.put("deployments", "Deployment", "web", apiVersion="apps/v1", spec=spec)
    cli("federate", "namespace", "shop")
    cli("federate", "deployments.apps", "web", "-n", "shop")
    cli("sync")
    newer = {"spec": {"containers": [{**container, "image": "web:2"}]}}
    change = {"spec": {"template": {"spec": {"template": newer}}}}
    joined.host.patch("federateddeployments", "web", change, namespace="shop")
    expected = '    ~ spec.template.spec.containers[name="web"].image: "web:1" -> "web:2"'
    lines = cli("diff", "--strategy", strategy, code=1).lines
    assert [expected] == [line for line in lines if line.startswith("    ")]


def test_diff_as_json_is_one_document(synced: Sandbox, cli: CommandLine) -> None:
    """For scripts."""
    _template(synced, n="1")
    found = json.loads(cli("diff", "-o", "json", code=1).out)
    assert ("FederationDiff", True) == (found["kind"], found["differs"])


@pytest.mark.parametrize("form", ["text", "json", "yaml"])
def test_diff_of_a_secret_shows_no_value(joined: Sandbox, cli: CommandLine, form: str) -> None:
    """A fingerprint stands for it."""
    joined.put("secrets", "Secret", "s", data={"token": CANARY})
    cli("federate", "namespace", "shop")
    cli("federate", "secret", "s", "-n", "shop")
    ran = cli("diff", "-o", form, code=1)
    assert CANARY not in ran.out + ran.err
    assert "(hidden, fingerprint " in ran.out


def test_diff_of_what_is_not_there_ends_with_3(synced: Sandbox, cli: CommandLine) -> None:
    """A typing error is no "nothing differs"."""
    cli.fails("diff", "configmaps/nope", "-n", "shop", code=3)


def test_diff_of_a_host_that_refuses_ends_with_4(synced: Sandbox, cli: CommandLine) -> None:
    """It could not be found out."""

    def is_list(request: RequestInfo) -> bool:
        return request.path.endswith("/federatedtypeconfigs")

    synced.host.faults.fail(403, matching=is_list)
    assert HOST in cli.fails("diff", code=4)[0]


def test_diff_of_a_dead_member_ends_with_5(synced: Sandbox, cli: CommandLine) -> None:
    """Whatever the others have."""
    synced.member.faults.fail(500, matching=lambda request: request.path == "/healthz")
    error, _ = cli.fails("diff", code=5)
    assert "2 failures; everything else was compared" == error


@pytest.mark.parametrize(
    "options", [["--diff"], ["--dry-run", "--diff", "-o", "json"]], ids=["for-real", "as-a-report"]
)
def test_sync_with_diff_of_another_kind_is_a_usage_error(
    cli: CommandLine, options: list[str]
) -> None:
    """Nothing is done."""
    assert "--diff" in cli("sync", *options, code=2).err
