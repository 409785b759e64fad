"""
Tests of a sync in shards: together they do what one whole sync does, each by itself.

The locks are tested in test_locking_shards.py.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubefedctl.core.guarding import parse_limit
from kubefedctl.core.narrowing import Request, parse_request
from kubefedctl.errors import RefusedError
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.shards import Shard
from kubefedctl.model.wellknown import (
    CLUSTER_PROPAGATED_VERSIONS,
    KUBEFED_CLUSTERS,
    PROPAGATED_VERSIONS,
    REPLICA_SCHEDULING_PREFERENCES,
    TYPE_CONFIGS,
)
from tests.core.makers import CLUSTER_ROLE, CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops import preferences
from tests.ops.reviews import carry_out, draft, name_clusters
from tests.ops.shop import DELETING, members_of, run_sync
from tests.ops.stage import (
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    place,
    steps,
    words,
)

TARGETS = (NAMESPACE, CONFIG_MAP, DEPLOYMENT, CLUSTER_ROLE)
NAMES = ("shop", "fair", "mall", "shed", "dock")
TOTAL = 3
_TIMES = frozenset({"lastProbeTime", "lastTransitionTime", "lastUpdateTime"})
_OWN = frozenset({"uid", "resourceVersion", "generation"})


def _build() -> tuple[MemoryCluster, MemoryFleet]:
    """Five namespaces with what a sync creates, changes, deletes, orphans and spreads."""
    host = make_host(types=TARGETS)
    fleet = make_fleet(host)
    for name in NAMES:
        federate_namespace(host, name)
        web, gone, lost = (Key(name, word) for word in ("web", "gone", "lost"))
        federate(host, web, spec={"template": {"data": {"k": name}}})
        federate(host, gone, **DELETING)
        federate(host, web, target=DEPLOYMENT, spec={"template": preferences.TEMPLATE})
        preferences.prefer(host, 6, key=web)
        federate(host, Key("", f"role-{name}"), target=CLUSTER_ROLE)
        for member in members_of(fleet):
            member.add(CONFIG_MAP, managed(gone))
            member.add(CONFIG_MAP, managed(lost))
            member.add(CLUSTER_ROLE, managed(Key("", f"lost-{name}")))
    for member in members_of(fleet):
        member.react_to(DEPLOYMENT, preferences.make_ready)
    return host, fleet


def _shards(total: int = TOTAL) -> list[Shard]:
    return [Shard(number, total) for number in range(1, total + 1)]


def _sync(fleet: MemoryFleet, shard: Shard | None, **more: Any) -> Any:
    return run_sync(fleet, request=Request(shard=shard), **more)


def _bare(value: Any) -> Any:
    """What two federations have in common that came about in another order."""
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if k not in _TIMES | _OWN}
    if isinstance(value, list):
        return [_bare(one) for one in value]
    return value


def _contents(*clusters: MemoryCluster) -> list[Object]:
    resources: list[Resource] = [
        *TARGETS,
        *(make_type_config(target).federated for target in TARGETS),
        *(PROPAGATED_VERSIONS, CLUSTER_PROPAGATED_VERSIONS, TYPE_CONFIGS, KUBEFED_CLUSTERS),
    ]
    found = [obj for one in clusters for kind in resources for obj in one.objects(kind)]
    return [dict(_bare(copy.deepcopy(obj))) for obj in found]


def _forget_versions(objects: list[Object]) -> list[Object]:
    """Versions of ConfigMaps are resourceVersions, which tell the order of writes."""
    for obj in objects:
        for entry in obj.get("status", {}).get("clusterVersions", []):
            entry["version"] = entry["version"].split(":")[0]
    return objects


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)], ids=str)
def test_shards_together_do_what_a_whole_sync_does(order: tuple[int, ...]) -> None:
    """The same objects in members and on the host, in whatever order they come."""
    host, fleet = _build()
    told, failure = run_sync(fleet)
    assert None is failure
    other_host, other = _build()
    heard = []
    for number in order:
        events, failure = _sync(other, Shard(number, TOTAL))
        assert None is failure
        heard += words(events)
    assert sorted(words(told)) == sorted(heard)
    whole = _forget_versions(_contents(host, *members_of(fleet)))
    parts = _forget_versions(_contents(other_host, *members_of(other)))
    assert whole == parts
    for shard in (*_shards(), None):
        assert ([], None) == (lambda t: (words(t[0]), t[1]))(_sync(other, shard))


def test_shard_leaves_alone_what_it_does_not_look_at() -> None:
    """No object of another shard is written, deleted, unlabelled or spoken of."""
    host, fleet = _build()
    shard = next(one for one in _shards() if one.holds(Key("shop", "x")))
    events, failure = _sync(fleet, shard)
    assert (None, True) == (failure, f"looking at shard {shard}" in steps(events))
    mine = {name for name in NAMES if shard.holds(Key(name, "x"))}
    assert mine != set(NAMES)
    for cluster in (host, *members_of(fleet)):
        for _, subject in cluster.writes():
            kind, *rest = subject.split("/")
            if kind not in ("KubeFedCluster", "FederatedTypeConfig", "Event"):
                key = Key(rest[0] if rest[1:] else "", rest[-1])
                assert shard.holds(key), subject


def test_only_the_first_shard_looks_after_members_and_types() -> None:
    """Health, types' statuses and events of members are written once."""
    host, fleet = _build()
    for shard in reversed(_shards()):
        assert not any("status" in found for found in host.objects(TYPE_CONFIGS))
        assert not any("status" in found for found in host.objects(KUBEFED_CLUSTERS))
        _sync(fleet, shard)
    assert all("status" in found for found in host.objects(TYPE_CONFIGS))
    assert all("status" in found for found in host.objects(KUBEFED_CLUSTERS))


