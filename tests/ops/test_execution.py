"""Tests of carrying out writes in members: every answer, every race, every lane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubefedctl.core.overrides import parse_overrides
from kubefedctl.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnreachableError,
)
from kubefedctl.model.actions import Action, ActionVerb, Wave
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import MANAGED_LABEL, uid_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.statuses import PropagationStatus
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE
from tests.fakes import MemoryCluster
from tests.ops.actions import HELD, SUBJECT, carry_out, make_draft, remove, said, vanish, write
from tests.ops.stage import WEB, error, managed, not_found, place

# --- create and adopt ----------------------------------------------------------------------------


def test_create_nothing_there_creates() -> None:
    """The body goes in as planned, and the stored object comes back."""
    cluster = MemoryCluster()
    (done,) = carry_out(write(ActionVerb.CREATE), cluster)
    assert (Verdict.CREATED, PropagationStatus.OK, "") == said(done)
    assert cluster.find(CONFIG_MAP, WEB) == done.object
    assert [("create", SUBJECT)] == cluster.writes()


def test_create_template_of_another_version_is_written_there() -> None:
    """A body that names another version of the API is sent to that version's address."""
    seen: list[Resource] = []
    old = replace(DEPLOYMENT, version="v1beta1")

    class Asked(MemoryCluster):
        def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
            seen.append(resource)
            return super().create(resource, body, dry_run=dry_run)

    cluster = Asked()
    action = write(ActionVerb.CREATE, resource=DEPLOYMENT)
    assert action.body is not None
    carry_out(replace(action, body={**action.body, "apiVersion": "apps/v1beta1"}), cluster)
    assert [old] == seen


def test_create_unlabelled_object_there_is_adopted() -> None:
    """What stood there is replaced under its own version and labelled."""
    cluster = MemoryCluster()
    before = cluster.add(CONFIG_MAP, {"metadata": place(WEB), "data": {"key": "old"}})
    (done,) = carry_out(write(ActionVerb.CREATE), cluster)
    assert (Verdict.ADOPTED, PropagationStatus.OK, "") == said(done)
    assert [("create", SUBJECT), ("update", SUBJECT)] == cluster.writes()
    assert uid_of(before) == uid_of(cluster.find(CONFIG_MAP, WEB) or {})


def test_create_adoption_disabled_leaves_it_alone() -> None:
    """Without adoption the object that stood there is a failure, and untouched."""
    cluster = MemoryCluster()
    before = cluster.add(CONFIG_MAP, {"metadata": place(WEB)})
    (done,) = carry_out(write(ActionVerb.CREATE, may_adopt=False), cluster)
    assert (Verdict.FAILED, PropagationStatus.ALREADY_EXISTS) == said(done)[:2]
    assert before == cluster.find(CONFIG_MAP, WEB)


def test_create_host_namespace_is_adopted_though_adoption_is_disabled() -> None:
    """The host's own namespace could not be federated otherwise."""
    cluster = MemoryCluster()
    key = Key("", "shop")
    found = cluster.add(NAMESPACE, {"metadata": place(key)})
    action = write(ActionVerb.CREATE, key=key, resource=NAMESPACE, may_adopt=False)
    (done,) = carry_out(action, cluster, uids=frozenset({uid_of(found)}))
    assert Verdict.ADOPTED == done.verdict


def test_create_object_labelled_false_is_left_alone() -> None:
    """Somebody's clear wish is honoured."""
    cluster = MemoryCluster()
    labels = {"labels": {MANAGED_LABEL: "false"}}
    before = cluster.add(CONFIG_MAP, {"metadata": {**place(WEB), **labels}})
    (done,) = carry_out(write(ActionVerb.CREATE), cluster)
    assert (Verdict.FAILED, PropagationStatus.MANAGED_LABEL_FALSE) == said(done)[:2]
    assert before == cluster.find(CONFIG_MAP, WEB)


def test_create_object_there_cannot_be_read_is_told() -> None:
    """What stands in the way but cannot be looked at is not replaced."""
    cluster = MemoryCluster()
    cluster.add(CONFIG_MAP, {"metadata": place(WEB)})
    cluster.fail_next("get", error(ForbiddenError, 403))
    (done,) = carry_out(write(ActionVerb.CREATE), cluster)
    assert (Verdict.FAILED, PropagationStatus.RETRIEVAL_FAILED, "403 Forbidden") == said(done)


