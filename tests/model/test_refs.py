"""Tests of names and addresses."""

from __future__ import annotations

import pytest

from kubefedctl.model.refs import Key, Resource, Subject
from kubefedctl.model.wellknown import CONFIG_MAPS, NAMESPACES

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True)


@pytest.mark.parametrize(
    ("resource", "api_version", "qualified_name"),
    [
        pytest.param(DEPLOYMENTS, "apps/v1", "deployments.apps", id="group"),
        pytest.param(CONFIG_MAPS, "v1", "configmaps", id="core"),
    ],
)
def test_resource_spells_its_group(
    resource: Resource, api_version: str, qualified_name: str
) -> None:
    """The core group is left out of both spellings."""
    assert (api_version, qualified_name) == (resource.api_version, resource.qualified_name)


@pytest.mark.parametrize(
    ("resource", "parts", "expected"),
    [
        pytest.param(DEPLOYMENTS, {}, "/apis/apps/v1/deployments", id="everywhere"),
        pytest.param(
            DEPLOYMENTS,
            {"namespace": "shop", "name": "web", "subresource": "status"},
            "/apis/apps/v1/namespaces/shop/deployments/web/status",
            id="subresource",
        ),
        pytest.param(CONFIG_MAPS, {"namespace": "a"}, "/api/v1/namespaces/a/configmaps", id="core"),
        pytest.param(
            NAMESPACES,
            {"namespace": "ignored", "name": "shop"},
            "/api/v1/namespaces/shop",
            id="cluster-scoped",
        ),
    ],
)
def test_resource_path_is_the_url_of_the_api(
    resource: Resource, parts: dict[str, str], expected: str
) -> None:
    """Cluster-scoped objects have no namespace in their path."""
    assert expected == resource.path(**parts)


@pytest.mark.parametrize(
    ("resource", "key", "expected"),
    [
        pytest.param(DEPLOYMENTS, Key("shop", "web"), "Deployment/shop/web", id="namespaced"),
        pytest.param(NAMESPACES, Key("shop", "shop"), "Namespace/shop", id="cluster-scoped"),
        pytest.param(NAMESPACES, Key("", ""), "Namespace", id="no-name"),
    ],
)
def test_subject_has_one_format(resource: Resource, key: Key, expected: str) -> None:
    """Messages, results and logs name objects alike."""
    assert expected == str(resource.subject(key))


def test_subject_within_names_the_cluster() -> None:
    """A member is named behind the object."""
    assert "Pod/a/b in cluster eu-1" == Subject("Pod", "a", "b").within("eu-1")


@pytest.mark.parametrize(("key", "expected"), [(Key("a", "b"), "a/b"), (Key("", "b"), "b")])
def test_key_is_namespace_and_name(key: Key, expected: str) -> None:
    """A cluster-scoped object is its name alone."""
    assert expected == str(key)
