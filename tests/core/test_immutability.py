"""Tests of fields that no update can change: who may be recreated, and how it is known."""

from __future__ import annotations

import pytest

from kubefedctl.core.immutability import is_immutable, make_recreation, may_recreate
from kubefedctl.model.refs import Resource
from tests.core.federations import federate
from tests.core.makers import CONFIG_MAP, NAMESPACE

CLAIM = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True)
DEFINITION = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
)


@pytest.mark.parametrize(
    ("target", "annotation", "is_wanted", "expected"),
    [
        pytest.param(CONFIG_MAP, None, False, False, id="not-asked"),
        pytest.param(CONFIG_MAP, None, True, True, id="asked-of-the-run"),
        pytest.param(CONFIG_MAP, "true", False, True, id="asked-of-the-object"),
        pytest.param(CONFIG_MAP, "false", True, False, id="object-says-no"),
        pytest.param(CONFIG_MAP, "yes", False, False, id="other-words-say-nothing"),
        pytest.param(CLAIM, None, True, False, id="claim-needs-its-own-word"),
        pytest.param(CLAIM, "true", False, True, id="claim-with-its-own-word"),
        pytest.param(NAMESPACE, "true", True, False, id="namespace-never"),
        pytest.param(DEFINITION, "true", True, False, id="definition-never"),
    ],
)
def test_may_recreate(
    target: Resource, annotation: str | None, is_wanted: bool, expected: bool
) -> None:
    """What takes others with it or holds data is not recreated by a flag that was meant for all."""
    notes = {"kubefedctl.io/recreate-immutable": annotation} if annotation else {}
    found = federate(target=target, metadata={"annotations": notes})
    assert expected is may_recreate(found, is_wanted=is_wanted)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ('Job.batch "x" is invalid: spec.template: Invalid value: {}: field is immutable', True),
        (
            "spec.clusterIPs[0]: Invalid value: []: may not change once set",
            True,
        ),
        ("spec.replicas: Invalid value: -1: must be greater than or equal to 0", False),
        ("", False),
    ],
    ids=["job", "service", "other", "nothing"],
)
def test_is_immutable(message: str, expected: bool) -> None:
    """API servers have no reason word for it, only these phrases."""
    assert expected is is_immutable(message)


def test_make_recreation_deletes_what_was_seen_with_its_dependents() -> None:
    """A Job's Pods must not run beside those of the new one."""
    body = make_recreation({"metadata": {"uid": "u"}})
    assert ("Background", {"uid": "u"}) == (body["propagationPolicy"], body["preconditions"])
    assert "preconditions" not in make_recreation({})
