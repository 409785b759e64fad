"""Tests of joining a member again: what is renewed, what is kept, what is dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.errors import (
    ForbiddenError,
    RefusedError,
    UnreachableError,
)
from kubefedctl.model.clusters import is_ready
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Key
from kubefedctl.model.wellknown import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    KUBEFED_CLUSTERS,
    SECRETS,
)
from kubefedctl.ops.join import JoinOptions
from tests.fakes import MemoryCluster
from tests.ops.membership import (
    AGAIN,
    CLUSTER_KEY,
    JWT,
    OPTIONS,
    ROLE,
    make_pair,
    registration_of,
    run_join,
    secret_of,
)
from tests.ops.stage import KNS, error, place, words

# --- joining again -------------------------------------------------------------------------------


def test_join_twice_is_refused() -> None:
    """By default an existing registration is not touched."""
    fleet, host, _ = make_pair()
    run_join(fleet)
    before = registration_of(host)
    assert isinstance(run_join(fleet)[1], RefusedError)
    assert before == registration_of(host)


def test_join_again_with_the_same_secret_rewrites_nothing() -> None:
    """Nothing but the probe's time is new."""
    fleet, host, member = make_pair()
    run_join(fleet, replace(OPTIONS, secret_name="mine"))
    before = secret_of(host)
    host.requests.clear()
    member.requests.clear()
    events, failure = run_join(fleet, replace(AGAIN, secret_name="mine"))
    assert (None, [f"unchanged KubeFedCluster/{KNS}/c1 in host"]) == (failure, words(events))
    assert (before, []) == (secret_of(host), member.writes())
    assert {("patch", f"KubeFedCluster/{KNS}/c1")} >= set(host.writes())


def test_join_again_with_a_rotated_token_renews_the_secret() -> None:
    """The host gets the token that counts now."""
    fleet, host, _ = make_pair()
    run_join(fleet, replace(OPTIONS, secret_name="mine"))
    host.alter(SECRETS, Key(KNS, "mine"), data={"token": "b2xk"})
    assert None is run_join(fleet, replace(AGAIN, secret_name="mine"))[1]
    assert {"token": JWT} == secret_of(host)["data"]


def test_join_again_without_a_secret_name_drops_the_former_secret() -> None:
    """A generated Secret that nothing refers to any more would be left for ever."""
    fleet, host, _ = make_pair()
    run_join(fleet)
    former = key_of(secret_of(host))
    events, failure = run_join(fleet, AGAIN)
    assert (None, [f"updated KubeFedCluster/{KNS}/c1 in host"]) == (failure, words(events))
    assert former != key_of(secret_of(host))
    assert None is host.find(SECRETS, former)


def test_join_again_former_secret_cannot_be_dropped_is_a_warning() -> None:
    """The member is joined all the same."""
    fleet, host, _ = make_pair()
    run_join(fleet)
    former = key_of(secret_of(host))
    host.fail_next("delete", error(ForbiddenError, 403))
    events, failure = run_join(fleet, AGAIN)
    assert None is failure
    expected = f"warning: nothing needs Secret/{former} in cluster host any more, but it is left"
    assert words(events)[-1].startswith(expected)
    assert is_ready(registration_of(host))


@pytest.mark.parametrize("name", ["handmade", "c1-handmade"])
def test_join_again_somebody_s_own_secret_is_kept(name: str) -> None:
    """Only what join generated is join's to delete."""
    fleet, host, _ = make_pair()
    run_join(fleet, replace(OPTIONS, secret_name=name))
    assert None is run_join(fleet, AGAIN)[1]
    assert None is not host.find(SECRETS, Key(KNS, name))


def test_join_again_keeps_labels_and_renews_the_spec() -> None:
    """Labels choose placements and are not join's."""
    fleet, host, _ = make_pair()
    metadata = {**place(CLUSTER_KEY), "labels": {"region": "eu"}}
    host.add(KUBEFED_CLUSTERS, {"metadata": metadata, "spec": {"apiEndpoint": "https://old"}})
    assert None is run_join(fleet, AGAIN)[1]
    registered = registration_of(host)
    assert ({"region": "eu"}, "https://c1.example") == (
        registered["metadata"]["labels"],
        registered["spec"]["apiEndpoint"],
    )


def test_join_again_dry_run_says_updated() -> None:
    """A registration that is there would be brought up to date."""
    fleet, _, _ = make_pair()
    run_join(fleet)
    events, _ = run_join(fleet, replace(AGAIN, is_dry_run=True))
    assert [f"updated KubeFedCluster/{KNS}/c1 in host (dry run)"] == words(events)


