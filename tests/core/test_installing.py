"""Tests of the control plane that init writes, and of what it leaves alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.installing import (
    InstallStep,
    make_control_plane,
    make_kubefed_config,
    needs_replacing,
    skip_taken_types,
    update_object,
)
from kubefedctl.model.objects import key_of, name_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.typeconfigs import parse_type_config
from kubefedctl.model.wellknown import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    CRDS,
    KUBEFED_CONFIGS,
    NAMESPACES,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
    TYPE_CONFIGS,
)

CLUSTER_STEPS = make_control_plane(namespace="ns", scope="Cluster")
NAMESPACED_STEPS = make_control_plane(namespace="ns", scope="Namespaced")


def _names(resource: Resource, steps: tuple[InstallStep, ...] = CLUSTER_STEPS) -> list[str]:
    return [name_of(step.body) for step in steps if step.resource == resource]


def _body(resource: Resource, name: str, steps: tuple[InstallStep, ...] = CLUSTER_STEPS) -> Object:
    [found] = [
        step.body for step in steps if step.resource == resource and name_of(step.body) == name
    ]
    return copy.deepcopy(found)


def _as_stored(obj: Object) -> Object:
    """*obj* as an API server hands it back."""
    stored = copy.deepcopy(obj)
    stored["metadata"] |= {"uid": "u", "resourceVersion": "7", "generation": 1}
    if stored["kind"] == "CustomResourceDefinition":
        stored["spec"]["conversion"] = {"strategy": "None"}
        kind = stored["spec"]["names"]["kind"]
        stored["spec"]["names"] |= {"singular": kind.lower(), "listKind": f"{kind}List"}
        stored["status"] = {"storedVersions": ["v1beta1"]}
    return stored


# --- what is written -----------------------------------------------------------------------------


def test_control_plane_is_written_in_an_order_that_works() -> None:
    """Namespace first, then CRDs, then roles, then the objects of the new types."""
    order: list[Resource] = []
    for step in CLUSTER_STEPS:
        if step.resource not in order:
            order.append(step.resource)
    assert order == [
        NAMESPACES,
        CRDS,
        SERVICE_ACCOUNTS,
        CLUSTER_ROLES,
        CLUSTER_ROLE_BINDINGS,
        ROLES,
        ROLE_BINDINGS,
        KUBEFED_CONFIGS,
        TYPE_CONFIGS,
    ]


def test_control_plane_crds_are_the_seventeen_of_the_chart() -> None:
    """Seven types of KubeFed's own and ten federated ones."""
    assert _names(CRDS) == [
        "clusterpropagatedversions.core.kubefed.io",
        "federatedservicestatuses.core.kubefed.io",
        "federatedtypeconfigs.core.kubefed.io",
        "kubefedclusters.core.kubefed.io",
        "kubefedconfigs.core.kubefed.io",
        "propagatedversions.core.kubefed.io",
        "replicaschedulingpreferences.scheduling.kubefed.io",
        "federatedclusterroles.types.kubefed.io",
        "federatedconfigmaps.types.kubefed.io",
        "federateddeployments.types.kubefed.io",
        "federatedingresses.types.kubefed.io",
        "federatedjobs.types.kubefed.io",
        "federatednamespaces.types.kubefed.io",
        "federatedreplicasets.types.kubefed.io",
        "federatedsecrets.types.kubefed.io",
        "federatedserviceaccounts.types.kubefed.io",
        "federatedservices.types.kubefed.io",
    ]


@pytest.mark.parametrize(
    ("crd", "scope", "short_names", "has_status"),
    [
        ("clusterpropagatedversions.core.kubefed.io", "Cluster", None, True),
        ("federatedservicestatuses.core.kubefed.io", "Namespaced", None, False),
        ("federatedtypeconfigs.core.kubefed.io", "Namespaced", ["ftc"], True),
        ("kubefedclusters.core.kubefed.io", "Namespaced", ["kfc"], True),
        ("kubefedconfigs.core.kubefed.io", "Namespaced", None, False),
        ("propagatedversions.core.kubefed.io", "Namespaced", None, True),
        ("replicaschedulingpreferences.scheduling.kubefed.io", "Namespaced", ["rsp"], False),
        ("federatedjobs.types.kubefed.io", "Namespaced", None, True),
        ("federatedservices.types.kubefed.io", "Namespaced", ["fsvc"], True),
        ("federatedclusterroles.types.kubefed.io", "Cluster", None, True),
    ],
)
def test_control_plane_crd_has_kubefeds_names(
    crd: str, scope: str, short_names: list[str] | None, has_status: bool
) -> None:
    """Scope, short names and the status subresource are KubeFed's."""
    spec = _body(CRDS, crd)["spec"]
    found = (
        spec["scope"],
        spec["names"].get("shortNames"),
        "subresources" in spec["versions"][0],
    )
    assert found == (scope, short_names, has_status)


