"""Tests of renewing tokens that end: what is written, and what is told where it fails."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from kubefedctl.errors import ForbiddenError, InputError
from kubefedctl.model.objects import annotations_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import CONFIG_MAPS, KUBEFED_CLUSTERS, SECRETS
from kubefedctl.ops.join import Credential
from kubefedctl.ops.sync import SyncOptions, sync
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.membership import (
    ACCOUNT,
    AGAIN,
    CLUSTER_KEY,
    NAMES,
    OPTIONS,
    make_pair,
    registration_of,
    run_join,
    secret_of,
)
from tests.ops.stage import AT_ONCE, KNS, error, issue_token, place, steps, told, words

ENDING = replace(OPTIONS, credential=Credential.TOKENREQUEST)
ENDED = {
    "kubefed.io/token-issued": "2020-01-01T00:00:00Z",
    "kubefed.io/token-expires": "2020-01-31T00:00:00Z",
    "kubefed.io/host-cluster-name": "host",
}


class IssuingCluster(MemoryCluster):
    """A member that answers TokenRequests, with another token each time."""

    def __init__(self) -> None:
        super().__init__("c1")
        self.issued = 0
        self.answers = True
        self.refusal: Exception | None = None

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        """Answer a TokenRequest; create all else."""
        if resource.kind != "TokenRequest":
            return super().create(resource, body, dry_run=dry_run)
        if self.refusal is not None:
            raise self.refusal
        self.issued += 1
        status = {"token": f"t{self.issued}", "expirationTimestamp": "2099-01-01T00:00:00Z"}
        return {**body, "status": status} if self.answers else body


def _joined() -> tuple[MemoryFleet, MemoryCluster, IssuingCluster]:
    _, host, _ = make_pair()
    member = IssuingCluster()
    fleet = MemoryFleet(host, {"c1": member})
    assert None is run_join(fleet, ENDING)[1]
    return fleet, host, member


def _end(host: MemoryCluster) -> None:
    metadata = {**registration_of(host)["metadata"], "annotations": ENDED}
    host.alter(KUBEFED_CLUSTERS, CLUSTER_KEY, metadata=metadata)


def _token(host: MemoryCluster) -> str:
    return base64.b64decode(secret_of(host)["data"]["token"]).decode()


def test_join_with_a_token_that_ends_keeps_it_in_the_host_and_records_its_end() -> None:
    """No token Secret is made in the member."""
    _, host, member = _joined()
    assert "t1" == _token(host)
    noted = annotations_of(registration_of(host))
    assert "2099-01-01T00:00:00Z" == noted["kubefed.io/token-expires"]
    assert None is member.find(SECRETS, NAMES.service_account_key)


def test_join_with_a_token_that_ends_takes_the_published_ca() -> None:
    """Contexts without a CA have it from the member, as with a token Secret."""
    _, host, _ = make_pair()
    member = IssuingCluster()
    metadata = {"namespace": KNS, "name": "kube-root-ca.crt"}
    member.add(CONFIG_MAPS, {"metadata": metadata, "data": {"ca.crt": "PEM"}})
    assert None is run_join(MemoryFleet(host, {"c1": member}), ENDING)[1]
    assert base64.b64encode(b"PEM").decode() == registration_of(host)["spec"]["caBundle"]


def test_join_again_keeps_the_kind_of_token() -> None:
    """Without --credential it is as before; with token it stays from now on."""
    fleet, host, member = _joined()
    assert None is run_join(fleet, AGAIN)[1]
    assert "t2" == _token(host)
    member.react_to(SECRETS, lambda found: {**found, "data": {"token": "and0"}})
    assert None is run_join(fleet, replace(AGAIN, credential=Credential.TOKEN))[1]
    assert {} == annotations_of(registration_of(host))


def test_join_again_with_a_token_that_ends_deletes_the_one_that_stays() -> None:
    """No valid token is left that nobody uses, neither in the member nor in the host."""
    _, host, _ = make_pair()
    member = IssuingCluster()
    member.react_to(SECRETS, issue_token)
    fleet = MemoryFleet(host, {"c1": member})
    run_join(fleet)
    events, failure = run_join(fleet, replace(AGAIN, credential=Credential.TOKENREQUEST))
    assert (None, "t1") == (failure, _token(host))
    assert f"deleted Secret/{ACCOUNT} in cluster c1" in steps(events)
    assert [] == member.objects(SECRETS)
    assert 1 == len(host.objects(SECRETS))
    assert None is run_join(fleet, replace(AGAIN, credential=Credential.TOKEN))[1]
    assert ("jwt", 1) == (_token(host), len(member.objects(SECRETS)))


def test_join_again_deletes_the_token_that_stays_after_registering_the_other() -> None:
    """A join that fails before leaves the host a token that is valid."""
    _, host, _ = make_pair()
    member = IssuingCluster()
    member.react_to(SECRETS, issue_token)
    fleet = MemoryFleet(host, {"c1": member})
    run_join(fleet)
    host.fail_next("update", error(ForbiddenError, 403), name="c1")
    assert isinstance(
        run_join(fleet, replace(AGAIN, credential=Credential.TOKENREQUEST))[1], ForbiddenError
    )
    assert None is not member.find(SECRETS, NAMES.service_account_key)
    assert "jwt" == _token(host)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"type": "Opaque"}, id="type"),
        pytest.param({"type": "kubernetes.io/service-account-token"}, id="account"),
    ],
)
def test_join_again_with_a_token_that_ends_keeps_a_secret_of_somebody(body: Object) -> None:
    """A name alone does not make it join's."""
    fleet, _, member = _joined()
    member.add(SECRETS, {"metadata": place(NAMES.service_account_key), **body})
    assert None is run_join(fleet, AGAIN)[1]
    assert None is not member.find(SECRETS, NAMES.service_account_key)


