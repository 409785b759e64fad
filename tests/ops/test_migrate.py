"""Tests of moving objects: nothing leaves before the target has it; every stop can be resumed."""

from __future__ import annotations

from typing import Any

import pytest

from kubefedctl.core.migrating import Route
from kubefedctl.errors import (
    ForbiddenError,
    InputError,
    KubefedctlError,
    RefusedError,
    UnreachableError,
    WaitTimeout,
)
from kubefedctl.model.events import Event
from kubefedctl.model.refs import Key, Object, Resource
from kubefedctl.model.wellknown import (
    KUBEFED_CLUSTERS,
    NAMESPACES,
    REPLICA_SCHEDULING_PREFERENCES,
    SECRETS,
)
from kubefedctl.ops.migrate import MigrateOptions, migrate
from kubefedctl.ops.sync import SyncOptions, sync
from tests.core.makers import CONFIG_MAP, DEPLOYMENT, NAMESPACE, make_type_config
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    place,
    served,
    told,
    words,
)

ONLY_C1: Object = {"clusters": [{"name": "c1"}]}
TEMPLATE: Object = {
    "spec": {
        "replicas": 2,
        "template": {"spec": {"volumes": [{"configMap": {"name": "conf"}}]}},
    }
}
READY: Object = {
    "replicas": 2,
    "updatedReplicas": 2,
    "availableReplicas": 2,
    "readyReplicas": 2,
    "conditions": [{"type": "Available", "status": "True"}],
}
CONF = Key("shop", "conf")
SHOP = Key("", "shop")


def _make_ready(obj: Object) -> Object:
    """Be a workload controller that is quick."""
    return {**obj, "status": READY}


def make_moving_shop(*, is_ready: bool = True) -> tuple[MemoryCluster, MemoryFleet]:
    """A Deployment and its ConfigMap in c1, in step; in c2 it becomes ready, or never."""
    host = make_host(types=(NAMESPACE, CONFIG_MAP, DEPLOYMENT))
    federate_namespace(host, spec={"placement": ONLY_C1})
    federate(host, CONF, spec={"placement": ONLY_C1, "template": {"data": {"a": "1"}}})
    federate(host, WEB, target=DEPLOYMENT, spec={"placement": ONLY_C1, "template": TEMPLATE})
    fleet = make_fleet(host)
    fleet.context("c1").react_to(DEPLOYMENT, _make_ready)
    if is_ready:
        fleet.context("c2").react_to(DEPLOYMENT, _make_ready)
    for name in ("c1", "c2"):
        fleet.context(name).discovery = served(  # type: ignore[attr-defined]
            CONFIG_MAP, DEPLOYMENT
        )
    _, failure = told(sync(fleet, SyncOptions(KNS, 0.0), pace=AT_ONCE))
    assert failure is None
    return host, fleet


def run_migrate(
    fleet: MemoryFleet, *, source: str = "c1", target: str = "c2", **given: Any
) -> tuple[list[Event], KubefedctlError | None]:
    """Move the Deployment, or what *given* says."""
    what = {"type_word": "deployment", "name": "web", "namespace": "shop", "timeout": 0.0}
    options = MigrateOptions(
        Route(source, target), **{**what, "sync": SyncOptions(KNS, 0.0), **given}
    )
    return told(migrate(fleet, options, pace=AT_ONCE))


def placed(host: MemoryCluster, key: Key = WEB, target: Resource = DEPLOYMENT) -> list[str]:
    """Return the clusters that an object's placement names."""
    found = host.find(make_type_config(target).federated, key) or {}
    return [each["name"] for each in found["spec"]["placement"]["clusters"]]


def where(fleet: MemoryFleet, key: Key = WEB, target: Resource = DEPLOYMENT) -> list[str]:
    """Return the members that have the object."""
    return [n for n in ("c1", "c2") if fleet.context(n).find(target, key) is not None]