@pytest.mark.parametrize(
    ("verb", "act", "expected"),
    [
        (ActionVerb.CREATE, "create", PropagationStatus.CREATION_FAILED),
        (ActionVerb.UPDATE, "update", PropagationStatus.UPDATE_FAILED),
        (ActionVerb.DELETE, "delete", PropagationStatus.DELETION_FAILED),
        (ActionVerb.UNLABEL, "patch", PropagationStatus.LABEL_REMOVAL_FAILED),
    ],
    ids=str,
)
def test_refused_request_is_told_in_kubefeds_words(
    verb: ActionVerb, act: str, expected: PropagationStatus
) -> None:
    """Each act has its status; the cluster's own answer is the detail."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.fail_next(act, error(InvalidError, 422))
    is_write = verb in (ActionVerb.CREATE, ActionVerb.UPDATE)
    action = write(verb, observed=found) if is_write else remove(found, verb)
    (done,) = carry_out(action, cluster)
    assert (Verdict.FAILED, expected, "422 Invalid") == said(done)


def test_create_in_a_namespace_that_is_missing_names_the_next_step() -> None:
    """A narrowed sync does not look at the namespace; the line says what makes it."""
    cluster = MemoryCluster()
    cause = 'namespaces "shop" not found'
    refused = NotFoundError(
        act="create", subject=SUBJECT, cluster="c1", status=404, reason="NotFound", message=cause
    )
    cluster.fail_next("create", refused)
    (done,) = carry_out(write(ActionVerb.CREATE), cluster)
    assert f"404 NotFound: {cause}; kubefedctl sync namespaces/shop makes it" == done.detail


# --- update --------------------------------------------------------------------------------------


def test_update_replaces_under_the_version_that_was_read() -> None:
    """The object gets what the host says."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(data={"key": "old"}))
    (done,) = carry_out(write(ActionVerb.UPDATE, observed=found), cluster)
    assert (Verdict.UPDATED, PropagationStatus.OK, "") == said(done)
    assert {"key": "new"} == (cluster.find(CONFIG_MAP, WEB) or {})["data"]
    assert [("update", SUBJECT)] == cluster.requests


def test_update_that_changes_nothing_is_unchanged() -> None:
    """A PUT that leaves the resourceVersion as it was is not called an update."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, make_draft())
    (done,) = carry_out(write(ActionVerb.UPDATE, observed=found), cluster)
    assert (Verdict.UNCHANGED, found) == (done.verdict, done.object)


def test_update_conflict_is_computed_anew_from_what_stands_there() -> None:
    """What the member changed meanwhile is retained, not overwritten."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    metadata = {**found["metadata"], "annotations": {"theirs": "1"}}
    cluster.alter(CONFIG_MAP, WEB, metadata=metadata)
    (done,) = carry_out(write(ActionVerb.UPDATE, observed=found), cluster)
    assert Verdict.UPDATED == done.verdict
    assert {"theirs": "1"} == (done.object or {})["metadata"]["annotations"]
    assert ["update", "get", "update"] == [act for act, _ in cluster.requests]


def test_update_conflicts_without_end_are_given_up() -> None:
    """Five attempts are enough."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.fail_next("update", error(ConflictError), times=9)
    (done,) = carry_out(write(ActionVerb.UPDATE, observed=found), cluster)
    assert (Verdict.FAILED, PropagationStatus.UPDATE_FAILED, "409 Conflict") == said(done)
    assert [("update", SUBJECT)] * 5 == cluster.writes()


def test_update_labelled_false_meanwhile_is_left_alone() -> None:
    """The wish counts even when it comes between the list and the write."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    metadata = {**found["metadata"], "labels": {MANAGED_LABEL: "false"}}
    cluster.alter(CONFIG_MAP, WEB, metadata=metadata)
    (done,) = carry_out(write(ActionVerb.UPDATE, observed=found), cluster)
    assert PropagationStatus.MANAGED_LABEL_FALSE == done.status


