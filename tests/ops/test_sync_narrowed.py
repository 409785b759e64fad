"""Tests of a narrowed sync: what it reads and writes, and what it leaves as it is."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.narrowing import parse_request
from kubefedctl.errors import ForbiddenError, InputError, PartialFailure, UnreachableError
from kubefedctl.model.actions import Strategy
from kubefedctl.model.events import Step
from kubefedctl.model.narrowing import DeletionScope
from kubefedctl.model.objects import MANAGED_LABEL, ORPHAN_ANNOTATION, labels_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, PROPAGATED_VERSIONS
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.preferences import make_shop as make_deployment_shop
from tests.ops.preferences import prefer, replicas_of, scheduled, web
from tests.ops.shop import (
    DELETING,
    ONLY_C1,
    change,
    hold,
    make_shop,
    make_synced_shop,
    propagation,
    run_sync,
    summary_of,
)
from tests.ops.stage import (
    FEDERATED_CONFIG_MAPS,
    FEDERATED_NAMESPACES,
    KNS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    served,
    steps,
    words,
)


def _narrow(fleet: MemoryFleet, *asked: str, **more: Any) -> Any:
    return run_sync(fleet, request=parse_request(asked, **more))


def _kill(fleet: MemoryFleet, name: str = "c2") -> None:
    fleet.context(name).fail_next("read", error(UnreachableError, 0, "Refused"), times=2)


def _status(host: MemoryCluster) -> Object:
    found = host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert found is not None
    return dict(found.get("status", {}))


def _lists(cluster: MemoryCluster) -> list[str]:
    return sorted(subject for act, subject in cluster.requests if act == "list")


# --- to clusters ---------------------------------------------------------------------------------


def test_narrowed_to_a_cluster_asks_no_other_member() -> None:
    """Neither probe nor list nor write, and no other KubeFedCluster's status."""
    host, fleet = make_shop()
    events, failure = _narrow(fleet, clusters=["c1"])
    assert None is failure
    assert ["created ConfigMap/shop/web in c1", "created Namespace/shop in c1"] == sorted(
        words(events)
    )
    assert [] == fleet.context("c2").requests
    assert "probing 1 member cluster" in steps(events)
    assert ["c1"] == [tally.cluster for tally in summary_of(events).clusters]
    written = [subject for _, subject in host.writes() if subject.startswith("KubeFedCluster/")]
    assert [f"KubeFedCluster/{KNS}/c1"] == written


def test_narrowed_to_a_cluster_leaves_a_dead_one_aside() -> None:
    """Nothing is told of what is not looked at."""
    _, fleet = make_synced_shop()
    _kill(fleet)
    events, failure = _narrow(fleet, clusters=["c1"])
    assert (None, []) == (failure, words(events))


def test_narrowed_to_a_cluster_keeps_what_is_recorded_of_the_others() -> None:
    """The entry of c2 counts for the reason, and the generation has not reached it yet."""
    host, fleet = make_synced_shop()
    fleet.context("c2").alter(CONFIG_MAP, WEB, data={"drift": "1"})
    fleet.context("c2").fail_next("update", error(ForbiddenError, 403))
    run_sync(fleet, strategy=Strategy.REPLACE)
    entry = {"name": "c2", "status": "UpdateFailed"}
    assert ("False", "CheckClusters", [{"name": "c1"}, entry]) == propagation(host)
    before = _status(host)["observedGeneration"]
    change(host, spec={"template": {"data": {"k": "v"}}})
    events, failure = _narrow(fleet, clusters=["c1"])
    assert (None, ["updated ConfigMap/shop/web in c1"]) == (failure, words(events))
    assert ("False", "CheckClusters", [{"name": "c1"}, entry]) == propagation(host)
    assert before == _status(host)["observedGeneration"]
    run_sync(fleet)
    assert ("True", "", [{"name": "c1"}, {"name": "c2"}]) == propagation(host)
    assert before + 1 == _status(host)["observedGeneration"]