def test_migrate_moves_the_object_and_brings_along_what_it_names() -> None:
    """It ends in the target alone; namespace and ConfigMap are in both."""
    host, fleet = make_moving_shop()
    events, failure = run_migrate(fleet)
    assert failure is None
    assert (["c2"], ["c2"]) == (placed(host), where(fleet))
    assert ["c1", "c2"] == placed(host, CONF, CONFIG_MAP) == where(fleet, CONF, CONFIG_MAP)
    assert [
        "updated FederatedConfigMap/shop/conf in host: placed in cluster c2, too",
        "updated FederatedNamespace/shop/shop in host: placed in cluster c2, too",
        "updated FederatedDeployment/shop/web in host: placed in cluster c2, too",
        "created Namespace/shop in c2",
        "created ConfigMap/shop/conf in c2",
        "created Deployment/shop/web in c2",
        "updated FederatedDeployment/shop/web in host: no longer placed in cluster c1",
        "deleted Deployment/shop/web in c1",
    ] == words(events)


def test_migrate_source_is_left_only_when_the_target_is_ready() -> None:
    """The last write to the target comes before the first to the source."""
    _, fleet = make_moving_shop()
    order: list[str] = []
    fleet.context("c2").before_next("create", lambda c: order.append(c.name), name="web")
    fleet.context("c1").before_next("delete", lambda c: order.append(c.name), name="web")
    run_migrate(fleet)
    assert ["c2", "c1"] == order


def test_migrate_target_that_never_becomes_ready_loses_nothing() -> None:
    """The source runs on, and the error says how to go on and how to go back."""
    host, fleet = make_moving_shop(is_ready=False)
    before = fleet.context("c1").find(DEPLOYMENT, WEB)
    events, failure = run_migrate(fleet)
    assert isinstance(failure, WaitTimeout)
    assert before == fleet.context("c1").find(DEPLOYMENT, WEB)
    assert (["c1", "c2"], ["c1", "c2"]) == (placed(host), where(fleet))
    assert "nothing has left cluster c1" in failure.message
    assert "kubefedctl migrate deployment web -n shop --from c1 --to c2" in failure.hint
    assert "kubefedctl migrate deployment web -n shop --from c2 --to c1" in failure.hint
    assert [] == [line for line in words(events) if line.startswith("deleted")]


def test_migrate_stopped_goes_on_with_the_same_command() -> None:
    """When the target is ready at last, only the rest is done."""
    host, fleet = make_moving_shop(is_ready=False)
    run_migrate(fleet)
    fleet.context("c2").alter(DEPLOYMENT, WEB, status=READY)
    events, failure = run_migrate(fleet)
    assert (None, ["c2"], ["c2"]) == (failure, placed(host), where(fleet))
    assert [
        "warning: FederatedDeployment/shop/web is in cluster c2 already, and keeps there what it"
        " has",
        "updated FederatedDeployment/shop/web in host: no longer placed in cluster c1",
        "deleted Deployment/shop/web in c1",
    ] == words(events)


def test_migrate_stopped_goes_back_with_the_clusters_changed_round() -> None:
    """The half-made copy goes, and all is as before."""
    host, fleet = make_moving_shop(is_ready=False)
    run_migrate(fleet)
    _, failure = run_migrate(fleet, source="c2", target="c1")
    assert (None, ["c1"], ["c1"]) == (failure, placed(host), where(fleet))


def test_migrate_again_changes_nothing() -> None:
    """What has moved is not moved again."""
    _host, fleet = make_moving_shop()
    run_migrate(fleet)
    for member in ("c1", "c2"):
        fleet.context(member).requests.clear()
    events, failure = run_migrate(fleet)
    assert (None, []) == (failure, words(events))
    assert [[], []] == [fleet.context(member).writes() for member in ("c1", "c2")]


def test_migrate_dry_run_tells_and_writes_nothing() -> None:
    """Both changes are told."""
    host, fleet = make_moving_shop()
    host.requests.clear()
    events, failure = run_migrate(fleet, is_dry_run=True)
    assert failure is None
    assert [
        "updated FederatedConfigMap/shop/conf in host: placed in cluster c2, too (dry run)",
        "updated FederatedNamespace/shop/shop in host: placed in cluster c2, too (dry run)",
        "updated FederatedDeployment/shop/web in host: placed in cluster c2, too (dry run)",
        "updated FederatedDeployment/shop/web in host: no longer placed in cluster c1 (dry run)",
    ] == words(events)
    assert [] == host.writes()


