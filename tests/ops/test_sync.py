"""Tests of a whole sync without trouble: the events, the writes, and how it ends."""

from __future__ import annotations

import pytest

from kubefedctl.errors import (
    InputError,
    PartialFailure,
    UnreachableError,
)
from kubefedctl.model.actions import Strategies, Strategy, WritePolicy
from kubefedctl.model.events import ClusterTally, Summary, Verdict
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import PROPAGATED_VERSIONS
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP, NAMESPACE
from tests.fakes import MemoryFleet
from tests.ops.shop import (
    DELETING,
    ONLY_C1,
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
    AT_ONCE,
    FEDERATED_NAMESPACES,
    KNS,
    WEB,
    error,
    federate_namespace,
    make_host,
    managed,
    steps,
    told,
    words,
)

# --- a run without trouble -----------------------------------------------------------------------


def test_sync_first_run_brings_everything_everywhere() -> None:
    """The namespace comes before what is in it, in each member."""
    host, fleet = make_shop()
    events, failure = run_sync(fleet)
    assert None is failure
    assert sorted(
        f"created {subject} in {name}"
        for name in ("c1", "c2")
        for subject in ("ConfigMap/shop/web", "Namespace/shop")
    ) == sorted(words(events))
    for member in members_of(fleet):
        assert [("create", "Namespace/shop"), ("create", "ConfigMap/shop/web")] == member.writes()
    assert ("True", "", [{"name": "c1"}, {"name": "c2"}]) == propagation(host)


def test_sync_tells_its_steps_and_its_totals() -> None:
    """What is done is told in order; the summary has a tally for each member."""
    _, fleet = make_shop()
    events, _ = run_sync(fleet)
    assert [
        "reading the federation from host cluster host",
        "probing 2 member clusters",
        "reading federated objects and what the members have",
        "planned 4 changes for 2 federated objects",
        "recording on the host what was done",
    ] == steps(events)
    tally = [ClusterTally(name, True, {Verdict.CREATED: 2}) for name in ("c1", "c2")]
    assert Summary(tuple(tally), 2) == summary_of(events)


def test_sync_writes_members_before_versions_before_statuses() -> None:
    """A run cut short anywhere is completed by the next one."""
    host, fleet = make_shop(finalizers=[])
    order: list[str] = []
    for member in members_of(fleet):
        member.before_next("create", lambda found: order.append(found.name), name="web")
    host.before_next("patch", lambda _: order.append("finalizer"), name="web")
    host.before_next("create", lambda _: order.append("version"), name="configmap-web")
    host.before_next("patch", lambda _: order.append("status"), name="web")
    run_sync(fleet)
    assert ["finalizer", "c1", "c2", "version", "status"] == [
        order[0],
        *sorted(order[1:3]),
        *order[3:],
    ]


def test_sync_again_changes_nothing() -> None:
    """The second run writes no member, and nothing but probe times to the host."""
    host, fleet = make_synced_shop()
    events, failure = run_sync(fleet)
    assert (None, []) == (failure, words(events))
    assert [[], []] == [member.writes() for member in members_of(fleet)]
    assert {"KubeFedCluster"} >= {subject.split("/")[0] for _, subject in host.writes()}
    assert {Verdict.UNCHANGED: 2} == summary_of(events).clusters[0].counts


@pytest.mark.parametrize(
    ("strategy", "act", "expected"),
    [
        (Strategy.APPLY, "patch", {"theirs": "1", "ours": "1"}),
        (Strategy.REPLACE, "update", {"ours": "1"}),
    ],
    ids=str,
)
def test_sync_drift_in_a_member_is_put_right(
    strategy: Strategy, act: str, expected: Object
) -> None:
    """S32: only what was changed is written, only where it was; an apply spares what is others'."""
    _, fleet = make_synced_shop(spec={"template": {"data": {"ours": "1"}}})
    first, second = members_of(fleet)
    first.alter(CONFIG_MAP, WEB, data={"theirs": "1", "ours": "2"})
    events, failure = run_sync(fleet, strategy=strategy)
    assert (None, ["updated ConfigMap/shop/web in c1"]) == (failure, words(events))
    assert [[(act, "ConfigMap/shop/web")], []] == [first.writes(), second.writes()]
    assert expected == (first.find(CONFIG_MAP, WEB) or {})["data"]