def test_narrowed_to_a_cluster_keeps_the_others_versions() -> None:
    """A later whole run finds nothing to do where nothing has changed."""
    host, fleet = make_synced_shop()
    fleet.context("c1").alter(CONFIG_MAP, WEB, data={"drift": "1"})
    narrowed = parse_request([], clusters=["c1"])
    events, _ = run_sync(fleet, strategy=Strategy.REPLACE, request=narrowed)
    assert ["updated ConfigMap/shop/web in c1"] == words(events)
    versions = host.find(PROPAGATED_VERSIONS, Key("shop", "configmap-web")) or {}
    names = [entry["clusterName"] for entry in versions["status"]["clusterVersions"]]
    assert ["c1", "c2"] == names
    assert [] == words(run_sync(fleet)[0])


def test_narrowed_to_a_cluster_keeps_the_entry_of_one_that_is_left() -> None:
    """What is to go from c2 goes in a run that looks there, and only then from the records."""
    host, fleet = make_synced_shop()
    change(host, spec=ONLY_C1)
    events, _ = _narrow(fleet, clusters=["c1"])
    assert [] == words(events)
    assert [{"name": "c1"}, {"name": "c2"}] == propagation(host)[2]
    assert ["deleted ConfigMap/shop/web in c2"] == words(run_sync(fleet)[0])
    assert [{"name": "c1"}] == propagation(host)[2]


def test_narrowed_to_a_cluster_first_run_has_no_generation_yet() -> None:
    """An object that is in one of its two clusters is not propagated."""
    host, fleet = make_shop()
    _narrow(fleet, clusters=["c1"])
    assert "observedGeneration" not in _status(host)
    assert [{"name": "c1"}] == _status(host)["clusters"]


def test_narrowed_again_writes_nothing() -> None:
    """A second narrowed run says the same, so it is silent."""
    host, fleet = make_shop()
    _narrow(fleet, clusters=["c1"])
    host.requests.clear()
    _narrow(fleet, clusters=["c1"])
    assert {"KubeFedCluster"} >= {subject.split("/")[0] for _, subject in host.writes()}