def test_join_again_renews_rules_and_subjects() -> None:
    """Rights that somebody narrowed are given again."""
    fleet, _, member = make_pair()
    run_join(fleet)
    key = Key("", ROLE)
    good = [member.find(resource, key) or {} for resource in (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS)]
    member.alter(CLUSTER_ROLES, key, rules=[])
    member.alter(CLUSTER_ROLE_BINDINGS, key, subjects=[])
    member.requests.clear()
    assert None is run_join(fleet, AGAIN)[1]
    assert ["update", "update"] == [act for act, _ in member.writes()]
    assert good[0]["rules"] == (member.find(CLUSTER_ROLES, key) or {})["rules"]
    assert good[1]["subjects"] == (member.find(CLUSTER_ROLE_BINDINGS, key) or {})["subjects"]


def test_join_again_binding_to_another_role_is_replaced() -> None:
    """A roleRef cannot be changed."""
    fleet, _, member = make_pair()
    run_join(fleet)
    key = Key("", ROLE)
    good = (member.find(CLUSTER_ROLE_BINDINGS, key) or {})["roleRef"]
    member.alter(CLUSTER_ROLE_BINDINGS, key, roleRef={**good, "name": "other"})
    member.requests.clear()
    assert None is run_join(fleet, AGAIN)[1]
    subject = f"ClusterRoleBinding/{ROLE}"
    assert [("delete", subject), ("create", subject)] == member.writes()
    assert good == (member.find(CLUSTER_ROLE_BINDINGS, key) or {})["roleRef"]


@pytest.mark.parametrize("ca", [7, "%%"], ids=["number", "no-base64"])
def test_join_ca_of_the_token_secret_unusable_is_left_out(ca: Any) -> None:
    """What is no CA is not recorded as one."""
    fleet, host, member = make_pair()
    member.react_to(SECRETS, lambda made: {**made, "data": {"token": JWT, "ca.crt": ca}})
    assert None is run_join(fleet)[1]
    assert "caBundle" not in registration_of(host)["spec"]


# --- Secrets of joins that were cut short --------------------------------------------------------


def _leave_secret(host: MemoryCluster, *, made: str = "c1-") -> Key:
    metadata = {"namespace": KNS, "generateName": made, "name": f"{made}left"}
    return key_of(host.add(SECRETS, {"metadata": metadata, "data": {"token": JWT}}))


def test_join_again_drops_the_secret_of_a_join_that_was_cut_short() -> None:
    """No KubeFedCluster ever named it."""
    fleet, host, _ = make_pair()
    left, others = _leave_secret(host), _leave_secret(host, made="c1-east-")
    assert None is run_join(fleet, AGAIN)[1]
    assert (None, others) == (host.find(SECRETS, left), key_of(host.find(SECRETS, others) or {}))
    assert is_ready(registration_of(host))


@pytest.mark.parametrize("options", [OPTIONS, replace(AGAIN, secret_name="mine")])
def test_join_that_updates_nothing_or_names_its_secret_looks_for_no_other(
    options: JoinOptions,
) -> None:
    """The first join asks for no right to list Secrets."""
    fleet, host, _ = make_pair()
    left = _leave_secret(host)
    assert None is run_join(fleet, options)[1]
    assert None is not host.find(SECRETS, left)
    assert ("list", "secrets") not in host.requests


@pytest.mark.parametrize("plural", ["secrets", "kubefedclusters"])
def test_join_again_by_one_who_may_not_list_drops_the_registered_secret_alone(plural: str) -> None:
    """What cannot be seen whole is not deleted, and is no failure."""
    fleet, host, _ = make_pair()
    run_join(fleet)
    former, left = key_of(secret_of(host)), _leave_secret(host)
    host.fail_next("list", error(ForbiddenError, 403), name=plural)
    assert None is run_join(fleet, AGAIN)[1]
    assert None is host.find(SECRETS, former)
    assert None is not host.find(SECRETS, left)


def test_join_again_list_not_answered_ends_before_any_write() -> None:
    """Nothing is half done then."""
    fleet, host, member = make_pair()
    left = _leave_secret(host)
    host.fail_next("list", error(UnreachableError, 0), name="secrets")
    assert isinstance(run_join(fleet, AGAIN)[1], UnreachableError)
    assert ([], []) == (host.writes(), member.writes())
    assert None is not host.find(SECRETS, left)


def test_join_again_secret_made_anew_meanwhile_is_kept() -> None:
    """A DELETE names the uid that was seen."""
    fleet, host, _ = make_pair()
    left = _leave_secret(host)

    def meddle(cluster: MemoryCluster) -> None:
        cluster.remove(SECRETS, left)
        _leave_secret(cluster)

    host.before_next("delete", meddle, name=left.name)
    events, failure = run_join(fleet, AGAIN)
    assert None is failure
    assert words(events)[-1].startswith(
        f"warning: nothing needs Secret/{left} in cluster host any more"
    )
    assert None is not host.find(SECRETS, left)
