"""Tests of the command `unjoin`."""

from __future__ import annotations

from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox

DELETED = f"deleted KubeFedCluster/{KNS}/cluster0 in cluster {HOST}"
STEPS = [
    "deleted ClusterRoleBinding/kubefed-controller-manager:cluster0-cluster1 in cluster cluster0",
    "deleted ClusterRole/kubefed-controller-manager:cluster0-cluster1 in cluster cluster0",
    f"deleted ServiceAccount/{KNS}/cluster0-cluster1 in cluster cluster0",
    f"deleted Namespace/{KNS} in cluster cluster0",
]


def test_unjoin_prints_its_result_alone(joined: Sandbox, cli: CommandLine) -> None:
    """Registration, Secret and what join made in the member are gone."""
    ran = cli("unjoin", MEMBER)
    assert (f"{DELETED}\n", "") == (ran.out, ran.err)
    assert [] == joined.host.list("kubefedclusters", namespace=KNS)
    assert [] == [s for s in joined.host.list("secrets", namespace=KNS) if s["type"] == "Opaque"]


def test_unjoin_with_steps_tells_each_of_them(joined: Sandbox, cli: CommandLine) -> None:
    """The member first, the host's Secret last."""
    ran = cli("unjoin", MEMBER, "--v=2")
    assert STEPS == ran.talk[:-1]
    assert ran.talk[-1].startswith(f"deleted Secret/{KNS}/cluster0-")


def test_unjoin_dry_run_deletes_nothing(joined: Sandbox, cli: CommandLine) -> None:
    """What would be deleted is told."""
    joined.forget_requests()
    ran = cli("unjoin", MEMBER, "--dry-run", "--v=2")
    assert [f"{DELETED} (dry run)"] == ran.lines
    assert {"would delete"} == {" ".join(line.split()[:2]) for line in ran.talk}
    assert [] == joined.writes


def test_unjoin_of_what_is_not_joined_is_an_input_error(ready: Sandbox, cli: CommandLine) -> None:
    """The hint is where to look."""
    error, hint = cli.fails("unjoin", MEMBER, code=3)
    assert f"no cluster {MEMBER} is joined to host cluster {HOST}" == error
    assert f"kubectl get kubefedclusters -n {KNS}" == hint


def test_unjoin_with_force_cleans_the_host_alone(joined: Sandbox, cli: CommandLine) -> None:
    """A dead member is told of, and holds up nothing."""
    joined.fleet.refuse(MEMBER)
    cli.fails("unjoin", MEMBER, code=4)
    ran = cli("unjoin", MEMBER, "--force")
    assert [DELETED] == ran.lines
    assert ran.err.startswith(f"warning: cluster {MEMBER} is not cleaned: cannot delete ")


def test_unjoin_context_and_host_name_are_those_of_join(ready: Sandbox, cli: CommandLine) -> None:
    """The names are made as join made them."""
    names = ("--cluster-context", MEMBER, "--host-cluster-name", "hub")
    cli("join", "eu", *names)
    cli("unjoin", "eu", *names)
    assert None is ready.member.get("namespaces", KNS)


def test_unjoin_host_name_that_cannot_be_one_is_refused(ready: Sandbox, cli: CommandLine) -> None:
    """Before anything is read."""
    error, hint = cli.fails("unjoin", MEMBER, "--host-cluster-name", "a:b", code=3)
    assert error.startswith("'a:b' cannot be part of the names")
    assert "give the host cluster a name with --host-cluster-name" == hint
