"""Tests of the command `deinit`: what it prints and asks; what goes is tested in ops."""

from __future__ import annotations

from tests.cli.runs import HOST, KNS, CommandLine, Sandbox


def test_deinit_leaves_nothing_and_init_comes_back(ready: Sandbox, cli: CommandLine) -> None:
    """The reverse of init, and init again makes what the first one made."""
    ran = cli("deinit", "--yes")
    assert f"deleted FederatedTypeConfig/{KNS}/clusterroles.rbac.authorization.k8s.io" in ran.out
    assert f"deleted Namespace/{KNS} in cluster {HOST}" == ran.lines[-1]
    assert "" == ran.err
    assert [] == ready.host.list("customresourcedefinitions")
    assert None is ready.host.get("namespaces", KNS)
    roles = [found["metadata"]["name"] for found in ready.host.list("clusterroles")]
    assert [] == [name for name in roles if "kubefed" in name]
    assert {"created"} == {line.split()[0] for line in cli("init").lines}


def test_deinit_without_a_terminal_needs_yes(ready: Sandbox, cli: CommandLine) -> None:
    """A script must say so."""
    ready.forget_requests()
    error, hint = cli.fails("deinit", code=6)
    assert error.startswith("there is no terminal to ask: delete 10 type configs, 17 CRDs, ")
    assert "say so beforehand with --yes" == hint
    assert [] == ready.writes


def test_deinit_dry_run_needs_no_yes(ready: Sandbox, cli: CommandLine) -> None:
    """Its lines are those of the run."""
    ready.forget_requests()
    dry = cli("deinit", "--dry-run")
    assert [] == ready.writes
    assert cli("deinit", "--yes").lines == [line.removesuffix(" (dry run)") for line in dry.lines]


def test_deinit_of_nothing_says_so(bare: Sandbox, cli: CommandLine) -> None:
    """No question, no result."""
    ran = cli("deinit")
    assert ("", f"nothing of KubeFed's is left in host cluster {HOST}\n") == (ran.out, ran.err)


def test_deinit_refuses_while_a_cluster_is_joined(joined: Sandbox, cli: CommandLine) -> None:
    """Code 6 and the way out; after unjoin it works."""
    error, hint = cli.fails("deinit", "--yes", code=6)
    assert f"cannot remove KubeFed from host cluster {HOST}: 1 joined cluster: cluster0" == error
    assert "kubefedctl unjoin cluster0, or use --force" == hint
    cli("unjoin", "cluster0")
    cli("deinit", "--yes")


def test_deinit_with_force_says_what_stays(joined: Sandbox, cli: CommandLine) -> None:
    """Federated objects that a sync has seen do not hold their CRD up."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")
    cli("sync")
    ran = cli("deinit", "--yes", "--force")
    assert "deleted FederatedConfigMap/shop/cm in cluster cluster1" in ran.lines
    assert 2 == len(ran.talk)
    assert [] == joined.host.list("customresourcedefinitions")
    assert None is not joined.member.get("configmaps", "cm", namespace="shop")


def test_deinit_keeps_a_namespace_that_holds_more(ready: Sandbox, cli: CommandLine) -> None:
    """It is named on stderr."""
    ready.host.create("configmaps", {"metadata": {"name": "mine", "namespace": KNS}}, namespace=KNS)
    ran = cli("deinit", "--yes")
    kept = f"warning: Namespace/{KNS} in cluster {HOST} is kept: it holds ConfigMap/{KNS}/mine"
    assert [kept] == ran.talk
    assert None is not ready.host.get("namespaces", KNS)