def test_sync_narrowed_placement_deletes_elsewhere() -> None:
    """The version object forgets the cluster, and so does the status."""
    host, fleet = make_synced_shop()
    change(host, spec=ONLY_C1)
    events, failure = run_sync(fleet)
    assert None is failure
    assert "deleted ConfigMap/shop/web in c2" in words(events)
    assert ("True", "", [{"name": "c1"}]) == propagation(host)
    versions = host.find(PROPAGATED_VERSIONS, Key("shop", "configmap-web")) or {}
    assert ["c1"] == [entry["clusterName"] for entry in versions["status"]["clusterVersions"]]


def test_sync_orphan_loses_its_label_and_stays() -> None:
    """A labelled object without a federated one is never deleted."""
    _, fleet = make_synced_shop()
    (member, _), key = members_of(fleet), Key("shop", "orphan")
    member.add(CONFIG_MAP, managed(key))
    events, failure = run_sync(fleet)
    assert (None, ["unlabelled ConfigMap/shop/orphan in c1"]) == (failure, words(events))
    assert {} == (member.find(CONFIG_MAP, key) or {})["metadata"]["labels"]


def test_sync_host_that_is_a_member_keeps_its_namespace() -> None:
    """The host's own namespace is adopted, and never deleted."""
    host = make_host(members=["host"], spec={"syncController": {"adoptResources": "Disabled"}})
    federate_namespace(host)
    fleet = MemoryFleet(host, {})
    events, failure = run_sync(fleet)
    assert (None, ["adopted Namespace/shop in host"]) == (failure, words(events))
    key = Key("shop", "shop")
    found = host.find(FEDERATED_NAMESPACES, key) or {}
    host.alter(FEDERATED_NAMESPACES, key, metadata={**found["metadata"], **DELETING})
    events, failure = run_sync(fleet)
    assert None is failure
    assert [
        "unlabelled Namespace/shop in host",
        "deleted FederatedNamespace/shop/shop in host",
    ] == words(events)
    assert None is not host.find(NAMESPACE, Key("", "shop"))


# --- dry run -------------------------------------------------------------------------------------


def test_sync_dry_run_tells_and_writes_nothing() -> None:
    """Neither members nor host are written, not even probe times."""
    host, fleet = make_shop(finalizers=[])
    events, failure = run_sync(fleet, is_dry_run=True)
    assert None is failure
    assert 4 == len([line for line in words(events) if line.endswith("(dry run)")])
    assert [[], [], []] == [cluster.writes() for cluster in (host, *members_of(fleet))]
    assert summary_of(events).is_dry_run


def test_sync_dry_run_tells_what_holds_back_a_deletion() -> None:
    """A member that cannot be asked keeps the finalizer, and a dry run says so, too."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    fleet.context("c2").fail_next("read", error(UnreachableError, 0, "Refused"), times=2)
    events, failure = run_sync(fleet, is_dry_run=True)
    detail = "its deletion waits for c2: Refused"
    assert f"failed FederatedConfigMap/shop/web in host: {detail} (dry run)" in words(events)
    assert "deleted ConfigMap/shop/web in c1 (dry run)" in words(events)
    assert isinstance(failure, PartialFailure)


def test_sync_dry_run_waiting_is_no_failure() -> None:
    """Nobody waits in a dry run."""
    host, fleet = make_synced_shop()
    change(host, **DELETING)
    hold(fleet.context("c1"))
    run_sync(fleet)
    events, failure = run_sync(fleet, is_dry_run=True)
    assert None is failure
    assert ["waiting ConfigMap/shop/web in c1 (dry run)"] == words(events)


def test_sync_strategy_of_one_type_is_that_of_no_other() -> None:
    """A word for a type says which; the others keep the usual one."""
    _, fleet = make_synced_shop(spec={"template": {"data": {"ours": "1"}}})
    first, _ = members_of(fleet)
    first.alter(CONFIG_MAP, WEB, data={"theirs": "1", "ours": "2"})
    strategies = Strategies(Strategy.APPLY, {"ConfigMap": Strategy.REPLACE})
    options = SyncOptions(KNS, 0.0, writing=WritePolicy(strategies))
    _, failure = told(sync(fleet, options, pace=AT_ONCE))
    assert (None, [("update", "ConfigMap/shop/web")]) == (failure, first.writes())


def test_sync_strategy_of_an_unknown_type_is_refused_before_anything_is_written() -> None:
    """A mistyped type must not be written in the usual way."""
    host, fleet = make_shop()
    strategies = Strategies(Strategy.APPLY, {"nope": Strategy.REPLACE})
    options = SyncOptions(KNS, 0.0, writing=WritePolicy(strategies))
    _, failure = told(sync(fleet, options, pace=AT_ONCE))
    assert isinstance(failure, InputError)
    assert [] == host.writes()
