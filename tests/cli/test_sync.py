"""Tests of the command `sync`: what it prints and how it ends; what it does is tested in ops."""

from __future__ import annotations

import pytest

from kubefedctl.sandbox.requests import RequestInfo
from tests.cli.runs import HOST, KNS, MEMBER, CommandLine, Sandbox

NOTHING = """\
CLUSTER    READY   UNCHANGED   FAILED
cluster0   True    0           0
0 federated objects over 1 cluster, 0 changes made
"""
FIRST = """\
created Namespace/shop in cluster cluster0
created ConfigMap/shop/cm in cluster cluster0
CLUSTER    READY   CREATED   UNCHANGED   FAILED
cluster0   True    2         0           0
2 federated objects over 1 cluster, 2 changes made
"""
AGAIN = """\
CLUSTER    READY   UNCHANGED   FAILED
cluster0   True    2           0
2 federated objects over 1 cluster, 0 changes made
"""
DRY = """\
created ConfigMap/shop/cm in cluster cluster0 (dry run)
created Namespace/shop in cluster cluster0 (dry run)
CLUSTER    READY   CREATED   UNCHANGED   FAILED
cluster0   True    2         0           0
2 federated objects over 1 cluster, 2 changes would be made
"""
STEPS = """\
taking the lock in namespace kube-federation-system of host cluster cluster1
reading the federation from host cluster cluster1
probing 1 member cluster
reading federated objects and what the members have
planned 2 changes for 2 federated objects
recording on the host what was done
"""


_SHOP = ["ConfigMap/shop/cm", "Namespace/shop"]


def _federate(sandbox: Sandbox, cli: CommandLine) -> None:
    sandbox.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")


def test_sync_of_nothing_is_a_table(joined: Sandbox, cli: CommandLine) -> None:
    """An empty federation is in step."""
    ran = cli("sync")
    assert (NOTHING, "") == (ran.out, ran.err)


def test_sync_without_members_is_a_sentence(ready: Sandbox, cli: CommandLine) -> None:
    """There is no table without rows."""
    assert "0 federated objects over 0 clusters, 0 changes made\n" == cli("sync").out


def test_sync_tells_each_change_and_then_none(joined: Sandbox, cli: CommandLine) -> None:
    """A dry run, the run, and a second run, to the letter."""
    _federate(joined, cli)
    joined.forget_requests()
    assert DRY == cli("sync", "--dry-run").out
    assert [] == joined.writes
    first = cli("sync", "--v=2")
    assert (FIRST, STEPS) == (first.out, first.err)
    joined.forget_requests()
    assert AGAIN == cli("sync").out
    # NB: probe times are written where the clock has moved on by a second
    others = ("/kubefedclusters/", "/leases/kubefedctl-sync", f"/{KNS}/configmaps/")
    assert [] == [write for write in joined.writes if not any(o in write for o in others)]


def test_sync_with_a_dead_member_is_a_partial_failure(joined: Sandbox, cli: CommandLine) -> None:
    """The member's line and the reason are told, and the code is 5."""
    _federate(joined, cli)
    joined.fleet.refuse(MEMBER)
    ran = cli("sync", "--v=1", code=5)
    assert [f"failed {what} in cluster cluster0: ClusterNotReady" for what in _SHOP] == [
        ": ".join(line.split(": ")[:2]) for line in ran.lines if line.startswith("failed ")
    ]
    assert "cluster0   False   0           2" in ran.lines
    assert ran.talk[0].startswith("warning: cluster cluster0 is not ready: ")
    assert "error: 2 failures; everything else is as the host says" in ran.talk


def test_sync_that_waits_in_vain_ends_with_seven(joined: Sandbox, cli: CommandLine) -> None:
    """What a finalizer holds is waited for no longer than --timeout says."""
    _federate(joined, cli)
    cli("sync")
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    joined.member.patch("configmaps", "cm", hold, namespace="shop")
    joined.host.delete("federatedconfigmaps", "cm", namespace="shop")
    error, hint = cli.fails("sync", "--timeout", "200ms", code=7)
    assert "1 object deleted but not gone after 0.2s" == error
    assert "run sync again, or give it longer with --timeout" == hint


def test_sync_timeout_that_is_none_is_an_input_error(cli: CommandLine) -> None:
    """Before any cluster is asked."""
    error, hint = cli.fails("sync", "--timeout", "soon", code=3)
    assert "'soon' is not a duration" in error
    assert "" != hint


