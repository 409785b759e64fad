"""
Tests of what counts as moved: a plan that was written down beside how things stand now.

What becomes of it in a run is tested in tests/ops/test_reviewing.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kubefedctl.core.planning import plan_sync
from kubefedctl.core.restricting import restrict_plan
from kubefedctl.core.reviewing import Situation, compare_plans, write_down
from kubefedctl.model.actions import USUAL_WRITING, Strategies, Strategy, WritePolicy
from kubefedctl.model.federated import FederatedObject
from kubefedctl.model.readings import ClusterReading
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.reviews import Identities, Prospect, Review
from tests.core.federations import (
    EVERYWHERE,
    KEY,
    TERMINATING,
    desire,
    federate,
    federated_namespace,
    member_object,
    not_ready,
    observe,
    reading,
)
from tests.core.makers import CONFIG_MAP as CONFIG_MAP
from tests.core.makers import DEPLOYMENT, NAMESPACE

NOW = "2026-01-02T03:04:05Z"
TEMPLATE: Object = {"data": {"k": "2"}}
SPEC: Object = {"placement": EVERYWHERE, "template": TEMPLATE}
OLD = member_object(data={"k": "1"})


def _stand(
    *federated: FederatedObject,
    member: Sequence[Object] | ClusterReading = (OLD,),
    identity: str = "uid-c1",
    adopted: Object | None = None,
    failure: str = "",
    writing: WritePolicy = USUAL_WRITING,
    **more: Any,
) -> Situation:
    """Return how one member stands with ConfigMaps (or others) in namespace `shop`."""
    given = {"clusters": ["c1"], "targets": (NAMESPACE, CONFIG_MAP, DEPLOYMENT), **more}
    desired = desire([federated_namespace("shop"), *federated], **given)
    namespace = member_object(key=Key("", "shop"), target=NAMESPACE, metadata={"uid": "uid-shop"})
    if not isinstance(member, ClusterReading):
        member = reading("c1", namespace, *member)
    observed = observe(c1=member)
    plan = plan_sync(desired, observed, writing=writing)
    prospects = tuple(
        Prospect(action, adopted if action.key == KEY else None, failure * (action.key == KEY))
        for action in plan.actions
    )
    return Situation(
        plan, desired, observed, prospects, Identities("uid-host", {"c1": identity}), host_name="h"
    )


def _compare(before: Situation, now: Situation) -> Review:
    return compare_plans(write_down(before, made_at=NOW), now)


def _moved(before: Situation, now: Situation) -> list[str]:
    return [told.text for told in _compare(before, now).moved if told.subject.name == KEY.name]


def _web(spec: Object = SPEC, **metadata: Any) -> FederatedObject:
    return federate(spec, metadata=metadata)


UPDATE = _stand(_web())
NOWHERE: Object = {"placement": {"clusters": []}, "template": TEMPLATE}
REMOVAL = _stand(_web(NOWHERE))
CREATION = _stand(_web(), member=())
ORPHAN = _stand()
THEIRS = {**OLD, "metadata": {**OLD["metadata"], "labels": {}}}
ADOPTION = _stand(_web(), member=(), adopted=THEIRS)


LEFT_ALONE = {"kubefed.io/managed": "false"}


def _again(**fields: Any) -> Object:
    """The member's object with other *fields*."""
    metadata = {"resourceVersion": "9", **fields.pop("metadata", {})}
    return {**OLD, **fields, "metadata": {**OLD["metadata"], **metadata}}


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(UPDATE, UPDATE, [], id="nothing moved"),
        pytest.param(
            UPDATE, _stand(_web(), member=[_again(status={"ready": 1})]), [], id="its status moved"
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), member=[_again(metadata={"managedFields": [{}], "generation": 7})]),
            [],
            id="owners of fields moved",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), member=[_again(data={"k": "3"})]),
            ["it was changed there"],
            id="the member's object was changed",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), member=[_again(metadata={"annotations": {"a": "b"}})]),
            ["it was changed there"],
            id="somebody annotated it",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), member=[_again(metadata={"uid": "new"})]),
            ["it was made anew there"],
            id="the member's object was made anew",
        ),
        pytest.param(UPDATE, _stand(_web(), member=()), ["it is gone"], id="it is gone"),
        pytest.param(
            CREATION,
            UPDATE,
            ["an object of its name stands there now"],
            id="an object of ours appeared",
        ),
        pytest.param(
            CREATION,
            ADOPTION,
            ["an object of its name stands there now"],
            id="an unlabelled object appeared",
        ),
        pytest.param(ADOPTION, ADOPTION, [], id="it is still there to be adopted"),
        pytest.param(ADOPTION, CREATION, ["it is gone"], id="what was to be adopted is gone"),
        pytest.param(
            CREATION,
            _stand(_web(), member=(), failure="adoption is forbidden"),
            ["adoption is forbidden"],
            id="it cannot be done any more",
        ),
        pytest.param(
            UPDATE,
            _stand(_web({**SPEC, "template": {"data": {"k": "3"}}})),
            ["its federated object was changed"],
            id="the template was changed",
        ),
        pytest.param(
            UPDATE,
            REMOVAL,
            ["its federated object was changed"],
            id="the placement was changed",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(uid="u-2")),
            ["its federated object was made anew"],
            id="the federated object was made anew",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(**TERMINATING)),
            ["its federated object is being deleted"],
            id="the federated object is being deleted",
        ),
        pytest.param(
            UPDATE,
            ORPHAN,
            ["its federated object is gone or not looked at any more"],
            id="the federated object is gone",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), writing=WritePolicy(Strategies(Strategy.REPLACE))),
            ["something else would be written now"],
            id="it would be written otherwise",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), clusters=[]),
            ["the cluster is not joined any more"],
            id="unjoined",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), member=not_ready("c1", "timeout")),
            ["the cluster is not ready now: timeout"],
            id="not ready",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), identity="another"),
            ["the cluster of that name is another one"],
            id="another API server",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), identity=""),
            [
                "the cluster cannot be told to be the same: its namespace kube-system was read only"
                " once"
            ],
            id="an API server that does not say which it is",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), member=reading("c1", failures={"configmaps": "403"})),
            ["its type was not read: 403"],
            id="type not read in the member",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), failures={"configmaps": "503"}),
            ["its type was not read: 503"],
            id="type not read on the host",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), member=[_again(metadata={"labels": LEFT_ALONE})]),
            ["ManagedLabelFalse: " + 'it is labelled kubefed.io/managed: "false" in the member'],
            id="the member wants to be left alone",
        ),
        pytest.param(
            UPDATE,
            _stand(_web(), federated_namespace("shop", NOWHERE)),
            ["a sync would delete it now, not update"],
            id="its namespace left the cluster",
        ),
        pytest.param(
            CREATION,
            _stand(_web(), federated_namespace("shop", NOWHERE), member=()),
            ["it is not placed there any more"],
            id="its namespace left the cluster before it came",
        ),
        pytest.param(
            REMOVAL,
            _stand(_web(NOWHERE), member=[_again(metadata={**TERMINATING, "uid": "new"})]),
            ["it was made anew there"],
            id="another one is being deleted",
        ),
        pytest.param(REMOVAL, REMOVAL, [], id="removal holds"),
        pytest.param(
            REMOVAL,
            _stand(_web(NOWHERE), member=[_again(data={"k": "3"})]),
            ["it was changed there"],
            id="removal of what changed",
        ),
        pytest.param(ORPHAN, ORPHAN, [], id="orphan holds"),
        pytest.param(
            ORPHAN,
            UPDATE,
            ["a federated object of its name is there now"],
            id="orphan that has a federated object again",
        ),
        pytest.param(
            REMOVAL,
            _stand(_web({**NOWHERE, "placement": EVERYWHERE})),
            ["its federated object was changed"],
            id="placed again",
        ),
    ],
)
def test_what_moved_is_told(before: Situation, now: Situation, expected: list[str]) -> None:
    """The table of what counts as moved, and of what does not."""
    assert expected == _moved(before, now)
    is_kept = KEY in [found.action.key for found in _compare(before, now).kept]
    assert is_kept is (not expected)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(
            REMOVAL,
            _stand(_web(NOWHERE), member=()),
            "it is gone already, or has not the label any more",
            id="gone",
        ),
        pytest.param(
            REMOVAL,
            _stand(_web(NOWHERE), member=[_again(metadata=TERMINATING)]),
            "it is being deleted already",
            id="being deleted",
        ),
        pytest.param(
            _stand(_web(**TERMINATING)),
            _stand(member=()),
            "it is gone, and so is its federated object",
            id="deletion finished",
        ),
    ],
)
def test_what_is_done_already_is_settled(before: Situation, now: Situation, expected: str) -> None:
    """It is told, and refuses nothing."""
    review = _compare(before, now)
    assert ((), [expected]) == (review.moved, [told.text for told in review.settled])


