"""Tests of telling how a federation stands: as a sync would find it, with nothing written."""

from __future__ import annotations

from kubefedctl.core.draining import DRAIN_LABEL
from kubefedctl.core.narrowing import parse_request
from kubefedctl.errors import ForbiddenError, InputError, KubefedctlError, UnreachableError
from kubefedctl.model.events import Event, Standing
from kubefedctl.model.objects import SYNC_FINALIZER
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.situations import Cell, Situation
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, REPLICA_SCHEDULING_PREFERENCES
from kubefedctl.ops.status import StatusOptions, status
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import DELETING, change, hold, make_synced_shop
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    add_type_config,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    register,
    told,
    words,
)

OK = Cell("ok")


def look(
    fleet: MemoryFleet, *asked: str, **given: str
) -> tuple[list[Event], KubefedctlError | None]:
    """Ask how the federation stands."""
    options = StatusOptions(KNS, parse_request(asked, **given))
    return told(status(fleet, options, pace=AT_ONCE))


def situation(fleet: MemoryFleet, *asked: str, **given: str) -> Situation:
    """Return how the federation stands; nothing was written to find out."""
    clusters: list[MemoryCluster] = [fleet.host, *(fleet.context(n) for n in ("c1", "c2"))]
    for cluster in clusters:
        cluster.requests.clear()
    events, failure = look(fleet, *asked, **given)
    assert failure is None
    assert [[], [], []] == [cluster.writes() for cluster in clusters]
    (found,) = [event.situation for event in events if isinstance(event, Standing)]
    return found


def cells(found: Situation, subject: str = "ConfigMap/shop/web") -> dict[str, Cell]:
    """Return how one object stands."""
    (one,) = [each for each in found.objects if str(each.subject) == subject]
    return dict(one.cells)


def test_status_after_a_sync_is_settled() -> None:
    """Each object is ok in each cluster, and what is managed is counted."""
    _, fleet = make_synced_shop()
    found = situation(fleet)
    assert found.is_settled
    assert {"c1": OK, "c2": OK} == cells(found)
    assert [("c1", True, 2, "v1.33.0"), ("c2", True, 2, "v1.33.0")] == [
        (each.name, each.is_ready, each.managed, each.version) for each in found.clusters
    ]
    assert [("configmaps", True, 1), ("namespaces", True, 1)] == [
        (each.name, each.is_propagated, each.objects) for each in found.types
    ]


def test_status_tells_what_a_sync_would_do() -> None:
    """Create, update and delete, without doing it."""
    host, fleet = make_synced_shop()
    change(
        host, spec={"template": {"data": {"a": "1"}}, "placement": {"clusters": [{"name": "c1"}]}}
    )
    federate(host, Key("shop", "new"))
    found = situation(fleet)
    assert not found.is_settled
    assert {"c1": Cell("update"), "c2": Cell("delete")} == cells(found)
    assert {"c1": Cell("create"), "c2": Cell("create")} == cells(found, "ConfigMap/shop/new")


def test_status_counts_ready_replicas() -> None:
    """A workload says how many of its replicas are ready."""
    host = make_host(types=(NAMESPACE, DEPLOYMENT))
    federate_namespace(host)
    federate(host, target=DEPLOYMENT, spec={"template": {"spec": {"replicas": 3}}})
    fleet = make_fleet(host)
    fleet.context("c1").react_to(DEPLOYMENT, lambda o: {**o, "status": {"readyReplicas": 2}})
    told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    expected = {"c1": Cell("ok", ready=2, replicas=3), "c2": Cell("ok", ready=0, replicas=3)}
    assert expected == cells(situation(fleet), "Deployment/shop/web")


def test_status_of_a_dead_cluster_is_told_and_asked_once() -> None:
    """What is placed there is not ready, whatever was recorded; nobody waits for it."""
    _, fleet = make_synced_shop()
    dead = error(UnreachableError, 0, "ConnectionRefused")
    fleet.context("c2").fail_next("read", dead, times=9)
    found = situation(fleet)
    assert {"c1": OK, "c2": Cell("ClusterNotReady", "ConnectionRefused")} == cells(found)
    assert (False, None) == (found.clusters[1].is_ready, found.clusters[1].managed)
    assert 1 == len([act for act, _ in fleet.context("c2").requests if act == "read"])


