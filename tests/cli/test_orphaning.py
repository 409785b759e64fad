"""Tests of the commands `orphaning-deletion enable|disable|status`."""

from __future__ import annotations

import pytest

from tests.cli.runs import HOST, CommandLine, Sandbox

WEB = ("federatedconfigmap", "cm", "-n", "shop")
SUBJECT = f"FederatedConfigMap/shop/cm in cluster {HOST}"


@pytest.fixture
def federated(ready: Sandbox, cli: CommandLine) -> Sandbox:
    """A host with a FederatedConfigMap."""
    ready.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "configmap", "cm", "-n", "shop")
    return ready


def test_orphaning_is_silent_and_status_is_one_word(federated: Sandbox, cli: CommandLine) -> None:
    """Standard output is the original's."""
    assert "Disabled\n" == cli("orphaning-deletion", "status", *WEB).out
    assert "" == cli("orphaning-deletion", "enable", *WEB).out
    assert "Enabled\n" == cli("orphaning-deletion", "status", *WEB).out
    again = cli("orphaning-deletion", "enable", *WEB, "--v=2")
    assert ("", [f"orphaning deletion of {SUBJECT} is enabled already"]) == (again.out, again.talk)
    assert "" == cli("orphaning-deletion", "disable", *WEB).out
    assert "Disabled\n" == cli("orphaning-deletion", "status", *WEB).out


def test_orphaning_dry_run_is_honoured(federated: Sandbox, cli: CommandLine) -> None:
    """The original wrote all the same."""
    federated.forget_requests()
    ran = cli("orphaning-deletion", "enable", *WEB, "--dry-run")
    assert f"updated {SUBJECT} (dry run)\n" == ran.out
    assert [] == federated.writes


@pytest.mark.parametrize(
    "key", ["fcm", "FederatedConfigMap", "federatedconfigmaps.types.kubefed.io"]
)
def test_orphaning_takes_a_type_by_any_name(federated: Sandbox, cli: CommandLine, key: str) -> None:
    """Short name, kind, plural with group."""
    assert "Disabled\n" == cli("orphaning-deletion", "status", key, "cm", "-n", "shop").out


def test_orphaning_options_may_stand_before_either_word(
    federated: Sandbox, cli: CommandLine
) -> None:
    """As cobra finds its commands."""
    assert "Disabled\n" == cli("-n", "shop", "orphaning-deletion", "status", "fcm", "cm").out
    assert "Disabled\n" == cli("orphaning-deletion", "-n", "shop", "status", "fcm", "cm").out


def test_orphaning_of_another_type_warns_on_stdout(federated: Sandbox, cli: CommandLine) -> None:
    """And goes on."""
    ran = cli("orphaning-deletion", "status", "cm", "cm", "-n", "shop")
    assert "Warning: configmaps/v1 might not be a federated resource\nDisabled\n" == ran.out


def test_orphaning_of_a_missing_object_is_a_cluster_error(
    federated: Sandbox, cli: CommandLine
) -> None:
    """The namespace is the context's, else default."""
    error, _ = cli.fails("orphaning-deletion", "enable", "fcm", "cm", code=4)
    assert f"cannot get FederatedConfigMap/default/cm in cluster {HOST}: 404" in error


def test_orphaning_alone_shows_help(cli: CommandLine) -> None:
    """With code 0, as in the original."""
    assert "Usage: kubefedctl orphaning-deletion" in cli("orphaning-deletion").out


@pytest.mark.parametrize("words", [["enable"], ["enable", "fcm"]], ids=["no-type", "no-name"])
def test_orphaning_without_its_arguments_is_a_usage_error(
    cli: CommandLine, words: list[str]
) -> None:
    """No cluster is asked."""
    assert "Missing argument" in cli("orphaning-deletion", *words, code=2).err


def test_orphaning_of_what_is_not_there_says_where_to_look(
    ready: Sandbox, cli: CommandLine
) -> None:
    """The next step is to list them, or to name the federated type."""
    for command in ("enable", "disable", "status"):
        asked = ("orphaning-deletion", command)
        _, hint = cli.fails(*asked, "federatedconfigmap", "x", "-n", "shop", code=4)
        listing = "kubectl get federatedconfigmaps.types.kubefed.io --all-namespaces"
        assert f"{listing}; -n gives the namespace" == hint
        _, hint = cli.fails(*asked, "configmap", "x", "-n", "shop", code=4)
        assert "give the federated type: federatedconfigmap" == hint
