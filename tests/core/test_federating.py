"""Tests of making federated objects."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.federating import make_federated, make_guessed_federated
from kubefedctl.errors import ManifestError
from kubefedctl.model.refs import Object, Resource
from kubefedctl.model.typeconfigs import parse_type_config
from kubefedctl.model.wellknown import (
    CLUSTER_ROLES,
    CONFIG_MAPS,
    NAMESPACES,
    SERVICE_ACCOUNTS,
    SERVICES,
)

EVERYWHERE: Object = {"clusterSelector": {"matchLabels": {}}}


def _obj(resource: Resource, **fields: Any) -> Object:
    metadata = {"name": "x", **({"namespace": "n"} if resource.namespaced else {})}
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
        **fields,
    }


def _federate(resource: Resource, obj: Object, **federated: str) -> tuple[Object, tuple[str, ...]]:
    return make_federated(obj, parse_type_config(make_type_config(resource, **federated)))


def _template(resource: Resource, **fields: Any) -> Any:
    federated, _ = _federate(resource, _obj(resource, **fields))
    return federated["spec"]["template"]


def test_make_federated_labels_are_kept_and_other_metadata_is_not() -> None:
    """Of the metadata only labels go to the members."""
    obj = _obj(CONFIG_MAPS, data={"k": "v"}, status={"x": 1})
    obj["metadata"] |= {"labels": {"a": "b"}, "uid": "u", "finalizers": ["f"]}
    assert _federate(CONFIG_MAPS, obj)[0] == {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": "FederatedConfigMap",
        "metadata": {"name": "x", "namespace": "n"},
        "spec": {
            "placement": EVERYWHERE,
            "template": {"data": {"k": "v"}, "metadata": {"labels": {"a": "b"}}},
        },
    }


def test_make_federated_own_group_and_version_are_used() -> None:
    """The type config says in which group and version the federated object is."""
    federated, _ = _federate(
        CONFIG_MAPS, _obj(CONFIG_MAPS), federated_group="f.io", federated_version="v1"
    )
    assert federated["apiVersion"] == "f.io/v1"


def test_make_federated_argument_is_not_changed() -> None:
    """The object that was read stays as it was read."""
    obj = _obj(SERVICES, spec={"clusterIP": "10.0.0.1", "ports": [{"port": 1, "nodePort": 2}]})
    before = copy.deepcopy(obj)
    _federate(SERVICES, obj)
    assert obj == before


@pytest.mark.parametrize(
    ("resource", "fields", "expected"),
    [
        (NAMESPACES, {"spec": {"finalizers": ["kubernetes"]}}, {"spec": {}}),
        (NAMESPACES, {}, {}),
        (NAMESPACES, {"spec": None}, {"spec": None}),
        (
            SERVICE_ACCOUNTS,
            {"secrets": [{"name": "t"}], "imagePullSecrets": [{"name": "p"}]},
            {"imagePullSecrets": [{"name": "p"}]},
        ),
        (
            SERVICES,
            {
                "spec": {
                    "clusterIP": "10.0.0.1",
                    "clusterIPs": ["10.0.0.1"],
                    "healthCheckNodePort": 30001,
                    "ports": [{"port": 80, "nodePort": 30000}],
                }
            },
            {"spec": {"healthCheckNodePort": 30001, "ports": [{"port": 80}]}},
        ),
        (
            SERVICES,
            {"spec": {"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 80}]}},
            {"spec": {"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 80}]}},
        ),
        (SERVICES, {"spec": {"ports": ["odd"]}}, {"spec": {"ports": ["odd"]}}),
    ],
    ids=[
        "namespace",
        "namespace-without-spec",
        "namespace-null-spec",
        "service-account",
        "service",
        "headless-service",
        "odd-ports",
    ],
)
def test_make_federated_kind_loses_what_its_own_cluster_gave(
    resource: Resource, fields: Object, expected: Object
) -> None:
    """Allocated fields stay behind; a headless Service stays headless."""
    assert _template(resource, **fields) == expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (CONFIG_MAPS, {"name": "x", "namespace": "n"}),
        (NAMESPACES, {"name": "x", "namespace": "x"}),
        (CLUSTER_ROLES, {"name": "x"}),
    ],
    ids=["namespaced", "namespace", "cluster-scoped"],
)
def test_make_federated_is_where_its_type_belongs(resource: Resource, expected: Object) -> None:
    """A federated Namespace is in the namespace of its own name."""
    assert _federate(resource, _obj(resource))[0]["metadata"] == expected


def test_make_federated_annotations_are_warned_of_by_name() -> None:
    """Lost annotations are named, their values are not, and those of tools do not count."""
    obj = _obj(CONFIG_MAPS)
    obj["metadata"]["annotations"] = {
        "b": "secret",
        "a": "secret",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    assert _federate(CONFIG_MAPS, obj)[1] == (
        "annotations of ConfigMap/n/x are not federated (use overrides): a, b",
    )


def test_make_federated_annotations_of_tools_alone_give_no_warning() -> None:
    """What kubectl writes itself is no loss."""
    obj = _obj(CONFIG_MAPS)
    obj["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    assert _federate(CONFIG_MAPS, obj)[1] == ()


def test_make_federated_claim_names_no_volume_and_loses_nothing_of_note() -> None:
    """The volume is its own cluster's, and so are the annotations that bind it."""
    claims = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True)
    obj = _obj(claims, spec={"volumeName": "pv-1", "storageClassName": "fast"})
    obj["metadata"]["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    federated, warnings = _federate(claims, obj)
    expected = {"spec": {"storageClassName": "fast"}}
    assert (expected, ()) == (federated["spec"]["template"], warnings)


def test_make_federated_placement_is_the_one_given() -> None:
    """Instead of every cluster."""
    placement: Object = {"clusters": [{"name": "c1"}]}
    type_config = parse_type_config(make_type_config(CONFIG_MAPS))
    federated, _ = make_federated(_obj(CONFIG_MAPS), type_config, placement=placement)
    assert placement == federated["spec"]["placement"]


def test_make_federated_spec_of_wrong_type_is_refused() -> None:
    """A Service whose spec is a list is an error that names it."""
    with pytest.raises(ManifestError, match="Service/n/x: spec is not a map"):
        _template(SERVICES, spec=["x"])


@pytest.mark.parametrize(
    ("obj", "problem"),
    [
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-"}}, "metadata.name"),
        ({"apiVersion": "v1", "kind": "Pod"}, "metadata.name"),
        ({"kind": "Pod", "metadata": {"name": "x"}}, "no apiVersion"),
        ({"apiVersion": "apps/", "kind": "Pod", "metadata": {"name": "x"}}, "no apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "x"}}, "no kind"),
    ],
    ids=["generate-name", "no-metadata", "no-api-version", "no-version", "no-kind"],
)
def test_make_guessed_federated_incomplete_object_is_refused(obj: Object, problem: str) -> None:
    """An object from a file must say what it is and how it is called."""
    with pytest.raises(ManifestError, match=problem):
        make_guessed_federated(obj)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}},
            {"name": "x"},
        ),
        (
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "x", "namespace": "n"},
            },
            {"name": "x", "namespace": "n"},
        ),
        (
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}},
            {"name": "x", "namespace": "x"},
        ),
        (
            {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "x"}},
            {"name": "x"},
        ),
        (
            {
                "apiVersion": "example.com/v1",
                "kind": "Namespace",
                "metadata": {"name": "x", "namespace": "n"},
            },
            {"name": "x", "namespace": "n"},
        ),
    ],
    ids=["no-namespace", "namespace-kept", "namespace", "endpoints", "other-group"],
)
def test_make_guessed_federated_namespace_is_what_the_file_says(
    target: Object, expected: Object
) -> None:
    """Without a cluster to ask, an object is namespaced when it names a namespace."""
    assert make_guessed_federated(target)[0]["metadata"] == expected


def test_make_federated_managed_label_is_left_out() -> None:
    """Where the host is a member, a sync puts it on the source."""
    obj = _obj(CONFIG_MAPS)
    obj["metadata"]["labels"] = {"kubefed.io/managed": "true"}
    assert {} == _federate(CONFIG_MAPS, obj)[0]["spec"]["template"]
