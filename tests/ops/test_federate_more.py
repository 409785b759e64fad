"""Tests of federating what a workload names, and of carrying annotations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubefedctl.errors import (
    ControlPlaneError,
    ForbiddenError,
    InputError,
    KubefedctlError,
    PartialFailure,
    RefusedError,
)
from kubefedctl.model.events import Documents, Event, Line
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import SECRETS, SERVICE_ACCOUNTS
from kubefedctl.ops.federate import FederateOptions, federate, federate_documents
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    AT_ONCE,
    FEDERATED_CONFIG_MAPS,
    WEB,
    error,
    make_host,
    not_found,
    place,
    serve_crds,
    served,
    steps,
    told,
    words,
)

TYPES = (CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRETS, SERVICE_ACCOUNTS)
OPTIONS = FederateOptions("deployments", "web", "shop", with_dependencies=True)
ANNOTATED = FederateOptions("configmaps", "web", "shop", carries_annotations=True)
FEDERATED_DEPLOYMENTS = make_type_config(DEPLOYMENT).federated
CREATED = [
    "created FederatedConfigMap/shop/web in host",
    "created FederatedServiceAccount/shop/runner in host",
    "created FederatedSecret/shop/pull in host",
    "created FederatedDeployment/shop/web in host",
]


def _host(*types: Resource, members: tuple[str, ...] = ("c1", "c2")) -> MemoryCluster:
    host = serve_crds(make_host(members=members, types=types or TYPES))
    host.discovery = served(*TYPES)  # type: ignore[attr-defined]
    annotations = {"annotations": {"team": "blue"}}
    host.add(CONFIG_MAP, {"metadata": {**place(WEB), **annotations}, "data": {"a": "1"}})
    pulls = {"imagePullSecrets": [{"name": "pull"}]}
    host.add(SERVICE_ACCOUNTS, {"metadata": place(Key("shop", "runner")), **pulls})
    host.add(SECRETS, {"metadata": place(Key("shop", "pull")), "type": "Opaque", "data": {}})
    container = {"envFrom": [{"configMapRef": {"name": "web"}}]}
    _run(host, serviceAccountName="runner", containers=[container])
    return host


def _run(host: MemoryCluster, **pod: object) -> None:
    spec = {"template": {"spec": pod}}
    if host.find(DEPLOYMENT, WEB) is None:
        host.add(DEPLOYMENT, {"metadata": place(WEB), "spec": spec})
    else:
        host.alter(DEPLOYMENT, WEB, spec=spec)


def _federate(
    host: MemoryCluster, options: FederateOptions = OPTIONS
) -> tuple[list[Event], KubefedctlError | None]:
    return told(federate(MemoryFleet(host, {}), options, pace=AT_ONCE))


def _results(events: list[Event]) -> list[str]:
    return [word for word in words(events) if not word.startswith("warning: annotations")]


def _overrides(host: MemoryCluster) -> object:
    return (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["spec"].get("overrides")


def test_federate_with_dependencies_brings_what_the_workload_names() -> None:
    """Before it, and with it what a service account names."""
    events, failure = _federate(_host())
    assert (None, CREATED) == (failure, _results(events))


def test_federate_with_dependencies_places_them_alike() -> None:
    """They are of use only where the workload is."""
    host = _host()
    placement = {"clusters": [{"name": "c1"}]}
    assert None is _federate(host, replace(OPTIONS, placement=placement))[1]
    for resource in (FEDERATED_CONFIG_MAPS, FEDERATED_DEPLOYMENTS):
        assert placement == (host.find(resource, WEB) or {})["spec"]["placement"]


@pytest.mark.parametrize("optional", [False, True], ids=["needed", "optional"])
def test_federate_with_dependencies_missing_is_warned_of_unless_optional(optional: bool) -> None:
    """The workload is federated all the same."""
    host = _host()
    reference = {"name": "none", "optional": optional}
    _run(host, containers=[{"envFrom": [{"secretRef": reference}]}])
    events, failure = _federate(host)
    text = "warning: Secret/shop/none, which Deployment/web needs, is not in host cluster host"
    expected = [*([] if optional else [text]), CREATED[-1]]
    assert (None, expected) == (failure, words(events))


def test_federate_with_dependencies_name_that_cannot_be_is_missing() -> None:
    """Nobody is asked for it."""
    host = _host()
    _run(host, imagePullSecrets=[{"name": "../x"}])
    events, failure = _federate(host)
    assert None is failure
    assert "is not in host cluster" in words(events)[0]


def test_federate_with_dependencies_leaves_out_tokens() -> None:
    """With a warning, since the workload names it."""
    host = _host()
    token = {"metadata": place(Key("shop", "t")), "type": "kubernetes.io/service-account-token"}
    host.add(SECRETS, token)
    _run(host, imagePullSecrets=[{"name": "t"}])
    events, failure = _federate(host)
    assert None is failure
    assert "Secret/shop/t, which Deployment/web needs, is left out: it holds a" in words(events)[0]
    assert [CREATED[-1]] == words(events)[1:]


def test_federate_with_dependencies_controlled_one_is_brought_with_a_warning() -> None:
    """The workload needs it, and its controller may be in one cluster only."""
    host = _host()
    owner = {"kind": "Gizmo", "name": "g", "controller": True}
    host.alter(CONFIG_MAP, WEB, metadata={**place(WEB), "ownerReferences": [owner]})
    events, failure = _federate(host)
    text = "ConfigMap/shop/web is controlled by Gizmo/g; it is federated all the same"
    assert (None, [f"warning: {text}", *CREATED]) == (failure, words(events))


def test_federate_with_dependencies_again_keeps_what_is_federated() -> None:
    """Even from another template, which others may have seen to."""
    host = _host()
    _federate(host)
    host.alter(CONFIG_MAP, WEB, data={"a": "2"})
    before = host.writes()
    events, failure = _federate(host)
    kept = "FederatedConfigMap/shop/web exists already; it is kept (--update renews it)"
    assert (None, [f"warning: {kept}"]) == (failure, _results(events))
    assert [
        line.replace("created", "unchanged").replace(" in ", " in cluster ") for line in CREATED
    ] == [event.text for event in events if isinstance(event, Line)]
    assert before == host.writes()


def test_federate_with_dependencies_update_renews_them() -> None:
    """As it renews the workload."""
    host = _host()
    _federate(host)
    host.alter(CONFIG_MAP, WEB, data={"a": "2"})
    events, failure = _federate(host, replace(OPTIONS, updates=True))
    updated = ["updated FederatedConfigMap/shop/web in host"]
    assert (None, updated) == (failure, _results(events))


def test_federate_with_dependencies_type_not_enabled_makes_nothing() -> None:
    """Both ways of enabling it are named."""
    host = _host(CONFIG_MAP, DEPLOYMENT, SECRETS)
    _, failure = _federate(host)
    assert isinstance(failure, ControlPlaneError)
    assert "type serviceaccounts is not enabled" in failure.message
    assert "--enable-type" in failure.hint
    assert [] == host.writes()


def test_federate_with_dependencies_unread_is_not_missing() -> None:
    """The host's error ends it before anything is written."""
    host = _host()
    host.fail_next("get", error(ForbiddenError, 403), name="runner")
    _, failure = _federate(host)
    assert isinstance(failure, ForbiddenError)
    assert [] == host.writes()


