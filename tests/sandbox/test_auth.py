"""Who makes a request and what they may: certificates, tokens, anonymous callers, RBAC."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.fleet import SandboxFleet
from tests.sandbox.wire import CONFIG_MAPS, Client, Object, config_map

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@pytest.fixture(scope="module")
def cluster() -> Iterator[SandboxCluster]:
    """One cluster over HTTP."""
    with SandboxFleet(["one"]) as fleet:
        yield fleet.clusters["one"]


def bind(cluster: SandboxCluster, name: str, rules: list[Object], subject: Object) -> None:
    """Give a subject rules in the namespace default."""
    cluster.create("roles", {"metadata": {"name": name}, "rules": rules}, namespace="default")
    reference = {"kind": "Role", "name": name}
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    cluster.create("rolebindings", binding, namespace="default")


def user(name: str) -> Object:
    """Return a subject."""
    return {"kind": "User", "name": name}


def test_client_certificate_names_user_and_groups(cluster: SandboxCluster) -> None:
    """The common name is the user, organizations are groups."""
    client = Client(cluster, pair=cluster.issue_client("ann", groups=("devs",)))
    answer = client.send("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})[1]
    expected = {"username": "ann", "groups": ["devs", "system:authenticated"]}
    assert expected == answer["status"]["userInfo"]
    client.close()


def test_bad_token_is_401(cluster: SandboxCluster) -> None:
    """A token that nobody issued is Unauthorized, whatever is asked."""
    client = Client(cluster, token="a.b.c")
    code, status = client.send("GET", "/healthz")
    assert (code, status["reason"]) == (401, "Unauthorized")
    client.close()


def test_anonymous_sees_health_only(cluster: SandboxCluster) -> None:
    """Without credentials there is version and health, and nothing else."""
    client = Client(cluster)
    assert client.send("GET", "/version")[1]["gitVersion"] == "v1.34.4"
    code, status = client.send("GET", CONFIG_MAPS)
    assert code == 403
    assert status["message"] == (
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in '
        'API group "" in the namespace "default"'
    )
    client.close()


def test_account_token_works_until_account_goes(cluster: SandboxCluster) -> None:
    """The token of a token Secret is its account: without a rule 403, without the account 401."""
    cluster.create("serviceaccounts", {"metadata": {"name": "b"}}, namespace="default")
    annotations = {"kubernetes.io/service-account.name": "b"}
    cluster.create(
        "secrets",
        {"metadata": {"name": "b", "annotations": annotations},
         "type": "kubernetes.io/service-account-token"},
        namespace="default",
    )  # fmt: skip
    secret = cluster.get("secrets", "b", namespace="default") or {}
    client = Client(cluster, token=base64.b64decode(secret["data"]["token"]).decode())
    code, status = client.send("GET", "/api/v1/configmaps")
    assert code == 403
    assert status["message"] == (
        'configmaps is forbidden: User "system:serviceaccount:default:b" cannot list resource '
        '"configmaps" in API group "" at the cluster scope'
    )
    cluster.delete("serviceaccounts", "b", namespace="default")
    assert client.send("GET", "/api/v1/configmaps")[0] == 401
    client.close()


@pytest.mark.parametrize(
    ("rule", "method", "path", "code"),
    [
        ({"verbs": ["list"], "apiGroups": [""], "resources": ["configmaps"]}, "GET", "", 200),
        ({"verbs": ["Get"], "apiGroups": [""], "resources": ["configmaps"]}, "GET", "", 403),
        ({"verbs": ["*"], "apiGroups": ["apps"], "resources": ["*"]}, "GET", "", 403),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"],
          "resourceNames": ["kube-root-ca.crt"]}, "GET", "/kube-root-ca.crt", 200),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["configmaps"],
          "resourceNames": ["x"]}, "GET", "/kube-root-ca.crt", 403),
    ],
    ids=["verb", "case", "group", "name", "other-name"],
)  # fmt: skip
def test_rule_decides(
    cluster: SandboxCluster, request: pytest.FixtureRequest, rule: Object, method: str, path: str,
    code: int,
) -> None:  # fmt: skip
    """Verbs (with their case), groups and names of a rule must match."""
    name = request.node.callspec.id
    bind(cluster, name, [rule], user(name))
    client = Client(cluster, pair=cluster.issue_client(name))
    assert code == client.send(method, CONFIG_MAPS + path)[0]
    client.close()


def test_nobody_grants_what_they_lack(cluster: SandboxCluster) -> None:
    """A role with more than its author holds is forbidden, with the rules in the message."""
    rules = [{"verbs": ["*"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"]}]
    rules[0]["verbs"] = ["create"]
    bind(cluster, "author", rules, user("author"))
    client = Client(cluster, pair=cluster.issue_client("author"))
    wide = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
    code, status = client.send("POST", path, {"metadata": {"name": "wide"}, "rules": wide})
    assert code == 403
    assert "attempting to grant RBAC permissions not currently held" in status["message"]
    assert client.send("POST", path, {"metadata": {"name": "same"}, "rules": rules})[0] == 201
    client.close()


@pytest.mark.parametrize(("name", "allowed"), [("viewer", True), ("stranger", False)])
def test_access_review_answers(cluster: SandboxCluster, name: str, allowed: bool) -> None:
    """A SelfSubjectAccessReview tells what RBAC would."""
    if allowed:
        reference = {"kind": "ClusterRole", "name": "view"}
        binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [user(name)]}
        cluster.create("clusterrolebindings", binding)
    client = Client(cluster, pair=cluster.issue_client(name))
    attributes = {"verb": "list", "resource": "pods", "namespace": "default"}
    answer = client.send("POST", _REVIEWS, {"spec": {"resourceAttributes": attributes}})[1]
    assert allowed == answer["status"]["allowed"]
    client.close()


def test_masters_may_everything(cluster: SandboxCluster) -> None:
    """The group system:masters needs no rule."""
    client = Client(cluster, pair=cluster.issue_client("root", groups=("system:masters",)))
    assert client.send("POST", CONFIG_MAPS, config_map("by-root"))[0] == 201
    client.close()
