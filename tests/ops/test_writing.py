"""Tests of writing one object: create, change, leave alone, and what comes in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubefedctl.cluster.port import Cluster
from kubefedctl.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from kubefedctl.model.events import Verdict
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import CONFIG_MAPS
from kubefedctl.ops.writing import create_patiently, find, put, wait_until
from tests.fakes import MemoryCluster

KEY = Key("shop", "web")
SUBJECT = "ConfigMap/shop/web"


def _body(value: str = "new") -> Object:
    return {"metadata": {"namespace": "shop", "name": "web"}, "data": {"key": value}}


def _replace(existing: Object) -> Object | None:
    """Ask for the data `new`, keeping the metadata that stands there."""
    return None if existing["data"] == {"key": "new"} else {**existing, "data": {"key": "new"}}


def _never(existing: Object) -> Object | None:
    raise AssertionError(f"there should be nothing to change, not {existing}")


def _error(error: type[ClusterError], status: int) -> ClusterError:
    return error(act="write", subject=SUBJECT, cluster="c1", status=status)


class Meddler(MemoryCluster):
    """A cluster in which somebody else acts right after each of the first reads."""

    def __init__(self, *meddling: Callable[[MemoryCluster], object]) -> None:
        super().__init__()
        self._meddling = list(meddling)

    def get(self, resource: object, key: Key, *, subresource: str = "") -> Object:
        """Answer what stood there before somebody else acted."""
        try:
            return super().get(CONFIG_MAPS, key)
        finally:
            if self._meddling:
                self._meddling.pop(0)(self)


def _touch(cluster: MemoryCluster) -> None:
    cluster.alter(CONFIG_MAPS, KEY, data={"touched": str(len(cluster.requests))})


def test_fake_cluster_is_one_for_the_port() -> None:
    """The double has every method that the program may call."""
    cluster: Cluster = MemoryCluster()
    assert "c1" == cluster.name


def test_find_nothing_there_gives_none() -> None:
    """A missing object is no error."""
    assert None is find(MemoryCluster(), CONFIG_MAPS, KEY)


def test_put_nothing_there_creates() -> None:
    """The body is created, and what is stored comes back."""
    cluster = MemoryCluster()
    verdict, stored = put(cluster, CONFIG_MAPS, _body(), change=_never)
    assert (Verdict.CREATED, [stored]) == (verdict, cluster.objects(CONFIG_MAPS))


def test_put_nothing_to_change_writes_nothing() -> None:
    """A second run finds the first one's work done."""
    cluster = MemoryCluster()
    put(cluster, CONFIG_MAPS, _body(), change=_never)
    writes = cluster.writes()
    verdict, stored = put(cluster, CONFIG_MAPS, _body(), change=_replace)
    assert Verdict.UNCHANGED == verdict
    assert writes == cluster.writes()
    assert [stored] == cluster.objects(CONFIG_MAPS)


def test_put_something_to_change_updates() -> None:
    """What stands there is replaced under the version that was read."""
    cluster = MemoryCluster()
    cluster.add(CONFIG_MAPS, _body("old"))
    verdict, stored = put(cluster, CONFIG_MAPS, _body(), change=_replace)
    assert (Verdict.UPDATED, {"key": "new"}) == (verdict, stored["data"])
    assert [("update", SUBJECT)] == cluster.writes()


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        pytest.param(None, Verdict.CREATED, id="create"),
        pytest.param("old", Verdict.UPDATED, id="update"),
    ],
)
def test_put_dry_run_writes_nothing(standing: str | None, expected: Verdict) -> None:
    """A dry run says what it would do and what would stand there."""
    cluster = MemoryCluster()
    if standing is not None:
        cluster.add(CONFIG_MAPS, _body(standing))
    verdict, wanted = put(cluster, CONFIG_MAPS, _body(), change=_replace, dry_run=True)
    assert (expected, {"key": "new"}, []) == (verdict, wanted["data"], cluster.writes())


def test_put_changed_meanwhile_is_read_again_and_written() -> None:
    """A conflict makes it look again, and the change is made to what stands there then."""
    cluster = Meddler(_touch, _touch)
    cluster.add(CONFIG_MAPS, _body("old"))
    seen: list[Object] = []

    def change(existing: Object) -> Object:
        seen.append(existing["data"])
        return {**existing, "data": {**existing["data"], "mine": "1"}}

    verdict, stored = put(cluster, CONFIG_MAPS, _body(), change=change)
    assert Verdict.UPDATED == verdict
    assert 3 == len(seen)
    assert {**seen[-1], "mine": "1"} == stored["data"]