def test_control_plane_clusters_are_printed_with_kubefeds_columns() -> None:
    """`kubectl get kubefedclusters` shows AGE, READY and KUBERNETES-VERSION."""
    [version] = _body(CRDS, "kubefedclusters.core.kubefed.io")["spec"]["versions"]
    assert [column["name"] for column in version["additionalPrinterColumns"]] == [
        "age",
        "ready",
        "kubernetes-version",
    ]


@pytest.mark.parametrize(
    ("steps", "labels"),
    [(CLUSTER_STEPS, None), (NAMESPACED_STEPS, {"name": "ns"})],
    ids=["cluster", "namespaced"],
)
def test_control_plane_namespace_is_labelled_in_scope_namespaced(
    steps: tuple[InstallStep, ...], labels: Object | None
) -> None:
    """KubeFed's webhook selects the namespace by its label name."""
    assert _body(NAMESPACES, "ns", steps)["metadata"].get("labels") == labels


def test_control_plane_cluster_scope_roles_are_the_charts() -> None:
    """The controller's cluster role, and the three that extend admin, edit and view."""
    assert _names(CLUSTER_ROLES) == [
        "kubefed-role",
        "kubefed-admin",
        "kubefed-edit",
        "kubefed-view",
    ]


def test_control_plane_namespaced_scope_has_no_cluster_roles() -> None:
    """In scope Namespaced the controller has roles of the namespace alone."""
    assert (_names(CLUSTER_ROLES, NAMESPACED_STEPS), _names(ROLES, NAMESPACED_STEPS)) == (
        [],
        ["kubefed-role", "kubefed-config-role"],
    )


def test_control_plane_bindings_bind_the_controller() -> None:
    """Each binding gives its role to the controller's service account."""
    binding = _body(ROLE_BINDINGS, "kubefed-config-rolebinding")
    assert (binding["roleRef"], binding["subjects"]) == (
        {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": "kubefed-config-role",
        },
        [{"kind": "ServiceAccount", "name": "kubefed-controller", "namespace": "ns"}],
    )


@pytest.mark.parametrize("steps", [CLUSTER_STEPS, NAMESPACED_STEPS], ids=["cluster", "namespaced"])
def test_control_plane_objects_are_where_their_resource_is(steps: tuple[InstallStep, ...]) -> None:
    """Each object has its resource's apiVersion and kind, and a namespace where it needs one."""
    for step in steps:
        assert step.body["apiVersion"] == step.resource.api_version
        assert step.body["kind"] == step.resource.kind
        assert key_of(step.body).namespace == ("ns" if step.resource.namespaced else "")


def test_kubefed_config_has_all_defaults() -> None:
    """Nothing is left to a webhook that is not there."""
    spec = make_kubefed_config(namespace="ns", scope="Cluster")["spec"]
    assert spec["controllerDuration"] == {
        "availableDelay": "20s",
        "unavailableDelay": "1m0s",
        "cacheSyncTimeout": "5m0s",
    }
    assert {gate["name"]: gate["configuration"] for gate in spec["featureGates"]} == {
        "PushReconciler": "Enabled",
        "RawResourceStatusCollection": "Disabled",
        "SchedulerPreferences": "Enabled",
    }


def test_type_configs_of_init_can_be_read() -> None:
    """What init writes is what sync reads, namespaces being the special one."""
    configs = [parse_type_config(_body(TYPE_CONFIGS, name)) for name in _names(TYPE_CONFIGS)]
    assert [config.name for config in configs if config.is_namespace_type] == ["namespaces"]
    assert all(config.is_propagated for config in configs)


# --- what is there already -----------------------------------------------------------------------


