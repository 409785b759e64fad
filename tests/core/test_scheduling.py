"""Tests of the scheduler: KubeFed's own tables, and a second planner on questions of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.scheduling import hash_tie, schedule
from kubefedctl.errors import InputError
from kubefedctl.model.schedules import Load, Schedule, parse_preference
from tests.core.slow_planner import Question, as_api, fnv1, plan_slowly

TABLES = yaml.safe_load((Path(__file__).parent / "planner_tables.yaml").read_text())
ROWS = [*TABLES["planner_unit_tests"], *TABLES["planner_derived"]]


def ask(question: Question) -> Schedule:
    """Return what our scheduler says."""
    names = {*question.current, *question.capacity}
    loads = {n: Load(question.current.get(n, 0), question.capacity.get(n)) for n in names}
    return schedule(parse_preference(as_api(question)), clusters=question.clusters, loads=loads)


def question_of(row: Mapping[str, Any]) -> Question:
    """Return the question of a row of the tables."""
    given = {k: v for k, v in row.items() if k not in ("id", "plan", "overflow")}
    return Question(**given)


def test_tables_are_whole() -> None:
    """Every check of KubeFed's own test, and every one that was derived."""
    counts = {name: len(rows) for name, rows in TABLES.items()}
    assert {"planner_unit_tests": 40, "planner_derived": 23} == counts


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_schedule_is_kubefeds(row: Mapping[str, Any]) -> None:
    """Plan and overflow of each row are those of KubeFed's planner (S94)."""
    found = ask(question_of(row))
    assert (row["plan"], row.get("overflow", {})) == (found.plan, found.overflow)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_slow_planner_is_kubefeds(row: Mapping[str, Any]) -> None:
    """The planner that ours is compared with passes the same tables."""
    expected = (row["plan"], row.get("overflow", {}))
    assert expected == plan_slowly(question_of(row))


def test_schedule_overflow_comes_on_top() -> None:
    """The row WithExistingAndCapacity-1 asks cluster C for 10 that fit and 7 more (S97)."""
    row = next(row for row in ROWS if row["id"] == "WithExistingAndCapacity-1")
    assert {"A": 20, "B": 20, "C": 17} == ask(question_of(row)).replicas


_SMALL = st.integers(0, 12)
_WEIGHTS = st.one_of(st.integers(0, 4), st.sampled_from([7, 10_000, 2**63 - 1]))
_PREFS = st.fixed_dictionaries(
    {"weight": _WEIGHTS}, optional={"minReplicas": _SMALL, "maxReplicas": _SMALL}
)
_NAMES = ("A", "B", "C", "D", "eu-1", "eu-2", "cluster0")


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Questions with everything that a planner looks at, and small numbers that collide."""
    clusters = draw(st.lists(st.sampled_from(_NAMES), unique=True))
    loads = st.dictionaries(st.sampled_from(_NAMES), _SMALL)
    return Question(
        total=draw(st.one_of(st.integers(0, 60), st.just(2**31 - 1))),
        prefs=draw(st.dictionaries(st.sampled_from((*_NAMES, "*")), _PREFS, min_size=1)),
        clusters=clusters,
        rebalance=draw(st.booleans()),
        current=draw(loads),
        capacity=draw(loads),
        key=draw(st.sampled_from(["", "shop/web", "ns/name"])),
    )


@given(questions())
@settings(max_examples=300, deadline=None)
def test_schedule_is_that_of_the_slow_planner(question: Question) -> None:
    """Two planners that share no code agree on plan and overflow (S94)."""
    # NB: our loads have a current number wherever there is a capacity, as in a member
    question.current = {**dict.fromkeys(question.capacity, 0), **question.current}
    found = ask(question)
    assert plan_slowly(question) == (found.plan, found.overflow)


@given(questions())
@settings(deadline=None)
def test_schedule_stays_within_every_bound(question: Question) -> None:
    """Never more than asked for, nor than a maximum or a capacity; no cluster is left out."""
    found = ask(question)
    assert sorted(question.clusters) == sorted(found.plan)
    assert sum(found.plan.values()) <= question.total
    for share in found.shares:
        assert 0 <= share.planned <= question.capacity.get(share.cluster, share.planned)
        if share.preference is None:
            assert (0, 0) == (share.planned, share.overflow)
        elif share.preference.maximum is not None and question.total > 0:
            most = max(share.preference.maximum, share.preference.minimum)
            assert share.planned <= most


@given(questions())
@settings(deadline=None)
def test_schedule_meets_minimums_where_the_total_reaches(question: Question) -> None:
    """With enough for all minimums, each cluster has its own, but for its maximum and capacity."""
    found = ask(question)
    wanted = [share.preference.minimum for share in found.shares if share.preference]
    if sum(wanted) > question.total:
        return
    for share in found.shares:
        if share.preference is not None:
            maximum = share.preference.maximum
            capacity = question.capacity.get(share.cluster)
            bounds = [share.preference.minimum]
            bounds += [bound for bound in (maximum, capacity) if bound is not None]
            assert share.planned >= min(bounds)


@given(questions(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_schedule_depends_on_no_order(question: Question, random: Any) -> None:
    """Clusters, preferences and loads in another order get the same answer, reasons included."""
    before = ask(question)
    for name in ("prefs", "current", "capacity"):
        items = list(getattr(question, name).items())
        random.shuffle(items)
        setattr(question, name, dict(items))
    question.clusters = list(question.clusters)
    random.shuffle(question.clusters)
    assert before.shares == ask(question).shares


@given(questions())
@settings(deadline=None)
def test_schedule_that_was_reached_is_kept(question: Question) -> None:
    """Where everything that was planned runs, planning again changes nothing."""
    question.rebalance = False
    question.capacity = {}
    found = ask(question)
    if any(
        share.preference
        and share.preference.maximum is not None
        and share.preference.maximum < share.preference.minimum
        for share in found.shares
    ):
        return  # NB: such a cluster gets its minimum first and gives it back in the last step
    question.current = found.plan
    assert found.plan == ask(question).plan


@given(st.text(max_size=8), st.text(max_size=8))
def test_hash_tie_is_fnv_1(cluster: str, key: str) -> None:
    """The hash is that of another implementation, for names in any script."""
    assert fnv1(cluster + key) == hash_tie(cluster, key)


@pytest.mark.parametrize(
    ("question", "cluster", "expected"),
    [
        (Question(10, {"A": {"weight": 1}}, ["A"]), "A", "share 10"),
        (Question(10, {"A": {"weight": 1}}, ["A", "B"]), "B", "no preference names it"),
        (
            Question(9, {"A": {"weight": 1, "minReplicas": 4}, "B": {"weight": 2}}, ["A", "B"]),
            "A",
            "minimum 4, share 1, rounded down",
        ),
        (
            Question(50, {"*": {"minReplicas": 20}}, ["A", "B", "C"]),
            "A",
            "minimum 10 of 20",
        ),
        (
            Question(10, {"*": {"weight": 1}}, ["A", "B", "C"], current={"A": 5}),
            "A",
            "kept 5 where they ran",
        ),
        (
            Question(50, {"*": {"weight": 1}}, ["A", "B", "C"]),
            "B",
            "share 17, rounded up",
        ),
        (
            Question(50, {"*": {"weight": 1, "maxReplicas": 2}}, ["A", "B"]),
            "A",
            "share 2, capped by its maximum of 2",
        ),
        (
            Question(50, {"*": {"weight": 1}}, ["A", "B"], capacity={"A": 3}),
            "A",
            "share 3, capped by its capacity of 3",
        ),
        (Question(5, {"A": {}}, ["A"]), "A", "no weight and no minimum"),
        (Question(0, {"A": {"weight": 1}}, ["A"]), "A", "none was left"),
    ],
    ids=[
        "share",
        "unnamed",
        "minimum-and-share",
        "part-of-the-minimum",
        "kept",
        "rounded-up",
        "maximum",
        "capacity",
        "no-weight",
        "nothing-left",
    ],
)
def test_schedule_says_why(question: Question, cluster: str, expected: str) -> None:
    """Each cluster's number comes with its reason in a line."""
    reasons = {share.cluster: share.why for share in ask(question).shares}
    assert expected == reasons[cluster]


