"""Tests of the command `join`."""

from __future__ import annotations

import pytest

from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox

CREATED = f"created KubeFedCluster/{KNS}/cluster0 in cluster {HOST}"
STEPS = f"""\
checking host cluster cluster1
checking cluster cluster0
created Namespace/{KNS} in cluster cluster0
created ServiceAccount/{KNS}/cluster0-cluster1 in cluster cluster0
created Secret/{KNS}/cluster0-cluster1 in cluster cluster0
created ClusterRole/kubefed-controller-manager:cluster0-cluster1 in cluster cluster0
created ClusterRoleBinding/kubefed-controller-manager:cluster0-cluster1 in cluster cluster0
waiting for the token of ServiceAccount {KNS}/cluster0-cluster1
wrote Secret {KNS}/s0 in host cluster cluster1
probing cluster cluster0 as the host will
"""


def test_join_prints_its_result_alone(ready: Sandbox, cli: CommandLine) -> None:
    """One line, and the cluster is ready at once."""
    ran = cli("join", MEMBER)
    assert (f"{CREATED}\n", "") == (ran.out, ran.err)
    found = ready.host.get("kubefedclusters", MEMBER, namespace=KNS)
    assert found is not None
    assert ["Ready", "True"] == [
        found["status"]["conditions"][0][field] for field in ("type", "status")
    ]


def test_join_with_steps_tells_each_of_them(ready: Sandbox, cli: CommandLine) -> None:
    """With --v=2 the whole way is told on stderr, to the letter."""
    ran = cli("join", MEMBER, "--secret-name", "s0", "--v=2")
    assert (f"{CREATED}\n", STEPS) == (ran.out, ran.err)


def test_join_dry_run_writes_nothing(ready: Sandbox, cli: CommandLine) -> None:
    """What would be made is told."""
    ready.forget_requests()
    ran = cli("join", MEMBER, "--dry-run")
    assert (f"{CREATED} (dry run)\n", "") == (ran.out, ran.err)
    assert [] == ready.writes


def test_join_again_is_refused(joined: Sandbox, cli: CommandLine) -> None:
    """Nothing is overwritten unasked."""
    joined.forget_requests()
    error, hint = cli.fails("join", MEMBER, code=6)
    assert f"KubeFedCluster/{KNS}/cluster0 in cluster {HOST} exists already" == error
    assert "join with --error-on-existing=false" in hint
    assert [] == joined.writes


@pytest.mark.parametrize("flag", ["--error-on-existing=false", "--no-error-on-existing"])
def test_join_again_on_request_updates(joined: Sandbox, cli: CommandLine, flag: str) -> None:
    """The same cluster is registered under a new Secret, and the old one is gone."""
    before = [s["metadata"]["name"] for s in joined.host.list("secrets", namespace=KNS)]
    ran = cli("join", MEMBER, flag)
    assert [CREATED.replace("created", "updated")] == ran.lines
    after = [s["metadata"]["name"] for s in joined.host.list("secrets", namespace=KNS)]
    assert len(before) == len(after)
    assert before != after


def test_join_context_and_host_name_make_the_names(ready: Sandbox, cli: CommandLine) -> None:
    """The member's objects are named after both clusters."""
    cli("join", "eu", "--cluster-context", MEMBER, "--host-cluster-name", "hub")
    names = [a["metadata"]["name"] for a in ready.member.list("serviceaccounts", namespace=KNS)]
    assert "eu-hub" in names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--host-cluster-name", "a/b"], "'a/b' cannot be part", id="slash"),
        pytest.param(["--host-cluster-context", "a:b"], "'a:b' cannot be part", id="colon"),
        pytest.param(["--cluster-context", "nope"], "context nope does not exist", id="context"),
        pytest.param(["--host-cluster-context", "nope"], "context nope does not", id="host"),
        pytest.param(["--host-cluster-name", "Up"], "Up", id="upper-case"),
        pytest.param(
            ["--kubefed-namespace", "none"], "no KubeFedConfig kubefed in", id="namespace"
        ),
    ],
)
def test_join_wrong_names_are_input_errors(
    ready: Sandbox, cli: CommandLine, arguments: list[str], words: str
) -> None:
    """They are refused before anything is written."""
    ready.forget_requests()
    error, hint = cli.fails("join", MEMBER, *arguments, code=3)
    assert words in error
    assert "" != hint
    assert [] == ready.writes


def test_join_of_a_cluster_that_is_down_names_it(ready: Sandbox, cli: CommandLine) -> None:
    """Nothing is written to the host."""
    ready.fleet.refuse(MEMBER)
    ready.forget_requests()
    error, _ = cli.fails("join", MEMBER, code=4)
    assert f"in cluster {MEMBER}" in error
    assert "connection refused" in error
    assert [] == ready.writes


def test_join_without_a_name_is_a_usage_error(cli: CommandLine) -> None:
    """The parser says what is missing."""
    assert "CLUSTER_NAME" in cli("join", code=2).err
