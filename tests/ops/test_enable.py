"""Tests of making a type federable: the lines, the objects, and the refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.core.enabling import Directive
from kubefedctl.errors import (
    ControlPlaneError,
    InputError,
    KubefedctlError,
    NotFoundError,
    RefusedError,
    WaitTimeout,
)
from kubefedctl.model.events import Documents, Event, Line
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import Discovery
from kubefedctl.model.wellknown import CRDS, NAMESPACES, TYPE_CONFIGS
from kubefedctl.ops.enable import EnableOptions, enable
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import AT_ONCE, KNS, error, serve_crds, served, steps, told, words

WIDGET = Resource("example.com", "v1", "widgets", "Widget", True)
OPTIONS = EnableOptions(KNS)
DEPLOYMENTS_KEY = Key(KNS, "deployments.apps")


def _schema(resource: Resource, **spec: Object) -> Object:
    gvk = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {
        "x-kubernetes-group-version-kind": [gvk],
        "properties": {"spec": {"properties": spec}},
    }


SCALABLE = _schema(DEPLOYMENT, replicas={"type": "integer", "format": "int32"})
READS = {
    "/openapi/v3/apis/apps/v1": {"components": {"schemas": {"Deployment": SCALABLE}}},
    "/openapi/v3/api/v1": {
        "components": {"schemas": {"C": _schema(CONFIG_MAP), "N": _schema(NAMESPACE)}}
    },
}


class Host(MemoryCluster):
    """A host with a discovery of its own."""

    discovery: Discovery = served(CONFIG_MAP, DEPLOYMENT, NAMESPACE, WIDGET, CRDS)


def _host(reads: dict[str, Object] | None = None) -> Host:
    given = READS if reads is None else reads
    host = Host("host", reads={path: json.dumps(body).encode() for path, body in given.items()})
    serve_crds(host)
    host.add(NAMESPACES, {"metadata": {"name": KNS}})
    return host


def _enable(
    host: MemoryCluster, *keys: str, options: EnableOptions = OPTIONS, **directive: str
) -> tuple[list[Event], KubefedctlError | None]:
    directives = [Directive(key, **directive) for key in keys]
    return told(enable(MemoryFleet(host, {}), directives, options, pace=AT_ONCE))


def _lines(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Line)]


def _crd(host: MemoryCluster, name: str = "federateddeployments.types.kubefed.io") -> Object:
    found = host.find(CRDS, Key("", name))
    assert found is not None
    return found


def _spec_properties(crd: Object) -> Any:
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema["properties"]["spec"]["properties"]


@pytest.mark.parametrize("key", ["deploy", "Deployment", "deployments", "deployments.apps"])
def test_enable_every_name_of_a_type_means_the_same(key: str) -> None:
    """CRD first, then type config; the lines are the original's."""
    host = _host()
    events, failure = _enable(host, key)
    crd = "customresourcedefinition.apiextensions.k8s.io/federateddeployments.types.kubefed.io"
    config = "federatedtypeconfig.core.kubefed.io/deployments.apps"
    assert None is failure
    assert [f"{crd} created", f"{config} created in namespace {KNS}"] == _lines(events)
    assert [
        ("create", "CustomResourceDefinition/federateddeployments.types.kubefed.io"),
        ("create", f"FederatedTypeConfig/{KNS}/deployments.apps"),
    ] == host.writes()
    assert ["waiting for federateddeployments.types.kubefed.io to be served"] == steps(events)


def test_enable_retains_replicas_of_scalable_types_alone() -> None:
    """Short names get an `f` in front."""
    host = _host()
    _enable(host, "deploy", "configmaps")
    crd = _crd(host)
    assert ["fdeploy"] == crd["spec"]["names"]["shortNames"]
    assert "retainReplicas" in _spec_properties(crd)
    plain = _crd(host, "federatedconfigmaps.types.kubefed.io")
    assert {"template", "placement", "overrides"} == set(_spec_properties(plain))


def test_enable_namespaces_federated_type_is_namespaced() -> None:
    """A FederatedNamespace lives in the namespace that it federates."""
    host = _host()
    assert None is _enable(host, "namespaces")[1]
    assert "Namespaced" == _crd(host, "federatednamespaces.types.kubefed.io")["spec"]["scope"]