def test_narrowed_deletion_by_cluster_keeps_the_finalizer() -> None:
    """Its object in c1 goes; the whole run finishes it."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    events, failure = _narrow(fleet, clusters=["c1"])
    assert None is failure
    detail = "its deletion is finished by a sync that looks at c2, too"
    assert [
        f"skipped FederatedConfigMap/shop/web in host: {detail}",
        "deleted ConfigMap/shop/web in c1",
    ] == words(events)
    assert ("False", "CheckClusters", [{"name": "c2"}]) == propagation(host)
    assert None is not fleet.context("c2").find(CONFIG_MAP, WEB)
    events, failure = run_sync(fleet)
    assert None is failure
    assert None is host.find(FEDERATED_CONFIG_MAPS, WEB)


# --- to types, objects, a namespace, labels ------------------------------------------------------


def _make_two_shops() -> tuple[MemoryCluster, MemoryFleet]:
    """Two namespaces with two ConfigMaps each, a ClusterRole, and an orphan in each namespace."""
    host = make_host(types=[NAMESPACE, CONFIG_MAP, CLUSTER_ROLE, DEPLOYMENT], members=["c1"])
    for name in ("shop", "fair"):
        federate_namespace(host, name)
        federate(host, Key(name, "web"), labels={"app": "web"})
        federate(host, Key(name, "api"), labels={"app": "api"})
    federate(host, Key("", "reader"), target=CLUSTER_ROLE)
    fleet = make_fleet(host, "c1")
    for name in ("shop", "fair"):
        fleet.context("c1").add(CONFIG_MAP, managed(Key(name, "lost")))
    return host, fleet


_MAPS = ["federatedconfigmaps", "federatednamespaces", "propagatedversions"]
_ROLES = ["clusterpropagatedversions", "federatedclusterroles"]


@pytest.mark.parametrize(
    ("asked", "more", "told", "host_lists", "member_lists"),
    [
        pytest.param(
            ["configmaps/web"],
            {},
            ["created ConfigMap/fair/web", "created ConfigMap/shop/web"],
            _MAPS,
            ["configmaps"],
            id="name",
        ),
        pytest.param(
            ["configmap/web", "FederatedConfigMap/api"],
            {"namespace": "shop"},
            ["created ConfigMap/shop/api", "created ConfigMap/shop/web"],
            _MAPS,
            ["configmaps"],
            id="names-in-a-namespace",
        ),
        pytest.param(
            ["configmaps"],
            {"namespace": "shop"},
            [
                "created ConfigMap/shop/api",
                "created ConfigMap/shop/web",
                "unlabelled ConfigMap/shop/lost",
            ],
            _MAPS,
            ["configmaps"],
            id="type-in-a-namespace",
        ),
        pytest.param(
            ["clusterroles"],
            {},
            ["created ClusterRole/reader"],
            _ROLES,
            ["clusterroles"],
            id="cluster-scoped-type",
        ),
        pytest.param(
            [],
            {"namespace": "fair"},
            [
                "created ConfigMap/fair/api",
                "created ConfigMap/fair/web",
                "created Namespace/fair",
                "unlabelled ConfigMap/fair/lost",
            ],
            [
                *(_MAPS[0], "federateddeployments", _MAPS[1], "namespaces", _MAPS[2]),
                "replicaschedulingpreferences",
            ],
            ["configmaps", "deployments", "namespaces"],
            id="namespace",
        ),
        pytest.param(
            ["configmaps"],
            {"selector": "app=web"},
            ["created ConfigMap/fair/web", "created ConfigMap/shop/web"],
            _MAPS,
            ["configmaps"],
            id="selector",
        ),
        pytest.param(
            ["namespaces/shop"],
            {},
            ["created Namespace/shop"],
            [*_MAPS[1:2], "namespaces", *_MAPS[2:]],
            ["namespaces"],
            id="one-namespace",
        ),
    ],
)
def test_narrowed_run_reads_what_it_needs_and_does_what_was_asked(
    asked: list[str],
    more: dict[str, str],
    told: list[str],
    host_lists: list[str],
    member_lists: list[str],
) -> None:
    """FederatedNamespaces are read for placement; orphans only where all could be claimed."""
    host, fleet = _make_two_shops()
    # NB: nodes belong to the probe, which is the same for every run
    events, failure = _narrow(fleet, *asked, **more)
    assert None is failure
    assert [f"{line} in c1" for line in told] == sorted(words(events))
    standing = {"federatedtypeconfigs", "kubefedclusters", "secrets"}
    assert host_lists == [name for name in _lists(host) if name not in standing]
    assert member_lists == [name for name in _lists(fleet.context("c1")) if name != "nodes"]


def test_narrowed_to_a_short_name_asks_the_host_what_it_means() -> None:
    """Only the API server knows short names."""
    host, fleet = _make_two_shops()
    host.discovery = served(CONFIG_MAP, DEPLOYMENT)  # type: ignore[attr-defined]
    events, failure = _narrow(fleet, "cm/web", namespace="shop")
    assert (None, ["created ConfigMap/shop/web in c1"]) == (failure, words(events))


@pytest.mark.parametrize(
    ("asked", "more", "message", "hint"),
    [
        pytest.param(
            ["pods"],
            {},
            "'pods' names no federated type",
            "enabled: clusterroles.rbac.authorization.k8s.io, configmaps, deployments.apps,"
            " namespaces",
            id="type",
        ),
        pytest.param([], {"clusters": ["c9"]}, "no cluster c9 is joined", "joined: c1", id="c9"),
        pytest.param(
            ["configmaps/gone", "configmaps/web"],
            {"namespace": "shop"},
            "namespace shop of host cluster host has no FederatedConfigMap gone to sync",
            None,
            id="object",
        ),
        pytest.param(
            ["configmaps/gone"],
            {},
            "host cluster host has no FederatedConfigMap gone to sync",
            None,
            id="object-anywhere",
        ),
        pytest.param(
            [],
            {"namespace": "nowhere"},
            "host cluster host has no namespace nowhere",
            None,
            id="namespace",
        ),
    ],
)
def test_narrowed_to_what_is_not_there_is_an_error(
    asked: list[str], more: dict[str, Any], message: str, hint: str | None
) -> None:
    """A typing error must not look like a fleet in step; no member is written."""
    _, fleet = _make_two_shops()
    _, failure = _narrow(fleet, *asked, **more)
    assert isinstance(failure, InputError)
    assert message == failure.message
    assert failure.hint if hint is None else hint == failure.hint
    assert [] == fleet.context("c1").writes()


def test_narrowed_to_a_namespace_with_nothing_federated_is_in_step() -> None:
    """The namespace is there; nothing in it is federated."""
    host, fleet = _make_two_shops()
    host.add(NAMESPACE, {"metadata": {"name": "plain"}})
    events, failure = _narrow(fleet, namespace="plain")
    assert (None, []) == (failure, words(events))


def test_narrowed_in_namespaced_scope_looks_at_its_namespace() -> None:
    """-n says what is so anyway; the host's namespaces are not asked for."""
    host = make_host(spec={"scope": "Namespaced"}, members=["c1"])
    federate(host, Key(KNS, "web"))
    fleet = make_fleet(host, "c1")
    events, failure = _narrow(fleet, "configmaps", namespace=KNS)
    assert (None, [f"created ConfigMap/{KNS}/web in c1"]) == (failure, words(events))
    assert "namespaces" not in _lists(host)
    _, failure = _narrow(fleet, namespace="shop")
    assert isinstance(failure, InputError)