def test_federate_with_dependencies_one_that_the_host_refuses_is_partial() -> None:
    """The others are made."""
    host = _host()
    host.fail_next("create", error(ForbiddenError, 403), name="runner")
    events, failure = _federate(host)
    assert isinstance(failure, PartialFailure)
    assert {CREATED[0], CREATED[2], CREATED[3]} < set(words(events))


def test_federate_with_dependencies_of_no_workload_is_refused() -> None:
    """A ConfigMap names nothing."""
    _, failure = _federate(_host(), replace(OPTIONS, type_key="configmaps"))
    assert isinstance(failure, InputError)
    assert "--with-dependencies goes with a workload, not with a ConfigMap" == failure.message


# --- annotations ---------------------------------------------------------------------------------


def _carried(*clusters: str, **annotations: str) -> list[Object]:
    operations = [{"path": "/metadata/annotations", "value": annotations}]
    return [{"clusterName": name, "clusterOverrides": operations} for name in clusters]


@pytest.mark.parametrize(
    ("placement", "clusters"),
    [
        (None, ("c1", "c2")),
        ({"clusterSelector": {"matchLabels": {"zone": "eu"}}}, ("c1", "c2")),
        ({"clusters": [{"name": "c9"}]}, ("c9",)),
    ],
    ids=["everywhere", "selector", "named"],
)
def test_federate_annotations_are_carried_to_each_cluster(
    placement: Object | None, clusters: tuple[str, ...]
) -> None:
    """Those that are named, or all that are joined: labels may change."""
    host = _host()
    events, failure = _federate(host, replace(ANNOTATED, placement=placement))
    assert (None, [CREATED[0]]) == (failure, words(events))
    assert _carried(*clusters, team="blue") == _overrides(host)


