"""Tests of the host's name in its members: kept where it can be, made where it cannot."""

from __future__ import annotations

import re

import pytest

from kubefedctl.core.hostnames import explain_host_name, name_host
from kubefedctl.core.joining import make_join_names
from kubefedctl.errors import InputError

CONTEXTS = [
    "admin@kubernetes",
    "kubernetes-admin@kubernetes",
    "arn:aws:eks:eu-west-1:123:cluster/prod",
    "default/api-crc-testing:6443/kube:admin",
    "gke_project_europe-west1_prod",
    "Prod",
    "a.",
    "a..b",
    "ä",
    "@",
    "x" * 300,
]


@pytest.mark.parametrize("context", ["cluster1", "kind-host", "a.b", "0", "-a", "x" * 240])
def test_name_host_that_kubefed_would_take_is_kept(context: str) -> None:
    """The names of its objects are those of the original."""
    assert name_host("c1", given="", context=context) == context


@pytest.mark.parametrize("context", CONTEXTS)
def test_name_host_makes_a_label_that_join_accepts(context: str) -> None:
    """It is a DNS-1123 label, and all names made from it are accepted."""
    found = name_host("c1", given="", context=context)
    assert re.fullmatch("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", found)
    assert make_join_names("c1", host_cluster_name=found).host == found


def test_name_host_is_the_same_in_every_version() -> None:
    """Another name would leave what an earlier join made."""
    assert [name_host("c1", given="", context=context) for context in CONTEXTS[:3]] == [
        "admin-kubernetes-f6a8538b",
        "kubernetes-admin-kubernetes-564fc13e",
        "arn-aws-eks-eu-west-1-123-cluster-prod-423c4cd6",
    ]


def test_name_host_keeps_similar_contexts_apart() -> None:
    """Two hosts never share an account in a member because of it."""
    contexts = ["a@b", "a_b", "a:b", "A-b", "a/b"]
    assert len({name_host("c1", given="", context=context) for context in contexts}) == 5


def test_name_host_given_is_never_changed() -> None:
    """A wrong one is for the check of names to refuse."""
    assert name_host("c1", given="a/b", context="ctx") == "a/b"
    assert name_host("c1", given="", context="") == ""


@pytest.mark.parametrize("length", [189, 190, 200, 236, 244])
def test_name_host_fits_beside_a_long_cluster_name(length: int) -> None:
    """The names of the account and the Secret have 253 characters at most."""
    found = name_host("c" * length, given="", context="kubernetes-admin@kubernetes")
    assert make_join_names("c" * length, host_cluster_name=found)


def test_name_host_without_room_is_left_to_the_check_of_names() -> None:
    """Nothing is guessed where nothing fits."""
    found = name_host("c" * 246, given="", context="a@b")
    assert found == "a@b"
    with pytest.raises(InputError):
        make_join_names("c" * 246, host_cluster_name=found)


def test_explain_host_name_speaks_of_derived_names_alone() -> None:
    """The sentence has the name, its source and the way out."""
    assert explain_host_name("h", given="", context="h") == ""
    assert explain_host_name("h", given="h", context="a@b") == ""
    text = explain_host_name("a-b-1", given="", context="a@b")
    assert all(part in text for part in ("a-b-1", "a@b", "--host-cluster-name"))