# --- beside preferences for replicas -------------------------------------------------------------


def _make_scheduled() -> tuple[MemoryCluster, MemoryFleet]:
    """A FederatedDeployment whose preference asks for other replicas than it has."""
    host, fleet = make_deployment_shop()
    prefer(host, 4)
    federate(host)
    return host, fleet


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        pytest.param([], {"clusters": ["c1"]}, id="cluster"),
        pytest.param(["configmaps"], {}, id="another-type"),
        pytest.param(["deployments", "configmaps"], {"selector": "app=x"}, id="labels"),
    ],
)
def test_narrowed_run_moves_no_replicas_that_it_does_not_look_at(
    asked: list[str], more: dict[str, Any]
) -> None:
    """How the other members fare is not known, and another object is none of its business."""
    host, fleet = _make_scheduled()
    before = web(host)
    events, failure = _narrow(fleet, *asked, **more)
    assert (None, []) == (failure, scheduled(events))
    assert before == web(host)


@pytest.mark.parametrize("asked", [["deployments/web"], ["deployments"]], ids=["name", "type"])
def test_narrowed_run_follows_the_preference_of_what_it_looks_at(asked: list[str]) -> None:
    """All members are looked at, so replicas can be spread over them."""
    _, fleet = _make_scheduled()
    run_sync(fleet, request=parse_request(["namespaces"]))
    _, failure = _narrow(fleet, *asked, namespace="shop")
    assert None is failure
    assert [2, 2] == replicas_of(fleet)


# --- deletions that wait -------------------------------------------------------------------------