@pytest.mark.parametrize(
    ("retains", "expected"),
    [
        pytest.param(True, [], id="retained"),
        pytest.param(False, ["it was changed there"], id="not"),
    ],
)
def test_replicas_that_a_member_keeps_do_not_count(retains: bool, expected: list[str]) -> None:
    """An autoscaler moves them all the time; without retainReplicas they are ours."""
    spec = {"placement": EVERYWHERE, "template": {"spec": {"replicas": 1}}}
    web = federate({**spec, "retainReplicas": retains}, target=DEPLOYMENT)

    def stand(replicas: int) -> Situation:
        metadata = {"annotations": {"old": "1"}}
        found = member_object(target=DEPLOYMENT, spec={"replicas": replicas}, metadata=metadata)
        return _stand(web, member=[found])

    assert expected == _moved(stand(2), stand(5))


def test_unplanned_actions_are_told_and_left_alone() -> None:
    """What is not in the plan is in no plan that is carried out."""
    before, now = _stand(member=()), UPDATE
    reviewed = write_down(before, made_at=NOW)
    review = compare_plans(reviewed, now)
    assert [("web", "c1", "not in the plan")] == [
        (told.subject.name, told.cluster, told.text) for told in review.unplanned
    ]
    restricted = restrict_plan(reviewed, review, now)
    assert KEY not in [action.key for action in restricted.actions]
    assert KEY not in [plan.federated.key for plan in restricted.objects]


