"""Tests of following objects: a list, a watch, and what is done when either breaks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import pytest

from kubefedctl.errors import (
    ClusterError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    ServerError,
    UnreachableError,
)
from kubefedctl.model.refs import Key
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.watching import Change, News, Scope, Snapshot, Unreadable, follow, look
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryCluster
from tests.ops.stage import error

MAPS = Scope(CONFIG_MAP)
FAST = Pace(first_look=0.001, longest_look=0.002)


def _cluster() -> MemoryCluster:
    cluster = MemoryCluster()
    cluster.add(CONFIG_MAP, {"metadata": {"namespace": "shop", "name": "a"}, "data": {"n": "1"}})
    return cluster


def _follow(cluster: MemoryCluster, *, seconds: float = 60.0) -> Iterator[News]:
    return follow(cluster, MAPS, deadline=time.monotonic() + seconds, pace=FAST)


def _asked(cluster: MemoryCluster) -> list[str]:
    return [act for act, _ in cluster.requests]


def test_follow_lists_once_and_watches_from_there() -> None:
    """What changes comes one by one, and what goes as None."""
    cluster = _cluster()
    news = _follow(cluster)
    first = next(news)
    assert isinstance(first, Snapshot)
    assert [Key("shop", "a")] == list(first.objects)
    cluster.alter(CONFIG_MAP, Key("shop", "a"), data={"n": "2"})
    changed = next(news)
    cluster.remove(CONFIG_MAP, Key("shop", "a"))
    gone = next(news)
    assert isinstance(changed, Change) and changed.object is not None
    assert ({"n": "2"}, Change(Key("shop", "a"), None)) == (changed.object["data"], gone)
    assert ["list", "watch"] == _asked(cluster)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(error(ExpiredError, 410), id="expired"),
        pytest.param(error(UnreachableError, 0), id="cut"),
        pytest.param(error(ServerError, 500), id="server"),
    ],
)
def test_follow_a_broken_watch_starts_with_a_list_anew(failure: ClusterError) -> None:
    """What was missed meanwhile is in it."""
    cluster = _cluster()
    cluster.fail_next("watch", failure)
    assert [Snapshot, Snapshot] == [type(found) for found in islice(_follow(cluster), 2)]
    assert ["list", "watch", "list"] == _asked(cluster)


@pytest.mark.parametrize("kind", [ForbiddenError, InvalidError])
def test_follow_a_type_that_cannot_be_watched_is_listed(kind: type[ClusterError]) -> None:
    """It is not tried again."""
    cluster = _cluster()
    cluster.fail_next("watch", error(kind, 403))
    list(islice(_follow(cluster), 4))
    assert ["list", "watch", "list", "list", "list"] == _asked(cluster)


def test_follow_a_list_that_fails_says_why_and_is_tried_again() -> None:
    """Nothing is known meanwhile, which is not the same as nothing being there."""
    cluster = _cluster()
    cluster.fail_next("list", error(UnreachableError, 0, "refused"))
    unknown, known = islice(_follow(cluster), 2)
    assert (Unreadable("refused"), Snapshot) == (unknown, type(known))


def test_follow_past_its_time_looks_once() -> None:
    """There is always an answer."""
    cluster = _cluster()
    assert 1 == len(list(_follow(cluster, seconds=-1.0)))
    assert ["list"] == _asked(cluster)


def test_follow_ends_with_its_time() -> None:
    """A watch is not kept open longer."""
    cluster = _cluster()
    assert {Snapshot} == {type(found) for found in _follow(cluster, seconds=0.05)}
    assert "watch" in _asked(cluster)


def test_follow_first_watch_may_be_short() -> None:
    """After it comes a list, and then the usual watch."""
    cluster = _cluster()
    end = time.monotonic() + 60.0
    news = follow(cluster, MAPS, deadline=end, first_watch=0.01, pace=FAST)
    assert [Snapshot, Snapshot] == [type(found) for found in islice(news, 2)]


def test_follow_that_is_halted_ends_in_its_pause() -> None:
    """Whoever halts has no use for a list."""
    halt = Halt()
    cluster = _cluster()
    cluster.fail_next("watch", error(ExpiredError, 410))
    news = follow(cluster, MAPS, deadline=time.monotonic() + 60.0, pace=FAST, halt=halt)
    next(news)
    halt.ask(error())
    assert [] == list(news)


def test_look_tells_why_it_could_not() -> None:
    """A list that failed is not an empty one."""
    cluster = _cluster()
    cluster.fail_next("list", error(ForbiddenError, 403, "Forbidden"))
    assert Unreadable("403 Forbidden") == look(cluster, MAPS)
    assert isinstance(look(cluster, MAPS), Snapshot)