def test_migrate_without_waiting_only_adds_the_target() -> None:
    """The command to go on is told."""
    host, fleet = make_moving_shop(is_ready=False)
    _, failure = run_migrate(fleet, waits=False)
    assert (None, ["c1", "c2"]) == (failure, placed(host))


def test_migrate_all_takes_the_namespace_where_nothing_else_is_in_it() -> None:
    """What is in it goes first."""
    host, fleet = make_moving_shop()
    events, failure = run_migrate(fleet, type_word="", name="")
    assert failure is None
    assert ["c2"] == placed(host, Key("shop", "shop"), NAMESPACE)
    assert ["c2"] == where(fleet, CONF, CONFIG_MAP)
    assert fleet.context("c1").find(NAMESPACES, Key("", "shop")) is None
    assert "deleted Namespace/shop in c1" == words(events)[-1]


def test_migrate_all_leaves_a_namespace_that_holds_something_of_others() -> None:
    """Deleting it would delete that, too."""
    host, fleet = make_moving_shop()
    fleet.context("c1").add(CONFIG_MAP, {"metadata": place(Key("shop", "theirs"))})
    events, failure = run_migrate(fleet, type_word="", name="")
    assert failure is None
    assert ["c1", "c2"] == placed(host, Key("shop", "shop"), NAMESPACE)
    assert fleet.context("c1").find(NAMESPACES, Key("", "shop")) is not None
    assert (
        "warning: Namespace/shop stays in cluster c1: it holds ConfigMap/shop/theirs"
        == words(events)[-1]
    )


def test_migrate_off_a_dead_cluster_leaves_its_namespace_alone() -> None:
    """What is in it cannot be known; the objects move all the same."""
    host, fleet = make_moving_shop()
    dead = error(UnreachableError, 0, "ConnectionRefused")
    fleet.context("c1").fail_next("read", dead, times=99)
    events, failure = run_migrate(fleet, type_word="", name="")
    assert failure is None or "c1" in failure.message
    assert ["c2"] == placed(host)
    assert ["c1", "c2"] == placed(host, Key("shop", "shop"), NAMESPACE)
    assert "cannot be looked at" in words(events)[-1]


def test_migrate_target_that_is_not_ready_is_refused_before_anything_is_written() -> None:
    """There would be nobody to take it."""
    host, fleet = make_moving_shop()
    fleet.context("c2").fail_next("read", error(UnreachableError, 0, "ConnectionRefused"), times=9)
    host.requests.clear()
    _, failure = run_migrate(fleet)
    assert isinstance(failure, RefusedError)
    assert "cluster c2 is not ready" in failure.message
    assert [] == host.writes()


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "missing"])
def test_migrate_what_is_not_federated_must_be_in_the_target(is_there: bool) -> None:
    """It is looked for there, and named where it is missing."""
    host, fleet = make_moving_shop()
    found = host.find(make_type_config(DEPLOYMENT).federated, WEB)
    assert found is not None
    template = {
        "spec": {
            **TEMPLATE["spec"],
            "template": {"spec": {"volumes": [{"secret": {"secretName": "key"}}]}},
        }
    }
    spec = {**found["spec"], "template": template}
    host.alter(make_type_config(DEPLOYMENT).federated, WEB, spec=spec)
    if is_there:
        fleet.context("c2").add(SECRETS, {"metadata": place(Key("shop", "key"))})
    _, failure = run_migrate(fleet)
    if is_there:
        assert failure is None
        return
    assert isinstance(failure, RefusedError)
    assert "Secret/shop/key (for FederatedDeployment/shop/web)" in failure.message
    assert ["c1"] == placed(host)


