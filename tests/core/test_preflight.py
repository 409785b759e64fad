"""Tests of what a join needs to be allowed."""

from __future__ import annotations

import pytest

from kubefedctl.core.joining import (
    make_join_names,
    make_namespace,
    make_roles,
    make_service_account,
)
from kubefedctl.core.preflight import (
    EVERYTHING,
    Permission,
    describe_missing,
    grant_permissions,
    granted_permissions,
    host_permissions,
    is_allowed,
    make_review,
    read_permissions,
    write_permissions,
)
from kubefedctl.model.objects import key_of

NS = "kube-federation-system"
RBAC = "rbac.authorization.k8s.io"
NAMES = make_join_names("c2", host_cluster_name="c1")
BODIES = (
    make_namespace(NS),
    make_service_account(NAMES),
    *make_roles(NAMES, scope="Cluster"),
)


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        (
            Permission("create", "roles", RBAC, "n"),
            {
                "resourceAttributes": {
                    "verb": "create",
                    "group": RBAC,
                    "resource": "roles",
                    "namespace": "n",
                }
            },
        ),
        (Permission("get", "nodes"), {"resourceAttributes": {"verb": "get", "resource": "nodes"}}),
        (
            Permission("get", path="/healthz"),
            {"nonResourceAttributes": {"verb": "get", "path": "/healthz"}},
        ),
        (
            EVERYTHING,
            {"resourceAttributes": {"verb": "*", "group": "*", "resource": "*"}},
        ),
    ],
    ids=["namespaced", "core", "url", "everything"],
)
def test_make_review_asks_for_one_permission(
    permission: Permission, expected: dict[str, object]
) -> None:
    """As authorization.k8s.io/v1 has it."""
    assert make_review(permission)["spec"] == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [({"allowed": True}, True), ({"allowed": False}, False), ({}, None), ({"allowed": "no"}, None)],
)
def test_is_allowed_reads_the_answer(status: dict[str, object], expected: bool | None) -> None:
    """What is no answer is None, not a refusal."""
    assert is_allowed({"status": status}) is expected


def test_host_permissions_are_those_of_the_writes_to_come() -> None:
    """A named Secret is read first; a KubeFedCluster that is there is updated."""
    assert [str(p) for p in host_permissions("n", secret_name="", is_registered=False)] == [
        "create secrets in namespace n",
        "get kubefedclusters.core.kubefed.io in namespace n",
        "create kubefedclusters.core.kubefed.io in namespace n",
    ]
    assert [str(p) for p in host_permissions("n", secret_name="s", is_registered=True)] == [
        "get secrets in namespace n",
        "create secrets in namespace n",
        "get kubefedclusters.core.kubefed.io in namespace n",
        "update kubefedclusters.core.kubefed.io in namespace n",
    ]


def test_read_permissions_are_one_for_each_kind_of_object() -> None:
    """Namespaced kinds are read in the KubeFed namespace alone."""
    assert [str(p) for p in read_permissions(BODIES)] == [
        "get namespaces",
        f"get serviceaccounts in namespace {NS}",
        f"get clusterroles.{RBAC}",
        f"get clusterrolebindings.{RBAC}",
    ]


def test_write_permissions_leave_out_what_is_there() -> None:
    """A user who may not make namespaces can join where one is."""
    existing = {(resource, key_of(body)): body for resource, body in BODIES}
    assert () == write_permissions(BODIES, existing)
    del existing[BODIES[1][0], key_of(BODIES[1][1])]
    assert [f"create serviceaccounts in namespace {NS}"] == [
        str(p) for p in write_permissions(BODIES, existing)
    ]


def test_write_permissions_of_other_rules_and_other_role_refs() -> None:
    """Rules are updated; a binding to another role is made anew."""
    (role, role_body), (binding, binding_body) = BODIES[2:]
    existing = {
        (role, key_of(role_body)): {**role_body, "rules": []},
        (binding, key_of(binding_body)): {**binding_body, "roleRef": {"name": "other"}},
    }
    assert [
        f"update clusterroles.{RBAC}",
        f"delete clusterrolebindings.{RBAC}",
        f"create clusterrolebindings.{RBAC}",
    ] == [str(p) for p in write_permissions(BODIES[2:], existing)]


def test_grant_permissions_are_escalate_and_bind() -> None:
    """They let somebody hand on what they lack."""
    assert [f"escalate clusterroles.{RBAC}", f"bind clusterroles.{RBAC}"] == [
        str(p) for p in grant_permissions(BODIES)
    ]
    assert [f"{verb} roles.{RBAC} in namespace {NS}" for verb in ("escalate", "bind")] == [
        str(p) for p in grant_permissions(make_roles(NAMES, scope="Namespaced")[:2])
    ]


def test_granted_permissions_are_all_of_the_rules() -> None:
    """Resources and URLs."""
    assert (EVERYTHING, Permission("get", path="*")) == granted_permissions(BODIES)


def test_describe_missing_tells_what_else_would_do() -> None:
    """All are named."""
    text = describe_missing([Permission("get", "secrets"), Permission("escalate", "roles")])
    assert "get secrets; escalate roles (or hold the rights that are granted)" == text
