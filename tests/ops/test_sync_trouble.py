"""Tests of a whole sync with deletions and trouble: what is told, and how it ends."""

from __future__ import annotations

import pytest

from kubefedctl.errors import (
    ConflictError,
    ControlPlaneError,
    ForbiddenError,
    PartialFailure,
    ServerError,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.events import ClusterTally, Verdict
from kubefedctl.model.objects import (
    DELETE_OPTION_ANNOTATION,
    MANAGED_LABEL,
    ORPHAN_ANNOTATION,
    SYNC_FINALIZER,
    finalizers_of,
)
from kubefedctl.model.refs import Key
from tests.core.makers import CONFIG_MAP, NAMESPACE
from tests.fakes import MemoryCluster
from tests.ops.shop import (
    DELETING,
    change,
    hold,
    make_shop,
    make_synced_shop,
    members_of,
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
    make_fleet,
    make_host,
    register,
    words,
)

# --- deletion ------------------------------------------------------------------------------------


def test_sync_deletion_takes_the_finalizer_last() -> None:
    """The federated object is gone once its member objects are."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    events, failure = run_sync(fleet)
    assert None is failure
    assert "deleted FederatedConfigMap/shop/web in host" == words(events)[-1]
    assert None is host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert [None, None] == [member.find(CONFIG_MAP, WEB) for member in members_of(fleet)]


def test_sync_deletion_with_orphaning_leaves_the_members_objects() -> None:
    """They lose the label before the finalizer goes."""
    host, fleet = make_synced_shop()
    change(host, annotations={ORPHAN_ANNOTATION: "true"}, **DELETING)
    events, failure = run_sync(fleet)
    assert None is failure
    assert [
        "unlabelled ConfigMap/shop/web in c1",
        "unlabelled ConfigMap/shop/web in c2",
        "deleted FederatedConfigMap/shop/web in host",
    ] == sorted(words(events)[:2]) + words(events)[2:]


def test_sync_deletion_waits_for_a_dead_member_but_cleans_the_others() -> None:
    """While one member cannot be asked, the finalizer stays."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    fleet.context("c2").fail_next("read", error(UnreachableError, 0, "Refused"), times=2)
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert None is fleet.context("c1").find(CONFIG_MAP, WEB)
    found = host.find(FEDERATED_CONFIG_MAPS, WEB) or {}
    assert [SYNC_FINALIZER] == finalizers_of(found)
    assert [
        "warning: cluster c2 is not ready: Refused",
        "failed Namespace/shop in c2: ClusterNotReady: Refused",
        "failed FederatedConfigMap/shop/web in host: its deletion waits for c2: Refused",
        "deleted ConfigMap/shop/web in c1",
    ] == words(events)


def test_sync_deletion_with_impossible_options_is_told() -> None:
    """Delete options that nobody can read delete nothing."""
    host, fleet = make_synced_shop()
    change(host, annotations={DELETE_OPTION_ANNOTATION: "{"}, **DELETING)
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    (line,) = words(events)
    assert DELETE_OPTION_ANNOTATION in line
    assert [[], []] == [member.writes() for member in members_of(fleet)]


def test_sync_deletion_fails_in_one_member_keeps_the_finalizer() -> None:
    """What may still be there must not be forgotten."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    fleet.context("c2").fail_next("delete", error(ForbiddenError, 403))
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert "failed ConfigMap/shop/web in c2: DeletionFailed: 403 Forbidden" in words(events)
    assert None is not host.find(FEDERATED_CONFIG_MAPS, WEB)


def test_sync_deletion_held_in_a_member_times_out() -> None:
    """Nothing failed, but it is not there yet: another kind of end."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    hold(fleet.context("c1"))
    events, failure = run_sync(fleet)
    assert isinstance(failure, WaitTimeout)
    assert "1 object deleted but not gone after 0s" == failure.message
    assert any(line.startswith("waiting ConfigMap/shop/web in c1") for line in words(events))
    assert None is not host.find(FEDERATED_CONFIG_MAPS, WEB)


def test_sync_failure_counts_more_than_waiting() -> None:
    """With both, the failure is what is reported."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    hold(fleet.context("c1"))
    fleet.context("c2").fail_next("delete", error(ForbiddenError, 403))
    assert isinstance(run_sync(fleet)[1], PartialFailure)


def test_sync_finalizer_cannot_be_removed_is_told() -> None:
    """The members are clean; the host is not, and that is a failure."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    host.fail_next("patch", error(ForbiddenError, 403), name="web")
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert words(events)[-1].startswith("failed FederatedConfigMap/shop/web in host: cannot ask")


# --- trouble -------------------------------------------------------------------------------------


def test_sync_without_control_plane_says_so() -> None:
    """There is nothing to sync on a plain cluster."""
    _, failure = run_sync(make_fleet(MemoryCluster("host")))
    assert isinstance(failure, ControlPlaneError)


def test_sync_dead_member_stops_no_other() -> None:
    """The living member is synced; the dead one is told, counted and written down."""
    host, fleet = make_shop()
    fleet.context("c2").fail_next("read", error(UnreachableError, 0, "Refused"), times=2)
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert "2 failures; everything else is as the host says" == failure.message
    assert [("create", "Namespace/shop"), ("create", "ConfigMap/shop/web")] == (
        fleet.context("c1").writes()
    )
    clusters = [{"name": "c1"}, {"name": "c2", "status": "ClusterNotReady"}]
    assert ("False", "CheckClusters", clusters) == propagation(host)
    tally = summary_of(events).clusters[1]
    assert ClusterTally("c2", False, {Verdict.FAILED: 2}, "Refused", True) == tally


def test_sync_dead_member_that_nothing_is_placed_in_is_a_warning() -> None:
    """Where nothing had to be done, nothing has failed."""
    fleet = make_fleet(make_host())
    fleet.context("c2").fail_next("read", error(UnreachableError, 0, "Refused"), times=2)
    events, failure = run_sync(fleet)
    assert (None, ["warning: cluster c2 is not ready: Refused"]) == (failure, words(events))


def test_sync_malformed_member_stops_no_other() -> None:
    """A registration that cannot be used is a member that is not ready."""
    host, fleet = make_shop()
    register(host, "c3", token=None)
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    cause = f"Secret {KNS}/c3-token has no usable token"
    assert f"warning: cluster c3 is not ready: {cause}" == words(events)[0]
    assert {Verdict.CREATED: 2} == summary_of(events).clusters[0].counts


def test_sync_tells_of_objects_that_the_api_server_would_refuse_today() -> None:
    """What stood there before the CRDs checked it is named by object and field, and still used."""
    host, fleet = make_shop()
    register(host, "c3", disabledTLSValidations=["*", "SubjectName"])
    events, _ = run_sync(fleet)
    expected = (
        f"warning: KubeFedCluster/{KNS}/c3: spec.disabledTLSValidations when * is given, it must be"
        " the only one; the API server would refuse it today"
    )
    assert expected == words(events)[0]
    assert {Verdict.CREATED: 2} == summary_of(events).clusters[0].counts


def test_sync_create_refused_is_told_and_written() -> None:
    """The cluster's words are the detail, KubeFed's the reason."""
    host, fleet = make_shop()
    fleet.context("c1").fail_next("create", error(ForbiddenError, 403), name="web")
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert "1 failure; everything else is as the host says" == failure.message
    assert "failed ConfigMap/shop/web in c1: CreationFailed: 403 Forbidden" in words(events)
    clusters = [{"name": "c1", "status": "CreationFailed"}, {"name": "c2"}]
    assert ("False", "CheckClusters", clusters) == propagation(host)


def test_sync_finalizer_refused_propagates_nothing_of_that_object() -> None:
    """Without the finalizer a deletion would leave member objects behind."""
    host, fleet = make_shop(finalizers=[])
    host.fail_next("patch", error(ForbiddenError, 403), name="web")
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert words(events)[0].startswith("failed FederatedConfigMap/shop/web in host: cannot ask")
    assert [("create", "Namespace/shop")] == fleet.context("c1").writes()
    assert "status" not in (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})