def _spec(**fields: Any) -> dict[str, Any]:
    return {"spec": {"targetKind": "FederatedDeployment", "totalReplicas": 3, **fields}}


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({}, "spec is missing or not a map"),
        ({"spec": {"totalReplicas": 3}}, "spec.targetKind is missing"),
        ({"spec": {"targetKind": "F"}}, "spec.totalReplicas is missing"),
        (_spec(totalReplicas=-1), "spec.totalReplicas is negative: -1"),
        (_spec(totalReplicas=2**31), "spec.totalReplicas is above 2147483647"),
        (_spec(totalReplicas="3"), "spec.totalReplicas is not a whole number"),
        (_spec(totalReplicas=True), "spec.totalReplicas is not a whole number"),
        (_spec(rebalance="yes"), "spec.rebalance is not true or false"),
        (_spec(clusters=[]), "spec.clusters is not a map"),
        (_spec(clusters={1: {}}), "spec.clusters[1]: the name is not text"),
        (_spec(clusters={"a": 1}), "spec.clusters[a] is not a map"),
        (_spec(clusters={"a": {"weight": -2}}), "spec.clusters[a].weight is negative: -2"),
        (
            _spec(clusters={"a": {"minReplicas": -2}}),
            "spec.clusters[a].minReplicas is negative: -2",
        ),
        (
            _spec(clusters={"a": {"maxReplicas": -2}}),
            "spec.clusters[a].maxReplicas is negative: -2",
        ),
        (
            _spec(clusters={"*": {"weight": 2**63}}),
            "spec.clusters[*].weight is above 9223372036854775807",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_parse_preference_names_the_field_that_is_wrong(obj: Any, message: str) -> None:
    """What KubeFed would plan with, or stumble over, is refused with the field's name."""
    with pytest.raises(InputError) as caught:
        parse_preference(obj)
    assert message == caught.value.message


@pytest.mark.parametrize("clusters", [None, {}], ids=["absent", "empty"])
def test_parse_preference_without_clusters_means_all_alike(clusters: Any) -> None:
    """Every cluster has the weight 1 where none is named."""
    made = parse_preference(_spec(clusters=clusters))
    assert {"c1": 2, "c2": 1} == schedule(made, clusters=["c1", "c2"], loads={}).plan
