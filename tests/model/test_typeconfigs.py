"""Tests of the view of a FederatedTypeConfig."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.errors import ControlPlaneError
from kubefedctl.model.refs import Resource
from kubefedctl.model.typeconfigs import parse_type_config, pluralise

FULL: dict[str, Any] = {
    "metadata": {"name": "deployments.apps", "generation": 4},
    "spec": {
        "propagation": "Enabled",
        "statusCollection": "Enabled",
        "targetType": {
            "group": "apps",
            "version": "v1",
            "pluralName": "deployments",
            "kind": "Deployment",
            "scope": "Namespaced",
        },
        "federatedType": {
            "group": "types.kubefed.io",
            "version": "v1beta1",
            "pluralName": "federateddeployments",
            "kind": "FederatedDeployment",
            "scope": "Namespaced",
        },
    },
}
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)
FEDERATED = Resource(
    "types.kubefed.io", "v1beta1", "federateddeployments", "FederatedDeployment", True
)


def _changed(field: str, **values: Any) -> dict[str, Any]:
    obj = copy.deepcopy(FULL)
    obj["spec"][field].update(values)
    return obj


def test_parse_type_config_reads_every_field() -> None:
    """What is spelled out is taken as it is."""
    found = parse_type_config(FULL)
    assert (DEPLOYMENTS, FEDERATED) == (found.target, found.federated)
    assert ("deployments.apps", True, True, 4) == (
        found.name,
        found.is_propagated,
        found.collects_status,
        found.generation,
    )
    assert not found.is_namespace_type


def test_parse_type_config_takes_plural_and_group_from_the_name() -> None:
    """KubeFed leaves both out of the target where the name tells them."""
    obj = _changed("targetType", group="", pluralName="")
    assert DEPLOYMENTS == parse_type_config(obj).target


def test_parse_type_config_guesses_the_federated_plural() -> None:
    """As KubeFed's own defaulting does."""
    obj = _changed("federatedType", pluralName=None)
    assert FEDERATED == parse_type_config(obj).federated


def test_parse_type_config_without_settings_is_neither_propagated_nor_collected() -> None:
    """Only the word Enabled switches something on."""
    obj = {**FULL, "spec": {**FULL["spec"], "propagation": "Disabled", "statusCollection": None}}
    found = parse_type_config(obj)
    assert (False, False) == (found.is_propagated, found.collects_status)


def test_parse_type_config_of_namespaces_is_special() -> None:
    """It is known by its name."""
    assert parse_type_config({**FULL, "metadata": {"name": "namespaces"}}).is_namespace_type


@pytest.mark.parametrize("field", ["targetType", "federatedType"])
@pytest.mark.parametrize("required", ["version", "kind", "scope"])
def test_parse_type_config_names_what_is_missing(field: str, required: str) -> None:
    """One line says which object and which field, and how to mend it."""
    with pytest.raises(ControlPlaneError) as caught:
        parse_type_config(_changed(field, **{required: None}))
    expected = f"FederatedTypeConfig deployments.apps: spec.{field}.{required} is missing"
    assert expected == caught.value.message
    assert "enable the type again: kubefedctl enable deployments.apps" == caught.value.hint


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Pod", "pods"),
        ("Ingress", "ingresses"),
        ("Box", "boxes"),
        ("Batch", "batches"),
        ("Mesh", "meshes"),
        ("Quiz", "quizes"),
        ("Hero", "heroes"),
        ("Policy", "policies"),
        ("Gateway", "gatewaies"),
        ("", "s"),
    ],
)
def test_pluralise_guesses_as_kubefed_does(kind: str, expected: str) -> None:
    """Right or wrong, the guess is that of the Go tool."""
    assert expected == pluralise(kind)
