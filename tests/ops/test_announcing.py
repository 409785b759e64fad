"""Tests of the Kubernetes events that a sync writes to the host, or cannot write."""

from __future__ import annotations

import pytest

from kubefedctl.errors import (
    ForbiddenError,
    PartialFailure,
    ServerError,
    UnreachableError,
)
from kubefedctl.model.announcements import Announcing
from kubefedctl.model.objects import key_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import EVENTS
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import (
    DELETING,
    change,
    hold,
    make_shop,
    make_synced_shop,
    run_sync,
)
from tests.ops.stage import AT_ONCE, KNS, error, federate, make_fleet, make_host, steps, told


def _events(host: MemoryCluster, name: str = "") -> list[str]:
    """The events on *host*, of the object *name* alone if given: reason, count and message."""
    return [
        f"{found['reason']} {found['count']}: {found['message']}"
        for found in host.objects(EVENTS)
        if name in ("", found["involvedObject"]["name"])
    ]


def _run(fleet: MemoryFleet, which: Announcing) -> None:
    told(sync(fleet, SyncOptions(KNS, 0.0, announcing=which), pace=AT_ONCE))


def test_first_sync_leaves_one_event_on_each_federated_object() -> None:
    """One for both members."""
    host, fleet = make_shop()
    run_sync(fleet)
    assert ['CreateInCluster 1: Creating Namespace "shop" in cluster "c1", "c2"'] == (
        _events(host, "shop")
    )
    assert ['CreateInCluster 1: Creating ConfigMap "shop/web" in cluster "c1", "c2"'] == (
        _events(host, "web")
    )


def test_sync_without_changes_writes_no_event() -> None:
    """S29: the second run leaves all events as they are."""
    host, fleet = make_synced_shop()
    before = host.objects(EVENTS)
    run_sync(fleet)
    assert before == host.objects(EVENTS)


def test_sync_failure_that_repeats_is_counted() -> None:
    """Three runs that meet the same are one event that says three."""
    host, fleet = make_shop()
    for _ in range(3):
        fleet.context("c2").fail_next("create", error(ForbiddenError, 403), name="web")
        run_sync(fleet)
    assert [
        'CreateInCluster 1: Creating ConfigMap "shop/web" in cluster "c1"',
        'CreateInClusterFailed 3: Failed to create ConfigMap "shop/web" in cluster "c2": 403'
        " Forbidden",
    ] == sorted(_events(host, "web"))


def test_sync_dead_member_leaves_events_on_its_registration_and_on_what_it_misses() -> None:
    """Both are where people look: the cluster and the object."""
    host, fleet = make_shop()
    fleet.context("c2").fail_next("read", error(UnreachableError, 0, "Refused"), times=2)
    run_sync(fleet)
    assert 'ClusterNotReady 1: Cluster not ready: "c2"' in _events(host, "web")
    expected = "RetrievingClusterHealthFailed 1: Failed to retrieve health of the cluster: Refused"
    assert [expected] == _events(host, "c2")


def test_sync_bad_placement_leaves_an_event() -> None:
    """S07: the cause stands at the object."""
    host, fleet = make_synced_shop()
    selector: Object = {"matchExpressions": [{"key": "a", "operator": "Foo"}]}
    change(host, spec={"placement": {"clusterSelector": selector}})
    run_sync(fleet)
    found = [line for line in _events(host, "web") if line.startswith("ComputePlacementFailed 1")]
    assert ["Foo" in line for line in found] == [True]


def test_sync_misnamed_federated_namespace_leaves_an_event_in_every_run() -> None:
    """S17: nothing else happens to it."""
    host = make_host()
    host.add(NAMESPACE, {"metadata": {"name": "b"}})
    federate(host, Key("b", "a"), target=NAMESPACE)
    fleet = make_fleet(host)
    run_sync(fleet)
    run_sync(fleet)
    assert ["InvalidName 2"] == [line.split(":")[0] for line in _events(host, "a")]


def test_sync_duplicate_overrides_leave_an_event_with_the_cause() -> None:
    """S46: a cluster that is named twice."""
    host, fleet = make_shop()
    entry: Object = {"clusterName": "c1", "clusterOverrides": []}
    change(host, spec={"overrides": [entry, entry]})
    run_sync(fleet)
    assert [
        'CreateInClusterFailed 1: Failed to create ConfigMap "shop/web" in cluster "c1", "c2":'
        " cluster c1 appears more than once in spec.overrides"
    ] == _events(host, "web")


def test_sync_dropped_template_fields_leave_an_event_and_propagate() -> None:
    """S27: the object goes everywhere, without its annotations."""
    host, fleet = make_shop()
    change(host, spec={"template": {"metadata": {"annotations": {"a": "b"}}}})
    _, failure = run_sync(fleet)
    assert None is failure
    reasons = sorted(line.split()[0] for line in _events(host, "web"))
    assert ["AnnotationsNotSupported", "CreateInCluster"] == reasons


