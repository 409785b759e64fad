"""What a join writes, against what the Go kubefedctl 0.10 left behind on Kubernetes 1.34."""

from __future__ import annotations

from typing import Any

from kubefedctl.core.joining import (
    make_host_secret,
    make_join_names,
    make_kubefed_cluster,
    make_namespace,
    make_roles,
    make_service_account,
    make_token_secret,
)
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.wellknown import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES
from tests.compat.golden_files import read_whole

NAMES = make_join_names("cluster0", host_cluster_name="cluster1")


def _side(side: str) -> Any:
    return read_whole("join.yaml")[side]


def test_join_service_account_is_the_recorded_one() -> None:
    """The service account has KubeFed's name, annotation and no mounted token."""
    _, body = make_service_account(NAMES)
    assert [body] == _side("member cluster0")["serviceaccounts"]


def test_join_token_secret_is_the_recorded_one_before_its_controller_fills_it() -> None:
    """The token Secret asks for a token of the service account."""
    [recorded] = _side("member cluster0")["secrets"]
    del recorded["data"]
    del recorded["metadata"]["labels"]
    del recorded["metadata"]["annotations"]["kubernetes.io/service-account.uid"]
    _, body = make_token_secret(NAMES)
    assert body == recorded


def test_join_roles_in_cluster_scope_are_the_recorded_ones() -> None:
    """One cluster role and one binding of it, and no roles."""
    member = _side("member cluster0")
    assert make_roles(NAMES, scope="Cluster") == (
        (CLUSTER_ROLES, member["clusterroles"][0]),
        (CLUSTER_ROLE_BINDINGS, member["clusterrolebindings"][0]),
    )


def test_join_namespace_is_the_recorded_one_without_what_the_server_adds() -> None:
    """The namespace is made bare."""
    recorded = _side("member cluster0")["namespace"]
    for field in ("spec", "status"):
        del recorded[field]
    del recorded["metadata"]["labels"]
    _, body = make_namespace("kube-federation-system")
    assert body == recorded


def test_join_host_secret_is_the_recorded_one() -> None:
    """The host's Secret holds the token alone, under a generated name."""
    [recorded] = _side("host")["secret"]
    del recorded["metadata"]["name"]
    recorded["data"]["token"] = "dG9rZW4="
    _, body = make_host_secret(NAMES, b"token")
    assert body == recorded


def test_join_kubefed_cluster_is_the_recorded_one() -> None:
    """The KubeFedCluster has all recorded fields, an empty proxyURL among them."""
    recorded = _side("host")["kubefedcluster"]
    recorded["spec"]["caBundle"] = "UEVN"
    endpoint = Endpoint(server="https://127.0.0.1:PORT", ca_data=b"PEM")
    _, body = make_kubefed_cluster(NAMES, endpoint, secret_name="cluster0-jzlxd")
    assert body == recorded
