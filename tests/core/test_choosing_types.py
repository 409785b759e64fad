"""Tests of which types `init` enables: names of the ten, and what their objects are then."""

from __future__ import annotations

import pytest

from kubefedctl.core.installing import (
    DEFAULT_TYPES,
    ChosenTypes,
    find_default_type,
    make_control_plane,
)
from kubefedctl.model.objects import name_of
from kubefedctl.model.wellknown import CRDS, TYPE_CONFIGS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deploy", "deployments.apps"),
        ("Deployment", "deployments.apps"),
        ("deployments", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("ns", "namespaces"),
        ("Secret", "secrets"),
        ("statefulsets.apps", None),
        ("", None),
    ],
)
def test_find_default_type_takes_names_as_enable_does(name: str, expected: str | None) -> None:
    """Kind, plural, singular, short name and plural.group; nothing else, and no empty name."""
    found = find_default_type(name)
    assert expected == (found[0].qualified_name if found else None)


def test_control_plane_has_the_chosen_types_only() -> None:
    """A type is its CRD and its type config; KubeFed's own CRDs are there in any case."""
    types = ChosenTypes(defaults=(DEFAULT_TYPES[1],))
    steps = make_control_plane(namespace="ns", scope="Cluster", types=types)
    assert ["configmaps"] == [name_of(s.body) for s in steps if s.resource == TYPE_CONFIGS]
    crds = [name_of(s.body) for s in steps if s.resource == CRDS]
    assert ["federatedconfigmaps.types.kubefed.io"] == [n for n in crds if "types." in n]
    assert 8 == len(crds)


def test_control_plane_without_types_has_none() -> None:
    """`--type none`."""
    steps = make_control_plane(namespace="ns", scope="Cluster", types=ChosenTypes(defaults=()))
    assert [] == [s for s in steps if s.resource == TYPE_CONFIGS]