def test_enable_again_says_updated_and_keeps_status_collection() -> None:
    """Propagation is switched on again; what else a user set stays."""
    host = _host()
    _enable(host, "deploy")
    found = host.find(TYPE_CONFIGS, DEPLOYMENTS_KEY) or {}
    spec = {**found["spec"], "statusCollection": "Enabled", "propagation": "Disabled"}
    host.alter(TYPE_CONFIGS, DEPLOYMENTS_KEY, spec=spec)
    events, failure = _enable(host, "deploy")
    assert None is failure
    assert all(" updated" in line for line in _lines(events))
    expected = {**spec, "propagation": "Enabled"}
    assert expected == (host.find(TYPE_CONFIGS, DEPLOYMENTS_KEY) or {})["spec"]


def test_enable_again_writes_nothing_new() -> None:
    """The lines of the original say updated even then."""
    host = _host()
    _enable(host, "deploy")
    host.requests.clear()
    events, _ = _enable(host, "deploy")
    assert (2, []) == (len(_lines(events)), host.writes())


def test_enable_dry_run_tells_the_same_and_writes_nothing() -> None:
    """Nobody waits for a CRD that is not written."""
    host = _host()
    events, failure = _enable(host, "deploy", options=replace(OPTIONS, is_dry_run=True))
    assert (None, 2, [], []) == (failure, len(_lines(events)), host.writes(), steps(events))


def test_enable_output_yaml_gives_both_objects_and_needs_no_kubefed() -> None:
    """The type config comes first and names no namespace."""
    host = _host()
    host.remove(NAMESPACES, Key("", KNS))
    events, failure = _enable(host, "deploy", options=replace(OPTIONS, prints_yaml=True))
    assert (None, []) == (failure, host.writes())
    (documents,) = events
    assert isinstance(documents, Documents)
    config, crd = documents.objects
    assert ({"name": "deployments.apps"}, "CustomResourceDefinition") == (
        config["metadata"],
        crd["kind"],
    )


# --- the schema ----------------------------------------------------------------------------------


def _define(host: MemoryCluster, schema: Object) -> None:
    version = {"name": "v1", "schema": {"openAPIV3Schema": schema}}
    host.add(CRDS, {"metadata": {"name": "widgets.example.com"}, "spec": {"versions": [version]}})


def test_enable_type_of_a_crd_reads_its_schema() -> None:
    """No OpenAPI is asked for."""
    host = _host({})
    replicas = {"replicas": {"type": "integer", "format": "int32"}}
    _define(host, {"properties": {"spec": {"properties": replicas}}})
    assert None is _enable(host, "widgets")[1]
    assert "retainReplicas" in _spec_properties(_crd(host, "federatedwidgets.types.kubefed.io"))
    assert not [act for act, _ in host.requests if act == "read"]


def test_enable_type_of_a_crd_without_schema_still_has_a_template() -> None:
    """Otherwise the API server would prune the template away."""
    host = _host({})
    _define(host, {"type": "object"})
    assert None is _enable(host, "widgets")[1]
    assert "template" in _spec_properties(_crd(host, "federatedwidgets.types.kubefed.io"))


def test_enable_server_without_openapi_v3_is_asked_for_v2() -> None:
    """Older API servers publish one document of everything."""
    host = _host({"/openapi/v2": {"definitions": {"Deployment": SCALABLE}}})
    assert None is _enable(host, "deploy")[1]
    assert "retainReplicas" in _spec_properties(_crd(host))


@pytest.mark.parametrize(
    ("body", "words_"),
    [(b"<html>", "something else than JSON"), (b"[]", "no schema for Deployment")],
    ids=["no-json", "list"],
)
def test_enable_schema_unusable_is_told(body: bytes, words_: str) -> None:
    """Nothing is written for a type of which nothing is known."""
    host = Host("host", reads={"/openapi/v3/apis/apps/v1": body})
    _, failure = _enable(host, "deploy")
    assert isinstance(failure, InputError)
    assert words_ in failure.message
    assert [] == host.writes()