@pytest.mark.parametrize(
    ("act", "is_conflict"),
    [pytest.param("update", False, id="before-it"), pytest.param("get", True, id="after-conflict")],
)
def test_update_object_vanished_is_created_anew(act: str, is_conflict: bool) -> None:
    """What is gone between the list and the write is made again at once."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.before_next(act, vanish)
    if is_conflict:
        cluster.fail_next("update", error(ConflictError))
    (done,) = carry_out(write(ActionVerb.UPDATE, observed=found), cluster)
    assert (Verdict.CREATED, PropagationStatus.OK, "") == said(done)
    assert cluster.find(CONFIG_MAP, WEB) == done.object


def test_update_object_vanished_and_its_override_needs_it_is_told() -> None:
    """An override of a field that only the member's object had fails, and nothing is written."""
    cluster = MemoryCluster()
    annotation = {"annotations": {"theirs": "1"}}
    found = cluster.add(CONFIG_MAP, managed(metadata=annotation))
    cluster.before_next("update", vanish)
    operation = {"op": "remove", "path": "/metadata/annotations/theirs"}
    overrides = parse_overrides([{"clusterName": "c1", "clusterOverrides": [operation]}])
    (done,) = carry_out(
        write(ActionVerb.UPDATE, observed=found, operations=overrides.of("c1")), cluster
    )
    assert (Verdict.FAILED, PropagationStatus.APPLY_OVERRIDES_FAILED) == said(done)[:2]
    assert None is cluster.find(CONFIG_MAP, WEB)


def test_update_object_vanished_and_its_namespace_too_is_told() -> None:
    """Where it cannot be made again, the update has failed."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.before_next("update", vanish)
    cluster.fail_next("create", not_found())
    (done,) = carry_out(write(ActionVerb.UPDATE, observed=found), cluster)
    assert (Verdict.FAILED, PropagationStatus.UPDATE_FAILED, "404 NotFound") == said(done)


# --- lanes ---------------------------------------------------------------------------------------


def _waves(observed: Object, cluster: str = "c1") -> list[Action]:
    waves = (Wave.NAMESPACES, Wave.DEFINITIONS, Wave.CLUSTER_SCOPED, Wave.NAMESPACED)
    return [
        write(ActionVerb.CREATE, cluster=cluster, key=Key("shop", f"x{wave}"), wave=wave)
        for wave in waves
    ] + [replace(remove(observed, ActionVerb.AWAIT_REMOVAL), cluster=cluster)]


def test_member_silent_three_times_is_not_asked_again() -> None:
    """A dead member costs three time limits, not one for each object."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=HELD))
    cluster.fail_next("create", error(UnreachableError, 0, "ConnectionRefused"), times=9)
    done = carry_out(_waves(found), cluster)
    refused = (Verdict.FAILED, PropagationStatus.CREATION_FAILED, "ConnectionRefused")
    untried = "the cluster stopped answering; not tried"
    assert [
        *[refused] * 3,
        (Verdict.FAILED, PropagationStatus.CREATION_FAILED, untried),
        (Verdict.FAILED, PropagationStatus.RETRIEVAL_FAILED, untried),
    ] == [said(answer) for answer in done]
    assert 3 == len(cluster.requests)


def test_member_that_answers_in_between_is_asked_on() -> None:
    """Any answer, even a refusal, starts the count anew."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=HELD))
    for answer in (UnreachableError, ForbiddenError, UnreachableError, UnreachableError):
        cluster.fail_next("create", error(answer, 0))
    done = carry_out(_waves(found), cluster)
    assert Verdict.WAITING == done[-1].verdict
    assert 5 == len(cluster.requests)


def test_member_in_trouble_leaves_the_others_alone() -> None:
    """Each member is a lane of its own."""
    bad, good = MemoryCluster("c1"), MemoryCluster("c2")
    bad.fail_next("create", error(UnreachableError, 0), times=9)
    found = bad.add(CONFIG_MAP, managed())
    actions = [*_waves(found)[:4], *_waves(found, "c2")[:4]]
    done = carry_out(actions, bad, good)
    verdicts = {(answer.action.cluster, answer.verdict) for answer in done}
    assert {("c1", Verdict.FAILED), ("c2", Verdict.CREATED)} == verdicts
    assert 4 == len(good.objects(CONFIG_MAP))


def test_waves_run_in_order_whatever_order_they_came_in() -> None:
    """Namespaces are there before what is in them."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    carry_out([*_waves(found)[:4]][::-1], cluster)
    assert [f"ConfigMap/shop/x{wave}" for wave in range(4)] == [s for _, s in cluster.writes()]


def test_bug_in_a_request_reaches_the_caller() -> None:
    """What is no answer of a cluster is no outcome either."""
    cluster = MemoryCluster()
    cluster.fail_next("create", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        carry_out(write(ActionVerb.CREATE), cluster)