def test_sync_object_deleted_meanwhile_is_left_alone() -> None:
    """What vanished before its finalizer was set is no failure."""
    host, fleet = make_shop(finalizers=[])
    host.before_next("patch", lambda c: c.remove(FEDERATED_CONFIG_MAPS, WEB), name="web")
    events, failure = run_sync(fleet)
    assert None is failure
    assert ["created Namespace/shop in c1", "created Namespace/shop in c2"] == sorted(words(events))


def test_sync_status_refused_is_told() -> None:
    """The members are as they should be, the host does not know it."""
    host, fleet = make_shop()
    host.fail_next("patch", error(ConflictError), name="web")
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert words(events)[-1].startswith("failed FederatedConfigMap/shop/web in host: cannot ask")


def test_sync_cluster_status_refused_is_told_and_counted() -> None:
    """Health that cannot be written is a failure of the host's."""
    host, fleet = make_shop()
    host.fail_next("patch", error(ForbiddenError, 403), name="c1")
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    assert words(events)[0].startswith("warning: the status of KubeFedCluster c1 was not written")


def test_sync_namespace_not_federated_is_told() -> None:
    """An object in a namespace without FederatedNamespace goes nowhere."""
    host = make_host()
    federate(host)
    fleet = make_fleet(host)
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    reason = "NamespaceNotFederated: namespace shop has no FederatedNamespace"
    assert [f"failed FederatedConfigMap/shop/web in host: {reason}"] == words(events)


