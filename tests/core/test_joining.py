"""Tests of what a join writes and an unjoin deletes."""

from __future__ import annotations

import pytest

from kubefedctl.core.joining import (
    make_host_secret,
    make_join_names,
    make_kubefed_cluster,
    make_roles,
    unjoin_targets,
)
from kubefedctl.errors import InputError
from kubefedctl.model.clusters import Endpoint, parse_registration
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
)

NAMES = make_join_names("c2", host_cluster_name="c1")
SUBJECT = {"kind": "ServiceAccount", "name": "c2-c1", "namespace": "kube-federation-system"}


# --- names ---------------------------------------------------------------------------------------


def test_join_names_are_those_of_kubefed() -> None:
    """All names follow from the member's, the host's and the namespace."""
    assert (NAMES.service_account, NAMES.role, NAMES.health_check) == (
        "c2-c1",
        "kubefed-controller-manager:c2-c1",
        "kubefed-controller-manager:kube-federation-system:healthcheck-c2-c1",
    )


def test_join_names_keys_are_in_the_kubefed_namespace() -> None:
    """The KubeFedCluster and the service account are in the same namespace of two clusters."""
    names = make_join_names("c2", host_cluster_name="c1", namespace="ns")
    assert (names.cluster_key, names.service_account_key) == (Key("ns", "c2"), Key("ns", "c2-c1"))


def test_join_names_of_the_host_itself_are_possible() -> None:
    """The host can be a member of itself."""
    assert make_join_names("c1", host_cluster_name="c1").service_account == "c1-c1"


@pytest.mark.parametrize("host", ["c1", "eu.west-1", "1", "a" * 250, "kind-host"])
def test_join_names_possible_host_is_accepted(host: str) -> None:
    """Whatever makes a DNS subdomain of the service account's name is fine."""
    assert make_join_names("c2", host_cluster_name=host).host == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        "kubernetes-admin@kubernetes",
        "arn:aws:eks:eu-west-1:1:cluster/c",
        "gke_project_zone_name",
        "ns/host:6443/user",
        "Prod",
        "c1-",
        "c1.",
        ".c1",
        "a..b",
        "c1\n",
        "ü",
        "a" * 251,
    ],
    ids=[
        "empty",
        "kubeadm",
        "arn",
        "gke",
        "openshift",
        "upper-case",
        "dash-at-end",
        "dot-at-end",
        "dot-at-start",
        "two-dots",
        "line-break",
        "umlaut",
        "too-long",
    ],
)
def test_join_names_impossible_host_is_refused_naming_the_flag(host: str) -> None:
    """A context's name that cannot be in a service account's name needs --host-cluster-name."""
    with pytest.raises(InputError) as raised:
        make_join_names("c2", host_cluster_name=host)
    assert raised.value.hint == "give the host cluster a name with --host-cluster-name"


@pytest.mark.parametrize("cluster", ["", "C2", "a@b", "a/b", "-c", "c_2", "a" * 254])
def test_join_names_impossible_cluster_is_refused_naming_the_flag(cluster: str) -> None:
    """A member's name becomes an object's name; its context can be called otherwise."""
    with pytest.raises(InputError) as raised:
        make_join_names(cluster, host_cluster_name="c1")
    assert "--cluster-context" in raised.value.hint


# --- objects -------------------------------------------------------------------------------------


