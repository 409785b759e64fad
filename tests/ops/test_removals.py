"""Tests of taking objects and labels away in members, and of waiting until they are gone."""

from __future__ import annotations

import pytest

from kubefedctl.errors import (
    ConflictError,
    ServerError,
)
from kubefedctl.model.actions import ActionVerb
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import MANAGED_LABEL
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import PropagationStatus
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryCluster
from tests.ops.actions import HELD, SUBJECT, carry_out, remove, said, vanish
from tests.ops.stage import WEB, error, managed, place

# --- unlabel -------------------------------------------------------------------------------------


def _labels(cluster: MemoryCluster) -> Object:
    labels: Object = (cluster.find(CONFIG_MAP, WEB) or {"metadata": {}})["metadata"]["labels"]
    return labels


def test_unlabel_takes_off_the_label_and_nothing_else() -> None:
    """Other labels and the contents stay."""
    cluster = MemoryCluster()
    labels = {"labels": {MANAGED_LABEL: "true", "app": "web"}}
    found = cluster.add(CONFIG_MAP, managed(metadata=labels))
    (done,) = carry_out(remove(found, ActionVerb.UNLABEL), cluster)
    assert (Verdict.UNLABELLED, {"app": "web"}) == (done.verdict, _labels(cluster))


def test_unlabel_conflict_is_tried_under_the_new_version() -> None:
    """A change that came between takes nothing but a second look."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.alter(CONFIG_MAP, WEB, data={"key": "theirs"})
    (done,) = carry_out(remove(found, ActionVerb.UNLABEL), cluster)
    assert (Verdict.UNLABELLED, {}) == (done.verdict, _labels(cluster))
    assert ["patch", "get", "patch"] == [act for act, _ in cluster.requests]


def test_unlabel_conflicts_without_end_are_given_up() -> None:
    """Five attempts are enough."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.fail_next("patch", error(ConflictError), times=9)
    (done,) = carry_out(remove(found, ActionVerb.UNLABEL), cluster)
    assert (Verdict.FAILED, PropagationStatus.LABEL_REMOVAL_FAILED) == said(done)[:2]
    assert [("patch", SUBJECT)] * 5 == cluster.writes()


def test_unlabel_somebody_was_faster_is_done() -> None:
    """An object without the label needs no second patch."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.alter(CONFIG_MAP, WEB, metadata=place(WEB))
    (done,) = carry_out(remove(found, ActionVerb.UNLABEL), cluster)
    assert Verdict.UNLABELLED == done.verdict
    assert [("patch", SUBJECT)] == cluster.writes()


@pytest.mark.parametrize(
    ("act", "is_conflict"),
    [pytest.param("patch", False, id="before-it"), pytest.param("get", True, id="after-conflict")],
)
def test_unlabel_object_vanished_is_done(act: str, is_conflict: bool) -> None:
    """What is gone has no label."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.before_next(act, vanish)
    if is_conflict:
        cluster.fail_next("patch", error(ConflictError))
    (done,) = carry_out(remove(found, ActionVerb.UNLABEL), cluster)
    assert (Verdict.UNLABELLED, PropagationStatus.OK, "") == said(done)


# --- delete and wait -----------------------------------------------------------------------------


def test_delete_object_without_finalizers_is_gone() -> None:
    """A Status for an answer means that nothing is left to wait for."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    (done,) = carry_out(remove(found), cluster)
    assert (Verdict.DELETED, [("delete", SUBJECT)]) == (done.verdict, cluster.requests)


def test_delete_object_gone_already_is_deleted() -> None:
    """A 404 is what was wanted."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    vanish(cluster)
    (done,) = carry_out(remove(found), cluster)
    assert (Verdict.DELETED, PropagationStatus.OK, "") == said(done)


def test_delete_object_made_anew_is_not_hit() -> None:
    """The uid in the request keeps an object that nobody looked at."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    vanish(cluster)
    theirs = cluster.add(CONFIG_MAP, managed())
    (done,) = carry_out(remove(found), cluster)
    assert (Verdict.FAILED, PropagationStatus.DELETION_FAILED) == said(done)[:2]
    assert theirs == cluster.find(CONFIG_MAP, WEB)


def test_delete_held_object_is_waiting_at_the_deadline() -> None:
    """A finalizer that nobody removes is told once the time is up."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=HELD))
    (done,) = carry_out(remove(found), cluster, seconds=0.01)
    assert (Verdict.WAITING, PropagationStatus.WAITING_FOR_REMOVAL) == said(done)[:2]


@pytest.mark.parametrize("verb", [ActionVerb.DELETE, ActionVerb.AWAIT_REMOVAL], ids=str)
def test_held_object_that_goes_before_the_deadline_is_deleted(verb: ActionVerb) -> None:
    """It is looked for again and again, until it is gone."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=HELD))
    cluster.before_next("list", lambda _: None)
    cluster.before_next("list", lambda _: None)
    cluster.before_next("list", vanish)
    (done,) = carry_out(remove(found, verb), cluster, seconds=30)
    assert (Verdict.DELETED, PropagationStatus.OK, "") == said(done)
    assert 3 == cluster.requests.count(("list", "configmaps"))


def test_held_object_made_anew_counts_as_gone() -> None:
    """Another uid is another object."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=HELD))
    vanish(cluster)
    cluster.add(CONFIG_MAP, managed())
    (done,) = carry_out(remove(found, ActionVerb.AWAIT_REMOVAL), cluster)
    assert Verdict.DELETED == done.verdict


def test_several_held_objects_are_told_as_they_go() -> None:
    """One list of each type serves for all; objects of many namespaces need a list of all."""
    cluster = MemoryCluster()
    keys = [Key("a", "x"), Key("b", "x")]
    found = [cluster.add(CONFIG_MAP, managed(key, metadata=HELD)) for key in keys]
    cluster.before_next("list", lambda c: c.remove(CONFIG_MAP, keys[0]))
    actions = [
        remove(obj, ActionVerb.AWAIT_REMOVAL, key=key) for key, obj in zip(keys, found, strict=True)
    ]
    done = carry_out(actions, cluster)
    assert [Verdict.DELETED, Verdict.WAITING] == [answer.verdict for answer in done]
    assert [("list", "configmaps")] == cluster.requests


def test_held_object_that_cannot_be_looked_for_counts_as_there() -> None:
    """A list that fails three times ends the wait; nothing is taken for gone."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=HELD))
    cluster.fail_next("list", error(ServerError, 500), times=3)
    (done,) = carry_out(remove(found, ActionVerb.AWAIT_REMOVAL), cluster, seconds=60)
    assert Verdict.WAITING == done.verdict
    assert [("list", "configmaps")] * 3 == cluster.requests
