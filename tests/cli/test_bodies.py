"""Tests of `--v=8` on the command line: bodies are told, tokens and Secrets are not."""

from __future__ import annotations

from tests.cli.runs import KNS, MEMBER, CommandLine, Sandbox


def test_bodies_are_shown_from_level_eight_on(ready: Sandbox, cli: CommandLine) -> None:
    """Request and answer, each on a line of its own."""
    talk = cli("enable", "statefulsets.apps", "--v=8").err
    assert 'cluster1: request body: {"apiVersion": "apiextensions.k8s.io/v1"' in talk
    assert "cluster1: response body: {" in talk
    assert "body: " not in cli("enable", "daemonsets.apps", "--v=7").err


def test_bodies_of_a_join_and_a_sync_show_no_token(ready: Sandbox, cli: CommandLine) -> None:
    """Neither the member's token Secret nor the host's copy shows, at any level."""
    talk = cli("join", MEMBER, "--v=10").err + cli("sync", "--v=10").err
    secrets = ready.host.list("secrets", namespace=KNS) + ready.member.list(
        "secrets", namespace=KNS
    )
    tokens = {secret["data"]["token"] for secret in secrets if "token" in secret.get("data", {})}
    assert "body: " in talk
    assert 0 < len(tokens)
    assert [] == [token for token in tokens if token in talk]