@pytest.mark.parametrize("steps", [CLUSTER_STEPS, NAMESPACED_STEPS], ids=["cluster", "namespaced"])
def test_update_object_second_init_changes_nothing(steps: tuple[InstallStep, ...]) -> None:
    """What an API server adds to an object is no reason to write it again."""
    changed = [
        str(step.resource.subject(key_of(step.body)))
        for step in steps
        if update_object(_as_stored(step.body), step.body) is not None
    ]
    assert changed == []


def test_update_object_result_carries_identity_and_version() -> None:
    """What is written over an object names the version that was read."""
    wanted = _body(CLUSTER_ROLES, "kubefed-role")
    stored = {**_as_stored(wanted), "rules": []}
    updated = update_object(stored, wanted)
    assert updated == _as_stored(wanted)


def test_update_object_users_config_is_kept_and_filled() -> None:
    """Every field that a user set stays; what is missing, deep inside too, is added."""
    wanted = _body(KUBEFED_CONFIGS, "kubefed")
    stored = _as_stored(wanted)
    stored["spec"] = {
        "scope": "Cluster",
        "controllerDuration": {"availableDelay": "9s"},
        "featureGates": [{"name": "PushReconciler", "configuration": "Disabled"}],
        "clusterHealthCheck": {"period": "1s", "failureThreshold": 9},
    }
    updated = update_object(stored, wanted)
    assert updated is not None
    assert updated["spec"]["controllerDuration"] == {
        "availableDelay": "9s",
        "unavailableDelay": "1m0s",
        "cacheSyncTimeout": "5m0s",
    }
    assert updated["spec"]["clusterHealthCheck"]["failureThreshold"] == 9
    assert updated["spec"]["featureGates"] == [
        {"name": "PushReconciler", "configuration": "Disabled"},
        {"name": "RawResourceStatusCollection", "configuration": "Disabled"},
        {"name": "SchedulerPreferences", "configuration": "Enabled"},
    ]


def test_update_object_disabled_type_stays_disabled() -> None:
    """A type that a user has switched off, or whose status is collected, stays so."""
    wanted = _body(TYPE_CONFIGS, "deployments.apps")
    stored = _as_stored(wanted)
    stored["spec"] |= {"propagation": "Disabled", "statusCollection": "Enabled"}
    assert update_object(stored, wanted) is None


def test_update_object_old_crd_gets_our_version_and_keeps_others() -> None:
    """A CRD's own versions stay served; the stored one is ours."""
    wanted = _body(CRDS, "kubefedclusters.core.kubefed.io")
    stored = _as_stored(wanted)
    old = {"name": "v1alpha1", "served": True, "storage": True, "schema": {}}
    stored["spec"]["versions"] = [old]
    updated = update_object(stored, wanted)
    assert updated is not None
    versions = updated["spec"]["versions"]
    assert [(item["name"], item["storage"]) for item in versions] == [
        ("v1alpha1", False),
        ("v1beta1", True),
    ]
    assert updated["spec"]["conversion"] == {"strategy": "None"}


def test_update_object_old_crd_schema_is_upgraded() -> None:
    """A CRD of KubeFed 0.8 gains the columns and fields of 0.10."""
    wanted = _body(CRDS, "kubefedclusters.core.kubefed.io")
    stored = _as_stored(wanted)
    del stored["spec"]["names"]["shortNames"]
    del stored["spec"]["versions"][0]["additionalPrinterColumns"]
    assert update_object(stored, wanted) == _as_stored(wanted)


