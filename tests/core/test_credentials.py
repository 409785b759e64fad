"""Tests of tokens that end: what is asked for, what is recorded, when a new one is due."""

from __future__ import annotations

import pytest

from kubefedctl.core.credentials import (
    credential_annotations,
    has_ending_token,
    make_token_request,
    needs_renewal,
    read_token,
)
from kubefedctl.core.joining import make_join_names, make_roles
from kubefedctl.model.refs import Object
from tests.core.makers import CONFIG_MAP

NAMES = make_join_names("c2", host_cluster_name="c1")
ISSUED, EXPIRES = "kubefed.io/token-issued", "kubefed.io/token-expires"


def _cluster(**noted: str) -> Object:
    return {"metadata": {"name": "c2", "annotations": noted}}


def test_make_token_request_is_for_the_account() -> None:
    """It goes to the account's subresource."""
    resource, body = make_token_request(NAMES)
    path = resource.path(namespace=NAMES.namespace)
    assert path == "/api/v1/namespaces/kube-federation-system/serviceaccounts/c2-c1/token"
    assert body["spec"] == {"audiences": [], "expirationSeconds": 2592000}


@pytest.mark.parametrize("answer", [{}, {"status": None}, {"status": {"token": 1}}])
def test_read_token_of_an_answer_without_one_is_empty(answer: Object) -> None:
    """It is for the caller to refuse."""
    assert read_token(answer) == ("", "")


def test_credential_annotations_record_end_start_and_host() -> None:
    """A token that stays leaves none."""
    assert credential_annotations(NAMES, issued="a", expires="") == {}
    assert credential_annotations(NAMES, issued="a", expires="b") == {
        EXPIRES: "b",
        ISSUED: "a",
        "kubefed.io/host-cluster-name": "c1",
    }


@pytest.mark.parametrize(
    ("noted", "expected"),
    [
        ({}, False),
        ({ISSUED: "2026-01-01T00:00:00Z", EXPIRES: "2026-01-31T00:00:00Z"}, False),
        ({ISSUED: "2025-12-11T00:00:00Z", EXPIRES: "2026-01-10T00:00:00Z"}, True),
        ({ISSUED: "2025-12-01T00:00:00Z", EXPIRES: "2025-12-31T00:00:00Z"}, True),
        ({ISSUED: "2026-01-04T23:30:00Z", EXPIRES: "2026-01-05T00:30:00Z"}, False),
        ({EXPIRES: "2026-01-31T00:00:00Z"}, True),
        ({ISSUED: "x", EXPIRES: "2026-01-31T00:00:00Z"}, True),
        ({ISSUED: "2026-01-01T00:00:00", EXPIRES: "2026-01-31T00:00:00"}, True),
    ],
    ids=["stays", "young", "last-third", "ended", "short-life", "no-start", "nonsense", "no-zone"],
)
def test_needs_renewal_in_the_last_third_of_its_life(noted: Object, expected: bool) -> None:
    """What cannot be read is renewed, so that it can be."""
    assert needs_renewal(_cluster(**noted), now="2026-01-05T00:00:00Z") is expected


def test_has_ending_token_reads_the_record() -> None:
    """A cluster that is not joined yet has none."""
    assert not has_ending_token(None)
    assert has_ending_token(_cluster(**{EXPIRES: "b"}))


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_make_roles_let_a_narrow_account_ask_for_its_own_token_alone(scope: str) -> None:
    """By name, in the KubeFed namespace."""
    made = make_roles(NAMES, scope=scope, types=(CONFIG_MAP,), renews_token=True)
    [role] = [body for _, body in made if body["kind"] == "Role"]
    assert role["metadata"]["namespace"] == NAMES.namespace
    assert {
        "verbs": ["create"],
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": ["c2-c1"],
    } in role["rules"]


@pytest.mark.parametrize("scope", ["Cluster", "Namespaced"])
def test_make_roles_of_a_full_account_are_those_of_the_original(scope: str) -> None:
    """It may do so already."""
    assert make_roles(NAMES, scope=scope, renews_token=True) == make_roles(NAMES, scope=scope)
