"""Tests of telling what a sync would change: as it would be done, with nothing written."""

from __future__ import annotations

from kubefedctl.core.narrowing import parse_request
from kubefedctl.errors import (
    ControlPlaneError,
    InputError,
    KubefedctlError,
    PartialFailure,
    UnreachableError,
)
from kubefedctl.model.actions import Strategies, Strategy, WritePolicy
from kubefedctl.model.changes import Comparison, FieldChange, ObjectChanges
from kubefedctl.model.events import Compared, Event, Result
from kubefedctl.model.objects import SYNC_FINALIZER
from kubefedctl.model.refs import Key, Object
from kubefedctl.model.wellknown import SECRETS
from kubefedctl.ops.diff import DiffOptions, diff
from tests.core.makers import CONFIG_MAP, NAMESPACE
from tests.fakes import MemoryCluster, MemoryFleet
from tests.ops.shop import DELETING, ONLY_C1, change, make_synced_shop, members_of, run_sync
from tests.ops.stage import (
    AT_ONCE,
    KNS,
    WEB,
    error,
    federate,
    federate_namespace,
    make_fleet,
    make_host,
    managed,
    place,
    told,
)

CANARY = "canary-of-a-secret"


def look(
    fleet: MemoryFleet,
    *words: str,
    strategy: Strategy = Strategy.APPLY,
    **given: str,
) -> tuple[list[Event], KubefedctlError | None]:
    """Ask what a sync would change; nothing was written to find out."""
    clusters: list[MemoryCluster] = [fleet.host, *members_of(fleet)]
    for cluster in clusters:
        cluster.requests.clear()
    options = DiffOptions(KNS, parse_request(words, **given), WritePolicy(Strategies(strategy)))
    found = told(diff(fleet, options, pace=AT_ONCE))
    assert [[], [], []] == [cluster.writes() for cluster in clusters]
    return found


def comparison_of(events: list[Event]) -> Comparison:
    """Return the one comparison among *events*."""
    (found,) = [event.comparison for event in events if isinstance(event, Compared)]
    return found


def compared(
    fleet: MemoryFleet, *words: str, strategy: Strategy = Strategy.APPLY, **given: str
) -> Comparison:
    """Return what a sync would change, where all could be compared."""
    events, failure = look(fleet, *words, strategy=strategy, **given)
    assert failure is None
    return comparison_of(events)


def deeds(found: Comparison) -> dict[str, list[tuple[str, tuple[str, ...], list[str]]]]:
    """Return for each object what would be done where, with the fields."""
    return {
        str(each.subject): [
            (one.deed, one.clusters, [field.field for field in one.fields]) for one in each.changes
        ]
        for each in found.objects
    }


def only(found: Comparison) -> ObjectChanges:
    """Return the one object that differs."""
    (one,) = found.objects
    return one


def data(**values: str) -> Object:
    """Return the spec of a federated ConfigMap with *values*."""
    return {"template": {"data": values}}


def test_diff_after_a_sync_is_empty() -> None:
    """What was written is what would be written."""
    _, fleet = make_synced_shop(spec=data(a="1"))
    assert Comparison(looked_at=2) == compared(fleet)


def test_diff_of_a_changed_template_is_one_change_for_all_clusters() -> None:
    """The path, what stands there and what would."""
    host, fleet = make_synced_shop(spec=data(a="1"))
    change(host, spec=data(a="3", c="4"))
    found = only(compared(fleet))
    (shared,) = found.changes
    assert ("update", ("c1", "c2")) == (shared.deed, shared.clusters)
    expected = [("data.a", "1", "3"), ("data.c", None, "4")]
    assert expected == [(f.field, f.old, f.new) for f in shared.fields]


def test_diff_of_what_one_cluster_overrides_names_it_alone() -> None:
    """What all share stands first, the outlier after it."""
    host, fleet = make_synced_shop(spec=data(a="1", b="1"))
    overrides = [
        {"clusterName": "c2", "clusterOverrides": [{"path": "/data/b", "value": "9"}]},
    ]
    change(host, spec={**data(a="2", b="1"), "overrides": overrides})
    assert {
        "ConfigMap/shop/web": [
            ("update", ("c1", "c2"), ["data.a"]),
            ("update", ("c2",), ["data.b"]),
        ]
    } == deeds(compared(fleet))


def test_diff_of_a_replace_shows_what_it_takes_away() -> None:
    """A replace leaves nothing alone that somebody else set."""
    host, fleet = make_synced_shop(spec=data(a="1"))
    member = fleet.context("c1")
    found = member.find(CONFIG_MAP, WEB)
    assert found is not None
    member.alter(CONFIG_MAP, WEB, data={"a": "1", "theirs": "x"})
    change(host, spec=data(a="2"))
    replaced = compared(fleet, strategy=Strategy.REPLACE)
    assert [("update", ("c1", "c2"), ["data.a"]), ("update", ("c1",), ["data.theirs"])] == (
        deeds(replaced)["ConfigMap/shop/web"]
    )
    assert [("update", ("c1", "c2"), ["data.a"])] == deeds(compared(fleet))["ConfigMap/shop/web"]


def test_diff_of_new_and_removed_placements_tells_whole_objects() -> None:
    """A create shows its fields, a deletion none."""
    host, fleet = make_synced_shop()
    change(host, spec=ONLY_C1)
    federate(host, Key("shop", "new"), spec=data(a="1"))
    assert {
        "ConfigMap/shop/new": [
            ("create", ("c1", "c2"), ["data.a", 'metadata.labels["kubefed.io/managed"]'])
        ],
        "ConfigMap/shop/web": [("delete", ("c2",), [])],
    } == deeds(compared(fleet))