def test_sync_finalizer_that_cannot_be_set_leaves_its_event_alone() -> None:
    """Nothing else was tried."""
    host, fleet = make_shop(finalizers=[])
    host.fail_next("patch", error(ForbiddenError, 403), name="web")
    run_sync(fleet)
    (line,) = _events(host, "web")
    assert line.startswith("EnsureFinalizerError 1: Failed to ensure finalizer: ")


def test_sync_deletion_leaves_an_event_only_while_it_waits() -> None:
    """What is held is told; what is gone is not."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    hold(fleet.context("c1"))
    run_sync(fleet)
    expected = "Waiting for managed resources to be removed from the following clusters: c1"
    assert f"WaitForRemovalInCluster 1: {expected}" in _events(host, "web")


def test_sync_deletion_that_is_done_leaves_no_event() -> None:
    """KubeFed writes none."""
    host, fleet = make_synced_shop()
    before = _events(host)
    change(host, **DELETING)
    run_sync(fleet)
    assert before == _events(host)


@pytest.mark.parametrize(
    ("which", "reasons"),
    [
        pytest.param(Announcing.ALL, ["CreateInCluster", "CreateInClusterFailed"], id="all"),
        pytest.param(Announcing.WARNINGS, ["CreateInClusterFailed"], id="warnings"),
        pytest.param(Announcing.NONE, [], id="none"),
    ],
)
def test_sync_writes_the_events_that_are_wanted(which: Announcing, reasons: list[str]) -> None:
    """Warnings alone, or nothing, where the host is to be spared."""
    host, fleet = make_shop()
    fleet.context("c2").fail_next("create", error(ForbiddenError, 403), name="web")
    _run(fleet, which)
    assert reasons == sorted(line.split()[0] for line in _events(host, "web"))


def test_sync_tells_how_many_events_it_leaves_out() -> None:
    """Those who ask for steps learn that there would be more."""
    host, fleet = make_shop()
    _add_more(host, 120)
    events, _ = run_sync(fleet)
    assert "22 events left out to spare the host" in steps(events)
    assert 100 == len(host.objects(EVENTS))


def test_sync_dry_run_writes_no_event() -> None:
    """Nothing happened."""
    host, fleet = make_shop()
    run_sync(fleet, is_dry_run=True)
    assert [] == _events(host)


# --- an event that cannot be written -------------------------------------------------------------


def _refuse_events(host: MemoryCluster, failure: Exception, objects: int = 0) -> None:
    """Let the events of a first sync of *objects* ConfigMaps beside the shop be refused."""
    twin, fleet = make_shop()
    _add_more(twin, objects)
    run_sync(fleet)
    for found in twin.objects(EVENTS):
        host.fail_next("create", failure, name=found["metadata"]["name"])


def _add_more(host: MemoryCluster, objects: int) -> None:
    for index in range(objects):
        federate(host, Key("shop", f"more-{index}"))


def _tried(host: MemoryCluster) -> int:
    return len([subject for act, subject in host.requests if subject.startswith("Event/")])


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        pytest.param(error(ForbiddenError, 403), "403 Forbidden", id="forbidden"),
        pytest.param(error(UnreachableError, 0, "Refused"), "Refused", id="unreachable"),
        pytest.param(error(ServerError, 500), "500 Server", id="server-error"),
    ],
)
def test_events_that_cannot_be_written_fail_no_sync(failure: Exception, cause: str) -> None:
    """The cause is told once, to those who ask for steps, and the run ends well."""
    host, fleet = make_shop()
    _refuse_events(host, failure)
    events, ended = run_sync(fleet)
    assert (None, []) == (ended, _events(host))
    (line,) = [line for line in steps(events) if "not written" in line]
    assert line == f"2 events not written to the host: cannot ask it in cluster c1: {cause}"


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(error(ForbiddenError, 403), id="forbidden"),
        pytest.param(error(UnreachableError, 0, "Refused"), id="unreachable"),
    ],
)
def test_namespace_that_refuses_an_event_is_not_asked_for_all(failure: Exception) -> None:
    """Beyond those under way at once, no event is tried."""
    host, fleet = make_shop()
    _add_more(host, 100)
    _refuse_events(host, failure, objects=100)
    run_sync(fleet)
    assert 1 <= _tried(host) <= 50


def test_event_that_vanishes_before_it_is_counted_is_let_go() -> None:
    """Events live for an hour; nobody misses this one."""
    host, fleet = make_shop()
    fleet.context("c2").fail_next("create", error(ForbiddenError, 403), name="web", times=2)
    run_sync(fleet)
    for found in host.objects(EVENTS):
        key = key_of(found)
        host.before_next("get", lambda there, key=key: there.remove(EVENTS, key), name=key.name)
    _, ended = run_sync(fleet)
    assert isinstance(ended, PartialFailure)
    assert "1 failure; everything else is as the host says" == ended.message
    assert [] == [line for line in _events(host) if "Failed" in line]
