"""Tests of telling what a plan would come to: reads alone, and the words of a real run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubefedctl.errors import ForbiddenError, NotFoundError
from kubefedctl.model.actions import Action, ActionVerb, ObjectPlan, Plan
from kubefedctl.model.events import Verdict
from kubefedctl.model.objects import MANAGED_LABEL, uid_of
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.statuses import PropagationStatus
from kubefedctl.ops.foreseeing import foresee
from kubefedctl.ops.propagating import Executed
from tests.core.federations import federate
from tests.core.makers import CONFIG_MAP, NAMESPACE
from tests.fakes import MemoryCluster
from tests.ops.actions import remove, said, write
from tests.ops.stage import error, place


def _foresee(
    cluster: MemoryCluster, *actions: Action, uids: frozenset[str] = frozenset()
) -> list[Executed]:
    plan = Plan(objects=(ObjectPlan(federate(), actions=actions),))
    return list(foresee(plan, {"c1": cluster}, host_namespace_uids=uids))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda o: write(ActionVerb.CREATE), Verdict.CREATED),
        (lambda o: write(ActionVerb.UPDATE, observed=o), Verdict.UPDATED),
        (lambda o: remove(o), Verdict.DELETED),
        (lambda o: remove(o, ActionVerb.UNLABEL), Verdict.UNLABELLED),
        (lambda o: remove(o, ActionVerb.AWAIT_REMOVAL), Verdict.WAITING),
    ],
    ids=["create", "update", "delete", "unlabel", "await"],
)
def test_foresee_tells_what_would_become_of_each(
    make: Callable[[Object], Action], expected: Verdict
) -> None:
    """Nothing is written; each verb has its word."""
    action = make({"metadata": {"uid": "u", "resourceVersion": "1"}})
    cluster = MemoryCluster()
    assert [Executed(action, expected)] == _foresee(cluster, action)
    assert [] == cluster.writes()


@pytest.mark.parametrize(
    ("labels", "may_adopt", "expected"),
    [
        pytest.param({}, True, (Verdict.ADOPTED, PropagationStatus.OK), id="adopted"),
        pytest.param(
            {}, False, (Verdict.FAILED, PropagationStatus.ALREADY_EXISTS), id="adoption-disabled"
        ),
        pytest.param(
            {MANAGED_LABEL: "false"},
            True,
            (Verdict.FAILED, PropagationStatus.MANAGED_LABEL_FALSE),
            id="to-be-left-alone",
        ),
    ],
)
@pytest.mark.parametrize("count", [1, 9], ids=["asked-one-by-one", "listed"])
def test_foresee_create_meets_what_stands_there(
    labels: Object, may_adopt: bool, expected: tuple[Verdict, PropagationStatus], count: int
) -> None:
    """S99: a dry run says adopted, or refused, where the real run does."""
    cluster = MemoryCluster()
    keys = [Key("shop", f"x{number}") for number in range(count)]
    for key in keys:
        cluster.add(CONFIG_MAP, {"metadata": {**place(key), "labels": labels}})
    actions = [write(ActionVerb.CREATE, key=key, may_adopt=may_adopt) for key in keys]
    done = _foresee(cluster, *actions, write(ActionVerb.CREATE))
    assert [*[expected] * count, (Verdict.CREATED, PropagationStatus.OK)] == [
        said(answer)[:2] for answer in done
    ]
    assert ["list"] * (count > 1) == [act for act, _ in cluster.requests if act == "list"]
    assert [] == cluster.writes()


def test_foresee_host_namespace_is_adopted_though_adoption_is_disabled() -> None:
    """S36: as in a real run."""
    cluster = MemoryCluster()
    key = Key("", "shop")
    found = cluster.add(NAMESPACE, {"metadata": place(key)})
    action = write(ActionVerb.CREATE, key=key, resource=NAMESPACE, may_adopt=False)
    (done,) = _foresee(cluster, action, uids=frozenset({uid_of(found)}))
    assert Verdict.ADOPTED == done.verdict


@pytest.mark.parametrize("count", [1, 9], ids=["asked-one-by-one", "listed"])
def test_foresee_create_that_cannot_be_looked_at_says_so(count: int) -> None:
    """What may not be read may be there."""
    cluster = MemoryCluster()
    cluster.fail_next("get" if count == 1 else "list", error(ForbiddenError, 403), times=1)
    actions = [write(ActionVerb.CREATE, key=Key("shop", f"x{n}")) for n in range(count)]
    detail = "unless it stands there already, which could not be read: 403 Forbidden"
    done = _foresee(cluster, *actions)
    assert [(Verdict.CREATED, PropagationStatus.OK, detail)] * count == [said(d) for d in done]


def test_foresee_create_of_a_type_that_is_not_served_is_created() -> None:
    """The definition may come with the same run."""
    cluster = MemoryCluster()
    cluster.fail_next("list", error(NotFoundError, 404))
    actions = [write(ActionVerb.CREATE, key=Key("shop", f"x{n}")) for n in range(9)]
    assert {Verdict.CREATED} == {answer.verdict for answer in _foresee(cluster, *actions)}