def test_kept_actions_are_fenced() -> None:
    """They are refused where the member's object moves before the write."""
    reviewed = write_down(UPDATE, made_at=NOW)
    restricted = restrict_plan(reviewed, compare_plans(reviewed, UPDATE), UPDATE)
    assert [(True, OLD)] == [
        (action.is_fenced, action.observed) for action in restricted.actions if action.key == KEY
    ]


def _delete(*, member: Sequence[Object] = (), **more: Any) -> Situation:
    """The federated object is being deleted, and no member has a copy."""
    return _stand(_web(**TERMINATING), member=member, **more)


def test_deletion_without_copies_is_reviewed_too() -> None:
    """The host is written by it, so it is in the plan, moves, and is told where it is not."""
    plan = write_down(_delete(), made_at=NOW)
    assert [(KEY, True)] == [
        (found.key, bool(found.federated and found.federated.is_deleting))
        for found in plan.objects
        if found.key == KEY
    ]
    assert [("its federated object was made anew", "h")] == [
        (told.text, told.cluster)
        for told in compare_plans(plan, _stand(_web(**TERMINATING, uid="new"), member=())).moved
    ]
    assert () == compare_plans(plan, _stand(member=())).moved
    review = compare_plans(write_down(_stand(member=()), made_at=NOW), _delete())
    assert [("FederatedConfigMap/shop/web", "not in the plan")] == [
        (str(told.subject), told.text) for told in review.unplanned
    ]


def test_orphan_that_cannot_be_unlabelled_is_left_alone() -> None:
    """As any other action that fails in the dry run."""
    plan = write_down(_stand(failure="forbidden"), made_at=NOW)
    assert KEY not in [found.key for found in plan.objects]
    assert ["forbidden"] == [found.cause for found in plan.left_alone]


def test_what_was_not_read_is_written_down() -> None:
    """Types on the host, clusters, and types in a cluster."""
    host = write_down(_stand(_web(), failures={"configmaps": "503"}), made_at=NOW)
    assert ("", "configmaps", "503") in [(f.cluster, f.subject, f.cause) for f in host.left_alone]
    silent = write_down(_stand(_web(), member=not_ready("c1", "")), made_at=NOW)
    assert ("c1", "", "it is not ready") in [
        (found.cluster, found.subject, found.cause) for found in silent.left_alone
    ]
    partly = reading("c1", failures={"configmaps": "403"})
    member = write_down(_stand(_web(), member=partly), made_at=NOW)
    assert ("c1", "configmaps", "403") in [
        (found.cluster, found.subject, found.cause) for found in member.left_alone
    ]


@pytest.mark.parametrize("is_reviewed", [True, False], ids=["reviewed", "not reviewed"])
def test_host_is_written_for_what_was_reviewed_alone(is_reviewed: bool) -> None:
    """A finalizer is set on an object that is in the plan as it is, and on no other one."""
    bare = federate(SPEC, held=False)
    before = _stand(bare if is_reviewed else federate(NOWHERE, held=False))
    now = _stand(bare)
    reviewed = write_down(before, made_at=NOW)
    found = restrict_plan(reviewed, compare_plans(reviewed, now), now)
    assert is_reviewed is (KEY in [plan.federated.key for plan in found.objects])


def test_finalizer_waits_for_a_plan_that_has_the_object() -> None:
    """Also where nothing is to be done for it in members."""
    now = _stand(federate(NOWHERE, held=False), member=())
    reviewed = write_down(_stand(member=()), made_at=NOW)
    found = restrict_plan(reviewed, compare_plans(reviewed, now), now)
    assert KEY not in [plan.federated.key for plan in found.objects]


def test_what_cannot_be_done_is_written_down_as_left_alone() -> None:
    """It is no part of the plan."""
    plan = write_down(_stand(_web(), member=(), failure="forbidden"), made_at=NOW)
    assert [("c1", "ConfigMap/shop/web", "forbidden")] == [
        (found.cluster, found.subject, found.cause) for found in plan.left_alone
    ]
    assert KEY not in [found.key for found in plan.objects]
