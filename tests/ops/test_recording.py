"""Tests of what a sync writes to the host: finalizers, version objects, statuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kubefedctl.errors import ConflictError, ForbiddenError, InvalidError
from kubefedctl.model.actions import Action, ActionVerb, ObjectPlan, Settled, Wave
from kubefedctl.model.events import Verdict
from kubefedctl.model.federated import FederatedObject, parse_federated
from kubefedctl.model.objects import SYNC_FINALIZER, finalizers_of
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import AggregateReason, PropagationStatus
from kubefedctl.model.wellknown import CLUSTER_PROPAGATED_VERSIONS, PROPAGATED_VERSIONS
from kubefedctl.ops.execution import Executed
from kubefedctl.ops.recording import (
    HostFailure,
    ensure_finalizers,
    gather_outcomes,
    identify,
    record_results,
    remove_finalizers,
)
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, make_type_config
from tests.fakes import MemoryCluster
from tests.ops.stage import FEDERATED_CONFIG_MAPS, NOW, WEB, error, federate, managed, not_found

SUBJECT = "FederatedConfigMap/shop/web"
VERSION_KEY = Key("shop", "configmap-web")
VERSION_SUBJECT = "PropagatedVersion/shop/configmap-web"
OTHER = "example.com/other"
DELETING = "2020-01-01T00:00:00Z"


def _host(*finalizers: str, **metadata: Any) -> tuple[MemoryCluster, FederatedObject]:
    host = MemoryCluster("host")
    made = federate(host, finalizers=list(finalizers), **metadata)
    return host, parse_federated(made, make_type_config(CONFIG_MAP))


def _plan(federated: FederatedObject) -> ObjectPlan:
    return ObjectPlan(
        federated,
        needs_finalizer=True,
        template_hash="t",
        overrides_hash="o",
        placed=frozenset({"c1", "c2"}),
    )


def _executed(
    verdict: Verdict = Verdict.CREATED, *, cluster: str = "c1", obj: Object | None = None
) -> Executed:
    action = Action(ActionVerb.CREATE, Wave.NAMESPACED, cluster, CONFIG_MAP, WEB)
    stored = obj or managed(metadata={"resourceVersion": "7"})
    return Executed(action, verdict, object=stored)


def _held(host: MemoryCluster) -> list[str]:
    return finalizers_of(host.find(FEDERATED_CONFIG_MAPS, WEB) or {})


def _touch(host: MemoryCluster) -> None:
    host.alter(FEDERATED_CONFIG_MAPS, WEB, spec={"touched": len(host.requests)})


def _vanish(host: MemoryCluster) -> None:
    host.remove(FEDERATED_CONFIG_MAPS, WEB)


def _make_anew(host: MemoryCluster) -> None:
    _vanish(host)
    federate(host, finalizers=[])


def _delete(host: MemoryCluster) -> None:
    found = host.find(FEDERATED_CONFIG_MAPS, WEB)
    assert found is not None
    metadata = {**found["metadata"], "finalizers": [OTHER], "deletionTimestamp": DELETING}
    host.alter(FEDERATED_CONFIG_MAPS, WEB, metadata=metadata)


# --- finalizers ----------------------------------------------------------------------------------


def test_ensure_finalizers_sets_ours_beside_the_others() -> None:
    """What others hold stays."""
    host, federated = _host(OTHER)
    assert [] == ensure_finalizers(host, [_plan(federated)])
    assert [OTHER, SYNC_FINALIZER] == _held(host)
    assert [("patch", SUBJECT)] == host.requests


def test_ensure_finalizers_not_needed_writes_nothing() -> None:
    """An object that has it, or needs none, is left alone."""
    host, federated = _host(SYNC_FINALIZER)
    plan = _plan(federated)
    assert [] == ensure_finalizers(host, [plan, replace(plan, needs_finalizer=False)])
    assert [] == host.requests


def test_ensure_finalizers_conflict_is_tried_again() -> None:
    """Somebody's change between the list and the patch is no failure."""
    host, federated = _host()
    _touch(host)
    assert [] == ensure_finalizers(host, [_plan(federated)])
    assert [SYNC_FINALIZER] == _held(host)
    assert ["patch", "get", "patch"] == [act for act, _ in host.requests]


