"""Tests of the command `disable`: its lines to the letter, its flags, and the question."""

from __future__ import annotations

import io
import sys

import pytest

from tests.cli.runs import KNS, CommandLine, Sandbox

CRD = "federatedconfigmaps.types.kubefed.io"
STOPPED = f"""\
Disabled propagation for FederatedTypeConfig "{KNS}/configmaps"
Verifying propagation controller is stopped for FederatedTypeConfig "{KNS}/configmaps"
Propagation controller for FederatedTypeConfig "{KNS}/configmaps" is stopped
"""
DELETED = f'federatedtypeconfig "{KNS}/configmaps" deleted\n'
CRD_DELETED = f'customresourcedefinition "{CRD}" deleted\n'


class Terminal(io.StringIO):
    """A terminal at which somebody answers."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


def _federate(sandbox: Sandbox, cli: CommandLine) -> None:
    sandbox.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "configmap", "cm", "-n", "shop")


def test_disable_prints_the_lines_of_the_original(ready: Sandbox, cli: CommandLine) -> None:
    """The type config goes, though no controller runs; the CRD stays."""
    ran = cli("disable", "cm")
    assert (STOPPED + DELETED, "") == (ran.out, ran.err)
    assert None is ready.host.get("federatedtypeconfigs", "configmaps", namespace=KNS)
    assert None is not ready.host.get("customresourcedefinitions", CRD)


def test_disable_with_crd_deletes_both(ready: Sandbox, cli: CommandLine) -> None:
    """The CRD before the type config."""
    ran = cli("disable", "configmaps", "--delete-crd")
    assert (STOPPED + CRD_DELETED + DELETED, "") == (ran.out, ran.err)
    assert None is ready.host.get("customresourcedefinitions", CRD)


def test_disable_again_is_a_note(ready: Sandbox, cli: CommandLine) -> None:
    """And its code is 0."""
    cli("disable", "configmaps")
    expected = f'FederatedTypeConfig "{KNS}/configmaps" does not exist\n'
    assert expected == cli("disable", "configmaps").out
    missing = expected + CRD_DELETED
    assert missing == cli("disable", "configmaps", "--delete-crd").out


def test_disable_then_enable_comes_back(ready: Sandbox, cli: CommandLine) -> None:
    """The CRD is gone when the command ends, so the next one makes it anew."""
    cli("disable", "configmaps", "--delete-crd")
    assert [
        f"customresourcedefinition.apiextensions.k8s.io/{CRD} created",
        f"federatedtypeconfig.core.kubefed.io/configmaps created in namespace {KNS}",
    ] == cli("enable", "configmaps").lines


def test_disable_several_types_warns_of_namespaces(ready: Sandbox, cli: CommandLine) -> None:
    """Each has its lines."""
    ran = cli("disable", "secrets", "namespaces")
    assert 8 == len(ran.lines)
    assert [
        "warning: without the type config namespaces no namespaced type is propagated"
    ] == ran.talk


def test_disable_dry_run_writes_nothing(ready: Sandbox, cli: CommandLine) -> None:
    """It tells what would go."""
    ready.forget_requests()
    ran = cli("disable", "cm", "--delete-crd", "--dry-run")
    assert [
        f"deleted CustomResourceDefinition/{CRD} in cluster cluster1 (dry run)",
        f"deleted FederatedTypeConfig/{KNS}/configmaps in cluster cluster1 (dry run)",
    ] == ran.lines
    assert [] == ready.writes


@pytest.mark.parametrize(
    "flags",
    [["--version", "v1"], ["--federated-group", "fed.example.com"], ["--cascade"]],
    ids=lambda found: found[0],
)
def test_disable_flags_of_the_crd_without_it_are_refused(
    cli: CommandLine, flags: list[str]
) -> None:
    """Before any cluster is asked."""
    assert f"{flags[0]} goes with --delete-crd only" in cli("disable", "cm", *flags, code=2).err


def test_disable_with_crd_refuses_while_objects_exist(ready: Sandbox, cli: CommandLine) -> None:
    """Nothing is changed; the hint names the ways out."""
    _federate(ready, cli)
    ready.forget_requests()
    error, hint = cli.fails("disable", "cm", "--delete-crd", code=6)
    assert (
        f"cannot delete CustomResourceDefinition/{CRD} in cluster cluster1: 1 object of it there"
        == error
    )
    assert "let them go with --cascade, or leave out --delete-crd" == hint
    assert [] == ready.writes


def test_cascade_without_a_terminal_needs_yes(ready: Sandbox, cli: CommandLine) -> None:
    """A script must say so."""
    _federate(ready, cli)
    ready.forget_requests()
    error, hint = cli.fails("disable", "cm", "--delete-crd", "--cascade", code=6)
    assert error.startswith("there is no terminal to ask: delete 1 federated object of configmaps")
    assert "say so beforehand with --yes" == hint
    assert [] == ready.writes


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "perhaps\n"], ids=repr)
def test_cascade_declined_ends_with_one(
    ready: Sandbox, cli: CommandLine, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Whatever is not a yes is a no; the question is talk."""
    _federate(ready, cli)
    ready.forget_requests()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    ran = cli("disable", "cm", "--delete-crd", "--cascade", code=1)
    assert "" == ran.out
    assert ran.err.startswith("delete 1 federated object of configmaps in cluster cluster1, ")
    assert [] == ready.writes


@pytest.mark.parametrize("answer", ["y\n", "YES\n"], ids=repr)
def test_cascade_agreed_at_the_terminal_goes_on(
    ready: Sandbox, cli: CommandLine, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """An object that no sync has seen goes at once."""
    _federate(ready, cli)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    ran = cli("disable", "cm", "--delete-crd", "--cascade")
    deleted = "deleted FederatedConfigMap/shop/cm in cluster cluster1\n"
    assert deleted + STOPPED + CRD_DELETED + DELETED == ran.out


def test_cascade_leaves_the_rest_to_a_sync(joined: Sandbox, cli: CommandLine) -> None:
    """Code 7, a sync, and the same command again: nothing is orphaned."""
    _federate(joined, cli)
    cli("federate", "namespace", "shop")
    cli("sync")
    assert None is not joined.member.get("configmaps", "cm", namespace="shop")
    command = ("disable", "cm", "--delete-crd", "--cascade", "--yes")
    error, hint = cli.fails(*command, code=7)
    assert "must be taken out of the members by a sync" in error
    assert "kubefedctl sync, then run the command again" == hint
    cli("sync")
    assert None is joined.member.get("configmaps", "cm", namespace="shop")
    assert STOPPED + CRD_DELETED + DELETED == cli(*command).out
