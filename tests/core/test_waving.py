"""Tests of cluster waves: what may be written, and that each cluster is in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.core.waving import (
    ClusterWave,
    WaveRule,
    divide_clusters,
    parse_waves,
    without_clusters,
)
from kubefedctl.errors import InputError
from kubefedctl.model.actions import (
    Action,
    ActionVerb,
    DeletionPlan,
    ObjectPlan,
    Plan,
    Settled,
    Wave,
)
from kubefedctl.model.outcomes import ClusterOutcome
from kubefedctl.model.refs import Key
from tests.core.makers import CONFIG_MAP, make_federated

EUROPE = {"region": "eu"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("*", (WaveRule("1", is_rest=True),), id="all"),
        pytest.param("c1,c2", (WaveRule("1", ("c1",)), WaveRule("2", ("c2",))), id="one-by-one"),
        pytest.param("a=c1+c2", (WaveRule("a", ("c1", "c2")),), id="together"),
        pytest.param(
            "canary=c1, eu=25% ,*",
            (WaveRule("canary", ("c1",)), WaveRule("eu", percent=25), WaveRule("3", is_rest=True)),
            id="all-kinds",
        ),
        pytest.param(
            "label:tier=test", (WaveRule("1", label=("tier", "test")),), id="label-without-a-name"
        ),
        pytest.param(
            "eu=label:example.com/region=eu",
            (WaveRule("eu", label=("example.com/region", "eu")),),
            id="label-with-a-name",
        ),
        pytest.param("label:x=", (WaveRule("1", label=("x", "")),), id="label-without-a-value"),
    ],
)
def test_waves_are_read(text: str, expected: tuple[WaveRule, ...]) -> None:
    """Commas part waves, plus signs clusters."""
    assert expected == parse_waves(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "'' is no cluster of a wave", id="nothing"),
        pytest.param("c1,", "'' is no cluster of a wave", id="comma-at-the-end"),
        pytest.param("c1++c2", "'' is no cluster of a wave", id="two-plus-signs"),
        pytest.param("0%", "'0%' is no cluster of a wave", id="no-share"),
        pytest.param("101%", "'101%' is no cluster of a wave", id="more-than-all"),
        pytest.param("C1", "'C1' is no cluster of a wave", id="no-name-of-a-cluster"),
        pytest.param("c1+*", "'*' is no cluster of a wave", id="rest-among-names"),
        pytest.param("a b=c1", "'a b' is no name for a wave", id="no-name"),
        pytest.param("=c1", "'' is no name for a wave", id="empty-name"),
        pytest.param("label:tier", "'label:tier' is no label of clusters", id="no-label"),
        pytest.param("label:=x", "'label:=x' is no label of clusters", id="label-without-a-key"),
        pytest.param("a=c1,a=c2", "--waves has the wave a twice", id="wave-twice"),
        pytest.param("2=c1,c2", "--waves has the wave 2 twice", id="number-twice"),
        pytest.param("c1,c2+c1", "--waves has the cluster c1 twice", id="cluster-twice"),
        pytest.param("*,x=*", "--waves has the group * twice", id="rest-twice"),
    ],
)
def test_waves_that_cannot_be_read_are_refused(text: str, expected: str) -> None:
    """The message has the part that is wrong."""
    with pytest.raises(InputError) as caught:
        parse_waves(text)
    assert expected == caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("*", {"1": "abcde"}, id="all"),
        pytest.param("a,*", {"1": "a", "2": "bcde"}, id="rest"),
        pytest.param("25%,*", {"1": "ab", "2": "cde"}, id="share-is-rounded-up"),
        pytest.param("100%", {"1": "abcde"}, id="whole"),
        pytest.param("25%,50%,*", {"1": "ab", "2": "cde", "3": ""}, id="shares-of-all"),
        pytest.param("40%,a+b,*", {"1": "cd", "2": "ab", "3": "e"}, id="share-spares-names"),
        pytest.param("*,e", {"1": "abcd", "2": "e"}, id="rest-first"),
        pytest.param("label:region=eu,*", {"1": "bd", "2": "ace"}, id="label"),
        pytest.param("b,label:region=eu,*", {"1": "b", "2": "d", "3": "ace"}, id="name-of-label"),
        pytest.param("label:region=no,*", {"1": "", "2": "abcde"}, id="label-of-nobody"),
        pytest.param("away,*", {"1": "", "2": "abcde"}, id="not-looked-at"),
    ],
)
def test_waves_divide_clusters(text: str, expected: dict[str, str]) -> None:
    """Names first, then labels, shares in sorted order, the rest."""
    clusters = {name: EUROPE if name in "bd" else {} for name in "abcde"}
    waves = divide_clusters(parse_waves(text), clusters, known=frozenset([*"abcde", "away"]))
    assert expected == {wave.name: "".join(wave.clusters) for wave in waves}
    assert list(expected) == [wave.name for wave in waves]


def test_waves_that_leave_clusters_out_are_refused() -> None:
    """The missing ones are named, with the way out."""
    with pytest.raises(InputError) as caught:
        divide_clusters(parse_waves("a"), {"a": {}, "b": {}, "c": {}}, known=frozenset("abc"))
    assert "--waves leaves out b, c" == caught.value.message
    assert "add '*' for all that are left" == caught.value.hint


def test_waves_of_strangers_are_refused() -> None:
    """It is mostly a typing error."""
    with pytest.raises(InputError) as caught:
        divide_clusters(parse_waves("x,*"), {"a": {}}, known=frozenset("a"))
    assert "--waves names clusters that are not registered: x" == caught.value.message
    assert "registered are a" == caught.value.hint


def test_no_waves_are_one_without_a_name() -> None:
    """All at once, as ever."""
    assert (ClusterWave("", ("a", "b")),) == divide_clusters(
        (), {"b": {}, "a": {}}, known=frozenset()
    )


_NAMES = [f"c{number}" for number in range(9)]
_GROUPS = st.one_of(
    st.just("*"),
    st.integers(1, 100).map(lambda share: f"{share}%"),
    st.sampled_from(["label:region=eu", "label:tier=x"]),
    st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True).map("+".join),
)


@given(
    st.lists(_GROUPS, min_size=1, max_size=5),
    st.dictionaries(st.sampled_from(_NAMES), st.sampled_from([{}, EUROPE, {"tier": "x"}])),
)
def test_waves_have_each_cluster_once(
    groups: list[str], clusters: dict[str, dict[str, str]]
) -> None:
    """Whatever is written: it is refused, or each cluster is in one wave."""
    try:
        rules = parse_waves(",".join(groups))
        waves = divide_clusters(rules, clusters, known=frozenset(_NAMES))
    except InputError:
        return
    assert sorted(clusters) == sorted(name for wave in waves for name in wave.clusters)
    assert [rule.name for rule in rules] == [wave.name for wave in waves]


def test_plan_without_later_clusters_keeps_what_is_recorded_of_them() -> None:
    """They are unseen, as in a narrowed run."""
    federated = make_federated({})
    actions = tuple(
        Action(ActionVerb.DELETE, Wave.NAMESPACED, name, CONFIG_MAP, Key("n", "x"))
        for name in ("a", "b")
    )
    settled = {name: Settled(ClusterOutcome()) for name in ("c", "d")}
    plan = Plan(
        objects=(ObjectPlan(federated, actions=actions, settled=settled),),
        deletions=(DeletionPlan(federated, actions=actions, unseen=frozenset("e")),),
        orphans=actions,
    )
    assert plan is without_clusters(plan, frozenset())
    left = without_clusters(plan, frozenset("bd"))
    assert ["a", "a", "a"] == [found.cluster for found in left.actions]
    assert (["c"], frozenset("bd")) == (list(left.objects[0].settled), left.objects[0].unseen)
    assert (frozenset("bde"), False) == (left.deletions[0].unseen, left.deletions[0].may_finish)