def test_make_roles_namespaced_scope_grants_the_namespace_and_a_health_check() -> None:
    """In scope Namespaced only /healthz and the list of nodes are granted cluster-wide."""
    roles = make_roles(NAMES, scope="Namespaced")
    health = "kubefed-controller-manager:kube-federation-system:healthcheck-c2-c1"
    found = [
        (resource, body["metadata"], body.get("rules") or [body["roleRef"], *body["subjects"]])
        for resource, body in roles
    ]
    inside = {"name": "kubefed-controller-manager:c2-c1", "namespace": "kube-federation-system"}
    group = {"apiGroup": "rbac.authorization.k8s.io"}
    assert found == [
        (ROLES, inside, [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]),
        (ROLE_BINDINGS, inside, [{**group, "kind": "Role", "name": inside["name"]}, SUBJECT]),
        (
            CLUSTER_ROLES,
            {"name": health},
            [
                {"verbs": ["Get"], "nonResourceURLs": ["/healthz"]},
                {"verbs": ["list"], "apiGroups": [""], "resources": ["nodes"]},
            ],
        ),
        (
            CLUSTER_ROLE_BINDINGS,
            {"name": health},
            [{**group, "kind": "ClusterRole", "name": health}, SUBJECT],
        ),
    ]


@pytest.mark.parametrize("scope", ["Cluster", "", "cluster", "namespaced"])
def test_make_roles_any_other_scope_is_cluster_wide(scope: str) -> None:
    """As in KubeFed, only the exact word Namespaced narrows the roles."""
    assert [resource for resource, _ in make_roles(NAMES, scope=scope)] == [
        CLUSTER_ROLES,
        CLUSTER_ROLE_BINDINGS,
    ]


def test_make_host_secret_with_a_name_has_it() -> None:
    """--secret-name is used as it is."""
    _, body = make_host_secret(NAMES, b"t", secret_name="mine")
    assert body["metadata"] == {"name": "mine", "namespace": "kube-federation-system"}


@pytest.mark.parametrize(
    ("endpoint", "member_ca", "expected"),
    [
        (Endpoint("https://a"), b"", {"proxyURL": ""}),
        (Endpoint("https://a", ca_data=b"K"), b"S", {"caBundle": "Sw==", "proxyURL": ""}),
        (Endpoint("https://a"), b"S", {"caBundle": "Uw==", "proxyURL": ""}),
        (
            Endpoint("https://a", insecure=True),
            b"S",
            {"caBundle": "Uw==", "disabledTLSValidations": ["*"], "proxyURL": ""},
        ),
        (Endpoint("https://a", proxy_url="socks5://p:1"), b"", {"proxyURL": "socks5://p:1"}),
    ],
    ids=["bare", "kubeconfig-ca-first", "secret-ca", "insecure", "proxy"],
)
def test_make_kubefed_cluster_records_how_the_member_is_reached(
    endpoint: Endpoint, member_ca: bytes, expected: Object
) -> None:
    """The kubeconfig's CA comes before the Secret's; proxyURL is always there."""
    _, body = make_kubefed_cluster(NAMES, endpoint, secret_name="s", member_ca=member_ca)
    assert body["spec"] == {"apiEndpoint": "https://a", "secretRef": {"name": "s"}, **expected}


def test_make_kubefed_cluster_is_read_back_as_it_was_made() -> None:
    """What join writes is what sync reads."""
    endpoint = Endpoint("https://a", ca_data=b"PEM", insecure=True, proxy_url="http://p")
    found = parse_registration(make_kubefed_cluster(NAMES, endpoint, secret_name="s")[1])
    assert (found.api_endpoint, found.ca_bundle, found.proxy_url, found.secret_name) == (
        "https://a",
        b"PEM",
        "http://p",
        "s",
    )


def test_unjoin_targets_are_those_of_both_scopes_in_order() -> None:
    """Bindings go before roles, the account goes last."""
    role = "kubefed-controller-manager:c2-c1"
    health = "kubefed-controller-manager:kube-federation-system:healthcheck-c2-c1"
    assert unjoin_targets(NAMES) == (
        (CLUSTER_ROLE_BINDINGS, Key("", role)),
        (CLUSTER_ROLES, Key("", role)),
        (CLUSTER_ROLE_BINDINGS, Key("", health)),
        (CLUSTER_ROLES, Key("", health)),
        (ROLE_BINDINGS, Key("kube-federation-system", role)),
        (ROLES, Key("kube-federation-system", role)),
        (SERVICE_ACCOUNTS, Key("kube-federation-system", "c2-c1")),
    )
