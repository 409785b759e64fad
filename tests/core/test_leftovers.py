"""Tests of which Secrets of the host an earlier join left there."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.leftovers import former_secrets
from kubefedctl.model.objects import name_of
from kubefedctl.model.refs import Object


def _secret(name: str = "c1-x7f2p", *, made: str = "c1-", **fields: Any) -> Object:
    metadata = {"name": name, "namespace": "kns", **({"generateName": made} if made else {})}
    return {"metadata": metadata, "type": "Opaque", "data": {"token": "dG9r"}, **fields}


def _registration(name: str, secret: str) -> Object:
    return {"metadata": {"name": name}, "spec": {"secretRef": {"name": secret}}}


@pytest.mark.parametrize(
    ("secret", "is_former"),
    [
        pytest.param(_secret(), True, id="generated"),
        pytest.param(_secret(type=""), True, id="no-type"),
        pytest.param(_secret("c1-mine", made=""), False, id="named"),
        pytest.param(_secret("c1-east-x7f2p", made="c1-east-"), False, id="longer-cluster-name"),
        pytest.param(_secret(data={"token": "a", "ca.crt": "b"}), False, id="other-data"),
        pytest.param(_secret(data=None), False, id="no-data"),
        pytest.param(
            _secret(type="kubernetes.io/service-account-token"), False, id="account-token"
        ),
    ],
)
def test_former_secrets_are_those_that_join_generated(secret: Object, is_former: bool) -> None:
    """Whatever else is in the namespace is somebody's own."""
    assert ((secret,) if is_former else ()) == former_secrets([secret], [], cluster="c1")


def test_former_secrets_used_by_another_cluster_are_not_among_them() -> None:
    """The cluster's own registration is about to name another; that of c2 is not."""
    secrets = [_secret(f"c1-{name}") for name in ("own", "theirs", "left")]
    registrations = [
        _registration("c1", "c1-own"),
        _registration("c2", "c1-theirs"),
        {"metadata": {"name": "c3"}, "spec": None},
    ]
    found = former_secrets(secrets, registrations, cluster="c1")
    assert ["c1-own", "c1-left"] == [name_of(secret) for secret in found]
