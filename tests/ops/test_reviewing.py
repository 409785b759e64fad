"""
Tests of plans that are written down and carried out later, with clusters in memory.

What counts as moved is a table in tests/core/test_reviewing.py; here is what becomes of it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubefedctl.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    PartialFailure,
    RefusedError,
    UnreachableError,
)
from kubefedctl.model.actions import Strategy
from kubefedctl.model.events import Drafted
from kubefedctl.model.refs import Key
from kubefedctl.model.wellknown import KUBEFED_CLUSTERS, KUBEFED_CONFIGS, NAMESPACES, TYPE_CONFIGS
from kubefedctl.ops.reviewing import Reviewing
from tests.core.makers import CONFIG_MAP, DEPLOYMENT
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops import preferences
from tests.ops.reviews import LASTING, carry_out, draft, name_clusters, writes_of
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
)
from tests.ops.stage import (
    FEDERATED_CONFIG_MAPS,
    KNS,
    WEB,
    error,
    federate,
    managed,
    steps,
    words,
)

NEWER = {"template": {"data": {"k": "2"}}}
GATE_OFF = {"name": "PushReconciler", "configuration": "Disabled"}


def _synced() -> tuple[MemoryCluster, MemoryFleet]:
    """A shop in step, whose template is changed then."""
    host, fleet = make_synced_shop(spec={"template": {"data": {"k": "1"}}})
    name_clusters(fleet)
    change(host, spec=NEWER)
    for cluster in (host, *members_of(fleet)):
        cluster.requests.clear()
    return host, fleet


def _data(member: MemoryCluster) -> object:
    return (member.find(CONFIG_MAP, WEB) or {}).get("data")


def _silence(host: MemoryCluster, fleet: MemoryFleet, name: str = "c1") -> None:
    """Let a member give no healthy answer any more."""
    failure = error(UnreachableError, 0)
    fleet.context(name).fail_next("read", failure, name="/healthz", times=100)


# --- writing down --------------------------------------------------------------------------------


def test_draft_writes_nothing_and_tells_what_a_dry_run_tells() -> None:
    """The plan comes as an event; the lines are those of a dry run."""
    host, fleet = _synced()
    events, failure = run_sync(fleet, is_dry_run=True, review=Reviewing(drafts=True))
    plain, _ = run_sync(fleet, is_dry_run=True)
    assert (None, words(plain)) == (failure, words(events))
    assert [] == writes_of(host, *members_of(fleet))
    (drafted,) = [event for event in events if isinstance(event, Drafted)]
    assert drafted.draft.comparison.differs


def test_draft_of_a_dry_run_that_fails_records_what_it_left_alone() -> None:
    """What could not be read or done is written down as such, and the rest is planned."""
    host, fleet = _synced()
    _silence(host, fleet, "c2")
    plan = draft(fleet)
    assert ["c1"] == [action.cluster for found in plan.objects for action in found.actions]
    assert ["c2"] == [found.cluster for found in plan.left_alone]


# --- carrying out --------------------------------------------------------------------------------


def test_plan_that_holds_is_carried_out() -> None:
    """The same writes as a plain sync, and all of the recording; then nothing is left."""
    host, fleet = _synced()
    events, failure = carry_out(fleet, draft(fleet))
    assert None is failure
    assert [f"updated ConfigMap/shop/web in {name}" for name in ("c1", "c2")] == words(events)
    assert [{"k": "2"}] * 2 == [_data(member) for member in members_of(fleet)]
    status = (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["status"]
    assert 2 == status["observedGeneration"]
    assert 0 == draft(fleet).size


def test_plan_that_was_carried_out_is_settled() -> None:
    """A pipeline that runs its last job again is told, and not refused."""
    host, fleet = _synced()
    plan = draft(fleet)
    run_sync(fleet)
    host.requests.clear()
    events, failure = carry_out(fleet, plan)
    assert (None, []) == (failure, words(events))
    assert "ConfigMap/shop/web in cluster c1: it is as planned already" in steps(events)
    assert [] == writes_of(host)


def test_one_thing_that_moved_keeps_all_from_being_written() -> None:
    """It is named with what happened, and the hint says what to do."""
    host, fleet = _synced()
    plan = draft(fleet)
    first, second = members_of(fleet)
    first.alter(CONFIG_MAP, WEB, data={"k": "theirs"})
    events, failure = carry_out(fleet, plan)
    assert isinstance(failure, RefusedError)
    assert "1 planned change moved since the plan was made at" in failure.message
    assert "kubefedctl sync --plan-out" in failure.hint
    assert [
        "skipped ConfigMap/shop/web in c1: moved since the plan was made: it was changed there"
    ] == words(events)
    assert [] == writes_of(host, first, second)


def test_partial_carries_out_the_rest_and_ends_refused() -> None:
    """The status keeps what it said of the cluster that was left alone, and its generation."""
    host, fleet = _synced()
    plan = draft(fleet)
    first, second = members_of(fleet)
    first.alter(CONFIG_MAP, WEB, data={"k": "theirs"})
    _, failure = carry_out(fleet, plan, is_partial=True)
    assert isinstance(failure, RefusedError)
    assert "the rest of it is done" in failure.message
    assert ({"k": "theirs"}, {"k": "2"}) == (_data(first), _data(second))
    status = (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["status"]
    assert 1 == status["observedGeneration"]
    assert ("True", "", [{"name": "c1"}, {"name": "c2"}]) == propagation(host)
    # NB: the next sync must not take c1 for up to date
    run_sync(fleet)
    assert [{"k": "2"}] * 2 == [_data(first), _data(second)]


def test_what_was_not_reviewed_is_left_alone() -> None:
    """A federated object made since is told as not in the plan; it gets no finalizer."""
    host, fleet = _synced()
    plan = draft(fleet)
    key = Key("shop", "new")
    federate(host, key, finalizers=[])
    events, failure = carry_out(fleet, plan)
    assert None is failure
    assert "skipped ConfigMap/shop/new in c1: not in the plan" in words(events)
    assert [None, None] == [member.find(CONFIG_MAP, key) for member in members_of(fleet)]
    made = host.find(FEDERATED_CONFIG_MAPS, key) or {}
    assert ([], None) == (made["metadata"]["finalizers"], made.get("status"))


@pytest.mark.parametrize("is_reviewed", [True, False], ids=["reviewed", "not reviewed"])
def test_deletion_is_finished_only_if_it_was_reviewed(is_reviewed: bool) -> None:
    """The finalizer that holds a deleted federated object stays otherwise."""
    host, fleet = make_synced_shop()
    name_clusters(fleet)
    plan = draft(fleet)
    change(host, **DELETING)
    if is_reviewed:
        plan = draft(fleet)
    events, failure = carry_out(fleet, plan)
    assert None is failure
    assert is_reviewed is (host.find(FEDERATED_CONFIG_MAPS, WEB) is None)
    told = "deleted ConfigMap/shop/web in c1"
    left = "skipped ConfigMap/shop/web in c1: not in the plan"
    assert (told if is_reviewed else left) in words(events)
    run_sync(fleet)
    assert None is host.find(FEDERATED_CONFIG_MAPS, WEB)


def test_deletion_that_was_done_meanwhile_is_settled() -> None:
    """Federated object and copies are gone: there is nothing to refuse."""
    host, fleet = make_synced_shop()
    name_clusters(fleet)
    change(host, **DELETING)
    plan = draft(fleet)
    run_sync(fleet)
    assert None is host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert (None, []) == (lambda told: (told[1], words(told[0])))(carry_out(fleet, plan))


def test_orphan_is_unlabelled_as_reviewed_and_not_if_it_changed() -> None:
    """What is left of a federated object that is gone goes by the same rules."""
    _, fleet = make_synced_shop()
    name_clusters(fleet)
    (member, _), key = members_of(fleet), Key("shop", "orphan")
    member.add(CONFIG_MAP, managed(key, data={"k": "1"}))
    plan = draft(fleet)
    member.alter(CONFIG_MAP, key, data={"k": "2"})
    assert isinstance(carry_out(fleet, plan)[1], RefusedError)
    assert None is carry_out(fleet, draft(fleet))[1]
    assert {} == (member.find(CONFIG_MAP, key) or {})["metadata"]["labels"]


def test_adoption_is_reviewed_like_an_update() -> None:
    """An unlabelled object in the way is taken over as it was seen, or not at all."""
    _, fleet = make_shop()
    name_clusters(fleet)
    (member, _) = members_of(fleet)
    member.add(CONFIG_MAP, {"metadata": {"namespace": "shop", "name": "web"}, "data": {"a": "1"}})
    plan = draft(fleet)
    assert "adopt" in [action.deed for found in plan.objects for action in found.actions]
    member.alter(CONFIG_MAP, WEB, data={"a": "2"})
    _, failure = carry_out(fleet, plan)
    assert isinstance(failure, RefusedError)
    events, failure = carry_out(fleet, draft(fleet))
    assert (None, True) == (failure, "adopted ConfigMap/shop/web in c1" in words(events))


# --- where it is carried out ---------------------------------------------------------------------


def test_plan_of_another_host_is_refused_before_anything() -> None:
    """Not even the lock is taken there."""
    host, fleet = _synced()
    plan = draft(fleet)
    host.remove(NAMESPACES, LASTING)
    host.add(NAMESPACES, {"metadata": {"name": LASTING.name}})
    host.requests.clear()
    _, failure = carry_out(fleet, plan, lock_wait=0.0)
    assert isinstance(failure, RefusedError)
    assert "the plan was made for another host: host" in failure.message
    assert [] == host.writes()


def test_host_that_may_not_be_told_apart_is_refused() -> None:
    """An account that may not list namespaces could stand before any host."""
    host, fleet = _synced()
    plan = draft(fleet)
    host.fail_next("list", error(ForbiddenError, 403), name="namespaces")
    _, failure = carry_out(fleet, plan)
    assert isinstance(failure, RefusedError)
    assert "it cannot be told whether host is the host that the plan was made for" in str(failure)
    assert "allow both to list namespaces" == failure.hint


def test_host_that_does_not_answer_is_no_other_one() -> None:
    """The error is what it is."""
    host, fleet = _synced()
    plan = draft(fleet)
    host.fail_next("list", error(UnreachableError, 0), name="namespaces")
    assert isinstance(carry_out(fleet, plan)[1], UnreachableError)


def test_member_that_does_not_say_which_it_is_is_refused() -> None:
    """It was read when the plan was made, and is not now."""
    _, fleet = _synced()
    plan = draft(fleet)
    failure = error(UnreachableError, 0)
    fleet.context("c1").fail_next("list", failure, name="namespaces", times=2)
    events, ended = carry_out(fleet, plan)
    assert isinstance(ended, RefusedError)
    assert any("the cluster cannot be told to be the same" in line for line in words(events))


def test_federation_that_propagates_nothing_has_no_plan() -> None:
    """The gate PushReconciler is off: there is no file, and none is carried out."""
    host, fleet = _synced()
    plan = draft(fleet)
    config = {"scope": "Cluster", "featureGates": [GATE_OFF]}
    host.alter(KUBEFED_CONFIGS, Key(KNS, "kubefed"), spec=config)
    for ended in (
        carry_out(fleet, plan)[1],
        run_sync(fleet, is_dry_run=True, review=Reviewing(drafts=True))[1],
    ):
        assert isinstance(ended, RefusedError)
        assert "there is nothing to plan: the feature gate PushReconciler" in ended.message


def test_labels_of_a_cluster_that_changed_move_what_they_place() -> None:
    """What would be deleted now was an update then; what is placed since was not reviewed."""
    host, fleet = make_synced_shop(
        spec={"placement": {"clusterSelector": {"matchLabels": {"tier": "prod"}}}}
    )
    name_clusters(fleet)
    _label(host, "c1", "prod")
    run_sync(fleet)
    change(host, spec=NEWER)
    plan = draft(fleet)
    _label(host, "c1", "test")
    _label(host, "c2", "prod")
    events, failure = carry_out(fleet, plan, is_partial=True)
    assert isinstance(failure, RefusedError)
    assert [
        "skipped ConfigMap/shop/web in c1: moved since the plan was made: a sync would delete it"
        " now, not update",
        "skipped ConfigMap/shop/web in c2: not in the plan",
    ] == words(events)


def _label(host: MemoryCluster, name: str, tier: str) -> None:
    key = Key(KNS, name)
    found = host.find(KUBEFED_CLUSTERS, key) or {}
    metadata = {**found["metadata"], "labels": {"tier": tier}}
    host.alter(KUBEFED_CLUSTERS, key, metadata=metadata)


def test_type_that_was_disabled_moves_what_it_propagates() -> None:
    """There is no plan for it any more."""
    host, fleet = _synced()
    plan = draft(fleet)
    key = Key(KNS, "configmaps")
    found = host.find(TYPE_CONFIGS, key) or {}
    host.alter(TYPE_CONFIGS, key, spec={**found["spec"], "propagation": "Disabled"})
    events, failure = carry_out(fleet, plan)
    assert isinstance(failure, RefusedError)
    assert 2 == sum("its federated object is gone or not looked" in line for line in words(events))


def _rejoin(host: MemoryCluster, fleet: MemoryFleet) -> None:
    member = fleet.context("c1")
    member.remove(NAMESPACES, LASTING)
    member.add(NAMESPACES, {"metadata": {"name": LASTING.name}})


def _unjoin(host: MemoryCluster, fleet: MemoryFleet) -> None:
    host.remove(KUBEFED_CLUSTERS, Key(KNS, "c1"))


@pytest.mark.parametrize(
    ("meddle", "cause"),
    [
        pytest.param(_rejoin, "the cluster of that name is another one", id="rejoined"),
        pytest.param(_unjoin, "the cluster is not joined any more", id="unjoined"),
        pytest.param(_silence, "the cluster is not ready now", id="not ready"),
    ],
)
def test_member_that_is_not_what_it_was_is_refused(
    meddle: Callable[[MemoryCluster, MemoryFleet], None], cause: str
) -> None:
    """The other member is written with --partial alone."""
    host, fleet = _synced()
    plan = draft(fleet)
    meddle(host, fleet)
    events, failure = carry_out(fleet, plan)
    assert isinstance(failure, RefusedError)
    assert any(f"moved since the plan was made: {cause}" in line for line in words(events))
    assert {"k": "1"} == _data(fleet.context("c2"))
    carry_out(fleet, plan, is_partial=True)
    assert [{"k": "1"}, {"k": "2"}] == [_data(member) for member in members_of(fleet)]


# --- between the comparison and the write --------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "strategy"), [("patch", "apply"), ("update", "replace")], ids=["apply", "replace"]
)
def test_update_whose_object_changes_right_before_it_is_refused(act: str, strategy: str) -> None:
    """It is not computed anew, as it is without a plan."""
    _, fleet = _synced()
    plan = draft(fleet, strategy=Strategy(strategy))
    first, second = members_of(fleet)
    first.before_next(act, lambda one: one.alter(CONFIG_MAP, WEB, data={"k": "theirs"}), name="web")
    events, failure = carry_out(fleet, plan, strategy=Strategy(strategy))
    assert isinstance(failure, PartialFailure)
    assert any(
        "failed ConfigMap/shop/web in c1: UpdateFailed: it moved" in line for line in words(events)
    )
    assert ({"k": "theirs"}, {"k": "2"}) == (_data(first), _data(second))


@pytest.mark.parametrize("act", ["patch", "update"], ids=["apply", "replace"])
def test_update_whose_status_changes_right_before_it_is_made(act: str) -> None:
    """A live cluster writes statuses all the time; they are in no plan."""
    strategy = Strategy.APPLY if act == "patch" else Strategy.REPLACE
    _, fleet = _synced()
    plan = draft(fleet, strategy=strategy)
    first, _ = members_of(fleet)
    first.alter(CONFIG_MAP, WEB, status={"is": "1"})
    first.before_next(act, lambda one: one.alter(CONFIG_MAP, WEB, status={"is": "2"}), name="web")
    _, failure = carry_out(fleet, plan, strategy=strategy)
    assert (None, {"k": "2"}) == (failure, _data(first))


def test_create_that_meets_an_object_is_refused() -> None:
    """What was not there when it was reviewed is not adopted."""
    _, fleet = make_shop()
    name_clusters(fleet)
    plan = draft(fleet)
    first, _ = members_of(fleet)
    theirs = {"metadata": {"namespace": "shop", "name": "web"}, "data": {"a": "theirs"}}
    first.before_next("create", lambda one: one.add(CONFIG_MAP, theirs), name="web")
    events, failure = carry_out(fleet, plan)
    assert isinstance(failure, PartialFailure)
    assert any("in c1: AlreadyExists: it moved since" in line for line in words(events))
    assert {"a": "theirs"} == _data(first)


def test_deletion_whose_object_changes_right_before_it_is_refused() -> None:
    """A delete names the version that was seen; the status alone may move."""
    host, fleet = make_synced_shop()
    name_clusters(fleet)
    change(host, spec=ONLY_C1)
    plan = draft(fleet)
    _, second = members_of(fleet)
    second.before_next(
        "delete", lambda one: one.alter(CONFIG_MAP, WEB, data={"k": "theirs"}), name="web"
    )
    events, failure = carry_out(fleet, plan)
    assert isinstance(failure, PartialFailure)
    assert any("c2: DeletionFailed: it moved since" in line for line in words(events))
    assert {"k": "theirs"} == _data(second)
    plan = draft(fleet)
    second.before_next(
        "delete", lambda one: one.alter(CONFIG_MAP, WEB, status={"is": "1"}), name="web"
    )
    assert (None, None) == (carry_out(fleet, plan)[1], second.find(CONFIG_MAP, WEB))


def test_deletion_that_goes_on_is_waited_for() -> None:
    """Somebody deleted it since; a finalizer holds it, and that is told as ever."""
    host, fleet = make_synced_shop()
    name_clusters(fleet)
    change(host, spec=ONLY_C1)
    _, second = members_of(fleet)
    hold(second)
    plan = draft(fleet)
    second.delete(CONFIG_MAP, WEB)
    events, _ = carry_out(fleet, plan)
    assert "ConfigMap/shop/web in cluster c2: it is being deleted already" in steps(events)
    assert any(line.startswith("waiting ConfigMap/shop/web in c2") for line in words(events))


# --- secrets, preferences ------------------------------------------------------------------------


def test_preference_is_followed_in_memory_until_the_plan_holds() -> None:
    """The federated object is written after the comparison, and as it was reviewed."""
    host, fleet = preferences.make_shop()
    name_clusters(fleet)
    preferences.prefer(host)
    plan = draft(fleet)
    assert "overrides" not in preferences.web(host)
    (member, _) = members_of(fleet)
    spec = {"replicas": 1}
    member.add(DEPLOYMENT, {"metadata": {"namespace": "shop", "name": "web"}, "spec": spec})
    host.requests.clear()
    _, failure = carry_out(fleet, plan)
    assert isinstance(failure, RefusedError)
    assert [] == writes_of(host)
    member.remove(DEPLOYMENT, WEB)
    events, failure = carry_out(fleet, plan)
    assert None is failure
    assert "updated FederatedDeployment/shop/web in host: replicas, as planned" in words(events)
    assert 2 == len(preferences.web(host)["overrides"])
    replicas = [(one.find(DEPLOYMENT, WEB) or {})["spec"]["replicas"] for one in members_of(fleet)]
    assert [2, 2] == replicas
    assert 0 == draft(fleet).size


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        pytest.param(ConflictError, "it moved since it was compared", id="changed"),
        pytest.param(ForbiddenError, "403 Forbidden", id="forbidden"),
    ],
)
def test_preference_that_cannot_be_written_leaves_members_alone(
    failure: type[ClusterError], told: str
) -> None:
    """Numbers that the host does not ask for are not brought to members."""
    host, fleet = preferences.make_shop()
    name_clusters(fleet)
    preferences.prefer(host)
    plan = draft(fleet)
    host.fail_next("patch", error(failure, 409 if failure is ConflictError else 403), name="web")
    events, ended = carry_out(fleet, plan)
    assert isinstance(ended, PartialFailure)
    assert any(
        line.startswith(f"failed FederatedDeployment/shop/web in host: {told}")
        for line in words(events)
    )
    assert [None, None] == [one.find(DEPLOYMENT, WEB) for one in members_of(fleet)]


def test_preference_that_comes_to_something_else_is_refused() -> None:
    """Its numbers are part of what was reviewed."""
    host, fleet = preferences.make_shop()
    name_clusters(fleet)
    preferences.prefer(host)
    plan = draft(fleet)
    found = host.objects(preferences.REPLICA_SCHEDULING_PREFERENCES)[0]
    host.alter(
        preferences.REPLICA_SCHEDULING_PREFERENCES,
        WEB,
        spec={**found["spec"], "totalReplicas": 6},
    )
    host.requests.clear()
    events, failure = carry_out(fleet, plan)
    assert isinstance(failure, RefusedError)
    assert any("its federated object was changed" in line for line in words(events))
    assert [] == writes_of(host)