# --- refusals ------------------------------------------------------------------------------------


def test_enable_unknown_type_is_named() -> None:
    """The key stands in the message."""
    _, failure = _enable(_host(), "gizmos")
    assert isinstance(failure, InputError)
    assert "'gizmos'" in failure.message


def test_enable_type_found_though_discovery_has_gaps_warns() -> None:
    """A broken API service does not keep other types from being enabled."""
    host = _host()
    host.discovery = replace(Host.discovery, failures=("metrics.k8s.io/v1beta1 does not answer",))
    events, failure = _enable(host, "deploy")
    assert None is failure
    assert [
        "warning: host cluster host could not tell of all it serves:"
        " metrics.k8s.io/v1beta1 does not answer"
    ] == words(events)


def test_enable_definitions_themselves_are_refused() -> None:
    """Their schema holds itself."""
    _, failure = _enable(_host(), "crds.apiextensions.k8s.io", "customresourcedefinitions")
    assert isinstance(failure, InputError)
    _, failure = _enable(_host(), "customresourcedefinitions")
    assert isinstance(failure, RefusedError)


def test_enable_without_kubefed_namespace_is_no_control_plane() -> None:
    """The message names the namespace."""
    host = _host()
    host.remove(NAMESPACES, Key("", KNS))
    _, failure = _enable(host, "deploy")
    assert isinstance(failure, ControlPlaneError)
    assert f"host cluster host has no namespace {KNS}" == failure.message
    assert [] == host.writes()


def test_enable_without_kubefed_api_is_no_control_plane() -> None:
    """A namespace of that name is not enough."""
    host = _host()
    host.fail_next("list", error(NotFoundError, 404), name="federatedtypeconfigs")
    _, failure = _enable(host, "deploy")
    assert isinstance(failure, ControlPlaneError)
    assert "does not serve FederatedTypeConfigs" in failure.message
    assert [] == host.writes()


@pytest.mark.parametrize("is_dry_run", [False, True], ids=["real", "dry-run"])
def test_enable_with_another_federated_group_is_refused(is_dry_run: bool) -> None:
    """The federated type of an enabled type cannot be changed."""
    host = _host()
    _enable(host, "deploy")
    host.requests.clear()
    options = replace(OPTIONS, is_dry_run=is_dry_run)
    _, failure = _enable(host, "deploy", options=options, federated_group="other.example.com")
    assert isinstance(failure, RefusedError)
    assert [] == host.writes()


def test_enable_same_plural_of_another_group_is_refused() -> None:
    """Two types cannot share one federated type; another group for it helps."""
    host = _host({})
    _define(host, {})
    _enable(host, "widgets")
    other = replace(WIDGET, group="other.org")
    host.discovery = served(other)
    host.add(CRDS, {"metadata": {"name": "widgets.other.org"}, "spec": {}})
    _, failure = _enable(host, "widgets")
    assert isinstance(failure, RefusedError)
    assert "widgets.example.com already uses" in failure.message
    assert None is _enable(host, "widgets", federated_group="fed.other.org")[1]


def test_enable_crd_never_served_times_out() -> None:
    """The type config is not written for a type that does not work."""
    host = Host("host", reads={p: json.dumps(body).encode() for p, body in READS.items()})
    host.add(NAMESPACES, {"metadata": {"name": KNS}})
    events, failure = _enable(host, "deploy")
    assert isinstance(failure, WaitTimeout)
    assert 1 == len(_lines(events))
    assert [] == host.objects(TYPE_CONFIGS)


@pytest.mark.parametrize(
    "directive",
    [
        Directive("deploy", federated_group="nodot"),
        Directive("deploy", federated_version="1"),
        Directive("deploy", target_version="v9"),
    ],
    ids=["group", "version", "target"],
)
def test_enable_impossible_directive_is_refused(directive: Directive) -> None:
    """What no CRD can have, and versions that are not served, are wrong input."""
    host = _host()
    _, failure = told(enable(MemoryFleet(host, {}), [directive], OPTIONS, pace=AT_ONCE))
    assert isinstance(failure, InputError)
    assert [] == host.writes()
