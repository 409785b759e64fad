"""Tests of the view of a KubeFedCluster."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from kubefedctl.errors import InputError
from kubefedctl.model.clusters import MemberAccess, Registration, is_ready, parse_registration

MEMBER: dict[str, Any] = {
    "metadata": {"name": "eu", "uid": "u-1", "labels": {"region": "eu", "weight": 5}},
    "spec": {
        "apiEndpoint": "https://eu:6443",
        "caBundle": base64.b64encode(b"PEM").decode(),
        "proxyURL": "http://proxy:3128",
        "secretRef": {"name": "eu-abcde"},
        "disabledTLSValidations": ["SubjectName", 7],
    },
}


def test_parse_registration_reads_every_field() -> None:
    """Values that cannot count, such as a label that is no text, are left out."""
    expected = Registration(
        name="eu",
        labels={"region": "eu"},
        api_endpoint="https://eu:6443",
        secret_name="eu-abcde",
        ca_bundle=b"PEM",
        proxy_url="http://proxy:3128",
        disabled_tls_validations=("SubjectName",),
        uid="u-1",
    )
    found = parse_registration(MEMBER)
    assert expected == found
    assert MEMBER is found.source


@pytest.mark.parametrize("obj", [{}, {"spec": 5}, {"spec": {"caBundle": 5}}], ids=repr)
def test_parse_registration_of_gaps_is_empty(obj: Any) -> None:
    """What is missing is empty; whoever connects says what is needed."""
    assert Registration("", {}, "", "") == parse_registration(obj)


@pytest.mark.parametrize("text", ["n o", "YQ", "é", "YQ==\n"], ids=repr)
def test_parse_registration_refuses_what_is_not_base64(text: str) -> None:
    """The message names the object and the field, and not the value."""
    with pytest.raises(InputError) as caught:
        parse_registration({"metadata": {"name": "eu"}, "spec": {"caBundle": text}})
    assert "KubeFedCluster eu: spec.caBundle is not base64" == caught.value.message


def test_member_access_keeps_its_token_out_of_its_repr() -> None:
    """A token in a traceback is a token in a ticket."""
    access = MemberAccess(parse_registration(MEMBER), token="canary")
    assert "canary" not in repr(access)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param([{"type": "Ready", "status": "True"}], True, id="ready"),
        pytest.param([{"type": "Ready", "status": "False"}], False, id="not-ready"),
        pytest.param([{"type": "Offline", "status": "True"}], False, id="offline"),
        pytest.param(
            [{"type": "Offline", "status": "False"}, {"type": "Ready", "status": "True"}],
            True,
            id="both",
        ),
        pytest.param([5], False, id="nonsense"),
        pytest.param(None, False, id="none"),
    ],
)
def test_is_ready_by_the_condition_alone(conditions: Any, expected: bool) -> None:
    """A cluster without a status is not ready."""
    assert expected is is_ready({"status": {"conditions": conditions}})
