"""Scenarios of joining that no other test holds; `tests.compat.scenarios` numbers them."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from kubefedctl.core.hostnames import name_host
from kubefedctl.core.joining import (
    make_kubefed_cluster,
    make_service_account,
)
from kubefedctl.errors import ForbiddenError, InputError
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, NAMESPACES, SECRETS, SERVICE_ACCOUNTS
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.join import join
from tests.cli.runs import HOST, MEMBER, CommandLine, Sandbox
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.membership import AGAIN, NAMES, OPTIONS, make_pair, run_join, secret_of
from tests.ops.stage import KNS, error, issue_token, make_host, told

PATIENT = Pace(5.0, 5.0, 5.0, 5.0, 0.001, 0.001)
EKS = "arn:aws:eks:eu-west-1:1:cluster/c"


@pytest.mark.parametrize("context", [EKS, "kubernetes-admin@kubernetes"])
def test_host_context_that_is_no_name_is_turned_into_one(context: str) -> None:
    """
    S10-06, S10-07: given as a name it is refused before any request; as a context it is renamed.

    The original refuses a context with a colon, and fails half way with other signs.
    """
    fleet, host, member = make_pair()
    given = replace(OPTIONS, host_cluster_context=context, host_cluster_name=context)
    _, failure = run_join(fleet, given)
    assert isinstance(failure, InputError)
    assert "--host-cluster-name" in failure.hint
    assert ([], []) == (host.requests, member.requests)
    assert None is run_join(fleet, replace(given, host_cluster_name=""))[1]
    [account] = member.objects(SERVICE_ACCOUNTS)
    name = name_host("c1", given="", context=context)
    assert context != name
    assert f"c1-{name}" == account["metadata"]["name"]


def test_host_context_with_a_host_name_is_joined_by_that() -> None:
    """S10-06: whatever the context is called."""
    fleet, _, member = make_pair()
    named = replace(OPTIONS, host_cluster_context=EKS, host_cluster_name="h")
    assert None is run_join(fleet, named)[1]
    assert None is not member.find(SERVICE_ACCOUNTS, Key(KNS, "c1-h"))


def test_unknown_cluster_context_is_named_and_nothing_is_written(
    ready: Sandbox, cli: CommandLine
) -> None:
    """S10-08: neither cluster is changed."""
    ready.forget_requests()
    message, _ = cli.fails("join", "c9", "--cluster-context", "nowhere", code=3)
    assert "nowhere" in message
    assert [] == ready.writes


def test_host_without_crds_is_told_and_the_member_is_untouched(
    bare: Sandbox, cli: CommandLine
) -> None:
    """S10-14: the error says what to do; the member is not even asked."""
    bare.forget_requests()
    message, hint = cli.fails("join", MEMBER, code=3)
    assert HOST in message
    assert "kubefedctl init" in hint
    assert [] == bare.writes


def _spec(endpoint: Endpoint) -> Object:
    _, body = make_kubefed_cluster(NAMES, endpoint, secret_name="given")
    spec: Object = body["spec"]
    return spec


def test_kubefed_cluster_of_a_bare_endpoint_has_the_secret_that_was_given() -> None:
    """S10-15, S10-28: address and Secret alone; without any CA there is no caBundle."""
    expected = {"apiEndpoint": "https://m", "secretRef": {"name": "given"}, "proxyURL": ""}
    assert expected == _spec(Endpoint("https://m"))


def test_kubefed_cluster_has_the_proxy_of_the_member() -> None:
    """S10-16: as the member's kubeconfig names it."""
    spec = _spec(Endpoint("https://m", proxy_url="https://proxy.example"))
    assert "https://proxy.example" == spec["proxyURL"]


def test_token_that_comes_late_is_waited_for() -> None:
    """S10-30: the token Secret is read until its controller has filled it."""
    host, member = make_host(members=()), MemoryCluster("c1")
    key = NAMES.service_account_key
    early: list[Object] = []

    def look(cluster: MemoryCluster) -> None:
        stored = cluster.find(SECRETS, key)
        if stored is not None and len(early) == 2:
            cluster.alter(SECRETS, key, data=issue_token(stored)["data"])
            return
        early.extend([stored] if stored is not None else [])
        cluster.before_next("get", look, name=key.name)

    member.before_next("get", look, name=key.name)
    _, failure = told(join(MemoryFleet(host, {"c1": member}), OPTIONS, pace=PATIENT))
    assert (None, 2) == (failure, len(early))
    assert base64.b64encode(b"jwt").decode() == secret_of(host)["data"]["token"]


def test_token_secret_is_chosen_beside_other_secrets_of_the_account() -> None:
    """S10-32: what an account lists first, such as a pull secret, is not taken for its token."""
    fleet, host, member = make_pair()
    account, body = make_service_account(NAMES)
    body["secrets"] = [{"name": "c1-host-dockercfg-x"}]
    member.add(NAMESPACES, {"metadata": {"name": KNS}})
    member.add(account, body)
    dockercfg = {"name": "c1-host-dockercfg-x", "namespace": KNS}
    member.add(SECRETS, {"metadata": dockercfg, "type": "kubernetes.io/dockercfg", "data": {}})
    assert None is run_join(fleet, AGAIN)[1]
    assert base64.b64encode(b"jwt").decode() == secret_of(host)["data"]["token"]


def test_namespace_that_is_there_is_used_by_who_may_make_none() -> None:
    """S10-33: it is not created again, so the right to create namespaces is not needed."""
    fleet, host, member = make_pair()
    member.add(NAMESPACES, {"metadata": {"name": KNS}})
    member.fail_next("create", error(ForbiddenError, 403), name=KNS)
    assert None is run_join(fleet)[1]
    assert None is not host.find(KUBEFED_CLUSTERS, Key(KNS, "c1"))


def test_refusal_of_a_webhook_reaches_the_user() -> None:
    """S10-36: its words are in the message."""
    fleet, host, _ = make_pair()
    words = 'admission webhook "kubefedclusters.core.kubefed.io" denied the request: no'
    host.fail_next("create", error(ForbiddenError, 403, words), name="c1")
    _, failure = run_join(fleet)
    assert isinstance(failure, ForbiddenError)
    assert words in failure.message