def _without_checks(schema: Any) -> Any:
    """A schema as KubeFed's chart has it: types and required fields."""
    if isinstance(schema, list):
        return [_without_checks(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    checks = {"maxLength", "maxItems", "minimum", "pattern", "enum", "anyOf", "default"}
    checks |= {"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}
    return {key: _without_checks(value) for key, value in schema.items() if key not in checks}


@pytest.mark.parametrize("crd", _names(CRDS)[:7])
def test_update_object_old_crd_gains_checks_and_nothing_else_changes(crd: str) -> None:
    """Names, versions, columns and subresources of a CRD of KubeFed's chart stay as they are."""
    wanted = _body(CRDS, crd)
    stored = _as_stored(wanted)
    [version] = stored["spec"]["versions"]
    version["schema"] = _without_checks(version["schema"])
    updated = update_object(stored, wanted) or stored
    assert _as_stored(wanted) == updated
    [changed] = updated["spec"]["versions"]
    assert {**stored["spec"], "versions": [{**version, "schema": 0}]} == {
        **updated["spec"],
        "versions": [{**changed, "schema": 0}],
    }


@pytest.mark.parametrize(
    ("crd", "checks"),
    [
        ("clusterpropagatedversions.core.kubefed.io", False),
        ("federatedservicestatuses.core.kubefed.io", False),
        ("federatedtypeconfigs.core.kubefed.io", True),
        ("kubefedclusters.core.kubefed.io", True),
        ("kubefedconfigs.core.kubefed.io", True),
        ("propagatedversions.core.kubefed.io", False),
        ("replicaschedulingpreferences.scheduling.kubefed.io", True),
    ],
)
def test_crd_without_its_checks_has_the_charts_types(crd: str, checks: bool) -> None:
    """Checks are added to what the chart's schemas say, which CRDs have them is decided."""
    [version] = _body(CRDS, crd)["spec"]["versions"]
    assert checks is (_without_checks(version["schema"]) != version["schema"])


def test_update_object_labels_are_added_to_those_there() -> None:
    """Labels of others stay."""
    wanted = _body(NAMESPACES, "ns", NAMESPACED_STEPS)
    stored: Object = {"metadata": {"name": "ns", "labels": {"team": "a"}}}
    updated = update_object(stored, wanted)
    assert updated == {"metadata": {"name": "ns", "labels": {"team": "a", "name": "ns"}}}


def test_update_object_subject_with_api_group_is_the_same() -> None:
    """An empty apiGroup in a subject is the API server's way to say the same."""
    wanted = _body(ROLE_BINDINGS, "kubefed-config-rolebinding")
    stored = _as_stored(wanted)
    stored["subjects"][0]["apiGroup"] = ""
    assert update_object(stored, wanted) is None


def test_update_object_arguments_are_not_changed() -> None:
    """Neither what was read nor what is wanted changes."""
    wanted = _body(KUBEFED_CONFIGS, "kubefed")
    stored: dict[str, Any] = {**_as_stored(wanted), "spec": {"scope": "Cluster"}}
    before = copy.deepcopy((stored, wanted))
    update_object(stored, wanted)
    assert (stored, wanted) == before


@pytest.mark.parametrize(("name", "expected"), [("kubefed-config-role", False), ("other", True)])
def test_needs_replacing_binding_to_another_role(name: str, expected: bool) -> None:
    """A binding's role cannot be changed in place."""
    wanted = _body(ROLE_BINDINGS, "kubefed-config-rolebinding")
    stored = _as_stored(wanted)
    stored["roleRef"]["name"] = name
    assert needs_replacing(stored, wanted) is expected


def test_needs_replacing_other_kinds_never() -> None:
    """Everything but bindings is updated in place."""
    wanted = _body(CLUSTER_ROLES, "kubefed-role")
    assert not needs_replacing({"metadata": {}}, wanted)


def test_skip_taken_types_leaves_the_old_ingress_type_alone() -> None:
    """A host of KubeFed 0.8 keeps federating Ingresses as it did."""
    old = _body(TYPE_CONFIGS, "ingresses.networking.k8s.io")
    old["metadata"]["name"] = "ingresses.extensions"
    steps = skip_taken_types(CLUSTER_STEPS, [old])
    assert set(_names(TYPE_CONFIGS)) - set(_names(TYPE_CONFIGS, steps)) == {
        "ingresses.networking.k8s.io"
    }
    assert len(CLUSTER_STEPS) - len(steps) == 1


def test_skip_taken_types_second_init_skips_nothing() -> None:
    """Type configs do not stand in their own way."""
    existing = [step.body for step in CLUSTER_STEPS if step.resource == TYPE_CONFIGS]
    assert skip_taken_types(CLUSTER_STEPS, existing) == CLUSTER_STEPS


def test_control_plane_keys_are_unique() -> None:
    """No object is written twice."""
    keys: list[tuple[Resource, Key]] = [
        (step.resource, key_of(step.body)) for step in CLUSTER_STEPS
    ]
    assert len(set(keys)) == len(keys)