def test_diff_of_an_adoption_shows_what_changes_in_what_stands_there() -> None:
    """A create that meets an unlabelled object takes it over."""
    host, fleet = make_synced_shop()
    federate(host, Key("shop", "new"), spec=data(a="1"))
    standing = {"metadata": place(Key("shop", "new")), "data": {"a": "0"}}
    fleet.context("c1").add(CONFIG_MAP, standing)
    found = only(compared(fleet))
    adopted = next(one for one in found.changes if one.deed == "adopt")
    assert ("c1",) == adopted.clusters
    assert FieldChange("data.a", "0", "1") in adopted.fields


def test_diff_of_an_orphan_shows_the_label_that_goes() -> None:
    """The object itself stays."""
    _, fleet = make_synced_shop()
    fleet.context("c1").add(CONFIG_MAP, managed(Key("shop", "old")))
    assert {
        "ConfigMap/shop/old": [("unlabel", ("c1",), ['metadata.labels["kubefed.io/managed"]'])]
    } == deeds(compared(fleet))


def test_diff_of_a_deletion_names_every_cluster() -> None:
    """The federated object is on its way out."""
    host, fleet = make_synced_shop()
    change(host, **DELETING, finalizers=[SYNC_FINALIZER])
    assert {"ConfigMap/shop/web": [("delete", ("c1", "c2"), [])]} == deeds(compared(fleet))


def test_diff_of_a_secret_shows_fingerprints_of_this_run_alone() -> None:
    """The same value has the same fingerprint within a run, and another one in the next."""
    host = make_host(types=(NAMESPACE, SECRETS))
    federate_namespace(host)
    federate(host, target=SECRETS, spec={"template": {"stringData": {"a": CANARY, "b": CANARY}}})
    fleet = make_fleet(host)
    one, other = compared(fleet), compared(fleet)
    assert CANARY not in repr(one)
    fields = [f for each in one.objects for c in each.changes for f in c.fields if f.is_hidden]
    assert ["data.a", "data.b"] == [field.field for field in fields]
    assert fields[0].new == fields[1].new
    assert one != other


def test_diff_of_a_dead_cluster_fails_and_shows_the_others() -> None:
    """What could not be found out is no "nothing differs"."""
    host, fleet = make_synced_shop(spec=data(a="1"))
    change(host, spec=data(a="2"))
    dead = error(UnreachableError, 0, "ConnectionRefused")
    fleet.context("c2").fail_next("read", dead, times=9)
    events, failure = look(fleet)
    assert isinstance(failure, PartialFailure)
    assert {"ConfigMap/shop/web": [("update", ("c1",), ["data.a"])]} == deeds(comparison_of(events))


def test_diff_of_an_override_that_does_not_fit_is_told() -> None:
    """With KubeFed's word, as a sync would tell it."""
    host, fleet = make_synced_shop(spec=data(a="1"))
    wrong = [{"op": "remove", "path": "/data/nope/x"}]
    change(host, spec={"overrides": [{"clusterName": "c1", "clusterOverrides": wrong}]})
    events, failure = look(fleet)
    assert isinstance(failure, PartialFailure)
    assert ["ApplyOverridesFailed"] == [e.reason for e in events if isinstance(e, Result)]


def test_diff_of_what_was_asked_for_alone() -> None:
    """Types, names, namespaces and clusters narrow it as they narrow a sync."""
    host, fleet = make_synced_shop(spec=data(a="1"))
    change(host, spec=data(a="2"))
    federate(host, Key("shop", "other"))
    found = compared(fleet, "configmaps/web", namespace="shop", clusters=["c1"])
    assert {"ConfigMap/shop/web": [("update", ("c1",), ["data.a"])]} == deeds(found)


def test_diff_of_what_is_not_there_is_an_error() -> None:
    """Nothing to show would hide a typing error."""
    _, fleet = make_synced_shop()
    assert isinstance(look(fleet, "configmaps/nope", namespace="shop")[1], InputError)


def test_diff_of_a_host_without_an_api_is_an_error() -> None:
    """There is nothing to compare with."""
    fleet = make_fleet(MemoryCluster("host"))
    assert isinstance(look(fleet)[1], ControlPlaneError)


def test_diff_where_nothing_is_propagated_is_empty() -> None:
    """A sync would do nothing either, and that is told."""
    gates = [{"name": "PushReconciler", "configuration": "Disabled"}]
    host = make_host(spec={"featureGates": gates})
    federate_namespace(host)
    assert Comparison() == compared(make_fleet(host))


def test_sync_dry_run_that_compares_tells_the_same() -> None:
    """One comparison, wherever it is asked for."""
    host, fleet = make_synced_shop(spec=data(a="1"))
    change(host, spec=data(a="2"))
    events, failure = run_sync(fleet, is_dry_run=True, compares=True)
    assert failure is None
    assert compared(fleet) == comparison_of(events)


def test_sync_that_compares_tells_what_the_servers_answered() -> None:
    """What a server sets by itself is shown too, since it is known then."""
    host, fleet = make_synced_shop(spec=data(a="1"))
    change(host, spec=data(a="2"))
    fleet.context("c1").react_to(CONFIG_MAP, lambda o: {**o, "immutable": False})
    events, failure = run_sync(fleet, compares=True)
    assert failure is None
    assert [("update", ("c1", "c2"), ["data.a"]), ("update", ("c1",), ["immutable"])] == (
        deeds(comparison_of(events))["ConfigMap/shop/web"]
    )