def test_deletion_records_what_a_dead_member_still_holds() -> None:
    """The status says so while it waits, and is not written to say the same again (S67)."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    _kill(fleet)
    _, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    left = [{"name": "c2", "status": "ClusterNotReady"}]
    assert ("False", "CheckClusters", left) == propagation(host)
    host.requests.clear()
    _kill(fleet)
    run_sync(fleet)
    assert ("patch", "FederatedConfigMap/shop/web") not in host.writes()


def test_deletion_records_each_cluster_that_still_holds_something() -> None:
    """One is going, one refuses, one is dead: sorted by name, in KubeFed's words (S66)."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    hold(fleet.context("c1"))
    fleet.context("c2").fail_next("delete", error(ForbiddenError, 403))
    run_sync(fleet)
    left = [
        {"name": "c1", "status": "WaitingForRemoval"},
        {"name": "c2", "status": "DeletionFailed"},
    ]
    assert ("False", "CheckClusters", left) == propagation(host)


@pytest.mark.parametrize("way", ["ready", "unregistered"])
@pytest.mark.parametrize("is_orphaned", [False, True], ids=["deleted", "orphaned"])
def test_deletion_is_finished_when_the_dead_member_is_back_or_gone(
    way: str, is_orphaned: bool
) -> None:
    """The placement is gone by then: status alone says that c2 mattered."""
    host, fleet = make_synced_shop()
    annotations = {ORPHAN_ANNOTATION: "true"} if is_orphaned else {}
    change(host, annotations=annotations, **DELETING)
    _kill(fleet)
    run_sync(fleet)
    host.remove(FEDERATED_NAMESPACES, Key("shop", "shop"))
    host.remove(PROPAGATED_VERSIONS, Key("shop", "configmap-web"))
    _kill(fleet)
    _, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert None is not host.find(FEDERATED_CONFIG_MAPS, WEB)
    if way == "unregistered":
        host.remove(KUBEFED_CLUSTERS, Key(KNS, "c2"))
    events, failure = run_sync(fleet)
    assert None is failure
    assert "deleted FederatedConfigMap/shop/web in host" in words(events)
    found = fleet.context("c2").find(CONFIG_MAP, WEB)
    if way == "unregistered":
        assert "true" == labels_of(found or {})[MANAGED_LABEL]
    else:
        assert is_orphaned is (found is not None)


@pytest.mark.parametrize(
    ("scope", "is_finished"), [(DeletionScope.KNOWN, True), (DeletionScope.ALL, False)]
)
def test_deletion_is_held_up_by_a_dead_member_that_never_had_it_only_in_scope_all(
    scope: DeletionScope, is_finished: bool
) -> None:
    """KubeFed up to 0.9.1 waited for every registered cluster (S67)."""
    host = make_host()
    federate_namespace(host)
    federate(host, spec=ONLY_C1)
    fleet = make_fleet(host)
    run_sync(fleet)
    change(host, **DELETING)
    _kill(fleet)
    run_sync(fleet, deletion_scope=scope)
    assert None is fleet.context("c1").find(CONFIG_MAP, WEB)
    assert is_finished is (host.find(FEDERATED_CONFIG_MAPS, WEB) is None)


def test_deletion_status_that_cannot_be_written_is_told() -> None:
    """A later run then knows c2 by the placement alone."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    _kill(fleet)
    host.fail_next("patch", error(ForbiddenError, 403), name="web")
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert words(events)[-1].startswith("failed FederatedConfigMap/shop/web in host: cannot ask")


# --- what a namespace shuts out ------------------------------------------------------------------


def test_sync_names_clusters_that_a_namespace_shuts_out() -> None:
    """One warning for the namespace, a line for each object with --v=1 (S09)."""
    host = make_host()
    federate_namespace(host, spec=ONLY_C1)
    federate(host)
    federate(host, Key("shop", "api"))
    events, failure = run_sync(make_fleet(host))
    assert None is failure
    expected = "FederatedNamespace/shop/shop keeps its objects out of c2, which 2 objects select"
    assert f"warning: {expected}" == words(events)[0]
    told = [event.text for event in events if isinstance(event, Step) and event.level == 1]
    assert [
        f"FederatedConfigMap/shop/{name} selects c2, which its FederatedNamespace does not"
        for name in ("api", "web")
    ] == told
