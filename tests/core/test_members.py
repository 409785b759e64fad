"""Tests of making a member's object: the order of the steps and the words for their failures."""

from __future__ import annotations

import copy

import pytest

from kubefedctl.core.members import Made, make_created, make_updated, may_take_over
from kubefedctl.core.overrides import Operation
from kubefedctl.model.actions import MemberIntent
from kubefedctl.model.objects import MANAGED_LABEL
from kubefedctl.model.refs import Object
from kubefedctl.model.statuses import PropagationStatus

DRAFT: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"replicas": 1},
}
OBSERVED: Object = {
    "metadata": {"resourceVersion": "7", "annotations": {"a": "b"}, "labels": {"extra": "1"}},
    "spec": {"replicas": 3},
}


def test_make_created_is_the_draft_with_the_label() -> None:
    """What is created carries the managed label and nothing else that was not asked for."""
    labels = {"labels": {MANAGED_LABEL: "true"}}
    expected = {**DRAFT, "metadata": {**DRAFT["metadata"], **labels}}
    assert Made(expected) == make_created(MemberIntent(DRAFT, ()))


def test_make_updated_overrides_come_after_retention() -> None:
    """An override of what the member keeps wins over it."""
    operations = (Operation("replace", "/metadata/annotations", {"c": "d"}),)
    made = make_updated(MemberIntent(DRAFT, operations, retain_replicas=True), OBSERVED)
    assert made.body is not None
    assert {"c": "d"} == made.body["metadata"]["annotations"]
    assert ({"replicas": 3}, "7") == (made.body["spec"], made.body["metadata"]["resourceVersion"])
    assert {MANAGED_LABEL: "true"} == made.body["metadata"]["labels"]


def test_make_updated_leaves_explicitly_unmanaged_objects_alone() -> None:
    """The label's value `false` is a clear wish."""
    made = make_updated(MemberIntent(DRAFT, ()), {"metadata": {"labels": {MANAGED_LABEL: "false"}}})
    assert (None, PropagationStatus.MANAGED_LABEL_FALSE) == (made.body, made.failure)
    assert made.detail


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        pytest.param(
            MemberIntent(DRAFT, (), retain_replicas="yes"),
            PropagationStatus.FIELD_RETENTION_FAILED,
            id="retention",
        ),
        pytest.param(
            MemberIntent(DRAFT, (Operation("remove", "/nothing"),)),
            PropagationStatus.APPLY_OVERRIDES_FAILED,
            id="overrides",
        ),
    ],
)
def test_make_updated_failing_step_has_its_own_status(
    intent: MemberIntent, expected: PropagationStatus
) -> None:
    """KubeFed's word tells which step it was, and the detail why."""
    made = make_updated(intent, OBSERVED)
    assert (None, expected, True) == (made.body, made.failure, bool(made.detail))


def test_make_changes_neither_draft_nor_observed() -> None:
    """The draft is shared by all clusters."""
    operations = (Operation("replace", "/spec/replicas", 9),)
    draft, observed = copy.deepcopy(DRAFT), copy.deepcopy(OBSERVED)
    make_created(MemberIntent(draft, operations))
    make_updated(MemberIntent(draft, operations), observed)
    assert (DRAFT, OBSERVED) == (draft, observed)


@pytest.mark.parametrize(
    ("may_adopt", "uid", "expected"),
    [
        pytest.param(True, "x", True, id="allowed"),
        pytest.param(False, "x", False, id="forbidden"),
        pytest.param(False, "host", True, id="host-namespace"),
    ],
)
def test_may_take_over_where_allowed_or_the_host_s_own(
    may_adopt: bool, uid: str, expected: bool
) -> None:
    """The host's namespace could not be federated otherwise."""
    intent = MemberIntent(DRAFT, (), may_adopt=may_adopt)
    found: Object = {"metadata": {"uid": uid}}
    assert expected is may_take_over(intent, found, host_namespace_uids=frozenset({"host"}))