def test_sync_placement_impossible_is_told() -> None:
    """What cannot be placed deletes nothing either."""
    host, fleet = make_synced_shop()
    change(host, spec={"placement": {"clusters": "everywhere"}})
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    (line,) = words(events)
    assert line.startswith("failed FederatedConfigMap/shop/web in host: ComputePlacementFailed")
    assert [[], []] == [member.writes() for member in members_of(fleet)]


def test_sync_warns_of_what_stops_nothing() -> None:
    """Unknown clusters and misnamed FederatedNamespaces are worth a line."""
    host, fleet = make_synced_shop()
    change(host, spec={"placement": {"clusters": [{"name": "c1"}, {"name": "c9"}]}})
    federate(host, Key("shop", "other"), target=NAMESPACE)
    events, failure = run_sync(fleet)
    assert None is failure
    assert ["warning: FederatedNamespace/shop/other is ignored", "warning: FederatedConfigMap"] == [
        line[: len(start)]
        for line, start in zip(
            words(events),
            ("warning: FederatedNamespace/shop/other is ignored", "warning: FederatedConfigMap"),
            strict=False,
        )
    ]


def test_sync_type_that_cannot_be_read_deletes_and_unlabels_nothing() -> None:
    """A failed list is told; the members keep what they have."""
    host, fleet = make_synced_shop()
    host.fail_next("list", error(ServerError, 500), name=FEDERATED_CONFIG_MAPS.plural)
    events, failure = run_sync(fleet)
    assert isinstance(failure, PartialFailure)
    (line,) = words(events)
    assert line.startswith("warning: configmaps is not synced: cannot ask")
    labels = (fleet.context("c1").find(CONFIG_MAP, WEB) or {})["metadata"]["labels"]
    assert {MANAGED_LABEL: "true"} == labels


@pytest.mark.parametrize("plural", ["kubefedclusters", FEDERATED_NAMESPACES.plural])
def test_sync_host_not_read_completely_writes_no_member(plural: str) -> None:
    """The run ends with the host's answer."""
    host, fleet = make_shop()
    host.fail_next("list", error(ServerError, 500), name=plural)
    _, failure = run_sync(fleet)
    assert isinstance(failure, ServerError)
    assert [[], []] == [member.writes() for member in members_of(fleet)]