def test_migrate_what_a_preference_places_is_refused() -> None:
    """The next sync would undo the move."""
    host, fleet = make_moving_shop()
    spec = {"targetKind": "FederatedDeployment", "totalReplicas": 4}
    host.add(REPLICA_SCHEDULING_PREFERENCES, {"metadata": place(WEB), "spec": spec})
    _, failure = run_migrate(fleet)
    assert isinstance(failure, RefusedError)
    assert "kubefedctl drain c1" in failure.hint


def test_migrate_takes_the_short_name_of_a_type() -> None:
    """As sync and kubectl do; only the API server knows short names."""
    host, fleet = make_moving_shop()
    host.discovery = served(DEPLOYMENT)  # type: ignore[attr-defined]
    _, failure = run_migrate(fleet, type_word="deploy")
    assert (None, ["c2"]) == (failure, where(fleet))


@pytest.mark.parametrize("name", ["web", "else"])
def test_migrate_preference_that_cannot_be_read_stops_only_what_it_is_about(name: str) -> None:
    """Somebody else's mistake is no reason."""
    host, fleet = make_moving_shop()
    odd = {"targetKind": "FederatedDeployment", "totalReplicas": "odd"}
    metadata = place(Key("shop", name))
    host.add(REPLICA_SCHEDULING_PREFERENCES, {"metadata": metadata, "spec": odd})
    run_migrate(fleet)
    assert (["c1"] if name == "web" else ["c2"]) == placed(host)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"name": "nope"}, "there is no FederatedDeployment/shop/nope", id="object"),
        pytest.param({"type_word": "nope"}, "names no federated type", id="type"),
        pytest.param({"target": "c9"}, "no cluster c9 is joined", id="cluster"),
        pytest.param(
            {"type_word": "", "name": "", "namespace": "empty"},
            "nothing in namespace empty is placed in cluster c1",
            id="empty-namespace",
        ),
    ],
)
def test_migrate_what_is_not_there_is_refused(given: dict[str, Any], expected: str) -> None:
    """Before anything is written."""
    host, fleet = make_moving_shop()
    host.requests.clear()
    _, failure = run_migrate(fleet, **given)
    assert isinstance(failure, InputError)
    assert expected in failure.message
    assert [] == host.writes()


@pytest.mark.parametrize("what", [{}, {"type_word": "", "name": ""}], ids=["object", "all"])
def test_migrate_cut_short_anywhere_is_completed_by_the_next(what: dict[str, str]) -> None:
    """Every write to the host made to fail once: the same command then ends as one without."""
    host, fleet = make_moving_shop()
    host.requests.clear()
    run_migrate(fleet, **what)
    expected = (where(fleet), where(fleet, CONF, CONFIG_MAP), where(fleet, SHOP, NAMESPACES))
    writes = len(host.writes())
    assert writes > 4
    for number in range(writes):
        host, fleet = make_moving_shop()
        host.requests.clear()
        count = iter(range(writes + 1))

        def refuse(act: str, count: Any = count, number: int = number) -> None:
            if next(count, writes) == number:
                raise error(ForbiddenError, 403)

        _let_fail(host, refuse)
        run_migrate(fleet, **what)
        _let_fail(host, lambda act: None)
        _, failure = run_migrate(fleet, **what)
        assert (None, ["c2"]) == (failure, placed(host)), number
        found = (where(fleet), where(fleet, CONF, CONFIG_MAP), where(fleet, SHOP, NAMESPACES))
        assert expected == found, number


def _let_fail(host: MemoryCluster, refuse: Any) -> None:
    """Ask *refuse* before each write of the host."""
    host.before_writes = refuse


def test_migrate_registered_without_a_usable_token_is_refused() -> None:
    """The way to mend it is told."""
    host, fleet = make_moving_shop()
    found = host.find(KUBEFED_CLUSTERS, Key(KNS, "c2"))
    assert found is not None
    host.remove(SECRETS, Key(KNS, "c2-token"))
    _, failure = run_migrate(fleet)
    assert isinstance(failure, RefusedError)
    assert "kubefedctl join c2" in failure.hint