def test_ensure_finalizers_somebody_was_faster_is_done() -> None:
    """A finalizer that is there after a conflict needs no second patch."""
    host, federated = _host()
    metadata = {**federated.source["metadata"], "finalizers": [SYNC_FINALIZER]}
    host.alter(FEDERATED_CONFIG_MAPS, WEB, metadata=metadata)
    assert [] == ensure_finalizers(host, [_plan(federated)])
    assert ["patch", "get"] == [act for act, _ in host.requests]


def test_ensure_finalizers_conflicts_without_end_are_a_failure() -> None:
    """Five attempts are enough."""
    host, federated = _host()
    host.fail_next("patch", error(ConflictError), times=9)
    (failure,) = ensure_finalizers(host, [_plan(federated)])
    assert "409 Conflict" in failure.detail
    assert [("patch", SUBJECT)] * 5 == host.writes()


@pytest.mark.parametrize(
    ("act", "meddle", "is_conflict"),
    [
        pytest.param("patch", _vanish, False, id="vanished"),
        pytest.param("get", _vanish, True, id="vanished-after-conflict"),
        pytest.param("patch", _make_anew, False, id="made-anew"),
        pytest.param("patch", _delete, False, id="deleted-but-held"),
    ],
)
def test_ensure_finalizers_object_gone_stops_it_without_a_failure(
    act: str, meddle: Callable[[MemoryCluster], None], is_conflict: bool
) -> None:
    """What is deleted meanwhile must not reach a member, and is nobody's fault."""
    host, federated = _host()
    host.before_next(act, meddle)
    if is_conflict:
        host.fail_next("patch", error(ConflictError))
    assert [HostFailure(federated, "")] == ensure_finalizers(host, [_plan(federated)])
    assert SYNC_FINALIZER not in _held(host)


def test_ensure_finalizers_refusal_is_a_failure() -> None:
    """Without a finalizer nothing may be propagated."""
    host, federated = _host()
    host.fail_next("patch", error(ForbiddenError, 403))
    (failure,) = ensure_finalizers(host, [_plan(federated)])
    assert (federated, "cannot ask it in cluster c1: 403 Forbidden") == (
        failure.federated,
        failure.detail,
    )


def test_remove_finalizers_takes_off_ours_alone() -> None:
    """What others hold goes on holding."""
    host, federated = _host(SYNC_FINALIZER, OTHER)
    assert [] == remove_finalizers(host, [federated])
    assert [OTHER] == _held(host)


def test_remove_finalizers_last_one_lets_the_object_go() -> None:
    """A deleted object is gone with its last finalizer."""
    host, federated = _host(SYNC_FINALIZER, deletionTimestamp=DELETING)
    assert [] == remove_finalizers(host, [federated])
    assert None is host.find(FEDERATED_CONFIG_MAPS, WEB)


@pytest.mark.parametrize(
    "meddle",
    [
        pytest.param(_touch, id="touched"),
        pytest.param(_vanish, id="vanished"),
        pytest.param(_make_anew, id="made-anew"),
    ],
)
def test_remove_finalizers_whatever_comes_between_is_done(
    meddle: Callable[[MemoryCluster], None],
) -> None:
    """A conflict is tried again, and what is gone needs nothing."""
    host, federated = _host(SYNC_FINALIZER)
    host.before_next("patch", meddle)
    assert [] == remove_finalizers(host, [federated])
    assert [] == _held(host)


def test_remove_finalizers_refusal_is_a_failure() -> None:
    """The object stays, and that is told."""
    host, federated = _host(SYNC_FINALIZER)
    host.fail_next("patch", error(InvalidError, 422))
    (failure,) = remove_finalizers(host, [federated])
    assert "422 Invalid" in failure.detail


# --- version objects -----------------------------------------------------------------------------


def _record(host: MemoryCluster, plan: ObjectPlan, *executed: Executed) -> list[HostFailure]:
    by_cluster = {done.action.cluster: done for done in executed}
    recorded = record_results(host, [plan], {identify(plan.federated): by_cluster}, now=NOW)
    assert () == recorded.warnings
    return list(recorded.failures)


def _versions(host: MemoryCluster) -> Object:
    found = host.find(PROPAGATED_VERSIONS, VERSION_KEY) or {}
    status: Object = found.get("status", {})
    return status


EXPECTED_VERSIONS = {
    "templateVersion": "t",
    "overridesVersion": "o",
    "clusterVersions": [{"clusterName": "c1", "version": "rv:7"}],
}