def test_status_of_a_deletion_tells_what_is_left() -> None:
    """An object that is being deleted is told with what holds it."""
    host, fleet = make_synced_shop()
    hold(fleet.context("c1"))
    change(host, **DELETING, finalizers=[SYNC_FINALIZER])
    found = situation(fleet)
    (web,) = [each for each in found.objects if each.subject.name == "web"]
    assert ("Deleting", {"c1": "delete", "c2": "delete"}) == (
        web.reason,
        {name: cell.word for name, cell in web.cells.items()},
    )


def test_status_names_orphans() -> None:
    """Labelled objects without a federated one would lose the label."""
    _, fleet = make_synced_shop()
    fleet.context("c1").add(CONFIG_MAP, managed(Key("shop", "old")))
    found = situation(fleet)
    assert (("ConfigMap/shop/old in cluster c1",), False) == (found.orphans, found.is_settled)


def test_status_of_an_object_in_no_federated_namespace_says_so() -> None:
    """KubeFed's word, as the object's own status has it."""
    host, fleet = make_synced_shop()
    federate(host, Key("other", "web"))
    (found,) = [o for o in situation(fleet).objects if o.subject.namespace == "other"]
    assert "NamespaceNotFederated" == found.reason


def test_status_shows_disabled_types_and_drained_clusters() -> None:
    """What is switched off is part of how things stand."""
    host, fleet = make_synced_shop()
    add_type_config(host, DEPLOYMENT, propagation="Disabled")
    registered = host.find(KUBEFED_CLUSTERS, Key(KNS, "c1"))
    assert registered is not None
    metadata: Object = {**registered["metadata"], "labels": {DRAIN_LABEL: "left"}}
    host.alter(KUBEFED_CLUSTERS, Key(KNS, "c1"), metadata=metadata)
    found = situation(fleet)
    assert ("deployments.apps", False, None) in [
        (each.name, each.is_propagated, each.objects) for each in found.types
    ]
    assert ["left", ""] == [each.draining for each in found.clusters]


def test_status_of_what_was_asked_for_alone() -> None:
    """Types, names, namespaces and clusters narrow it as they narrow a sync."""
    host, fleet = make_synced_shop()
    federate(host, Key("shop", "other"))
    found = situation(fleet, "configmaps/web", namespace="shop", clusters=["c1"])
    assert ["ConfigMap/shop/web"] == [str(each.subject) for each in found.objects]
    assert ["c1"] == [each.name for each in found.clusters]


def test_status_of_what_is_not_there_is_an_error() -> None:
    """Nothing to show would hide a typing error."""
    _, fleet = make_synced_shop()
    assert isinstance(look(fleet, "configmaps/nope", namespace="shop")[1], InputError)


def test_status_says_once_what_the_api_server_would_refuse() -> None:
    """In the words of a sync."""
    host, fleet = make_synced_shop()
    register(host, "c3", disabledTLSValidations=["*", "SubjectName"])
    expected = (
        f"warning: KubeFedCluster/{KNS}/c3: spec.disabledTLSValidations when * is given, it must be"
        " the only one; the API server would refuse it today"
    )
    assert expected == words(look(fleet)[0])[0]


def test_status_tells_why_preferences_are_not_followed() -> None:
    """What could not be read would otherwise pass for what is in step."""
    host, fleet = make_synced_shop()
    forbidden = error(ForbiddenError, 403)
    host.fail_next("list", forbidden, name=REPLICA_SCHEDULING_PREFERENCES.plural)
    events, failure = look(fleet)
    assert failure is None
    expected = (
        f"warning: ReplicaSchedulingPreference in cluster host is not followed: {forbidden.message}"
    )
    assert expected in words(events)
