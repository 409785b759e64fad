"""Tests of what join checks before its first write, and of what it prints instead of writing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kubefedctl.core.joining import make_roles, make_service_account, make_token_secret
from kubefedctl.errors import (
    ClusterError,
    ForbiddenError,
    InputError,
    NotFoundError,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.clusters import is_ready
from kubefedctl.model.events import Documents
from kubefedctl.model.objects import labels_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import NAMESPACES, SECRETS, SERVICE_ACCOUNTS
from kubefedctl.ops.join import Rbac
from kubefedctl.ops.unjoin import UnjoinOptions, unjoin
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.membership import (
    AGAIN,
    NAMES,
    OPTIONS,
    make_pair,
    registration_of,
    run_join,
)
from tests.ops.stage import KNS, error, issue_token, make_host, steps, told, words

ODD = replace(OPTIONS, host_cluster_context="admin@kubernetes")
DERIVED = "admin-kubernetes-f6a8538b"

# --- names ---------------------------------------------------------------------------------------


def test_join_under_an_odd_context_makes_a_name_and_tells_it() -> None:
    """The line says which name, and how to give another; unjoin finds the same objects."""
    fleet, _, member = make_pair()
    events, failure = run_join(fleet, ODD)
    assert None is failure
    assert DERIVED in steps(events)[0]
    assert "--host-cluster-name" in steps(events)[0]
    assert None is not member.find(SERVICE_ACCOUNTS, Key(KNS, f"c1-{DERIVED}"))
    events, failure = told(
        unjoin(
            fleet,
            UnjoinOptions("c1", host_cluster_context="admin@kubernetes"),
            confirm=lambda question: None,
        )
    )
    assert None is failure
    assert DERIVED in steps(events)[0]
    assert [] == member.objects(SERVICE_ACCOUNTS)


@pytest.mark.parametrize("url", ["c1:6443", "https://", "https://a b"])
def test_join_impossible_endpoint_asks_nobody(url: str) -> None:
    """It is looked at before any request."""
    fleet, host, member = make_pair()
    _, failure = run_join(fleet, replace(OPTIONS, api_endpoint=url))
    assert isinstance(failure, InputError)
    assert ([], []) == (host.requests, member.requests)


# --- permissions ---------------------------------------------------------------------------------


def _allow_all_but(*denied: str) -> Callable[[Object], bool]:
    def may(spec: Object) -> bool:
        asked = spec.get("resourceAttributes") or spec["nonResourceAttributes"]
        if asked["verb"] == "*":
            return False
        return f"{asked['verb']} {asked.get('resource') or asked.get('path')}" not in denied

    return may


def _deny(cluster: MemoryCluster, *denied: str) -> None:
    cluster.may = _allow_all_but(*denied)


def test_join_tells_all_missing_permissions_at_once() -> None:
    """Both clusters are named in one error, and nothing is written."""
    fleet, host, member = make_pair()
    _deny(host, "create secrets")
    _deny(member, "create serviceaccounts", "create clusterroles", "create namespaces")
    _, failure = run_join(fleet)
    assert isinstance(failure, ForbiddenError)
    rbac = "rbac.authorization.k8s.io"
    assert (
        f"cannot join cluster c1: you may not create secrets in namespace {KNS} in cluster host,"
        f" nor create namespaces; create serviceaccounts in namespace {KNS};"
        f" create clusterroles.{rbac} in cluster c1: 403 Forbidden"
    ) == failure.message
    assert ([], []) == (host.writes(), member.writes())


def test_join_administrator_is_asked_one_question_in_each_cluster() -> None:
    """Who may do everything may join."""
    fleet, host, member = make_pair()
    assert None is run_join(fleet)[1]
    everything = {"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}}
    assert ([everything], [everything]) == (host.reviews, member.reviews)


def test_join_without_escalate_and_the_rights_is_refused() -> None:
    """RBAC lets nobody grant what they lack."""
    fleet, _, member = make_pair()
    _deny(member, "escalate clusterroles")
    _, failure = run_join(fleet)
    assert isinstance(failure, ForbiddenError)
    assert "escalate clusterroles.rbac.authorization.k8s.io (or hold" in failure.message
    assert "bind" not in failure.message


def test_join_with_escalate_and_bind_goes_on_without_the_rights() -> None:
    """They stand in for the rights themselves."""
    fleet, host, member = make_pair()
    _deny(host)
    _deny(member)
    assert None is run_join(fleet)[1]


def test_join_holding_the_types_rights_needs_no_escalate() -> None:
    """With --rbac types a caller who is allowed as much is allowed to grant it."""
    fleet, _, member = make_pair()
    _deny(member, "escalate clusterroles", "bind clusterroles")
    _, failure = run_join(fleet, replace(OPTIONS, rbac=Rbac.TYPES))
    assert None is failure


def test_join_namespace_there_needs_no_right_to_make_one() -> None:
    """What is there is not made."""
    fleet, _, member = make_pair()
    member.add(NAMESPACES, {"metadata": {"name": KNS}})
    _deny(member, "create namespaces")
    assert None is run_join(fleet)[1]


def test_join_again_needs_no_right_to_make_what_is_there() -> None:
    """A caller with little can complete what another began."""
    fleet, _, member = make_pair()
    assert None is run_join(fleet)[1]
    _deny(
        member,
        *(
            f"{verb} {plural}"
            for verb in ("create", "update", "escalate", "bind")
            for plural in ("serviceaccounts", "clusterroles", "clusterrolebindings")
        ),
    )
    assert None is run_join(fleet, AGAIN)[1]


@pytest.mark.parametrize("side", ["host", "member"])
@pytest.mark.parametrize(
    "failure", [error(ForbiddenError, 403), error(NotFoundError, 404)], ids=["403", "404"]
)
def test_join_where_nobody_answers_such_questions_goes_on(side: str, failure: ClusterError) -> None:
    """It is told to those who want to know."""
    fleet, host, member = make_pair()
    (host if side == "host" else member).review_failure = failure
    events, ended = run_join(fleet)
    assert None is ended
    silent = [text for text in steps(events) if "does not tell what you may do" in text]
    assert 1 == len(silent)


def test_join_unreadable_namespace_is_one_of_the_missing_permissions() -> None:
    """It does not hide the others."""
    fleet, _, member = make_pair()
    member.fail_next("get", error(ForbiddenError, 403), name=KNS)
    _deny(member, "get namespaces", "create secrets")
    _, failure = run_join(fleet)
    assert isinstance(failure, ForbiddenError)
    assert "get namespaces" in failure.message
    assert "create secrets" in failure.message


# --- the endpoint --------------------------------------------------------------------------------


def _pair_at(member_url: str, host_url: str) -> MemoryFleet:
    host, member = make_host(members=()), MemoryCluster("c1", server=member_url)
    host._endpoint = replace(host.endpoint, server=host_url)  # the stage makes no other
    member.react_to(SECRETS, issue_token)
    return MemoryFleet(host, {"c1": member})


def test_join_loopback_endpoint_is_a_warning_and_can_be_given() -> None:
    """The host would look for the member on its own machine."""
    fleet = _pair_at("https://127.0.0.1:6443", "https://10.0.0.1:6443")
    events, failure = run_join(fleet)
    assert None is failure
    assert "is a loopback address" in words(events)[0]
    given = replace(AGAIN, api_endpoint="https://10.0.0.2:6443")
    events, failure = run_join(fleet, given)
    assert (None, [f"updated KubeFedCluster/{KNS}/c1 in host"]) == (failure, words(events))
    assert "https://10.0.0.2:6443" == registration_of(fleet.host)["spec"]["apiEndpoint"]


# --- labels, wait, documents ---------------------------------------------------------------------


def test_join_labels_are_the_clusters_and_those_of_others_stay() -> None:
    """Placement selectors match them."""
    fleet, host, _ = make_pair()
    run_join(fleet, replace(OPTIONS, labels={"region": "eu"}))
    assert {"region": "eu"} == labels_of(registration_of(host))
    _, failure = run_join(fleet, replace(AGAIN, labels={"tier": "gold"}))
    assert None is failure
    assert {"region": "eu", "tier": "gold"} == labels_of(registration_of(host))


def test_join_wait_asks_until_the_cluster_is_ready() -> None:
    """The status is written as a sync would."""
    fleet, host, member = make_pair()
    member.fail_next("read", error(UnreachableError, 0, "Timeout"), times=4)
    events, failure = run_join(fleet, replace(OPTIONS, wait=5.0))
    assert None is failure
    assert is_ready(registration_of(host))
    assert [f"created KubeFedCluster/{KNS}/c1 in host"] == words(events)


def test_join_wait_ends_with_a_timeout() -> None:
    """The cluster stays joined."""
    fleet, host, member = make_pair()
    member.fail_next("read", error(UnreachableError, 0, "Timeout"), times=1000)
    _, failure = run_join(fleet, replace(OPTIONS, wait=0.0))
    assert isinstance(failure, WaitTimeout)
    assert "cluster c1 is joined, but not ready after 0s: Timeout" == failure.message
    assert not is_ready(registration_of(host))


def test_join_documents_are_the_objects_without_a_token() -> None:
    """They are printed in the order of the writes; nothing is written."""
    fleet, host, member = make_pair()
    options = replace(OPTIONS, prints_objects=True, secret_name="mine", labels={"a": "b"})
    events, failure = run_join(fleet, options)
    assert None is failure
    [found] = [event for event in events if isinstance(event, Documents)]
    roles = [body for _, body in make_roles(NAMES, scope="Cluster")]
    account, secret = make_service_account(NAMES)[1], make_token_secret(NAMES)[1]
    assert [account, secret, *roles] == list(found.objects[1:-1])
    registered = found.objects[-1]
    assert {"a": "b"} == registered["metadata"]["labels"]
    assert {"name": "mine"} == registered["spec"]["secretRef"]
    assert not [body for body in found.objects if "data" in body]
    assert ([], []) == (host.writes(), member.writes())
