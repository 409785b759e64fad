"""Tokens asked for by TokenRequest, and reviews of one's own rights, as `join` relies on them."""

from __future__ import annotations

from kubefedctl.core.credentials import make_token_request, needs_renewal, read_token
from kubefedctl.core.joining import JoinNames, make_roles
from kubefedctl.core.preflight import (
    EVERYTHING,
    REVIEWS,
    Permission,
    is_allowed,
    make_review,
    token_permission,
)
from kubefedctl.model.clusters import MemberAccess, Registration
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import CONFIG_MAPS, SERVICE_ACCOUNTS
from tests.contract.targets import Target, make_config_map, make_object
from tests.controlplanes.waiting import await_true

NAMES = JoinNames("member", "host", "shop")


def test_account_of_join_renews_its_own_token(shop: Target) -> None:
    """With the roles of `--rbac types` the token is good for the types and for the next token."""
    account: Object = make_object("v1", "ServiceAccount", NAMES.service_account)
    account["metadata"]["namespace"] = "shop"
    shop.cluster.create(SERVICE_ACCOUNTS, account)
    roles = make_roles(NAMES, scope="Cluster", types=(CONFIG_MAPS,), renews_token=True)
    for resource, body in roles:
        shop.cluster.create(resource, body)
    token, expires = read_token(shop.cluster.create(*make_token_request(NAMES)))
    noted = {"kubefed.io/token-issued": "2020-01-01T00:00:00Z", "kubefed.io/token-expires": expires}
    assert not needs_renewal({"metadata": {"annotations": noted}}, now="2020-01-01T00:00:00Z")
    endpoint = shop.cluster.endpoint
    registration = Registration("member", {}, endpoint.server, "", ca_bundle=endpoint.ca_data)
    member = shop.fleet.connect(MemberAccess(registration, token))
    assert b"ok" == member.read("/healthz")
    may_create = make_review(Permission("create", "configmaps", "", "shop"))
    await_true(lambda: is_allowed(member.create(REVIEWS, may_create)) is True)
    member.create(CONFIG_MAPS, make_config_map("made", {"x": "1"}))
    assert "" != read_token(member.create(*make_token_request(NAMES)))[0]
    asked = {
        EVERYTHING: False,
        Permission("create", "configmaps", "", "shop"): True,
        Permission("create", "secrets", "", "shop"): False,
        Permission("get", path="/version"): True,
        token_permission("shop"): False,
    }
    answers = {found: is_allowed(member.create(REVIEWS, make_review(found))) for found in asked}
    assert asked == answers