def test_objects_asked_for_by_name_are_not_missing_in_another_shard() -> None:
    """One of the shards syncs it, the others have nothing to do."""
    _, fleet = _build()
    asked = parse_request(["configmaps/web"], namespace="shop")
    told = []
    for shard in _shards():
        request = Request(asked.types, asked.namespace, shard=shard)
        events, failure = run_sync(fleet, request=request)
        assert None is failure
        told += words(events)
    assert 2 == sum("ConfigMap/shop/web" in line for line in told)


def test_limit_of_deletions_is_one_of_the_shard() -> None:
    """A share is one of the managed objects in it: all shards together take no more."""
    _, fleet = _build()
    for shard in _shards():
        _, failure = _sync(fleet, shard, limit=parse_limit("99%"))
        assert isinstance(failure, RefusedError)
        assert "--max-deletes 99% allows" in failure.message


def test_preferences_go_with_their_namespace() -> None:
    """One whose target is missing is told by one shard, as a whole sync tells it."""
    host, fleet = _build()
    key = Key("shop", "nothing")
    host.add(
        REPLICA_SCHEDULING_PREFERENCES,
        {
            "metadata": place(key),
            "spec": {"targetKind": "FederatedDeployment", "totalReplicas": 1},
        },
    )
    warnings = [
        line for shard in _shards() for line in words(_sync(fleet, shard)[0]) if "nothing" in line
    ]
    assert 1 == len(warnings)


def test_plan_of_a_shard_is_carried_out_by_that_shard() -> None:
    """Its objects alone are in it, and the rest is not even told as not in the plan."""
    _, fleet = _build()
    name_clusters(fleet)
    shard = _shards()[1]
    plan = draft(fleet, request=Request(shard=shard))
    assert all(shard.holds(found.key) for found in plan.objects)
    events, failure = carry_out(fleet, plan, request=Request(shard=shard))
    assert None is failure
    assert not [line for line in words(events) if "not in the plan" in line]
    assert 0 == draft(fleet, request=Request(shard=shard)).size
