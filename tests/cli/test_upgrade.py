"""Tests of init on a host with an older KubeFed: everything is kept, and brought up to date."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.installing import make_control_plane
from kubefedctl.model.refs import Object
from kubefedctl.model.wellknown import CRDS
from tests.cli.runs import KNS, CommandLine, Sandbox
from tests.compat.golden_files import read_commands

CHECKS = {"maxLength", "maxItems", "minimum", "pattern", "enum", "anyOf", "default"}
CHECKS |= {"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}
OURS = {
    step.body["metadata"]["name"]: step.body
    for step in make_control_plane(namespace=KNS, scope="Cluster")
    if step.resource == CRDS
}
FIRST_GATES = [
    {"name": "PushReconciler", "configuration": "Disabled"},
    {"name": "CrossClusterServiceDiscovery", "configuration": "Enabled"},
    {"name": "FederatedIngress", "configuration": "Enabled"},
]


def _without_checks(schema: Any) -> Any:
    """A schema as KubeFed's chart has it: types and required fields."""
    if isinstance(schema, list):
        return [_without_checks(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_checks(value) for key, value in schema.items() if key not in CHECKS}


def _of_the_chart(crd: Object) -> Object:
    """The CRD of KubeFed 0.10: without our checks."""
    versions = [
        {**found, "schema": _without_checks(found["schema"])} for found in crd["spec"]["versions"]
    ]
    return {**crd, "spec": {**crd["spec"], "versions": versions}}


def _of_the_first_releases(crd: Object) -> Object:
    """The CRD of KubeFed 0.3, made as v1beta1: fields are kept unseen, there are no columns."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    [version] = crd["spec"]["versions"]
    kept = {
        key: version[key] for key in ("name", "served", "storage", "subresources") if key in version
    }
    names = {key: found for key, found in crd["spec"]["names"].items() if key != "shortNames"}
    return {
        **crd,
        "metadata": {**crd["metadata"], "annotations": {"helm.sh/chart": "kubefed-0.3.0"}},
        "spec": {**crd["spec"], "names": names, "versions": [{**kept, "schema": schema}]},
    }


def _install(sandbox: Sandbox, crds: list[Object], objects: list[tuple[str, Object]]) -> None:
    sandbox.host.create(
        "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": KNS}}
    )
    for crd in crds:
        sandbox.host.create("customresourcedefinitions", crd)
    for plural, obj in objects:
        obj = {**obj, "metadata": {**obj["metadata"], "namespace": KNS}}
        sandbox.host.create(plural, obj, namespace=KNS)


def _config(**spec: Any) -> tuple[str, Object]:
    metadata = {"name": "kubefed"}
    head = {"apiVersion": "core.kubefed.io/v1beta1", "kind": "KubeFedConfig"}
    return "kubefedconfigs", {**head, "metadata": metadata, "spec": {"scope": "Cluster", **spec}}


def _check_crds(sandbox: Sandbox, before: dict[str, Object]) -> None:
    for name, ours in OURS.items():
        crd = sandbox.host.get("customresourcedefinitions", name)
        assert crd is not None
        [version] = crd["spec"]["versions"]
        [wanted] = ours["spec"]["versions"]
        assert wanted["schema"] == version["schema"]
        assert [wanted["name"]] == crd["status"]["storedVersions"]
        if name in before:
            assert before[name]["metadata"]["uid"] == crd["metadata"]["uid"]
            kept = before[name]["metadata"].get("annotations", {}).items()
            assert kept <= crd["metadata"].get("annotations", {}).items()


def _crds(sandbox: Sandbox) -> dict[str, Object]:
    found = sandbox.host.list("customresourcedefinitions")
    return {crd["metadata"]["name"]: crd for crd in found}


def test_init_over_the_charts_objects_keeps_what_was_set(bare: Sandbox, cli: CommandLine) -> None:
    """KubeFed 0.10: types as the original's `enable` made them, one of them set otherwise."""
    [config_map, crd] = read_commands("enable.yaml")["kubefedctl enable configmaps -o yaml"]
    config_map["spec"] |= {"propagation": "Disabled", "statusCollection": "Enabled"}
    charts = [
        _of_the_chart(found) for name, found in OURS.items() if name != crd["metadata"]["name"]
    ]
    kubefed = _config(syncController={"adoptResources": "Disabled", "maxConcurrentReconciles": 7})
    _install(bare, [*charts, crd], [("federatedtypeconfigs", config_map), kubefed])
    cluster = {"apiVersion": "core.kubefed.io/v1beta1", "kind": "KubeFedCluster"}
    spec = {"apiEndpoint": "https://a:6443", "secretRef": {"name": "a-b"}}
    place = {"name": "a", "namespace": KNS, "labels": {"tier": "x"}}
    bare.host.create("kubefedclusters", {**cluster, "metadata": place, "spec": spec}, namespace=KNS)
    before = _crds(bare)
    joined = bare.host.get("kubefedclusters", "a", namespace=KNS)
    cli("init")
    _check_crds(bare, before)
    found = bare.host.get("federatedtypeconfigs", "configmaps", namespace=KNS)
    assert found is not None
    assert config_map["spec"] == found["spec"]
    assert joined == bare.host.get("kubefedclusters", "a", namespace=KNS)
    settings = bare.host.get("kubefedconfigs", "kubefed", namespace=KNS)
    assert settings is not None
    assert {"adoptResources": "Disabled", "maxConcurrentReconciles": 7} == settings["spec"][
        "syncController"
    ]
    bare.forget_requests()
    assert "is up to date" in cli("init").err
    assert [] == bare.writes


def test_init_over_the_first_releases_keeps_what_was_set(bare: Sandbox, cli: CommandLine) -> None:
    """KubeFed 0.3: CRDs without schemas, gates that are gone, an Ingress type of its own."""
    old = [_of_the_first_releases(crd) for crd in OURS.values()]
    federated = {"group": "types.kubefed.io", "version": "v1beta1", "kind": "FederatedIngress"}
    target = {"group": "extensions", "version": "v1beta1", "kind": "Ingress"}
    ingresses = {
        "apiVersion": "core.kubefed.io/v1beta1",
        "kind": "FederatedTypeConfig",
        "metadata": {"name": "ingresses.extensions"},
        "spec": {
            "propagation": "Enabled",
            "federatedType": {
                **federated,
                "pluralName": "federatedingresses",
                "scope": "Namespaced",
            },
            "targetType": {**target, "pluralName": "ingresses", "scope": "Namespaced"},
        },
    }
    kubefed = _config(featureGates=FIRST_GATES, clusterHealthCheck={"period": "30s"})
    _install(bare, old, [("federatedtypeconfigs", ingresses), kubefed])
    before = _crds(bare)
    cli("init")
    _check_crds(bare, before)
    found = bare.host.get("federatedtypeconfigs", "ingresses.extensions", namespace=KNS)
    assert found is not None
    assert ingresses["spec"] == found["spec"]
    assert None is bare.host.get(
        "federatedtypeconfigs", "ingresses.networking.k8s.io", namespace=KNS
    )
    settings = bare.host.get("kubefedconfigs", "kubefed", namespace=KNS)
    assert settings is not None
    gates = {gate["name"]: gate["configuration"] for gate in settings["spec"]["featureGates"]}
    assert "Disabled" == gates["PushReconciler"]
    assert {"PushReconciler", "RawResourceStatusCollection", "SchedulerPreferences"} == set(gates)
    assert "30s" == settings["spec"]["clusterHealthCheck"]["period"]
    bare.forget_requests()
    assert "is up to date" in cli("init").err
    assert [] == bare.writes


@pytest.mark.parametrize("crd", [OURS["kubefedclusters.core.kubefed.io"]])
def test_init_crd_that_kept_unknown_fields_is_upgraded(crd: Object) -> None:
    """A CRD made as v1beta1 carries the field, beside which the API server refuses defaults."""
    from kubefedctl.core.installing import update_object

    stored = {**crd, "spec": {**crd["spec"], "preserveUnknownFields": True}}
    updated = update_object(stored, crd)
    assert updated is not None
    assert crd["spec"] == updated["spec"]