def test_federate_annotations_without_a_cluster_are_warned_of() -> None:
    """There is nowhere to carry them."""
    host = _host(members=())
    events, failure = _federate(host, ANNOTATED)
    assert None is failure
    assert "are not federated (no cluster is joined): team" in words(events)[0]
    assert None is _overrides(host)


def test_federate_annotations_again_is_unchanged() -> None:
    """Overrides of others are no difference."""
    host = _host()
    _federate(host, ANNOTATED)
    before = host.writes()
    assert ([], None) == (words(_federate(host, ANNOTATED)[0]), _federate(host, ANNOTATED)[1])
    assert before == host.writes()


def test_federate_annotations_of_what_is_federated_without_need_update() -> None:
    """Refused first, then renewed beside the overrides that are there."""
    host = _host()
    _federate(host, replace(ANNOTATED, carries_annotations=False))
    mine = {"path": "/data/a", "value": "9"}
    spec = (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["spec"]
    overrides = [{"clusterName": "c1", "clusterOverrides": [mine]}]
    host.alter(FEDERATED_CONFIG_MAPS, WEB, spec={**spec, "overrides": overrides})
    assert isinstance(_federate(host, ANNOTATED)[1], RefusedError)
    events, failure = _federate(host, replace(ANNOTATED, updates=True))
    assert (None, ["updated FederatedConfigMap/shop/web in host"]) == (failure, words(events))
    assert any(line.startswith("  overrides[") for line in steps(events))
    [first, second] = _carried("c1", "c2", team="blue")
    both = {**first, "clusterOverrides": [mine, *first["clusterOverrides"]]}
    assert [both, second] == _overrides(host)


def test_federate_annotations_without_kubefed_need_clusters_named() -> None:
    """The host knows no clusters; what has no annotations needs none."""
    host = _host()
    options = replace(ANNOTATED, prints_yaml=True)
    host.fail_next("list", not_found())
    _, failure = _federate(host, options)
    assert isinstance(failure, InputError)
    assert "--clusters" in failure.hint
    host.alter(CONFIG_MAP, WEB, metadata=place(WEB))
    assert None is _federate(host, options)[1]
    assert [] == host.writes()


def test_federate_documents_carries_annotations_to_the_clusters_named() -> None:
    """No cluster is asked."""
    metadata = {**place(WEB), "annotations": {"team": "blue"}}
    obj: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    placement = {"clusters": [{"name": "c1"}]}
    [event] = federate_documents([obj], placement=placement, carries_annotations=True)
    assert isinstance(event, Documents)
    assert _carried("c1", team="blue") == event.objects[0]["spec"]["overrides"]
