"""Tests of the command `unjoin`."""

from __future__ import annotations

import io
import sys

import pytest

from kubefedctl.model.objects import is_managed
from kubefedctl.sandbox.requests import RequestInfo
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


# --- what was propagated -------------------------------------------------------------------------


@pytest.fixture
def propagated(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """The same with a namespace and a ConfigMap synced, and an unlabelled ConfigMap beside it."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop", "--contents", "--cluster-selector", "")
    cli("sync")
    return joined


def _is_managed(sandbox: Sandbox, plural: str, name: str, namespace: str = "") -> bool | None:
    found = sandbox.member.get(plural, name, namespace=namespace)
    return None if found is None else is_managed(found)


def test_unjoin_purge_deletes_what_was_propagated(propagated: Sandbox, cli: CommandLine) -> None:
    """Contents, namespaces, then as without it."""
    assert _is_managed(propagated, "configmaps", "cm", "shop")
    ran = cli("unjoin", MEMBER, "--purge", "--yes")
    assert {
        f"deleted ConfigMap/shop/cm in cluster {MEMBER}",
        f"deleted Namespace/shop in cluster {MEMBER}",
        DELETED,
    } <= set(ran.lines)
    assert DELETED == ran.lines[-1]
    assert None is propagated.member.get("configmaps", "cm", namespace="shop")
    assert None is propagated.member.get("namespaces", "shop")
    assert None is not propagated.host.get("configmaps", "cm", namespace="shop")


def test_unjoin_orphan_keeps_objects_without_the_label(
    propagated: Sandbox, cli: CommandLine
) -> None:
    """No question is asked."""
    ran = cli("unjoin", MEMBER, "--orphan")
    assert f"unlabelled ConfigMap/shop/cm in cluster {MEMBER}" in ran.lines
    assert False is _is_managed(propagated, "configmaps", "cm", "shop")
    assert False is _is_managed(propagated, "namespaces", "shop")


def test_unjoin_purge_without_a_terminal_needs_yes(
    propagated: Sandbox, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written before."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    propagated.forget_requests()
    error, hint = cli.fails("unjoin", MEMBER, "--purge", "--force", code=6)
    assert error.startswith("there is no terminal to ask: delete ")
    assert "with all that the namespaces shop hold?" in error
    assert "say so beforehand with --yes" == hint
    assert [] == propagated.writes


@pytest.mark.parametrize("flag", ["--purge", "--orphan"])
@pytest.mark.parametrize("mode", ["client", "server"])
def test_unjoin_dry_run_tells_what_was_propagated(
    propagated: Sandbox, cli: CommandLine, flag: str, mode: str
) -> None:
    """And keeps it."""
    ran = cli("unjoin", MEMBER, flag, f"--dry-run={mode}")
    word = "deleted" if flag == "--purge" else "unlabelled"
    assert any(line.startswith(f"{word} ConfigMap/shop/cm in") for line in ran.lines), ran
    assert all("dry run" in line for line in ran.lines), ran
    assert "waiting" not in ran.out
    assert _is_managed(propagated, "configmaps", "cm", "shop")
    assert _is_managed(propagated, "namespaces", "shop")
    assert None is not propagated.member.get("namespaces", KNS)


def test_unjoin_purge_list_forbidden_changes_nothing(propagated: Sandbox, cli: CommandLine) -> None:
    """With force the host's side goes, and the member's stays whole."""
    propagated.member.faults.fail(403, matching=_is_namespace_list)
    propagated.forget_requests()
    error, _ = cli.fails("unjoin", MEMBER, "--purge", "--yes", code=4)
    assert error.startswith(f"cannot list namespaces in cluster {MEMBER}: 403")
    assert [] == propagated.writes
    ran = cli("unjoin", MEMBER, "--purge", "--yes", "--force")
    assert [DELETED] == ran.lines
    assert ran.err.startswith(f"warning: cluster {MEMBER} is not cleaned: cannot list namespaces")
    assert [] == list(propagated.member.audit.writes)


def _is_namespace_list(info: RequestInfo) -> bool:
    return info.verb == "list" and info.plural == "namespaces"


def test_unjoin_purge_and_orphan_exclude_each_other(cli: CommandLine) -> None:
    """A usage error, before anything is read."""
    ran = cli("unjoin", MEMBER, "--purge", "--orphan", code=2)
    assert "exclude each other" in ran.err
