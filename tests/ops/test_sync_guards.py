"""
Tests that try to make a sync delete or unlabel on account of something it did not read completely.

The stage is a shop where much is to go: a ConfigMap that is placed nowhere, one that is deleted, an
orphan. With complete lists it goes; with any list failing, what depends on that list stays.
"""

from __future__ import annotations

import pytest

from kubefedctl.core.guarding import parse_limit
from kubefedctl.errors import (
    ClusterError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from kubefedctl.model.events import Warned
from kubefedctl.model.objects import MANAGED_LABEL, labels_of
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import SECRETS
from tests.core.makers import CONFIG_MAP, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import DELETING, members_of, run_sync
from tests.ops.stage import (
    FEDERATED_CONFIG_MAPS,
    FEDERATED_NAMESPACES,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    served,
    words,
)

NAMES = ("left", "going", "lost", "kept")
NOWHERE: Object = {"placement": {"clusters": []}}
FAILURES: list[tuple[type[ClusterError], int]] = [
    (ExpiredError, 410),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (InvalidError, 400),
    (ServerError, 500),
    (UnreachableError, 0),
]
failing = pytest.mark.parametrize(
    ("kind", "status"), FAILURES, ids=[kind.__name__ for kind, _ in FAILURES]
)


def _make_shop() -> tuple[MemoryCluster, MemoryFleet]:
    """A shop that was synced, and of which most is to go."""
    host = make_host()
    federate_namespace(host)
    for name in NAMES:
        if name != "lost":
            federate(host, Key("shop", name))
    fleet = make_fleet(host)
    run_sync(fleet)
    for member in members_of(fleet):
        member.add(CONFIG_MAP, managed(Key("shop", "lost")))
    left = host.find(FEDERATED_CONFIG_MAPS, Key("shop", "left")) or {}
    going = host.find(FEDERATED_CONFIG_MAPS, Key("shop", "going")) or {}
    host.alter(FEDERATED_CONFIG_MAPS, Key("shop", "left"), spec={**left["spec"], **NOWHERE})
    metadata = {**going["metadata"], **DELETING}
    host.alter(FEDERATED_CONFIG_MAPS, Key("shop", "going"), metadata=metadata)
    for cluster in (host, *members_of(fleet)):
        cluster.requests.clear()
    return host, fleet


def _kept(member: MemoryCluster) -> list[str]:
    """Return which ConfigMaps are there and labelled."""
    found = {name: member.find(CONFIG_MAP, Key("shop", name)) or {} for name in NAMES}
    return [name for name in NAMES if labels_of(found[name]).get(MANAGED_LABEL) == "true"]


def test_guards_complete_lists_let_everything_go() -> None:
    """The stage is one where the tests below can fail."""
    host, fleet = _make_shop()
    _, failure = run_sync(fleet)
    assert None is failure
    assert [["kept"], ["kept"]] == [_kept(member) for member in members_of(fleet)]
    assert None is host.find(FEDERATED_CONFIG_MAPS, Key("shop", "going"))


@failing
@pytest.mark.parametrize(
    "plural",
    [
        "kubefedclusters",
        "federatedtypeconfigs",
        "federatedconfigmaps",
        "federatednamespaces",
        "propagatedversions",
        "namespaces",
    ],
)
def test_guards_host_list_that_fails_takes_nothing_away(
    plural: str, kind: type[ClusterError], status: int
) -> None:
    """Without FederatedNamespaces no namespaced placement is known, without versions no drift."""
    host, fleet = _make_shop()
    host.fail_next("list", error(kind, status), name=plural)
    _, failure = run_sync(fleet)
    assert failure is not None
    assert [list(NAMES), list(NAMES)] == [_kept(member) for member in members_of(fleet)]
    assert None is not host.find(FEDERATED_CONFIG_MAPS, Key("shop", "going"))
    writes = [act for member in members_of(fleet) for act, _ in member.writes()]
    assert {"delete", "patch"}.isdisjoint(writes)


@failing
def test_guards_member_list_that_fails_takes_nothing_away_there(
    kind: type[ClusterError], status: int
) -> None:
    """The other member is cleaned; the deletion waits for both."""
    host, fleet = _make_shop()
    fleet.context("c1").fail_next("list", error(kind, status), name="configmaps")
    _, failure = run_sync(fleet)
    assert failure is not None
    assert [list(NAMES), ["kept"]] == [_kept(member) for member in members_of(fleet)]
    assert None is not host.find(FEDERATED_CONFIG_MAPS, Key("shop", "going"))


@failing
def test_guards_list_that_fails_while_waiting_is_not_gone(
    kind: type[ClusterError], status: int
) -> None:
    """What cannot be asked for is still there; the finalizer stays (S66)."""
    host, fleet = _make_shop()
    member = fleet.context("c1")
    going = Key("shop", "going")
    found = member.find(CONFIG_MAP, going) or {}
    held = {**found["metadata"], "finalizers": ["example.com/held"]}
    member.alter(CONFIG_MAP, going, metadata=held)

    def forget(cluster: MemoryCluster) -> None:
        cluster.fail_next("list", error(kind, status), name="configmaps", times=9)

    member.before_next("delete", forget, name="going")
    _, failure = run_sync(fleet)
    assert failure is not None
    assert None is not host.find(FEDERATED_CONFIG_MAPS, going)


# --- a limit on what is taken away ---------------------------------------------------------------


def test_max_deletes_refuses_before_any_member_is_written() -> None:
    """The counts of each cluster are named; the finalizers and the members stay as they are."""
    host, fleet = _make_shop()
    events, failure = run_sync(fleet, limit=parse_limit("5"))
    assert isinstance(failure, RefusedError)
    expected = (
        "6 objects would be deleted or unlabelled, and --max-deletes 5 allows 5:"
        " 3 in cluster c1, 3 in cluster c2; "
    )
    assert failure.message.startswith(expected)
    assert [] == words(events)
    assert [[], []] == [member.writes() for member in members_of(fleet)]
    assert {"KubeFedCluster"} >= {subject.split("/")[0] for _, subject in host.writes()}


@pytest.mark.parametrize("limit", ["6", "75%"])
def test_max_deletes_that_is_kept_changes_nothing(limit: str) -> None:
    """Six of the ten managed objects are within 75 per cent."""
    _, fleet = _make_shop()
    _, failure = run_sync(fleet, limit=parse_limit(limit))
    assert None is failure


def test_max_deletes_in_a_dry_run_tells_the_plan_and_refuses() -> None:
    """One sees what would go, and the exit code says that it would not."""
    _, fleet = _make_shop()
    events, failure = run_sync(fleet, is_dry_run=True, limit=parse_limit("10%"))
    assert isinstance(failure, RefusedError)
    assert "deleted ConfigMap/shop/left in c1 (dry run)" in words(events)


# --- what goes with a namespace ------------------------------------------------------------------

PODS = Resource("", "v1", "pods", "Pod", True)


def _make_market() -> MemoryFleet:
    """A synced namespace that is to go from c1, with things of others in it."""
    host = make_host(members=["c1"])
    federate_namespace(host)
    federate(host)
    fleet = make_fleet(host, "c1")
    run_sync(fleet)
    host.alter(FEDERATED_NAMESPACES, Key("shop", "shop"), spec=NOWHERE)
    member = fleet.context("c1")
    member.discovery = served(CONFIG_MAP, PODS, SECRETS)  # type: ignore[attr-defined]
    for name in ("kube-root-ca.crt", "mine", "ours"):
        member.add(CONFIG_MAP, {"metadata": {"namespace": "shop", "name": name}})
    owners = [{"kind": "ReplicaSet", "name": "x"}]
    child = {"namespace": "shop", "name": "child", "ownerReferences": owners}
    member.add(PODS, {"metadata": child})
    for number in range(2):
        member.add(PODS, {"metadata": {"namespace": "shop", "name": f"pod-{number}"}})
    account = {"kubernetes.io/service-account.name": "default"}
    token = {"namespace": "shop", "name": "token", "annotations": account}
    member.add(SECRETS, {"metadata": token})
    return fleet


def _warnings(fleet: MemoryFleet, *, tells: bool = True) -> list[str]:
    events, _ = run_sync(fleet, is_dry_run=True, tells_contents=tells)
    texts = [event.text for event in events if isinstance(event, Warned)]
    return [text for text in texts if text.startswith("Namespace/")]


def test_contents_of_a_namespace_that_goes_are_told() -> None:
    """What is federated, belongs to something there or is Kubernetes' own does not count."""
    expected = (
        "Namespace/shop in cluster c1 is deleted with all that is in it, also 4 objects that nobody"
        " federated: ConfigMap/shop/mine, ConfigMap/shop/ours, Pod/shop/pod-0 and 1 more"
    )
    assert [expected] == _warnings(_make_market())


def test_contents_are_not_asked_for_without_a_dry_run() -> None:
    """It takes a list of every type."""
    fleet = _make_market()
    fleet.context("c1").requests.clear()
    assert [] == _warnings(fleet, tells=False)
    assert ("list", "pods") not in fleet.context("c1").requests


def test_contents_that_cannot_be_read_are_told_as_unknown() -> None:
    """An account that may not list everything is no reason to say that there is nothing."""
    fleet = _make_market()
    fleet.context("c1").fail_next("list", error(ForbiddenError, 403), name="pods")
    (warning,) = _warnings(fleet)
    assert "what else is in it could not be read: cannot ask it in cluster c1: 403" in warning


def test_contents_of_a_namespace_with_nothing_else_are_not_told() -> None:
    """Nothing is lost that the host does not have."""
    fleet = _make_market()
    member = fleet.context("c1")
    for resource, name in [
        (CONFIG_MAP, "mine"),
        (CONFIG_MAP, "ours"),
        (PODS, "pod-0"),
        (PODS, "pod-1"),
    ]:
        member.remove(resource, Key("shop", name))
    assert [] == _warnings(fleet)
    assert None is not member.find(NAMESPACE, Key("", "shop"))
