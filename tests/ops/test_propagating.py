"""Tests of bringing one object up to date by apply: handover, races, refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubefedctl.errors import ConflictError, ForbiddenError, InvalidError, ServerError
from kubefedctl.model.actions import Action, ActionVerb, Strategy
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import MANAGED_LABEL, labels_of
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import PropagationStatus
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryCluster
from tests.ops.actions import SUBJECT, carry_out, said, write
from tests.ops.stage import WEB, error, managed, place

PROPAGATED: Object = {
    "managedFields": [
        {
            "manager": "controller-manager",
            "operation": "Update",
            "apiVersion": "v1",
            "time": "2026-01-01T00:00:00Z",
            "fieldsV1": {"f:metadata": {"f:labels": {f"f:{MANAGED_LABEL}": {}}}},
        }
    ]
}
PATCH = ("patch", SUBJECT)
PUT = ("update", SUBJECT)


def _apply(observed: Object, *, recreates: bool = False) -> Action:
    action = write(ActionVerb.UPDATE, observed=observed)
    assert action.intent is not None
    intent = replace(action.intent, strategy=Strategy.APPLY, recreates=recreates)
    return replace(action, intent=intent)


def test_apply_sends_one_request() -> None:
    """Nothing is asked for that the list has told."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(data={"theirs": "1"}))
    (done,) = carry_out(_apply(found), cluster)
    assert (Verdict.UPDATED, PropagationStatus.OK, "") == said(done)
    assert {"theirs": "1", "key": "new"} == (cluster.find(CONFIG_MAP, WEB) or {})["data"]
    assert [PATCH] == cluster.requests


def test_apply_hands_over_first_what_an_update_propagated() -> None:
    """One more request, once; from then on the object is ours by apply."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=PROPAGATED))
    (done,) = carry_out(_apply(found), cluster)
    assert Verdict.UPDATED == done.verdict
    assert [PATCH, PATCH] == cluster.requests
    owners = (cluster.find(CONFIG_MAP, WEB) or {})["metadata"]["managedFields"]
    assert [("kubefedctl", "Apply")] == [(o["manager"], o["operation"]) for o in owners]


def test_apply_conflict_at_the_handover_is_read_again() -> None:
    """Ownership is only handed over of what was looked at."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed(metadata=PROPAGATED))
    cluster.alter(CONFIG_MAP, WEB, data={"theirs": "1"})
    (done,) = carry_out(_apply(found), cluster)
    assert Verdict.UPDATED == done.verdict
    assert ["patch", "get", "patch", "patch"] == [act for act, _ in cluster.requests]


@pytest.mark.parametrize("refusal", [ConflictError, ForbiddenError], ids=["conflict", "forbidden"])
def test_adoption_without_handover(refusal: type[ConflictError] | type[ForbiddenError]) -> None:
    """The object is adopted; a conflict leaves the handover to the next update."""
    cluster = MemoryCluster()
    cluster.add(CONFIG_MAP, {"metadata": place(WEB)})
    cluster.react_to(CONFIG_MAP, lambda obj: {**obj, "metadata": {**obj["metadata"], **PROPAGATED}})
    cluster.fail_next("patch", error(refusal))
    action = write(ActionVerb.CREATE)
    assert action.intent is not None
    intent = replace(action.intent, strategy=Strategy.APPLY)
    (done,) = carry_out(replace(action, intent=intent), cluster)
    is_adopted = refusal is ConflictError
    assert (Verdict.ADOPTED if is_adopted else Verdict.FAILED) == done.verdict


@pytest.mark.parametrize("refusal", [InvalidError, ServerError], ids=["400", "500"])
def test_apply_refused_falls_back_to_replace(
    refusal: type[InvalidError] | type[ServerError],
) -> None:
    """Some objects cannot be applied; they are replaced as KubeFed does, and that is told."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cause = "failed to create typed patch object (shop/web): duplicate entries for key"
    refused = refusal(act="patch", subject=SUBJECT, cluster="c1", status=500, message=cause)
    cluster.fail_next("patch", refused)
    (done,) = carry_out(_apply(found), cluster)
    assert (Verdict.UPDATED, f"replaced, as apply is refused: {cause}") == (
        done.verdict,
        done.detail,
    )
    assert [PATCH, PUT] == cluster.requests


def test_apply_refused_for_another_reason_is_a_failure() -> None:
    """What a full update would be refused, too, is told as it is."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.fail_next("patch", error(InvalidError, 422))
    (done,) = carry_out(_apply(found), cluster)
    assert (Verdict.FAILED, PropagationStatus.UPDATE_FAILED, "422 Invalid") == said(done)
    assert [PATCH] == cluster.requests


def test_immutable_field_of_an_object_that_is_gone_meanwhile_is_created() -> None:
    """Who deletes first does not matter."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cause = "data: Forbidden: field is immutable when `immutable` is set"
    refused = InvalidError(act="patch", subject=SUBJECT, cluster="c1", status=422, message=cause)
    cluster.fail_next("patch", refused)
    cluster.before_next("delete", lambda c: c.remove(CONFIG_MAP, WEB))
    (done,) = carry_out(_apply(found, recreates=True), cluster)
    assert Verdict.RECREATED == done.verdict
    assert {"key": "new"} == (cluster.find(CONFIG_MAP, WEB) or {})["data"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param({MANAGED_LABEL: "false"}, PropagationStatus.MANAGED_LABEL_FALSE, id="false"),
        pytest.param({}, PropagationStatus.UPDATE_FAILED, id="none"),
    ],
)
def test_immutable_field_of_an_object_that_lost_its_label_meanwhile_deletes_nothing(
    labels: Object, expected: PropagationStatus
) -> None:
    """Whoever took it off, or said false, has it for himself."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    theirs = cluster.alter(CONFIG_MAP, WEB, metadata={**found["metadata"], "labels": labels})
    cause = "data: Forbidden: field is immutable when `immutable` is set"
    refused = InvalidError(act="patch", subject=SUBJECT, cluster="c1", status=422, message=cause)
    cluster.fail_next("patch", refused)
    (done,) = carry_out(_apply(found, recreates=True), cluster)
    assert (Verdict.FAILED, expected) == (done.verdict, done.status)
    assert theirs == cluster.find(CONFIG_MAP, WEB)


@pytest.mark.parametrize("strategy", Strategy, ids=str)
@pytest.mark.parametrize("may_adopt", [True, False], ids=["adopts", "adopts-nothing"])
def test_update_of_what_lost_its_label_meanwhile_is_an_adoption(
    may_adopt: bool, strategy: Strategy
) -> None:
    """Somebody made it anew without the label: where adoption is forbidden, it stays theirs."""
    cluster = MemoryCluster()
    found = cluster.add(CONFIG_MAP, managed())
    cluster.remove(CONFIG_MAP, WEB)
    theirs = cluster.add(CONFIG_MAP, {"metadata": place(WEB), "data": {"theirs": "1"}})
    action = _apply(found)
    assert action.intent is not None
    intent = replace(action.intent, may_adopt=may_adopt, strategy=strategy)
    (done,) = carry_out(replace(action, intent=intent), cluster)
    standing = cluster.find(CONFIG_MAP, WEB)
    if may_adopt:
        assert (Verdict.UPDATED, "true") == (done.verdict, labels_of(standing)[MANAGED_LABEL])
    else:
        assert (Verdict.FAILED, PropagationStatus.ALREADY_EXISTS) == (done.verdict, done.status)
        assert theirs == standing
