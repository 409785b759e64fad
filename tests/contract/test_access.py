"""Who may do what: token Secrets, bearer tokens and RBAC, as `join` and `sync` rely on them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kubefedctl.errors import ForbiddenError, UnauthorizedError
from kubefedctl.model.clusters import MemberAccess, Registration
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS
from tests.contract.targets import Target, make_config_map, make_object
from tests.controlplanes.waiting import await_true

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ACCOUNT = "kubernetes.io/service-account.name"
TOKEN_KEY = Key("shop", "robot-token")


def make_token_secret(target: Target) -> Object:
    """Create the ServiceAccount `robot` with a token Secret and return the filled Secret."""
    account = make_object("v1", "ServiceAccount", "robot")
    account["metadata"]["namespace"] = "shop"
    target.cluster.create(SERVICE_ACCOUNTS, account)
    secret = make_object("v1", "Secret", TOKEN_KEY.name, type="kubernetes.io/service-account-token")
    secret["metadata"] |= {"namespace": "shop", "annotations": {ACCOUNT: "robot"}}
    target.cluster.create(SECRETS, secret)
    await_true(lambda: "token" in (target.cluster.get(SECRETS, TOKEN_KEY).get("data") or {}))
    return target.cluster.get(SECRETS, TOKEN_KEY)


def decode(secret: Object, field: str) -> bytes:
    """Return one value of a Secret."""
    return base64.b64decode(secret["data"][field])


def grant(target: Target, *rules: Object) -> None:
    """Allow the ServiceAccount `robot` what *rules* say, in the namespace `shop`."""
    group = "rbac.authorization.k8s.io"
    role = make_object(f"{group}/v1", "Role", "robot", rules=list(rules))
    target.wire.post(f"{RBAC}/namespaces/shop/roles", role)
    binding = make_object(
        f"{group}/v1",
        "RoleBinding",
        "robot",
        roleRef={"apiGroup": group, "kind": "Role", "name": "robot"},
        subjects=[{"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}],
    )
    target.wire.post(f"{RBAC}/namespaces/shop/rolebindings", binding)


def access_of(target: Target, secret: Object) -> MemberAccess:
    """Return the access of a member that was joined with the token of *secret*."""
    server = target.cluster.endpoint.server
    registration = Registration(
        name="member",
        labels={},
        api_endpoint=server,
        secret_name="member-token",
        ca_bundle=decode(secret, "ca.crt"),
    )
    return MemberAccess(registration, decode(secret, "token").decode())


READ_MAPS = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}


def test_token_secret_is_filled_with_token_authority_and_namespace(shop: Target) -> None:
    """The controller of tokens adds three values and the account's uid."""
    secret = make_token_secret(shop)
    account = shop.cluster.get(SERVICE_ACCOUNTS, Key("shop", "robot"))
    assert {"ca.crt", "namespace", "token"} == set(secret["data"])
    assert b"shop" == decode(secret, "namespace")
    assert shop.authority.strip() == decode(secret, "ca.crt").strip()
    annotations = secret["metadata"]["annotations"]
    assert account["metadata"]["uid"] == annotations["kubernetes.io/service-account.uid"]


def test_token_secret_goes_with_its_account(shop: Target) -> None:
    """A deleted ServiceAccount takes its token Secret along."""
    make_token_secret(shop)
    shop.cluster.delete(SERVICE_ACCOUNTS, Key("shop", "robot"))
    path = f"/api/v1/namespaces/shop/secrets/{TOKEN_KEY.name}"
    await_true(lambda: shop.wire.send("GET", path).status == 404)


def test_member_is_reached_with_token_and_ca_bundle(shop: Target) -> None:
    """What the Secret holds is enough for `connect`, and what RBAC allows works."""
    secret = make_token_secret(shop)
    grant(shop, READ_MAPS)
    shop.cluster.create(CONFIG_MAPS, make_config_map("a", {"x": "1"}))
    member = shop.fleet.connect(access_of(shop, secret))

    def is_allowed() -> bool:
        try:
            return bool(member.list(CONFIG_MAPS, namespace="shop").items)
        except ForbiddenError:
            return False

    await_true(is_allowed)
    assert {"x": "1"} == member.get(CONFIG_MAPS, Key("shop", "a"))["data"]


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        (
            "create",
            'configmaps is forbidden: User "system:serviceaccount:shop:robot" cannot create '
            'resource "configmaps" in API group "" in the namespace "shop"',
        ),
        (
            "delete",
            'configmaps "a" is forbidden: User "system:serviceaccount:shop:robot" cannot delete '
            'resource "configmaps" in API group "" in the namespace "shop"',
        ),
        (
            "list",
            'configmaps is forbidden: User "system:serviceaccount:shop:robot" cannot list '
            'resource "configmaps" in API group "" at the cluster scope',
        ),
    ],
)
def test_member_without_permission_is_forbidden(shop: Target, verb: str, words: str) -> None:
    """403 names the user, the verb, the resource and the place."""
    secret = make_token_secret(shop)
    grant(shop, READ_MAPS)
    member = shop.fleet.connect(access_of(shop, secret))
    acts = {
        "create": lambda: member.create(CONFIG_MAPS, make_config_map("a")),
        "delete": lambda: member.delete(CONFIG_MAPS, Key("shop", "a")),
        "list": lambda: member.list(CONFIG_MAPS),
    }
    with pytest.raises(ForbiddenError) as caught:
        acts[verb]()
    assert (403, "Forbidden", words) == (
        caught.value.status,
        caught.value.reason,
        caught.value.cause,
    )


