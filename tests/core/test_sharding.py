"""Tests of shards: which part a process does, and that the parts are a partition."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.core.sharding import parse_shard
from kubefedctl.errors import InputError
from kubefedctl.model.narrowing import Narrowing
from kubefedctl.model.refs import Key
from kubefedctl.model.shards import Shard
from tests.core.federations import KEY, federate, federated_namespace
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, NAMESPACE, make_type_config

_NAMES = st.text(max_size=20)
GITLAB = {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}
JOB = {"JOB_COMPLETION_INDEX": "1", "KUBEFEDCTL_SHARDS": "3"}


@given(namespace=_NAMES, name=_NAMES, total=st.integers(2, 1000))
def test_each_object_is_in_exactly_one_shard(namespace: str, name: str, total: int) -> None:
    """Whatever its name is, and whatever the number of shards."""
    shards = [Shard(number, total) for number in range(1, total + 1)]
    assert 1 == sum(shard.holds(Key(namespace, name)) for shard in shards)


@given(name=_NAMES.filter(bool), other=_NAMES, total=st.integers(2, 50))
def test_namespace_is_in_one_shard_with_all_that_is_in_it(
    name: str, other: str, total: int
) -> None:
    """Its FederatedNamespace, the copies of that, and every object in it."""
    shard = Shard(1, total)
    places = [Key("", name), Key(name, name), Key(name, other)]
    assert 1 == len({shard.holds(key) for key in places})


def test_shard_is_the_same_in_every_process() -> None:
    """Python's own hashes are not, so another process is asked."""
    script = (
        "from kubefedctl.model.shards import Shard; from kubefedctl.model.refs import Key;"
        "print([Shard(1, 4).holds(Key(f'ns-{n}', 'x')) for n in range(64)])"
    )
    ours = str([Shard(1, 4).holds(Key(f"ns-{n}", "x")) for n in range(64)])
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ours == done.stdout.strip()


def test_shards_have_about_the_same_number_of_namespaces() -> None:
    """Of a thousand namespaces, each of ten shards has between 70 and 130."""
    counts = Counter(
        number
        for n in range(1000)
        for number in range(1, 11)
        if Shard(number, 10).holds(Key(f"team-{n}", "x"))
    )
    assert 10 == len(counts)
    assert all(70 <= count <= 130 for count in counts.values())


def test_narrowing_to_a_shard_goes_with_every_other() -> None:
    """Federated objects and their copies are asked about alike; types and clusters are whole."""
    (mine,) = [n for n in (1, 2) if Shard(n, 2).holds(KEY)]
    for number in (1, 2):
        narrowing = Narrowing(shard=Shard(number, 2))
        is_mine = number == mine
        assert is_mine is narrowing.includes(federate())
        assert is_mine is narrowing.includes(federated_namespace(KEY.namespace))
        assert is_mine is narrowing.includes_target(make_type_config(CONFIG_MAP), KEY)
        assert is_mine is narrowing.includes_target(make_type_config(NAMESPACE), Key("", "shop"))
        assert narrowing.lists_all_of(make_type_config(CLUSTER_ROLE))
        assert narrowing.includes_cluster("c1")
        assert (True, number == 1) == (narrowing.is_whole, narrowing.includes_standing_data)
    assert not Narrowing(namespace="other", shard=Shard(mine, 2)).includes(federate())
    assert not Narrowing(namespace="shop", shard=Shard(mine, 2)).is_whole


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("", GITLAB, None),
        ("1/1", {}, None),
        ("2/3", {}, Shard(2, 3)),
        ("2/3", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "9"}, Shard(2, 3)),
        ("auto", GITLAB, Shard(2, 3)),
        ("auto/3", GITLAB, Shard(2, 3)),
        ("auto", JOB, Shard(2, 3)),
        ("auto/3", {"JOB_COMPLETION_INDEX": "2"}, Shard(3, 3)),
        ("auto", {"CI_NODE_TOTAL": "1"}, None),
    ],
)
def test_shard_is_read(text: str, environ: dict[str, str], expected: Shard | None) -> None:
    """Counted from 1, but for the index of a Job; the environment counts only with auto."""
    assert expected == parse_shard(text, environ)


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        ("2", {}, "--shard '2' is not known"),
        ("1/2/3", {}, "is not known"),
        ("-1/2", {}, "is not known"),
        ("0/2", {}, "there is no shard 0 of 2"),
        ("3/2", {}, "there is no shard 3 of 2"),
        ("1/0", {}, "there is no shard 1 of 0"),
        ("1/1001", {}, "there is no shard 1 of 1001"),
        ("auto", {}, "CI_NODE_INDEX or JOB_COMPLETION_INDEX is not set"),
        ("auto/3", {}, "CI_NODE_INDEX or JOB_COMPLETION_INDEX is not set"),
        ("auto", {"JOB_COMPLETION_INDEX": "0"}, "KUBEFEDCTL_SHARDS is not set"),
        ("auto", {"CI_NODE_INDEX": "1"}, "CI_NODE_TOTAL is not set"),
        ("auto/2", GITLAB, "--shard auto/2: CI_NODE_TOTAL says 3"),
        ("auto/2", JOB, "--shard auto/2: KUBEFEDCTL_SHARDS says 3"),
        ("auto", {**GITLAB, **JOB}, "both JOB_COMPLETION_INDEX and CI_NODE_INDEX are set"),
        ("auto", {**GITLAB, "CI_NODE_INDEX": "one"}, "CI_NODE_INDEX is no number: 'one'"),
        ("auto", {**JOB, "JOB_COMPLETION_INDEX": "3"}, "there is no shard 4 of 3"),
    ],
)
def test_shard_that_cannot_be_meant_is_an_input_error(
    text: str, environ: dict[str, str], message: str
) -> None:
    """A part that nobody does, or that two do, would be found too late."""
    with pytest.raises(InputError) as failure:
        parse_shard(text, environ)
    assert message in failure.value.message