def test_sync_of_a_host_without_the_api_names_init(bare: Sandbox, cli: CommandLine) -> None:
    """The hint is the next step."""
    error, hint = cli.fails("sync", code=3)
    assert f"host cluster {HOST} does not serve KubeFed's API core.kubefed.io/v1beta1" == error
    assert hint.startswith("run `kubefedctl init` against the host")


RECORD = (
    '{"holderIdentity":"kubefed-7d9\x1b[2J","leaseDurationSeconds":15,'
    '"acquireTime":"2026-01-02T03:04:05Z","renewTime":"2026-01-02T03:04:05Z","leaderTransitions":0}'
)


def _lead(sandbox: Sandbox) -> None:
    """Let a controller-manager have written its record."""
    note = {"control-plane.alpha.kubernetes.io/leader": RECORD.replace("\x1b", "\\u001b")}
    metadata = {"name": "kubefed-controller-manager", "namespace": KNS, "annotations": note}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    sandbox.host.create("configmaps", body, namespace=KNS)
    sandbox.forget_requests()


def test_sync_beside_a_controller_manager_is_refused(joined: Sandbox, cli: CommandLine) -> None:
    """It says who it is and how to stop it; nothing is written."""
    _lead(joined)
    error, hint = cli.fails("sync", "--lock", "fail", code=6)
    assert (
        r"the lock is taken: KubeFed's controller-manager kubefed-7d9\x1b[2J holds it since"
        " 2026-01-02T03:04:05Z" == error
    )
    assert "kubectl scale deployment kubefed-controller-manager" in hint
    assert [] == joined.writes


def test_sync_that_waits_says_at_once_on_whom(joined: Sandbox, cli: CommandLine) -> None:
    """A warning first; then the error, when the time is over."""
    _lead(joined)
    ran = cli("--lock=wait=10ms", "sync", code=6)
    assert ran.talk[0].startswith("warning: waiting up to 10ms for the lock: KubeFed's controller-")
    assert ran.talk[1].startswith("error: the lock is taken: ")


@pytest.mark.parametrize(
    "given", [["--lock", "none"], ["--dry-run"], ["--dry-run=server"]], ids=lambda given: given[-1]
)
def test_sync_that_takes_no_lock_looks_at_none(
    joined: Sandbox, cli: CommandLine, given: list[str]
) -> None:
    """Dry runs write nothing, so nobody is in their way."""
    _lead(joined)
    cli("sync", *given)
    paths = [entry.path for entry in joined.host.audit.records]
    assert [] == [path for path in paths if path.endswith(("/kubefedctl-sync", "-manager"))]


def test_sync_that_may_not_write_leases_says_what_to_grant(
    joined: Sandbox, cli: CommandLine
) -> None:
    """The hint names the way without a lock, too."""
    joined.host.faults.fail(403, matching=lambda info: info.plural == "leases")
    error, hint = cli.fails("sync", code=4)
    assert error.startswith(f"cannot get Lease/{KNS}/kubefedctl-sync in cluster {HOST}: 403")
    assert hint.endswith("--lock none syncs without one")


def test_sync_lock_that_is_none_of_three_is_an_input_error(cli: CommandLine) -> None:
    """Before any cluster is asked."""
    assert ("--lock 'maybe' is not known", "write wait=DURATION, fail or none") == cli.fails(
        "sync", "--lock", "maybe", code=3
    )


def test_sync_what_a_cluster_says_steers_no_terminal(joined: Sandbox, cli: CommandLine) -> None:
    """Escapes and line breaks in an answer are written out, on one line."""
    _federate(joined, cli)

    def is_creation(info: RequestInfo) -> bool:
        return info.verb == "create" and info.plural == "configmaps"

    evil = "\x1b[2J\x1b]0;title\x07 \u202e\r\nerror: forged"
    joined.member.faults.fail(403, matching=is_creation, message=evil)
    ran = cli("sync", code=5)
    assert [] == [c for c in ran.out + ran.err if not c.isprintable() and c != "\n"]
    assert 1 == sum(line.startswith("error: ") for line in ran.talk)
    (line,) = [line for line in ran.lines if line.startswith("failed ")]
    assert r"\x1b[2J" in line