def test_member_forbidden_a_path_is_told_so(shop: Target) -> None:
    """Paths that are no resources are forbidden in words of their own."""
    wire = shop.wire_of(decode(make_token_secret(shop), "token").decode())
    answer = wire.send("GET", "/metrics/none")
    words = 'forbidden: User "system:serviceaccount:shop:robot" cannot get path "/metrics/none"'
    assert (403, words) == (answer.status, answer.parse()["message"])


def test_member_may_read_what_everybody_may(shop: Target) -> None:
    """Discovery, health and version are open to every account."""
    wire = shop.wire_of(decode(make_token_secret(shop), "token").decode())
    paths = ("/api", "/apis", "/healthz", "/version", "/openapi/v3")
    assert dict.fromkeys(paths, 200) == {path: wire.send("GET", path).status for path in paths}


def test_wrong_token_is_unauthorized(shop: Target) -> None:
    """A token that nobody issued is a 401."""
    access = access_of(shop, make_token_secret(shop))
    member = shop.fleet.connect(MemberAccess(access.registration, "nonsense"))
    with pytest.raises(UnauthorizedError) as caught:
        member.list(CONFIG_MAPS)
    assert (401, "Unauthorized") == (caught.value.status, caught.value.reason)


def test_token_of_a_deleted_secret_is_unauthorized(shop: Target) -> None:
    """A token is void once its Secret is gone."""
    member = shop.fleet.connect(access_of(shop, make_token_secret(shop)))
    shop.cluster.delete(SECRETS, TOKEN_KEY)

    def is_refused() -> bool:
        try:
            member.list(CONFIG_MAPS)
        except UnauthorizedError:
            return True
        except ForbiddenError:
            return False
        return False

    # a real API server remembers for ten seconds that a token was good
    await_true(is_refused, seconds=30)


def review(wire: Any, **attributes: str) -> bool:
    """Ask the server whether the caller may do what *attributes* say."""
    body = make_object(
        "authorization.k8s.io/v1",
        "SelfSubjectAccessReview",
        "",
        spec={"resourceAttributes": attributes},
    )
    del body["metadata"]
    answer = wire.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    return bool(answer["status"]["allowed"])


def test_self_subject_access_review_says_what_rbac_allows(shop: Target) -> None:
    """The review of a narrow account is yes for its rules and no beside them."""
    wire = shop.wire_of(decode(make_token_secret(shop), "token").decode())
    grant(shop, READ_MAPS)
    await_true(lambda: review(wire, verb="get", resource="configmaps", namespace="shop"))
    answers = {
        "delete": review(wire, verb="delete", resource="configmaps", namespace="shop"),
        "elsewhere": review(wire, verb="get", resource="configmaps", namespace="default"),
        "everywhere": review(wire, verb="get", resource="configmaps"),
        "other": review(wire, verb="get", resource="secrets", namespace="shop"),
    }
    assert dict.fromkeys(answers, False) == answers
    assert review(shop.wire, verb="delete", resource="anything", group="any")


def test_role_beyond_the_callers_own_is_forbidden(shop: Target) -> None:
    """Nobody grants what he does not hold: no escalation by roles."""
    secret = make_token_secret(shop)
    group = "rbac.authorization.k8s.io"
    grant(shop, {"apiGroups": [group], "resources": ["roles"], "verbs": ["create", "get"]})
    wire = shop.wire_of(decode(secret, "token").decode())
    await_true(lambda: review(wire, verb="create", group=group, resource="roles", namespace="shop"))
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    role = make_object(f"{group}/v1", "Role", "more", rules=rules)
    answer = wire.send("POST", f"{RBAC}/namespaces/shop/roles", body=role)
    status = answer.parse()
    assert (403, "Forbidden") == (answer.status, status["reason"])
    start = (
        'roles.rbac.authorization.k8s.io "more" is forbidden: user '
        '"system:serviceaccount:shop:robot" (groups=["system:serviceaccounts" '
        '"system:serviceaccounts:shop" "system:authenticated"]) is attempting to grant RBAC '
        'permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
    )
    assert start == status["message"]


def test_anonymous_caller_is_refused(shop: Target) -> None:
    """Without credentials a resource is forbidden or unauthorized, never served."""
    wire = shop.wire_of("")
    assert wire.send("GET", "/api/v1/namespaces").status in (401, 403)
