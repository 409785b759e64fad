"""Tests of registering a member: what is written where, in which order, and what is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from kubefedctl.core.joining import make_roles, make_service_account, make_token_secret
from kubefedctl.errors import (
    ControlPlaneError,
    ForbiddenError,
    InputError,
    KubeconfigError,
    KubefedctlError,
    RefusedError,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.clusters import is_ready
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Key
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    KUBEFED_CONFIGS,
    NAMESPACES,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from kubefedctl.ops.join import JoinOptions
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.membership import (
    ACCOUNT,
    AGAIN,
    CLUSTER_KEY,
    JWT,
    NAMES,
    OPTIONS,
    ROLE,
    make_pair,
    registration_of,
    run_join,
    secret_of,
)
from tests.ops.stage import KNS, error, issue_token, make_host, place, steps, words

# --- the first join ------------------------------------------------------------------------------


def test_join_writes_member_then_host() -> None:
    """Each object in its order; the result line is the KubeFedCluster."""
    fleet, host, member = make_pair()
    events, failure = run_join(fleet)
    assert (None, [f"created KubeFedCluster/{KNS}/c1 in host"]) == (failure, words(events))
    assert [
        ("create", f"Namespace/{KNS}"),
        ("create", f"ServiceAccount/{ACCOUNT}"),
        ("create", f"Secret/{ACCOUNT}"),
        ("create", f"ClusterRole/{ROLE}"),
        ("create", f"ClusterRoleBinding/{ROLE}"),
    ] == member.writes()
    secret = f"Secret/{key_of(secret_of(host))}"
    registered = f"KubeFedCluster/{KNS}/c1"
    assert [("create", secret), ("create", registered), ("patch", registered)] == host.writes()


def test_join_tells_its_steps() -> None:
    """Every object that is made in the member is named."""
    fleet, host, _ = make_pair()
    events, _ = run_join(fleet)
    assert [
        "checking host cluster host",
        "checking cluster c1",
        f"created Namespace/{KNS} in cluster c1",
        f"created ServiceAccount/{ACCOUNT} in cluster c1",
        f"created Secret/{ACCOUNT} in cluster c1",
        f"created ClusterRole/{ROLE} in cluster c1",
        f"created ClusterRoleBinding/{ROLE} in cluster c1",
        f"waiting for the token of ServiceAccount/{ACCOUNT} in cluster c1",
        f"wrote Secret/{key_of(secret_of(host))} in cluster host",
        "probing cluster c1 as the host will",
    ] == steps(events)


def test_join_records_endpoint_token_and_health() -> None:
    """The host can reach the member with what stands there, and knows that it is ready."""
    fleet, host, _ = make_pair()
    run_join(fleet)
    registered, secret = registration_of(host), secret_of(host)
    assert {
        "apiEndpoint": "https://c1.example",
        "secretRef": {"name": secret["metadata"]["name"]},
        "caBundle": base64.b64encode(b"CA").decode(),
        "proxyURL": "",
    } == registered["spec"]
    assert ("c1-", {"token": JWT}) == (secret["metadata"]["generateName"], secret["data"])
    assert is_ready(registered)


def test_join_namespaced_scope_gives_no_wide_rights() -> None:
    """A role in the namespace, and a cluster role for health checks alone."""
    fleet, _, member = make_pair(scope="Namespaced")
    assert None is run_join(fleet)[1]
    health = f"kubefed-controller-manager:{KNS}:healthcheck-c1-host"
    assert [
        f"Role/{KNS}/{ROLE}",
        f"RoleBinding/{KNS}/{ROLE}",
        f"ClusterRole/{health}",
        f"ClusterRoleBinding/{health}",
    ] == [subject for _, subject in member.writes()[3:]]


def test_join_with_a_secret_name_uses_it() -> None:
    """The Secret in the host is called as the user says."""
    fleet, host, _ = make_pair()
    run_join(fleet, replace(OPTIONS, secret_name="mine"))
    assert {"name": "mine"} == registration_of(host)["spec"]["secretRef"]
    assert {"token": JWT} == secret_of(host)["data"]


def test_join_namespace_there_is_used() -> None:
    """A user who may not make namespaces can join where one is."""
    fleet, _, member = make_pair()
    member.add(NAMESPACES, {"metadata": {"name": KNS}})
    events, failure = run_join(fleet)
    assert None is failure
    assert f"unchanged Namespace/{KNS} in cluster c1" in steps(events)


def test_join_host_to_itself_works() -> None:
    """The host may be a member of its own federation."""
    host = make_host(members=())
    host.react_to(SECRETS, issue_token)
    events, failure = run_join(MemoryFleet(host, {}), replace(OPTIONS, cluster="host"))
    assert (None, [f"created KubeFedCluster/{KNS}/host in host"]) == (failure, words(events))
    assert None is not host.find(SERVICE_ACCOUNTS, Key(KNS, "host-host"))


def test_join_another_kubefed_namespace_is_used_on_both_sides() -> None:
    """Nothing is written to the usual one."""
    fleet, host, member = make_pair()
    config = host.objects(KUBEFED_CONFIGS)[0]
    metadata = place(Key("other", "kubefed"))
    host.add(KUBEFED_CONFIGS, {**config, "metadata": metadata})
    assert None is run_join(fleet, replace(OPTIONS, kubefed_namespace="other"))[1]
    assert None is not host.find(KUBEFED_CLUSTERS, Key("other", "c1"))
    assert None is not member.find(SERVICE_ACCOUNTS, Key("other", "c1-host"))


def test_join_another_context_and_host_name_are_used() -> None:
    """The context says where, the names say what it is called."""
    fleet, host, member = make_pair()
    options = replace(OPTIONS, cluster="eu", cluster_context="c1", host_cluster_name="hq")
    _, failure = run_join(fleet, options)
    assert None is failure
    assert None is not host.find(KUBEFED_CLUSTERS, Key(KNS, "eu"))
    assert None is not member.find(SERVICE_ACCOUNTS, Key(KNS, "eu-hq"))


def test_join_member_not_reachable_by_the_host_is_a_warning() -> None:
    """What the context reaches, the registration may not."""
    fleet, host, member = make_pair()
    member.fail_next("read", error(UnreachableError, 0, "Timeout"), times=2)
    events, failure = run_join(fleet)
    assert None is failure
    assert "warning: cluster c1 is joined, but not ready: Timeout" == words(events)[-1]
    assert not is_ready(registration_of(host))


def test_join_status_refused_is_a_warning() -> None:
    """The member is joined; the next sync writes its health."""
    fleet, host, _ = make_pair()
    host.fail_next("patch", error(ForbiddenError, 403))
    events, failure = run_join(fleet)
    assert None is failure
    assert words(events)[-1].startswith("warning: the status of KubeFedCluster c1 was not written")


def test_join_dry_run_checks_and_writes_nothing() -> None:
    """Both clusters must be reachable, neither is written."""
    fleet, host, member = make_pair()
    events, failure = run_join(fleet, replace(OPTIONS, is_dry_run=True))
    assert (None, [f"created KubeFedCluster/{KNS}/c1 in host (dry run)"]) == (
        failure,
        words(events),
    )
    assert ([], []) == (host.writes(), member.writes())


# --- refusals ------------------------------------------------------------------------------------


def _drop_config(host: MemoryCluster) -> None:
    host.remove(KUBEFED_CONFIGS, Key(KNS, "kubefed"))


def test_join_without_control_plane_touches_no_member() -> None:
    """The KubeFedConfig and its namespace are named."""
    fleet, host, member = make_pair()
    _drop_config(host)
    _, failure = run_join(fleet)
    assert isinstance(failure, ControlPlaneError)
    assert f"KubeFedConfig kubefed in namespace {KNS}" in failure.message
    assert [] == member.requests


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param(replace(OPTIONS, cluster="c_1"), InputError, id="cluster-name"),
        pytest.param(replace(OPTIONS, host_cluster_name="a/b"), InputError, id="host-name"),
        pytest.param(JoinOptions("c1"), InputError, id="no-host-name"),
        pytest.param(replace(OPTIONS, cluster_context="no"), KubeconfigError, id="context"),
    ],
)
def test_join_impossible_names_ask_nobody(
    options: JoinOptions, expected: type[KubefedctlError]
) -> None:
    """Names are looked at before any request."""
    fleet, host, member = make_pair()
    _, failure = run_join(fleet, options)
    assert isinstance(failure, expected)
    assert ([], []) == (host.requests, member.requests)


def _register_before(host: MemoryCluster, _: MemoryCluster) -> None:
    host.add(KUBEFED_CLUSTERS, {"metadata": place(CLUSTER_KEY), "spec": {}})


def _make_account_before(_: MemoryCluster, member: MemoryCluster) -> None:
    member.add(*make_service_account(NAMES))


def _make_token_before(_: MemoryCluster, member: MemoryCluster) -> None:
    member.add(*make_token_secret(NAMES))


def _make_binding_before(_: MemoryCluster, member: MemoryCluster) -> None:
    member.add(*make_roles(NAMES, scope="Cluster")[1])


def _make_secret_before(host: MemoryCluster, _: MemoryCluster) -> None:
    host.add(SECRETS, {"metadata": place(Key(KNS, "mine")), "data": {"token": "old"}})


@pytest.mark.parametrize("is_dry_run", [False, True], ids=["real", "dry-run"])
@pytest.mark.parametrize(
    ("prepare", "expected"),
    [
        (_register_before, f"KubeFedCluster/{KNS}/c1 in cluster host"),
        (_make_account_before, f"ServiceAccount/{ACCOUNT} in cluster c1"),
        (_make_token_before, f"Secret/{ACCOUNT} in cluster c1"),
        (_make_binding_before, f"ClusterRoleBinding/{ROLE} in cluster c1"),
        (_make_secret_before, f"Secret/{KNS}/mine in cluster host"),
    ],
    ids=["cluster", "account", "token", "binding", "secret"],
)
def test_join_something_there_is_refused_before_any_write(
    prepare: Callable[[MemoryCluster, MemoryCluster], None], expected: str, is_dry_run: bool
) -> None:
    """What an earlier join left is named; neither cluster is changed."""
    fleet, host, member = make_pair()
    prepare(host, member)
    _, failure = run_join(fleet, replace(OPTIONS, secret_name="mine", is_dry_run=is_dry_run))
    assert isinstance(failure, RefusedError)
    assert f"{expected} exists already" == failure.message
    assert ([], []) == (host.writes(), member.writes())


@pytest.mark.parametrize(
    ("side", "act", "name", "expected"),
    [
        ("member", "create", "c1-host", f"ServiceAccount/{ACCOUNT} in cluster c1"),
        ("member", "create", ROLE, f"ClusterRole/{ROLE} in cluster c1"),
        ("host", "create", "mine", f"Secret/{KNS}/mine in cluster host"),
        ("host", "create", "c1", f"KubeFedCluster/{KNS}/c1 in cluster host"),
    ],
    ids=["account", "role", "secret", "cluster"],
)
def test_join_something_made_meanwhile_is_refused(
    side: str, act: str, name: str, expected: str
) -> None:
    """Two joins at the same time: the second one stops, and overwrites nothing."""
    fleet, host, member = make_pair()
    makers = {
        "c1-host": (make_service_account(NAMES)),
        ROLE: make_roles(NAMES, scope="Cluster")[0],
        "mine": (SECRETS, {"metadata": place(Key(KNS, "mine")), "data": {"token": "old"}}),
        "c1": (KUBEFED_CLUSTERS, {"metadata": place(CLUSTER_KEY), "spec": {}}),
    }
    cluster = host if side == "host" else member
    cluster.before_next(act, lambda found: found.add(*makers[name]), name=name)
    _, failure = run_join(fleet, replace(OPTIONS, secret_name="mine"))
    assert isinstance(failure, RefusedError)
    assert f"{expected} exists already" == failure.message


@pytest.mark.parametrize("options", [OPTIONS, AGAIN], ids=["first", "again"])
def test_join_member_namespace_terminating_is_refused(options: JoinOptions) -> None:
    """Nothing can be made in a namespace that goes away."""
    fleet, host, member = make_pair()
    metadata = {"name": KNS, "deletionTimestamp": "2020-01-01T00:00:00Z", "finalizers": ["x"]}
    member.add(NAMESPACES, {"metadata": metadata})
    _, failure = run_join(fleet, options)
    assert isinstance(failure, RefusedError)
    assert f"Namespace/{KNS} in cluster c1 is being deleted" == failure.message
    assert ([], []) == (host.writes(), member.writes())


def test_join_token_never_comes_times_out_and_the_next_join_goes_on() -> None:
    """A member without token controller is told so; the host is not written."""
    _, host, _ = make_pair()
    plain = MemoryCluster("c1")
    _, failure = run_join(MemoryFleet(host, {"c1": plain}))
    assert isinstance(failure, WaitTimeout)
    assert f"Secret/{ACCOUNT} in cluster c1 has no token after 0s" == failure.message
    assert [] == host.writes()
    plain.alter(
        SECRETS, NAMES.service_account_key, data=issue_token(make_token_secret(NAMES)[1])["data"]
    )
    events, failure = run_join(MemoryFleet(host, {"c1": plain}), AGAIN)
    assert (None, [f"created KubeFedCluster/{KNS}/c1 in host"]) == (failure, words(events))


@pytest.mark.parametrize("name", [ROLE, "c1"], ids=["role", "cluster"])
def test_join_write_refused_ends_there_and_the_next_join_goes_on(name: str) -> None:
    """The cluster's words reach the user; what is half done can be completed."""
    fleet, host, member = make_pair()
    cluster = host if name == "c1" else member
    cluster.fail_next("create", error(ForbiddenError, 403), name=name)
    assert isinstance(run_join(fleet)[1], ForbiddenError)
    assert None is run_join(fleet, AGAIN)[1]
    assert is_ready(registration_of(host))