def test_put_made_meanwhile_is_changed_instead() -> None:
    """Somebody else's create comes first; ours becomes an update."""
    cluster = Meddler(lambda found: found.add(CONFIG_MAPS, _body("old")))
    verdict, stored = put(cluster, CONFIG_MAPS, _body(), change=_replace)
    assert (Verdict.UPDATED, {"key": "new"}) == (verdict, stored["data"])


def test_put_gone_meanwhile_is_created_instead() -> None:
    """Somebody else's delete comes first; our update becomes a create."""
    cluster = Meddler(lambda found: found.delete(CONFIG_MAPS, KEY))
    cluster.add(CONFIG_MAPS, _body("old"))
    verdict, stored = put(cluster, CONFIG_MAPS, _body(), change=_replace)
    assert (Verdict.CREATED, {"key": "new"}) == (verdict, stored["data"])


def test_put_conflicts_without_end_raise() -> None:
    """Five attempts are enough; the last conflict is told."""
    cluster = Meddler(*[_touch] * 9)
    cluster.add(CONFIG_MAPS, _body("old"))
    with pytest.raises(ConflictError):
        put(cluster, CONFIG_MAPS, _body(), change=_replace)
    assert [("update", SUBJECT)] * 5 == cluster.writes()


def test_put_change_refuses_and_nothing_is_written() -> None:
    """What the change raises reaches the caller."""
    cluster = MemoryCluster()
    cluster.add(CONFIG_MAPS, _body("old"))

    def refuse(existing: Object) -> Object:
        raise RefusedError("it belongs to somebody else")

    with pytest.raises(RefusedError, match="somebody else"):
        put(cluster, CONFIG_MAPS, _body(), change=refuse)
    assert [] == cluster.writes()


def test_put_forbidden_raises_at_once() -> None:
    """An answer that no second try changes is not tried twice."""
    cluster = MemoryCluster()
    cluster.fail_next("create", _error(ForbiddenError, 403))
    with pytest.raises(ForbiddenError):
        put(cluster, CONFIG_MAPS, _body(), change=_never)
    assert [("create", SUBJECT)] == cluster.writes()


def test_put_type_not_served_raises_without_further_tries() -> None:
    """Once patience is out, a 404 on create is final."""
    cluster = MemoryCluster()
    cluster.fail_next("create", _error(NotFoundError, 404))
    with pytest.raises(NotFoundError):
        put(cluster, CONFIG_MAPS, _body(), change=_never)
    assert [("create", SUBJECT)] == cluster.writes()


def test_put_does_not_change_its_arguments() -> None:
    """The body can be used again."""
    cluster = MemoryCluster()
    body = _body()
    put(cluster, CONFIG_MAPS, body, change=_never)
    put(cluster, CONFIG_MAPS, body, change=lambda _: body | {"data": {}})
    assert _body() == body


def test_create_patiently_type_served_later_creates() -> None:
    """The first answers of a type that was defined just now may be 404."""
    cluster = MemoryCluster()
    cluster.fail_next("create", _error(NotFoundError, 404))
    cluster.fail_next("create", _error(NotFoundError, 404))
    create_patiently(cluster, CONFIG_MAPS, _body(), seconds=30)
    assert [("create", SUBJECT)] * 3 == cluster.writes()


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(_error(NotFoundError, 404), id="never-served"),
        pytest.param(_error(AlreadyExistsError, 409), id="already-there"),
        pytest.param(_error(ForbiddenError, 403), id="forbidden"),
    ],
)
def test_create_patiently_out_of_patience_raises_the_cause(error: ClusterError) -> None:
    """Without time left, the answer itself is raised."""
    cluster = MemoryCluster()
    cluster.fail_next("create", error)
    with pytest.raises(type(error)) as caught:
        create_patiently(cluster, CONFIG_MAPS, _body(), seconds=0)
    assert error is caught.value


def test_wait_until_answer_at_once_asks_once() -> None:
    """An answer that is there needs no waiting, not even with no time at all."""
    asked: list[int] = []

    def ask() -> int:
        asked.append(1)
        return 7

    assert (7, [1]) == (wait_until(ask, seconds=0), asked)


def test_wait_until_false_is_an_answer() -> None:
    """Only None means that there is none yet."""
    assert False is wait_until(lambda: False, seconds=0)


def test_wait_until_time_is_up_gives_none() -> None:
    """It asks a last time at the end."""
    asked: list[int] = []
    answer = wait_until(lambda: asked.append(1), seconds=0.01, pause=60)
    assert (None, [1, 1]) == (answer, asked)