@pytest.mark.parametrize("act", ["get", "delete"])
def test_join_again_token_that_stays_cannot_be_deleted_is_a_warning(act: str) -> None:
    """The member is joined all the same."""
    _, host, _ = make_pair()
    member = IssuingCluster()
    member.react_to(SECRETS, issue_token)
    fleet = MemoryFleet(host, {"c1": member})
    run_join(fleet)
    refusal = error(ForbiddenError, 403)
    host.before_next("update", lambda _: member.fail_next(act, refusal, name="c1-host"), name="c1")
    events, failure = run_join(fleet, replace(AGAIN, credential=Credential.TOKENREQUEST))
    assert (None, "t1") == (failure, _token(host))
    assert f"warning: nothing needs Secret/{ACCOUNT} in cluster c1 any more" in words(events)[-1]


def test_join_answered_without_a_token_says_what_else_to_do() -> None:
    """The host is not written."""
    _, host, _ = make_pair()
    member = IssuingCluster()
    member.answers = False
    _, failure = run_join(MemoryFleet(host, {"c1": member}), ENDING)
    assert isinstance(failure, InputError)
    command = (
        "kubefedctl join c1 --error-on-existing=false --host-cluster-context host --credential"
    )
    stays, again = f"{command} token", f"{command} tokenrequest"
    assert f"join with a token that stays: {stays}; to try again: {again}" == failure.hint
    assert [] == host.writes()


def test_sync_renews_a_token_that_ends() -> None:
    """Secret and record are new; a second sync leaves them."""
    fleet, host, member = _joined()
    _end(host)
    events, _ = told(sync(fleet, SyncOptions(), pace=AT_ONCE))
    assert "renewed the token of cluster c1" in steps(events)
    assert "t2" == _token(host)
    told(sync(fleet, SyncOptions(), pace=AT_ONCE))
    assert 2 == member.issued


def test_sync_dry_run_renews_nothing() -> None:
    """It only tells."""
    fleet, host, member = _joined()
    _end(host)
    told(sync(fleet, SyncOptions(is_dry_run=True), pace=AT_ONCE))
    assert 1 == member.issued


@pytest.mark.parametrize("side", ["member", "host"])
def test_sync_renewal_refused_keeps_the_token_and_tells_the_command(side: str) -> None:
    """The old token stays in the Secret."""
    fleet, host, member = _joined()
    _end(host)
    if side == "member":
        member.refusal = error(ForbiddenError, 403)
    else:
        host.fail_next("update", error(ForbiddenError, 403))
    events, _ = told(sync(fleet, SyncOptions(), pace=AT_ONCE))
    [text] = [found for found in words(events) if "is not renewed" in found]
    assert "kubefedctl join c1 --error-on-existing=false --credential tokenrequest" in text
    assert "t1" == _token(host)


def test_sync_of_members_with_tokens_that_stay_asks_for_none() -> None:
    """They are as the original leaves them."""
    fleet, host, _ = make_pair()
    run_join(fleet)
    events, _ = told(sync(fleet, SyncOptions(), pace=AT_ONCE))
    assert not [text for text in steps(events) if "renewed" in text]
    assert host.find(SECRETS, Key(KNS, "no")) is None
