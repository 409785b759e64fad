"""What is rendered from files is what the members hold after a first sync of the same objects."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.assembling import assemble
from kubefedctl.core.enabling import make_type_config as make_type_config_object
from kubefedctl.core.rendering import render
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    NAMESPACES,
    REPLICA_SCHEDULING_PREFERENCES,
)
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.ops.stage import AT_ONCE, KNS, make_fleet, make_host, told

_CLUSTERS = ("c1", "c2", "c3")
_TARGETS = (NAMESPACE, CONFIG_MAP, DEPLOYMENT, CLUSTER_ROLE)
_OF_SERVER = ("uid", "resourceVersion", "generation")

_PLACEMENTS = st.one_of(
    st.fixed_dictionaries(
        {"clusters": st.lists(st.sampled_from([*_CLUSTERS, "x"]).map(lambda n: {"name": n}))}
    ),
    st.sampled_from(
        [{}, {"clusterSelector": {}}, {"clusterSelector": {"matchLabels": {"zone": "c2"}}}]
    ),
)
_OVERRIDES = st.lists(
    st.fixed_dictionaries(
        {
            "clusterName": st.sampled_from(_CLUSTERS),
            "clusterOverrides": st.sampled_from(
                [
                    [],
                    [{"path": "/spec", "value": {"replicas": 7}}],
                    [{"path": "/metadata/labels", "value": {"l": "1"}}],
                    [{"path": "/metadata/annotations", "value": {"a": "b"}}],
                    [{"op": "add", "path": "/data", "value": {"y": "no"}}],
                ]
            ),
        }
    ),
    max_size=2,
)
_SPECS = st.fixed_dictionaries(
    {"placement": _PLACEMENTS},
    optional={
        "template": st.sampled_from(
            [
                {},
                {"spec": {"replicas": 2}},
                {"metadata": {"annotations": {"x": "y"}, "labels": {"l": "0"}}, "data": {"k": "v"}},
            ]
        ),
        "overrides": _OVERRIDES,
    },
)
_PREFERENCES = st.fixed_dictionaries(
    {
        "targetKind": st.just("FederatedDeployment"),
        "totalReplicas": st.integers(0, 20),
    },
    optional={
        "intersectWithClusterSelector": st.booleans(),
        "clusters": st.dictionaries(
            st.sampled_from([*_CLUSTERS, "*"]),
            st.fixed_dictionaries(
                {"weight": st.integers(0, 3)}, optional={"maxReplicas": st.integers(0, 5)}
            ),
        ),
    },
)


@st.composite
def _files(draw: Any) -> dict[Resource, list[Object]]:
    """Federated objects and preferences of files, by their type."""
    found: dict[Resource, dict[Any, Object]] = {}
    namespace = make_type_config(NAMESPACE).federated
    everywhere = {"placement": {"clusterSelector": {}}}
    if draw(st.booleans()):
        obj = _typed(namespace, {"name": "a", "namespace": "a"}, everywhere)
        found[namespace] = {key_of(obj): obj}
    for target in draw(st.lists(st.sampled_from(_TARGETS), max_size=6)):
        name = draw(st.sampled_from(["a", "b"]))
        resource = make_type_config(target).federated
        metadata = {"name": name}
        if resource.namespaced:
            metadata["namespace"] = draw(st.sampled_from(["a", "b"]))
        obj = _typed(resource, metadata, draw(_SPECS))
        found.setdefault(resource, {})[key_of(obj)] = obj
    workloads = sorted(found.get(make_type_config(DEPLOYMENT).federated, ()))
    if draw(st.booleans()) and workloads:
        key = draw(st.sampled_from(workloads))
        metadata = {"name": key.name, "namespace": key.namespace}
        obj = _typed(REPLICA_SCHEDULING_PREFERENCES, metadata, draw(_PREFERENCES))
        found[REPLICA_SCHEDULING_PREFERENCES] = {key: obj}
    return {resource: list(objects.values()) for resource, objects in found.items()}


def _typed(resource: Resource, metadata: Object, spec: Object) -> Object:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": metadata,
        "spec": spec,
    }


def _without_server_fields(obj: Object) -> Object:
    metadata = {k: v for k, v in obj["metadata"].items() if k not in _OF_SERVER}
    return {**obj, "metadata": metadata}


@settings(max_examples=60, deadline=None)
@given(_files())
def test_rendering_is_what_members_hold_after_a_first_sync(
    files: dict[Resource, list[Object]],
) -> None:
    """
    Whatever placement, overrides, namespaces and preferences say.

    An object that fails in one cluster is in the others after a sync, and in no rendering.
    """
    host = make_host(members=_CLUSTERS, types=_TARGETS)
    for found in host.objects(KUBEFED_CLUSTERS):
        labels = {"zone": found["metadata"]["name"]}
        changed = {**found["metadata"], "labels": labels}
        host.alter(KUBEFED_CLUSTERS, key_of(found), metadata=changed)
    registered = host.objects(KUBEFED_CLUSTERS)
    for name in ("a", "b"):
        host.add(NAMESPACES, {"metadata": {"name": name}})
    for resource, objects in files.items():
        for obj in objects:
            host.add(resource, copy.deepcopy(obj))
    fleet = make_fleet(host, *_CLUSTERS)
    told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))

    configs = [make_type_config_object(target) for target in _TARGETS]
    given_objects = [obj for objects in files.values() for obj in objects]
    rendering = render(assemble([*registered, *configs, *given_objects]))

    failed = {error.object for error in rendering.errors}
    for name in _CLUSTERS:
        held = [
            _without_server_fields(obj)
            for target in _TARGETS
            for obj in fleet.context(name).objects(target)
            if _federated_subject(target, obj) not in failed
        ]
        rendered = list(rendering.clusters[name])
        assert sorted(map(repr, map(_sorted, held))) == sorted(map(repr, map(_sorted, rendered)))


def _federated_subject(target: Resource, obj: Object) -> str:
    """Name the federated object that a member object is of."""
    key = key_of(obj)
    if target == NAMESPACE:
        key = Key(key.name, key.name)
    return str(make_type_config(target).federated.subject(key))


def _sorted(value: Any) -> Any:
    """*value* with its keys in order, so that equal objects look equal."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value
