"""Tests of bodies at --v=8: readable, one line, without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubefedctl.render.bodies import describe_body

SECRET = "dmVyeS1zZWNyZXQ="
KIND = {"apiVersion": "v1", "kind": "Secret"}
LAST = "kubectl.kubernetes.io/last-applied-configuration"


def _show(body: Any, *, is_secret: bool = False, verbosity: int = 10) -> str:
    return describe_body(json.dumps(body).encode(), is_secret=is_secret, verbosity=verbosity)


@pytest.mark.parametrize(
    ("body", "is_secret"),
    [
        pytest.param({**KIND, "data": {"a": SECRET}}, False, id="secret-by-kind"),
        pytest.param({"data": {"a": SECRET}}, True, id="patch-of-a-secret"),
        pytest.param({**KIND, "stringData": {"a": SECRET}}, False, id="string-data"),
        pytest.param(
            {**KIND, "kind": "SecretList", "items": [{"data": {"a": SECRET}}]}, False, id="list"
        ),
        pytest.param({**KIND, "metadata": {"annotations": {LAST: SECRET}}}, False, id="applied"),
        pytest.param(
            {**KIND, "kind": "FederatedSecret", "spec": {"template": {"data": {"a": SECRET}}}},
            False,
            id="template",
        ),
        pytest.param(
            {
                **KIND,
                "kind": "FederatedSecret",
                "spec": {"overrides": [{"clusterOverrides": [{"path": "/x", "value": SECRET}]}]},
            },
            False,
            id="override",
        ),
        pytest.param([{"op": "add", "path": "/data/a", "value": SECRET}], True, id="json-patch"),
        pytest.param({"kind": "Status", "message": f"bad {SECRET}"}, True, id="quoting-status"),
        pytest.param({"kind": "TokenRequest", "status": {"token": SECRET}}, False, id="request"),
        pytest.param({"kind": "TokenReview", "spec": {"token": SECRET}}, False, id="review"),
    ],
)
def test_body_shows_no_secret(body: Any, is_secret: bool) -> None:
    """Whatever carries it: the object, a list, a patch, an annotation, an error."""
    shown = _show(body, is_secret=is_secret)
    assert SECRET not in shown
    assert "bytes about a secret" in shown if is_secret else "***" in shown


def test_body_of_a_common_object_is_shown_as_it_is() -> None:
    """Data of a ConfigMap is no secret."""
    body = {"kind": "ConfigMap", "data": {"a": "b"}}
    assert body == json.loads(_show(body))


def test_body_that_is_no_json_is_told_by_its_length() -> None:
    """Protobuf, text and broken JSON are not shown."""
    assert "3 bytes" == describe_body(b"ok!", is_secret=False, verbosity=10)


def test_body_that_is_missing_is_empty() -> None:
    """A GET sends none."""
    assert "" == describe_body(None, is_secret=False, verbosity=10)


@pytest.mark.parametrize(("verbosity", "length"), [(8, 1024), (9, 10240)])
def test_body_that_is_long_is_cut(verbosity: int, length: int) -> None:
    """As client-go cuts it."""
    shown = _show({"a": "x" * 20000}, verbosity=verbosity)
    assert shown[length:].startswith(" [")