def test_record_versions_are_made_with_their_owner() -> None:
    """The version object goes when its federated object does."""
    host, federated = _host(SYNC_FINALIZER)
    assert [] == _record(host, _plan(federated), _executed())
    made = host.find(PROPAGATED_VERSIONS, VERSION_KEY) or {}
    assert EXPECTED_VERSIONS == made["status"]
    assert [federated.uid] == [owner["uid"] for owner in made["metadata"]["ownerReferences"]]
    assert [
        ("create", VERSION_SUBJECT),
        ("patch", VERSION_SUBJECT),
        ("patch", SUBJECT),
    ] == host.writes()


def test_record_versions_of_a_cluster_scoped_type_have_no_namespace() -> None:
    """Types without namespaces have their own kind of version object."""
    host = MemoryCluster("host")
    made = federate(host, Key("", "admin"), target=CLUSTER_ROLE)
    federated = parse_federated(made, make_type_config(CLUSTER_ROLE))
    assert [] == _record(host, _plan(federated), _executed())
    assert EXPECTED_VERSIONS == host.objects(CLUSTER_PROPAGATED_VERSIONS)[0]["status"]


def _recorded_plan(host: MemoryCluster, federated: FederatedObject, **status: object) -> ObjectPlan:
    body = {
        "metadata": {"namespace": "shop", "name": "configmap-web"},
        "status": {**EXPECTED_VERSIONS, **status},
    }
    return replace(_plan(federated), version_object=host.add(PROPAGATED_VERSIONS, body))


def test_record_versions_that_do_not_differ_are_not_written() -> None:
    """Nothing is written where nothing differs; the status is another matter."""
    host, federated = _host(SYNC_FINALIZER)
    assert [] == _record(host, _recorded_plan(host, federated), _executed())
    assert [("patch", SUBJECT)] == host.writes()


def test_record_versions_that_differ_are_replaced() -> None:
    """Entries of clusters that this run did not write stay while the template is the same."""
    host, federated = _host(SYNC_FINALIZER)
    recorded = [{"clusterName": "c1", "version": "rv:1"}, {"clusterName": "c2", "version": "rv:2"}]
    plan = _recorded_plan(host, federated, clusterVersions=recorded)
    assert [] == _record(host, plan, _executed())
    expected = [*EXPECTED_VERSIONS["clusterVersions"], {"clusterName": "c2", "version": "rv:2"}]
    assert expected == _versions(host)["clusterVersions"]


def test_record_versions_object_there_meanwhile_is_taken() -> None:
    """Somebody else's create comes first; its status becomes ours."""
    host, federated = _host(SYNC_FINALIZER)
    host.before_next(
        "create",
        lambda found: found.add(PROPAGATED_VERSIONS, {"metadata": {**_place()}}),
    )
    assert [] == _record(host, _plan(federated), _executed())
    assert EXPECTED_VERSIONS == _versions(host)


def _place() -> Object:
    return {"namespace": "shop", "name": "configmap-web"}


def test_record_versions_object_vanished_is_made_anew() -> None:
    """A version object that was collected meanwhile is made again."""
    host, federated = _host(SYNC_FINALIZER)
    plan = _recorded_plan(host, federated, templateVersion="old")
    host.remove(PROPAGATED_VERSIONS, VERSION_KEY)
    assert [] == _record(host, plan, _executed())
    assert EXPECTED_VERSIONS == _versions(host)


@pytest.mark.parametrize("act", ["create", "patch"])
def test_record_versions_forbidden_is_no_failure(act: str) -> None:
    """A namespace that is being deleted takes no new objects; the status is written still."""
    host, federated = _host(SYNC_FINALIZER)
    host.fail_next(act, error(ForbiddenError, 403), name="configmap-web")
    assert [] == _record(host, _plan(federated), _executed())
    assert ("patch", SUBJECT) == host.writes()[-1]


def test_record_versions_fail_and_the_status_is_written_all_the_same() -> None:
    """The version's failure is told after the status has been written."""
    host, federated = _host(SYNC_FINALIZER)
    host.fail_next("create", not_found(), name="configmap-web")
    (failure,) = _record(host, _plan(federated), _executed())
    assert "404 NotFound" in failure.detail
    assert "True" == _condition(host)["status"]


