"""Tests of finding the type that a person means."""

from __future__ import annotations

import pytest

from kubefedctl.core.lookup import find_type
from kubefedctl.errors import InputError
from kubefedctl.model.refs import Resource
from kubefedctl.model.typeconfigs import ApiResource, Discovery


def _row(
    group: str, plural: str, kind: str, *shorts: str, version: str = "v1", preferred: bool = True
) -> ApiResource:
    resource = Resource(group, version, plural, kind, True)
    singular = kind.lower() if group else ""
    return ApiResource(resource, singular, shorts, frozenset({"list"}), preferred)


DISCOVERY = Discovery(
    (
        _row("", "bindings", "Binding"),
        _row("", "pods", "Pod", "po"),
        _row("", "services", "Service", "svc"),
        _row("apps", "deployments", "Deployment", "deploy"),
        _row("apps", "deployments", "Deployment", "deploy", version="v1beta1", preferred=False),
        _row("metrics.k8s.io", "pods", "PodMetrics", version="v1beta1"),
        _row("serving.knative.dev", "services", "Service", "kservice"),
        _row("a.example.com", "widgets", "Widget", "w"),
        _row("b.example.com", "widgets", "Widget", "w"),
        _row("types.kubefed.io", "federateddeployments", "FederatedDeployment", "fdeploy"),
    )
)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("deploy", "deployments.apps"),
        ("Deployment", "deployments.apps"),
        ("deployment", "deployments.apps"),
        ("DEPLOYMENTS", "deployments.apps"),
        ("deployments", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("Deployments.Apps", "deployments.apps"),
        (" deployments ", "deployments.apps"),
        ("pods", "pods"),
        ("pods.", "pods"),
        ("Pod", "pods"),
        ("PodMetrics", "pods.metrics.k8s.io"),
        ("pods.metrics.k8s.io", "pods.metrics.k8s.io"),
        ("services", "services"),
        ("svc", "services"),
        ("Service", "services"),
        ("services.serving.knative.dev", "services.serving.knative.dev"),
        ("kservice", "services.serving.knative.dev"),
        ("widgets.b.example.com", "widgets.b.example.com"),
        ("fdeploy", "federateddeployments.types.kubefed.io"),
    ],
)
def test_find_type_known_name_finds_its_type(key: str, expected: str) -> None:
    """Plural, singular, kind, short name and plural.group name a type; the core group wins."""
    assert find_type(DISCOVERY, key).resource.qualified_name == expected


@pytest.mark.parametrize("key", ["widgets", "Widget", "w"])
def test_find_type_several_groups_lists_the_candidates(key: str) -> None:
    """A name of several types outside the core group is refused with their full names."""
    with pytest.raises(InputError) as raised:
        find_type(DISCOVERY, key)
    assert "widgets.a.example.com, widgets.b.example.com" in raised.value.message


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("deployment.apps", "did you mean deployments.apps"),
        ("services.core", "kubectl api-resources lists the types that the cluster serves"),
        ("FederatedPod", "name the type to be federated: pods"),
        ("nothing", "kubectl api-resources lists the types that the cluster serves"),
    ],
)
def test_find_type_unknown_name_is_refused_with_a_hint(key: str, hint: str) -> None:
    """What names no type is an error that quotes the key."""
    with pytest.raises(InputError) as raised:
        find_type(DISCOVERY, key)
    assert raised.value.message == f"the cluster serves no type named {key!r}"
    assert raised.value.hint == hint


@pytest.mark.parametrize("key", ["", " ", "\t"], ids=["empty", "space", "tab"])
def test_find_type_empty_key_is_refused(key: str) -> None:
    """An empty key is not the first core type without a singular name."""
    with pytest.raises(InputError, match="empty"):
        find_type(DISCOVERY, key)


def test_find_type_broken_discovery_is_told_when_nothing_is_found() -> None:
    """A group that did not answer may be why the type is not there."""
    discovery = Discovery(DISCOVERY.resources, ("metrics.k8s.io/v1beta1: 503",))
    with pytest.raises(InputError, match=r"metrics\.k8s\.io/v1beta1: 503"):
        find_type(discovery, "nothing")


def test_find_type_broken_discovery_does_not_matter_when_it_is_found() -> None:
    """A type that is there is found whatever else is broken."""
    discovery = Discovery(DISCOVERY.resources, ("metrics.k8s.io/v1beta1: 503",))
    assert find_type(discovery, "deploy").resource.plural == "deployments"


def test_find_type_version_filter_takes_the_preferred_version() -> None:
    """A version that is the preferred one is no obstacle."""
    assert find_type(DISCOVERY, "deploy", version="v1").resource.version == "v1"


def test_find_type_version_that_is_not_preferred_is_not_found() -> None:
    """Only preferred versions count, as in the Go kubefedctl."""
    with pytest.raises(InputError) as raised:
        find_type(DISCOVERY, "deploy", version="v1beta1")
    assert raised.value.message == "the cluster serves no type named 'deploy' in version v1beta1"
    assert "--version" in raised.value.hint