def test_record_versions_without_hashes_are_not_written() -> None:
    """Where the template could not be read, there is no version to record."""
    host, federated = _host(SYNC_FINALIZER)
    plan = replace(_plan(federated), template_hash="", overrides_hash="")
    assert [] == _record(host, plan)
    assert [("patch", SUBJECT)] == host.writes()


# --- statuses ------------------------------------------------------------------------------------


def _status(host: MemoryCluster) -> Object:
    status: Object = (host.find(FEDERATED_CONFIG_MAPS, WEB) or {})["status"]
    return status


def _condition(host: MemoryCluster) -> Object:
    condition: Object = _status(host)["conditions"][0]
    return condition


def test_record_status_names_the_generation_that_was_read() -> None:
    """A change made meanwhile is not taken for propagated."""
    host, federated = _host(SYNC_FINALIZER)
    _touch(host)
    assert [] == _record(host, _plan(federated), _executed())
    found = host.find(FEDERATED_CONFIG_MAPS, WEB) or {}
    assert (2, 1) == (found["metadata"]["generation"], found["status"]["observedGeneration"])
    assert {
        "observedGeneration": 1,
        "conditions": [
            {
                "type": "Propagation",
                "status": "True",
                "lastUpdateTime": NOW,
                "lastTransitionTime": NOW,
            }
        ],
        "clusters": [{"name": "c1"}],
    } == _status(host)


def test_record_status_that_does_not_differ_is_not_written() -> None:
    """A second run leaves the host alone."""
    host, federated = _host(SYNC_FINALIZER)
    _record(host, _plan(federated), _executed())
    found = host.find(FEDERATED_CONFIG_MAPS, WEB) or {}
    again = _recorded_plan_of(host, parse_federated(found, federated.type_config))
    writes = host.writes()
    assert [] == _record(host, again, _executed(Verdict.UNCHANGED))
    assert writes == host.writes()


def _recorded_plan_of(host: MemoryCluster, federated: FederatedObject) -> ObjectPlan:
    found = host.find(PROPAGATED_VERSIONS, VERSION_KEY)
    return replace(_plan(federated), version_object=found)


def test_record_status_of_an_object_that_vanished_is_no_failure() -> None:
    """Deleted while it was synced: there is nobody left to tell."""
    host, federated = _host(SYNC_FINALIZER)
    _vanish(host)
    assert [] == _record(host, _plan(federated), _executed())


def test_record_status_refused_is_a_failure() -> None:
    """A status that cannot be written is told, once, even where the versions failed, too."""
    host, federated = _host(SYNC_FINALIZER)
    host.fail_next("create", error(InvalidError, 422))
    host.fail_next("patch", error(ForbiddenError, 403), name="web")
    (failure,) = _record(host, _plan(federated), _executed())
    assert "403 Forbidden" in failure.detail


def test_record_status_tells_why_nothing_could_be_propagated() -> None:
    """A placement that cannot be computed leaves no clusters in the status."""
    host, federated = _host(SYNC_FINALIZER)
    plan = ObjectPlan(federated, reason=AggregateReason.COMPUTE_PLACEMENT_FAILED)
    assert [] == _record(host, plan)
    assert ("False", "ComputePlacementFailed") == (
        _condition(host)["status"],
        _condition(host)["reason"],
    )


def test_gather_outcomes_has_an_entry_for_each_cluster_that_holds_it() -> None:
    """Settled and executed come together; clusters that the object has left have no entry."""
    _, federated = _host()
    settled = {"c5": Settled(ClusterOutcome(PropagationStatus.CLUSTER_NOT_READY))}
    executed = {
        "c1": _executed(Verdict.CREATED, obj={"status": {"ready": 1}}),
        "c2": _executed(Verdict.UPDATED, obj={"status": "odd"}),
        "c3": _executed(Verdict.DELETED),
        "c4": replace(_executed(Verdict.WAITING), status=PropagationStatus.WAITING_FOR_REMOVAL),
    }
    assert {
        "c1": ClusterOutcome(remote_status={"ready": 1}),
        "c2": ClusterOutcome(was_updated=True),
        "c4": ClusterOutcome(PropagationStatus.WAITING_FOR_REMOVAL),
        "c5": ClusterOutcome(PropagationStatus.CLUSTER_NOT_READY),
    } == gather_outcomes(replace(_plan(federated), settled=settled), executed)
